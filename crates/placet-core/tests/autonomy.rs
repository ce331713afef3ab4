//! What evidence earns, what it takes to keep it, and how cleanly it is lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use common::build::{amount, call, class, evidence, ledger, rate, ratify, terms_of, thresholds};
use common::{World, arbitrary, ms};
use placet_core::autonomy::{Evidence, Graduation, LedgerKey, Record, Standing, standing};
use placet_core::limits::{
    MAX_BUILDS_PER_CLASS, MAX_LEDGERS_PER_TENANT, MAX_SAMPLES_PER_REPORT, MAX_SOURCES,
};
use placet_core::{
    ActionClass, AutonomyState, Command, Entry, Event, Rejection, RiskTier, State, Terms, decide,
};
use proptest::prelude::*;

use AutonomyState::{Autonomous, Manual, Supervised};

/// Nine in ten of ten samples for `Supervised`, all of twenty and half of the hostile for
/// `Autonomous`.
fn ladder() -> Graduation {
    Graduation {
        supervised: Some(thresholds(900_000, 0, 10)),
        autonomous: Some(thresholds(1_000_000, 500_000, 20)),
        window: 40,
        ..Graduation::default()
    }
}

fn world(class: ActionClass, graduation: Graduation) -> World {
    World::with(Terms { graduation, ..terms_of([class]) })
}

fn refunds() -> World {
    world(class("refund", RiskTier::ReversibleWrite), ladder())
}

fn report(world: &mut World, source: &str, passed: u64, failed: u64) -> Vec<Entry> {
    world.run(Command::Report(evidence("refund", source, passed, failed)), ms(0)).unwrap()
}

fn attack(world: &mut World, passed: u64, failed: u64) -> Vec<Entry> {
    let adversarial = Evidence { adversarial: true, ..evidence("refund", "red", passed, failed) };
    world.run(Command::Report(adversarial), ms(0)).unwrap()
}

fn record(world: &World) -> Record {
    world.state.ledgers().get(&ledger("refund")).cloned().unwrap_or_default()
}

fn state(world: &World) -> AutonomyState {
    record(world).state
}

fn stands(world: &World) -> Standing {
    let terms = world.state.terms();
    let class = terms.classes.values().next().expect("a class");
    standing(class, &terms.graduation, &record(world))
}

fn missing(world: &World) -> Vec<String> {
    stands(world).missing
}

#[test]
fn a_class_without_evidence_is_manual_and_says_what_it_lacks() {
    let world = refunds();
    assert_eq!(stands(&world).state, Manual);
    assert_eq!(missing(&world), ["no source has reported"]);
}

#[test]
fn the_ladder_is_climbed_by_evidence_and_each_step_is_recorded() {
    let mut world = refunds();
    assert_eq!(report(&mut world, "nightly", 8, 0).len(), 1);
    assert_eq!(missing(&world), ["nightly: 8 of 10 samples"]);
    let entries = report(&mut world, "nightly", 1, 1);
    assert_eq!(state(&world), Supervised);
    let Event::AutonomyChanged(step) = &entries[1].event else { panic!("a step") };
    assert_eq!((step.from, step.to), (Manual, Supervised));
    let lacks = [
        "nightly: 10 of 20 samples",
        "nightly: 9 of 10 passed, 1 needed",
        "no adversarial source has reported",
    ];
    assert_eq!(step.missing, lacks);
    report(&mut world, "nightly", 40, 0);
    attack(&mut world, 10, 10);
    assert_eq!(state(&world), Autonomous);
    assert!(missing(&world).is_empty());
}

