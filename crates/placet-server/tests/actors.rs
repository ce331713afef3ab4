//! Who may do what: every endpoint, asked by everyone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::collections::BTreeSet;
use std::time::Instant;

use common::raw::PATIENCE;
use common::sample::{approved, held, request};
use common::{Daemon, endpoints, person_key};
use placet::{KeyScope, LogPlace, NewKey, NewPerson, Timestamp};
use placet_server::ServerConfig;
use serde_json::json;

/// What each actor gets for a request about the tenant acme that the right one gets through with.
///
/// `wrong` and `revoked` are keys that do not exist, or not any more; `bot` is a key of acme that
/// speaks for one agent, which is not the one that acted; `operator` and `overseer` belong to no
/// tenant; the `other` ones belong to another one. The `requester` is the person whom the held actions
/// are done for, and `faceless` a key that may answer and speaks for nobody. Whoever answers what
/// belongs to another tenant is told, with 200, that it is unknown, as if it were not there.
const TABLE: &str = "
endpoint                              nobody wrong revoked operator overseer agent bot admin approver auditor other_agent other_admin requester faceless other_approver

POST   /v1/actions                    401    401   401     403      403      200   200 403   403      403     403         403       403      403            403
GET    /v1/actions/{id}               401    401   401     200      200      200   404 200   200      200     404         404       200      200            404
GET    /v1/actions/{id}/history       401    401   401     200      200      403   403 200   200      200     403         404       200      200            404
POST   /v1/evaluate                   401    401   401     200      200      200   200 200   200      200     403         403       200      200            403

POST   /v1/actions/{id}/outcome       401    401   401     200      403      200   404 200   403      403     404         404       403      403            403

GET    /v1/approvals                  401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
GET    /v1/approvals/{id}             401    401   401     200      200      403   403 200   200      200     403         404       200      200            404
POST   /v1/approvals/{id}/resolve     401    401   401     403      403      403   403 403   200      403     403         403       403      403            200
POST   /v1/approvals/{id}/withdraw    401    401   401     403      403      200   404 403   403      403     404         403       403      403            403
GET    /v1/standing-approvals         401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
DELETE /v1/standing-approvals/{id}    401    401   401     200      403      403   403 200   200      403     403         404       200      200            404
POST   /v1/warrants/redeem            401    401   401     403      403      200   403 403   403      403     403         403       403      403            403
POST   /v1/warrants/rotate            401    401   401     200      403      403   403 403   403      403     403         403       403      403            403
GET    /.well-known/jwks.json         200    200   200     200      200      200   200 200   200      200     200         200       200      200            200

GET    /v1/kill-switches              401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
POST   /v1/kill-switches              401    401   401     201      403      403   403 201   403      403     403         403       403      403            403
DELETE /v1/kill-switches/{scope}      401    401   401     200      403      403   403 200   403      403     403         404       403      403            403

GET    /v1/autonomy                   401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
POST   /v1/evidence                   401    401   401     201      403      403   403 201   403      403     403         403       403      403            403
POST   /v1/autonomy/{class}/ratify    401    401   401     403      403      403   403 403   200      403     403         403       200      403            200

GET    /v1/integrations               401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
POST   /v1/integrations               401    401   401     201      403      403   403 201   403      403     403         403       403      403            403
POST   /v1/integrations/{id}/rotate   401    401   401     200      403      403   403 200   403      403     403         404       403      403            403
DELETE /v1/integrations/{id}          401    401   401     200      403      403   403 200   403      403     403         404       403      403            403

GET    /v1/people                     401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
POST   /v1/people                     401    401   401     201      403      403   403 201   403      403     403         403       403      403            403
PUT    /v1/people/{person}            401    401   401     200      403      403   403 200   403      403     403         404       403      403            403
DELETE /v1/people/{person}            401    401   401     200      403      403   403 200   403      403     403         404       403      403            403

GET    /v1/policy                     401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
PUT    /v1/policy                     401    401   401     200      403      403   403 403   403      403     403         403       403      403            403
POST   /v1/policy/validate            401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
POST   /v1/policy/replay              401    401   401     200      403      403   403 403   403      403     403         403       403      403            403

GET    /v1/events                     401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
GET    /v1/log/proof                  401    401   401     200      200      200   404 200   200      200     404         404       200      200            404
GET    /v1/log/backup                 401    401   401     200      403      403   403 403   403      403     403         403       403      403            403
DELETE /v1/log/entries/{index}/private 401   401   401     200      403      403   403 200   403      403     403         404       403      403            403
GET    /checkpoint                    401    401   401     200      200      200   200 200   200      200     200         200       200      200            200
GET    /tile/{level}/{index}          401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
GET    /tile/entries/{index}          401    401   401     200      200      403   403 403   403      403     403         403       403      403            403

