//! How much one key gets at a time, so that no other feels it.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use common::raw::{PATIENCE, Raw};
use common::{Daemon, proposal};
use placet::{KeyScope, LogPlace, NewKey};
use placet_server::{Limits, ServerConfig};
use serde_json::json;

fn daemon(limits: Limits) -> Daemon {
    Daemon::with(ServerConfig { limits, ..ServerConfig::default() }, LogPlace::Memory)
}

#[test]
fn a_key_in_a_hurry_is_told_when_to_come_again() {
    let one = NonZeroU32::MIN;
    let burst = NonZeroU32::new(5).expect("more than none");
    let daemon = daemon(Limits { requests_per_second: one, burst, ..Limits::default() });
    let action = json!({"tool": "get_order"});
    let answers: Vec<_> =
        (0..20).map(|_| daemon.post("/v1/actions", &daemon.keys.agent, &action)).collect();
    assert!(answers.iter().take(5).all(|answer| answer.status == 200));
    let refused = answers.iter().find(|answer| answer.status == 429).expect("a refusal");
    let after = refused.headers.get("retry-after").expect("when to come again");
    assert!(after.to_str().expect("text").parse::<u64>().expect("seconds") >= 1);
    assert_eq!(refused.json()["type"], "urn:placet:problem:too_many");
    // Reading counts too.
    assert!((0..20).any(|_| daemon.get("/v1/actions/x", &daemon.keys.agent).status == 429));
    // No other key is told to wait, not even of the same tenant as long as that has some left.
    for key in [&daemon.keys.one_agent, &daemon.keys.other_agent] {
        assert_eq!(daemon.post("/v1/actions", key, &action).status, 200);
    }
    // A wrong key is nobody's hurry.
    for _ in 0..20 {
        assert_eq!(daemon.post("/v1/actions", "plc_wrong", &action).status, 401);
    }
    assert_eq!(daemon.call("GET", "/health", None, None).status, 200);
}

#[test]
fn who_shows_no_key_is_told_when_to_come_again_and_nobody_with_one_is() {
    let limits = Limits {
        strangers_per_second: NonZeroU32::MIN,
        strangers_burst: NonZeroU32::new(5).expect("more than none"),
        ..Limits::default()
    };
    let daemon = daemon(limits);
    let answers: Vec<_> = (0..12)
        .map(|number| match number % 3 {
            0 => daemon.call("GET", "/ready", None, None),
            1 => daemon.call("GET", "/checkpoint", Some("plc_wrong"), None),
            _ => daemon.call("GET", "/openapi.json", None, None),
        })
        .collect();
    assert_eq!(answers.iter().take(3).map(|it| it.status).collect::<Vec<_>>(), [200, 401, 200]);
    let refused = answers.iter().find(|answer| answer.status == 429).expect("a refusal");
    assert!(refused.headers.contains_key("retry-after"));
    let action = json!({"tool": "get_order"});
    for _ in 0..8 {
        assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &action).status, 200);
    }
}

#[test]
fn a_tenant_with_many_keys_is_one_tenant() {
    let limits = Limits {
        requests_per_second: NonZeroU32::MIN,
        burst: NonZeroU32::new(5).expect("more than none"),
        ..Limits::default()
    };
    let daemon = daemon(limits);
    let action = json!({"tool": "get_order"});
    let guard = daemon.guard.as_ref().expect("a guard");
    let keys: Vec<String> = (0..12)
        .map(|_| {
            let new = NewKey {
                name: "one more".parse().expect("a name"),
                tenant: Some("umbrella".parse().expect("a tenant")),
                agent: None,
                person: None,
                scopes: [KeyScope::Agent].into(),
            };
            guard.blocking().create_key(new).expect("a key").0.danger_text().to_string()
        })
        .collect();
    // Each sends less than it may.
    let answers: Vec<_> = (0..4)
        .flat_map(|_| keys.iter().map(|key| daemon.post("/v1/actions", key, &action)))
        .collect();
    let refused = answers.iter().find(|answer| answer.status == 429).expect("a refusal");
    assert!(refused.json()["detail"].as_str().expect("a reason").contains("the tenant sends"));
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert!((20..40).contains(&taken), "four keys' worth, not {taken}");
    // Nobody else feels it: no other tenant, and not those who run the daemon.
    for _ in 0..5 {
        assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &action).status, 200);
        assert_eq!(daemon.get("/v1/policy", &daemon.keys.operator).status, 200);
    }
}

