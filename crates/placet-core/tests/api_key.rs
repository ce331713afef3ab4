//! API keys: made, replaced and revoked by events; what each may do; and what is judged at the tip.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::World;
use common::build::{self, call, digest, terms};
use common::ms;
use placet_core::audit::Violation;
use placet_core::autonomy::LedgerKey;
use placet_core::erasure::ErasedOf;
use placet_core::event::{Erased, KeyCreated, KeyRevoked, KeyRotated, Ratified, Unchanged};
use placet_core::limits::MAX_API_KEYS_PER_TENANT;
use placet_core::person::{Invite, PersonInvited};
use placet_core::{
    Caller, Command, Entry, Event, KeyId, KeyScope, Origin, Rejection, RiskTier, Scope, TenantId,
    audit, handle_as,
};
use uuid::Uuid;

fn id(number: u128) -> KeyId {
    KeyId::new(Uuid::from_u128(number))
}

fn tenant(name: &str) -> Option<TenantId> {
    Some(name.parse().unwrap())
}

fn key(number: u128, of: Option<TenantId>, scopes: &[KeyScope]) -> KeyCreated {
    KeyCreated {
        id: id(number),
        name: format!("key {number}").parse().unwrap(),
        tenant: of,
        agent: None,
        person: None,
        scopes: scopes.iter().copied().collect(),
        secret_digest: digest(1),
    }
}

fn create(created: KeyCreated) -> Command {
    Command::CreateKey(Box::new(created))
}

fn rotate(number: u128) -> Command {
    Command::RotateKey(KeyRotated { id: id(number), secret_digest: digest(2) })
}

fn revoke(number: u128) -> Command {
    Command::RevokeKey(KeyRevoked { id: id(number) })
}

fn trip(scope: &str) -> Command {
    Command::Trip { scope: scope.parse().unwrap(), reason: "because".to_owned(), by: None }
}

fn caller(number: u128) -> Caller {
    Caller { key: id(number), generation: 0, request: None }
}

const OPERATOR: u128 = 1;
const ADMIN: u128 = 2;
const AGENT: u128 = 3;
const AUDITOR: u128 = 4;
const APPROVER: u128 = 5;
const ONE_AGENT: u128 = 6;
const OTHER_ADMIN: u128 = 7;

/// A log with a key of each kind, that of the approver being ana's. All but the operator's and the last belong to `acme`.
fn world() -> World {
    let mut world = World::with(terms());
    let acme = || tenant("acme");
    let one_agent = KeyCreated {
        agent: Some("bot".parse().unwrap()),
        ..key(ONE_AGENT, acme(), &[KeyScope::Agent])
    };
    let keys = [
        key(OPERATOR, None, &[KeyScope::Admin]),
        key(ADMIN, acme(), &[KeyScope::Admin]),
        key(AGENT, acme(), &[KeyScope::Agent]),
        key(AUDITOR, acme(), &[KeyScope::Auditor]),
        one_agent,
        key(OTHER_ADMIN, tenant("umbrella"), &[KeyScope::Admin]),
    ];
    for created in keys {
        world.run(create(created), ms(0)).unwrap();
    }
    world.take_unrecorded(Event::PersonInvited(Box::new(ana())), ms(0));
    let person = Some("ana".parse().unwrap());
    let of_ana = KeyCreated { person, ..key(APPROVER, acme(), &[KeyScope::Approver]) };
    world.take_unrecorded(Event::KeyCreated(of_ana), ms(0));
    world
}

/// Who answers for `acme`.
fn ana() -> PersonInvited {
    PersonInvited {
        person: "ana".parse().unwrap(),
        tenant: tenant("acme"),
        roles: [KeyScope::Approver].into(),
        groups: [].into(),
        invite: Invite { digest: digest(9), expires: ms(1_000_000) },
    }
}

fn ask(world: &World, by: u128, command: Command) -> Result<usize, Rejection> {
    handle_as(&world.state, &caller(by), command, ms(1)).map(|facts| facts.len())
}

