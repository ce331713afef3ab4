//! What a gate in shadow lets through, and what it does not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use placet::{
    Action, Approver, Config, Guard, LogPlace, Object, Outcome, PolicyFile, PolicySource, Reply,
    Scope, Verdict,
};
use placet_gate::{Call, Course, Gate, GateConfig, GateError};

const POLICY: &str = r#"
version = 1
[actions.delete]
risk = "consequential"
approval = { fields = [] }
"#;

fn guard(extra: &str) -> Guard {
    let text = format!("{extra}\n{POLICY}");
    let file = PolicyFile { name: "policy.toml".to_owned(), text };
    let policy = PolicySource::Files(vec![file]);
    Guard::open(Config { policy, log: LogPlace::Memory }).unwrap()
}

fn delete() -> Action {
    Action::new("delete".parse().unwrap(), Object::new())
}

async fn approved(guard: &Guard, gate: &Gate, call: &Call) -> Call {
    let by = Approver { person: "dana".parse().unwrap(), groups: [].into() };
    let reply = Reply::Approve { statement: BTreeMap::new() };
    guard.resolve(call.approval.as_ref().unwrap().id, &by, reply).await.unwrap();
    match gate.wait(call, Duration::from_secs(30)).await.unwrap() {
        Course::Permitted(call) => *call,
        other => unreachable_course(&other),
    }
}

#[expect(clippy::panic, reason = "a test fails by panicking")]
fn unreachable_course(course: &Course) -> ! {
    panic!("{course:?}")
}

#[tokio::test]
async fn a_policy_that_permits_no_shadow_binds_to_the_end() {
    let guard = guard("");
    let gate = Gate::at(guard.clone(), true, None);
    let call = gate.propose(&delete()).await.unwrap();
    assert_eq!((call.verdict, call.is_permitted), (Verdict::RequireApproval, false));
    assert!(matches!(gate.redeem(&call).await, Err(GateError::NotPermitted)));
    let call = approved(&guard, &gate, &call).await;
    guard.trip("all".parse::<Scope>().unwrap(), "stop", None).await.unwrap();
    assert!(gate.redeem(&call).await.is_err(), "what was approved is dead after a kill switch");
}

#[tokio::test]
async fn where_the_policy_permits_it_nothing_stops_a_call() {
    for extra in ["mode = \"shadow\"", "on_review = \"shadow\""] {
        let guard = guard(extra);
        let gate = Gate::at(guard.clone(), true, None);
        let call = gate.propose(&delete()).await.unwrap();
        assert!(call.is_permitted && !call.binds(), "{extra}");
        guard.trip("all".parse::<Scope>().unwrap(), "stop", None).await.unwrap();
        gate.redeem(&call).await.unwrap();
    }
}

#[tokio::test]
async fn a_call_that_a_person_has_to_see_is_bound_in_no_mode_but_shadow() {
    let lax = guard("mode = \"shadow\"");
    let call = Gate::at(lax, false, None).propose_gated(&delete(), &[]).await.unwrap();
    assert!(call.is_permitted, "shadow stops nobody");
    let strict = guard("on_review = \"shadow\"");
    let gate = Gate::at(strict.clone(), false, None);
    let held = gate.propose_gated(&delete(), &[]).await.unwrap();
    assert!(!held.is_permitted);
    let permitted = approved(&strict, &gate, &held).await;
    gate.redeem(&permitted).await.unwrap();
    assert!(gate.redeem(&permitted).await.is_err(), "once");
    gate.conclude(permitted.id.unwrap(), Outcome::Succeeded, "").await.unwrap();
}

#[tokio::test]
async fn without_a_daemon_only_shadow_goes_on() {
    for (is_shadow, goes_on) in [(true, true), (false, false)] {
        let daemon = Some(("http://127.0.0.1:9".to_owned(), "plc_nobody".to_owned().into()));
        let gate = Gate::open(GateConfig { daemon, is_shadow, ..GateConfig::default() }).unwrap();
        let call = gate.propose(&delete()).await;
        assert_eq!(call.is_ok_and(|call| call.is_permitted), goes_on);
    }
}

#[test]
fn a_gate_leads_somewhere() {
    assert!(matches!(Gate::open(GateConfig::default()), Err(GateError::Nowhere)));
}