#[test]
fn what_a_rate_asks_for_is_exact() {
    for (passed, failed, earned) in [(9, 1, Supervised), (89, 11, Manual), (90, 10, Supervised)] {
        let mut world = refunds();
        report(&mut world, "nightly", passed, failed);
        assert_eq!(state(&world), earned, "{passed} of {}", passed + failed);
    }
    let third = rate(333_333);
    assert!(third.is_met(1, 3));
    assert!(!rate(333_334).is_met(1, 3));
    assert!(rate(999_999).is_met(999_999, 1_000_000));
    assert!(!rate(1_000_000).is_met(u64::MAX - 1, u64::MAX));
    assert!(rate(1_000_000).is_met(u64::MAX, u64::MAX));
    assert!(rate(0).is_met(0, 0) && rate(0).is_met(0, 5));
    assert!(!rate(1).is_met(0, 0));
    assert_eq!(
        [rate(0), rate(950_000), rate(1), rate(1_000_000)].map(|it| it.to_string()),
        ["0", "0.95", "0.000001", "1"]
    );
    let error = placet_core::autonomy::Rate::of_million(1_000_001).unwrap_err();
    assert_eq!(error.to_string(), "a rate of 1000001 millionths is above 1");
    assert!(serde_json::from_str::<placet_core::autonomy::Rate>("1000001").is_err());
}

#[test]
fn every_source_must_meet_the_thresholds() {
    let mut world = refunds();
    report(&mut world, "nightly", 10, 0);
    report(&mut world, "monitor", 9, 0);
    assert_eq!(state(&world), Manual);
    assert_eq!(missing(&world), ["monitor: 9 of 10 samples"]);
    report(&mut world, "monitor", 1, 0);
    assert_eq!(state(&world), Supervised);
    report(&mut world, "monitor", 0, 5);
    assert_eq!(missing(&world), ["monitor: 10 of 15 passed, 0.9 needed"]);
    assert_eq!(state(&world), Manual);
}

#[test]
fn adversarial_samples_alone_earn_nothing() {
    let mut world = refunds();
    attack(&mut world, 100, 0);
    assert_eq!(missing(&world), ["no source has reported"]);
}

#[test]
fn a_source_keeps_ordinary_and_adversarial_samples_apart() {
    let mut world = refunds();
    report(&mut world, "red", 10, 0);
    attack(&mut world, 0, 10);
    // Hostile samples are held to their own rate, which Supervised sets to nothing.
    assert_eq!(state(&world), Supervised);
    assert_eq!(record(&world).sources.len(), 2);
}

#[test]
fn listed_sources_must_all_report_and_no_other_may() {
    let sources = ["nightly", "monitor"].map(|name| name.parse().unwrap()).into();
    let mut world =
        world(class("refund", RiskTier::ReversibleWrite), Graduation { sources, ..ladder() });
    report(&mut world, "nightly", 10, 0);
    assert_eq!(missing(&world), ["monitor has not reported"]);
    report(&mut world, "monitor", 10, 0);
    assert_eq!(state(&world), Supervised);
    let other = Command::Report(evidence("refund", "hearsay", 1, 0));
    let rejected = Rejection::UnknownSource("hearsay".parse().unwrap());
    assert_eq!(world.run(other, ms(0)), Err(rejected));
}

#[test]
fn old_reports_are_forgotten_once_the_window_is_full() {
    let mut world = refunds();
    report(&mut world, "nightly", 0, 10);
    report(&mut world, "nightly", 39, 0);
    assert_eq!(missing(&world), ["nightly: 39 of 49 passed, 0.9 needed"]);
    report(&mut world, "nightly", 1, 0);
    assert_eq!(state(&world), Supervised);
    // And a good past does not outlive its window.
    report(&mut world, "nightly", 0, 5);
    assert_eq!(state(&world), Manual);
}

#[test]
fn a_large_report_displaces_all_before_it() {
    let mut world = refunds();
    for _ in 0..100 {
        report(&mut world, "nightly", 0, 1);
    }
    report(&mut world, "nightly", 40, 0);
    let samples = record(&world).sources.into_values().next().unwrap();
    assert_eq!((samples.passed(), samples.total()), (40, 40));
}

#[test]
fn autonomy_is_lost_by_evidence_alone() {
    let mut world = refunds();
    report(&mut world, "nightly", 40, 0);
    attack(&mut world, 20, 0);
    assert_eq!(state(&world), Autonomous);
    let entries = attack(&mut world, 0, 21);
    let Event::AutonomyChanged(step) = &entries[1].event else { panic!("a step") };
    assert_eq!((step.from, step.to), (Autonomous, Supervised));
    assert_eq!(step.missing, ["red: 20 of 41 passed, 0.5 needed"]);
}

