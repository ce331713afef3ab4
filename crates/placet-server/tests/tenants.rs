//! No key of one tenant reads, counts, trips or slows another's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::io::BufRead as _;
use std::num::NonZeroU32;

use common::{Answer, Daemon, POLICY, endpoints, person_key, sample};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use placet::{KeyScope, LogPlace, NewKey, NewPerson};
use placet_server::{Limits, ServerConfig};
use regex::Regex;
use serde_json::{Value, json};

fn refund() -> Value {
    json!({"tool": "issue_refund", "params": {"amount": "42", "currency": "USD"}})
}

#[test]
fn decisions_and_open_approvals_are_counted_for_each_tenant() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    for _ in 0..3 {
        assert_eq!(daemon.post("/v1/actions", &keys.agent, &refund()).status, 200);
    }
    daemon.post("/v1/actions", &keys.other_agent, &json!({"tool": "get_order"}));
    let counted = |key: &str| {
        let summary = daemon.get("/v1/metrics/summary", key).json();
        let decisions = summary["decisions"].clone();
        [&decisions["allow"], &decisions["require_approval"], &summary["open_approvals"]]
            .map(|number| number.as_u64().unwrap())
    };
    assert_eq!(counted(&keys.admin), [0, 3, 3]);
    assert_eq!(counted(&keys.other_admin), [1, 0, 0]);
    assert_eq!(counted(&keys.operator), [1, 3, 3]);
}

#[test]
fn integrations_switches_and_standings_are_those_of_the_tenant() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let trip = json!({"scope": "tool:send_note", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &keys.admin, &trip).status, 201);
    let evidence = json!({"class": "send_note", "source": "evals", "passed": 1, "failed": 0});
    assert_eq!(daemon.post("/v1/evidence", &keys.admin, &evidence).status, 201);
    for path in ["/v1/integrations", "/v1/kill-switches", "/v1/autonomy"] {
        let own = daemon.get(path, &keys.admin).text;
        assert!(own.contains("acme") && !own.contains("umbrella"), "{path}: {own}");
        let other = daemon.get(path, &keys.other_admin).text;
        assert!(!other.contains("acme"), "{path}: {other}");
    }
}

/// As whoever follows `next` reads it, so many at a time.
fn followed(daemon: &Daemon, path: &str, key: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = daemon.get(&format!("{path}{after}"), key);
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        found.extend(page["classes"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return found };
        after = format!("&after={}", utf8_percent_encode(next, NON_ALPHANUMERIC));
    }
}

#[test]
fn standings_come_in_pages_of_which_none_is_another_tenants() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let report = |tenant: &str, class: &str, build: Option<&str>| {
        let mut evidence = json!({"tenant": tenant, "class": class, "source": "evals",
            "passed": 1, "failed": 0});
        if let Some(build) = build {
            evidence["build"] = build.into();
        }
        let told = daemon.post("/v1/evidence", &keys.operator, &evidence);
        assert_eq!(told.status, 201, "{}", told.text);
    };
    for tenant in ["acme", "umbrella"] {
        for build in [None, Some("1/2 %+é"), Some("v2")] {
            report(tenant, "deploy", build);
        }
    }
    for number in 0..100 {
        report(&format!("tenant-{number:03}"), "deploy", None);
    }
    let all = daemon.get("/v1/autonomy?limit=1000", &keys.operator).json();
    let whole = all["classes"].as_array().unwrap();
    assert!(whole.len() == 108 && all.get("next").is_none(), "{all}");
    let first = daemon.get("/v1/autonomy", &keys.operator).json();
    assert!(first["classes"].as_array().unwrap() == &whole[..100] && first["next"].is_string());
    for limit in [1, 7, 100, 107, 108] {
        let path = format!("/v1/autonomy?limit={limit}");
        assert!(followed(&daemon, &path, &keys.operator) == *whole, "{limit}");
    }
    // Of whatever place a key of a tenant says that it goes on after, it sees its own.
    let own = daemon.get("/v1/autonomy", &keys.admin).json()["classes"].clone();
    assert_eq!(own.as_array().unwrap().len(), 5);
    assert_eq!(Value::from(followed(&daemon, "/v1/autonomy?limit=2", &keys.admin)), own);
    for place in ["deploy/acme/v2", "deploy/aaaa", "deploy/tenant-001", "deploy/umbrella/v2", "a/z"]
    {
        let rest = daemon.get(&format!("/v1/autonomy?after={place}"), &keys.admin);
        assert!(rest.status == 200 && !rest.text.contains("umbrella"), "{place}: {}", rest.text);
        assert!(!rest.text.contains("tenant-"), "{place}: {}", rest.text);
    }
    for wrong in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "after=",
        "after=deploy",
        "after=a/b/c/d",
        "after=a/%25ff",
    ] {
        let refused = daemon.get(&format!("/v1/autonomy?{wrong}"), &keys.operator);
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.text);
    }
}

