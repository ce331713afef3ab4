//! People: invited, let in once by their invitation, and held to their roles from then on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::time::Duration;

use common::build::{digest, terms};
use common::{World, ms};
use placet_core::audit::Violation;
use placet_core::event::{KeyCreated, KeyRevoked, KeyRotated};
use placet_core::limits::{
    MAX_INVITE_TIME, MAX_PEOPLE_PER_TENANT, MAX_SESSION_TIME, MAX_SESSIONS_PER_PERSON,
};
use placet_core::person::{
    Invite, PasswordSalt, PasswordTag, PasswordVerifier, PersonChanged, PersonEnrolled,
    PersonInvited, PersonRemoved, SignedIn,
};
use placet_core::{
    Caller, Command, Digest, Entry, Event, KeyId, KeyScope, Origin, PersonId, Rejection, TenantId,
    Timestamp, audit, handle_as,
};
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(3600);

fn key(number: u128) -> KeyId {
    KeyId::new(Uuid::from_u128(number))
}

fn person(name: &str) -> PersonId {
    name.parse().unwrap()
}

fn tenant(name: &str) -> Option<TenantId> {
    Some(name.parse().unwrap())
}

fn verifier(tag: u8) -> PasswordVerifier {
    PasswordVerifier {
        memory_kib: 19 * 1024,
        passes: 2,
        salt: PasswordSalt::from_bytes([7; 32]),
        tag: PasswordTag::from_bytes([tag; 32]),
    }
}

fn invited(name: &str, of: Option<TenantId>, roles: &[KeyScope]) -> PersonInvited {
    PersonInvited {
        person: person(name),
        tenant: of,
        roles: roles.iter().copied().collect(),
        groups: ["finance".parse().unwrap()].into(),
        invite: Invite { digest: digest(9), expires: ms(0).saturating_add(24 * HOUR) },
    }
}

fn invite(name: &str, of: Option<TenantId>, roles: &[KeyScope]) -> Command {
    Command::Invite(Box::new(invited(name, of, roles)))
}

fn enrol(name: &str, token: Digest, tag: u8) -> Command {
    let (person, verifier) = (person(name), verifier(tag));
    Command::Enrol(Box::new(PersonEnrolled { person, invite: token, verifier }))
}

fn sign_in_until(name: &str, number: u128, tag: u8, expires: Timestamp) -> Command {
    let (person, key) = (person(name), key(number));
    let signed_in = SignedIn { person, key, secret_digest: digest(3), expires };
    Command::SignIn { signed_in, verifier: verifier(tag) }
}

fn sign_in(name: &str, number: u128) -> Command {
    sign_in_until(name, number, 1, ms(0).saturating_add(HOUR))
}

fn change(name: &str, roles: &[KeyScope]) -> Command {
    let (person, roles) = (person(name), roles.iter().copied().collect());
    Command::ChangePerson(PersonChanged { person, roles, groups: [].into() })
}

fn remove(name: &str) -> Command {
    Command::RemovePerson(PersonRemoved { person: person(name) })
}

fn bound(number: u128, name: &str, of: Option<TenantId>, scopes: &[KeyScope]) -> KeyCreated {
    KeyCreated {
        id: key(number),
        name: "phone".parse().unwrap(),
        tenant: of,
        agent: None,
        person: Some(person(name)),
        scopes: scopes.iter().copied().collect(),
        secret_digest: digest(4),
    }
}

fn create(created: KeyCreated) -> Command {
    Command::CreateKey(Box::new(created))
}

fn revoke(number: u128) -> Command {
    Command::RevokeKey(KeyRevoked { id: key(number) })
}

fn ask(world: &World, by: u128, command: Command) -> Result<usize, Rejection> {
    let caller = Caller { key: key(by), generation: 0, request: None };
    handle_as(&world.state, &caller, command, ms(1)).map(|facts| facts.len())
}

const OLGA: u128 = 1;
const ANA: u128 = 2;
const BEN: u128 = 3;
const UMA: u128 = 4;