mod consequential {
    use super::*;

    fn deploys(quorum: u8) -> World {
        let mut class = class("refund", RiskTier::Consequential);
        class.hard_cap = Some(amount("10"));
        let mut autonomous = thresholds(1_000_000, 0, 20);
        autonomous.adversarial_pass_rate = rate(0);
        let graduation =
            Graduation { autonomous: Some(autonomous), ratification_quorum: quorum, ..ladder() };
        world(class, graduation)
    }

    #[test]
    fn autonomy_needs_an_adversarial_source_and_a_quorum() {
        let mut world = deploys(2);
        report(&mut world, "nightly", 20, 0);
        let lacks = ["no adversarial source has reported", "ratified by 0 of 2 people"];
        assert_eq!((state(&world), missing(&world)), (Supervised, lacks.map(String::from).into()));
        attack(&mut world, 0, 20);
        world.run(ratify("refund", "ana"), ms(0)).unwrap();
        assert!(world.run(ratify("refund", "ana"), ms(0)).unwrap().is_empty());
        assert_eq!(missing(&world), ["ratified by 1 of 2 people"]);
        world.run(ratify("refund", "ben"), ms(0)).unwrap();
        assert_eq!(state(&world), Autonomous);
    }

    #[test]
    fn a_quorum_of_nobody_still_takes_one() {
        let mut world = deploys(0);
        report(&mut world, "nightly", 20, 0);
        attack(&mut world, 20, 0);
        assert_eq!(
            (state(&world), missing(&world)),
            (Supervised, vec!["ratified by 0 of 1 people".to_owned()])
        );
        world.run(ratify("refund", "ana"), ms(0)).unwrap();
        assert_eq!(state(&world), Autonomous);
    }

    #[test]
    fn what_was_lost_must_be_ratified_afresh() {
        let mut world = deploys(1);
        report(&mut world, "nightly", 20, 0);
        attack(&mut world, 20, 0);
        world.run(ratify("refund", "ana"), ms(0)).unwrap();
        report(&mut world, "nightly", 19, 1);
        assert_eq!((state(&world), record(&world).ratified_by.len()), (Supervised, 0));
        report(&mut world, "nightly", 40, 0);
        assert_eq!(
            (state(&world), missing(&world)),
            (Supervised, vec!["ratified by 0 of 1 people".to_owned()])
        );
    }

    #[test]
    fn a_step_up_keeps_the_ratifications() {
        let mut world = deploys(1);
        world.run(ratify("refund", "ana"), ms(0)).unwrap();
        report(&mut world, "nightly", 20, 0);
        assert_eq!(record(&world).ratified_by.len(), 1);
    }

    #[test]
    fn only_consequential_classes_of_the_policy_are_ratified() {
        let mut world = refunds();
        let rejected = Rejection::NotRatifiable("refund".parse().unwrap());
        assert_eq!(world.run(ratify("refund", "ana"), ms(0)), Err(rejected));
        let rejected = Rejection::UnknownClass("ghost".parse().unwrap());
        assert_eq!(world.run(ratify("ghost", "ana"), ms(0)), Err(rejected));
    }
}

mod policy_changes {
    use super::*;

    fn earned() -> World {
        let mut world = refunds();
        report(&mut world, "nightly", 40, 0);
        attack(&mut world, 20, 0);
        assert_eq!(state(&world), Autonomous);
        world
    }

    fn install(world: &mut World, max_state: AutonomyState, graduation: Graduation) {
        let class = ActionClass { max_state, ..class("refund", RiskTier::ReversibleWrite) };
        world.install(Terms { graduation, ..terms_of([class]) }, ms(0));
    }

    #[test]
    fn max_state_clamps_and_says_so() {
        for clamp in [Manual, Supervised, Autonomous] {
            let mut world = earned();
            install(&mut world, clamp, ladder());
            assert_eq!(state(&world), clamp);
            assert_eq!(decide(&world.state, &call("refund"), ms(0)).autonomy, Some(clamp));
        }
        let mut world = earned();
        install(&mut world, Supervised, ladder());
        assert_eq!(missing(&world), ["the policy's max_state is supervised"]);
        install(&mut world, Autonomous, ladder());
        assert_eq!(state(&world), Autonomous, "the evidence is still there");
    }

