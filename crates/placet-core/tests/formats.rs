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
    amount, bucket, budget, call, class, deny, evidence, graduation, money, ratify, reset, rule,
    tag, terms_of, trip,
};
use common::{World, approval_id, arbitrary, commitment, ms, seconds};
use placet_core::assessment::{InputFault, Inspected, Value, ValueFault};
use placet_core::autonomy::Evidence;
use placet_core::command::Proposal;
use placet_core::event::{ActionPayload, Kept, Payload, PolicyFile, PolicyPayload};
use placet_core::json::canonical_json;
use placet_core::terms::{Budget, Per};
use placet_core::{
    Assessment, Command, Digest, Entry, Event, Json, Mode, RiskTier, Terms, Verdict, handle,
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
    let erase = Command::Erase { index: 1, reason: "asked to".into(), by };
    world.run(erase, seconds(905)).unwrap();
    world.log
}

/// Whoever changes this changes what logs that were already written mean.
#[test]
fn an_entry_of_each_kind_stands_in_the_log_like_this() {
    let leaves: String = story().iter().map(|entry| leaf(entry) + "\n").collect();
    insta::assert_snapshot!(leaves);
}

#[test]
fn every_kind_is_in_the_story() {
    let text: String = story().iter().map(leaf).collect();
    for kind in [
        "autonomy_changed",
        "decided",
        "denied",
        "erased",
        "evidence_reported",
        "expired",
        "policy_installed",
        "ratified",
        "reset",
        "tripped",
    ] {
        assert!(text.contains(&format!("\"event\":{{\"{kind}\":")), "{kind}");
    }
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
        id: placet_core::ActionId::new(uuid::Uuid::from_u128(1)),
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
