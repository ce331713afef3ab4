//! The state is a fold of the log, and the log can be judged again: a snapshot and the tail give
//! the same state as the whole log, and an entry that does not follow is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use common::build::{
    call, class, deny, evidence, graduation, ledger, ratify, reset, scope, tag, terms_of, trip,
};
use common::{World, approval_id, arbitrary, ms, seconds};
use placet_core::audit::Violation;
use placet_core::autonomy::Evidence;
use placet_core::event::{AutonomyChanged, Decided, Denied, Expired, Ratified, Switched};
use placet_core::limits::{MAX_SWITCHES, MAX_SWITCHES_OF_ALL, MAX_SWITCHES_PER_TENANT};
use placet_core::{
    Assessment, AutonomyState, Command, Entry, Event, Mode, Rejection, RiskTier, State, Terms,
    Verdict, audit,
};
use proptest::prelude::*;

use AutonomyState::{Autonomous, Manual, Supervised};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_snapshot_and_the_tail_are_the_whole_log(
        history in arbitrary::history(50), cut in any::<prop::sample::Index>(),
    ) {
        let mut world = World::default();
        world.play(history);
        let (head, tail) = world.log.split_at(cut.index(world.log.len()));
        let snapshot = serde_json::to_string(&fold(State::default(), head)).unwrap();
        let restored: State = serde_json::from_str(&snapshot).unwrap();
        prop_assert_eq!(&restored, &fold(State::default(), head));
        prop_assert_eq!(&fold(restored, tail), &world.state);
        prop_assert_eq!(world.state.size(), u64::try_from(world.log.len()).unwrap());
    }

    /// A forger with the keys can number the rest afresh. A demotion left out is found all the same.
    #[test]
    fn no_step_on_a_ladder_can_be_left_out(history in arbitrary::history(60)) {
        let mut world = World::default();
        world.play(history);
        let mut state = State::default();
        for (entry, next) in world.log.iter().zip(world.log.iter().skip(1)) {
            if let Event::AutonomyChanged(left_out) = &entry.event {
                let forged = Entry { index: entry.index, ..next.clone() };
                let found = audit(&state, &forged, None);
                let other = matches!(&next.event, Event::AutonomyChanged(step) if step.of != left_out.of);
                prop_assert!(other || found.is_err(), "{left_out:?} was left out unseen");
            }
            state.apply(entry);
        }
    }
}

fn fold(mut state: State, entries: &[Entry]) -> State {
    for entry in entries {
        state.apply(entry);
    }
    state
}

#[test]
fn the_clock_never_runs_back() {
    let mut world = World::with(terms_of([class("refund", RiskTier::ReversibleWrite)]));
    world.run(trip("all"), seconds(100)).unwrap();
    assert_eq!(world.state.clock(seconds(50)), seconds(100));
    assert_eq!(world.state.clock(seconds(150)), seconds(150));
    world.run(reset("all"), seconds(50)).unwrap();
    assert_eq!((world.state.at(), world.log[2].at), (seconds(100), seconds(100)));
}

#[test]
fn a_policy_that_cannot_be_read_lets_nothing_through() {
    let mut world = World::with(terms_of([class("lookup", RiskTier::Read)]));
    let mut entry = world.log[0].clone();
    let Event::PolicyInstalled(installed) = &mut entry.event else { panic!("a policy") };
    installed.terms = None;
    entry.index = 1;
    assert_eq!(audit(&world.state, &entry, None), Err(Violation::PolicyUnreadable));
    world.state.apply(&entry);
    assert_eq!(world.propose(call("lookup"), ms(0)).decision.verdict, Verdict::Block);
}

#[test]
fn a_policy_other_than_the_one_named_is_found() {
    let found = forged(0, |entry| match &mut entry.event {
        Event::PolicyInstalled(installed) => installed.policy = common::build::digest(2),
        other => panic!("not a policy: {other:?}"),
    });
    assert_eq!(found, Err(Violation::PolicyUnreadable));
}

