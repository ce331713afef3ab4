//! People answer, warrants are spent, outcomes are told: over HTTP, from end to end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;
mod standing;
mod warrants;

use common::{Daemon, person_key};
use placet::{KeyScope, NewPerson};
use serde_json::{Value, json};

/// What an approver writes.
fn approval() -> Value {
    json!({
        "approved": true,
        "verbatim_response": "I have read the whole of it, and it is what we agreed on.",
        "responsible_owner": "Ann",
    })
}

fn note() -> Value {
    json!({"tool": "send_note", "params": {"to": "mira", "text": "hello", "copies": 2}})
}

fn held(daemon: &Daemon, action: &Value) -> Value {
    let decision = daemon.post("/v1/actions", &daemon.keys.agent, action).json();
    assert_eq!(decision["verdict"], "require_approval");
    decision
}

fn resolve(daemon: &Daemon, decision: &Value, key: &str, answer: &Value) -> common::Answer {
    let id = decision["approval"]["id"].as_str().unwrap();
    daemon.post(&format!("/v1/approvals/{id}/resolve"), key, answer)
}

fn follow(daemon: &Daemon, decision: &Value) -> Value {
    let id = decision["id"].as_str().unwrap();
    daemon.get(&format!("/v1/actions/{id}"), &daemon.keys.agent).json()
}

fn redeem(daemon: &Daemon, warrant: &Value, params: &Value) -> common::Answer {
    let body = json!({"warrant": warrant, "tool": "send_note", "params": params});
    daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &body)
}

#[test]
fn an_approved_action_runs_once_with_what_was_approved() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    assert!(decision["warrant"].is_null());
    let answer = resolve(&daemon, &decision, &daemon.keys.approver, &approval());
    assert_eq!(answer.json(), json!({"outcome": "resolved", "status": "approved"}));
    let followed = follow(&daemon, &decision);
    assert_eq!(followed["status"], "approved");
    let warrant = &followed["warrant"];
    // One byte more, another type, another number: another action.
    for other in [
        json!({"to": "mira ", "text": "hello", "copies": 2}),
        json!({"to": "mira", "text": "hello", "copies": "2"}),
        json!({"to": "mira", "text": "hello", "copies": 3}),
        json!({"to": "mira", "text": "hello"}),
    ] {
        assert_eq!(redeem(&daemon, warrant, &other).status, 403, "{other}");
    }
    // The same in another order is the same action.
    let same = json!({"copies": 2.0, "text": "hello", "to": "mira"});
    let spent = redeem(&daemon, warrant, &same);
    assert_eq!((spent.status, &spent.json()["params"]), (200, &note()["params"]));
    assert_eq!(redeem(&daemon, warrant, &note()["params"]).status, 409);
    assert_eq!(follow(&daemon, &decision)["status"], "redeemed");
    let path = format!("/v1/actions/{}/outcome", decision["id"].as_str().unwrap());
    let told = daemon.post(&path, &daemon.keys.agent, &json!({"status": "succeeded"}));
    assert_eq!(
        (told.status, follow(&daemon, &decision)["status"].as_str()),
        (200, Some("succeeded"))
    );
}

#[test]
fn what_came_of_it_is_stored_without_secrets() {
    let daemon = Daemon::start();
    let read = json!({"tool": "get_order"});
    let decision = daemon.post("/v1/actions", &daemon.keys.agent, &read).json();
    let path = format!("/v1/actions/{}/outcome", decision["id"].as_str().unwrap());
    let failed = json!({"status": "failed", "error": "no: password=hunter2-horse is wrong"});
    let index = daemon.post(&path, &daemon.keys.agent, &failed).json()["log_index"].clone();
    let log = daemon.guard.as_ref().unwrap().log();
    let receipt = log.receipt(index.as_u64().unwrap(), true).unwrap();
    let verified = receipt.verify(std::slice::from_ref(log.verifier())).unwrap();
    let kept = verified.private.unwrap();
    assert!(kept.contains("[redacted:") && kept.contains("is wrong"), "{kept}");
    assert!(!kept.contains("hunter2"), "{kept}");
}

#[test]
fn nothing_but_true_approves() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    let truthy = [
        json!("true"),
        json!("false"),
        json!("yes"),
        json!("no"),
        json!(""),
        json!(0),
        json!(1),
        json!(1.5),
        Value::Null,
        json!([]),
        json!([true]),
        json!({}),
        json!({"approved": true}),
    ];
    let with = |value: &Value| {
        let mut answer = approval();
        answer["approved"] = value.clone();
        answer
    };
    let mut missing = approval();
    missing.as_object_mut().unwrap().remove("approved");
    for answer in truthy.iter().map(with).chain([missing]) {
        let refused = resolve(&daemon, &decision, &daemon.keys.approver, &answer);
        assert_eq!(refused.status, 422, "{answer}");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/approved", "{answer}");
        assert_eq!(follow(&daemon, &decision)["status"], "pending", "{answer}");
    }
    // It is no other part of the request that was refused.
    let answer = resolve(&daemon, &decision, &daemon.keys.approver, &approval());
    assert_eq!(answer.json()["status"], "approved");
}

