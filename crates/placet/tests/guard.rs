//! The guard through its public face.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "guard/replay.rs"]
mod replay;
#[path = "guard/stopped.rs"]
mod stopped;

use std::future::Future;
use std::path::Path;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use placet::core::autonomy::Metrics;
use placet::core::limits::{MAX_OUTCOME_BYTES, MAX_REASON_BYTES};
use placet::store::sequencer::wait;
use placet::{
    Action, Config, Event, Evidence, Guard, GuardError, Json, LogPlace, Outcome, PersonId,
    PolicyFile, PolicySource, Receipt, Rejection, Verdict,
};

const POLICY: &str = r#"
version = 1
[actions.get_order]
risk = "read"
[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
auto_cap = "100"
hard_cap = "1000"
[graduation.supervised]
pass_rate = 0.9
adversarial_pass_rate = 0.0
min_samples = 10
"#;

fn files(text: &str) -> Vec<PolicyFile> {
    vec![PolicyFile { name: "policy.toml".to_owned(), text: text.to_owned() }]
}

fn open(policy: &str, log: LogPlace) -> Guard {
    Guard::open(Config { policy: PolicySource::Files(files(policy)), log }).unwrap()
}

fn memory() -> Guard {
    open(POLICY, LogPlace::Memory)
}

fn place(folder: &Path) -> LogPlace {
    LogPlace::File(folder.join("placet.db"))
}

fn action(text: &str) -> Action {
    Action::from_json(Json::parse(text.as_bytes()).unwrap()).unwrap()
}

fn refund(amount: &str) -> Action {
    let text = format!(
        r#"{{"tool": "issue_refund", "params": {{"amount": "{amount}"}}, "agent": "bot"}}"#
    );
    action(&text)
}

fn evidence(passed: u64, failed: u64) -> Evidence {
    let report = format!(
        r#"{{"class": "issue_refund", "source": "evals", "passed": {passed}, "failed": {failed}}}"#
    );
    serde_json::from_str(&report).unwrap()
}

fn leaf_and_payload(guard: &Guard, receipt: &Receipt) -> (String, Option<String>) {
    let verified = receipt.verify(std::slice::from_ref(guard.log().verifier())).unwrap();
    (verified.leaf.to_owned(), verified.private.map(ToOwned::to_owned))
}

#[test]
fn what_is_evaluated_is_what_is_proposed_and_only_the_proposal_is_recorded() {
    let guard = memory();
    let before = guard.log().size();
    let evaluated = guard.evaluate(&refund("42.00"));
    assert_eq!((evaluated.id, evaluated.log_index, guard.log().size()), (None, None, before));

    let proposed = guard.blocking().propose(&refund("42.00")).unwrap();
    assert_eq!(proposed.digest, evaluated.digest);
    assert_eq!(proposed.findings, evaluated.findings);
    assert_eq!(proposed.verdict, Verdict::RequireApproval);
    assert_eq!(proposed.log_index, Some(before));
    assert!(proposed.approval.is_some());
    assert_eq!(guard.log().size(), before + 1);
}

#[test]
fn without_any_policy_only_what_is_proven_to_be_a_read_passes() {
    let guard = Guard::open(Config::default()).unwrap();
    let verdict = |text: &str| guard.blocking().propose(&action(text)).unwrap().verdict;
    assert_eq!(verdict(r#"{"tool": "get_order", "params": {"id": "o-1"}}"#), Verdict::Allow);
    assert_eq!(
        verdict(r#"{"tool": "cancel_order", "params": {"id": "o-1"}}"#),
        Verdict::RequireApproval
    );
    assert_eq!(verdict(r#"{"tool": "frobnicate"}"#), Verdict::RequireApproval);
}

#[test]
fn a_log_opened_again_remembers_switches_evidence_and_policy() {
    let folder = tempfile::tempdir().unwrap();
    let guard = open(POLICY, place(folder.path()));
    let blocking = guard.blocking();
    blocking.report(evidence(20, 0)).unwrap();
    assert_eq!(blocking.propose(&refund("42.00")).unwrap().verdict, Verdict::Allow);
    blocking.trip("agent:bot".parse().unwrap(), "it loops", None).unwrap();
    let size = guard.log().size();
    assert!(guard.close());

    let config = Config { policy: PolicySource::Log, log: place(folder.path()) };
    let again = Guard::open(config).unwrap();
    assert_eq!(again.log().size(), size, "opening changes nothing");
    let answer = again.blocking().propose(&refund("42.00")).unwrap();
    assert_eq!(answer.verdict, Verdict::Block);
    assert!(answer.findings.iter().any(|finding| finding.reason.contains("it loops")));
    again.blocking().reset("agent:bot".parse().unwrap(), "mended", None).unwrap();
    assert_eq!(again.blocking().propose(&refund("42.00")).unwrap().verdict, Verdict::Allow);
}

#[test]
fn lost_evidence_costs_autonomy_at_once() {
    let guard = memory();
    guard.blocking().report(evidence(20, 0)).unwrap();
    assert!(guard.evaluate(&refund("100")).is_allowed());
    assert!(!guard.evaluate(&refund("100.01")).is_allowed());
    guard.blocking().report(evidence(0, 20)).unwrap();
    assert!(!guard.evaluate(&refund("100")).is_allowed());
}

#[test]
fn what_is_known_of_an_action_answers_like_the_action_and_never_with_what_was() {
    let (guard, stranger) = (memory(), memory());
    let (small, large, read) =
        (refund("42.00"), refund("5000"), action(r#"{"tool": "get_order", "params": {}}"#));
    let known = [&small, &large, &read].map(|action| (action, guard.know(action)));
    let agrees = || {
        for (action, known) in &known {
            assert_eq!(guard.evaluate_known(known, None), Some(guard.evaluate(action)));
            assert_eq!(stranger.evaluate_known(known, None), None, "its secrets are others");
        }
        guard.evaluate_known(&known[0].1, None).unwrap().verdict
    };
    assert_eq!(agrees(), Verdict::RequireApproval);
    guard.blocking().report(evidence(20, 0)).unwrap();
    assert_eq!(agrees(), Verdict::Allow);
    guard.blocking().trip("agent:bot".parse().unwrap(), "it loops", None).unwrap();
    assert_eq!(agrees(), Verdict::Block);
    guard.blocking().reset("agent:bot".parse().unwrap(), "mended", None).unwrap();
    guard.blocking().report(evidence(0, 20)).unwrap();
    assert_eq!(agrees(), Verdict::RequireApproval);

    let metrics = Metrics::new(1.0, 1.0, 20).unwrap();
    let by_figures = guard.evaluate_known(&known[0].1, Some(&metrics)).unwrap();
    assert_eq!(by_figures, guard.evaluate_by(&small, &metrics));
    assert_eq!(by_figures.verdict, Verdict::Allow);

    guard.blocking().install_policy(&files(&POLICY.replace("100", "1")), None).unwrap();
    assert!(known.iter().all(|(_, known)| guard.evaluate_known(known, None).is_none()));
}

#[test]
fn a_receipt_verifies_offline_and_says_what_was_decided() {
    let guard = memory();
    let answer = guard.blocking().propose(&refund("7")).unwrap();
    let receipt = guard.log().receipt(answer.log_index.unwrap(), true).unwrap();
    let (leaf, payload) = leaf_and_payload(&guard, &receipt);
    assert!(leaf.contains(&answer.id.unwrap().to_string()));
    assert!(payload.unwrap().contains(&answer.digest.unwrap().to_string()));
}

#[test]
fn erasing_takes_the_payload_and_leaves_the_proof() {
    let guard = memory();
    let index = guard.blocking().propose(&refund("7")).unwrap().log_index.unwrap();
    let before = leaf_and_payload(&guard, &guard.log().receipt(index, true).unwrap());
    assert!(before.1.is_some());
    guard.blocking().erase(index, "asked by the customer", None).unwrap();
    let after = leaf_and_payload(&guard, &guard.log().receipt(index, true).unwrap());
    assert_eq!(after, (before.0, None));
}

#[test]
fn what_an_agent_says_of_an_action_is_stored_without_its_secrets() {
    let guard = memory();
    let ran = |detail: &str| {
        let read = action(r#"{"tool": "get_order", "params": {"id": "o-1"}, "agent": "bot"}"#);
        let id = guard.blocking().propose(&read).unwrap().id.unwrap();
        wait(guard.conclude(id, Outcome::Failed, detail))
    };
    let said = |detail: &str| {
        let index = ran(detail).unwrap().log_index.unwrap();
        let payload = leaf_and_payload(&guard, &guard.log().receipt(index, true).unwrap()).1;
        let kept: serde_json::Value = serde_json::from_str(&payload.unwrap()).unwrap();
        kept.to_string()
    };
    let secret = format!("{}{}", "ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let told = said(&format!("the bank said no to password=hunter2-horse and {secret}, try again"));
    assert!(!told.contains("hunter2") && !told.contains(&secret), "{told}");
    assert!(told.contains("the bank said no to password=[redacted:"), "{told}");
    assert!(told.contains("hmac-sha256:") && told.contains("try again"), "{told}");
    assert!(said("no such order").contains("no such order"));

    // What is longer without its secrets than a report may be is cut, and not refused.
    let most = MAX_OUTCOME_BYTES;
    let told = said(&"password=hunter2-horse \u{e9}".repeat(most / 25));
    assert!(!told.contains("hunter2") && told.len() < most + 100, "{} bytes", told.len());
    let long = ran(&"x".repeat(most + 1));
    assert!(matches!(long, Err(GuardError::Rejected(Rejection::LongOutcome))));
}

#[test]
fn a_switch_gives_away_no_secret() {
    let guard = memory();
    let scope = || "agent:bot".parse().unwrap();
    guard.blocking().trip(scope(), "it leaked password=hunter2-horse", None).unwrap();
    let reasons = guard.evaluate(&refund("1")).findings;
    let stopped = reasons.iter().find(|it| it.reason.contains("it leaked")).unwrap();
    assert!(!stopped.reason.contains("hunter2"), "{}", stopped.reason);
    let reset = guard.blocking().reset(scope(), "password=hunter2-horse is changed", None).unwrap();
    let (leaf, _) =
        leaf_and_payload(&guard, &guard.log().receipt(reset.log_index.unwrap(), true).unwrap());
    assert!(leaf.contains("is changed") && !leaf.contains("hunter2"), "{leaf}");
    let long = guard.blocking().trip(scope(), &"x".repeat(MAX_REASON_BYTES + 1), None);
    assert!(matches!(long, Err(GuardError::Rejected(Rejection::Reason))));
}

#[test]
fn a_policy_with_errors_leaves_the_one_before_in_place() {
    let guard = memory();
    let before = guard.policy().terms().policy;
    let bad = files("version = 1\n[actions.x]\nrisk = \"reed\"\n");
    let refused = guard.blocking().install_policy(&bad, None);
    assert!(matches!(refused, Err(GuardError::Policy(_))));
    assert_eq!(guard.policy().terms().policy, before);
    assert_eq!(guard.blocking().propose(&refund("1")).unwrap().policy, before);

    let blocked = POLICY.replace("version = 1", "version = 1\nunclassified = \"block\"");
    guard.blocking().install_policy(&files(&blocked), None).unwrap();
    let answer = guard.blocking().propose(&action(r#"{"tool": "get_weather"}"#)).unwrap();
    assert_eq!(answer.verdict, Verdict::Block);
}

#[test]
fn a_denied_call_cannot_be_proposed_again_in_other_words() {
    let guard = memory();
    let asked = guard.blocking().propose(&refund("50")).unwrap();
    let approval = asked.approval.unwrap().id;
    let by = PersonId::new("dana").unwrap();
    guard.blocking().deny(approval, by.clone(), "not this customer").unwrap();
    let again = action(
        r#"{"tool": "issue_refund", "params": {"amount": "50"}, "agent": "x", "reason": "please!"}"#,
    );
    assert_eq!(guard.evaluate(&again).verdict, Verdict::Block);
    let twice = guard.blocking().deny(approval, by, "again");
    assert!(matches!(twice, Err(GuardError::Rejected(Rejection::UnknownApproval(_)))));
}

#[test]
fn every_entry_passes_the_tail_once_and_in_order() {
    let guard = memory();
    let writer = guard.clone();
    let thread = std::thread::spawn(move || {
        for amount in 1..=300 {
            writer.blocking().propose(&refund(&amount.to_string())).unwrap();
        }
    });
    let mut tail = guard.tail(0);
    let mut decided = 0;
    for index in 0.. {
        let entry = guard.blocking().next(&mut tail).unwrap();
        assert_eq!(entry.index, index);
        decided += usize::from(matches!(entry.event, Event::Decided(_)));
        if decided == 300 {
            break;
        }
    }
    thread.join().unwrap();
}

#[test]
fn a_guard_is_whole_after_being_dropped_at_any_await() {
    let guard = memory();
    let mut context = Context::from_waker(Waker::noop());
    for polls in 0..40 {
        let action = refund("3");
        let mut dropped: Pin<Box<dyn Future<Output = _>>> = Box::pin(guard.propose(&action));
        for _ in 0..polls {
            if let Poll::Ready(answer) = dropped.as_mut().poll(&mut context) {
                let answer: placet::Answer = answer.unwrap();
                assert_eq!(answer.verdict, Verdict::RequireApproval);
                break;
            }
        }
    }
    let last = guard.blocking().propose(&refund("4")).unwrap();
    assert_eq!(guard.log().size(), last.log_index.unwrap() + 1);
    let entries = guard.log().entries(0, 1000).unwrap();
    assert!(entries.iter().zip(0..).all(|(entry, index)| entry.index == index));
}

#[test]
fn a_waiting_tail_loses_nothing_when_it_is_dropped() {
    let guard = memory();
    let mut tail = guard.tail(guard.log().size());
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(tail.next()).poll(&mut context).is_pending());
    let answer = guard.blocking().propose(&refund("5")).unwrap();
    assert_eq!(guard.blocking().next(&mut tail).unwrap().index, answer.log_index.unwrap());
}

#[test]
fn a_second_guard_on_the_same_log_is_refused_and_told_by_whom() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(POLICY, place(folder.path()));
    let config = Config { policy: PolicySource::Log, log: place(folder.path()) };
    let message = Guard::open(config).unwrap_err().to_string();
    assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
}

#[test]
fn shadow_never_stops_a_caller() {
    let policy = POLICY.replace("version = 1", "version = 1\nmode = \"shadow\"");
    let guard = open(&policy, LogPlace::Memory);
    guard.blocking().trip("all".parse().unwrap(), "stop", None).unwrap();
    let answer = guard.blocking().propose(&refund("1000000")).unwrap();
    assert_eq!((answer.verdict, answer.would_have), (Verdict::Allow, Some(Verdict::Block)));
    let mut strict = refund("1000000");
    strict.enforce = true;
    assert_eq!(guard.blocking().propose(&strict).unwrap().verdict, Verdict::Block);
}

#[test]
fn secrets_reach_neither_the_log_nor_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let guard = open(POLICY, place(folder.path()));
    let card = "4111 1111 1111 1111";
    let secret = action(&format!(
        r#"{{"tool": "update_profile", "reason": "the card is {card}",
             "params": {{"note": "card {card}", "password": "hunter2hunter2"}}}}"#
    ));
    guard.blocking().propose(&secret).unwrap();
    guard.close();
    for file in folder.path().read_dir().unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for needle in [card, "4111111111111111", "hunter2hunter2"] {
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "{needle} is in {}", path.display());
        }
    }
}

#[test]
fn policies_installed_at_the_same_time_leave_a_guard_that_decides() {
    let guard = memory();
    let policy = |number: u64| format!("{POLICY}[actions.tool_{number}]\nrisk = \"read\"\n");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let guard = &guard;
            scope.spawn(move || {
                guard.blocking().install_policy(&files(&policy(number)), None).unwrap();
            });
        }
    });
    let answer = guard.blocking().propose(&refund("85")).unwrap();
    assert_eq!(answer.policy, guard.log().state().terms().policy);
    assert_eq!(answer.policy, guard.policy().terms().policy);
}

/// The policy with which reads wait for people.
fn stricter() -> Vec<PolicyFile> {
    let text = POLICY.replace("risk = \"read\"", "risk = \"reversible_write\"");
    assert_ne!(text, POLICY);
    files(&text)
}

#[test]
fn a_policy_holds_although_nobody_waited_for_its_installation() {
    let guard = memory();
    let order = action(r#"{"tool": "get_order"}"#);
    for (files, verdict) in
        [(stricter(), Verdict::RequireApproval), (files(POLICY), Verdict::Allow)]
    {
        let size = guard.log().size();
        // Nothing is shown as durable while somebody looks at the state.
        let state = guard.log().state();
        let mut install = Box::pin(guard.install_policy(&files, None));
        assert!(install.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(install);
        drop(state);
        assert!(wait(guard.log().wait_for(size)));
        assert_eq!(guard.evaluate(&order).verdict, verdict);
        let (policy, index) = guard.installed().unwrap();
        assert_eq!((policy.files(), index), (&*files, Some(size)));
    }
}
