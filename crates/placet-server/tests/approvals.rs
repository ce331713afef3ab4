//! People answer, warrants are spent, outcomes are told: over HTTP, from end to end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::io::BufRead as _;

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

/// The entries of one kind, without what differs from run to run.
fn entries(daemon: &Daemon, kind: &str) -> Vec<Value> {
    let entries = daemon.guard.as_ref().unwrap().log().entries(0, 10_000).unwrap();
    let events = entries.into_iter().map(|entry| serde_json::to_value(entry.event).unwrap());
    events.filter_map(|event| event.get(kind).cloned()).collect()
}

#[test]
fn an_expired_warrant_is_gone_and_the_log_says_that_it_was_shown() {
    let policy = common::POLICY.replace("mode =", "warrant_lifetime = \"2s\"\nmode =");
    let daemon = Daemon::with_policy(&policy);
    let read = daemon.post("/v1/actions", &daemon.keys.agent, &json!({"tool": "get_order"})).json();
    let decision = held(&daemon, &note());
    resolve(&daemon, &decision, &daemon.keys.approver, &approval());
    let warrant = follow(&daemon, &decision)["warrant"].clone();
    assert!(warrant.is_string());
    // What was approved last expires last, and that is an event.
    let stream = daemon.events("/v1/events?from=0", &daemon.keys.operator);
    let expired =
        stream.lines().map_while(Result::ok).find(|line| line.contains("\"event\":{\"expired\""));
    assert!(expired.is_some(), "it never expired");
    let gone = |answer: common::Answer| {
        assert_eq!(answer.status, 410, "{}", answer.text);
        assert_eq!(answer.json()["type"], "urn:placet:problem:gone");
    };
    gone(redeem(&daemon, &warrant, &note()["params"]));
    let body = json!({"warrant": read["warrant"], "tool": "get_order"});
    gone(daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &body));
    let refused = entries(&daemon, "redemption_refused");
    let actions: Vec<_> = refused.iter().map(|refused| &refused["action"]).collect();
    assert_eq!(actions, [&decision["id"], &read["id"]]);
    assert!(refused[1]["why"]["expired"].is_string(), "{refused:?}");
    assert!(entries(&daemon, "redeemed").is_empty());
}

#[test]
fn a_warrant_of_somebody_else_is_refused_and_logged_once_with_who_showed_it() {
    let daemon = Daemon::start();
    let read = json!({"tool": "get_order", "agent": "another"});
    let allowed = daemon.post("/v1/actions", &daemon.keys.agent, &read).json();
    let body = json!({"warrant": allowed["warrant"], "tool": "get_order"});
    let show = |key: &str| daemon.post("/v1/warrants/redeem", key, &body);
    for (number, key) in [&daemon.keys.other_agent, &daemon.keys.one_agent].into_iter().enumerate()
    {
        let answer = show(key);
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert!(answer.text.contains("another audience"), "{}", answer.text);
        let refused = entries(&daemon, "redemption_refused");
        assert_eq!(refused.len(), number + 1);
        assert_eq!(refused[number]["action"], allowed["id"]);
        assert_eq!(refused[number]["why"], "other_audience");
    }
    // Whoever may redeem nothing at all is not worth an entry.
    assert_eq!(show(&daemon.keys.operator).status, 403);
    assert_eq!(entries(&daemon, "redemption_refused").len(), 2);
    assert_eq!(show(&daemon.keys.agent).status, 200);
}

