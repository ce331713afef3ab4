//! How many different people it takes.

use crate::case::*;

#[test]
fn one_is_enough_where_nothing_else_is_said() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    let entries = world.run(sign(id, "ben"), seconds(2)).unwrap();
    let Event::SignedOff(signed) = &entries[0].event else { panic!("signed off") };
    assert_eq!(signed.expires, Some(seconds(302)));
    assert!(world.state.approvals().is_empty());
    let grant = world.state.executions().grant(id.action()).unwrap();
    assert_eq!((grant.entry, grant.expires), (2, seconds(302)));
}

#[test]
fn it_takes_as_many_different_people_as_the_class_says() {
    for needed in 1..=4_u8 {
        let mut world = World::with(refunds(quorum(needed)));
        let id = world.hold(1, seconds(1));
        for number in 1..needed {
            let entries = world.run(sign(id, &format!("p{number}")), seconds(2)).unwrap();
            assert!(matches!(&entries[0].event, Event::SignedOff(it) if it.expires.is_none()));
            let open = world.state.approvals().open(id).unwrap();
            assert_eq!(open.missing(), usize::from(needed - number));
            assert!(world.state.executions().grant(id.action()).is_none());
            assert_eq!(world.redeem(id.action(), seconds(2)), Err(Refusal::NotGranted));
        }
        world.run(sign(id, "last"), seconds(3)).unwrap();
        assert!(world.state.approvals().open(id).is_none());
        assert_eq!(world.redeem(id.action(), seconds(3)), Ok(()));
    }
}

#[test]
fn the_same_person_counts_once_whatever_they_write_or_belong_to() {
    let mut world = World::with(refunds(quorum(2)));
    let id = world.hold(1, seconds(1));
    world.run(sign(id, "ben"), seconds(2)).unwrap();
    let mut other = signing(id, of_group("ben", &["finance"]));
    other.by.tag = person_tag("somebody");
    other.statement.insert("responsible_owner".into(), "another".into());
    for signing in [signing(id, person("ben")), other] {
        let again = world.run(Command::SignOff(Box::new(signing)), seconds(3));
        assert_eq!(again, Err(Rejection::SignedAlready));
    }
    assert_eq!(world.state.approvals().open(id).unwrap().missing(), 1);
}

#[test]
fn who_has_signed_is_remembered_with_the_entry() {
    let mut world = World::with(refunds(quorum(3)));
    let id = world.hold(1, seconds(1));
    world.run(sign(id, "ben"), seconds(2)).unwrap();
    world.run(sign(id, "cem"), seconds(3)).unwrap();
    let signed = &world.state.approvals().open(id).unwrap().signed;
    let signed: Vec<_> = signed.iter().map(|(who, entry)| (who.as_str(), *entry)).collect();
    assert_eq!(signed, [("ben", 2), ("cem", 3)]);
}

#[test]
fn one_denial_is_enough_however_many_have_signed() {
    let mut world = World::with(refunds(quorum(3)));
    let id = world.hold(1, seconds(1));
    world.run(sign(id, "ben"), seconds(2)).unwrap();
    world.run(sign(id, "cem"), seconds(2)).unwrap();
    assert_eq!(kinds(&world.run(deny(id), seconds(3)).unwrap()), ["denied"]);
    assert_eq!(world.run(sign(id, "dan"), seconds(4)), Err(Rejection::UnknownApproval(id)));
    assert_eq!(world.redeem(id.action(), seconds(4)), Err(Refusal::NotGranted));
    assert_eq!(world.propose(refund(1), seconds(4)).decision.verdict, Verdict::Block);
    assert_eq!(world.propose(refund(2), seconds(4)).decision.verdict, Verdict::RequireApproval);
}

#[test]
fn a_second_answer_changes_nothing() {
    let mut world = desk();
    let action = world.grant(1, seconds(1));
    let id = action.approval();
    for command in [sign(id, "cem"), deny(id), Command::Withdraw { approval: id }] {
        assert_eq!(world.run(command, seconds(2)), Err(Rejection::UnknownApproval(id)));
    }
    assert_eq!(world.redeem(action, seconds(2)), Ok(()));
}

#[test]
fn what_waits_for_nobody_cannot_be_answered() {
    let mut world = desk();
    let unknown = approval_id(99);
    let edit = Command::Edit(Box::new(world.edit(unknown, "ben", refund(2))));
    let recheck = Command::Recheck { approval: unknown, fresh: Box::new(refund(1)) };
    let withdraw = Command::Withdraw { approval: unknown };
    for command in [sign(unknown, "ben"), deny(unknown), withdraw, edit, recheck] {
        assert_eq!(world.run(command, seconds(1)), Err(Rejection::UnknownApproval(unknown)));
    }
}