fn propose(world: &mut World, by: u128, of: &str, agent: Option<&str>) -> Result<usize, Rejection> {
    let mut assessment = call("anything");
    assessment.subject.tenant = of.parse().unwrap();
    assessment.subject.agent = agent.map(|agent| agent.parse().unwrap());
    assessment.policy = world.state.terms().policy;
    let command = world.proposal(assessment);
    ask(world, by, command)
}

#[test]
fn only_a_key_for_agents_proposes_and_only_for_its_own_tenant_and_agent() {
    let mut world = world();
    assert_eq!(propose(&mut world, AGENT, "acme", Some("anyone")), Ok(1));
    assert_eq!(propose(&mut world, AGENT, "acme", None), Ok(1));
    assert_eq!(propose(&mut world, ONE_AGENT, "acme", Some("bot")), Ok(1));
    let refused = [
        (AGENT, "umbrella", Some("bot")),
        (ONE_AGENT, "acme", Some("other")),
        (ONE_AGENT, "acme", None),
        (ONE_AGENT, "umbrella", Some("bot")),
        (OPERATOR, "acme", None),
        (ADMIN, "acme", None),
        (AUDITOR, "acme", None),
        (APPROVER, "acme", None),
    ];
    for (by, of, agent) in refused {
        let forbidden = Err(Rejection::Forbidden(id(by)));
        assert_eq!(propose(&mut world, by, of, agent), forbidden, "{by} {of} {agent:?}");
    }
}

#[test]
fn switches_belong_to_whoever_administers_what_they_stop() {
    let world = world();
    let allowed = [
        (OPERATOR, "all"),
        (OPERATOR, "agent:bot"),
        (OPERATOR, "tenant:acme"),
        (ADMIN, "tenant:acme"),
        (ADMIN, "tenant:acme/agent:bot"),
        (ADMIN, "tenant:acme/tool:refund"),
    ];
    for (by, scope) in allowed {
        assert_eq!(ask(&world, by, trip(scope)), Ok(1), "{by} {scope}");
    }
    let refused = [
        (ADMIN, "all"),
        (ADMIN, "agent:bot"),
        (ADMIN, "tool:refund"),
        (ADMIN, "tenant:umbrella"),
        (OTHER_ADMIN, "tenant:acme/agent:bot"),
        (AGENT, "tenant:acme"),
        (APPROVER, "tenant:acme"),
        (AUDITOR, "tenant:acme"),
    ];
    for (by, scope) in refused {
        assert_eq!(ask(&world, by, trip(scope)), Err(Rejection::Forbidden(id(by))), "{by} {scope}");
    }
}

#[test]
fn only_an_approver_of_the_tenant_ratifies() {
    let world = world();
    let ratified = |of: &str| {
        let tenant = of.parse().unwrap();
        let of = LedgerKey { tenant, class: "deploy".parse().unwrap(), build: None };
        Event::Ratified(Ratified { of, by: "ana".parse().unwrap() })
    };
    for by in [OPERATOR, ADMIN, AGENT, AUDITOR, APPROVER, ONE_AGENT, OTHER_ADMIN] {
        let key = world.state.keys().get(id(by)).unwrap();
        assert_eq!(key.permits(id(by), &world.state, &ratified("acme")), by == APPROVER, "{by}");
        assert!(!key.permits(id(by), &world.state, &ratified("umbrella")), "{by}");
    }
}

#[test]
fn a_scope_has_one_word() {
    for (scope, word) in KeyScope::ALL.into_iter().zip(["agent", "approver", "admin", "auditor"]) {
        assert_eq!((scope.as_str(), scope.to_string().as_str()), (word, word));
        assert_eq!(serde_json::to_value(scope).unwrap(), word);
        assert_eq!(word.parse(), Ok(scope));
    }
    assert!("Admin".parse::<KeyScope>().is_err() && "".parse::<KeyScope>().is_err());
}

#[test]
fn keys_are_counted() {
    let (none, some) = (World::default(), world());
    assert_eq!((none.state.keys().len(), none.state.keys().is_empty()), (0, true));
    assert_eq!((some.state.keys().len(), some.state.keys().is_empty()), (7, false));
}

