//! Budgets and approvals: what is held is not counted, what is approved is, once.

use placet_core::terms::{Budget, Per};

use crate::case::*;
use crate::common::build::{amount, budget, money};

const HOUR: Duration = Duration::from_secs(3_600);

fn with(budget: Budget, quorum_of: u8) -> World {
    World::with(Terms { budgets: vec![budget], ..refunds(quorum(quorum_of)) })
}

fn two_actions(over: Verdict) -> Budget {
    Budget { count: Some(2), over, ..budget("hourly", Per::Tenant, HOUR) }
}

fn used(world: &World) -> u64 {
    let terms = world.state.terms();
    world.state.windows().usage(&terms.budgets[0], &refund(0), world.state.at()).count
}

#[test]
fn what_is_held_does_not_count_and_what_is_approved_counts_once() {
    let mut world = with(two_actions(Verdict::RequireApproval), 2);
    let id = world.hold(1, seconds(1));
    assert_eq!(used(&world), 0);
    world.run(sign(id, "ben"), seconds(2)).unwrap();
    assert_eq!(used(&world), 0, "one of two");
    world.run(sign(id, "cem"), seconds(2)).unwrap();
    assert_eq!(used(&world), 1);
    world.redeem(id.action(), seconds(3)).unwrap();
    world.conclude(id.action(), Outcome::Succeeded, seconds(4)).unwrap();
    assert_eq!(used(&world), 1);
}

#[test]
fn what_is_denied_withdrawn_voided_or_expired_does_not_count() {
    let mut world = with(two_actions(Verdict::RequireApproval), 1);
    let ids: Vec<_> = (1..=4).map(|number| world.hold(number, seconds(1))).collect();
    world.run(deny(ids[0]), seconds(2)).unwrap();
    world.run(Command::Withdraw { approval: ids[1] }, seconds(2)).unwrap();
    world.run(Command::Tick, seconds(902)).unwrap();
    assert!(world.state.approvals().is_empty());
    assert_eq!(used(&world), 0);
}

#[test]
fn an_edit_counts_once_when_it_is_approved_and_at_once_when_it_needs_nobody() {
    let mut world = with(two_actions(Verdict::RequireApproval), 2);
    let id = world.hold(1, seconds(1));
    let edit = world.edit(id, "ben", refund(2));
    let new = edit.proposal.id;
    world.run(Command::Edit(Box::new(edit)), seconds(2)).unwrap();
    assert_eq!(used(&world), 0);
    world.run(sign(new.approval(), "cem"), seconds(3)).unwrap();
    assert_eq!(used(&world), 1);
}

#[test]
fn people_may_approve_what_is_over_a_budget_that_only_asks_for_them() {
    let mut world = with(two_actions(Verdict::RequireApproval), 1);
    for number in 1..=4 {
        let action = world.grant(number, seconds(1));
        assert_eq!(world.redeem(action, seconds(1)), Ok(()));
    }
    assert_eq!(used(&world), 4);
}

/// Each was held when there was room; together they are too much. The budget is exact all the same.
#[test]
fn nobody_approves_what_is_over_a_budget_that_blocks() {
    let mut world = with(two_actions(Verdict::Block), 1);
    let ids: Vec<_> = (1..=3).map(|number| world.hold(number, seconds(1))).collect();
    for id in &ids[..2] {
        world.run(sign(*id, "ben"), seconds(2)).unwrap();
    }
    assert_eq!(world.run(sign(ids[2], "ben"), seconds(2)), Err(Rejection::Blocked));
    assert_eq!((used(&world), world.state.approvals().len()), (2, 1));
    assert_eq!(world.propose(refund(4), seconds(2)).decision.verdict, Verdict::Block);
    assert!(world.run(deny(ids[2]), seconds(3)).is_ok(), "it can be denied");
}

#[test]
fn an_edit_counts_by_its_own_value() {
    let per_hour =
        Budget { value: Some(amount("10")), over: Verdict::Block, ..two_actions(Verdict::Block) };
    let mut world = with(Budget { count: None, ..per_hour }, 1);
    let worth = |number, value| Assessment { value: money(value), ..refund(number) };
    let id = world.propose(worth(1, "1"), seconds(1)).approval.unwrap().id;
    let too_much = world.edit(id, "ben", worth(2, "11"));
    let found = world.run(Command::Edit(Box::new(too_much)), seconds(2));
    assert_eq!(found, Err(Rejection::EditBlocked));
    let fits = world.edit(id, "ben", worth(3, "8"));
    world.run(Command::Edit(Box::new(fits)), seconds(2)).unwrap();
    let verdict = |world: &mut World, number, value| {
        world.propose(worth(number, value), seconds(3)).decision.verdict
    };
    assert_eq!(verdict(&mut world, 4, "3"), Verdict::Block);
    assert_eq!(verdict(&mut world, 5, "2"), Verdict::RequireApproval);
}

/// Under a new policy an action may fall into another class with another value.
#[test]
fn what_is_approved_under_a_new_policy_counts_as_that_sees_it() {
    let mut world = World::with(refunds(ApprovalTerms::default()));
    let id = world.hold(1, seconds(1));
    let payment = "payment".parse().unwrap();
    let of_payments = Budget {
        actions: Some([payment].into()),
        value: Some(amount("10")),
        ..budget("payments", Per::Tenant, HOUR)
    };
    let terms = terms_of([class("payment", RiskTier::ReversibleWrite)]);
    world.install(Terms { policy: digest(2), budgets: vec![of_payments], ..terms }, seconds(2));
    let class = Some("payment".parse().unwrap());
    let fresh = Assessment { policy: digest(2), class, value: money("7"), ..refund(1) };
    let signing = SigningOff { fresh: Some(fresh.clone()), ..signing(id, person("ben")) };
    world.run(Command::SignOff(Box::new(signing)), seconds(3)).unwrap();
    let terms = world.state.terms();
    let used = world.state.windows().usage(&terms.budgets[0], &fresh, seconds(3));
    assert_eq!((used.count, used.value), (1, amount("7")));
}