#[test]
fn a_stream_of_events_is_that_of_the_tenant() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let action = |key: &str| daemon.post("/v1/actions", key, &refund()).json();
    let foreign = [action(&keys.agent), action(&keys.agent)];
    let stream = daemon.events("/v1/events?from=0", &keys.other_admin);
    // One more while the stream is open, and then one of its own to end with.
    let live = action(&keys.agent);
    let own = action(&keys.other_agent)["id"].as_str().unwrap().to_owned();
    let mut seen = String::new();
    for line in stream.lines() {
        seen.push_str(&line.unwrap());
        seen.push('\n');
        if seen.contains(&own) {
            break;
        }
    }
    assert!(seen.contains("event: key_created") && !seen.contains("acme"), "{seen}");
    for decision in foreign.iter().chain([&live]) {
        assert!(!seen.contains(decision["id"].as_str().unwrap()));
    }
}

#[test]
fn a_proof_is_had_of_ones_own_entries_only() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let index = |key: &str| {
        daemon.post("/v1/actions", key, &refund()).json()["log_index"].as_u64().unwrap()
    };
    let (acme, umbrella) = (index(&keys.agent), index(&keys.other_agent));
    let proof =
        |index: u64, key: &str| daemon.get(&format!("/v1/log/proof?index={index}"), key).status;
    assert_eq!(proof(acme, &keys.admin), 200);
    assert_eq!(proof(umbrella, &keys.admin), 404);
    assert_eq!(proof(acme, &keys.other_admin), 404);
    assert_eq!(proof(umbrella, &keys.other_admin), 200);
    for index in 0..=umbrella {
        let receipt = daemon.get(&format!("/v1/log/proof?index={index}"), &keys.operator).text;
        if receipt.contains("acme") {
            assert_eq!(proof(index, &keys.other_admin), 404, "{receipt}");
        }
    }
}

#[test]
fn what_is_about_an_action_of_the_tenant_is_erased_for_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("placet.db");
    let daemon = Daemon::with(ServerConfig::default(), LogPlace::File(path.clone()));
    let keys = daemon.keys.clone();
    let erase = |index: &Value, key: &str| {
        let body = json!({"reason": "asked by the customer"});
        let target = format!("/v1/log/entries/{index}/private");
        daemon.call("DELETE", &target, Some(key), Some(&body))
    };
    let held = daemon.post("/v1/actions", &keys.agent, &refund()).json();
    let resolve = format!("/v1/approvals/{}/resolve", held["approval"]["id"].as_str().unwrap());
    let no = json!({"approved": false, "reason": "Ylecin is no customer"});
    assert_eq!(daemon.post(&resolve, &keys.approver, &no).json()["status"], "denied");
    let denial = json!(held["log_index"].as_u64().unwrap() + 1);
    let trip = json!({"scope": "tool:send_note", "reason": "a drill"});
    let switch = daemon.post("/v1/kill-switches", &keys.admin, &trip).json()["log_index"].clone();
    let foreign = daemon.post("/v1/actions", &keys.other_agent, &refund()).json();

    let action = held["id"].as_str().unwrap();
    let history = || daemon.get(&format!("/v1/actions/{action}/history"), &keys.auditor).text;
    assert!(history().contains("Ylecin") && history().contains("params"), "{}", history());
    let of_nobody = [&json!(0), &switch].map(|index| erase(index, &keys.admin).status);
    assert_eq!(of_nobody, [403, 403], "they are about no action");
    let size = daemon.guard.as_ref().unwrap().log().size();
    for (index, key) in [
        (&foreign["log_index"], &keys.admin),
        (&held["log_index"], &keys.other_admin),
        (&denial, &keys.other_admin),
        (&json!(9_999), &keys.admin),
        (&json!(9_999), &keys.operator),
    ] {
        assert_eq!(erase(index, key).status, 404, "{index}");
    }
    assert_eq!(erase(&json!(0), &keys.operator).status, 409, "a policy");
    assert_eq!(daemon.guard.as_ref().unwrap().log().size(), size, "nothing was recorded");

    // What people wrote is as private as what was asked for.
    for (entry, rest) in [(&held["log_index"], "Ylecin"), (&denial, "")] {
        let gone = erase(entry, &keys.admin);
        assert_eq!(gone.status, 200, "{entry}: {}", gone.text);
        assert!(history().contains(rest) && !history().contains("params"), "{}", history());
        let from = format!("/v1/events?from={}", gone.json()["log_index"]);
        let told = daemon.events(&from, &keys.auditor);
        let line = told.lines().map(Result::unwrap).find(|line| line.contains("erased"));
        assert!(line.is_some(), "the tenant sees who had it erased");
    }
    assert!(!history().contains("Ylecin"), "{}", history());
    assert_eq!(erase(&foreign["log_index"], &keys.operator).status, 200);
    let trusted = [daemon.guard.as_ref().unwrap().log().verifier().clone()];
    assert!(daemon.stop());
    let mut reader = placet::store::SqliteReader::open(&path).unwrap();
    let report = placet::store::verify::verify(&mut reader, &trusted, &|_, _| ()).unwrap();
    assert!(report.is_sound() && report.erased == 3, "{:#?}", report.problems);
}

