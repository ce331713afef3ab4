//! Whatever can be read has one canonical text, and that text reads back as the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_core::Json;

fuzz_target!(|text: &[u8]| {
    let Ok(json) = Json::parse(text) else { return };
    let canonical = json.canonical();
    let again = Json::parse(canonical.as_bytes()).expect("canonical JSON is JSON");
    assert!(again == json, "another value came back");
    assert_eq!(again.canonical(), canonical);
});