    #[test]
    fn thresholds_that_are_gone_or_higher_are_no_longer_met() {
        let mut world = earned();
        install(&mut world, Autonomous, Graduation { autonomous: None, ..ladder() });
        assert_eq!(missing(&world), ["the policy sets no thresholds for autonomous"]);
        assert_eq!(state(&world), Supervised);
        install(&mut world, Autonomous, Graduation { supervised: None, ..ladder() });
        assert_eq!(state(&world), Manual, "no step is skipped");
    }

    #[test]
    fn a_class_that_is_gone_has_earned_nothing() {
        let mut world = earned();
        world.install(Terms { graduation: ladder(), ..terms_of([]) }, ms(0));
        assert_eq!(state(&world), Manual);
        let Event::AutonomyChanged(step) = &world.log.last().unwrap().event else { panic!("step") };
        assert_eq!(step.missing, ["the policy no longer has the class"]);
    }
}

#[test]
fn evidence_stays_with_its_tenant_class_and_build() {
    let mut world = world(class("refund", RiskTier::ReversibleWrite), ladder());
    let build = Some("v2".parse().unwrap());
    let theirs = Evidence {
        tenant: "acme".parse().unwrap(),
        build: build.clone(),
        ..evidence("refund", "nightly", 40, 0)
    };
    assert_eq!(LedgerKey::of(&theirs).build, build);
    world.run(Command::Report(theirs), ms(0)).unwrap();
    let mut of = call("refund");
    let mut earned = |tenant: &str, build: Option<&str>| {
        of.subject.tenant = tenant.parse().unwrap();
        of.subject.build = build.map(|name| name.parse().unwrap());
        decide(&world.state, &of, ms(0)).autonomy.unwrap()
    };
    assert_eq!(earned("acme", Some("v2")), Supervised);
    assert_eq!(earned("acme", Some("v3")), Manual);
    assert_eq!(earned("acme", None), Manual);
    assert_eq!(earned("default", Some("v2")), Manual);
}

/// A good report on a build, or on those that name none.
fn of_build(tenant: &str, class: &str, build: Option<usize>) -> Evidence {
    let tenant = tenant.parse().unwrap();
    let build = build.map(|number| format!("b{number}").parse().unwrap());
    Evidence { tenant, build, ..evidence(class, "nightly", 40, 0) }
}

#[test]
fn the_build_that_was_reported_on_longest_ago_gives_way_to_a_new_one() {
    let mut world = refunds();
    let of_build = |build| of_build("default", "refund", build);
    let report = |world: &mut World, build| {
        world.run(Command::Report(of_build(build)), ms(0)).unwrap();
    };
    let earned = |world: &World, build| {
        world.state.ledgers().get(&LedgerKey::of(&of_build(build))).map(|record| record.state)
    };
    report(&mut world, None);
    for number in 0..MAX_BUILDS_PER_CLASS {
        report(&mut world, Some(number));
    }
    report(&mut world, Some(0));
    let new = Some(MAX_BUILDS_PER_CLASS);
    report(&mut world, new);
    assert_eq!(world.state.ledgers().len(), MAX_BUILDS_PER_CLASS + 1);
    for stays in [None, Some(0), Some(2), new] {
        assert_eq!(earned(&world, stays), Some(Supervised), "{stays:?}");
    }
    assert_eq!(earned(&world, Some(1)), None);
    let mut of = call("refund");
    of.subject.build = LedgerKey::of(&of_build(Some(1))).build;
    assert_eq!(decide(&world.state, &of, ms(0)).autonomy, Some(Manual));
    let snapshot = serde_json::to_string(&world.state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&snapshot).unwrap(), world.state);
    // It earns afresh, and now another one gives way.
    report(&mut world, Some(1));
    assert_eq!((earned(&world, Some(1)), earned(&world, Some(2))), (Some(Supervised), None));
}

