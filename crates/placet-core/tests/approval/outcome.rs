//! What came of an action: who may say so, and what it counts for.

use placet_core::autonomy::{Evidence, LedgerKey, OUTCOMES};
use placet_core::event::{Kept, Payload};
use placet_core::limits::{MAX_BUILDS_PER_CLASS, MAX_LEDGERS, MAX_OUTCOME_BYTES};

use crate::case::*;
use crate::common::build::{evidence, ledger};

/// Refunds are held at first, and `Supervised` takes one sample, all of them passed.
fn ladder(sources: &[&str]) -> World {
    let mut graduation = graduation();
    graduation.sources = sources.iter().map(|name| name.parse().unwrap()).collect();
    World::with(Terms { graduation, ..refunds(ApprovalTerms::default()) })
}

fn running(world: &mut World, number: u8, now: Timestamp) -> ActionId {
    let action = world.grant(number, now);
    world.redeem(action, now).unwrap();
    action
}

/// How many outcomes passed, and how many there were.
fn counted(world: &World) -> (u64, u64) {
    let record = world.state.ledgers().get(&ledger("refund"));
    let source = (OUTCOMES.parse().unwrap(), false);
    let samples = record.and_then(|record| record.sources.get(&source));
    samples.map_or((0, 0), |samples| (samples.passed(), samples.total()))
}

fn state(world: &World) -> AutonomyState {
    world.state.ledgers().get(&ledger("refund")).map(|it| it.state).unwrap_or_default()
}

#[test]
fn an_outcome_ends_the_run_and_counts_once() {
    for (outcome, passed) in [(Outcome::Succeeded, 1), (Outcome::Failed, 0), (Outcome::Reversed, 0)]
    {
        let mut world = ladder(&[]);
        let action = running(&mut world, 1, seconds(1));
        assert_eq!(world.state.executions().running(), 1);
        world.conclude(action, outcome, seconds(2)).unwrap();
        assert_eq!((world.state.executions().running(), counted(&world)), (0, (passed, 1)));
        // A success that is told again, or told of what failed, is no second success.
        world.conclude(action, Outcome::Succeeded, seconds(3)).unwrap();
        assert_eq!(counted(&world), (passed, 1));
    }
}

#[test]
fn what_went_wrong_counts_whenever_it_is_told() {
    let mut world = ladder(&[]);
    let action = running(&mut world, 1, seconds(1));
    world.conclude(action, Outcome::Succeeded, seconds(2)).unwrap();
    world.conclude(action, Outcome::Reversed, seconds(3)).unwrap();
    assert_eq!(counted(&world), (1, 2));
}

#[test]
fn what_nobody_reports_is_in_doubt_and_may_be_told_later() {
    let mut world = ladder(&[]);
    let [first, second] = [1, 2].map(|number| running(&mut world, number, seconds(1)));
    let due = seconds(901);
    assert_eq!(world.state.executions().run(first).unwrap().report_by, due);
    assert!(world.run(Command::Tick, ms(900_999)).unwrap().is_empty());
    let entries = world.run(Command::Tick, due).unwrap();
    assert_eq!(kinds(&entries), ["indeterminate", "indeterminate"]);
    assert_eq!((world.state.executions().running(), counted(&world)), (0, (0, 0)));
    // It is not run again by itself, and a success that comes so late proves nothing.
    assert!(world.redeem(first, due).is_err());
    world.conclude(first, Outcome::Succeeded, seconds(902)).unwrap();
    assert_eq!(counted(&world), (0, 0));
    world.conclude(second, Outcome::Failed, seconds(902)).unwrap();
    assert_eq!(counted(&world), (0, 1));
}

#[test]
fn nothing_comes_of_what_never_ran() {
    let mut world = desk();
    let held = world.hold(1, seconds(1)).action();
    let granted = world.grant(2, seconds(1));
    let denied = world.hold(3, seconds(1));
    world.run(deny(denied), seconds(1)).unwrap();
    for action in [held, granted, denied.action()] {
        for outcome in [Outcome::Succeeded, Outcome::Failed, Outcome::Reversed] {
            let found = world.conclude(action, outcome, seconds(2));
            assert_eq!(found, Err(Rejection::NotRun(action)));
        }
    }
    // Nor of what another entry let run.
    world.redeem(granted, seconds(2)).unwrap();
    let of = world.log.last().unwrap().clone();
    let conclusion =
        Conclusion { action: held, of, outcome: Outcome::Succeeded, detail: String::new() };
    let found = world.run(Command::Conclude(Box::new(conclusion)), seconds(2));
    assert_eq!(found, Err(Rejection::NotRun(held)));
}