/// Olga runs the daemon, Ana is the admin of acme, Ben one of its approvers, Uma that of umbrella;
/// all are signed in.
fn world() -> World {
    use KeyScope::{Admin, Approver, Auditor};
    let mut world = World::with(terms());
    let people = [
        ("olga", None, vec![Admin, Approver, Auditor], OLGA),
        ("ana", tenant("acme"), vec![Admin, Approver], ANA),
        ("ben", tenant("acme"), vec![Approver], BEN),
        ("uma", tenant("umbrella"), vec![Admin], UMA),
    ];
    for (name, of, roles, number) in people {
        world.run(invite(name, of, &roles), ms(0)).unwrap();
        world.run(enrol(name, digest(9), 1), ms(0)).unwrap();
        world.run(sign_in(name, number), ms(0)).unwrap();
    }
    world
}

fn scopes(world: &World, number: u128) -> Option<Vec<KeyScope>> {
    world.state.keys().get(key(number)).map(|key| key.scopes.iter().copied().collect())
}

#[test]
fn an_invitation_is_taken_once_in_time_and_by_whoever_has_its_token() {
    let mut world = World::with(terms());
    world.run(invite("ana", None, &[KeyScope::Admin]), ms(0)).unwrap();
    let dead = Err(Rejection::DeadInvite);
    assert_eq!(world.run(enrol("ana", digest(8), 1), ms(1)), dead, "another token");
    assert_eq!(world.run(enrol("ben", digest(9), 1), ms(1)), dead, "another person");
    let end = ms(0).saturating_add(24 * HOUR);
    assert_eq!(world.clone().run(enrol("ana", digest(9), 1), end), dead, "too late");
    assert!(world.state.people().invited(&digest(9)).is_some());
    world.run(enrol("ana", digest(9), 1), ms(1)).unwrap();
    assert_eq!(world.run(enrol("ana", digest(9), 2), ms(1)), dead, "a second time");
    assert!(world.state.people().invited(&digest(9)).is_none());
    assert_eq!(world.state.people().get(&person("ana")).unwrap().verifier, Some(verifier(1)));
}

#[test]
fn nobody_signs_in_without_the_password_that_holds_at_the_tip() {
    let mut world = World::with(terms());
    let unknown = || Err(Rejection::UnknownPerson(person("ana")));
    assert_eq!(world.run(sign_in("ana", 1), ms(1)), unknown(), "nobody");
    world.run(invite("ana", None, &[KeyScope::Admin]), ms(0)).unwrap();
    assert_eq!(world.run(sign_in("ana", 1), ms(1)), unknown(), "without a password");
    world.run(enrol("ana", digest(9), 2), ms(1)).unwrap();
    assert_eq!(world.run(sign_in("ana", 1), ms(1)), unknown(), "checked against an older one");
    let later = ms(0).saturating_add(HOUR);
    world.run(sign_in_until("ana", 1, 2, later), ms(1)).unwrap();
    let known = Err(Rejection::KnownKey(key(1)));
    assert_eq!(world.run(sign_in_until("ana", 1, 2, later), ms(1)), known);
    for expires in [ms(1), ms(2).saturating_add(MAX_SESSION_TIME)] {
        let refused = world.run(sign_in_until("ana", 2, 2, expires), ms(1));
        assert_eq!(refused, Err(Rejection::SessionTime));
    }
}

#[test]
fn a_session_is_a_key_with_the_roles_of_its_person_and_an_end() {
    let mut world = world();
    let session = world.state.keys().get(key(BEN)).unwrap().clone();
    assert!(session.is_session() && session.person == Some(person("ben")));
    assert_eq!((session.tenant, session.agent), (tenant("acme"), None));
    assert_eq!(scopes(&world, BEN), Some(vec![KeyScope::Approver]));
    assert_eq!(ask(&world, ANA, revoke(BEN)), Ok(1));
    let end = ms(0).saturating_add(HOUR);
    let caller = Caller { key: key(ANA), generation: 0, request: None };
    let just_before = Timestamp::from_millis(end.as_millis() - 1);
    assert!(world.state.keys().admit(&caller, just_before).is_ok());
    let dead = Err(Rejection::DeadKey(key(ANA)));
    assert_eq!(handle_as(&world.state, &caller, revoke(BEN), end).map(drop), dead);
    let origin = Some(Origin { key: key(ANA), request: None, entries: 1 });
    let event = Event::KeyRevoked(KeyRevoked { id: key(BEN) });
    let entry = |at| {
        let (index, event) = (world.state.size(), event.clone());
        Entry { index, at, event, origin, payload: None }
    };
    assert_eq!(audit(&world.state, &entry(just_before), None), Ok(()));
    assert_eq!(audit(&world.state, &entry(end), None), Err(Violation::Key(key(ANA))));
    assert_eq!(world.state.keys().len(), 4);
    world.run(invite("eve", None, &[KeyScope::Auditor]), end).unwrap();
    assert_eq!(world.state.keys().len(), 0, "what is over is swept");
}

