//! The log's format: what stands in a leaf, that it is read strictly, and what it must not hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use std::time::Duration;

use common::build::{
    amount, bucket, budget, call, class, deny, digest, evidence, graduation, money, ratify, reset,
    rule, tag, terms_of, trip,
};
use common::{World, approval_id, arbitrary, commitment, ms, seconds};
use placet_core::assessment::{InputFault, Inspected, Value, ValueFault};
use placet_core::autonomy::Evidence;
use placet_core::command::{Conclusion, Edit, Mismatch, Proposal, Redemption, SigningOff};
use placet_core::event::{
    ActionPayload, Kept, KeyCreated, KeyRevoked, KeyRotated, Payload, PolicyFile, PolicyPayload,
    SignOffPayload, Unchanged,
};
use placet_core::json::canonical_json;
use placet_core::person::{
    Invite, PasswordSalt, PasswordTag, PasswordVerifier, PersonChanged, PersonEnrolled,
    PersonInvited, PersonRemoved, SignedIn,
};
use placet_core::standing_approval::{Bounds, Pin};
use placet_core::terms::{Budget, Per};
use placet_core::{
    ActionId, ApprovalId, ApprovalTerms, Approver, Assessment, Command, Digest, Entry, Event, Json,
    KeyId, KeyScope, Mode, Origin, Outcome, ParamTag, PersonId, PersonTag, Rejection, Request,
    RequestTag, RiskTier, StandingApprovalId, Terms, Verdict, handle,
};
use proptest::prelude::*;

fn leaf(entry: &Entry) -> String {
    String::from_utf8(canonical_json(entry).unwrap()).unwrap()
}

/// One entry of each kind, with everything in it that can be.
fn story() -> Vec<Entry> {
    let mut refund = class("refund", RiskTier::Consequential);
    refund.hard_cap = Some(amount("10"));
    let hourly = budget("hourly", Per::Agent, Duration::from_secs(3_600));
    let mut world = World::with(Terms {
        graduation: graduation(),
        budgets: vec![Budget { count: Some(0), over: Verdict::Block, ..hourly }],
        ..terms_of([refund])
    });
    let mut full = Assessment {
        value: money("12.5 EUR"),
        faults: vec![InputFault::TooDeep],
        inspected: Inspected { proven_read: true, exceeds: vec!["it deletes".into()] },
        rules: vec![rule(Verdict::RequireApproval)],
        bucket: bucket(42),
        enforce: true,
        alike: Some(tag(9)),
        ..call("refund")
    };
    full.subject.agent = Some("ada".parse().unwrap());
    full.subject.build = Some("v2".parse().unwrap());
    world.propose(full, seconds(1));
    world.install(terms_of([class("mail", RiskTier::ReversibleWrite)]), seconds(2));
    let held = Assessment { value: Value::Missing, ..call("mail") };
    world.propose(held.clone(), seconds(3));
    world.propose(Assessment { tag: tag(1), ..held }, seconds(4));
    let of = Assessment { class: None, value: Value::Bad(ValueFault::Negative), ..call("mystery") };
    world.propose(of, seconds(5));
    world.run(deny(approval_id(2)), seconds(6)).unwrap();
    world.run(trip("tenant:acme/tool:mail"), seconds(7)).unwrap();
    world.run(reset("tenant:acme/tool:mail"), seconds(8)).unwrap();
    let mut refund = class("refund", RiskTier::Consequential);
    refund.hard_cap = Some(amount("10"));
    let mode = Mode::Shadow;
    let terms = Terms { graduation: graduation(), mode, ..terms_of([refund]) };
    world.install(terms, seconds(9));
    world.propose(call("refund"), seconds(10));
    let report = Evidence { adversarial: true, ..evidence("refund", "red", 1, 2) };
    world.run(Command::Report(report), seconds(11)).unwrap();
    world.run(Command::Report(evidence("refund", "nightly", 1, 0)), seconds(12)).unwrap();
    world.run(ratify("refund", "ana"), seconds(13)).unwrap();
    world.run(Command::Tick, seconds(904)).unwrap();
    let by = Some("olga".parse().unwrap());
    let erase = Command::Erase { index: 1, reason: "asked to".into(), by, of: None };
    world.run(erase, seconds(905)).unwrap();
    live(&mut world);
    admit(&mut world);
    stand(&mut world);
    world.log
}

