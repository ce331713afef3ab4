//! Budgets and rates: what counts, for whom, for how long, and what happens when it cannot count.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use std::time::Duration;

use common::build::{amount, budget, call, class, money, tag, terms_of, trip};
use common::{World, ms};
use placet_core::assessment::Value;
use placet_core::limits::{MAX_CURRENCIES_PER_SLOT, MAX_WINDOWS_PER_TENANT};
use placet_core::terms::{Budget, Per};
use placet_core::{Amount, Assessment, Mode, RiskTier, Terms, Verdict, decide};
use proptest::prelude::*;

use Verdict::{Allow, RequireApproval};

const MINUTE: Duration = Duration::from_secs(60);

/// Actions that nothing but the budgets can hold.
fn world(budgets: impl IntoIterator<Item = Budget>) -> World {
    World::with(terms_under(budgets))
}

fn terms_under(budgets: impl IntoIterator<Item = Budget>) -> Terms {
    let reads = ["refund", "mail"].map(|name| class(name, RiskTier::Read));
    Terms { budgets: budgets.into_iter().collect(), ..terms_of(reads) }
}

fn twice(per: Per) -> Budget {
    Budget { count: Some(2), ..budget("twice", per, MINUTE) }
}

fn ten() -> Budget {
    Budget { value: Some(amount("10")), ..budget("ten", Per::Tenant, MINUTE) }
}

fn worth(value: &str) -> Assessment {
    Assessment { value: money(value), ..call("refund") }
}

fn by(agent: &str) -> Assessment {
    let mut of = call("refund");
    of.subject.agent = Some(agent.parse().unwrap());
    of
}

fn verdict(world: &mut World, of: Assessment, at: i64) -> Verdict {
    world.propose(of, ms(at)).decision.verdict
}

#[test]
fn a_rate_lets_as_many_pass_as_it_says() {
    let mut world = world([twice(Per::Tenant)]);
    let verdicts = [0, 1, 2].map(|at| verdict(&mut world, call("refund"), at));
    assert_eq!(verdicts, [Allow, Allow, RequireApproval]);
    let decision = decide(&world.state, &call("refund"), ms(3));
    let reason = "twice: 2 of 2 actions per tenant in 1m have run";
    assert_eq!(decision.findings[1].reason, reason);
}

#[test]
fn what_was_held_does_not_count() {
    let mut world = world([ten()]);
    assert_eq!(verdict(&mut world, worth("11"), 0), RequireApproval);
    assert_eq!(verdict(&mut world, worth("9"), 0), Allow);
    let decision = decide(&world.state, &worth("2"), ms(0));
    let reason = "ten: 9 of 10 per tenant in 1m is spent, and 2 more is too much";
    assert_eq!(decision.findings[1].reason, reason);
    assert_eq!(verdict(&mut world, worth("1"), 0), Allow);
    assert_eq!(verdict(&mut world, worth("0"), 0), Allow);
    assert_eq!(verdict(&mut world, worth("0.000000000000000001"), 0), RequireApproval);
}

#[test]
fn what_ran_in_shadow_counts() {
    let mut terms = terms_under([ten()]);
    terms.mode = Mode::Shadow;
    let mut world = World::with(terms);
    let first = world.propose(worth("11"), ms(0)).decision;
    assert_eq!((first.verdict, first.would_have), (Allow, Some(RequireApproval)));
    let second = world.propose(worth("0"), ms(1)).decision;
    assert_eq!(second.would_have, Some(RequireApproval));
}

#[test]
fn a_negative_value_that_ran_in_shadow_refills_nothing() {
    let shadow = Terms { mode: Mode::Shadow, ..terms_under([ten()]) };
    let mut world = World::with(shadow);
    world.propose(worth("10"), ms(0));
    world.propose(worth("-1000"), ms(0));
    world.install(terms_under([ten()]), ms(0));
    assert_eq!(verdict(&mut world, worth("1"), 0), RequireApproval);
}

#[test]
fn an_action_counts_for_its_window_and_at_most_one_slot_longer() {
    // A slot of a minute's window is a second long.
    for (ran, until) in [(0, 61_000), (999, 61_000), (1_000, 62_000), (59_999, 120_000)] {
        let mut world = world([Budget { count: Some(1), ..twice(Per::Tenant) }]);
        assert_eq!(verdict(&mut world, call("refund"), ran), Allow);
        let at = |at| decide(&world.state, &call("refund"), ms(at)).verdict;
        assert_eq!((at(until - 1), at(until)), (RequireApproval, Allow), "at {ran}");
    }
}

