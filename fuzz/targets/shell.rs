//! No command line is a proven read once something that deletes follows it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_core::Json;
use placet_core::json::Object;
use placet_policy::inspect::{Call, inspect};

fn is_proven_read(command: &str) -> bool {
    let params = vec![("command".to_owned(), Json::from(command))];
    let params = Object::from_entries(params).expect("one key");
    inspect(&Call { tool: "bash", params: &params, annotations: None }).is_proven_read()
}

fuzz_target!(|command: &str| {
    let _ = is_proven_read(command);
    assert!(!is_proven_read(&format!("{command}\nrm -rf /srv/data")), "rm was overlooked");
});
