//! Which key may have caused which event: a table of every actor and every event of an action's
//! life. What is not listed as permitted is refused.

use std::collections::BTreeSet;

use placet_core::api_key::KeyScope::{self, Admin, Agent, Approver as Approves, Auditor};
use placet_core::event::{
    Denied, Expired, Indeterminate, KeyCreated, OutcomeReported, Ratified, Redeemed,
    RedemptionRefused, SignedOff, Superseded, Void, Voided, WarrantKeyRotated, Withdrawn,
};
use placet_core::limits::MAX_OPEN_APPROVALS_PER_KEY;
use placet_core::person::{Invite, PersonInvited};
use placet_core::{Caller, KeyId, Origin, PersonId, audit, handle_as};

use crate::case::*;
use crate::common::build::ledger;

/// An actor: the number of their key, their tenant, agent and person, and what they may do.
type Actor = (u128, Option<&'static str>, Option<&'static str>, Option<&'static str>, KeyScope);

const OPERATOR: u128 = 1;
const ADMIN: u128 = 2;
const AGENT: u128 = 3;
const OTHER_AGENT: u128 = 4;
const ANY_AGENT: u128 = 5;
const BEN: u128 = 6;
const CEM: u128 = 7;
const NOBODY: u128 = 8;
const AUDITOR: u128 = 9;
const FOREIGN_AGENT: u128 = 10;
const FOREIGN_ADMIN: u128 = 11;
const FOREIGN_BEN: u128 = 12;
const ASKER: u128 = 13;
const ASKER_ANSWERS: u128 = 14;

const ACTORS: [Actor; 14] = [
    (OPERATOR, None, None, None, Admin),
    (ADMIN, Some("default"), None, None, Admin),
    (AGENT, Some("default"), Some("ada"), None, Agent),
    (OTHER_AGENT, Some("default"), Some("bob"), None, Agent),
    (ANY_AGENT, Some("default"), None, None, Agent),
    (BEN, Some("default"), None, Some("ben"), Approves),
    (CEM, Some("default"), None, Some("cem"), Approves),
    (NOBODY, Some("default"), None, None, Approves),
    (AUDITOR, Some("default"), None, None, Auditor),
    (FOREIGN_AGENT, Some("acme"), None, None, Agent),
    (FOREIGN_ADMIN, Some("acme"), None, None, Admin),
    (FOREIGN_BEN, Some("acme"), None, Some("ben"), Approves),
    (ASKER, Some("default"), None, Some("dan"), Agent),
    (ASKER_ANSWERS, Some("default"), None, Some("dan"), Approves),
];

fn key(number: u128) -> KeyId {
    KeyId::new(Uuid::from_u128(number))
}

/// A log with a key of each actor, where ben is in the group finance. Some of these keys nobody
/// could make; what holds, holds for them too.
fn office() -> World {
    let mut world = World::with(refunds(quorum(2)));
    for (name, groups) in [("ben", &["finance"][..]), ("cem", &[]), ("dan", &[])] {
        let invited = PersonInvited {
            person: name.parse().unwrap(),
            tenant: Some("default".parse().unwrap()),
            roles: [Approves].into(),
            groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
            invite: Invite { digest: digest(9), expires: seconds(3_600) },
        };
        world.take_unrecorded(Event::PersonInvited(Box::new(invited)), ms(0));
    }
    for (number, tenant, agent, person, scope) in ACTORS {
        let created = KeyCreated {
            id: key(number),
            name: "a key".parse().unwrap(),
            tenant: tenant.map(|name| name.parse().unwrap()),
            agent: agent.map(|name| name.parse().unwrap()),
            person: person.map(|name| name.parse().unwrap()),
            scopes: [scope].into(),
            secret_digest: digest(1),
        };
        world.take_unrecorded(Event::KeyCreated(created), ms(0));
    }
    world
}

fn permitted(world: &World, event: &Event) -> BTreeSet<u128> {
    let may = |number: &u128| {
        world.state.keys().get(key(*number)).unwrap().permits(key(*number), &world.state, event)
    };
    ACTORS.iter().map(|(number, ..)| *number).filter(may).collect()
}

/// A refund that the key `by` asked for, in the name of ada.
fn asked(world: &mut World, by: u128) -> ApprovalId {
    let policy = world.state.terms().policy;
    let command = world.proposal(Assessment { policy, ..refund(1) });
    let caller = Caller { key: key(by), generation: 0, request: None };
    let facts = handle_as(&world.state, &caller, command, seconds(1)).unwrap();
    let origin = Some(Origin { key: key(by), request: None, entries: 1 });
    let entries = world.take_facts(facts, origin, seconds(1));
    let Event::Decided(decided) = &entries[0].event else { panic!("a decision") };
    decided.approval.as_ref().unwrap().id
}

fn signed_off(approval: ApprovalId, by: Approver) -> Event {
    let (action, expires, fresh) = (approval.action(), None, None);
    Event::SignedOff(Box::new(SignedOff { approval, action, by, expires, fresh, standing: None }))
}

fn denied(approval: ApprovalId, by: &str) -> Event {
    Event::Denied(Denied { approval, action: approval.action(), by: by.parse().unwrap() })
}

fn superseded(approval: ApprovalId, by: &str) -> Event {
    let (by, successor) = (by.parse().unwrap(), action(77));
    Event::Superseded(Superseded { approval, action: approval.action(), by, successor })
}

#[test]
fn people_answer_in_their_own_name_for_their_own_tenant() {
    let mut world = office();
    let id = asked(&mut world, AGENT);
    let ben = of_group("ben", &["finance"]);
    assert_eq!(permitted(&world, &signed_off(id, ben)), [BEN].into());
    assert_eq!(permitted(&world, &signed_off(id, person("cem"))), [CEM].into());
    // With other groups than they are in they are somebody else.
    assert_eq!(permitted(&world, &signed_off(id, person("ben"))), [].into());
    assert_eq!(permitted(&world, &signed_off(id, of_group("cem", &["finance"]))), [].into());
    for answer in [denied, superseded] {
        assert_eq!(permitted(&world, &answer(id, "ben")), [BEN].into());
        assert_eq!(permitted(&world, &answer(id, "cem")), [CEM].into());
        assert_eq!(permitted(&world, &answer(id, "eve")), [].into());
    }
}

#[test]
fn who_asked_does_not_answer_with_that_key_or_another_one() {
    let mut world = office();
    let id = asked(&mut world, ASKER);
    for event in [signed_off(id, person("dan")), denied(id, "dan"), superseded(id, "dan")] {
        assert_eq!(permitted(&world, &event), [].into());
    }
    assert_eq!(permitted(&world, &signed_off(id, person("cem"))), [CEM].into());
    let other = asked(&mut world, AGENT);
    assert_eq!(permitted(&world, &signed_off(other, person("dan"))), [ASKER_ANSWERS].into());
}

#[test]
fn the_same_holds_of_what_somebody_made_of_it() {
    let mut world = office();
    let id = asked(&mut world, ASKER);
    let edit = world.edit(id, "cem", refund(2));
    let new = edit.proposal.id.approval();
    let caller = Caller { key: key(CEM), generation: 0, request: None };
    let command = Command::Edit(Box::new(edit));
    let facts = handle_as(&world.state, &caller, command, seconds(2)).unwrap();
    let origin = Some(Origin { key: key(CEM), request: None, entries: 3 });
    world.take_facts(facts, origin, seconds(2));
    assert_eq!(world.state.approvals().open(new).unwrap().proposed_by, Some(key(ASKER)));
    assert_eq!(permitted(&world, &signed_off(new, person("dan"))), [].into());
}

#[test]
fn who_asked_cannot_edit() {
    let mut world = office();
    let id = asked(&mut world, ASKER);
    let edit = Command::Edit(Box::new(world.edit(id, "dan", refund(2))));
    for by in [ASKER, ASKER_ANSWERS, BEN, NOBODY, AGENT, ADMIN, OPERATOR] {
        let caller = Caller { key: key(by), generation: 0, request: None };
        let found = handle_as(&world.state, &caller, edit.clone(), seconds(2));
        assert_eq!(found, Err(Rejection::Forbidden(key(by))), "{by}");
    }
}

#[test]
fn only_the_asking_side_withdraws_redeems_and_reports() {
    let mut world = office();
    let id = asked(&mut world, AGENT);
    let (action, subject) = (id.action(), refund(1).subject);
    let own: BTreeSet<_> = [AGENT, ANY_AGENT, ASKER].into();
    let withdrawn = Event::Withdrawn(Withdrawn { approval: id, action });
    assert_eq!(permitted(&world, &withdrawn), own);
    let redeemed = Event::Redeemed(Redeemed {
        action,
        decided: 1,
        expires: seconds(9),
        report_by: seconds(9),
        subject: subject.clone(),
        class: None,
    });
    assert_eq!(permitted(&world, &redeemed), own);
    let why = Refusal::Spent;
    let refused = RedemptionRefused { action, decided: 1, subject: subject.clone(), why };
    assert_eq!(permitted(&world, &Event::RedemptionRefused(refused.clone())), own);
    // Whoever shows what is meant for somebody else is named as the one who did.
    let for_others = RedemptionRefused { why: Refusal::OtherAudience, ..refused };
    let every = own.union(&[OTHER_AGENT, FOREIGN_AGENT].into()).copied().collect();
    assert_eq!(permitted(&world, &Event::RedemptionRefused(for_others)), every);
    let outcome = Outcome::Succeeded;
    let reported = OutcomeReported { action, of: 1, outcome, subject, class: None };
    let with_admins = own.union(&[OPERATOR, ADMIN].into()).copied().collect::<BTreeSet<_>>();
    assert_eq!(permitted(&world, &Event::OutcomeReported(reported)), with_admins);
}

/// A key that belongs to no agent can make up as many names as it likes.
#[test]
fn a_key_cannot_take_all_the_room_under_many_names() {
    let mut world = office();
    let ask = |world: &mut World, by: u128, number: usize| {
        let mut of = refund(u8::try_from(number % 200).unwrap());
        of.subject.agent = Some(format!("agent-{}", number % 60).parse().unwrap());
        of.policy = world.state.terms().policy;
        let command = world.proposal(of);
        let caller = Caller { key: key(by), generation: 0, request: None };
        let facts = handle_as(&world.state, &caller, command, seconds(1))?;
        let origin = Some(Origin { key: key(by), request: None, entries: 1 });
        Ok::<_, Rejection>(world.take_facts(facts, origin, seconds(1)))
    };
    for number in 0..MAX_OPEN_APPROVALS_PER_KEY {
        ask(&mut world, ANY_AGENT, number).unwrap();
    }
    let text = "there are already 1000 open approvals of this key; close or remove some first";
    assert_eq!(ask(&mut world, ANY_AGENT, 0).unwrap_err().to_string(), text);
    assert_eq!(world.state.approvals().of_key(key(ANY_AGENT)), MAX_OPEN_APPROVALS_PER_KEY);
    // Nobody else feels it, and one that is closed makes room for one more.
    ask(&mut world, ASKER, 0).unwrap();
    let read: placet_core::State =
        serde_json::from_str(&serde_json::to_string(&world.state).unwrap()).unwrap();
    assert_eq!(read.approvals(), world.state.approvals());
    world.run(deny(approval_id(1)), seconds(1)).unwrap();
    ask(&mut world, ANY_AGENT, 1).unwrap();
    assert!(ask(&mut world, ANY_AGENT, 1).is_err());
}

/// What a person made of it takes the room of what was asked for.
#[test]
fn an_edit_is_no_further_approval_of_the_key_that_asked() {
    let mut world = office();
    let id = asked(&mut world, AGENT);
    assert_eq!(world.state.approvals().of_key(key(AGENT)), 1);
    let edit = Command::Edit(Box::new(world.edit(id, "cem", refund(2))));
    let caller = Caller { key: key(CEM), generation: 0, request: None };
    let facts = handle_as(&world.state, &caller, edit, seconds(2)).unwrap();
    world.take_facts(facts, Some(Origin { key: key(CEM), request: None, entries: 3 }), seconds(2));
    let of = |number| world.state.approvals().of_key(key(number));
    assert_eq!((of(AGENT), of(CEM)), (1, 0));
}

/// Nothing is spent, and the log says who tried.
#[test]
fn who_shows_the_warrant_of_somebody_else_is_refused_and_logged() {
    let mut world = office();
    let id = asked(&mut world, AGENT);
    for name in ["eve", "fay"] {
        world.run(sign(id, name), seconds(2)).unwrap();
    }
    let command = Command::Redeem(Box::new(world.redemption(id.action())));
    let shown_by = |world: &World, number| {
        let caller = Caller { key: key(number), generation: 0, request: None };
        handle_as(&world.state, &caller, command.clone(), seconds(3))
    };
    for number in [OTHER_AGENT, FOREIGN_AGENT] {
        let facts = shown_by(&world, number).unwrap();
        let [Event::RedemptionRefused(refused)] =
            &facts.iter().map(|it| it.event.clone()).collect::<Vec<_>>()[..]
        else {
            panic!("{facts:?}")
        };
        assert_eq!(refused.why, Refusal::OtherAudience, "{number}");
        let origin = Some(Origin { key: key(number), request: None, entries: 1 });
        world.take_facts(facts, origin, seconds(3));
    }
    for number in [OPERATOR, ADMIN, BEN, CEM, NOBODY, AUDITOR, FOREIGN_ADMIN, FOREIGN_BEN] {
        let found = shown_by(&world, number);
        assert_eq!(found, Err(Rejection::Forbidden(key(number))), "{number}");
    }
    let facts = shown_by(&world, AGENT).unwrap();
    assert!(matches!(facts[0].event, Event::Redeemed(_)), "{facts:?}");
}

#[test]
fn what_is_open_no_more_is_withdrawn_by_nobody() {
    let world = office();
    let withdrawn = Withdrawn { approval: approval_id(9), action: action(9) };
    assert_eq!(permitted(&world, &Event::Withdrawn(withdrawn)), [].into());
}

#[test]
fn only_time_closes_what_is_due_and_only_a_switch_voids_by_a_switch() {
    let mut world = office();
    let id = asked(&mut world, AGENT);
    let action = id.action();
    let voided = |why| Event::Voided(Voided { action, why });
    for event in [
        Event::Expired(Expired { approval: id, action }),
        Event::Indeterminate(Indeterminate { action }),
        voided(Void::Switch(scope("all"))),
    ] {
        assert_eq!(permitted(&world, &event), [].into(), "{event:?}");
    }
    // Where the policy forbids it, whoever answers or is in charge says so.
    let by_policy = voided(Void::Policy(Box::new(refund(1))));
    assert_eq!(
        permitted(&world, &by_policy),
        [OPERATOR, ADMIN, BEN, CEM, NOBODY, ASKER_ANSWERS].into()
    );
}

#[test]
fn only_the_operator_rotates_the_key_of_warrants() {
    let rotated = Event::WarrantKeyRotated(WarrantKeyRotated { generation: 1, by: None });
    assert_eq!(permitted(&office(), &rotated), [OPERATOR].into());
}

#[test]
fn people_ratify_in_their_own_name_so_that_a_quorum_is_one_of_people() {
    let ratified = |by: &str| {
        let by: PersonId = by.parse().unwrap();
        Event::Ratified(Ratified { of: ledger("refund"), by })
    };
    assert_eq!(permitted(&office(), &ratified("ben")), [BEN].into());
    assert_eq!(permitted(&office(), &ratified("eve")), [].into());
}

/// What a key may not do is no entry either.
#[test]
fn the_audit_finds_an_answer_of_a_key_that_may_not_give_it() {
    let mut world = office();
    let id = asked(&mut world, AGENT);
    let signed = signed_off(id, of_group("ben", &["finance"]));
    for (number, ..) in ACTORS {
        let entry = Entry {
            index: world.state.size(),
            at: seconds(2),
            event: signed.clone(),
            origin: Some(Origin { key: key(number), request: None, entries: 1 }),
            payload: None,
        };
        assert_eq!(audit(&world.state, &entry, None).is_ok(), number == BEN, "{number}");
    }
}
