//! Memory is bounded by what is open, however long the log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use std::time::Duration;

use common::build::{amount, budget, call, class, deny, money, tag, terms_of};
use common::{World, approval_id, commitment, ms};
use placet_core::terms::{Budget, Per};
use placet_core::{Assessment, Command, Entry, RiskTier, Terms, handle};

/// Takes in what follows from a command, without keeping the entries.
fn take(world: &mut World, command: Command, now: i64) {
    for fact in handle(&world.state, command, ms(now)).expect("judged") {
        let payload = fact.payload.map(|_| commitment());
        let entry = Entry {
            index: world.state.size(),
            at: ms(now),
            event: fact.event,
            origin: None,
            payload,
        };
        world.state.apply(&entry);
    }
}

fn bytes(world: &World) -> usize {
    serde_json::to_vec(&world.state).unwrap().len()
}

/// A tag of its own for each number, a new agent and a new session for each call.
fn nth(name: &str, number: u64) -> Assessment {
    let mut tag = *tag(0).as_bytes();
    tag[..8].copy_from_slice(&number.to_be_bytes());
    let mut of = call(name);
    of.tag = placet_core::ActionTag::from_bytes(tag);
    of.subject.agent = Some(format!("agent-{}", number % 5_000).parse().unwrap());
    if number.is_multiple_of(7) {
        of.value = money(&format!("1 COIN{}", number % 1_000));
    }
    of
}

#[test]
fn a_hundred_thousand_finished_actions_leave_nothing_behind() {
    let per_agent = budget("per-agent", Per::Agent, Duration::from_secs(60));
    let mut world = World::with(Terms {
        budgets: vec![
            per_agent.clone(),
            Budget {
                name: "cash".parse().unwrap(),
                value: Some(amount("1000000")),
                per: Per::Tenant,
                ..per_agent
            },
        ],
        ..terms_of([class("lookup", RiskTier::Read), class("refund", RiskTier::ReversibleWrite)])
    });
    let mut largest = bytes(&world);
    // A tenth is held, of which half is denied and half expires; the rest is let through or held
    // for its made-up currency.
    for number in 0..100_000_u64 {
        let now = i64::try_from(number * 50).unwrap();
        let name = if number.is_multiple_of(10) { "refund" } else { "lookup" };
        let of = Assessment { policy: world.state.terms().policy, ..nth(name, number) };
        take(&mut world, common::proposal(u128::from(number) + 1, of), now);
        if number.is_multiple_of(20) {
            take(&mut world, deny(approval_id(u128::from(number) + 1)), now);
        }
        if number.is_multiple_of(1_000) {
            take(&mut world, Command::Tick, now);
        }
        if number.is_multiple_of(20_000) {
            largest = largest.max(bytes(&world));
        }
    }
    assert!(world.state.size() > 100_000);
    let open = world.state.approvals().len();
    assert!(open <= 20_000, "{open} approvals are open for what came in the last 15 minutes");
    assert!(largest < 10_000_000, "the state grew to {largest} bytes");

    // Once time has passed, two ticks and one more action sweep all of it away.
    let later = 100_000 * 50 + 3_600_000;
    while !world.state.approvals().is_empty() {
        take(&mut world, Command::Tick, later);
    }
    let of = Assessment { policy: world.state.terms().policy, ..nth("lookup", 1) };
    take(&mut world, common::proposal(1 << 100, of), later + 60_000);
    assert!(bytes(&world) < 4_000, "{} bytes are left", bytes(&world));
    assert_eq!(world.state.denied_until(&nth("refund", 20)), None);
}

#[test]
fn a_tick_closes_so_many_at_a_time() {
    use placet_core::limits::MAX_EXPIRIES_PER_TICK;
    let mut world = World::with(terms_of([]));
    for number in 0..u64::try_from(MAX_EXPIRIES_PER_TICK).unwrap() + 1 {
        let of = Assessment { policy: world.state.terms().policy, ..nth("refund", number) };
        take(&mut world, common::proposal(u128::from(number) + 1, of), 0);
    }
    take(&mut world, Command::Tick, 900_000);
    assert_eq!(world.state.approvals().len(), 1);
    assert_eq!(world.state.approvals().next_deadline(), Some(ms(900_000)));
    take(&mut world, Command::Tick, 900_000);
    assert!(world.state.approvals().is_empty());
}

#[test]
fn reading_a_snapshot_counts_an_agent_s_open_approvals_again() {
    let mut world = World::with(terms_of([]));
    for number in 0..3 {
        let of = Assessment { policy: world.state.terms().policy, ..nth("refund", number * 5_000) };
        take(&mut world, common::proposal(u128::from(number) + 1, of), 0);
    }
    let text = serde_json::to_string(&world.state).unwrap();
    let mut read: placet_core::State = serde_json::from_str(&text).unwrap();
    let subject = nth("refund", 0).subject;
    assert_eq!(read.approvals().of_agent(&subject), 3);
    assert_eq!(read.approvals().of_call(&nth("refund", 5_000).tag), 1);
    std::mem::swap(&mut world.state, &mut read);
    take(&mut world, Command::Tick, 900_000);
    assert_eq!(world.state.approvals().of_agent(&subject), 0);
    assert_eq!(world.state.approvals().of_call(&nth("refund", 5_000).tag), 0);
}
