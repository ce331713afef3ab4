//! A question is open until its deadline, a grant until its warrant expires: to the millisecond.

use crate::case::*;

/// Of what is held at second 1.
fn deadline() -> Timestamp {
    seconds(901)
}

fn before(at: Timestamp) -> Timestamp {
    ms(at.as_millis() - 1)
}

fn after(at: Timestamp) -> Timestamp {
    ms(at.as_millis() + 1)
}

type Answer = fn(&mut World, ApprovalId) -> Command;

const ANSWERS: [(&str, Answer); 5] = [
    ("signed_off", |_, id| sign(id, "ben")),
    ("denied", |_, id| deny(id)),
    ("withdrawn", |_, approval| Command::Withdraw { approval }),
    ("decided", |world, id| Command::Edit(Box::new(world.edit(id, "ben", refund(2))))),
    ("voided", |world, approval| {
        world.install(Terms { policy: digest(2), ..terms_of([]) }, ms(899_000));
        let fresh = Assessment { policy: digest(2), class: None, ..refund(1) };
        Command::Recheck { approval, fresh: Box::new(fresh) }
    }),
];

#[test]
fn every_answer_counts_until_just_before_the_deadline_and_none_at_it() {
    for (kind, answer) in ANSWERS {
        for (at, counts) in
            [(before(deadline()), true), (deadline(), false), (after(deadline()), false)]
        {
            let mut world = World::with(refunds(ApprovalTerms {
                groups: Vec::new(),
                ..ApprovalTerms::default()
            }));
            let id = world.hold(1, seconds(1));
            assert_eq!(world.state.approvals().open(id).unwrap().terms.deadline, deadline());
            let command = answer(&mut world, id);
            let found = world.run(command, at);
            if !counts {
                assert_eq!(
                    found,
                    Err(Rejection::ApprovalExpired(id, deadline())),
                    "{kind} at {at}"
                );
            } else if kind != "voided" {
                assert_eq!(kinds(&found.unwrap())[0], kind, "{at}");
            } else {
                assert!(found.unwrap().is_empty(), "it is asked for the same under no class");
            }
        }
    }
}

#[test]
fn time_closes_it_at_the_deadline_and_not_before() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    assert_eq!(world.state.next_due(), Some(deadline()));
    assert!(world.run(Command::Tick, before(deadline())).unwrap().is_empty());
    assert_eq!(kinds(&world.run(Command::Tick, deadline()).unwrap()), ["expired"]);
    assert_eq!(world.state.next_due(), None);
    assert_eq!(world.run(sign(id, "ben"), deadline()), Err(Rejection::UnknownApproval(id)));
    assert_eq!(world.redeem(id.action(), deadline()), Err(Refusal::NotGranted));
    // No answer is not a denial: it may be proposed again at once.
    assert!(world.propose(refund(1), deadline()).approval.is_some());
}

#[test]
fn a_clock_that_runs_back_opens_nothing_again() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    world.run(trip("tenant:other"), deadline()).unwrap();
    let late = world.run(sign(id, "ben"), seconds(2));
    assert_eq!(late, Err(Rejection::ApprovalExpired(id, deadline())));
}

#[test]
fn a_grant_lasts_until_its_warrant_expires() {
    let expires = seconds(301);
    for (at, found) in [
        (before(expires), Ok(())),
        (expires, Err(Refusal::Expired(expires))),
        (after(expires), Err(Refusal::Expired(expires))),
    ] {
        let mut world = desk();
        let action = world.grant(1, seconds(1));
        assert_eq!(world.redeem(action, at), found, "{at}");
    }
    let mut world = desk();
    let action = world.grant(1, seconds(1));
    assert_eq!(world.state.next_due(), Some(expires));
    assert!(world.run(Command::Tick, before(expires)).unwrap().is_empty());
    assert_eq!(kinds(&world.run(Command::Tick, expires).unwrap()), ["expired"]);
    assert!(world.state.executions().grant(action).is_none());
    assert_eq!(world.redeem(action, expires), Err(Refusal::NotGranted));
}

#[test]
fn the_policy_says_how_long_a_warrant_lasts_up_to_an_hour() {
    for (lifetime, lasts) in [(1, 1), (3_600, 3_600), (3_601, 3_600), (1_000_000, 3_600)] {
        let mut terms = refunds(ApprovalTerms::default());
        terms.warrants.lifetime = Duration::from_secs(lifetime);
        let mut world = World::with(terms);
        let action = world.grant(1, seconds(10));
        let grant = world.state.executions().grant(action).unwrap();
        assert_eq!(grant.expires, seconds(10 + lasts));
    }
}

#[test]
fn what_is_due_is_closed_in_the_order_of_time_and_some_at_a_time() {
    let mut world = desk();
    let granted = world.grant(1, seconds(1));
    let running = world.grant(2, seconds(2));
    world.redeem(running, seconds(3)).unwrap();
    world.hold(3, seconds(4));
    let closed = world.run(Command::Tick, seconds(5_000)).unwrap();
    let closed: Vec<_> =
        closed.iter().map(|it| (it.event.kind(), it.event.action().unwrap())).collect();
    let held = action(3);
    assert_eq!(closed, [("expired", held), ("expired", granted), ("indeterminate", running)]);
    assert!(world.run(Command::Tick, seconds(5_000)).unwrap().is_empty());
}
