//! A warrant is spent once, in time, for its own action, and under no tripped switch.

use placet_core::Mode;

use crate::case::*;

/// One class that needs nobody: it only reads.
fn open_desk() -> World {
    World::with(terms_of([class("lookup", RiskTier::Read)]))
}

fn lookup(world: &mut World, now: Timestamp) -> ActionId {
    let decided = world.propose(call("lookup"), now);
    assert_eq!(decided.decision.verdict, Verdict::Allow);
    decided.id
}

#[test]
fn a_warrant_is_spent_once() {
    let mut world = desk();
    let action = world.grant(1, seconds(1));
    assert_eq!(world.redeem(action, seconds(2)), Ok(()));
    for at in [2, 3, 300] {
        assert_eq!(world.redeem(action, seconds(at)), Err(Refusal::Spent));
    }
    let mut world = open_desk();
    let action = lookup(&mut world, seconds(1));
    assert_eq!(world.redeem(action, seconds(2)), Ok(()));
    for at in [2, 3, 300] {
        assert_eq!(world.redeem(action, seconds(at)), Err(Refusal::Spent));
    }
}

#[test]
fn what_was_spent_stays_spent_for_as_long_as_it_could_be_redeemed() {
    for lifetime in [1, 59, 60, 61, 300, 3_600] {
        let mut terms = terms_of([class("lookup", RiskTier::Read)]);
        terms.warrants.lifetime = Duration::from_secs(lifetime);
        let lifetime = i64::try_from(lifetime).unwrap();
        let mut world = World::with(terms);
        let action = lookup(&mut world, seconds(1));
        world.redeem(action, seconds(1)).unwrap();
        world.conclude(action, Outcome::Succeeded, seconds(1)).unwrap();
        // Time passes with entries that sweep what no longer counts.
        for tenth in 0..40 {
            let at = ms(1_000 + lifetime * 100 * tenth);
            let scope = format!("tenant:t{tenth}");
            world.run(trip(&scope), at).unwrap();
            assert!(world.redeem(action, at).is_err(), "{lifetime} at {at}");
        }
        world.run(trip("tenant:later"), seconds(4 * lifetime + 100)).unwrap();
        assert!(!world.state.executions().is_spent(action), "and is forgotten then");
    }
}

#[test]
fn an_expired_warrant_is_worth_nothing() {
    let mut world = open_desk();
    let action = lookup(&mut world, seconds(1));
    assert_eq!(world.redeem(action, seconds(301)), Err(Refusal::Expired(seconds(301))));
    let action = lookup(&mut world, seconds(301));
    assert_eq!(world.redeem(action, ms(600_999)), Ok(()));
}

#[test]
fn what_is_held_denied_expired_withdrawn_or_blocked_is_not_granted() {
    let mut world = desk();
    let ids: Vec<_> = (1..=4).map(|number| world.hold(number, seconds(1))).collect();
    world.run(deny(ids[1]), seconds(2)).unwrap();
    world.run(Command::Withdraw { approval: ids[2] }, seconds(2)).unwrap();
    for id in &ids {
        assert_eq!(world.redeem(id.action(), seconds(3)), Err(Refusal::NotGranted));
    }
    let blocked = world.propose(refund(2), seconds(3));
    assert_eq!(blocked.decision.verdict, Verdict::Block);
    assert_eq!(world.redeem(blocked.id, seconds(3)), Err(Refusal::NotGranted));
    world.run(Command::Tick, seconds(5_000)).unwrap();
    assert_eq!(world.redeem(ids[3].action(), seconds(5_000)), Err(Refusal::NotGranted));
}

#[test]
fn a_warrant_from_before_a_trip_is_dead_after_it_also_when_it_was_reset() {
    for scope_text in ["all", "tenant:default", "tool:lookup"] {
        let mut world = open_desk();
        let before = lookup(&mut world, seconds(1));
        world.run(trip(scope_text), seconds(2)).unwrap();
        let stopped = || Err(Refusal::Stopped(scope(scope_text)));
        assert_eq!(world.redeem(before, seconds(3)), stopped());
        world.run(reset(scope_text), seconds(4)).unwrap();
        assert_eq!(world.redeem(before, seconds(5)), stopped());
        // What is allowed after the reset runs.
        let after = lookup(&mut world, seconds(6));
        assert_eq!(world.redeem(after, seconds(7)), Ok(()));
        // The second trip of the same switch counts as much as the first.
        let third = lookup(&mut world, seconds(8));
        world.run(trip(scope_text), seconds(9)).unwrap();
        world.run(reset(scope_text), seconds(9)).unwrap();
        assert_eq!(world.redeem(third, seconds(10)), stopped());
    }
}

#[test]
fn a_trip_is_remembered_for_as_long_as_a_warrant_can_live() {
    let mut terms = terms_of([class("lookup", RiskTier::Read)]);
    terms.warrants.lifetime = Duration::from_secs(3_600);
    let mut world = World::with(terms);
    let action = lookup(&mut world, seconds(1));
    world.run(trip("all"), seconds(1)).unwrap();
    world.run(reset("all"), seconds(1)).unwrap();
    for at in (100..3_600).step_by(100).chain([3_600]) {
        let scope_text = format!("tenant:t{at}");
        world.run(trip(&scope_text), seconds(at)).unwrap();
        assert_eq!(world.redeem(action, seconds(at)), Err(Refusal::Stopped(scope("all"))), "{at}");
    }
    assert_eq!(world.redeem(action, seconds(3_601)), Err(Refusal::Expired(seconds(3_601))));
}

