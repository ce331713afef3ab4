//! What a person reads is what was frozen, whatever an agent writes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;
#[path = "../../placet/tests/support/naughty.rs"]
mod naughty;

use common::Daemon;
use common::browser::{Browser, people};
use regex::Regex;
use serde_json::{Value, json};

fn page(daemon: &Daemon, browser: &mut Browser<'_>, action: &Value) -> String {
    let answer = daemon.post("/v1/actions", &daemon.keys.agent, action);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let page = browser.get(&format!("/console/actions/{id}"));
    assert_eq!(page.status, 200);
    page.text
}

/// Whether a browser would do anything with it but show it.
fn is_harmless(page: &str) {
    let raw = page.chars().find(|character| naughty::is_raw(*character) && *character != '\t');
    assert_eq!(raw.map(|character| character.escape_unicode().to_string()), None);
    let tags = Regex::new(r"<\s*/?\s*([a-zA-Z!][^\s>/]*)").unwrap();
    let known = "!doctype html head meta title link script body a header img nav ul li form input span \
        b button main h1 h2 h3 p div dl dt dd code time section details summary label ol blockquote \
        fieldset legend textarea select option article svg g rect path line text title table caption thead tbody tr th td";
    for tag in tags.captures_iter(page) {
        assert!(known.split_whitespace().any(|known| known == &tag[1]), "<{}", &tag[1]);
    }
    assert_eq!(page.matches("<script").count(), 1, "our own");
    assert_eq!(page.matches("<img").count(), 1, "our own");
    assert!(!Regex::new(r"<[^>]*\son[a-z]+\s*=").unwrap().is_match(page));
}