fn of_finance(name: &str) -> Approver {
    let tag = PersonTag::from_bytes([3; 32]);
    Approver { person: name.parse().unwrap(), tag, groups: ["finance".parse().unwrap()].into() }
}

fn signing(approval: ApprovalId, name: &str, fresh: Option<Assessment>) -> Command {
    let statement = [("why".to_owned(), "I read it".to_owned())].into();
    let (by, digest) = (of_finance(name), Digest::from_bytes([7; 32]));
    Command::SignOff(Box::new(SigningOff {
        approval,
        by,
        statement,
        digest,
        fresh,
        standing: None,
    }))
}

/// Mails take two people of finance.
fn held_mail(policy: u8) -> Terms {
    held_by(policy, 2)
}

fn held_by(policy: u8, quorum: u8) -> Terms {
    let mut mail = class("mail", RiskTier::ReversibleWrite);
    let (fields, groups) = (vec!["why".to_owned()], vec!["finance".to_owned()]);
    mail.approval =
        ApprovalTerms { quorum, fields, groups, least_length: 3, ..ApprovalTerms::default() };
    Terms { policy: digest(policy), ..terms_of([mail]) }
}

/// What becomes of held actions, from sign-off to outcome.
fn live(world: &mut World) {
    world.install(held_mail(1), seconds(1_000));
    let hold = |world: &mut World, number: u8| {
        let user = Some(PersonTag::from_bytes([4; 32]));
        let of = Assessment { tag: tag(number), user, ..call("mail") };
        world.propose(of, seconds(1_001)).approval.unwrap().id
    };
    let redeem = |world: &mut World, action: ActionId, mismatch| {
        let is_it = |entry: &&Entry| matches!(&entry.event, Event::Decided(it) if it.id == action);
        let decided = world.log.iter().find(is_it).unwrap().clone();
        let redemption = Redemption { action, decided, mismatch };
        world.run(Command::Redeem(Box::new(redemption)), seconds(1_003)).unwrap().remove(0)
    };
    let approved = hold(world, 10);
    for name in ["ben", "cem"] {
        world.run(signing(approved, name, None), seconds(1_002)).unwrap();
    }
    redeem(world, approved.action(), Some(Mismatch::Call));
    let of = redeem(world, approved.action(), None);
    redeem(world, approved.action(), None);
    let (action, outcome) = (approved.action(), Outcome::Succeeded);
    let conclusion = Conclusion { action, of, outcome, detail: "sent".into() };
    world.run(Command::Conclude(Box::new(conclusion)), seconds(1_004)).unwrap();
    let held = hold(world, 11);
    let Command::Propose(proposal) = world.proposal(Assessment {
        tag: tag(12),
        user: Some(PersonTag::from_bytes([4; 32])),
        ..call("mail")
    }) else {
        panic!("a proposal is one")
    };
    let successor = proposal.id.approval();
    let edit = Edit {
        approval: held,
        by: of_finance("ben"),
        statement: [("why".to_owned(), "half of it".to_owned())].into(),
        digest: Digest::from_bytes([8; 32]),
        proposal: *proposal,
    };
    world.run(Command::Edit(Box::new(edit)), seconds(1_005)).unwrap();
    let withdrawn = hold(world, 13);
    world.run(Command::Withdraw { approval: withdrawn }, seconds(1_006)).unwrap();
    world.install(held_mail(2), seconds(1_007));
    let fresh = |number| Assessment {
        policy: digest(2),
        tag: tag(number),
        user: Some(PersonTag::from_bytes([4; 32])),
        ..call("mail")
    };
    world.run(signing(successor, "cem", Some(fresh(12))), seconds(1_008)).unwrap();
    let [running, forbidden] = [14, 15].map(|number| hold(world, number));
    for name in ["ben", "cem"] {
        world.run(signing(running, name, None), seconds(1_009)).unwrap();
    }
    redeem(world, running.action(), None);
    world.install(held_mail(3), seconds(1_010));
    let fresh = Assessment { policy: digest(3), rules: vec![rule(Verdict::Block)], ..fresh(15) };
    let recheck = Command::Recheck { approval: forbidden, fresh: Box::new(fresh) };
    world.run(recheck, seconds(1_011)).unwrap();
    hold(world, 16);
    world.run(trip("tool:mail"), seconds(1_012)).unwrap();
    world.run(Command::Tick, seconds(1_013)).unwrap();
    world.run(Command::Tick, seconds(5_000)).unwrap();
    let by = Some("olga".parse().unwrap());
    world.run(Command::RotateWarrantKey { by }, seconds(5_001)).unwrap();
}