#[test]
fn max_state_holds_even_before_the_step_down_is_taken_in() {
    let mut world = story();
    let mut clamped = (**world.state.terms().classes.values().last().unwrap()).clone();
    assert_eq!(clamped.name.as_str(), "refund");
    clamped.max_state = Supervised;
    let terms = Terms { graduation: graduation(), ..terms_of([clamped.clone()]) };
    world.install(terms, seconds(1_000));
    let mut state = fold(State::default(), &world.log[..14]);
    assert_eq!(state.autonomy(&clamped, &call("refund").subject), Supervised);
    assert_eq!(state.ledgers().get(&ledger("refund")).unwrap().state, Autonomous);
    state.apply(&world.log[14]);
    assert_eq!(state.autonomy(&clamped, &call("refund").subject), Supervised);
}

#[test]
fn a_policy_s_payload_is_never_erased() {
    let mut world = World::with(terms_of([]));
    world.run(trip("all"), ms(0)).unwrap();
    world.install(terms_of([]), ms(0));
    let erase = |index| Command::Erase { index, reason: "asked to".into(), by: None, of: None };
    assert_eq!(world.run(erase(0), ms(0)), Err(Rejection::PolicyEntry(0)));
    assert_eq!(world.run(erase(2), ms(0)), Err(Rejection::PolicyEntry(2)));
    assert_eq!(world.run(erase(3), ms(0)), Err(Rejection::UnknownEntry { index: 3, size: 3 }));
    world.run(erase(1), ms(0)).unwrap();
}

#[test]
fn a_reason_is_neither_blank_nor_longer_than_its_limit() {
    let mut world = World::with(terms_of([]));
    let tripped = |reason: String| Command::Trip { scope: scope("all"), reason, by: None };
    let padded = format!("{}x", " ".repeat(1_024));
    for reason in ["", " \n\t", "x".repeat(1_025).as_str(), padded.as_str()] {
        assert_eq!(world.run(tripped(reason.into()), ms(0)), Err(Rejection::Reason));
    }
    world.run(tripped("x".repeat(1_024)), ms(0)).unwrap();
    let reset = Command::Reset { scope: scope("all"), reason: " ".into(), by: None };
    assert_eq!(world.run(reset, ms(0)), Err(Rejection::Reason));
    let erase = Command::Erase { index: 1, reason: String::new(), by: None, of: None };
    assert_eq!(world.run(erase, ms(0)), Err(Rejection::Reason));
    let by = "petra".parse().unwrap();
    let deny = Command::Deny { approval: approval_id(1), by, reason: " ".into() };
    assert_eq!(world.run(deny, ms(0)), Err(Rejection::Reason));
}

#[test]
fn a_second_hand_on_the_switch_is_no_error() {
    let mut world = World::with(terms_of([]));
    assert_eq!(world.run(trip("all"), ms(0)).unwrap().len(), 1);
    assert_eq!(world.run(trip("all"), ms(1)).unwrap().len(), 0);
    assert_eq!((world.state.switches().len(), world.state.switches().is_empty()), (1, false));
    assert_eq!(world.state.switches().tripped(&scope("all")).unwrap().since, ms(0));
    world.run(reset("all"), ms(2)).unwrap();
    assert!(world.state.switches().is_empty());
    assert_eq!(world.run(reset("all"), ms(2)), Err(Rejection::NotTripped(scope("all"))));
}

/// So many tools are stopped, inside a tenant or everywhere.
fn stop_tools(world: &mut World, inside: &str, count: usize) {
    for number in 0..count {
        let scope = scope(&format!("{inside}tool:t{number}"));
        let switched = Switched { scope, reason: "because".into(), by: None };
        world.take_unrecorded(Event::Tripped(switched), ms(0));
    }
}

fn no_room_to_trip(world: &mut World, scope: &str) -> String {
    world.run(trip(scope), ms(0)).unwrap_err().to_string()
}