#[test]
fn an_origin_counts_its_entries_where_they_are_many() {
    for (entries, member) in [(1, ""), (3, ",\"entries\":3")] {
        let origin = Origin { key: id(1), request: None, entries };
        let text = serde_json::to_string(&origin).unwrap();
        assert_eq!(text, format!("{{\"key\":\"{}\"{member}}}", id(1)));
        assert_eq!(serde_json::from_str::<Origin>(&text).unwrap(), origin);
    }
}

#[test]
fn an_admin_of_a_tenant_makes_and_ends_keys_of_that_tenant_only() {
    let world = world();
    let new = |of| create(key(9, of, &[KeyScope::Auditor]));
    assert_eq!(ask(&world, ADMIN, new(tenant("acme"))), Ok(1));
    assert_eq!(ask(&world, OPERATOR, new(tenant("acme"))), Ok(1));
    assert_eq!(ask(&world, OPERATOR, new(None)), Ok(1));
    let forbidden = |by| Err(Rejection::Forbidden(id(by)));
    assert_eq!(ask(&world, ADMIN, new(tenant("umbrella"))), forbidden(ADMIN));
    assert_eq!(ask(&world, ADMIN, new(None)), forbidden(ADMIN), "nobody makes a greater key");
    assert_eq!(ask(&world, AGENT, new(tenant("acme"))), forbidden(AGENT));
    for command in [rotate, revoke] {
        assert_eq!(ask(&world, ADMIN, command(AGENT)), Ok(1));
        assert_eq!(ask(&world, ADMIN, command(ADMIN)), Ok(1), "its own");
        assert_eq!(ask(&world, ADMIN, command(OPERATOR)), forbidden(ADMIN));
        assert_eq!(ask(&world, OTHER_ADMIN, command(AGENT)), forbidden(OTHER_ADMIN));
        assert_eq!(ask(&world, AGENT, command(AGENT)), forbidden(AGENT));
    }
}

#[test]
fn the_policy_erasure_and_evidence_of_others_are_out_of_a_tenants_reach() {
    let mut world = world();
    let erase = || Command::Erase { index: 3, reason: "asked to".to_owned(), by: None, of: None };
    assert_eq!(ask(&world, OPERATOR, common::install(terms())), Ok(1));
    assert_eq!(ask(&world, OPERATOR, erase()), Ok(1));
    let mut with_class = terms();
    let refund = build::class("refund", RiskTier::ReversibleWrite);
    with_class.classes.insert(refund.name.clone(), refund.into());
    world.install(with_class, ms(1));
    let evidence = |of: &str| {
        let mut evidence = build::evidence("refund", "nightly", 1, 0);
        evidence.tenant = of.parse().unwrap();
        Command::Report(evidence)
    };
    assert_eq!(ask(&world, ADMIN, evidence("acme")), Ok(1));
    for command in [common::install(terms()), erase(), evidence("umbrella")] {
        assert_eq!(ask(&world, ADMIN, command), Err(Rejection::Forbidden(id(ADMIN))));
    }
    // Of its own it may, where the entry is said to be one.
    let owned = |whose: &str| {
        let of = ErasedOf { tenant: whose.parse().unwrap(), decided: 2 };
        Command::Erase { index: 3, reason: "asked to".to_owned(), by: None, of: Some(of) }
    };
    assert_eq!(ask(&world, ADMIN, owned("acme")), Ok(1));
    assert_eq!(ask(&world, OPERATOR, owned("acme")), Ok(1));
    assert_eq!(ask(&world, OTHER_ADMIN, owned("acme")), Err(Rejection::Forbidden(id(OTHER_ADMIN))));
    for by in [AGENT, APPROVER, AUDITOR] {
        for command in [common::install(terms()), erase(), owned("acme"), evidence("acme")] {
            assert_eq!(ask(&world, by, command), Err(Rejection::Forbidden(id(by))));
        }
    }
}