/// A standing approval is given, used and taken back.
fn stand(world: &mut World) {
    world.install(held_by(4, 1), seconds(7_000));
    world.run(reset("tool:mail"), seconds(7_000)).unwrap();
    let of = |number| Assessment {
        pins: [ParamTag::from_bytes([5; 32])].into(),
        tag: tag(number),
        user: Some(PersonTag::from_bytes([4; 32])),
        value: money("7 EUR"),
        ..call("mail")
    };
    let approval = world.propose(of(20), seconds(7_001)).approval.unwrap().id;
    let Command::SignOff(mut signing) = signing(approval, "ben", None) else {
        panic!("a sign-off is one")
    };
    let id = StandingApprovalId::new(uuid::Uuid::from_u128(1));
    let pin = Pin { tag: ParamTag::from_bytes([5; 32]), value: Json::String("o-1".into()) };
    let pins = [("/order".parse().unwrap(), pin)].into();
    let bounds = Bounds { id, pins, uses: Some(3), until: Some(seconds(8_000)) };
    signing.standing = Some(Box::new(bounds));
    world.run(Command::SignOff(signing), seconds(7_002)).unwrap();
    let policy = world.state.terms().policy;
    let next = world.proposal(Assessment { policy, ..of(21) });
    world.run(next, seconds(7_003)).unwrap();
    let by = Some("olga".parse().unwrap());
    let revoke = Command::RevokeStanding { id, reason: "enough".into(), by };
    world.run(revoke, seconds(7_004)).unwrap();
}

/// People and keys come and go.
fn admit(world: &mut World) {
    let person = || -> PersonId { "ana".parse().unwrap() };
    let key = |number| KeyId::new(uuid::Uuid::from_u128(number));
    let tenant = Some("acme".parse().unwrap());
    let (roles, groups) = ([KeyScope::Admin].into(), ["finance".parse().unwrap()].into());
    let invite = Invite { digest: digest(5), expires: seconds(9_000) };
    let invited = PersonInvited { person: person(), tenant: tenant.clone(), roles, groups, invite };
    world.run(Command::Invite(Box::new(invited)), seconds(6_000)).unwrap();
    let verifier = PasswordVerifier {
        memory_kib: 19 * 1024,
        passes: 2,
        salt: PasswordSalt::from_bytes([7; 32]),
        tag: PasswordTag::from_bytes([6; 32]),
    };
    let enrolled =
        PersonEnrolled { person: person(), invite: digest(5), verifier: verifier.clone() };
    world.run(Command::Enrol(Box::new(enrolled)), seconds(6_001)).unwrap();
    let signed_in = SignedIn {
        person: person(),
        key: key(1),
        secret_digest: digest(6),
        expires: seconds(9_000),
    };
    world.run(Command::SignIn { signed_in, verifier }, seconds(6_002)).unwrap();
    let created = KeyCreated {
        id: key(2),
        name: "a laptop".parse().unwrap(),
        tenant,
        agent: None,
        person: Some(person()),
        scopes: [KeyScope::Admin].into(),
        secret_digest: digest(7),
    };
    world.run(Command::CreateKey(Box::new(created)), seconds(6_003)).unwrap();
    let tag = RequestTag::from_bytes([8; 32]);
    let request = Some(Request { id: tag, body: tag });
    let origin = Some(Origin { key: key(2), request, entries: 1 });
    let unchanged = Event::Unchanged(Unchanged { rejection: Some(Rejection::Reason) });
    world.take_facts(vec![unchanged.into()], origin, seconds(6_004));
    let rotated = KeyRotated { id: key(2), secret_digest: digest(8) };
    world.run(Command::RotateKey(rotated), seconds(6_005)).unwrap();
    world.run(Command::RevokeKey(KeyRevoked { id: key(2) }), seconds(6_006)).unwrap();
    let changed = PersonChanged {
        person: person(),
        roles: [KeyScope::Approver].into(),
        groups: ["risk".parse().unwrap()].into(),
    };
    world.run(Command::ChangePerson(changed), seconds(6_007)).unwrap();
    let removed = PersonRemoved { person: person() };
    world.run(Command::RemovePerson(removed), seconds(6_008)).unwrap();
}

