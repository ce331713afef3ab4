//! No query is a proven read once a statement that deletes precedes it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_core::Json;
use placet_core::json::Object;
use placet_policy::inspect::{Call, inspect};

fn is_proven_read(query: &str) -> bool {
    let params = vec![("sql".to_owned(), Json::from(query))];
    let params = Object::from_entries(params).expect("one key");
    inspect(&Call { tool: "run_query", params: &params, annotations: None }).is_proven_read()
}

fuzz_target!(|query: &str| {
    let _ = is_proven_read(query);
    assert!(!is_proven_read(&format!("DELETE FROM orders; {query}")), "DELETE was overlooked");
});