#[test]
fn a_tenant_has_a_limit_of_its_own_for_switches_and_a_reset_makes_room() {
    let mut world = World::with(terms_of([]));
    stop_tools(&mut world, "tenant:acme/", MAX_SWITCHES_PER_TENANT);
    let text = "there are already 1000 tripped kill switches of this tenant; close or remove some \
                first";
    assert_eq!(no_room_to_trip(&mut world, "tenant:acme/tool:x"), text);
    assert_eq!(no_room_to_trip(&mut world, "tenant:acme/agent:x"), text);
    for scope in ["tenant:umbrella/tool:x", "tool:x", "tenant:acme", "all"] {
        assert_eq!(world.run(trip(scope), ms(0)).unwrap().len(), 1, "{scope}");
    }
    world.run(reset("tenant:acme/tool:t7"), ms(0)).unwrap();
    world.run(trip("tenant:acme/tool:x"), ms(0)).unwrap();
}

#[test]
fn all_tenants_together_have_a_limit_for_switches_and_what_stops_everything_has_none() {
    let mut world = World::with(terms_of([]));
    for number in 0..MAX_SWITCHES / MAX_SWITCHES_PER_TENANT {
        stop_tools(&mut world, &format!("tenant:t{number}/"), MAX_SWITCHES_PER_TENANT);
    }
    let text =
        "there are already 10000 tripped kill switches inside tenants; close or remove some first";
    assert_eq!(no_room_to_trip(&mut world, "tenant:umbrella/tool:x"), text);
    for scope in ["tenant:umbrella", "tenant:t1", "all", "tool:x", "agent:x"] {
        assert_eq!(world.run(trip(scope), ms(0)).unwrap().len(), 1, "{scope}");
    }
}

#[test]
fn the_operator_s_switches_have_a_limit_and_everything_is_let_in_beyond_it() {
    let mut world = World::with(terms_of([]));
    stop_tools(&mut world, "", MAX_SWITCHES_OF_ALL);
    let text = "there are already 1000 tripped kill switches of no tenant; close or remove some \
                first";
    assert_eq!(no_room_to_trip(&mut world, "tool:x"), text);
    for scope in ["all", "tenant:acme", "tenant:acme/tool:x"] {
        assert_eq!(world.run(trip(scope), ms(0)).unwrap().len(), 1, "{scope}");
    }
}

#[test]
fn a_switch_of_a_tenant_covers_nothing_of_its_neighbours() {
    let mut world = World::with(terms_of([]));
    for of in ["a", "b", "c"] {
        for scope in ["", "/agent:bot", "/tool:mail", "/tool:other"] {
            world.run(trip(&format!("tenant:{of}{scope}")), ms(0)).unwrap();
        }
    }
    for scope in ["all", "agent:bot", "tool:mail", "tool:other"] {
        world.run(trip(scope), ms(0)).unwrap();
    }
    let mut subject = call("mail").subject;
    subject.agent = Some("bot".parse().unwrap());
    let mut covering = |tenant: &str| {
        subject.tenant = tenant.parse().unwrap();
        let found = world.state.switches().covering(&subject, None);
        found.map(|switch| switch.scope.to_string()).collect::<Vec<_>>()
    };
    let own =
        ["all", "agent:bot", "tool:mail", "tenant:b", "tenant:b/agent:bot", "tenant:b/tool:mail"];
    assert_eq!(covering("b"), own);
    assert_eq!(covering("bb"), own[..3]);
}

#[test]
fn the_entry_of_the_policy_that_holds_is_known() {
    let mut world = World::default();
    assert_eq!(world.state.installed_at(), None);
    world.install(terms_of([]), ms(0));
    assert_eq!(world.state.installed_at(), Some(0));
    world.run(trip("all"), ms(0)).unwrap();
    world.install(terms_of([]), ms(0));
    assert_eq!(world.state.installed_at(), Some(2));
}