/// Whose an erased entry is, it must be said by the entry that decided on the action it is about.
#[test]
fn an_erasure_for_a_tenant_rests_on_what_the_log_says() {
    let mut world = world();
    let decide = |world: &mut World, tenant: &str| {
        let mut held = call("anything");
        held.subject.tenant = tenant.parse().unwrap();
        let decided = world.propose(held, ms(1));
        (world.log.last().unwrap().index, decided.approval.expect("held").id)
    };
    let (own, approval) = decide(&mut world, "acme");
    let (foreign, _) = decide(&mut world, "umbrella");
    let deny = Command::Deny { approval, by: "ana".parse().unwrap(), reason: "no".to_owned() };
    world.run(deny, ms(1)).unwrap();
    let denial = world.log.last().unwrap().index;
    let holds = |index: u64, tenant: &str, decided: u64| {
        let of = Some(ErasedOf { tenant: tenant.parse().unwrap(), decided });
        let erased = Erased { index, reason: "asked to".to_owned(), by: None, of };
        erased.holds(|index| world.log.iter().find(|entry| entry.index == index).cloned())
    };
    assert!(holds(own, "acme", own) && holds(denial, "acme", own));
    for (index, tenant, decided) in [
        (own, "umbrella", own),
        (own, "acme", foreign),
        (foreign, "acme", foreign),
        (foreign, "acme", own),
        (denial, "acme", denial),
        (denial, "umbrella", foreign),
        (0, "acme", own),
        (own, "acme", 9_999),
        (9_999, "acme", own),
    ] {
        assert!(!holds(index, tenant, decided), "{index} {tenant} {decided}");
    }
}

#[test]
fn only_an_approver_of_the_tenant_denies() {
    let mut world = world();
    let mut held = call("anything");
    held.subject.tenant = "acme".parse().unwrap();
    let approval = world.propose(held, ms(1)).approval.expect("held").id;
    let deny = || Command::Deny { approval, by: "ana".parse().unwrap(), reason: "no".to_owned() };
    assert_eq!(ask(&world, APPROVER, deny()), Ok(1));
    for by in [AGENT, ADMIN, AUDITOR, OPERATOR, OTHER_ADMIN] {
        assert_eq!(ask(&world, by, deny()), Err(Rejection::Forbidden(id(by))));
    }
}

#[test]
fn a_key_that_was_revoked_or_replaced_is_dead_at_once() {
    let mut world = world();
    world.run(revoke(AGENT), ms(1)).unwrap();
    let dead = |by| Err(Rejection::DeadKey(id(by)));
    assert_eq!(propose(&mut world, AGENT, "acme", None), dead(AGENT));
    world.run(rotate(ADMIN), ms(1)).unwrap();
    assert_eq!(ask(&world, ADMIN, trip("tenant:acme")), dead(ADMIN));
    let renewed = Caller { generation: 1, ..caller(ADMIN) };
    assert!(handle_as(&world.state, &renewed, trip("tenant:acme"), ms(1)).is_ok());
    assert_eq!(ask(&world, 99, trip("tenant:acme")), dead(99));
    assert_eq!(world.run(revoke(AGENT), ms(1)), Err(Rejection::UnknownKey(id(AGENT))));
    assert_eq!(world.run(rotate(AGENT), ms(1)), Err(Rejection::UnknownKey(id(AGENT))));
}

#[test]
fn keys_that_make_no_sense_are_refused() {
    let mut world = world();
    let agent =
        KeyCreated { agent: Some("bot".parse().unwrap()), ..key(9, None, &[KeyScope::Admin]) };
    let refused = [
        (key(9, None, &[]), Rejection::NoScope),
        (key(9, None, &[KeyScope::Agent]), Rejection::NoTenant),
        (agent, Rejection::NoTenant),
        (key(AGENT, tenant("acme"), &[KeyScope::Agent]), Rejection::KnownKey(id(AGENT))),
    ];
    for (created, why) in refused {
        assert_eq!(world.run(create(created), ms(1)), Err(why));
    }
}

