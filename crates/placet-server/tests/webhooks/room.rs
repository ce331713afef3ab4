//! Room and turns: no receiver and no tenant takes those of another, and nothing is lost unsaid.

use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use placet_server::webhooks::{Retries, Webhook};
use serde_json::{Value, json};

use crate::{
    Daemon, Got, Hook, PATIENCE, RETRIES, daemon_keeping, daemon_trying, dead, deny, held, held_by,
    held_with, read, webhook,
};

/// Few attempts, and far from each other.
const PATIENT: Retries = Retries {
    first_wait: Duration::from_secs(600),
    longest_wait: Duration::from_secs(600),
    ..RETRIES
};

/// A receiver on this machine that takes connections and says nothing.
fn hanging() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    (listener, url)
}

/// A receiver on this machine that answers one request each time it is told with what.
fn guided() -> (Sender<&'static str>, Receiver<Got>, String) {
    let (listener, url) = hanging();
    let (tell, told) = channel::<&str>();
    let (sender, got) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let Some(request) = read(&mut stream) else { continue };
            drop(sender.send(request));
            let Ok(answer) = told.recv() else { return };
            let answer =
                format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            drop(stream.get_mut().write_all(answer.as_bytes()));
        }
    });
    (tell, got, url)
}

fn named(name: &str, url: &str, more: &str) -> Webhook {
    let mut hook = webhook(url, &format!("allow_private = true\n{more}"));
    hook.name = name.to_owned();
    hook
}

/// Held actions of umbrella.
fn flood(daemon: &Daemon, count: usize) {
    for amount in 1..=count {
        held_by(daemon, &daemon.keys.other_agent, &format!("{amount}.00"));
    }
}

fn kept(place: &Path) -> Vec<Value> {
    let Ok(text) = std::fs::read(place) else { return Vec::new() };
    let content: Value = serde_json::from_slice(&text).unwrap();
    content["dead_letters"].as_array().unwrap().clone()
}

fn letter(id: usize, webhook: &str, tenant: Option<&str>) -> Value {
    let mut letter = json!({
        "id": format!("l-{id}"), "webhook": webhook, "type": "approval.opened",
        "approval": "apr_01a205d5-f6b3-7cff-b804-8d69c681e03b", "attempts": 10, "reason": "it answered 503",
        "at": "2026-01-02T03:04:05.678Z",
    });
    if let (Some(tenant), Some(fields)) = (tenant, letter.as_object_mut()) {
        fields.insert("tenant".to_owned(), json!(tenant));
    }
    letter
}

#[test]
fn a_receiver_that_hangs_takes_no_place_of_another() {
    let (_listener, nowhere) = hanging();
    let good = Hook::start(&["200 OK"]);
    let list = vec![
        named("evil", &nowhere, "tenant = \"umbrella\""),
        named("good", &good.url(), "tenant = \"acme\""),
    ];
    let daemon = daemon_trying(RETRIES, list, 16, None);
    flood(&daemon, 20);
    let approvals = [held_with(&daemon, "42.00"), held_with(&daemon, "43.00")];
    for approval in approvals {
        assert_eq!(good.next().json()["data"]["approval"], json!(approval));
    }
    let letters = dead(&daemon, 12);
    assert!(letters.iter().all(|letter| letter["webhook"] == "evil"), "{letters:?}");
    assert!(letters.iter().all(|letter| letter["tenant"] == "umbrella"), "{letters:?}");
}

#[test]
fn a_tenant_takes_no_place_of_another_at_the_same_receiver() {
    let failing = Hook::start(&["503 No"]);
    let list = vec![named("all", &failing.url(), "")];
    let daemon = daemon_trying(PATIENT, list, 8, None);
    flood(&daemon, 12);
    assert_eq!(dead(&daemon, 4).len(), 4);
    let approval = held(&daemon);
    while failing.next().json()["data"]["approval"] != json!(approval) {}
    let letters = dead(&daemon, 5);
    assert!(letters.iter().all(|letter| letter["tenant"] == "umbrella"), "{letters:?}");
}

#[test]
fn tenants_take_turns_at_the_same_receiver() {
    let (tell, got, url) = guided();
    let second = Hook::start(&["200 OK"]);
    let list = vec![named("all", &url, ""), named("acme", &second.url(), "tenant = \"acme\"")];
    let daemon = daemon_trying(RETRIES, list, 1_000, None);
    flood(&daemon, 30);
    got.recv_timeout(PATIENCE).unwrap();
    held(&daemon);
    // By now it waits for the first receiver as well.
    second.next();
    let mut before = 0;
    loop {
        tell.send("200 OK").unwrap();
        let next = got.recv_timeout(PATIENCE).unwrap().json();
        if next["data"]["tenant"] == "acme" {
            break;
        }
        before += 1;
    }
    // Those that were on their way, and one more.
    assert!(before <= 5, "{before}");
}