#[test]
fn what_was_allowed_and_not_redeemed_may_be_reported_and_proves_nothing_good() {
    let mut world = ladder(&[]);
    world.earn("refund", AutonomyState::Autonomous, ms(0));
    let decided = world.propose(refund(1), seconds(1));
    assert_eq!(decided.decision.verdict, Verdict::Allow);
    world.conclude(decided.id, Outcome::Succeeded, seconds(2)).unwrap();
    assert_eq!(counted(&world), (0, 0));
    world.conclude(decided.id, Outcome::Failed, seconds(2)).unwrap();
    assert_eq!(counted(&world), (0, 1));
}

#[test]
fn outcomes_alone_never_lift_a_class() {
    let mut world = ladder(&[]);
    for number in 0..20 {
        let action = running(&mut world, number, seconds(1));
        world.conclude(action, Outcome::Succeeded, seconds(1)).unwrap();
    }
    assert_eq!((counted(&world), state(&world)), ((20, 20), AutonomyState::Manual));
    // Where somebody else has measured, they do not stand in its way.
    world.run(Command::Report(evidence("refund", "nightly", 1, 0)), seconds(2)).unwrap();
    assert_eq!(state(&world), AutonomyState::Supervised);
}

#[test]
fn outcomes_that_went_wrong_take_autonomy_away() {
    let mut world = ladder(&[]);
    let action = running(&mut world, 1, seconds(1));
    world.run(Command::Report(evidence("refund", "nightly", 1, 0)), seconds(2)).unwrap();
    assert_eq!(state(&world), AutonomyState::Supervised);
    let entries = world.conclude(action, Outcome::Failed, seconds(3)).unwrap();
    assert_eq!(kinds(&entries), ["outcome_reported", "autonomy_changed"]);
    assert_eq!(state(&world), AutonomyState::Manual);
}

#[test]
fn outcomes_lift_a_class_where_the_policy_lists_them() {
    let mut world = ladder(&[OUTCOMES]);
    let action = running(&mut world, 1, seconds(1));
    let entries = world.conclude(action, Outcome::Succeeded, seconds(2)).unwrap();
    assert_eq!(kinds(&entries), ["outcome_reported", "autonomy_changed"]);
    assert_eq!(state(&world), AutonomyState::Supervised);
}

#[test]
fn outcomes_do_not_count_where_the_policy_lists_others_only() {
    let mut world = ladder(&["nightly"]);
    let action = running(&mut world, 1, seconds(1));
    world.conclude(action, Outcome::Failed, seconds(2)).unwrap();
    assert_eq!(counted(&world), (0, 0));
    assert_eq!(world.state.executions().running(), 0);
}

#[test]
fn nobody_reports_evidence_under_the_name_of_outcomes() {
    for sources in [&[][..], &[OUTCOMES]] {
        let found = ladder(sources).run(Command::Report(evidence("refund", OUTCOMES, 9, 0)), ms(1));
        assert_eq!(found, Err(Rejection::ReservedSource));
    }
}

#[test]
fn outcomes_count_for_the_build_that_ran() {
    let mut world = ladder(&[]);
    let mut of = refund(1);
    of.subject.build = Some("v2".parse().unwrap());
    let id = world.propose(of, seconds(1)).approval.unwrap().id;
    world.run(sign(id, "ben"), seconds(1)).unwrap();
    world.redeem(id.action(), seconds(1)).unwrap();
    world.conclude(id.action(), Outcome::Succeeded, seconds(1)).unwrap();
    assert_eq!(counted(&world), (0, 0));
    let build = Some("v2".parse().unwrap());
    let of = LedgerKey { build, ..ledger("refund") };
    assert!(world.state.ledgers().get(&of).is_some());
}