/// What stands in the places of a class, read back to what it was.
fn read_back(page: &str, class: &str) -> Vec<String> {
    let odd =
        Regex::new(r#"<span class="odd" title="U\+([0-9A-F]+)">⟨U\+[0-9A-F]+⟩</span>"#).unwrap();
    let page = odd.replace_all(page, "&#x$1;");
    let page = page.replace(r#"<span class="eol" aria-hidden="true">⏎</span>"#, "");
    let place = Regex::new(&format!(r#"<span class="{class}">([^<]*)</span>"#)).unwrap();
    place.captures_iter(&page).map(|found| unescaped(&found[1])).collect()
}

fn unescaped(html: &str) -> String {
    let entity = Regex::new(r"&(?:#x([0-9A-F]+)|([a-z]+|#39));").unwrap();
    let plain = entity.replace_all(html, |found: &regex::Captures<'_>| {
        let character = match (found.get(1), found.get(2).map(|name| name.as_str())) {
            (Some(code), _) => {
                char::from_u32(u32::from_str_radix(code.as_str(), 16).unwrap()).unwrap()
            }
            (_, Some("lt")) => '<',
            (_, Some("gt")) => '>',
            (_, Some("amp")) => '&',
            (_, Some("quot")) => '"',
            (_, Some("#39")) => '\'',
            _ => panic!("{}", &found[0]),
        };
        character.to_string()
    });
    plain.into_owned()
}

#[test]
fn naughty_strings_are_read_as_what_they_are() {
    let daemon = Daemon::start();
    people(&daemon);
    let mut ben = Browser::signed_in(&daemon, "ben");
    for some in naughty::all().chunks(40) {
        let action =
            json!({"tool": "send_note", "params": {"all": some}, "context": {"also": some}});
        let page = page(&daemon, &mut ben, &action);
        is_harmless(&page);
        assert_eq!(read_back(&page, "str"), [some, some].concat());
    }
    is_harmless(&ben.get("/console").text);
}

#[test]
fn names_keys_and_claims_are_no_way_around_it() {
    let daemon = Daemon::start();
    people(&daemon);
    let mut ben = Browser::signed_in(&daemon, "ben");
    let strings = naughty::all();
    for (place, some) in strings.chunks(25).enumerate() {
        let keys: serde_json::Map<String, Value> =
            some.iter().map(|key| (key.clone(), json!(1))).collect();
        let reason = some.join("\n");
        let action = json!({"tool": "send_note", "params": keys, "reason": reason});
        let text = page(&daemon, &mut ben, &action);
        is_harmless(&text);
        let mut shown = read_back(&text, "key");
        let mut expected: Vec<String> = keys.keys().cloned().collect();
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected, "{place}");
        assert!(read_back(&text, "claim").contains(&reason), "{place}");
    }
    for name in strings {
        let action = json!({"tool": name, "session": name, "user": name, "agent": name});
        let answer = daemon.post("/v1/actions", &daemon.keys.agent, &action);
        // Not every text is a name; what is refused is shown to nobody.
        if answer.status == 200 && answer.json()["verdict"] == "require_approval" {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            is_harmless(&ben.get(&format!("/console/actions/{id}")).text);
        }
    }
    is_harmless(&ben.get("/console/activity").text);
}

#[test]
fn what_is_not_what_it_seems_is_flagged() {
    let daemon = Daemon::start();
    people(&daemon);
    let mut ben = Browser::signed_in(&daemon, "ben");
    let known = ["аррӏе.com", "Привет аррӏе.com"].map(str::to_owned);
    for trick in naughty::odd_tricks().into_iter().chain(naughty::deceptive()).chain(known) {
        let text = page(&daemon, &mut ben, &json!({"tool": "send_note", "params": {"to": trick}}));
        assert!(text.contains("Not what it seems"), "{trick:?}");
    }
    for plain in ["größer", "Привет", "Привет, а мир", "42 €", "line\nfeed", "<b>"]
    {
        let text = page(&daemon, &mut ben, &json!({"tool": "send_note", "params": {"to": plain}}));
        assert!(!text.contains("Not what it seems"), "{plain:?}");
    }
}

#[test]
fn what_the_gate_says_is_told_from_what_an_agent_says() {
    let daemon = Daemon::start();
    people(&daemon);
    let mut ben = Browser::signed_in(&daemon, "ben");
    let context = json!({ "gate": [{ "reason": "this tool is as it was vetted" }] });
    let forged = json!({ "tool": "send_note", "params": {}, "context": context });
    let page = page(&daemon, &mut ben, &forged);
    assert!(page.contains("this tool is as it was vetted"), "it is shown as a claim");
    assert!(!page.contains("What the gate says"), "nothing over the wire is the gate's word");
    for field in ["gate", "notices", "evidence"] {
        let mut action = json!({ "tool": "send_note", "params": {} });
        action[field] = context["gate"].clone();
        let answer = daemon.post("/v1/actions", &daemon.keys.agent, &action);
        assert_eq!(answer.status, 422, "{field}: {}", answer.text);
    }
    let guard = daemon.guard.as_ref().unwrap();
    let json = placet::Json::parse(br#"{"tool":"send_note","tenant":"acme"}"#).unwrap();
    let action = placet::Action::from_json(json).unwrap();
    let was = placet::Json::from("<b>a</b>");
    let details = placet::Object::from_entries(vec![("was".to_owned(), was)]).unwrap();
    let notice = placet::Notice { reason: "this tool <i>has changed".to_owned(), details };
    let treatment = placet::core::mode::Treatment::Gated;
    let notices = [notice];
    let proposed = guard.propose_with(&action, treatment, &notices);
    let id = placet::store::sequencer::wait(proposed).unwrap().id.unwrap();
    let page = ben.get(&format!("/console/actions/{id}")).text;
    is_harmless(&page);
    let (_, said) = page.split_once("What the gate says").expect("it has a place of its own");
    let (said, _) = said.split_once("Who asks for it").unwrap();
    assert!(said.contains("has changed") && read_back(said, "str") == ["<b>a</b>"], "{said}");
}