/// Whoever changes this changes what logs that were already written mean.
#[test]
fn an_entry_of_each_kind_stands_in_the_log_like_this() {
    let leaves: String = story().iter().map(|entry| leaf(entry) + "\n").collect();
    insta::assert_snapshot!(leaves);
}

/// Every kind of event, by the place of its name in [`KINDS`]. A new one does not compile here, so
/// that nobody forgets to tell of it.
fn place(of: &Event) -> usize {
    match of {
        Event::PolicyInstalled(_) => 0,
        Event::Decided(_) => 1,
        Event::Denied(_) => 2,
        Event::Expired(_) => 3,
        Event::SignedOff(_) => 4,
        Event::Withdrawn(_) => 5,
        Event::Superseded(_) => 6,
        Event::Voided(_) => 7,
        Event::Redeemed(_) => 8,
        Event::RedemptionRefused(_) => 9,
        Event::OutcomeReported(_) => 10,
        Event::Indeterminate(_) => 11,
        Event::Tripped(_) => 12,
        Event::Reset(_) => 13,
        Event::EvidenceReported(_) => 14,
        Event::Ratified(_) => 15,
        Event::AutonomyChanged(_) => 16,
        Event::Erased(_) => 17,
        Event::KeyCreated(_) => 18,
        Event::KeyRotated(_) => 19,
        Event::KeyRevoked(_) => 20,
        Event::WarrantKeyRotated(_) => 21,
        Event::PersonInvited(_) => 22,
        Event::PersonEnrolled(_) => 23,
        Event::PersonChanged(_) => 24,
        Event::PersonRemoved(_) => 25,
        Event::SignedIn(_) => 26,
        Event::Unchanged(_) => 27,
        Event::StandingGranted(_) => 28,
        Event::StandingRevoked(_) => 29,
    }
}

const KINDS: [&str; 30] = [
    "policy_installed",
    "decided",
    "denied",
    "expired",
    "signed_off",
    "withdrawn",
    "superseded",
    "voided",
    "redeemed",
    "redemption_refused",
    "outcome_reported",
    "indeterminate",
    "tripped",
    "reset",
    "evidence_reported",
    "ratified",
    "autonomy_changed",
    "erased",
    "key_created",
    "key_rotated",
    "key_revoked",
    "warrant_key_rotated",
    "person_invited",
    "person_enrolled",
    "person_changed",
    "person_removed",
    "signed_in",
    "unchanged",
    "standing_granted",
    "standing_revoked",
];