#[test]
fn warrants_from_before_rotations_are_good_and_their_keys_published() {
    let daemon = Daemon::start();
    let published = || {
        let keys = daemon.get("/.well-known/jwks.json", &daemon.keys.agent).json();
        let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
        keys["keys"].as_array().unwrap().iter().map(kid).collect::<Vec<_>>()
    };
    let propose = || daemon.post("/v1/actions", &daemon.keys.agent, &json!({"tool": "get_order"}));
    let (mut warrants, mut kids) = (vec![propose().json()["warrant"].clone()], published());
    assert_eq!(kids.len(), 1);
    for _ in 0..3 {
        let rotated = daemon.call("POST", "/v1/warrants/rotate", Some(&daemon.keys.operator), None);
        kids.insert(0, rotated.json()["kid"].as_str().unwrap().to_owned());
        assert_eq!(published(), kids, "the one that signs first");
        warrants.push(propose().json()["warrant"].clone());
    }
    for warrant in warrants {
        let body = json!({"warrant": warrant, "tool": "get_order"});
        assert_eq!(daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &body).status, 200);
    }
    let rotate = || daemon.call("POST", "/v1/warrants/rotate", Some(&daemon.keys.operator), None);
    let refused = (0..16).map(|_| rotate()).find(|answer| answer.status != 200).unwrap();
    assert_eq!((refused.status, published().len()), (429, 16));
    assert!(refused.text.contains("rotate again after"), "{}", refused.text);
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
fn a_warrant_from_before_a_kill_switch_is_dead_also_after_its_reset() {
    let daemon = Daemon::start();
    let read = json!({"tool": "get_order"});
    let allowed = daemon.post("/v1/actions", &daemon.keys.agent, &read).json();
    let switch = json!({"scope": "tenant:acme/tool:get_order", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &daemon.keys.operator, &switch).status, 201);
    let spend = || {
        let body = json!({"warrant": allowed["warrant"], "tool": "get_order"});
        daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &body).status
    };
    assert_eq!(spend(), 403);
    let path = "/v1/kill-switches/tenant:acme%2Ftool:get_order";
    assert_eq!(daemon.call("DELETE", path, Some(&daemon.keys.operator), None).status, 200);
    assert_eq!(spend(), 403);
    let fresh = daemon.post("/v1/actions", &daemon.keys.agent, &read).json();
    let body = json!({"warrant": fresh["warrant"], "tool": "get_order"});
    assert_eq!(daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &body).status, 200);
}

#[test]
fn a_dead_warrant_is_not_handed_out_and_it_is_said_why() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    resolve(&daemon, &decision, &daemon.keys.approver, &approval());
    let propose = |name: &str| {
        let (key, read) = (Some(&*daemon.keys.agent), json!({"tool": "get_order"}));
        let name = [("idempotency-key", name)];
        daemon.call_with("POST", "/v1/actions", key, Some(&read), &name).json()
    };
    let read = propose("one");
    assert_eq!(propose("one"), read, "the same request, the same answer");
    for given in [&decision, &read] {
        let shown = follow(&daemon, given);
        assert!(shown["warrant"].is_string() && shown["refusal"].is_null(), "{shown}");
    }
    let install = |text: &str| {
        let files = json!({"files": [{"name": "policy.toml", "text": text}]});
        let put = daemon.call("PUT", "/v1/policy", Some(&daemon.keys.operator), Some(&files));
        assert_eq!(put.status, 200, "{}", put.text);
    };
    let is_dead = |given: &Value, status: &str, why: &str| {
        let shown = follow(&daemon, given);
        assert_eq!((shown["status"].as_str(), &shown["warrant"]), (Some(status), &Value::Null));
        let refusal = shown["refusal"].as_str().unwrap_or_default();
        assert!(refusal.contains(why), "{shown}");
    };
    install(&common::POLICY.replace("auto_cap = \"100\"", "auto_cap = \"10\""));
    is_dead(&decision, "approved", "another policy holds");
    is_dead(&read, "allowed", "another policy holds");
    assert_eq!(propose("one")["warrant"], Value::Null, "and not for asking once more");

    let (fresh, spent) = (propose("two"), propose("three"));
    let body = json!({"warrant": spent["warrant"], "tool": "get_order"});
    assert_eq!(daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &body).status, 200);
    let shown = follow(&daemon, &spent);
    assert!(shown["warrant"].is_null() && shown["refusal"].is_null(), "{shown}");
    assert_eq!(propose("three")["warrant"], Value::Null, "it is spent");
    let switch = json!({"scope": "tenant:acme/tool:get_order", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &daemon.keys.operator, &switch).status, 201);
    is_dead(&fresh, "allowed", "kill switch tenant:acme/tool:get_order");
    assert_eq!(propose("two")["warrant"], Value::Null);
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
fn a_repeated_request_is_answered_again_and_spends_once() {
    let daemon = Daemon::start();
    let read = json!({"tool": "get_order"});
    let allowed = daemon.post("/v1/actions", &daemon.keys.agent, &read).json();
    let body = json!({"warrant": allowed["warrant"], "tool": "get_order"});
    let named = |name: &str| {
        let (path, key) = ("/v1/warrants/redeem", Some(&*daemon.keys.agent));
        daemon.call_with("POST", path, key, Some(&body), &[("idempotency-key", name)]).status
    };
    assert_eq!((named("one"), named("one"), named("two")), (200, 200, 409));
}