#[test]
fn a_switch_of_one_tenant_stops_no_other() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let trip = |scope: &str| {
        let body = json!({"scope": scope, "reason": "a drill"});
        daemon.post("/v1/kill-switches", &keys.other_admin, &body)
    };
    let verdict = |key: &str| {
        let action = json!({"tool": "get_order"});
        daemon.post("/v1/actions", key, &action).json()["verdict"].clone()
    };
    for scope in ["all", "tenant:acme", "tenant:acme/tool:get_order", "tenant:acme/agent:bot"] {
        assert_eq!(trip(scope).status, 403, "{scope}");
    }
    let tripped = trip("tool:get_order");
    assert_eq!(tripped.json()["scope"], "tenant:umbrella/tool:get_order");
    assert_eq!(verdict(&keys.other_agent), "block");
    assert_eq!(verdict(&keys.agent), "allow");
    let own = json!({"scope": "tenant:acme", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &keys.admin, &own).status, 201);
    let reset =
        daemon.call("DELETE", "/v1/kill-switches/tenant:acme", Some(&keys.other_admin), None);
    assert_eq!(reset.status, 404);
    assert_eq!(verdict(&keys.agent), "block");
}

#[test]
fn keys_of_another_tenant_do_not_exist() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let listed = daemon.get("/v1/integrations", &keys.admin).json();
    for integration in listed["integrations"].as_array().unwrap() {
        let path = format!("/v1/integrations/{}", integration["app_id"].as_str().unwrap());
        let other = Some(&*keys.other_admin);
        let revoked = daemon.call("DELETE", &path, other, None);
        let rotated = daemon.call("POST", &format!("{path}/rotate"), other, None);
        // The same as for one that never was.
        let never = "/v1/integrations/key_01890000-0000-7000-8000-000000000000";
        let missing = daemon.call("DELETE", never, other, None);
        assert_eq!((revoked.status, rotated.status, missing.status), (404, 404, 404));
        assert_eq!(revoked.json()["type"], missing.json()["type"]);
    }
    assert_eq!(daemon.get("/v1/policy", &keys.admin).status, 200);
}

#[test]
fn a_tenant_in_a_hurry_is_told_to_wait_and_no_other() {
    let one = NonZeroU32::MIN;
    let limits = Limits {
        requests_per_second: one,
        burst: NonZeroU32::new(8).unwrap(),
        waits_per_key: 1,
        ..Limits::default()
    };
    let daemon = Daemon::with(ServerConfig { limits, ..ServerConfig::default() }, LogPlace::Memory);
    let keys = &daemon.keys;
    let action = json!({"tool": "get_order"});
    let hurried: Vec<_> =
        (0..32).map(|_| daemon.post("/v1/actions", &keys.other_agent, &action)).collect();
    let refused = hurried.iter().find(|answer| answer.status == 429).expect("a refusal");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(daemon.post("/v1/actions", &keys.agent, &action).status, 200);
    // The same with those who follow the log.
    let _first = daemon.events("/v1/events", &keys.other_admin);
    assert_eq!(daemon.get("/v1/events", &keys.other_admin).status, 429);
    assert_eq!(daemon.get("/v1/events", &keys.admin).status, 200);
}

