//! A kill switch ends what waits, and what was approved and has not run.

use placet_core::event::Void;

use crate::case::*;

fn voids(entries: &[Entry]) -> Vec<(ActionId, String)> {
    let void = |entry: &Entry| match &entry.event {
        Event::Voided(voided) => match &voided.why {
            Void::Switch(scope) => (voided.action, scope.to_string()),
            Void::Policy(_) => panic!("no policy ended it"),
        },
        other => panic!("not voided: {other:?}"),
    };
    entries.iter().map(void).collect()
}

#[test]
fn what_waits_and_what_was_approved_is_voided() {
    for scope in ["all", "tenant:default", "agent:ada", "tenant:default/agent:ada", "tool:refund"] {
        let mut world = desk();
        let id = world.hold(1, seconds(1));
        let granted = world.grant(2, seconds(1));
        world.run(trip(scope), seconds(2)).unwrap();
        assert_eq!(world.state.next_due(), Some(seconds(2)), "at once");
        let entries = world.run(Command::Tick, seconds(2)).unwrap();
        let expected = [(id.action(), scope.to_owned()), (granted, scope.to_owned())];
        assert_eq!(voids(&entries), expected);
        assert!(world.state.approvals().is_empty());
        assert!(world.state.executions().grant(granted).is_none());
        assert_eq!((world.state.stopped().count(), world.state.next_due()), (0, None));
        // A reset brings nothing back.
        world.run(reset(scope), seconds(3)).unwrap();
        assert_eq!(world.run(sign(id, "ben"), seconds(3)), Err(Rejection::UnknownApproval(id)));
        assert_eq!(world.redeem(granted, seconds(3)), Err(Refusal::NotGranted));
        assert_eq!(world.redeem(id.action(), seconds(3)), Err(Refusal::NotGranted));
    }
}

#[test]
fn a_switch_that_covers_neither_ends_neither() {
    for scope in ["tenant:acme", "agent:bob", "tenant:acme/agent:ada", "tool:mail"] {
        let mut world = desk();
        let id = world.hold(1, seconds(1));
        let granted = world.grant(2, seconds(1));
        world.run(trip(scope), seconds(2)).unwrap();
        assert!(world.run(Command::Tick, seconds(2)).unwrap().is_empty(), "{scope}");
        world.run(sign(id, "ben"), seconds(2)).unwrap();
        assert_eq!(world.redeem(granted, seconds(2)), Ok(()));
        assert_eq!(world.redeem(id.action(), seconds(2)), Ok(()));
    }
}

/// Between the entry that trips the switch and those that say what it ended, other commands of the
/// same batch are judged.
#[test]
fn from_the_trip_on_nothing_can_be_answered_or_redeemed_in_the_same_batch() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    let granted = world.grant(2, seconds(1));
    world.run(trip("all"), seconds(2)).unwrap();
    let unknown = Err(Rejection::UnknownApproval(id));
    let tried = |world: &mut World| {
        let edit = Command::Edit(Box::new(world.edit(id, "ben", refund(3))));
        let recheck = Command::Recheck { approval: id, fresh: Box::new(refund(1)) };
        let withdraw = Command::Withdraw { approval: id };
        for command in [sign(id, "ben"), deny(id), withdraw, edit, recheck] {
            assert_eq!(world.run(command, seconds(2)), unknown);
        }
    };
    tried(&mut world);
    let stopped = Err(Refusal::Stopped(scope("all")));
    assert_eq!(world.redeem(granted, seconds(2)), stopped);
    // Also when the switch is reset before anybody has said what it ended.
    world.run(reset("all"), seconds(2)).unwrap();
    tried(&mut world);
    assert_eq!(world.redeem(granted, seconds(2)), stopped);
    assert_eq!(world.run(Command::Tick, seconds(2)).unwrap().len(), 2);
}

#[test]
fn what_a_switch_has_ended_is_voided_and_does_not_expire() {
    let mut world = desk();
    world.hold(1, seconds(1));
    world.grant(2, seconds(1));
    world.run(trip("all"), seconds(2)).unwrap();
    let entries = world.run(Command::Tick, seconds(50_000)).unwrap();
    assert_eq!(kinds(&entries), ["voided", "voided"]);
}

#[test]
fn a_second_trip_voids_once() {
    let mut world = desk();
    world.hold(1, seconds(1));
    world.run(trip("all"), seconds(2)).unwrap();
    world.run(trip("tool:refund"), seconds(2)).unwrap();
    assert_eq!(world.run(Command::Tick, seconds(2)).unwrap().len(), 1);
    assert!(world.run(Command::Tick, seconds(2)).unwrap().is_empty());
}

/// A world where a tripped switch makes everything wait for people.
fn lenient() -> World {
    let kill_switch = Verdict::RequireApproval;
    World::with(Terms { kill_switch, ..refunds(ApprovalTerms::default()) })
}

#[test]
fn where_a_switch_only_makes_people_look_what_waits_for_them_goes_on_waiting() {
    let mut world = lenient();
    let id = world.hold(1, seconds(1));
    let granted = world.grant(2, seconds(1));
    world.run(trip("all"), seconds(2)).unwrap();
    assert_eq!(voids(&world.run(Command::Tick, seconds(2)).unwrap()), [(granted, "all".into())]);
    assert_eq!(world.redeem(granted, seconds(2)), Err(Refusal::NotGranted));
    // They approve it knowing of the switch.
    world.run(sign(id, "ben"), seconds(3)).unwrap();
    assert_eq!(world.redeem(id.action(), seconds(3)), Ok(()));
    // A later trip ends what was approved between the two.
    let between = world.grant(3, seconds(4));
    world.run(trip("agent:ada"), seconds(5)).unwrap();
    assert_eq!(world.redeem(between, seconds(5)), Err(Refusal::Stopped(scope("agent:ada"))));
}

#[test]
fn a_policy_under_which_switches_stop_stops_what_was_approved_under_the_other() {
    let mut world = lenient();
    world.run(trip("all"), seconds(1)).unwrap();
    let granted = world.grant(1, seconds(2));
    let id = world.hold(2, seconds(2));
    let strict = Terms { policy: digest(2), ..refunds(ApprovalTerms::default()) };
    world.install(strict, seconds(3));
    assert_eq!(world.redeem(granted, seconds(3)), Err(Refusal::Stopped(scope("all"))));
    let fresh = Some(Assessment { policy: digest(2), ..refund(2) });
    let signing = SigningOff { fresh, ..signing(id, person("ben")) };
    let entries = world.run(Command::SignOff(Box::new(signing)), seconds(3)).unwrap();
    assert_eq!(kinds(&entries), ["voided"]);
}

#[test]
fn what_runs_already_is_not_voided() {
    let mut world = desk();
    let running = world.grant(1, seconds(1));
    world.redeem(running, seconds(2)).unwrap();
    world.run(trip("all"), seconds(3)).unwrap();
    assert!(world.run(Command::Tick, seconds(3)).unwrap().is_empty());
    assert!(world.conclude(running, Outcome::Succeeded, seconds(4)).is_ok());
}