/// A history of decisions, switches and autonomy, each at a second of its own. What becomes of
/// approved actions is forged in the tests of approvals, keys and people in theirs.
fn story() -> World {
    let mut refund = class("refund", RiskTier::Consequential);
    refund.hard_cap = Some("10".parse().unwrap());
    let mut world = World::with(Terms {
        graduation: graduation(),
        ..terms_of([refund, class("mail", RiskTier::ReversibleWrite)])
    });
    let held = |number| Assessment { tag: tag(number), ..call("refund") };
    world.propose(held(1), seconds(1)); // 1
    world.propose(held(2), seconds(2)); // 2
    world.run(deny(approval_id(1)), seconds(3)).unwrap(); // 3
    world.run(trip("tool:mail"), seconds(4)).unwrap(); // 4
    world.propose(call("mail"), seconds(5)); // 5
    world.run(reset("tool:mail"), seconds(6)).unwrap(); // 6
    world.run(Command::Report(evidence("refund", "nightly", 10, 0)), seconds(7)).unwrap(); // 7, 8
    let hostile = Evidence { adversarial: true, ..evidence("refund", "nightly", 10, 0) };
    world.run(Command::Report(hostile), seconds(8)).unwrap(); // 9
    world.run(ratify("refund", "ana"), seconds(9)).unwrap(); // 10, 11
    world.run(Command::Tick, seconds(902)).unwrap(); // 12
    let erase = Command::Erase { index: 1, reason: "asked to".into(), by: None, of: None };
    world.run(erase, seconds(903)).unwrap(); // 13
    world
}

/// What the audit says of the story with one entry changed.
fn forged(index: usize, change: impl FnOnce(&mut Entry)) -> Result<(), Violation> {
    let world = story();
    let state = fold(State::default(), &world.log[..index]);
    let mut entry = world.log[index].clone();
    assert_eq!(audit(&state, &entry, None), Ok(()));
    change(&mut entry);
    assert_ne!(entry, world.log[index], "the change changes nothing");
    audit(&state, &entry, None)
}

fn decision_of(entry: &mut Entry) -> &mut Decided {
    match &mut entry.event {
        Event::Decided(decided) => decided,
        other => panic!("not a decision: {other:?}"),
    }
}

fn step_of(entry: &mut Entry) -> &mut AutonomyChanged {
    match &mut entry.event {
        Event::AutonomyChanged(changed) => changed,
        other => panic!("not a step: {other:?}"),
    }
}

#[test]
fn the_story_has_the_kinds_that_are_forged_here() {
    let kinds: std::collections::BTreeSet<String> = story()
        .log
        .iter()
        .map(|entry| {
            let event = serde_json::to_value(&entry.event).unwrap();
            event.as_object().unwrap().keys().next().unwrap().clone()
        })
        .collect();
    let all = [
        "autonomy_changed",
        "decided",
        "denied",
        "erased",
        "evidence_reported",
        "expired",
        "policy_installed",
        "ratified",
        "reset",
        "tripped",
    ];
    assert_eq!(kinds, all.map(str::to_owned).into());
}

#[test]
fn a_forged_place_or_time_is_found() {
    let wrong = Violation::Index { expected: 2, found: 3 };
    assert_eq!(forged(2, |entry| entry.index = 3), Err(wrong));
    let wrong = Violation::Time { before: seconds(1), found: ms(999) };
    assert_eq!(forged(2, |entry| entry.at = ms(999)), Err(wrong));
    // Moved forward, its deadline is no longer the one that follows.
    assert_eq!(forged(2, |entry| entry.at = ms(2_001)), Err(Violation::Approval));
}

