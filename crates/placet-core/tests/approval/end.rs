//! Denial with its cool-down, and withdrawal.

use placet_core::event::{Kept, Payload};

use crate::case::*;

#[test]
fn a_denied_call_stays_denied_for_the_cool_down() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    world.run(deny(id), seconds(2)).unwrap();
    assert_eq!(world.propose(refund(1), ms(61_999)).decision.verdict, Verdict::Block);
    assert_eq!(world.propose(refund(1), ms(62_000)).decision.verdict, Verdict::RequireApproval);
}

#[test]
fn the_reason_of_a_denial_is_kept_beside_the_leaf() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    let facts = placet_core::handle(&world.state, deny(id), seconds(2)).unwrap();
    let expected = Kept::Open(Payload::Statement("not today".to_owned()));
    assert_eq!(facts[0].payload, Some(expected));
}

/// Two people see the same call twice; one says no. The other's yes must not get it through.
#[test]
fn the_twin_of_a_denied_call_cannot_be_approved() {
    let mut world = World::with(refunds(quorum(2)));
    let [first, second] = [1, 2].map(|second| world.hold(1, seconds(second)));
    world.run(sign(second, "ben"), seconds(3)).unwrap();
    world.run(deny(first), seconds(4)).unwrap();
    assert_eq!(world.run(sign(second, "cem"), seconds(5)), Err(Rejection::Blocked));
    assert_eq!(world.redeem(second.action(), seconds(5)), Err(Refusal::NotGranted));
    // It can be denied or taken back as well; and after the cool-down it is a question again.
    assert!(world.run(sign(second, "cem"), seconds(64)).is_ok());
}

#[test]
fn a_withdrawn_call_is_over_and_may_be_asked_for_again() {
    let mut world = World::with(refunds(quorum(2)));
    let id = world.hold(1, seconds(1));
    world.run(sign(id, "ben"), seconds(2)).unwrap();
    let entries = world.run(Command::Withdraw { approval: id }, seconds(3)).unwrap();
    assert_eq!(kinds(&entries), ["withdrawn"]);
    assert!(world.state.approvals().is_empty());
    assert_eq!(world.run(sign(id, "cem"), seconds(4)), Err(Rejection::UnknownApproval(id)));
    // Nothing of it is left: the next one needs both again.
    let again = world.hold(1, seconds(5));
    assert_eq!(world.state.approvals().open(again).unwrap().missing(), 2);
}

#[test]
fn what_was_approved_cannot_be_withdrawn() {
    let mut world = desk();
    let action = world.grant(1, seconds(1));
    let approval = action.approval();
    let found = world.run(Command::Withdraw { approval }, seconds(2));
    assert_eq!(found, Err(Rejection::UnknownApproval(approval)));
}
