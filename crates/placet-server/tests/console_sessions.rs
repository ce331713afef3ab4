//! Getting in and out of the console, and what keeps others from doing it in somebody's place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::Daemon;
use common::browser::{Browser, PASSWORD, people};
use placet::{KeyScope, NewPerson};

fn daemon() -> Daemon {
    let daemon = Daemon::start();
    people(&daemon);
    daemon
}

fn invitation(daemon: &Daemon, person: &str) -> String {
    let new = NewPerson {
        person: person.parse().unwrap(),
        tenant: None,
        roles: [KeyScope::Auditor].into(),
        groups: [].into(),
    };
    let invited = daemon.guard.as_ref().unwrap().blocking().invite(new).unwrap();
    invited.token.danger_text().to_string()
}

#[test]
fn who_signs_in_sees_the_pages_until_they_sign_out() {
    let daemon = daemon();
    let mut browser = Browser::new(&daemon);
    let turned = browser.get("/console/people");
    assert_eq!(
        (turned.status, &turned.headers["location"]),
        (303, &"/console/sign-in?next=%2Fconsole%2Fpeople".parse().unwrap())
    );
    assert_eq!(browser.get("/console/sign-in").status, 200);
    let wrong = browser.sign_in("olga", "four words to forget");
    assert_eq!((wrong.status, &browser.cookie), (401, &None));
    assert!(wrong.text.contains("This name and this password do not fit together."));
    assert_eq!(browser.sign_in("olga", PASSWORD).status, 303);
    assert!(browser.get("/console/people").text.contains("otto"));
    assert_eq!(browser.get("/console/sign-in").status, 303, "there is no need to");
    let kept = browser.cookie.clone();
    assert_eq!(browser.submit("/console/people", "/console/sign-out", &[]).status, 303);
    assert_eq!(browser.cookie, None);
    browser.cookie = kept;
    assert_eq!(
        browser.get("/console/people").status,
        303,
        "the session is over, not just the cookie"
    );
}