#[test]
fn a_forged_decision_is_found() {
    type Change = fn(&mut Decided);
    let explanation = Violation::Explanation(Verdict::RequireApproval);
    let cases: [(Change, Violation); 17] = [
        (
            |decided| decided.decision.verdict = Verdict::Allow,
            Violation::Decision { expected: Verdict::RequireApproval, found: Verdict::Allow },
        ),
        (
            |decided| decided.decision.verdict = Verdict::Block,
            Violation::Decision { expected: Verdict::RequireApproval, found: Verdict::Block },
        ),
        (|decided| decided.decision.would_have = Some(Verdict::Block), explanation.clone()),
        (|decided| drop(decided.decision.findings.pop()), explanation.clone()),
        (|decided| decided.decision.findings.reverse(), explanation.clone()),
        (|decided| decided.decision.findings[0].reason.push('!'), explanation.clone()),
        (|decided| decided.decision.mode = Mode::Sample, explanation.clone()),
        (|decided| decided.decision.risk = Some(RiskTier::Read), explanation.clone()),
        (|decided| decided.decision.autonomy = Some(Supervised), explanation),
        (|decided| decided.approval = None, Violation::Approval),
        (
            |decided| decided.approval.as_mut().unwrap().deadline = seconds(5_000),
            Violation::Approval,
        ),
        (|decided| decided.approval.as_mut().unwrap().quorum = 0, Violation::Approval),
        (|decided| decided.approval.as_mut().unwrap().fields.clear(), Violation::Approval),
        // The id of an approval that is open already.
        (|decided| decided.approval.as_mut().unwrap().id = approval_id(1), Violation::Approval),
        (|decided| decided.assessment.policy = common::build::digest(9), Violation::Policy),
        (
            |decided| decided.assessment.class = None,
            Violation::Explanation(Verdict::RequireApproval),
        ),
        (
            |decided| decided.assessment.value = common::build::money("11"),
            Violation::Decision { expected: Verdict::Block, found: Verdict::RequireApproval },
        ),
    ];
    for (place, (change, violation)) in cases.into_iter().enumerate() {
        let found = forged(2, |entry| change(decision_of(entry)));
        assert_eq!(found, Err(violation), "change {place}");
    }
    let approval = decision_of(&mut story().log[2]).approval.clone();
    let blocked = forged(5, |entry| decision_of(entry).approval = approval);
    assert_eq!(blocked, Err(Violation::Approval));
}

#[test]
fn a_forged_answer_is_found() {
    let answer = |approval, action: &Decided| {
        let by = "eve".parse().unwrap();
        Event::Denied(Denied { approval, action: action.id, by })
    };
    let (first, second) =
        (decision_of(&mut story().log[1]).clone(), decision_of(&mut story().log[2]).clone());
    for event in [
        answer(approval_id(9), &first),
        answer(approval_id(1), &second),
        Event::Expired(Expired { approval: approval_id(1), action: first.id }),
        Event::Expired(Expired { approval: approval_id(9), action: first.id }),
    ] {
        let found = forged(3, |entry| entry.event = event.clone());
        assert_eq!(found, Err(Violation::NotOpen), "{event:?}");
    }
    for event in [
        answer(approval_id(2), &second),
        Event::Expired(Expired { approval: approval_id(2), action: first.id }),
        Event::Expired(Expired { approval: approval_id(1), action: first.id }),
    ] {
        let found = forged(12, |entry| entry.event = event.clone());
        assert_eq!(found, Err(Violation::NotOpen), "{event:?}");
    }
    assert_eq!(forged(12, |entry| entry.at = ms(901_999)), Err(Violation::NotOpen));
}

#[test]
fn a_forged_switch_is_found() {
    let tripped = story().log[4].event.clone();
    let (Event::Tripped(switch), reset) = (tripped.clone(), story().log[6].event.clone()) else {
        panic!("a switch")
    };
    let again = forged(6, |entry| entry.event = tripped);
    assert_eq!(again, Err(Violation::Switch));
    assert_eq!(forged(4, |entry| entry.event = reset), Err(Violation::Switch));
    let mut silent = switch;
    silent.reason.clear();
    let found = forged(4, |entry| entry.event = Event::Tripped(silent.clone()));
    assert_eq!(found, Err(Violation::Refused(Rejection::Reason)));
    let found = forged(6, |entry| entry.event = Event::Reset(silent.clone()));
    assert_eq!(found, Err(Violation::Refused(Rejection::Reason)));
}

#[test]
fn forged_evidence_is_found() {
    let report = |change: fn(&mut Evidence)| {
        let mut evidence = evidence("refund", "nightly", 10, 0);
        change(&mut evidence);
        forged(7, |entry| entry.event = Event::EvidenceReported(evidence))
    };
    let refused = |rejection| Err(Violation::Refused(rejection));
    assert_eq!(report(|it| it.passed = 0), refused(Rejection::NoSamples));
    assert_eq!(report(|it| it.failed = u64::MAX), refused(Rejection::TooManySamples));
    let ghost = "ghost".parse().unwrap();
    assert_eq!(
        report(|it| it.class = "ghost".parse().unwrap()),
        refused(Rejection::UnknownClass(ghost))
    );
    let ratified = |class: &str| {
        let by = "eve".parse().unwrap();
        Event::Ratified(Ratified { of: ledger(class), by })
    };
    let found = forged(10, |entry| entry.event = ratified("mail"));
    assert_eq!(found, refused(Rejection::NotRatifiable("mail".parse().unwrap())));
    let again = story().log[10].event.clone();
    assert_eq!(forged(12, |entry| entry.event = again), Err(Violation::Idle));
}

