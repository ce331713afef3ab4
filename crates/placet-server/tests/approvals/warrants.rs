//! Warrants: spent once, and dead when what they permit is.

use std::io::BufRead as _;

use serde_json::{Value, json};

use super::{approval, follow, held, note, redeem, resolve};
use crate::common::{Answer, Daemon, POLICY};

/// The entries of one kind, without what differs from run to run.
fn entries(daemon: &Daemon, kind: &str) -> Vec<Value> {
    let entries = daemon.guard.as_ref().unwrap().log().entries(0, 10_000).unwrap();
    let events = entries.into_iter().map(|entry| serde_json::to_value(entry.event).unwrap());
    events.filter_map(|event| event.get(kind).cloned()).collect()
}

#[test]
fn an_expired_warrant_is_gone_and_the_log_says_that_it_was_shown() {
    let policy = POLICY.replace("mode =", "warrant_lifetime = \"2s\"\nmode =");
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
    let gone = |answer: Answer| {
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
    install(&POLICY.replace("auto_cap = \"100\"", "auto_cap = \"10\""));
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
