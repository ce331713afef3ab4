//! A request to every endpoint.

use serde_json::{Value, json};

use super::{Daemon, POLICY};

/// A request that succeeds for the right actor, and what must be there for it to succeed.
pub(crate) fn request(daemon: &Daemon, method: &str, path: &str) -> (String, Option<Value>) {
    let body = |body: Value| (path.to_owned(), Some(body));
    let at = |target: String| (target, None);
    match (method, path) {
        ("POST", "/v1/actions" | "/v1/evaluate") => {
            body(json!({"tool": "get_order", "tenant": "acme"}))
        }
        ("GET", "/v1/actions/{id}" | "/v1/actions/{id}/history") => {
            at(path.replace("{id}", &acted(daemon).0))
        }
        ("POST", "/v1/actions/{id}/outcome") => {
            let path = path.replace("{id}", &acted(daemon).0);
            (path, Some(json!({"status": "succeeded"})))
        }
        ("POST", "/v1/approvals/{id}/resolve") => {
            (path.replace("{id}", &held(daemon)), Some(approved()))
        }
        ("GET", "/v1/approvals/{id}") => at(path.replace("{id}", &held(daemon))),
        ("POST", "/v1/approvals/{id}/withdraw") => at(path.replace("{id}", &held(daemon))),
        ("DELETE", "/v1/standing-approvals/{id}") => at(path.replace("{id}", &standing(daemon))),
        ("POST", "/v1/warrants/redeem") => {
            let action = json!({"tool": "get_order", "agent": "another"});
            let decision = daemon.post("/v1/actions", &daemon.keys.agent, &action).json();
            body(json!({"warrant": decision["warrant"], "tool": "get_order"}))
        }
        ("POST", "/v1/warrants/rotate") => at(path.to_owned()),
        ("POST", "/v1/autonomy/{class}/ratify") => at(path.replace("{class}", "deploy")),
        ("GET", "/v1/log/proof") => at(format!("{path}?index={}", acted(daemon).1)),
        ("DELETE", "/v1/log/entries/{index}/private") => {
            let index = acted(daemon).1.to_string();
            (path.replace("{index}", &index), Some(json!({"reason": "asked by the customer"})))
        }
        ("POST", "/v1/kill-switches") => body(switch()),
        ("DELETE", "/v1/kill-switches/{scope}") => {
            let tripped = daemon.post("/v1/kill-switches", &daemon.keys.operator, &switch());
            assert_eq!(tripped.status, 201);
            at(path.replace("{scope}", "tenant:acme%2Ftool:send_note"))
        }
        ("POST", "/v1/evidence") => body(json!({
            "tenant": "acme", "class": "send_note", "source": "evals", "passed": 1, "failed": 0,
        })),
        ("POST", "/v1/integrations") => body(integration()),
        (_, "/v1/integrations/{id}" | "/v1/integrations/{id}/rotate") => {
            let made = daemon.post("/v1/integrations", &daemon.keys.operator, &integration());
            at(path.replace("{id}", made.json()["app_id"].as_str().expect("an id")))
        }
        ("POST", "/v1/people") => body(person()),
        ("PUT" | "DELETE", "/v1/people/{person}") => {
            assert_eq!(daemon.post("/v1/people", &daemon.keys.operator, &person()).status, 201);
            let powers = json!({"roles": ["auditor"], "groups": ["finance"]});
            (path.replace("{person}", "ana%20l"), (method == "PUT").then_some(powers))
        }
        ("PUT" | "POST", "/v1/policy" | "/v1/policy/validate" | "/v1/policy/replay") => {
            body(json!({"files": [{"name": "policy.toml", "text": POLICY}]}))
        }
        ("GET", "/tile/{level}/{index}") => at("/tile/0/000.p/1".to_owned()),
        ("GET", "/tile/entries/{index}") => at("/tile/entries/000.p/1".to_owned()),
        ("GET", path) if !path.contains('{') => at(path.to_owned()),
        _ => panic!("what would be a request to {method} {path}?"),
    }
}

pub(crate) fn approved() -> Value {
    json!({
        "approved": true,
        "verbatim_response": "I have read the whole of it, and it is what we agreed on.",
        "responsible_owner": "Ann",
    })
}

fn switch() -> Value {
    json!({"scope": "tenant:acme/tool:send_note", "reason": "a drill"})
}

fn integration() -> Value {
    json!({"name": "made", "scopes": ["agent"], "tenant": "acme"})
}

fn person() -> Value {
    json!({"person": "ana l", "roles": ["approver"], "tenant": "acme"})
}

/// The key of the tenant acme that may write there, or of the operator where none may.
pub(crate) fn writer(daemon: &Daemon, path: &str) -> String {
    let keys = &daemon.keys;
    let key = match path {
        "/v1/actions" | "/v1/actions/{id}/outcome" => &keys.agent,
        "/v1/approvals/{id}/withdraw" | "/v1/warrants/redeem" => &keys.agent,
        "/v1/approvals/{id}/resolve" | "/v1/autonomy/{class}/ratify" => &keys.approver,
        _ => &keys.operator,
    };
    key.clone()
}

/// The approval of a held action of acme, by an agent that is not the bot.
pub(crate) fn held(daemon: &Daemon) -> String {
    let action = json!({"tool": "send_note", "agent": "another", "user": "rea"});
    let decision = daemon.post("/v1/actions", &daemon.keys.agent, &action).json();
    decision["approval"]["id"].as_str().expect("an id").to_owned()
}

/// A standing approval of acme.
fn standing(daemon: &Daemon) -> String {
    let path = format!("/v1/approvals/{}/resolve", held(daemon));
    let mut answer = approved();
    answer["standing"] = json!({"params": [""]});
    assert_eq!(daemon.post(&path, &daemon.keys.approver, &answer).status, 200);
    let listed = daemon.get("/v1/standing-approvals", &daemon.keys.approver).json();
    listed["standing_approvals"][0]["id"].as_str().expect("an id").to_owned()
}

/// An action of acme, by an agent that is not the bot, and its place in the log.
fn acted(daemon: &Daemon) -> (String, u64) {
    let action = json!({"tool": "get_order", "agent": "another"});
    let decision = daemon.post("/v1/actions", &daemon.keys.agent, &action).json();
    (
        decision["id"].as_str().expect("an id").to_owned(),
        decision["log_index"].as_u64().expect("a place"),
    )
}