fn standing(params: &Value) -> Value {
    let mut answer = approval();
    answer["standing"] = json!({"params": params, "uses": 1});
    answer
}

#[test]
fn what_was_signed_off_on_beforehand_runs_without_asking() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    let answer = resolve(&daemon, &decision, &daemon.keys.approver, &standing(&json!(["/to"])));
    assert_eq!(answer.json(), json!({"outcome": "resolved", "status": "approved"}));
    let listed = daemon.get("/v1/standing-approvals", &daemon.keys.approver).json();
    let one = &listed["standing_approvals"][0];
    assert_eq!(
        (&one["pins"], &one["used"], &one["by"]),
        (&json!({"/to": "mira"}), &json!(0), &json!("ann"))
    );
    let other = daemon.get("/v1/standing-approvals", &daemon.keys.other_admin).json();
    assert_eq!(other, json!({"standing_approvals": []}), "another tenant sees nothing of it");

    let elsewhere = json!({"tool": "send_note", "params": {"to": "noor", "text": "hello"}});
    assert!(held(&daemon, &elsewhere)["warrant"].is_null());
    let alike = json!({"tool": "send_note", "params": {"to": "mira", "text": "a word"}});
    let decision = held(&daemon, &alike);
    let spent = redeem(&daemon, &decision["warrant"], &alike["params"]);
    assert_eq!(spent.json()["params"], alike["params"]);
    assert!(held(&daemon, &alike)["warrant"].is_null(), "it was for one use");
}

#[test]
fn a_standing_approval_is_taken_back_at_once() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    resolve(&daemon, &decision, &daemon.keys.approver, &standing(&json!([""])));
    let listed = daemon.get("/v1/standing-approvals", &daemon.keys.auditor).json();
    let id = listed["standing_approvals"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/standing-approvals/{id}");
    let why = json!({"reason": "mira moved"});
    let revoke = || daemon.call("DELETE", &path, Some(&daemon.keys.approver), Some(&why));
    assert_eq!(revoke().json()["id"], json!(id));
    assert_eq!(revoke().status, 404);
    assert!(held(&daemon, &note())["warrant"].is_null());
}

#[test]
fn a_standing_approval_says_where_it_is_wrong() {
    let daemon = Daemon::start();
    let decision = held(&daemon, &note());
    let with = |field: &str, value: Value| {
        let mut answer = approval();
        answer[field] = value;
        resolve(&daemon, &decision, &daemon.keys.approver, &answer)
    };
    for (value, pointer) in [
        (json!("yes"), "/standing"),
        (json!({}), "/standing"),
        (json!({"params": []}), "/standing"),
        (json!({"params": ["to"]}), "/standing/params/0"),
        (json!({"params": ["/to", "/cc"]}), "/standing/params"),
        (json!({"params": ["/to"], "uses": 0}), "/standing"),
        (json!({"params": ["/to"], "uses": "9"}), "/standing/uses"),
        (json!({"params": ["/to"], "until": "2020-01-01T00:00:00Z"}), "/standing"),
        (json!({"params": ["/to"], "for": "ever"}), "/standing/for"),
    ] {
        let refused = with("standing", value.clone());
        assert_eq!(refused.status, 422, "{value}: {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{value}");
    }
    let mut edited = standing(&json!(["/to"]));
    edited["params"] = json!({"to": "noor"});
    assert_eq!(resolve(&daemon, &decision, &daemon.keys.approver, &edited).status, 422);
    let denied = json!({"approved": false, "reason": "no", "standing": {"params": [""]}});
    assert_eq!(resolve(&daemon, &decision, &daemon.keys.approver, &denied).status, 422);
    assert_eq!(follow(&daemon, &decision)["status"], "pending");
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