#[test]
fn a_forged_step_is_found() {
    let violation = |expected, found| Err(Violation::Autonomy { expected, found });
    let found = forged(8, |entry| step_of(entry).to = Autonomous);
    assert_eq!(found, violation(Supervised, Autonomous));
    let found = forged(8, |entry| step_of(entry).from = Autonomous);
    assert_eq!(found, violation(Supervised, Supervised));
    let found = forged(8, |entry| step_of(entry).missing.clear());
    assert_eq!(found, violation(Supervised, Supervised));
    let found = forged(8, |entry| step_of(entry).of = ledger("mail"));
    assert_eq!(found, violation(Manual, Supervised));
    let invented =
        AutonomyChanged { of: ledger("mail"), from: Manual, to: Autonomous, missing: Vec::new() };
    let found = forged(12, |entry| entry.event = Event::AutonomyChanged(invented.clone()));
    assert_eq!(found, violation(Manual, Autonomous));
    // A step that leads nowhere would be noise in the record.
    let nowhere = AutonomyChanged { to: Manual, ..invented };
    let found = forged(12, |entry| entry.event = Event::AutonomyChanged(nowhere));
    assert_eq!(found, violation(Manual, Manual));
}

#[test]
fn a_step_that_is_left_out_is_found_at_the_next_entry() {
    let world = story();
    for lost in [8, 11] {
        let state = fold(State::default(), &world.log[..lost]);
        assert_eq!(state.owed().collect::<Vec<_>>(), [&ledger("refund")]);
        let next = Entry { index: state.size(), ..world.log[lost + 1].clone() };
        assert_eq!(audit(&state, &next, None), Err(Violation::Owed("refund".parse().unwrap())));
    }
    assert_eq!(world.state.owed().count(), 0);
}

#[test]
fn a_policy_that_takes_autonomy_away_owes_that_step() {
    let mut world = story();
    let terms = (**world.state.terms()).clone();
    world.install(Terms { classes: Default::default(), ..terms }, seconds(1_000));
    let [.., _, installed, step] = &world.log[..] else { panic!("a step") };
    assert!(matches!(&step.event, Event::AutonomyChanged(changed) if changed.to == Manual));
    let mut state = fold(State::default(), &world.log[..14]);
    state.apply(installed);
    let other = Entry {
        index: 15,
        at: seconds(1_000),
        event: story().log[4].event.clone(),
        origin: None,
        payload: None,
    };
    assert_eq!(audit(&state, &other, None), Err(Violation::Owed("refund".parse().unwrap())));
    assert_eq!(audit(&state, step, None), Ok(()));
}

#[test]
fn a_forged_erasure_is_found() {
    let erased = |index| {
        forged(13, |entry| match &mut entry.event {
            Event::Erased(erased) => erased.index = index,
            other => panic!("not an erasure: {other:?}"),
        })
    };
    assert_eq!(erased(13), Err(Violation::Erasure(13)));
    assert_eq!(erased(u64::MAX), Err(Violation::Erasure(u64::MAX)));
    assert_eq!(erased(0), Err(Violation::Refused(Rejection::PolicyEntry(0))));
    assert_eq!(erased(12), Ok(()), "which payload is erased is the operator's word");
}

#[test]
fn an_entry_left_out_is_found_by_its_index() {
    let world = story();
    for lost in 0..world.log.len() - 1 {
        let state = fold(State::default(), &world.log[..lost]);
        let expected = state.size();
        let wrong = Violation::Index { expected, found: expected + 1 };
        assert_eq!(audit(&state, &world.log[lost + 1], None), Err(wrong));
        let twice = fold(state, &world.log[lost..=lost]);
        assert!(matches!(audit(&twice, &world.log[lost], None), Err(Violation::Index { .. })));
    }
}
