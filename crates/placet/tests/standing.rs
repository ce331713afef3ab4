//! Standing approvals through a guard: the next one like it runs without asking, and no other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::convert::Infallible;

use placet::core::json::Pointer;
use placet::store::sequencer::wait;
use placet::{
    Action, ActionId, Approver, Config, Guard, GuardError, Json, LogPlace, OnReview, PolicyFile,
    PolicySource, Reach, Rejection, Reply, Resolution, RunError, RunOptions, Status, Verdict,
};

const POLICY: &str = r#"
version = 1
mode = "enforce"
[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
hard_cap = "100"
approval = { fields = ["why"], least_length = 3 }
"#;

fn files(policy: &str) -> Vec<PolicyFile> {
    vec![PolicyFile { name: "policy.toml".to_owned(), text: policy.to_owned() }]
}

fn guard_at(log: LogPlace) -> Guard {
    Guard::open(Config { policy: PolicySource::Files(files(POLICY)), log }).unwrap()
}

fn refund(params: &str) -> Action {
    let text = format!(r#"{{"tool": "issue_refund", "params": {params}, "agent": "bot"}}"#);
    Action::from_json(Json::parse(text.as_bytes()).unwrap()).unwrap()
}

fn propose(guard: &Guard, params: &str) -> (ActionId, bool) {
    let answer = guard.blocking().propose(&refund(params)).unwrap();
    assert_eq!(answer.verdict, Verdict::RequireApproval);
    (answer.id.unwrap(), answer.is_approved)
}

fn is_covered(guard: &Guard, params: &str) -> bool {
    propose(guard, params).1
}

fn stand(guard: &Guard, params: &str, pins: &[&str]) -> Result<Resolution, GuardError> {
    let (id, is_approved) = propose(guard, params);
    assert!(!is_approved, "{params}");
    let pins: BTreeSet<Pointer> = pins.iter().map(|pin| pin.parse().unwrap()).collect();
    let statement = [("why".to_owned(), "I read it".to_owned())].into();
    let reply = Reply::ApproveStanding { statement, reach: Reach { pins, ..Reach::default() } };
    let ben = Approver { person: "ben".parse().unwrap(), groups: [].into() };
    wait(guard.resolve(id.approval(), &ben, reply))
}

const FIRST: &str = r#"{"amount":"42.00","order":"o-1","lines":[{"id":7}],"note":"a cup"}"#;

#[test]
fn only_what_has_the_pinned_values_is_covered() {
    let guard = guard_at(LogPlace::Memory);
    let resolution = stand(&guard, FIRST, &["/order", "/lines/0/id"]).unwrap();
    assert_eq!(resolution, Resolution::Resolved(Status::Approved));
    for (params, expected) in [
        (FIRST, true),
        (r#"{"order":"o-1","lines":[{"id":7.0},{"id":8}],"amount":41}"#, true),
        (r#"{"order":"o-1","lines":[{"id":7}],"amount":"42.01"}"#, false),
        (r#"{"order":"o-1 ","lines":[{"id":7}],"amount":"1"}"#, false),
        (r#"{"order":"o-1","lines":[{"id":"7"}],"amount":"1"}"#, false),
        (r#"{"order":"o-1","lines":[],"amount":"1"}"#, false),
        (r#"{"order":["o-1"],"lines":[{"id":7}],"amount":"1"}"#, false),
        (r#"{"lines":[{"id":7}],"amount":"1"}"#, false),
    ] {
        assert_eq!(is_covered(&guard, params), expected, "{params}");
    }
}

#[test]
fn all_params_can_be_pinned_at_once() {
    let guard = guard_at(LogPlace::Memory);
    stand(&guard, FIRST, &[""]).unwrap();
    assert!(is_covered(&guard, FIRST));
    let less = r#"{"amount":"42.00","order":"o-1","lines":[{"id":7}]}"#;
    assert!(!is_covered(&guard, less));
}

#[test]
fn what_is_not_there_cannot_be_pinned() {
    let guard = guard_at(LogPlace::Memory);
    let missing = stand(&guard, FIRST, &["/order", "/customer"]);
    assert!(
        matches!(missing, Err(GuardError::NoSuchParam(place)) if place.as_str() == "/customer")
    );
    let none = stand(&guard, FIRST, &[]);
    assert!(matches!(none, Err(GuardError::Rejected(Rejection::StandingBounds))));
    assert!(guard.standing_approvals(None).unwrap().is_empty());
}

/// The program need not know: what would wait runs, also where it does not want to wait.
#[test]
fn what_is_covered_runs_at_once() {
    let guard = guard_at(LogPlace::Memory);
    stand(&guard, FIRST, &["/order"]).unwrap();
    for on_review in [OnReview::Block, OnReview::FailClosed] {
        let options = RunOptions { on_review, ..RunOptions::default() };
        let run = |running: placet::Running| async move {
            Ok::<_, Infallible>(running.params().get("order").cloned())
        };
        let order = wait(guard.run(refund(FIRST), &options, run)).unwrap();
        assert_eq!(order, Some(Json::String("o-1".to_owned())), "{on_review:?}");
    }
    let gated = wait(guard.run(
        refund(FIRST),
        &RunOptions { gated: true, on_review: OnReview::FailClosed, ask: None },
        |_| async { Ok::<_, Infallible>(()) },
    ));
    assert!(matches!(gated, Err(RunError::Pending(_))), "{gated:?}");
}

#[test]
fn people_see_what_stands_and_take_it_back() {
    let guard = guard_at(LogPlace::Memory);
    stand(&guard, FIRST, &["/order", "/lines"]).unwrap();
    assert!(is_covered(&guard, FIRST));
    let listed = guard.standing_approvals(None).unwrap();
    let [one] = &listed[..] else { panic!("{listed:?}") };
    let pins: Vec<_> =
        one.pins.iter().map(|(at, value)| format!("{at} {}", value.canonical())).collect();
    assert_eq!(pins, [r#"/lines [{"id":7}]"#, r#"/order "o-1""#]);
    assert_eq!((one.by.as_str(), one.used, one.at_most.as_deref()), ("ben", 1, Some("42")));
    let elsewhere = "elsewhere".parse().unwrap();
    assert!(guard.standing_approvals(Some(&elsewhere)).unwrap().is_empty());
    guard.blocking().revoke_standing(one.id, "enough", None).unwrap();
    assert!(guard.standing_approvals(None).unwrap().is_empty());
    assert!(!is_covered(&guard, FIRST));
    let again = guard.blocking().revoke_standing(one.id, "enough", None);
    assert!(matches!(again, Err(GuardError::Rejected(Rejection::UnknownStanding(_)))));
}

#[test]
fn it_outlives_a_restart_and_the_log_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let place = LogPlace::File(folder.path().join("placet.db"));
    let guard = guard_at(place.clone());
    stand(&guard, FIRST, &["/order"]).unwrap();
    assert!(guard.close());
    let guard = guard_at(place);
    assert!(is_covered(&guard, FIRST));
    let report = guard.log().verify(&|_, _| {}).unwrap();
    assert!(report.problems.is_empty(), "{report:?}");
}

#[test]
fn another_policy_ends_it() {
    let guard = guard_at(LogPlace::Memory);
    stand(&guard, FIRST, &["/order"]).unwrap();
    let wider = POLICY.replace("\"100\"", "\"1000\"");
    guard.blocking().install_policy(&files(&wider), None).unwrap();
    assert!(!is_covered(&guard, FIRST));
    assert!(guard.standing_approvals(None).unwrap().is_empty());
}

/// Secrets are replaced before anything is pinned: equal ones are equal, and none is shown.
#[test]
fn a_secret_is_pinned_without_being_shown() {
    let guard = guard_at(LogPlace::Memory);
    let with = |secret: &str| format!(r#"{{"amount":"1","password":"{secret}"}}"#);
    stand(&guard, &with("hunter2-hunter2"), &["/password"]).unwrap();
    let listed = guard.standing_approvals(None).unwrap();
    assert!(!format!("{listed:?}").contains("hunter2"), "{listed:?}");
    assert!(is_covered(&guard, &with("hunter2-hunter2")));
    assert!(!is_covered(&guard, &with("hunter3-hunter3")));
}
