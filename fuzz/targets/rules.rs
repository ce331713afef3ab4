//! Any text is a set of rules or a list of errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_core::event::PolicyFile;
use placet_policy::Policy;

const CLASSES: &str = r#"
version = 1
[actions.issue_refund]
risk = "reversible_write"
params = { amount = "decimal", order = "string", days = "long?", tags = "strings?", gift = "boolean?" }
"#;

fuzz_target!(|text: &str| {
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
    let files = [file("policy.toml", CLASSES), file("rules.cedar", text)];
    if let Err(diagnostics) = Policy::load(&files) {
        assert!(diagnostics.has_errors());
    }
});