#[test]
fn the_cookie_is_for_this_host_for_no_script_and_for_no_other_site() {
    let daemon = daemon();
    let answer = Browser::new(&daemon).sign_in("olga", PASSWORD);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let port = daemon.address.port();
    assert!(cookie.starts_with(&format!("placet-session-{port}=plc_")), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[test]
fn a_session_that_was_planted_before_signing_in_is_not_the_one_after() {
    let daemon = daemon();
    let attacker = Browser::signed_in(&daemon, "otto");
    let mut victim = Browser::new(&daemon);
    victim.cookie.clone_from(&attacker.cookie);
    assert_eq!(victim.sign_in("olga", PASSWORD).status, 303);
    assert_ne!(victim.cookie, attacker.cookie);
    assert!(victim.get("/console/people").text.contains("<b>olga</b>"));
    let mut attacker = attacker;
    assert_eq!(attacker.get("/console/people").status, 303, "the planted session has ended");
    // A cookie that is there twice was put there by somebody else.
    let own = victim.cookie.clone().unwrap();
    victim.cookie = Some(format!("{own}; {own}"));
    assert_eq!(victim.get("/console/people").status, 303);
}

#[test]
fn a_form_without_the_token_of_its_session_does_nothing() {
    let daemon = daemon();
    let mut olga = Browser::signed_in(&daemon, "olga");
    let others = Browser::signed_in(&daemon, "ana").token("/console/switches");
    let own = olga.token("/console/switches");
    let trip = |olga: &mut Browser<'_>, token: &[(&str, &str)]| {
        let mut fields = vec![("kind", "all"), ("reason", "a drill")];
        fields.extend(token);
        olga.post("/console/switches/trip", &fields).status
    };
    assert_eq!(trip(&mut olga, &[]), 403, "missing");
    assert_eq!(trip(&mut olga, &[("token", "")]), 403, "empty");
    assert_eq!(trip(&mut olga, &[("token", &others)]), 403, "of another session");
    assert_eq!(trip(&mut olga, &[("token", &own), ("token", &own)]), 403, "twice");
    assert!(daemon.guard.as_ref().unwrap().log().state().switches().is_empty());
    assert_eq!(trip(&mut olga, &[("token", &own)]), 303);
    assert_eq!(daemon.guard.as_ref().unwrap().log().state().switches().len(), 1);
}

#[test]
fn a_form_of_another_site_is_refused_with_and_without_a_session() {
    let daemon = daemon();
    let mut olga = Browser::signed_in(&daemon, "olga");
    let token = olga.token("/console/switches");
    let trip = [("token", token.as_str()), ("kind", "all"), ("reason", "a drill")];
    let sign_in = [("person", "olga"), ("password", PASSWORD)];
    let own = olga.origin();
    let other_port = "http://127.0.0.1:1";
    for (path, fields) in [("/console/switches/trip", &trip[..]), ("/console/sign-in", &sign_in)] {
        for headers in [
            &[][..],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", other_port)],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "cross-site")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
        ] {
            let answer = olga.send("POST", path, Some(fields), headers);
            assert_eq!(answer.status, 403, "{path} {headers:?}: {}", answer.text);
        }
        let answer = olga.send("POST", path, Some(fields), &[("origin", &own)]);
        assert_eq!(answer.status, 303, "{path}: {}", answer.text);
    }
}

#[test]
fn a_link_from_elsewhere_opens_a_page_but_nothing_else_does() {
    let daemon = daemon();
    let mut olga = Browser::signed_in(&daemon, "olga");
    let visit = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    // The browser keeps a strict cookie to itself, and shows it when the page sends it here again.
    let cookie = olga.cookie.take();
    let again = olga.send("GET", "/console/people", None, &visit);
    assert_eq!(again.status, 200);
    assert!(again.text.contains("http-equiv=\"refresh\"") && !again.text.contains("otto"));
    olga.cookie = cookie;
    let framed = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
    ];
    let fetched = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", "script"),
    ];
    for headers in [framed, fetched] {
        assert_eq!(olga.send("GET", "/console/people", None, &headers).status, 403);
    }
    assert_eq!(olga.send("GET", "/v1/policy", None, &visit).status, 403, "the API takes no visits");
    let renamed = [("host", "evil.example")];
    assert_eq!(
        olga.send("GET", "/console/people", None, &renamed).status,
        421,
        "a name that was rebound"
    );
}