#[test]
fn each_action_of_a_window_leaves_it_at_its_own_time() {
    let budget = Budget { count: Some(9), ..twice(Per::Tenant) };
    let mut world = world([budget.clone()]);
    for ran in [0, 30_000, 59_000] {
        world.propose(call("refund"), ms(ran));
    }
    // Whatever is counted now drops what has left the window.
    world.propose(Assessment { tag: tag(1), ..call("refund") }, ms(70_000));
    let used = |at| world.state.windows().usage(&budget, &call("refund"), ms(at)).count;
    assert_eq!([70_000, 91_000, 120_000, 131_000].map(used), [3, 2, 1, 0]);
}

#[test]
fn a_sweep_forgets_nothing_that_still_counts() {
    let mut world = world([Budget { count: Some(1), ..twice(Per::Tenant) }]);
    assert_eq!(verdict(&mut world, call("refund"), 0), Allow);
    // This is the first entry after a minute, so it sweeps, and the action's slot is the oldest.
    world.run(trip("tool:other"), ms(60_500)).unwrap();
    assert_eq!(verdict(&mut world, call("refund"), 60_999), RequireApproval);
}

#[test]
fn a_window_that_sixty_does_not_divide_is_no_finer_for_it() {
    let mut world = world([budget("odd", Per::Tenant, Duration::from_millis(119))]);
    for at in 0..400 {
        world.propose(call("refund"), ms(at));
    }
    let state = serde_json::to_value(&world.state).unwrap();
    let slots = state["windows"]["windows"][0][1]["slots"].as_array().unwrap();
    assert!(slots.len() <= 61, "{} slots", slots.len());
}

#[test]
fn each_has_a_window_of_its_own() {
    let other_tenant = || {
        let mut of = call("refund");
        of.subject.tenant = "acme".parse().unwrap();
        of
    };
    let unclassified = || Assessment { class: None, ..call("refund") };
    // Whether the second of two actions still finds room for two under the budget per ….
    type Other = fn() -> Assessment;
    let cases: [(Per, Other, bool); 8] = [
        (Per::Tenant, || by("bob"), false),
        (Per::Tenant, || call("mail"), false),
        (Per::Agent, || by("bob"), true),
        (Per::Agent, || call("refund"), true),
        (Per::Agent, || Assessment { class: call("mail").class, ..by("ada") }, false),
        (Per::Class, || call("mail"), true),
        (Per::Class, || by("bob"), false),
        (Per::Class, || by("ada"), false),
    ];
    for (place, (per, other, has_room)) in cases.into_iter().enumerate() {
        let mut world = world([twice(per)]);
        for _ in 0..2 {
            assert_eq!(verdict(&mut world, by("ada"), 0), Allow);
        }
        let expected = if has_room { Allow } else { RequireApproval };
        assert_eq!(verdict(&mut world, other(), 0), expected, "case {place}");
        assert_eq!(verdict(&mut world, other_tenant(), 0), Allow, "tenants share nothing");
    }
    let mut world = world([twice(Per::Class)]);
    world.propose(call("refund"), ms(0));
    let used = world.state.windows().usage(&twice(Per::Class), &unclassified(), ms(0));
    assert_eq!(used.count, 0);
}

#[test]
fn currencies_are_summed_apart() {
    let mut world = world([ten()]);
    for value in ["10 EUR", "10 USD", "10"] {
        assert_eq!(verdict(&mut world, worth(value), 0), Allow, "{value}");
    }
    for value in ["1 EUR", "1 USD", "1"] {
        assert_eq!(verdict(&mut world, worth(value), 0), RequireApproval, "{value}");
    }
}

#[test]
fn made_up_currencies_neither_pile_up_nor_pass() {
    let count = i64::try_from(MAX_CURRENCIES_PER_SLOT).unwrap();
    let mut world = world([ten()]);
    for number in 0..count {
        let value = format!("1 COIN{number}");
        assert_eq!(verdict(&mut world, worth(&value), 0), Allow);
    }
    assert_eq!(verdict(&mut world, worth("1 ONEMORE"), 0), RequireApproval);
    assert_eq!(verdict(&mut world, worth("1 COIN0"), 0), Allow);
    assert_eq!(verdict(&mut world, worth("1 ONEMORE"), 60_999), RequireApproval);
    // In the next slot there is room again once the full one has left the window.
    assert_eq!(verdict(&mut world, call("refund"), 61_000), Allow);
    assert_eq!(verdict(&mut world, worth("1 ONEMORE"), 61_000), Allow);
}

#[test]
fn a_sum_that_overflows_is_over_budget() {
    let most = Budget { value: Some(Amount::MAX), ..ten() };
    let mut world = world([most]);
    let max = || Assessment {
        value: Value::Is(placet_core::assessment::Money { amount: Amount::MAX, currency: None }),
        ..call("refund")
    };
    assert_eq!(verdict(&mut world, max(), 0), Allow);
    assert_eq!(verdict(&mut world, worth("0"), 0), Allow);
    assert_eq!(verdict(&mut world, worth("0.000000000000000001"), 0), RequireApproval);
    assert_eq!(verdict(&mut world, max(), 0), RequireApproval);
}