#[test]
fn what_waits_for_its_turn_too_long_is_given_up() {
    let (_listener, nowhere) = hanging();
    let list = vec![named("all", &nowhere, "")];
    let retries = Retries { time: Duration::from_millis(100), ..RETRIES };
    let daemon = daemon_trying(retries, list, 1_000, None);
    flood(&daemon, 6);
    let letters = dead(&daemon, 2);
    assert!(letters.iter().take(2).all(|letter| letter["attempts"] == 0), "{letters:?}");
    let reason = letters[0]["reason"].as_str().unwrap();
    assert!(reason.contains("turn"), "{reason}");
}

#[test]
fn what_is_over_is_not_announced_as_open_any_more() {
    let hook = Hook::start(&["503 No", "200 OK"]);
    let retries = Retries { first_wait: Duration::from_millis(60), ..RETRIES };
    let daemon = daemon_trying(retries, vec![named("all", &hook.url(), "")], 1_000, None);
    let approval = held(&daemon);
    deny(&daemon, &approval);
    let mut is_over = false;
    for amount in 1..40 {
        let other = held_with(&daemon, &format!("{amount}.50"));
        loop {
            let next = hook.next().json();
            let (kind, of) = (&next["type"], &next["data"]["approval"]);
            if *of == json!(other) {
                break;
            }
            assert_eq!(*of, json!(approval));
            assert!(!is_over || *kind == "approval.resolved", "{next}");
            is_over |= *kind == "approval.resolved";
        }
    }
    assert!(is_over);
}

#[test]
fn what_is_over_is_told_after_what_is_on_its_way() {
    let (tell, got, url) = guided();
    let second = Hook::start(&["200 OK"]);
    let list = vec![named("all", &url, ""), named("other", &second.url(), "")];
    let daemon = daemon_trying(PATIENT, list, 1_000, None);
    let approval = held(&daemon);
    assert_eq!(got.recv_timeout(PATIENCE).unwrap().json()["type"], "approval.opened");
    deny(&daemon, &approval);
    while second.next().json()["type"] != "approval.resolved" {}
    // By now both wait for the first receiver, which has not answered the one.
    held_with(&daemon, "43.00");
    tell.send("503 No").unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let next = got.recv_timeout(PATIENCE).unwrap().json();
        seen.push((next["type"].clone(), next["data"]["approval"] == json!(approval)));
        tell.send("200 OK").unwrap();
    }
    seen.sort_by_key(|(_, is_first)| *is_first);
    let expected = [(json!("approval.opened"), false), (json!("approval.resolved"), true)];
    assert_eq!(seen, expected);
}

#[test]
fn what_is_in_the_works_at_a_stop_is_a_dead_letter_unless_it_is_announced_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("placet.db-dead-letters");
    let failing = Hook::start(&["503 No"]);
    let list = vec![named("all", &failing.url(), "")];
    let daemon = daemon_trying(PATIENT, list, 1_000, Some(&place));
    let approval = held(&daemon);
    held_with(&daemon, "43.00");
    failing.next();
    deny(&daemon, &approval);
    assert!(daemon.stop());
    let letters = kept(&place);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0]["id"], json!(format!("{approval}_resolved")));
    let reason = letters[0]["reason"].as_str().unwrap();
    assert!(reason.contains("stopped") && reason.contains("503"), "{reason}");
}

#[test]
fn what_happens_just_before_a_stop_is_announced() {
    let hook = Hook::start(&["200 OK"]);
    for amount in 1..6 {
        let daemon = daemon_keeping(vec![named("all", &hook.url(), "")], None);
        let approval = held_with(&daemon, &format!("{amount}.00"));
        deny(&daemon, &approval);
        assert!(daemon.stop());
        let last = loop {
            let next = hook.next().json();
            if next["type"] == "approval.resolved" {
                break next;
            }
        };
        assert_eq!(last["data"]["approval"], json!(approval));
    }
}

#[test]
fn dead_letters_of_one_push_out_none_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("placet.db-dead-letters");
    let mut letters = vec![letter(0, "good", None), letter(1, "evil", Some("acme"))];
    letters.extend((2..1_400).map(|id| letter(id, "evil", Some("umbrella"))));
    let content = json!({"format": "placet-dead-letters/v1", "dead_letters": letters});
    std::fs::write(&place, content.to_string()).unwrap();
    let daemon = daemon_keeping(Vec::new(), Some(&place));
    let listed = dead(&daemon, 0);
    assert_eq!(listed.len(), 1_000);
    let ids: Vec<&str> = listed.iter().map(|letter| letter["id"].as_str().unwrap()).collect();
    assert_eq!(ids[..3], ["l-0", "l-1", "l-402"]);
}