#[test]
fn a_tenant_whose_agents_send_too_much_can_stop_them() {
    let limits = Limits {
        requests_per_second: NonZeroU32::MIN,
        burst: NonZeroU32::new(5).expect("more than none"),
        ..Limits::default()
    };
    let daemon = daemon(limits);
    let guard = daemon.guard.as_ref().expect("a guard");
    let agents: Vec<String> = (0..8)
        .map(|_| {
            let new = NewKey {
                name: "one more".parse().expect("a name"),
                tenant: Some("acme".parse().expect("a tenant")),
                agent: None,
                person: None,
                scopes: [KeyScope::Agent].into(),
            };
            guard.blocking().create_key(new).expect("a key").0.danger_text().to_string()
        })
        .collect();
    let action = json!({"tool": "get_order"});
    let switch = json!({"scope": "tenant:acme", "reason": "they loop"});
    let path = "/v1/kill-switches";
    // They find the switch, too, and it is not for them.
    let asked = [("/v1/actions", &action), (path, &switch)];
    let sent = agents.iter().cycle().take(48).zip(asked.iter().cycle());
    let is_too_much = |(key, (path, body)): (&String, &(&str, &serde_json::Value))| {
        let answer = daemon.post(path, key, body);
        answer.status == 429 && answer.text.contains("the tenant sends")
    };
    assert!(sent.into_iter().any(is_too_much), "nobody is told that it is too much");
    assert_eq!(daemon.post(path, &daemon.keys.admin, &switch).status, 201);
    // Its own rate holds for it all the same.
    assert!((0..20).any(|_| daemon.post(path, &daemon.keys.admin, &switch).status == 429));
}

/// What a crowd of connections came to so far: how many are answered with this status or closed, and
/// how many wait.
fn progress(crowd: &mut [Raw], status: &str) -> (usize, usize) {
    let is_over = |raw: &mut Raw| {
        raw.is_closed_within(Duration::from_millis(1)) || raw.text().contains(status)
    };
    let over = crowd.iter_mut().map(is_over).filter(|over| *over).count();
    (over, crowd.len() - over)
}

#[test]
fn a_tenant_whose_requests_take_all_their_time_leaves_connections_to_others() {
    const CONNECTIONS: usize = 16;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("placet.db");
    let limits = Limits { connections: CONNECTIONS, ..Limits::default() };
    let config = ServerConfig { limits, ..ServerConfig::default() };
    let daemon = Daemon::with(config, LogPlace::File(path.clone()));
    let (acme, umbrella) = (&daemon.keys.agent, &daemon.keys.other_admin);
    // As long as nothing can be written no proposal is answered.
    let lock = rusqlite::Connection::open(path).expect("the log");
    lock.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let mut crowd: Vec<Raw> = (0..2 * CONNECTIONS)
        .map(|_| {
            let mut raw = Raw::open(daemon.address);
            raw.send(proposal(&daemon, acme));
            raw
        })
        .collect();
    let limit = Instant::now() + PATIENCE;
    while progress(&mut crowd, " 429 ").1 > CONNECTIONS / 2 {
        assert!(Instant::now() < limit, "the tenant keeps more than half of them");
    }
    let refused = crowd.iter().find(|raw| raw.text().contains(" 429 ")).expect("a refusal");
    assert!(refused.text().to_lowercase().contains("\r\nretry-after: 1\r\n"), "{}", refused.text());
    // Somebody else is let in, as often as they like.
    for _ in 0..CONNECTIONS {
        assert_eq!(daemon.get("/v1/autonomy", umbrella).status, 200);
    }
    assert_eq!(
        progress(&mut crowd, " 429 ").1,
        CONNECTIONS / 2,
        "they were in the works meanwhile"
    );
    drop(lock);
    let limit = Instant::now() + PATIENCE;
    while progress(&mut crowd, " ").1 > 0 {
        assert!(Instant::now() < limit, "what was let in is answered");
    }
    assert_eq!(daemon.post("/v1/actions", acme, &json!({"tool": "get_order"})).status, 200);
}