#[test]
fn a_new_policy_keeps_the_windows_of_the_same_name_and_length() {
    let mut world = world([twice(Per::Tenant)]);
    for _ in 0..2 {
        world.propose(call("refund"), ms(0));
    }
    let mut used = |budget: Budget| {
        world.install(terms_under([budget.clone()]), ms(0));
        world.state.windows().usage(&budget, &call("refund"), ms(0)).count
    };
    assert_eq!(used(Budget { count: Some(9), ..twice(Per::Tenant) }), 2);
    assert_eq!(used(Budget { name: "other".parse().unwrap(), ..twice(Per::Tenant) }), 0);
    assert_eq!(used(Budget { window: MINUTE * 2, ..twice(Per::Tenant) }), 0);
    assert_eq!(used(twice(Per::Tenant)), 2);
}

#[test]
fn a_window_of_another_length_starts_afresh_and_counts_from_there() {
    let mut world = world([twice(Per::Tenant)]);
    world.propose(call("refund"), ms(0));
    let longer = Budget { window: MINUTE * 2, ..twice(Per::Tenant) };
    world.install(terms_under([longer.clone()]), ms(0));
    for used in [0, 1] {
        assert_eq!(world.state.windows().usage(&longer, &call("refund"), ms(0)).count, used);
        assert_eq!(verdict(&mut world, call("refund"), 0), Allow);
    }
    assert_eq!(verdict(&mut world, call("refund"), 0), RequireApproval);
}

#[test]
fn beyond_the_most_windows_what_needs_another_is_over_budget() {
    let hourly = || Budget { count: Some(5), ..budget("hourly", Per::Agent, MINUTE * 60) };
    let mut world = world([hourly()]);
    for number in 0..MAX_WINDOWS_PER_TENANT {
        world.propose_unrecorded(by(&format!("agent-{number}")), ms(0));
    }
    assert_eq!(verdict(&mut world, by("agent-0"), 1), Allow);
    let decision = decide(&world.state, &by("one-more"), ms(1));
    assert_eq!(decision.verdict, RequireApproval);
    let reason = "hourly: too much is being counted to count this as well";
    assert_eq!(decision.findings[1].reason, reason);
    // Another tenant has room of its own.
    let mut elsewhere = by("one-more");
    elsewhere.subject.tenant = "elsewhere".parse().unwrap();
    assert_eq!(decide(&world.state, &elsewhere, ms(1)).verdict, Allow);
    // They make room when the hour is over and a minute's sweep has passed.
    assert_eq!(verdict(&mut world, by("agent-0"), 2 * 3_600_000 + 60_000), Allow);
    assert_eq!(verdict(&mut world, by("one-more"), 2 * 3_600_000 + 60_000), Allow);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever its length, a window forgets nothing too early and nothing more than a slot late.
    #[test]
    fn no_window_is_shorter_than_it_says(
        length in prop_oneof![0..300_u64, 0..100_000_u64, 1..40_000_000_000_u64],
        ran in 0..1_000_000_000_000_i64,
        part in 0..=1_000_i64,
    ) {
        let window = Duration::from_millis(length);
        let budget = Budget { count: Some(9), ..budget("any", Per::Tenant, window) };
        let mut world = world([budget.clone()]);
        world.propose(call("refund"), ms(ran));
        let used = |at| world.state.windows().usage(&budget, &call("refund"), ms(at)).count;
        let length = i64::try_from(length).unwrap();
        let slot = (length + 59) / 60;
        prop_assert_eq!(used(ran + length), 1);
        prop_assert_eq!(used(ran + length + slot.max(1)), 0);
        prop_assert_eq!(used(ran + length / 1_000 * part), 1);
    }

    /// However much runs, a window holds one slot more than it is divided into, and one sum each.
    #[test]
    fn a_window_holds_so_many_slots_and_no_more(
        jumps in prop::collection::vec(0..3_000_i64, 100..200), length in 1..100_000_u64,
    ) {
        let budget = Budget { ..budget("any", Per::Tenant, Duration::from_millis(length)) };
        let mut world = world([budget]);
        let mut now = 0;
        for jump in jumps {
            now += jump;
            world.propose(worth("1 EUR"), ms(now));
        }
        let state = serde_json::to_value(&world.state).unwrap();
        let slots = state["windows"]["windows"][0][1]["slots"].as_array().unwrap();
        prop_assert!(slots.len() <= 61, "{} slots", slots.len());
    }
}