#[test]
fn an_answer_to_what_nobody_asked_is_told_so() {
    let daemon = Daemon::start();
    let unknown = json!({"outcome": "unknown"});
    let never = json!({"approval": {"id": "apr_0198c2f4-0000-7000-8000-000000000001"}});
    let read = daemon.post("/v1/actions", &daemon.keys.agent, &json!({"tool": "get_order"})).json();
    let id = read["id"].as_str().unwrap().replace("act_", "apr_");
    let others = daemon.post("/v1/actions", &daemon.keys.other_agent, &note()).json();
    for decision in [never, json!({"approval": {"id": id}}), others.clone()] {
        for answer in [approval(), json!({"approved": false, "reason": "no"})] {
            let answer = resolve(&daemon, &decision, &daemon.keys.approver, &answer);
            assert_eq!((answer.status, answer.json()), (200, unknown.clone()), "{decision}");
        }
    }
    let path = format!("/v1/actions/{}", others["id"].as_str().unwrap());
    assert_eq!(daemon.get(&path, &daemon.keys.other_agent).json()["status"], "pending");
}

#[test]
fn what_asks_the_same_is_known_by_its_call_and_counted() {
    let daemon = Daemon::start();
    let other = json!({"tool": "send_note", "params": {"to": "noor"}});
    // The agent and its reasons are beside the call.
    let mut again = note();
    again["agent"] = json!("another");
    again["reason"] = json!("because");
    for action in [&note(), &other, &again] {
        held(&daemon, action);
    }
    daemon.post("/v1/actions", &daemon.keys.other_agent, &note());
    let inbox = || daemon.get("/v1/approvals", &daemon.keys.operator).json()["approvals"].clone();
    let listed = inbox();
    let count = |place: usize| listed[place]["identical"].as_u64().unwrap();
    assert_eq!([count(0), count(1), count(2), count(3)], [2, 1, 2, 1]);
    let call = |place: usize| listed[place]["call"].as_str().unwrap();
    assert_eq!(call(0), call(2));
    assert!(call(0) != call(1) && call(0) != call(3), "another call, another tenant");
    let one =
        format!("/v1/approvals/{}", listed[2]["decision"]["approval"]["id"].as_str().unwrap());
    let shown = daemon.get(&one, &daemon.keys.approver).json();
    assert_eq!((&shown["call"], &shown["identical"]), (&listed[0]["call"], &json!(2)));
    resolve(&daemon, &listed[0]["decision"], &daemon.keys.approver, &approval());
    assert_eq!(inbox()[1]["identical"], 1);
}

#[test]
fn a_sign_off_says_what_was_asked_for() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    let with = |name: &str, text: Value| {
        let mut answer = approval();
        answer[name] = text;
        resolve(&daemon, &decision, &daemon.keys.approver, &answer)
    };
    for (name, text) in [
        ("verbatim_response", json!("ok")),
        ("verbatim_response", json!("\u{200b}".repeat(60))),
        ("responsible_owner", json!(" ")),
        ("another_field", json!("what is this")),
        ("responsible_owner", json!(7)),
    ] {
        let refused = with(name, text);
        assert_eq!(refused.status, 422, "{name}: {}", refused.text);
        assert!(refused.text.contains(name), "{}", refused.text);
    }
    assert_eq!(follow(&daemon, &decision)["status"], "pending");
}

#[test]
fn a_denial_reaches_the_agent_and_the_same_call_is_blocked() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    let no = json!({"approved": false, "reason": "Mira left the company."});
    let answer = resolve(&daemon, &decision, &daemon.keys.approver, &no);
    assert_eq!(answer.json(), json!({"outcome": "resolved", "status": "denied"}));
    let followed = follow(&daemon, &decision);
    assert_eq!((&followed["status"], &followed["denial"]), (&json!("denied"), &no["reason"]));
    let again = daemon.post("/v1/actions", &daemon.keys.agent, &note()).json();
    assert_eq!(again["verdict"], "block");
    // A second answer, of whatever kind, changes nothing.
    for second in [approval(), no] {
        let late = resolve(&daemon, &decision, &daemon.keys.approver, &second).json();
        assert_eq!(late, json!({"outcome": "already_resolved", "status": "denied"}));
    }
}

