//! Edit, then approve: another action takes the place of the held one, decided afresh.

use placet_core::Mode;

use crate::case::*;
use crate::common::build::{amount, money};

/// Refunds above 10 are blocked, and everything else is held.
fn capped(approval: ApprovalTerms) -> Terms {
    let mut refund = class("refund", RiskTier::ReversibleWrite);
    refund.hard_cap = Some(amount("10"));
    refund.approval = approval;
    terms_of([refund])
}

fn worth(number: u8, value: &str) -> Assessment {
    Assessment { value: money(value), ..refund(number) }
}

fn edits(world: &mut World, id: ApprovalId, into: Assessment) -> Result<Vec<Entry>, Rejection> {
    let edit = world.edit(id, "ben", into);
    world.run(Command::Edit(Box::new(edit)), seconds(2))
}

fn successor(entries: &[Entry]) -> ActionId {
    let Event::Decided(decided) = &entries[0].event else { panic!("a decision") };
    decided.id
}

#[test]
fn a_held_edit_is_signed_at_once_by_whoever_made_it() {
    let mut world = World::with(capped(quorum(1)));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    let entries = edits(&mut world, id, worth(2, "4")).unwrap();
    assert_eq!(kinds(&entries), ["decided", "superseded", "signed_off"]);
    let new = successor(&entries);
    let Event::Decided(decided) = &entries[0].event else { panic!("a decision") };
    assert_eq!(decided.replaces, Some(id.action()));
    let Event::Superseded(superseded) = &entries[1].event else { panic!("superseded") };
    let found = (superseded.action, superseded.successor, superseded.by.as_str());
    assert_eq!(found, (id.action(), new, "ben"));
    // Only what they made of it may run.
    assert_eq!(world.redeem(id.action(), seconds(3)), Err(Refusal::NotGranted));
    assert_eq!(world.run(sign(id, "cem"), seconds(3)), Err(Rejection::UnknownApproval(id)));
    assert_eq!(world.redeem(new, seconds(3)), Ok(()));
}

#[test]
fn with_a_quorum_of_two_the_edit_waits_for_the_other() {
    let mut world = World::with(capped(quorum(2)));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    world.run(sign(id, "cem"), seconds(2)).unwrap();
    let new = successor(&edits(&mut world, id, worth(2, "4")).unwrap());
    let open = world.state.approvals().open(new.approval()).unwrap();
    assert_eq!(open.signed.keys().map(|who| who.as_str()).collect::<Vec<_>>(), ["ben"]);
    assert_eq!(open.terms.deadline, seconds(902), "it is a new question");
    assert_eq!(world.redeem(new, seconds(3)), Err(Refusal::NotGranted));
    let again = world.run(sign(new.approval(), "ben"), seconds(3));
    assert_eq!(again, Err(Rejection::SignedAlready));
    // What somebody signed before the edit was another action.
    world.run(sign(new.approval(), "cem"), seconds(3)).unwrap();
    assert_eq!(world.redeem(new, seconds(3)), Ok(()));
}

#[test]
fn whoever_has_signed_already_may_not_edit() {
    let mut world = World::with(capped(quorum(2)));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    world.run(sign(id, "ben"), seconds(2)).unwrap();
    assert_eq!(edits(&mut world, id, worth(2, "4")), Err(Rejection::SignedAlready));
}

#[test]
fn a_blocked_edit_is_refused_and_leaves_the_question_open() {
    let mut world = World::with(capped(quorum(1)));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    assert_eq!(edits(&mut world, id, worth(2, "10.01")), Err(Rejection::EditBlocked));
    assert!(world.state.approvals().open(id).is_some());
    assert_eq!(edits(&mut world, id, worth(2, "10")).unwrap().len(), 3);
}

