//! Any text is a policy or a list of errors, each of which points into it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_core::event::PolicyFile;
use placet_policy::Policy;

fuzz_target!(|text: &str| {
    let file = PolicyFile { name: "policy.toml".to_owned(), text: text.to_owned() };
    if let Err(diagnostics) = Policy::load(&[file]) {
        assert!(diagnostics.has_errors());
        let lines = text.split('\n').count();
        assert!(diagnostics.iter().all(|found| (1..=lines).contains(&found.line)));
        assert!(!diagnostics.render(text).is_empty());
    }
});