#[test]
fn nobody_approves_what_is_done_for_them() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &json!({"tool": "send_note", "user": "ann"}));
    let refused = resolve(&daemon, &decision, &daemon.keys.approver, &approval());
    assert_eq!(refused.status, 403, "{}", refused.text);
    let guard = daemon.guard.as_ref().unwrap();
    let ben = NewPerson {
        person: "ben".parse().unwrap(),
        tenant: Some("acme".parse().unwrap()),
        roles: [KeyScope::Approver].into(),
        groups: [].into(),
    };
    guard.blocking().invite(ben).unwrap();
    let answer = resolve(&daemon, &decision, &person_key(guard, "acme", "ben"), &approval());
    assert_eq!(answer.json()["status"], "approved");
}

#[test]
fn an_edited_action_takes_the_place_of_the_held_one() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    let mut answer = approval();
    answer["params"] = json!({"to": "mira", "text": "hello", "copies": 1});
    let edited = resolve(&daemon, &decision, &daemon.keys.approver, &answer);
    assert_eq!(edited.json(), json!({"outcome": "resolved", "status": "superseded"}));
    let old = follow(&daemon, &decision);
    let path = format!("/v1/actions/{}", old["successor"].as_str().unwrap());
    let new = daemon.get(&path, &daemon.keys.agent).json();
    assert_eq!((&new["status"], &new["replaces"]), (&json!("approved"), &decision["id"]));
    assert_eq!(new["action"]["params"], answer["params"]);
    assert_ne!(new["digest"], decision["digest"]);
    assert_eq!(redeem(&daemon, &new["warrant"], &note()["params"]).status, 403);
    assert_eq!(redeem(&daemon, &new["warrant"], &answer["params"]).status, 200);
}

#[test]
fn a_kill_switch_ends_what_waits() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    let switch = json!({"scope": "tenant:acme", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &daemon.keys.operator, &switch).status, 201);
    let late = resolve(&daemon, &decision, &daemon.keys.approver, &approval()).json();
    assert_eq!(late["outcome"], "already_resolved");
    assert_ne!(late["status"], "approved");
}

#[test]
fn the_inbox_shows_the_frozen_action_and_only_the_own_tenant() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    let other = daemon.post("/v1/actions", &daemon.keys.other_agent, &note()).json();
    assert_eq!(other["verdict"], "require_approval");
    let inbox = daemon.get("/v1/approvals", &daemon.keys.approver).json();
    let approvals = inbox["approvals"].as_array().unwrap();
    assert_eq!(approvals.len(), 1);
    assert_eq!(approvals[0]["decision"]["id"], decision["id"]);
    assert_eq!(approvals[0]["action"]["params"], note()["params"]);
    let path = format!("/v1/approvals/{}", other["approval"]["id"].as_str().unwrap());
    assert_eq!(daemon.get(&path, &daemon.keys.approver).status, 404);
    let all = daemon.get("/v1/approvals", &daemon.keys.operator).json();
    assert_eq!(all["approvals"].as_array().unwrap().len(), 2);
    let after = decision["approval"]["id"].as_str().unwrap();
    let path = format!("/v1/approvals?after={after}");
    let rest = daemon.get(&path, &daemon.keys.operator).json();
    assert_eq!(rest["approvals"][0]["decision"]["id"], other["id"]);
    assert_eq!(daemon.get("/v1/approvals?limit=0", &daemon.keys.operator).status, 400);
}

#[test]
fn a_program_asks_for_other_treatment_as_far_as_the_policy_permits() {
    let daemon = Daemon::start();
    let propose = |treatment: &str| {
        let path = format!("/v1/actions?treatment={treatment}");
        daemon.post(&path, &daemon.keys.agent, &note())
    };
    assert_eq!(propose("binding").json()["verdict"], "require_approval");
    let unasked = propose("unasked").json();
    assert_eq!((&unasked["verdict"], &unasked["approval"]), (&json!("block"), &json!(null)));
    for laxer in ["fail_open", "shadow"] {
        let refused = propose(laxer);
        assert_eq!(refused.status, 422, "{laxer}");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/treatment");
    }
    assert_eq!(propose("lax").status, 400);
    assert_eq!(daemon.post("/v1/actions?other=1", &daemon.keys.agent, &note()).status, 400);
    // What reads runs at once, unless a person shall look at it.
    let read = json!({"tool": "get_order", "params": {"order": "o-1"}});
    let read = |path: &str| daemon.post(path, &daemon.keys.agent, &read).json();
    assert_eq!(read("/v1/actions")["verdict"], "allow");
    assert_eq!(read("/v1/actions?treatment=gated")["verdict"], "require_approval");
    // What a program stops itself is on record as blocked, also where nothing else speaks against it.
    let stopped = read("/v1/actions?treatment=stopped");
    assert_eq!((&stopped["verdict"], &stopped["approval"]), (&json!("block"), &json!(null)));
}