GET    /v1/metrics/summary            401    401   401     200      200      403   403 200   200      200     403         200       200      200            200
GET    /v1/webhooks/dead-letters      401    401   401     200      200      403   403 403   403      403     403         403       403      403            403
GET    /metrics                       401    401   401     200      200      403   403 403   403      403     403         403       403      403            403
GET    /health                        200    200   200     200      200      200   200 200   200      200     200         200       200      200            200
GET    /ready                         200    200   200     200      200      200   200 200   200      200     200         200       200      200            200
GET    /openapi.json                  200    200   200     200      200      200   200 200   200      200     200         200       200      200            200
";

struct Row {
    method: &'static str,
    path: &'static str,
    statuses: Vec<u16>,
}

fn actors() -> Vec<&'static str> {
    TABLE.trim().lines().next().unwrap().split_whitespace().skip(1).collect()
}

fn rows() -> Vec<Row> {
    let lines = TABLE.trim().lines().skip(1).filter(|line| !line.is_empty());
    let row = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        Row { method, path, statuses: words.map(|word| word.parse().unwrap()).collect() }
    };
    lines.map(row).collect()
}

#[test]
fn the_table_names_every_endpoint() {
    let described: BTreeSet<String> = endpoints().into_iter().collect();
    let tabled: BTreeSet<String> =
        rows().iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    assert_eq!(described, tabled);
}

