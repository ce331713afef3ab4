//! What another policy would have made of the actions that were decided.

use placet::store::sequencer::wait;
use placet::{
    Approver, Guard, GuardError, LogPlace, Policy, Replayed, Replaying, Reply, Verdict,
    VerdictChange,
};

use super::{action, evidence, files, open, refund};

/// All that a decision can depend on.
const EVERYTHING: &str = r#"
version = 1
cool_down = "1h"
[actions.get_order]
risk = "read"
[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
auto_cap = "100"
hard_cap = "1000"
approval = { fields = ["why"], least_length = 3 }
[[budgets]]
name = "refunds"
actions = ["issue_refund"]
window = "1h"
value = "250"
[graduation.supervised]
pass_rate = 0.9
adversarial_pass_rate = 0.0
min_samples = 10
"#;

fn replay(guard: &Guard, candidate: &str, which: &Replaying) -> Replayed {
    let candidate = Policy::load(&files(candidate)).unwrap();
    guard.replay(&candidate, which, &|| true).unwrap()
}

fn all(guard: &Guard, candidate: &str) -> Replayed {
    replay(guard, candidate, &Replaying::default())
}

/// Every change without its examples.
fn changes(of: &Replayed) -> Vec<(Option<&str>, Verdict, Verdict, u64)> {
    let change = |it: &VerdictChange| (it.class.clone(), it.before, it.after, it.actions);
    let changes = of.changes.iter().map(change);
    let named = changes.zip(&of.changes).map(|((_, before, after, actions), it)| {
        (it.class.as_ref().map(|class| class.as_str()), before, after, actions)
    });
    named.collect()
}

fn ben() -> Approver {
    Approver { person: "ben".parse().unwrap(), groups: [].into() }
}

/// A log in which each check has spoken: what was allowed, approved, denied, stopped, and too much.
fn eventful() -> Guard {
    let guard = open(EVERYTHING, LogPlace::Memory);
    let blocking = guard.blocking();
    let yes = || Reply::Approve { statement: [("why".to_owned(), "I read it".to_owned())].into() };
    blocking.propose(&refund("20")).unwrap();
    let approved = blocking.propose(&refund("90")).unwrap().approval.unwrap();
    wait(guard.resolve(approved.id, &ben(), yes())).unwrap();
    let denied = blocking.propose(&refund("5")).unwrap().approval.unwrap();
    let by = "ben".parse().unwrap();
    blocking.deny(denied.id, by, "no").unwrap();
    assert_eq!(blocking.propose(&refund("5")).unwrap().verdict, Verdict::Block);
    blocking.report(evidence(20, 0)).unwrap();
    for (amount, verdict) in [
        ("80", Verdict::Allow),
        ("80", Verdict::Allow),
        ("80", Verdict::RequireApproval),
        ("5000", Verdict::Block),
        ("much", Verdict::Block),
    ] {
        assert_eq!(blocking.propose(&refund(amount)).unwrap().verdict, verdict, "{amount}");
    }
    blocking.trip("agent:bot".parse().unwrap(), "it loops", None).unwrap();
    assert_eq!(blocking.propose(&refund("1")).unwrap().verdict, Verdict::Block);
    blocking.reset("agent:bot".parse().unwrap(), "mended", None).unwrap();
    let secret = r#"{"tool": "get_order", "params": {"api_key": "sk-live-0123456789abcdef0123"}}"#;
    blocking.propose(&action(secret)).unwrap();
    blocking.propose(&action(r#"{"tool": "frobnicate"}"#)).unwrap();
    // What it has earned is lost again, which is no matter of what was decided before.
    blocking.report(evidence(0, 40)).unwrap();
    guard
}

#[test]
fn the_policy_that_decided_changes_nothing() {
    let guard = eventful();
    let size = guard.log().size();
    let replayed = all(&guard, EVERYTHING);
    assert_eq!(changes(&replayed), []);
    assert_eq!((replayed.replayed, replayed.tightened, replayed.loosened), (12, 0, 0));
    assert_eq!((replayed.redacted, replayed.has_more), (1, false));
    assert!(!replayed.budgets_incomplete && !replayed.assumes.is_empty());
    assert_eq!(guard.log().size(), size, "nothing is recorded");
}

#[test]
fn what_a_cap_and_a_budget_would_have_changed_is_told_by_class_with_examples() {
    let guard = eventful();
    let before = guard.policy().terms().policy;
    let tighter = EVERYTHING.replace("auto_cap = \"100\"", "auto_cap = \"50\"");
    let replayed = all(&guard, &tighter);
    let held = (Some("issue_refund"), Verdict::Allow, Verdict::RequireApproval, 2);
    assert_eq!(changes(&replayed), [held]);
    assert_eq!((replayed.tightened, replayed.loosened), (2, 0));
    let example = &replayed.changes[0].examples[0];
    assert_eq!(example.reason, "autonomy: supervised: 80 is above the auto_cap of 50");
    assert_eq!(example.reason_before, "autonomy: supervised: 80 is within the auto_cap of 100");
    assert!(guard.log().action(example.id).unwrap().is_some());
    assert_eq!(guard.policy().terms().policy, before, "the policy that held still does");

    // 90 was approved, 80 and 80 ran: 250 was reached then, and would not have been.
    let roomier = EVERYTHING.replace("value = \"250\"", "value = \"330\"");
    let replayed = all(&guard, &roomier);
    let ran = (Some("issue_refund"), Verdict::RequireApproval, Verdict::Allow, 1);
    assert_eq!(changes(&replayed), [ran]);
    assert_eq!(replayed.loosened, 1);
    let narrower = EVERYTHING.replace("value = \"250\"", "value = \"160\"");
    let held = (Some("issue_refund"), Verdict::Allow, Verdict::RequireApproval, 2);
    assert_eq!(changes(&all(&guard, &narrower)), [held]);
}

#[test]
fn what_is_looser_comes_first_and_a_class_that_is_new_has_earned_nothing() {
    let guard = eventful();
    let other = EVERYTHING.replace("hard_cap = \"1000\"", "hard_cap = \"9000\"").replace(
        "[actions.get_order]\nrisk = \"read\"",
        "[actions.frobnicate]\nrisk = \"read\"\n[actions.orders]\naliases = [\"get_order\"]\nrisk = \"reversible_write\"",
    );
    let replayed = all(&guard, &other);
    let hold = Verdict::RequireApproval;
    let expected = [
        (Some("frobnicate"), hold, Verdict::Allow, 1),
        (Some("issue_refund"), Verdict::Block, hold, 1),
        (Some("orders"), Verdict::Allow, hold, 1),
    ];
    assert_eq!(changes(&replayed), expected);
}

#[test]
fn verdicts_are_compared_before_the_mode() {
    let shadow = EVERYTHING.replace("version = 1", "version = 1\nmode = \"shadow\"");
    let guard = open(&shadow, LogPlace::Memory);
    let answer = guard.blocking().propose(&refund("20")).unwrap();
    assert_eq!(answer.would_have, Some(Verdict::RequireApproval));
    assert_eq!(changes(&all(&guard, EVERYTHING)), []);
}

#[test]
fn what_was_erased_is_left_out_and_counted() {
    let guard = eventful();
    let entry = guard.blocking().propose(&refund("7")).unwrap().log_index.unwrap();
    guard.blocking().erase(entry, "on request", None).unwrap();
    let replayed = all(&guard, EVERYTHING);
    assert_eq!((replayed.replayed, replayed.left_out.erased), (12, 1));
    assert_eq!(changes(&replayed), []);
}

#[test]
fn a_replay_is_narrowed_to_the_newest_to_a_class_and_to_a_time() {
    let guard = eventful();
    let stopped = "version = 1\nunclassified = \"block\"\n";
    let count = |which: Replaying| replay(&guard, stopped, &which).replayed;
    let newest = replay(&guard, stopped, &Replaying { limit: 1, ..Replaying::default() });
    assert_eq!((newest.replayed, newest.has_more), (1, true));
    assert_eq!(newest.changes[0].examples[0].tool.as_str(), "frobnicate");
    let read = Some("get_order".parse().unwrap());
    assert_eq!(count(Replaying { class: read, ..Replaying::default() }), 1);
    let nobody = Some("umbrella".parse().unwrap());
    assert_eq!(count(Replaying { tenant: nobody, ..Replaying::default() }), 0);
    let tomorrow = Some("2200-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(count(Replaying { since: tomorrow, ..Replaying::default() }), 0);
}

#[test]
fn without_time_there_is_no_answer() {
    let guard = eventful();
    let candidate = Policy::load(&files(EVERYTHING)).unwrap();
    let replayed = guard.replay(&candidate, &Replaying::default(), &|| false);
    assert!(matches!(replayed, Err(GuardError::TooLong)));
}