#[test]
fn a_report_has_its_limit_and_stands_beside_the_leaf() {
    let mut world = desk();
    let action = running(&mut world, 1, seconds(1));
    let of = world.log.last().unwrap().clone();
    let report = |detail: String| {
        let (of, outcome) = (of.clone(), Outcome::Failed);
        Command::Conclude(Box::new(Conclusion { action, of, outcome, detail }))
    };
    let long = world.run(report("x".repeat(MAX_OUTCOME_BYTES + 1)), seconds(2));
    assert_eq!(long, Err(Rejection::LongOutcome));
    let said = "x".repeat(MAX_OUTCOME_BYTES);
    let facts = placet_core::handle(&world.state, report(said.clone()), seconds(2)).unwrap();
    assert_eq!(facts[0].payload, Some(Kept::Open(Payload::Statement(said))));
    let silent = placet_core::handle(&world.state, report(String::new()), seconds(2)).unwrap();
    assert_eq!(silent[0].payload, None);
}

#[test]
fn the_policy_says_how_long_an_outcome_may_take_up_to_a_week() {
    let week = 7 * 86_400;
    for (outcome, lasts) in [(1, 1), (week, week), (week + 1, week)] {
        let mut terms = refunds(ApprovalTerms::default());
        terms.warrants.outcome = Duration::from_secs(outcome);
        let mut world = World::with(terms);
        let action = running(&mut world, 1, seconds(10));
        let due = seconds(10 + i64::try_from(lasts).unwrap());
        assert_eq!(world.state.executions().run(action).unwrap().report_by, due);
    }
}

fn of_build(tenant: &str, build: usize) -> Evidence {
    let (tenant, build) = (tenant.parse().unwrap(), Some(format!("b{build}").parse().unwrap()));
    Evidence { tenant, build, ..evidence("refund", "nightly", 0, 1) }
}

/// Agents name builds as they like, each of which would have a record of its own. What came of an
/// action can be recorded all the same.
#[test]
fn an_outcome_is_recorded_also_where_there_is_no_room_for_evidence() {
    let mut world = ladder(&[]);
    let action = running(&mut world, 1, seconds(1));
    for number in 0..MAX_LEDGERS {
        let tenant = format!("t{}", number / MAX_BUILDS_PER_CLASS);
        let report = of_build(&tenant, number % MAX_BUILDS_PER_CLASS);
        world.take_unrecorded(Event::EvidenceReported(report), seconds(1));
    }
    assert_eq!(world.state.ledgers().len(), MAX_LEDGERS);
    let report = world.run(Command::Report(evidence("refund", "nightly", 0, 1)), seconds(1));
    let text = "there are already 100000 records of evidence; close or remove some first";
    assert_eq!(report.unwrap_err().to_string(), text);
    let redeemed = world.log.last().unwrap().clone();
    let conclusion =
        Conclusion { action, of: redeemed, outcome: Outcome::Failed, detail: String::new() };
    let entries = world.run(Command::Conclude(Box::new(conclusion)), seconds(2)).unwrap();
    assert_eq!(kinds(&entries), ["outcome_reported"]);
    assert_eq!(world.state.executions().running(), 0);
    assert_eq!(world.state.ledgers().len(), MAX_LEDGERS);
    // Who has records already makes room among them.
    world.run(Command::Report(of_build("t0", MAX_LEDGERS)), seconds(2)).unwrap();
    assert_eq!(world.state.ledgers().len(), MAX_LEDGERS);
}

#[test]
fn a_build_that_an_agent_names_makes_no_other_give_way_and_gives_way_first() {
    let fill = |world: &mut World| {
        for number in 0..MAX_BUILDS_PER_CLASS {
            let report = Event::EvidenceReported(of_build("default", number));
            world.take_unrecorded(report, seconds(1));
        }
    };
    let has = |world: &World, build| {
        world.state.ledgers().get(&LedgerKey::of(&of_build("default", build))).is_some()
    };
    let run = |world: &mut World| {
        let mut of = refund(1);
        of.subject.build = LedgerKey::of(&of_build("default", MAX_LEDGERS)).build;
        let id = world.propose(of, seconds(1)).approval.unwrap().id;
        world.run(sign(id, "ben"), seconds(1)).unwrap();
        world.redeem(id.action(), seconds(1)).unwrap();
        world.conclude(id.action(), Outcome::Failed, seconds(1)).unwrap();
    };
    let mut first = ladder(&[]);
    run(&mut first);
    assert!(has(&first, MAX_LEDGERS));
    fill(&mut first);
    assert!(has(&first, 0) && !has(&first, MAX_LEDGERS));
    run(&mut first);
    assert!(has(&first, 0) && !has(&first, MAX_LEDGERS));
}