#[test]
fn everyone_gets_what_the_table_says() {
    // What is in no file cannot be copied.
    let folder = tempfile::tempdir().unwrap();
    let log = LogPlace::File(folder.path().join("placet.db"));
    let daemon = Daemon::with(ServerConfig::default(), log);
    let more = More::make(&daemon);
    let mut wrong = Vec::new();
    for Row { method, path, statuses } in rows() {
        assert_eq!(statuses.len(), actors().len(), "{method} {path}");
        for (actor, expected) in actors().into_iter().zip(statuses) {
            let (target, body) = request(&daemon, method, path);
            let key = key(&daemon, actor, &more);
            let status = daemon.call(method, &target, key.as_deref(), body.as_ref()).status;
            if status != expected {
                wrong.push(format!("{actor}: {method} {target}: {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A path has many spellings, and whoever gets nothing at one of them gets nothing at another.
#[test]
fn no_spelling_of_a_path_opens_what_another_closes() {
    let daemon = Daemon::start();
    let more = More::make(&daemon);
    let mut wrong = Vec::new();
    for Row { method, path, statuses } in rows() {
        let (target, body) = request(&daemon, method, path);
        for (actor, expected) in actors().into_iter().zip(statuses) {
            if expected < 400 {
                continue;
            }
            let key = key(&daemon, actor, &more);
            for spelt in spellings(&target) {
                let told = daemon.call(method, &spelt, key.as_deref(), body.as_ref());
                if told.status < 400 {
                    wrong.push(format!("{actor}: {method} {spelt}: {}", told.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A path with one of its letters or slashes written as an escape: each that begins a step.
fn spellings(path: &str) -> Vec<String> {
    let slashes = path.match_indices('/').skip(1).map(|(at, _)| at);
    let letters = path.match_indices('/').map(|(at, _)| at + 1).filter(|at| *at < path.len());
    let escape = |at: usize| {
        let (before, after) = path.split_at(at);
        let byte = after.as_bytes()[0];
        // What is an escape already stays one.
        let rest = after.get(1..).filter(|_| byte != b'%')?;
        Some(format!("{before}%{byte:02x}{rest}"))
    };
    slashes.chain(letters).filter_map(escape).collect()
}

/// What whoever has no key for it might write to be taken for somebody else.
const SPOOFS: [(&str, &str); 20] = [
    ("X-Forwarded-User", "ann"),
    ("X-Forwarded-Preferred-Username", "ann"),
    ("X-Forwarded-Email", "ann@acme.example"),
    ("X-Forwarded-Groups", "finance"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Real-IP", "127.0.0.1"),
    ("Forwarded", "for=127.0.0.1;by=ann"),
    ("X-Remote-User", "ann"),
    ("Remote-User", "ann"),
    ("X-Auth-Request-User", "ann"),
    ("X-Authenticated-User", "ann"),
    ("X-User", "ann"),
    ("X-Actor", "ann"),
    ("X-Placet-Person", "ann"),
    ("X-Placet-Scope", "approver"),
    ("X-Placet-Tenant", "acme"),
    ("X-Original-URL", "/v1/approvals"),
    ("X-HTTP-Method-Override", "PUT"),
    ("X-Method-Override", "GET"),
    ("Cookie", "placet_session=ann; session=ann; user=ann"),
];

/// Who may not answer does not become who may by saying so, with any header or with all of them.
#[test]
fn no_header_makes_an_approver_of_anybody() {
    let daemon = Daemon::start();
    let more = More::make(&daemon);
    let approval = held(&daemon);
    let action = format!("/v1/actions/{}", approval.replace("apr_", "act_"));
    let resolve = format!("/v1/approvals/{approval}/resolve");
    let answers = [approved(), json!({"approved": false, "reason": "no"})];
    let mut spoofs: Vec<Vec<(&str, &str)>> = SPOOFS.map(|spoof| vec![spoof]).into();
    spoofs.push(SPOOFS.into());
    for actor in actors().into_iter().filter(|actor| *actor != "approver") {
        let expected = match actor {
            "nobody" | "wrong" | "revoked" => 401,
            "other_approver" => 200,
            _ => 403,
        };
        let key = key(&daemon, actor, &more);
        for (number, spoof) in spoofs.iter().enumerate() {
            // Whoever an action is done for may say no to it.
            let answer = Some(&answers[if actor == "requester" { 0 } else { number % 2 }]);
            let told = daemon.call_with("POST", &resolve, key.as_deref(), answer, spoof);
            assert_eq!(told.status, expected, "{actor}, {spoof:?}: {}", told.text);
            assert!(!told.text.contains("resolved"), "{actor}, {spoof:?}: {}", told.text);
        }
        let shown = daemon.get(&action, &daemon.keys.agent).json();
        assert_eq!(shown["status"], "pending", "{actor}");
    }
    // Another method does not become this one either.
    for method in ["GET", "PUT"] {
        let spoof = [("X-HTTP-Method-Override", "POST"), ("X-Method-Override", "POST")];
        let approver = Some(&*daemon.keys.approver);
        let told = daemon.call_with(method, &resolve, approver, Some(&approved()), &spoof);
        assert_eq!(told.status, 405, "{method}");
    }
    assert_eq!(daemon.get(&action, &daemon.keys.agent).json()["status"], "pending");
    let answered = daemon.post(&resolve, &daemon.keys.approver, &approved()).json();
    assert_eq!(answered["status"], "approved", "whoever may does not need any");
}

/// Keys beside those that every test has.
struct More {
    revoked: String,
    requester: String,
    faceless: String,
    other_approver: String,
}

impl More {
    fn make(daemon: &Daemon) -> Self {
        let guard = daemon.guard.as_ref().unwrap();
        let approver = |name: &str, tenant: &str| {
            let person = NewPerson {
                person: name.parse().unwrap(),
                tenant: Some(tenant.parse().unwrap()),
                roles: [KeyScope::Approver].into(),
                groups: [].into(),
            };
            guard.blocking().invite(person).unwrap();
            person_key(guard, tenant, name)
        };
        let faceless = NewKey {
            name: "faceless".parse().unwrap(),
            tenant: Some("acme".parse().unwrap()),
            agent: None,
            person: None,
            scopes: [KeyScope::Approver].into(),
        };
        let (faceless, _) = guard.blocking().create_key(faceless).unwrap();
        Self {
            revoked: revoked(daemon),
            requester: approver("rea", "acme"),
            faceless: faceless.danger_text().to_string(),
            other_approver: approver("ula", "umbrella"),
        }
    }
}

fn key(daemon: &Daemon, actor: &str, more: &More) -> Option<String> {
    let keys = &daemon.keys;
    let key = match actor {
        "nobody" => return None,
        // It has the form of one, but another secret.
        "wrong" => format!("{}{}", keys.operator.get(..40).unwrap(), keys.admin.get(40..).unwrap()),
        "revoked" => more.revoked.clone(),
        "operator" => keys.operator.clone(),
        "overseer" => keys.overseer.clone(),
        "agent" => keys.agent.clone(),
        "bot" => keys.one_agent.clone(),
        "admin" => keys.admin.clone(),
        "approver" => keys.approver.clone(),
        "auditor" => keys.auditor.clone(),
        "other_agent" => keys.other_agent.clone(),
        "other_admin" => keys.other_admin.clone(),
        "requester" => more.requester.clone(),
        "faceless" => more.faceless.clone(),
        "other_approver" => more.other_approver.clone(),
        other => panic!("who is {other}?"),
    };
    Some(key)
}

/// A key with every scope that an operator can have, and no more.
fn revoked(daemon: &Daemon) -> String {
    let every = json!({"name": "gone", "scopes": ["admin", "auditor", "approver"]});
    let made = daemon.post("/v1/integrations", &daemon.keys.operator, &every).json();
    let path = format!("/v1/integrations/{}", made["app_id"].as_str().unwrap());
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(daemon.get("/v1/policy", &secret).status, 200);
    assert_eq!(daemon.call("DELETE", &path, Some(&daemon.keys.operator), None).status, 200);
    secret
}

/// When a key was used last is known at once, also where it only read; and what it had recorded is
/// known after a restart, too.
#[test]
fn a_key_says_when_it_was_used_last() {
    let folder = tempfile::tempdir().unwrap();
    let log = || LogPlace::File(folder.path().join("placet.db"));
    let daemon = Daemon::with(ServerConfig::default(), log());
    let keys = daemon.keys.clone();
    let make = |name: &str, scope: &str| {
        let new = json!({"name": name, "scopes": [scope], "tenant": "acme"});
        daemon.post("/v1/integrations", &keys.operator, &new).json()["secret"].clone()
    };
    let [reader, writer, _] = [("reader", "auditor"), ("writer", "agent"), ("idle", "agent")]
        .map(|(name, scope)| make(name, scope).as_str().unwrap().to_owned());
    let used = |daemon: &Daemon, name: &str| {
        let listed = daemon.get("/v1/integrations", &keys.operator).json();
        let all = listed["integrations"].as_array().unwrap();
        let key = all.iter().find(|key| key["name"] == name).unwrap().clone();
        let time = |field: &str| key[field].as_str().map(|at| at.parse::<Timestamp>().unwrap());
        (time("created").unwrap(), time("last_used"))
    };
    assert!(["reader", "writer", "idle"].iter().all(|name| used(&daemon, name).1.is_none()));
    assert_eq!(daemon.get("/v1/policy", &reader).status, 200);
    assert_eq!(daemon.post("/v1/actions", &writer, &json!({"tool": "get_order"})).status, 200);
    for name in ["reader", "writer"] {
        let (created, last) = used(&daemon, name);
        assert!(last.is_some_and(|last| last >= created), "{name}: {last:?}");
    }
    let first = used(&daemon, "writer").1;
    // What is refused counts as well: somebody shows the key.
    let limit = Instant::now() + PATIENCE;
    while used(&daemon, "writer").1 == first {
        assert!(Instant::now() < limit, "still {first:?}");
        assert_eq!(daemon.get("/v1/policy", &writer).status, 403);
    }
    assert_eq!(used(&daemon, "idle").1, None);
    assert!(daemon.stop());
    let daemon = Daemon::with(ServerConfig::default(), log());
    let (created, last) = used(&daemon, "writer");
    assert!(last.is_some_and(|last| last >= created), "{last:?}");
    assert_eq!(used(&daemon, "idle").1, None);
}

/// A key that speaks for one agent reads of that agent, also where it may read more than agents do.
#[test]
fn a_key_of_one_agent_reads_nothing_of_another() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let new =
        json!({"name": "bot", "scopes": ["agent", "auditor"], "agent": "bot", "tenant": "acme"});
    let made = daemon.post("/v1/integrations", &keys.operator, &new).json();
    let bot = made["secret"].as_str().unwrap();
    let own = json!({"tool": "send_note", "agent": "bot", "params": {"to": "mine"}});
    let own = daemon.post("/v1/actions", bot, &own).json();
    // By an agent that is called another.
    request(&daemon, "DELETE", "/v1/standing-approvals/{id}");
    daemon.post("/v1/actions", &keys.agent, &json!({"tool": "deploy", "agent": "another"}));
    for endpoint in endpoints() {
        let Some(("GET", path)) = endpoint.split_once(' ') else { continue };
        let (target, _) = request(&daemon, "GET", path);
        let told = daemon.get(&target, bot);
        assert!(!told.text.contains("\"another\""), "{target}: {}", told.text);
    }
    let waits = [("prefer", "wait=0")];
    let mut stream = daemon.request("GET", "/v1/events?from=0", Some(bot), None, &waits);
    let followed = stream.body_mut().read_to_string().unwrap();
    let id = own["id"].as_str().unwrap();
    assert!(followed.contains(id) && !followed.contains("\"another\""), "{followed}");
    // What is its own it sees, one after the other.
    let listed = daemon.get("/v1/approvals?limit=1", bot).json();
    let approvals = listed["approvals"].as_array().unwrap();
    assert_eq!((approvals.len(), &approvals[0]["decision"]["id"]), (1, &own["id"]));
    let more = format!(
        "/v1/approvals?after={}",
        approvals[0]["decision"]["approval"]["id"].as_str().unwrap()
    );
    assert_eq!(daemon.get(&more, bot).json()["approvals"], json!([]));
    assert!(daemon.get("/v1/approvals", &keys.auditor).text.contains("another"));
    assert!(daemon.get("/v1/standing-approvals", &keys.auditor).text.contains("another"));
}