#[test]
fn a_switch_of_somebody_else_stops_nothing() {
    let mut world = open_desk();
    let action = lookup(&mut world, seconds(1));
    for scope in ["tenant:acme", "tool:refund", "agent:ada"] {
        world.run(trip(scope), seconds(2)).unwrap();
    }
    assert_eq!(world.redeem(action, seconds(3)), Ok(()));
}

#[test]
fn a_warrant_under_another_policy_is_worth_nothing() {
    let mut world = open_desk();
    let action = lookup(&mut world, seconds(1));
    let terms = (**world.state.terms()).clone();
    world.install(Terms { policy: digest(2), ..terms.clone() }, seconds(2));
    assert_eq!(world.redeem(action, seconds(3)), Err(Refusal::OtherPolicy));
    // Under the one that it was given under it is.
    world.install(terms, seconds(4));
    assert_eq!(world.redeem(action, seconds(5)), Ok(()));
}

#[test]
fn shown_in_any_other_way_than_it_was_given_it_is_refused_and_stays_good() {
    for (mismatch, why) in [
        (Mismatch::Call, Refusal::OtherAction),
        (Mismatch::Audience, Refusal::OtherAudience),
        (Mismatch::Issuer, Refusal::OtherIssuer),
        (Mismatch::Key, Refusal::OldKey),
    ] {
        let mut world = open_desk();
        let action = lookup(&mut world, seconds(1));
        let other = Redemption { mismatch: Some(mismatch), ..world.redemption(action) };
        let entries = world.run(Command::Redeem(Box::new(other)), seconds(2)).unwrap();
        let [Entry { event: Event::RedemptionRefused(refused), .. }] = &entries[..] else {
            panic!("refused")
        };
        assert_eq!(refused.why, why);
        assert_eq!(world.redeem(action, seconds(2)), Ok(()));
    }
}

#[test]
fn an_entry_that_decided_on_something_else_permits_nothing() {
    let mut world = open_desk();
    let (first, second) = (lookup(&mut world, seconds(1)), lookup(&mut world, seconds(1)));
    for decided in [world.decided_on(first), world.log[0].clone()] {
        let redemption = Redemption { action: second, decided, mismatch: None };
        let found = world.run(Command::Redeem(Box::new(redemption)), seconds(2));
        assert_eq!(found, Err(Rejection::UnknownAction(second)));
    }
}

/// What people approved is what their sign-off stands on, not whatever has the same id.
#[test]
fn an_id_is_never_used_again_while_anything_is_known_of_it() {
    let again = |world: &mut World, action: ActionId| {
        let policy = world.state.terms().policy;
        let command =
            crate::common::proposal(action.uuid().as_u128(), Assessment { policy, ..refund(9) });
        world.run(command, seconds(4)).map(drop)
    };
    let mut world = desk();
    let held = world.hold(1, seconds(1)).action();
    assert_eq!(again(&mut world, held), Err(Rejection::KnownAction(held)));
    let granted = world.grant(2, seconds(1));
    assert_eq!(again(&mut world, granted), Err(Rejection::KnownAction(granted)));
    world.redeem(granted, seconds(2)).unwrap();
    assert_eq!(again(&mut world, granted), Err(Rejection::KnownAction(granted)));
    world.conclude(granted, Outcome::Succeeded, seconds(3)).unwrap();
    assert_eq!(again(&mut world, granted), Err(Rejection::KnownAction(granted)), "it is spent");
}

#[test]
fn a_grant_is_redeemed_by_the_entry_that_was_signed_off_only() {
    let mut world = desk();
    let granted = world.grant(1, seconds(1));
    let mut forged = world.redemption(granted);
    forged.decided.index += 1;
    let entries = world.run_unaudited(Command::Redeem(Box::new(forged)), seconds(2)).unwrap();
    let Event::RedemptionRefused(refused) = &entries[0].event else { panic!("refused") };
    assert_eq!(refused.why, Refusal::NotGranted);
}

#[test]
fn in_shadow_what_would_have_been_held_runs_with_a_warrant_of_its_own() {
    let mut world = World::with(Terms { mode: Mode::Shadow, ..refunds(ApprovalTerms::default()) });
    let decided = world.propose(refund(1), seconds(1));
    assert_eq!(decided.decision.would_have, Some(Verdict::RequireApproval));
    assert_eq!((decided.expires, decided.approval), (Some(seconds(301)), None));
    assert_eq!(world.redeem(decided.id, seconds(2)), Ok(()));
    assert_eq!(world.redeem(decided.id, seconds(2)), Err(Refusal::Spent));
}

#[test]
fn a_refusal_changes_nothing() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    let before = world.state.clone();
    world.redeem(id.action(), seconds(1)).unwrap_err();
    assert_eq!(world.state.approvals(), before.approvals());
    assert_eq!(world.state.executions(), before.executions());
}