/// A policy under which everything that could be counted for two tenants together is counted.
fn counting() -> String {
    let budget = |per: &str, count: u32| {
        format!(
            "[[budgets]]\nper = \"{per}\"\nwindow = \"1h\"\ncount = {count}\nover = \"block\"\n"
        )
    };
    // What every request of the samples needs, several times over; so that what the other tenant
    // does besides would be one too many.
    ["tenant", "agent", "class"]
        .iter()
        .fold(POLICY.to_owned(), |all, per| all + "\n" + &budget(per, 60))
}

/// A daemon with a person at umbrella who approves; their key.
fn with_ula() -> (Daemon, String) {
    let daemon = Daemon::with_policy(&counting());
    let guard = daemon.guard.as_ref().unwrap();
    let ula = NewPerson {
        person: "ula".parse().unwrap(),
        tenant: Some("umbrella".parse().unwrap()),
        roles: [KeyScope::Approver].into(),
        groups: ["finance".parse().unwrap()].into(),
    };
    guard.blocking().invite(ula).unwrap();
    let ula = person_key(guard, "umbrella", "ula");
    (daemon, ula)
}

/// Does at umbrella what acme does, under the same names and with the same values, and more of it.
fn busy(daemon: &Daemon, ula: &str) {
    let (agent, admin) = (daemon.keys.other_agent.as_str(), daemon.keys.other_admin.as_str());
    let done = |answer: Answer| {
        assert!(answer.status < 300, "{}: {}", answer.status, answer.text);
        answer.json()
    };
    let post = |path: &str, key: &str, body: &Value| done(daemon.post(path, key, body));
    let note = json!({"tool": "send_note", "agent": "another", "user": "rea"});
    let resolve = |answer: &Value| {
        let held = post("/v1/actions", agent, &note);
        let approval = held["approval"]["id"].as_str().unwrap().to_owned();
        post(&format!("/v1/approvals/{approval}/resolve"), ula, answer)
    };
    for tool in ["get_order", "deploy"] {
        for _ in 0..40 {
            post("/v1/actions", agent, &json!({"tool": tool, "agent": "another"}));
        }
    }
    let mut standing = sample::approved();
    standing["standing"] = json!({"params": [""]});
    resolve(&standing);
    post("/v1/actions", agent, &note);
    let listed = daemon.get("/v1/standing-approvals", ula).json();
    let id = listed["standing_approvals"][0]["id"].as_str().unwrap().to_owned();
    done(daemon.call("DELETE", &format!("/v1/standing-approvals/{id}"), Some(ula), None));
    resolve(&json!({"approved": false, "reason": "no"}));
    let evidence = json!({"class": "send_note", "source": "evals", "passed": 0, "failed": 500});
    post("/v1/evidence", admin, &evidence);
    post("/v1/autonomy/deploy/ratify", ula, &json!({}));
    post("/v1/people", admin, &json!({"person": "uwe", "roles": ["approver"]}));
    let made = post("/v1/integrations", admin, &json!({"name": "made", "scopes": ["agent"]}));
    let made = format!("/v1/integrations/{}", made["app_id"].as_str().unwrap());
    done(daemon.call("DELETE", &made, Some(admin), None));
    for scope in ["agent:another", "tool:get_order", "tool:send_note", "tenant:umbrella"] {
        post("/v1/kill-switches", admin, &json!({"scope": scope, "reason": "a drill"}));
    }
}

/// Who asks at acme; none for what is about all tenants together, or about the log that they share.
fn asker(daemon: &Daemon, endpoint: &str) -> Option<String> {
    let (method, path) = endpoint.split_once(' ').unwrap();
    let of_all = ["/v1/warrants/rotate", "/v1/webhooks/dead-letters", "/metrics", "/v1/log/proof"];
    if of_all.contains(&path) || path.starts_with("/tile/") || path == "/checkpoint" {
        return None;
    }
    let writer = sample::writer(daemon, path);
    match method {
        "PUT" if path == "/v1/policy" => None,
        "GET" => Some(daemon.keys.admin.clone()),
        _ if writer == daemon.keys.operator => Some(daemon.keys.admin.clone()),
        _ => Some(writer),
    }
}