#[test]
fn an_edit_into_what_needs_nobody_runs_without_another_signature() {
    let mut world = World::with(Terms { graduation: graduation(), ..capped(quorum(2)) });
    let mut limited = (**world.state.terms()).clone();
    let mut refund = class("refund", RiskTier::ReversibleWrite);
    refund.hard_cap = Some(amount("10"));
    refund.auto_cap = Some(amount("3"));
    limited.classes = terms_of([refund]).classes;
    world.install(limited, ms(0));
    world.earn("refund", AutonomyState::Supervised, ms(0));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    let entries = edits(&mut world, id, worth(2, "3")).unwrap();
    assert_eq!(kinds(&entries), ["decided", "superseded"]);
    assert_eq!(world.redeem(successor(&entries), seconds(3)), Ok(()));
}

#[test]
fn only_the_params_and_the_value_may_change() {
    type Change = fn(&mut Assessment);
    let changes: [Change; 8] = [
        |it| it.subject.tenant = "acme".parse().unwrap(),
        |it| it.subject.agent = None,
        |it| it.subject.agent = Some("bob".parse().unwrap()),
        |it| it.subject.build = Some("v2".parse().unwrap()),
        |it| it.subject.tool = "mail".parse().unwrap(),
        |it| it.class = None,
        |it| it.user = None,
        |it| it.user = Some(person_tag("ben")),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut world = World::with(capped(quorum(1)));
        let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
        let mut into = worth(2, "4");
        change(&mut into);
        let found = edits(&mut world, id, into).map(drop);
        assert_eq!(found, Err(Rejection::OtherSubject), "change {place}");
    }
}

/// In shadow mode only those are held who asked for it. An edit must not undo that.
#[test]
fn an_edit_stays_as_strict_as_the_action_was() {
    let shadow = || Terms { mode: Mode::Shadow, ..capped(quorum(2)) };
    let strict = |number, value| Assessment { enforce: true, ..worth(number, value) };
    let mut world = World::with(shadow());
    let id = world.propose(strict(1, "5"), seconds(1)).approval.unwrap().id;
    assert_eq!(edits(&mut world, id, worth(2, "4")), Err(Rejection::OtherSubject));
    assert_eq!(edits(&mut world, id, worth(2, "11")), Err(Rejection::OtherSubject));
    assert_eq!(edits(&mut world, id, strict(2, "11")), Err(Rejection::EditBlocked));
    assert_eq!(edits(&mut world, id, strict(2, "4")).unwrap().len(), 3);
}

/// What the policy blocks cannot be written into a held action where the mode would let it through.
#[test]
fn no_mode_lets_a_blocked_edit_through() {
    let mut world = World::with(capped(quorum(1)));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    let shadow = Terms { mode: Mode::Shadow, policy: digest(2), ..capped(quorum(1)) };
    world.install(shadow, seconds(2));
    assert_eq!(edits(&mut world, id, worth(2, "11")), Err(Rejection::EditBlocked));
}

#[test]
fn an_edit_that_was_assessed_under_another_policy_is_refused() {
    let mut world = World::with(capped(quorum(1)));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    let mut edit = world.edit(id, "ben", worth(2, "4"));
    edit.proposal.assessment.policy = digest(9);
    let found = world.run(Command::Edit(Box::new(edit)), seconds(2));
    assert_eq!(found, Err(Rejection::StalePolicy));
}

#[test]
fn an_edit_takes_no_id_that_is_in_use() {
    let mut world = World::with(capped(quorum(1)));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    let granted = world.grant(3, seconds(1));
    for used in [id.action(), granted] {
        let mut edit = world.edit(id, "ben", worth(2, "4"));
        edit.proposal.id = used;
        let found = world.run(Command::Edit(Box::new(edit)), seconds(2));
        assert_eq!(found, Err(Rejection::KnownAction(used)));
    }
}

#[test]
fn an_edit_makes_its_own_room() {
    use placet_core::limits::MAX_OPEN_APPROVALS_PER_AGENT;
    let mut world = World::with(capped(quorum(2)));
    let id = world.propose(worth(1, "5"), seconds(1)).approval.unwrap().id;
    for _ in 1..MAX_OPEN_APPROVALS_PER_AGENT {
        world.propose(worth(1, "5"), seconds(1));
    }
    assert_eq!(edits(&mut world, id, worth(2, "4")).unwrap().len(), 3, "one goes, one comes");
}