/// What an agent runs with cannot make keys, people or switches, for itself or for another.
#[test]
fn a_key_for_one_agent_is_in_charge_of_nothing() {
    let mut world = world();
    let bot = Some("bot".parse().unwrap());
    let both =
        KeyCreated { agent: bot, ..key(9, tenant("acme"), &[KeyScope::Admin, KeyScope::Agent]) };
    assert_eq!(world.run(create(both.clone()), ms(1)), Err(Rejection::AdminOfAgent));
    // One that an older log has.
    world.take_unrecorded(Event::KeyCreated(both), ms(0));
    assert_eq!(propose(&mut world, 9, "acme", Some("bot")), Ok(1));
    let person = PersonInvited { person: "eve".parse().unwrap(), ..ana() };
    let beyond = [
        create(key(10, tenant("acme"), &[KeyScope::Agent])),
        create(key(10, tenant("acme"), &[KeyScope::Admin])),
        rotate(AGENT),
        revoke(AGENT),
        trip("tenant:acme"),
        trip("tenant:acme/agent:bot"),
        Command::Invite(Box::new(person)),
    ];
    for command in beyond {
        let said = format!("{command:?}");
        assert_eq!(ask(&world, 9, command), Err(Rejection::Forbidden(id(9))), "{said}");
    }
}

#[test]
fn one_tenant_cannot_take_the_keys_of_all() {
    let mut world = World::with(terms());
    let limit = u128::try_from(MAX_API_KEYS_PER_TENANT).unwrap();
    for number in 0..limit {
        world.run(create(key(number, tenant("acme"), &[KeyScope::Agent])), ms(0)).unwrap();
    }
    let one_more = |of| create(key(limit, tenant(of), &[KeyScope::Agent]));
    let full = world.run(one_more("acme"), ms(0)).unwrap_err();
    assert_eq!(
        full.to_string(),
        "there are already 1000 API keys of this tenant; close or remove some first"
    );
    assert!(world.run(one_more("umbrella"), ms(0)).is_ok());
}

#[test]
fn an_entry_that_its_key_could_not_have_caused_is_found() {
    let world = world();
    let entry = |by: u128, event: Event| {
        let origin = Some(Origin { key: id(by), request: None, entries: 1 });
        Entry { index: world.state.size(), at: ms(1), event, origin, payload: None }
    };
    let tripped = |scope: &str| match &handle_as(
        &world.state,
        &caller(OPERATOR),
        trip(scope),
        ms(1),
    )
    .unwrap()[0]
        .event
    {
        Event::Tripped(switched) => Event::Tripped(switched.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(audit(&world.state, &entry(OPERATOR, tripped("all")), None), Ok(()));
    for by in [ADMIN, AGENT, 99] {
        let violation = Err(Violation::Key(id(by)));
        assert_eq!(audit(&world.state, &entry(by, tripped("all")), None), violation);
    }
    let unchanged = Event::Unchanged(Unchanged { rejection: None });
    assert_eq!(audit(&world.state, &entry(AGENT, unchanged.clone()), None), Ok(()));
    let nobody = Entry { origin: None, ..entry(AGENT, unchanged) };
    assert_eq!(audit(&world.state, &nobody, None), Err(Violation::Idle));
}

#[test]
fn the_state_knows_when_a_key_was_used_last() {
    let mut world = world();
    assert_eq!(world.state.keys().get(id(OPERATOR)).unwrap().used, None);
    let facts = handle_as(&world.state, &caller(OPERATOR), trip("all"), ms(7)).unwrap();
    let entry = Entry {
        index: world.state.size(),
        at: ms(7),
        event: facts[0].event.clone(),
        origin: Some(Origin { key: id(OPERATOR), request: None, entries: 1 }),
        payload: None,
    };
    world.state.apply(&entry);
    assert_eq!(world.state.keys().get(id(OPERATOR)).unwrap().used, Some(ms(7)));
    assert!(world.state.switches().tripped(&Scope::ALL).is_some());
}