#[test]
fn one_tenant_cannot_take_all_the_room_for_evidence() {
    let names = || (0..=MAX_LEDGERS_PER_TENANT / MAX_BUILDS_PER_CLASS).map(|n| format!("c{n}"));
    let classes = names().map(|name| class(&name, RiskTier::ReversibleWrite));
    let mut world = World::with(terms_of(classes));
    for name in names().take(MAX_LEDGERS_PER_TENANT / MAX_BUILDS_PER_CLASS) {
        for number in 0..MAX_BUILDS_PER_CLASS {
            let report = of_build("acme", &name, Some(number));
            world.take_unrecorded(Event::EvidenceReported(report), ms(0));
        }
    }
    assert_eq!(world.state.ledgers().len(), MAX_LEDGERS_PER_TENANT);
    let has = |world: &World, class: &str| {
        let of = LedgerKey::of(&of_build("acme", class, Some(0)));
        world.state.ledgers().get(&of).is_some()
    };
    world.run(Command::Report(of_build("acme", "c10", Some(0))), ms(0)).unwrap();
    assert_eq!(world.state.ledgers().len(), MAX_LEDGERS_PER_TENANT);
    assert!(!has(&world, "c0") && has(&world, "c1") && has(&world, "c10"));
    world.run(Command::Report(of_build("umbrella", "c10", Some(0))), ms(0)).unwrap();
    assert_eq!(world.state.ledgers().len(), MAX_LEDGERS_PER_TENANT + 1);
    assert!(has(&world, "c1"));
}

#[test]
fn reports_have_bounds() {
    let mut world = refunds();
    let mut rejected = |passed, failed| {
        world
            .run(Command::Report(evidence("refund", "nightly", passed, failed)), ms(0))
            .unwrap_err()
    };
    assert_eq!(rejected(0, 0), Rejection::NoSamples);
    assert_eq!(rejected(MAX_SAMPLES_PER_REPORT, 1), Rejection::TooManySamples);
    assert_eq!(rejected(u64::MAX, u64::MAX), Rejection::TooManySamples);
    report(&mut world, "nightly", MAX_SAMPLES_PER_REPORT, 0);
    for number in 1..MAX_SOURCES {
        report(&mut world, &format!("source-{number}"), 1, 0);
    }
    let one_more = Command::Report(evidence("refund", "one-more", 1, 0));
    let rejected = world.run(one_more, ms(0)).unwrap_err();
    let text = "there are already 64 sources of evidence for the class; close or remove some first";
    assert_eq!(rejected.to_string(), text);
    report(&mut world, "nightly", 1, 0);
}

#[test]
fn a_source_remembers_no_more_reports_than_its_window_has_samples() {
    let mut world = refunds();
    for _ in 0..500 {
        report(&mut world, "nightly", 1, 0);
    }
    let samples = record(&world).sources.into_values().next().unwrap();
    assert_eq!(samples.total(), 40);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The state that is recorded is the state that the evidence carries, after every command.
    #[test]
    fn what_is_recorded_is_what_is_earned(history in arbitrary::history(50)) {
        let mut world = World::default();
        world.play(history);
        let terms = world.state.terms();
        for (of, record) in world.state.ledgers() {
            let class = terms.classes.get(&of.class);
            let earned = class.map_or(Manual, |it| standing(it, &terms.graduation, record).state);
            prop_assert_eq!(record.state, earned);
        }
    }

    /// One more passed sample, or one fewer failed, never costs a state.
    #[test]
    fn better_evidence_never_earns_less(passed in 0..50_u64, failed in 0..20_u64) {
        let earned = |passed, failed| {
            let unbounded = Graduation { window: 1_000, ..ladder() };
            let mut world = world(class("refund", RiskTier::ReversibleWrite), unbounded);
            attack(&mut world, 20, 0);
            if passed + failed > 0 {
                report(&mut world, "nightly", passed, failed);
            }
            state(&world)
        };
        prop_assert!(earned(passed + 1, failed) >= earned(passed, failed));
        if failed > 0 {
            prop_assert!(earned(passed + 1, failed - 1) >= earned(passed, failed));
        }
    }
}
