//! What people signed off on beforehand.

use serde_json::{Value, json};

use super::{approval, follow, held, note, redeem, resolve};
use crate::common::Daemon;

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
