//! Whatever can be read as an action is the same action when it is written and read again, and can
//! be assessed and decided on.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use placet_core::{Action, Json, Pepper, State, Timestamp, Verdict, decide};
use placet_policy::Policy;

static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::load(&[]).expect("no files, no errors"));

fuzz_target!(|text: &[u8]| {
    let Ok(json) = Json::parse(text) else { return };
    let Ok(mut action) = Action::from_json(json) else { return };
    action.enforce = false;
    let again = Action::from_json(action.clone().into_json()).expect("an action reads back");
    assert!(again == action, "another action came back");

    let assessment = POLICY.assess(&action, &Pepper::from_bytes([7; 32])).assessment;
    let decision = decide(&State::default(), &assessment, Timestamp::from_millis(0));
    let proven = assessment.inspected.proven_read && assessment.inspected.exceeds.is_empty();
    assert!(decision.verdict != Verdict::Allow || proven, "allowed without a proof");
});