#[test]
fn the_oldest_session_of_a_person_makes_room() {
    let mut world = world();
    let most = u128::try_from(MAX_SESSIONS_PER_PERSON).unwrap();
    for number in 0..most {
        world.run(sign_in("ben", 100 + number), ms(10)).unwrap();
    }
    assert_eq!(scopes(&world, BEN), None, "the first one");
    assert!((0..most).all(|number| scopes(&world, 100 + number).is_some()));
    assert!(scopes(&world, ANA).is_some(), "nobody else's");
}

#[test]
fn a_role_that_is_taken_away_is_gone_at_once_and_a_person_with_it() {
    let mut world = world();
    let phone = bound(20, "ana", tenant("acme"), &[KeyScope::Admin]);
    world.run(create(phone), ms(1)).unwrap();
    world.run(change("ana", &[KeyScope::Approver, KeyScope::Auditor]), ms(1)).unwrap();
    assert_eq!(scopes(&world, ANA), Some(vec![KeyScope::Approver, KeyScope::Auditor]));
    assert_eq!(scopes(&world, 20), None, "a key that can do nothing is no key");
    let unchanged = world.run(change("ana", &[KeyScope::Approver, KeyScope::Auditor]), ms(1));
    assert_eq!(unchanged, Ok(vec![]));
    let phone = bound(21, "ana", tenant("acme"), &[KeyScope::Approver]);
    world.run(create(phone), ms(1)).unwrap();
    world.run(remove("ana"), ms(1)).unwrap();
    assert_eq!((scopes(&world, ANA), scopes(&world, 21)), (None, None));
    assert!(scopes(&world, BEN).is_some());
    let unknown = Err(Rejection::UnknownPerson(person("ana")));
    assert_eq!(world.run(remove("ana"), ms(1)), unknown);
    assert_eq!(world.run(change("ana", &[KeyScope::Auditor]), ms(1)), unknown);
}

#[test]
fn who_is_invited_again_has_neither_password_nor_session_but_their_keys() {
    let mut world = world();
    let phone = bound(20, "ben", tenant("acme"), &[KeyScope::Approver]);
    world.run(create(phone), ms(1)).unwrap();
    world.run(invite("ben", tenant("acme"), &[KeyScope::Approver]), ms(2)).unwrap();
    assert_eq!((scopes(&world, BEN), scopes(&world, 20).is_some()), (None, true));
    let ben = world.state.people().get(&person("ben")).unwrap();
    assert_eq!((&ben.verifier, ben.since), (&None, ms(0)));
    let elsewhere = world.run(invite("ben", tenant("umbrella"), &[KeyScope::Approver]), ms(2));
    assert_eq!(elsewhere, Err(Rejection::KnownPerson(person("ben"))));
}

#[test]
fn people_belong_to_whoever_administers_their_tenant() {
    let world = world();
    let new = |of| invite("eve", of, &[KeyScope::Admin]);
    assert_eq!(ask(&world, OLGA, new(None)), Ok(1));
    assert_eq!(ask(&world, OLGA, new(tenant("acme"))), Ok(1));
    assert_eq!(ask(&world, ANA, new(tenant("acme"))), Ok(1));
    assert_eq!(ask(&world, ANA, change("ben", &[KeyScope::Auditor])), Ok(1));
    assert_eq!(ask(&world, ANA, remove("ben")), Ok(1));
    let forbidden = |by| Err(Rejection::Forbidden(key(by)));
    assert_eq!(ask(&world, ANA, new(None)), forbidden(ANA), "nobody makes a greater person");
    assert_eq!(ask(&world, ANA, new(tenant("umbrella"))), forbidden(ANA));
    assert_eq!(ask(&world, UMA, change("ben", &[KeyScope::Auditor])), forbidden(UMA));
    assert_eq!(ask(&world, ANA, remove("olga")), forbidden(ANA));
    assert_eq!(ask(&world, UMA, remove("ben")), forbidden(UMA));
    for command in [new(tenant("acme")), change("ana", &[KeyScope::Auditor]), remove("ana")] {
        assert_eq!(ask(&world, BEN, command), forbidden(BEN), "an approver");
    }
}