/// An answer without what differs between any two.
fn steady(answer: &Answer) -> (u16, String) {
    let rules = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
        (r"(plc|pli)_[0-9A-Za-z_-]+", "<secret>"),
        (r"eyJ[0-9A-Za-z_.-]+", "<warrant>"),
        (r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "<time>"),
        (r#""(log_index|index|size|p50_us|p95_us|p99_us)":\d+"#, "<number>"),
    ];
    // The public keys, each entry's leaf and its proof are of one log and no other.
    let rules = rules.iter().chain(&[
        (r#""(x|kid|leaf|note|checkpoint|salt|payload|tag|call|alike)":"[^"]*""#, "<of the log>"),
        (r#""(proof|hashes)":\[[^\]]*\]"#, "<of the log>"),
    ]);
    // A leaf is text within the text.
    let text = answer.text.replace("\\\"", "\"");
    let text = rules.fold(text, |text, (pattern, with)| {
        Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
    });
    (answer.status, ordered(text))
}

/// With the list that it may be in a fixed order: keys that were made within one millisecond have none.
fn ordered(text: String) -> String {
    let Ok(mut read) = serde_json::from_str::<Value>(&text) else { return text };
    let Some(keys) = read["integrations"].as_array_mut() else { return text };
    keys.sort_by_key(Value::to_string);
    read.to_string()
}

/// Every endpoint, asked by acme in a daemon that it has for itself, and in one where umbrella does
/// the same things under the same names: nothing tells the two apart.
#[test]
fn what_another_tenant_does_changes_no_answer() {
    let ((quiet, _), (shared, ula)) = (with_ula(), with_ula());
    busy(&shared, &ula);
    let mut asked = 0;
    for endpoint in endpoints() {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let answer = |daemon: &Daemon| {
            let key = asker(daemon, &endpoint)?;
            let (target, body) = sample::request(daemon, method, path);
            Some(steady(&daemon.call(method, &target, Some(&key), body.as_ref())))
        };
        let (alone, beside) = (answer(&quiet), answer(&shared));
        assert_eq!(alone, beside, "{endpoint}");
        asked += usize::from(alone.is_some_and(|(status, _)| status < 300));
    }
    assert!(asked >= 30, "only {asked} endpoints were asked with success");
}

/// Endpoints that list or count for one tenant, or for whichever one a reader of all names.
fn of_a_tenant() -> Vec<String> {
    let described: Value = serde_json::from_str(&placet_server::openapi()).unwrap();
    let names = |operation: &Value| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.filter(|parameter| parameter["in"] == "query").any(|at| at["name"] == "tenant")
    };
    let paths = described["paths"].as_object().unwrap().iter();
    paths.filter(|(_, item)| names(&item["get"])).map(|(path, _)| path.clone()).collect()
}

/// Without when each key was used last: the tenant's own key asks here as well.
fn unused(answer: &Answer) -> Value {
    let mut read = answer.json();
    for key in read["integrations"].as_array_mut().into_iter().flatten() {
        key.as_object_mut().unwrap().remove("last_used");
    }
    read
}

#[test]
fn people_of_another_tenant_are_nobody() {
    let (daemon, ula) = with_ula();
    let admin = daemon.keys.other_admin.as_str();
    let asked = |person: &str| {
        let path = format!("/v1/people/{person}");
        let key = json!({"name": "phone", "scopes": ["approver"], "person": person});
        let roles = json!({"roles": ["approver"]});
        let answers = [
            daemon.post("/v1/integrations", admin, &key),
            daemon.post("/v1/integrations", &ula, &key),
            daemon.call("PUT", &path, Some(admin), Some(&roles)),
            daemon.call("DELETE", &path, Some(admin), None),
        ];
        answers.map(|answer| (answer.status, answer.text.replace(person, "whoever")))
    };
    let nobody = asked("eve");
    assert_eq!(asked("ann"), nobody);
    assert_eq!(nobody.map(|(status, _)| status), [422, 422, 404, 404]);
}

#[test]
fn who_moves_a_switch_is_whom_the_key_speaks_for() {
    let daemon = Daemon::start();
    let guard = daemon.guard.as_ref().unwrap().blocking();
    let (ada, acme) = ("ada".parse().unwrap(), Some("acme".parse().unwrap()));
    let ada = NewPerson {
        person: ada,
        tenant: acme.clone(),
        roles: [KeyScope::Admin].into(),
        groups: [].into(),
    };
    guard.invite(ada.clone()).unwrap();
    let key = NewKey {
        name: "ada".parse().unwrap(),
        tenant: acme,
        agent: None,
        person: Some(ada.person),
        scopes: ada.roles,
    };
    let ada = guard.create_key(key).unwrap().0.danger_text().to_string();
    let move_it = |key: &str, method: &str, by: Option<&str>| {
        let mut body = json!({"reason": "a drill"});
        if let Some(by) = by {
            body["by"] = by.into();
        }
        if method == "POST" {
            body["scope"] = "tenant:acme".into();
            return daemon.post("/v1/kill-switches", key, &body).status;
        }
        daemon.call(method, "/v1/kill-switches/tenant:acme", Some(key), Some(&body)).status
    };
    let tripped_by = || {
        let listed = daemon.get("/v1/kill-switches", &daemon.keys.admin).json();
        listed["switches"][0]["by"].clone()
    };
    assert_eq!(move_it(&ada, "POST", Some("dana")), 403);
    assert_eq!(tripped_by(), Value::Null);
    assert_eq!(move_it(&ada, "POST", None), 201);
    assert_eq!(tripped_by(), "ada");
    assert_eq!(move_it(&ada, "DELETE", Some("dana")), 403);
    assert_eq!(move_it(&ada, "DELETE", Some("ada")), 200);
    // A key of nobody says whose word it passes on.
    assert_eq!(move_it(&daemon.keys.admin, "POST", Some("dana")), 201);
    assert_eq!(tripped_by(), "dana");
}

#[test]
fn no_key_for_one_agent_is_in_charge_of_others() {
    let daemon = Daemon::start();
    for scopes in [json!(["admin", "agent"]), json!(["admin"])] {
        let new = json!({"name": "bot", "scopes": scopes, "agent": "bot1"});
        let made = daemon.post("/v1/integrations", &daemon.keys.admin, &new);
        assert_eq!(made.status, 422, "{}", made.text);
    }
}

#[test]
fn who_reads_all_tenants_can_name_one_and_sees_what_it_sees() {
    let (daemon, ula) = with_ula();
    let keys = &daemon.keys;
    busy(&daemon, &ula);
    let switch = json!({"scope": "tool:get_order", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &keys.admin, &switch).status, 201);
    for (method, path) in
        [("DELETE", "/v1/standing-approvals/{id}"), ("PUT", "/v1/people/{person}")]
    {
        sample::request(&daemon, method, path);
    }
    let held = daemon.post("/v1/actions", &keys.agent, &json!({"tool": "deploy"}));
    assert_eq!(held.json()["verdict"], "require_approval");
    let paths = of_a_tenant();
    let all = [
        "approvals",
        "autonomy",
        "integrations",
        "kill-switches",
        "metrics/summary",
        "people",
        "standing-approvals",
    ];
    assert_eq!(paths, all.map(|path| format!("/v1/{path}")));
    for path in paths {
        let [acme, umbrella] =
            [("acme", &keys.admin), ("umbrella", &keys.other_admin)].map(|(tenant, admin)| {
                let own = unused(&daemon.get(&path, admin));
                let at = format!("{path}?tenant={tenant}");
                for key in [admin, &keys.operator, &keys.overseer] {
                    let named = daemon.get(&at, key);
                    assert_eq!((named.status, unused(&named)), (200, own.clone()), "{at}");
                }
                own
            });
        assert_ne!(acme, umbrella, "{path}");
        assert_eq!(daemon.get(&format!("{path}?tenant=acme"), &keys.other_admin).status, 403);
        for wrong in ["tenant=", "tenant=acme&tenant=umbrella", "tenants=acme"] {
            let answer = daemon.get(&format!("{path}?{wrong}"), &keys.operator);
            assert_eq!(answer.status, 400, "{path}?{wrong}: {}", answer.text);
        }
    }
    // Also one of which nothing is known yet: where each of its classes begins.
    let fresh = daemon.get("/v1/autonomy?tenant=initech", &keys.operator).json();
    let classes = fresh["classes"].as_array().unwrap();
    assert!(classes.len() == 3 && classes.iter().all(|class| class["tenant"] == "initech"));
    let fresh = daemon.get("/v1/metrics/summary?tenant=initech", &keys.operator).json();
    assert_eq!(fresh["decisions"], json!({"allow": 0, "require_approval": 0, "block": 0}));
}