#[test]
fn no_page_is_framed_kept_or_able_to_load_anything_foreign() {
    let daemon = daemon();
    let mut olga = Browser::signed_in(&daemon, "olga");
    let pages = [
        "/console/sign-in",
        "/console/enrol",
        "/console",
        "/console/activity",
        "/console/autonomy",
        "/console/switches",
        "/console/policy",
        "/console/policy/edit",
        "/console/people",
        "/console/integrations",
        "/console/log",
        "/console/nowhere",
    ];
    let odd = regex::Regex::new(r#"(?i)<style|\sstyle=|\son[a-z]+=|javascript:"#).unwrap();
    let script = regex::Regex::new(r"<script[^>]*>").unwrap();
    for page in pages {
        let answer = olga.get(page);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{page}: {policy}");
        assert!(!policy.contains("unsafe"), "{page}: {policy}");
        assert_eq!(answer.headers["x-frame-options"], "DENY", "{page}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{page}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{page}");
        assert!(!odd.is_match(&answer.text), "{page}");
        assert!(script.find_iter(&answer.text).all(|found| found.as_str().contains(" src=")));
    }
}

#[test]
fn an_asset_is_kept_for_ever_under_an_address_that_names_its_content() {
    let daemon = daemon();
    let mut browser = Browser::new(&daemon);
    let page = browser.get("/console/sign-in").text;
    let address = regex::Regex::new(r#"/console/assets/[0-9a-f]{16}/[a-z.]+"#).unwrap();
    let found: Vec<&str> = address.find_iter(&page).map(|found| found.as_str()).collect();
    assert!(found.len() >= 3, "{page}");
    for asset in found {
        let answer = browser.get(asset);
        assert_eq!(answer.status, 200, "{asset}");
        assert_eq!(answer.headers["cache-control"], "public, max-age=31536000, immutable");
    }
    assert_eq!(browser.get("/console/assets/0000000000000000/console.css").status, 404);
}

#[test]
fn a_one_time_link_works_once() {
    let daemon = daemon();
    let invitation = invitation(&daemon, "eve");
    let mut eve = Browser::new(&daemon);
    assert_eq!(eve.get("/console/enrol").status, 200);
    let enrol = |browser: &mut Browser<'_>, password: &str, again: &str| {
        let fields = [("invitation", &*invitation), ("password", password), ("again", again)];
        browser.post("/console/enrol", &fields)
    };
    let differs = enrol(&mut eve, PASSWORD, "four words to forget");
    assert!(differs.status == 422 && differs.text.contains(&invitation), "it is still in the form");
    assert_eq!(enrol(&mut eve, "short", "short").status, 422);
    assert_eq!(enrol(&mut eve, PASSWORD, PASSWORD).status, 303);
    assert!(eve.get("/console/people").text.contains("<b>eve</b>"), "signed in");
    let again = enrol(&mut Browser::new(&daemon), "another good one", "another good one");
    assert_eq!(again.status, 410);
    assert_eq!(Browser::new(&daemon).sign_in("eve", PASSWORD).status, 303, "the first one holds");
}

#[test]
fn a_session_ends_with_its_person_their_invitation_and_the_hand_of_an_admin() {
    let daemon = daemon();
    let guard = daemon.guard.as_ref().unwrap().clone();
    let mut ben = Browser::signed_in(&daemon, "ben");
    guard.blocking().remove_person("ben".parse().unwrap()).unwrap();
    assert_eq!(ben.get("/console/people").status, 303);
    let mut otto = Browser::signed_in(&daemon, "otto");
    invitation(&daemon, "otto");
    assert_eq!(otto.get("/console/people").status, 303);
    let mut carl = Browser::signed_in(&daemon, "carl");
    let mut ana = Browser::signed_in(&daemon, "ana");
    let page = ana.get("/console/people").text;
    let key = regex::Regex::new(r#"name="key" value="(key_[^"]+)""#).unwrap();
    let key = key.captures(&page).expect("the session of carl")[1].to_owned();
    assert_eq!(ana.submit("/console/people", "/console/people/end", &[("key", &key)]).status, 303);
    assert_eq!(carl.get("/console/people").status, 303);
}

#[test]
fn who_fails_too_often_waits_and_nobody_else_does() {
    let daemon = daemon();
    let mut browser = Browser::new(&daemon);
    let tries: Vec<u16> =
        (0..12).map(|_| browser.sign_in("olga", "not her password").status).collect();
    assert_eq!(tries[..10], [401; 10]);
    assert_eq!(tries[10..], [429; 2]);
    let held = browser.sign_in("olga", PASSWORD);
    assert_eq!(held.status, 429, "the right one waits as well");
    let wait: u64 = held.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(browser.sign_in("OLGA ", PASSWORD).status, 429, "no matter how it is written");
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    let tries: Vec<u16> =
        (0..70).map(|number| browser.sign_in(&format!("nobody {number}"), "x").status).collect();
    assert!(tries.contains(&429), "one address does not try all names");
}

#[test]
fn a_key_opens_no_page_and_a_cookie_no_endpoint() {
    let daemon = daemon();
    let mut browser = Browser::new(&daemon);
    let bearer = format!("Bearer {}", daemon.keys.operator);
    let answer = browser.send("GET", "/console/people", None, &[("authorization", &bearer)]);
    assert_eq!(answer.status, 303);
    browser.cookie =
        Some(format!("placet-session-{}={}", daemon.address.port(), daemon.keys.operator));
    assert_eq!(browser.get("/console/people").status, 303, "a key is no session");
    let mut olga = Browser::signed_in(&daemon, "olga");
    assert_eq!(olga.get("/v1/policy").status, 401);
}

const REASON: &str = "the order <never> arrived";

/// An action that waits, and the form that denies it.
fn denial(daemon: &Daemon) -> (String, Vec<(&'static str, &'static str)>) {
    let action = serde_json::json!({"tool": "issue_refund", "params": {"order": "o-1"}});
    let held = daemon.post("/v1/actions", &daemon.keys.agent, &action).json();
    let page = format!("/console/actions/{}", held["id"].as_str().unwrap());
    (page, vec![("choice", "deny"), ("reason", REASON)])
}

#[test]
fn a_session_that_ends_while_somebody_types_says_so_and_keeps_what_they_typed() {
    let daemon = daemon();
    let mut ben = Browser::signed_in(&daemon, "ben");
    let (page, mut fields) = denial(&daemon);
    let token = ben.token(&page);
    fields.push(("token", &token));
    ben.cookie = None;
    let refused = ben.post(&format!("{page}/answer"), &fields);
    assert_eq!(refused.status, 401);
    let next = format!("name=\"next\" value=\"{page}\"");
    let typed = ">\nthe order &#60;never&#62; arrived</textarea>";
    for part in ["Your session has ended", "nothing was done", typed, &next, "name=\"password\""] {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    assert!(!refused.text.contains(&token), "nothing else of it is shown");
    let fields = [("person", "ben"), ("password", "no such words"), ("next", &page)];
    let wrong = ben.post("/console/sign-in", &fields);
    assert!(wrong.status == 401 && wrong.text.contains(&next), "{}", wrong.text);
    let fields = [("person", "ben"), ("password", PASSWORD), ("next", &page)];
    let back = ben.post("/console/sign-in", &fields);
    assert_eq!((back.status, back.headers["location"].to_str().unwrap()), (303, &*page));
    // A page that was asked for is come back to as well, and it is said why somebody has to sign in.
    ben.cookie = None;
    let turned = ben.get("/console?after=x y".replace(' ', "%20").as_str());
    let to = turned.headers["location"].to_str().unwrap();
    assert_eq!(to, "/console/sign-in?next=%2Fconsole%3Fafter%3Dx%2520y");
    let asks = ben.get(to).text;
    assert!(asks.contains("Your session has ended") || asks.contains("a session"), "{asks}");
    assert!(asks.contains("value=\"/console?after=x%20y\""), "{asks}");
}

#[test]
fn signing_in_leads_to_pages_of_the_console_only() {
    let daemon = daemon();
    let mut ben = Browser::new(&daemon);
    for next in [
        "",
        "https://evil.example/console",
        "//evil.example/console",
        "/\\evil.example",
        "/console//evil.example",
        "/console\\evil",
        "/console/../../evil",
        "/console/\r\nset-cookie: a=b",
        "/consoles",
        "/v1/policy",
        "console",
        "javascript:alert(1)",
        "/console/sign-in",
        "/console/\u{6f22}",
    ] {
        ben.cookie = None;
        let fields = [("person", "ben"), ("password", PASSWORD), ("next", next)];
        let back = ben.post("/console/sign-in", &fields);
        assert_eq!((back.status, &back.headers["location"]), (303, &"/console".parse().unwrap()));
    }
}

#[test]
fn a_role_that_was_taken_away_or_a_form_of_another_session_loses_no_text() {
    let daemon = daemon();
    let mut ben = Browser::signed_in(&daemon, "ben");
    let (page, mut fields) = denial(&daemon);
    let token = ben.token(&page);
    let typed = ">\nthe order &#60;never&#62; arrived</textarea>";
    let path = format!("{page}/answer");
    let other = ben.post(&path, &fields);
    assert_eq!(other.status, 403);
    assert!(other.text.contains("not of this session") && other.text.contains(typed));
    fields.push(("token", &token));
    let guard = daemon.guard.as_ref().unwrap().blocking();
    guard.change_person("ben".parse().unwrap(), [KeyScope::Auditor].into(), [].into()).unwrap();
    let refused = ben.post(&path, &fields);
    assert_eq!(refused.status, 403);
    for part in ["scope approver", typed, &format!("href=\"{page}\"")] {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    // What another site sends is not read.
    let foreign = ben.send("POST", &path, Some(&fields), &[("origin", "https://evil.example")]);
    assert!(foreign.status == 403 && !foreign.text.contains("never"), "{}", foreign.text);
}