#[test]
fn no_key_lets_anybody_in() {
    let mut world = world();
    world.run(invite("eve", None, &[KeyScope::Admin]), ms(1)).unwrap();
    for command in [enrol("eve", digest(9), 1), sign_in("olga", 30)] {
        assert_eq!(ask(&world, OLGA, command), Err(Rejection::Forbidden(key(OLGA))));
    }
}

#[test]
fn everyone_signs_themselves_out_and_nobody_else() {
    let mut world = world();
    world.run(sign_in("ben", 30), ms(1)).unwrap();
    assert_eq!(ask(&world, BEN, revoke(BEN)), Ok(1));
    assert_eq!(ask(&world, BEN, revoke(30)), Ok(1), "another browser of theirs");
    assert_eq!(ask(&world, BEN, revoke(ANA)), Err(Rejection::Forbidden(key(BEN))));
    assert_eq!(ask(&world, ANA, revoke(BEN)), Ok(1), "their admin does");
    let rotate = Command::RotateKey(KeyRotated { id: key(BEN), secret_digest: digest(5) });
    assert_eq!(ask(&world, BEN, rotate), Err(Rejection::UnknownKey(key(BEN))));
}

#[test]
fn a_key_speaks_for_a_person_only_when_they_ask_for_it() {
    let mut world = world();
    let phone = |number| create(bound(number, "ben", tenant("acme"), &[KeyScope::Approver]));
    assert_eq!(ask(&world, BEN, phone(20)), Ok(1));
    for by in [ANA, OLGA] {
        let forbidden = Err(Rejection::Forbidden(key(by)));
        assert_eq!(ask(&world, by, phone(20)), forbidden, "an admin is not ben");
    }
    world.run(phone(20), ms(1)).unwrap();
    let rotate = || Command::RotateKey(KeyRotated { id: key(20), secret_digest: digest(5) });
    assert_eq!(ask(&world, BEN, rotate()), Ok(1));
    assert_eq!(ask(&world, ANA, rotate()), Err(Rejection::Forbidden(key(ANA))));
    assert_eq!(ask(&world, ANA, revoke(20)), Ok(1));
    let beyond = [
        bound(21, "ben", tenant("acme"), &[KeyScope::Approver, KeyScope::Admin]),
        bound(21, "ben", None, &[KeyScope::Approver]),
        KeyCreated {
            agent: Some("bot".parse().unwrap()),
            ..bound(21, "ben", tenant("acme"), &[KeyScope::Approver])
        },
    ];
    for created in beyond {
        let refused = world.run(create(created), ms(1));
        assert_eq!(refused, Err(Rejection::BeyondPerson(person("ben"))));
    }
    let nobody = world.run(create(bound(21, "eve", None, &[KeyScope::Approver])), ms(1));
    assert_eq!(nobody, Err(Rejection::UnknownPerson(person("eve"))));
}

/// Who did something is not what a body says, where the key says it.
#[test]
fn a_key_that_speaks_for_a_person_moves_no_switch_in_the_name_of_another() {
    let mut world = world();
    let trip = |by: Option<&str>| Command::Trip {
        scope: "tenant:acme".parse().unwrap(),
        reason: "a drill".into(),
        by: by.map(person),
    };
    let reset = |by: Option<&str>| Command::Reset {
        scope: "tenant:acme".parse().unwrap(),
        reason: "a drill".into(),
        by: by.map(person),
    };
    let forbidden = || Err(Rejection::Forbidden(key(ANA)));
    assert_eq!(ask(&world, ANA, trip(Some("ben"))), forbidden());
    assert_eq!(ask(&world, ANA, trip(Some("ana"))), Ok(1));
    world.run(trip(Some("ana")), ms(1)).unwrap();
    assert_eq!(ask(&world, ANA, reset(Some("ben"))), forbidden());
    assert_eq!(ask(&world, ANA, reset(Some("ana"))), Ok(1));
}

