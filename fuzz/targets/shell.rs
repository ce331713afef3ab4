//! No command line is a proven read once a command that deletes precedes it. (What follows may have
//! become the text of a here-document, or the name of a file, by what stands before it.)
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
    assert!(!is_proven_read(&format!("rm -rf /srv/data\n{command}")), "rm was overlooked");
});