#[test]
fn every_kind_is_in_the_story_under_its_own_name() {
    let mut told = [false; KINDS.len()];
    for entry in story() {
        let kind = KINDS[place(&entry.event)];
        assert_eq!(entry.event.kind(), kind);
        assert!(leaf(&entry).contains(&format!("\"event\":{{\"{kind}\":")), "{kind}");
        told[place(&entry.event)] = true;
    }
    let missing: Vec<_> = KINDS.iter().zip(told).filter(|(_, told)| !told).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn an_entry_is_read_as_it_was_written() {
    for entry in story() {
        let mut expected = entry.clone();
        if let Event::PolicyInstalled(installed) = &mut expected.event {
            installed.terms = None;
        }
        let read: Entry = serde_json::from_str(&leaf(&entry)).unwrap();
        assert_eq!(read, expected);
        assert_eq!(leaf(&read), leaf(&entry));
    }
}

#[test]
fn what_inspection_says_is_read_as_it_was_written() {
    for (proven_read, exceeds) in
        [(false, vec![]), (true, vec![]), (false, vec!["it deletes"]), (true, vec!["it deletes"])]
    {
        let exceeds = exceeds.into_iter().map(str::to_owned).collect();
        let of = Assessment { inspected: Inspected { proven_read, exceeds }, ..call("refund") };
        let text = serde_json::to_string(&of).unwrap();
        assert_eq!(serde_json::from_str::<Assessment>(&text).unwrap(), of, "{text}");
    }
}

/// In every object of every entry, one more field.
#[test]
fn unknown_fields_are_refused_wherever_they_are() {
    let mut tried = 0;
    for entry in story() {
        let text = Json::parse(leaf(&entry).as_bytes()).unwrap();
        let mut places = Vec::new();
        text.walk(|pointer, json| {
            if json.as_object().is_some() {
                places.push(pointer.clone());
            }
        });
        for place in places {
            let mut changed = text.clone();
            let mut object = text.pointer(&place).and_then(Json::as_object).unwrap().clone();
            object.insert("surplus".into(), Json::Null);
            if place.is_root() {
                changed = Json::Object(object);
            } else {
                assert!(changed.replace(&place, Json::Object(object)));
            }
            let read = serde_json::from_str::<Entry>(&changed.canonical());
            assert!(read.is_err(), "a surplus field at {place:?} of {}", text.canonical());
            tried += 1;
        }
    }
    assert!(tried > 60, "only {tried} places were tried");
}

#[test]
fn nothing_private_gets_into_a_leaf() {
    const PRIVATE: &str = "jane.doe@example.org";
    let mut world = World::with(terms_of([class("mail", RiskTier::ReversibleWrite)]));
    let action = Json::parse(format!(r#"{{"params":{{"to":"{PRIVATE}"}}}}"#).as_bytes()).unwrap();
    let digest = Digest::from_bytes([0x5e; 32]);
    let propose = Command::Propose(Box::new(Proposal {
        id: ActionId::new(uuid::Uuid::from_u128(1)),
        assessment: call("mail"),
        payload: ActionPayload { digest, action: action.clone(), evidence: action }.into(),
    }));
    let by = "petra".parse().unwrap();
    let deny =
        Command::Deny { approval: approval_id(1), by, reason: format!("{PRIVATE} did not ask") };
    let files = vec![PolicyFile { name: "policy.toml".into(), text: format!("# {PRIVATE}") }];
    let install = Command::InstallPolicy { terms: terms_of([]).into(), files, by: None };
    for command in [propose, deny, install] {
        let facts = handle(&world.state, command.clone(), ms(5)).unwrap();
        let Some(Kept::Open(payload)) = &facts[0].payload else {
            panic!("what is private is in the payload");
        };
        assert!(serde_json::to_string(payload).unwrap().contains(PRIVATE));
        let entries = world.run(command, ms(5)).unwrap();
        let text = leaf(&entries[0]);
        assert!(!text.contains("jane") && !text.contains(&digest.to_string()), "{text}");
        assert!(text.contains(&commitment().to_string()));
    }
    assert!(!serde_json::to_string(&world.state).unwrap().contains("jane"));
}

#[test]
fn payloads_are_read_as_they_were_written() {
    let terms = terms_of([class("mail", RiskTier::Read)]).into();
    let file = PolicyFile { name: "policy.toml".into(), text: "version = 1".into() };
    let payloads = [
        Payload::Statement("not today".into()),
        Payload::SignOff(Box::new(SignOffPayload {
            digest: digest(7),
            statement: [("why".to_owned(), "I read it".to_owned())].into(),
        })),
        Payload::Action(Box::new(common::payload())),
        Payload::Policy(Box::new(PolicyPayload { terms, files: vec![file] })),
    ];
    for payload in payloads {
        let text = canonical_json(&payload).unwrap();
        let read: Payload = serde_json::from_slice(&text).unwrap();
        assert_eq!(read, payload);
        assert_eq!(canonical_json(&read).unwrap(), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_entry_of_every_history_is_read_as_it_was_written(
        history in arbitrary::history(30),
    ) {
        let mut world = World::default();
        world.play(history);
        for entry in &world.log {
            let text = leaf(entry);
            let read: Entry = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(leaf(&read), text);
        }
    }

    #[test]
    fn terms_are_read_as_they_were_written(terms in arbitrary::terms()) {
        let text = canonical_json(&terms).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Terms>(&text).unwrap(), terms);
    }
}