/// Whoever names somebody of another tenant learns no more than of nobody.
#[test]
fn a_person_of_another_tenant_is_nobody_to_a_key() {
    let world = world();
    for (by, own) in [(ANA, "acme"), (UMA, "umbrella")] {
        for name in ["ana", "ben", "uma", "olga", "eve"] {
            let of = bound(21, name, tenant(own), &[KeyScope::Approver]);
            let refused = ask(&world, by, create(of));
            let is_own =
                world.state.people().get(&person(name)).is_some_and(|it| it.tenant == tenant(own));
            let unknown = Err(Rejection::UnknownPerson(person(name)));
            assert_eq!(refused == unknown, !is_own, "{name} at {own}: {refused:?}");
        }
    }
}

#[test]
fn people_that_make_no_sense_are_refused() {
    let mut world = World::with(terms());
    for roles in [&[][..], &[KeyScope::Agent], &[KeyScope::Admin, KeyScope::Agent]] {
        assert_eq!(world.run(invite("ana", None, roles), ms(0)), Err(Rejection::Roles));
    }
    for expires in [ms(0), ms(1).saturating_add(MAX_INVITE_TIME)] {
        let mut late = invited("ana", None, &[KeyScope::Admin]);
        late.invite.expires = expires;
        let refused = world.run(Command::Invite(Box::new(late)), ms(0));
        assert_eq!(refused, Err(Rejection::InviteTime));
    }
    world.run(invite("ana", None, &[KeyScope::Admin]), ms(0)).unwrap();
    for (memory_kib, passes) in [(64, 2), (1 << 30, 2), (19 * 1024, 0), (19 * 1024, 1_000)] {
        let verifier = PasswordVerifier { memory_kib, passes, ..verifier(1) };
        let enrolled = PersonEnrolled { person: person("ana"), invite: digest(9), verifier };
        let refused = world.run(Command::Enrol(Box::new(enrolled)), ms(1));
        assert_eq!(refused, Err(Rejection::Verifier), "{memory_kib} {passes}");
    }
}

#[test]
fn one_tenant_cannot_take_the_room_of_all() {
    let mut world = World::with(terms());
    for number in 0..MAX_PEOPLE_PER_TENANT {
        let name = format!("person {number}");
        world.run(invite(&name, tenant("acme"), &[KeyScope::Auditor]), ms(0)).unwrap();
    }
    let full = world.run(invite("ana", tenant("acme"), &[KeyScope::Auditor]), ms(0)).unwrap_err();
    assert_eq!(
        full.to_string(),
        "there are already 1000 people of this tenant; close or remove some first"
    );
    let again = invite("person 1", tenant("acme"), &[KeyScope::Admin]);
    assert!(world.run(again, ms(0)).is_ok(), "who is there is invited again");
    assert!(world.run(invite("ana", None, &[KeyScope::Auditor]), ms(0)).is_ok());
}

#[test]
fn an_entry_that_lets_somebody_in_without_a_password_is_found() {
    let world = world();
    let entry = |event, origin| {
        let index = world.state.size();
        Entry { index, at: ms(1), event, origin, payload: None }
    };
    let signed_in = |name: &str| {
        let expires = ms(1).saturating_add(HOUR);
        Event::SignedIn(SignedIn {
            person: person(name),
            key: key(40),
            secret_digest: digest(1),
            expires,
        })
    };
    assert_eq!(audit(&world.state, &entry(signed_in("ben"), None), None), Ok(()));
    let unknown = Violation::Refused(Rejection::UnknownPerson(person("eve")));
    assert_eq!(audit(&world.state, &entry(signed_in("eve"), None), None), Err(unknown));
    let origin = Some(Origin { key: key(OLGA), request: None, entries: 1 });
    let by_key = audit(&world.state, &entry(signed_in("ben"), origin), None);
    assert_eq!(by_key, Err(Violation::Key(key(OLGA))));
}

#[test]
fn the_log_does_not_say_what_a_password_was_and_reads_what_it_wrote() {
    let world = world();
    for entry in world.log.iter().filter(|entry| entry.payload.is_none()) {
        let text = serde_json::to_string(entry).unwrap();
        assert_eq!(&serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }
    let snapshot = serde_json::to_string(&world.state).unwrap();
    assert_eq!(serde_json::from_str::<placet_core::State>(&snapshot).unwrap(), world.state);
    assert_eq!(format!("{:?}", verifier(1)), "PasswordVerifier(19456 KiB, 2 passes)");
}
