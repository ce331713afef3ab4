//! The pages of the console: who sees which, what they show, and what their forms do.

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
use placet::{Guard, KeyScope, NewPerson, Scope};
use regex::Regex;
use sha2::{Digest as _, Sha256};

fn daemon() -> Daemon {
    let daemon = Daemon::start();
    people(&daemon);
    daemon
}

fn guard(daemon: &Daemon) -> &Guard {
    daemon.guard.as_ref().expect("running")
}

/// What each person gets for a page or a form: the first two run the daemon, the next three belong
/// to acme, the last is the admin of umbrella. The session that is to be ended is carl's.
const TABLE: &str = "
request                             olga otto ana ben carl uma

GET  /console                       200  200  200 200 200  200
GET  /console/activity              200  200  200 200 200  200
GET  /console/autonomy              200  200  200 200 200  200
GET  /console/switches              200  200  200 200 200  200
GET  /console/policy                200  200  200 200 200  200
GET  /console/policy/edit           200  403  403 403 403  403
GET  /console/people                200  200  200 200 200  200
GET  /console/integrations          200  200  200 200 200  200
GET  /console/log                   200  200  200 200 200  200
GET  /console/log/checkpoint        200  200  403 403 403  403
GET  /console/log/entries.jsonl     200  200  403 403 403  403

POST /console/switches/trip         303  403  303 403 403  403
POST /console/switches/reset        303  403  303 403 403  403
POST /console/policy/validate       200  403  403 403 403  403
POST /console/policy/install        303  403  403 403 403  403
POST /console/people/invite         200  403  200 403 403  409
POST /console/people/change         303  403  303 403 403  404
POST /console/people/remove         303  403  303 403 403  404
POST /console/people/end            303  403  303 403 303  403
POST /console/integrations/create   200  403  200 403 403  200
POST /console/integrations/rotate   200  403  200 403 403  404
POST /console/integrations/revoke   303  403  303 403 403  404
POST /console/log/verify            303  303  403 403 403  403
POST /console/sign-out              303  303  303 303 303  303
";

#[test]
fn everyone_gets_what_the_table_says() {
    let daemon = daemon();
    let mut lines = TABLE.trim().lines().filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.next().unwrap().split_whitespace().skip(1).collect();
    let mut wrong = Vec::new();
    for line in lines {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        for (name, expected) in names.iter().zip(words) {
            let status = ask(&daemon, name, method, path);
            if status.to_string() != expected {
                wrong.push(format!("{name}: {method} {path}: {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Asks for a page, or sends a form that is right for whoever may send it.
fn ask(daemon: &Daemon, name: &str, method: &str, path: &str) -> u16 {
    let mut browser = Browser::signed_in(daemon, name);
    if method == "GET" {
        return browser.get(path).status;
    }
    let fields = prepared(daemon, path);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    browser.submit("/console/people", path, &fields).status
}

/// The fields of a form about acme, and what must be there for it to be accepted.
fn prepared(daemon: &Daemon, path: &str) -> Vec<(&'static str, String)> {
    let guard = guard(daemon);
    let scope = "tenant:acme/tool:send_note";
    let own = |fields: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    let switch = [("kind", "scope"), ("name", scope), ("reason", "a drill")];
    let eve = |tenant: &str| NewPerson {
        person: "eve".parse().unwrap(),
        tenant: Some(tenant.parse().unwrap()),
        roles: [KeyScope::Auditor].into(),
        groups: [].into(),
    };
    let key = |path: &str| {
        let list = daemon.get("/v1/integrations", &daemon.keys.operator).json();
        let of = |key: &serde_json::Value| key["tenant"] == "acme" && key["name"] == "made";
        let key = list["integrations"].as_array().unwrap().iter().find(|key| of(key)).unwrap();
        assert!(path.contains("integrations"));
        key["app_id"].as_str().unwrap().to_owned()
    };
    match path {
        "/console/switches/trip" => own(&switch),
        "/console/switches/reset" => {
            let scope: Scope = scope.parse().unwrap();
            guard.blocking().trip(scope, "a drill", None).unwrap();
            own(&switch)
        }
        "/console/policy/validate" | "/console/policy/install" => {
            own(&[("name", "policy.toml"), ("text", common::POLICY)])
        }
        "/console/people/invite" | "/console/people/change" | "/console/people/remove" => {
            guard.blocking().invite(eve("acme")).unwrap();
            own(&[("person", "eve"), ("tenant", "acme"), ("roles", "approver")])
        }
        "/console/people/end" => {
            let secret = guard.blocking().sign_in("carl", PASSWORD).unwrap();
            own(&[("key", &secret.key().to_string())])
        }
        "/console/integrations/create" => {
            own(&[("name", "made"), ("scopes", "auditor"), ("tenant", "acme")])
        }
        path if path.starts_with("/console/integrations") => {
            guard
                .blocking()
                .create_key(placet::NewKey {
                    name: "made".parse().unwrap(),
                    tenant: Some("acme".parse().unwrap()),
                    agent: None,
                    person: None,
                    scopes: [KeyScope::Agent].into(),
                })
                .unwrap();
            own(&[("key", &key(path))])
        }
        _ => Vec::new(),
    }
}

#[test]
fn a_tenants_people_see_their_tenant_only() {
    let daemon = daemon();
    let mut ana = Browser::signed_in(&daemon, "ana");
    let people = ana.get("/console/people").text;
    assert!(people.contains(">ben<") && people.contains(">carl<"), "{people}");
    assert!(!people.contains(">uma<") && !people.contains(">olga<"), "{people}");
    for (scope, seen) in [("tenant:acme", true), ("all", true), ("tenant:umbrella/tool:x", false)] {
        guard(&daemon).blocking().trip(scope.parse().unwrap(), "a drill", None).unwrap();
        let page = ana.get("/console/switches").text;
        assert_eq!(page.contains(&format!("<code>{scope}</code>")), seen, "{scope}");
    }
    let keys = ana.get("/console/integrations").text;
    let listed = keys.matches("/console/integrations/revoke").count();
    assert_eq!(listed, 5, "the keys of acme: {keys}");
}

#[test]
fn what_somebody_else_wrote_is_shown_as_what_it_is() {
    let daemon = daemon();
    let reason = "<script>alert(1)</script> \u{202e}txt.exe\u{200b} p\u{430}ypal";
    guard(&daemon).blocking().trip("agent:<b>\"x\"".parse().unwrap(), reason, None).unwrap();
    let page = Browser::signed_in(&daemon, "olga").get("/console/switches").text;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    assert!(page.contains("agent:&lt;b&gt;&quot;x&quot;"), "{page}");
    for code in ["202E", "200B", "0430"] {
        let shown = format!("<span class=\"odd\" title=\"U+{code}\">⟨U+{code}⟩</span>");
        assert!(page.contains(&shown), "{code}: {page}");
    }
    assert!(!page.contains(['\u{202e}', '\u{200b}', '\u{430}']), "{page}");
}

#[test]
fn a_secret_is_shown_once_and_the_same_form_makes_one_key() {
    let daemon = daemon();
    let mut olga = Browser::signed_in(&daemon, "olga");
    let page = olga.get("/console/integrations").text;
    let once = Regex::new(r#"name="once" value="(\d+)""#).unwrap();
    let once = once.captures(&page).unwrap()[1].to_owned();
    let token = olga.token("/console/integrations");
    let fields = [
        ("token", &*token),
        ("once", &once),
        ("name", "support"),
        ("tenant", "acme"),
        ("scopes", "agent"),
    ];
    let secret = |text: &str| {
        Regex::new(r#"value="(plc_[^"]+)""#).unwrap().captures(text).expect(text)[1].to_owned()
    };
    let before = guard(&daemon).log().state().keys().len();
    let made = secret(&olga.post("/console/integrations/create", &fields).text);
    assert_eq!(daemon.get("/v1/kill-switches", &made).status, 403, "it is an agent's key");
    assert_eq!(secret(&olga.post("/console/integrations/create", &fields).text), made);
    assert_eq!(guard(&daemon).log().state().keys().len(), before + 1);
    assert!(!olga.get("/console/integrations").text.contains("plc_"));
}

#[test]
fn an_invitation_from_the_page_lets_somebody_in() {
    let daemon = daemon();
    let mut ana = Browser::signed_in(&daemon, "ana");
    let fields = [("person", "eve"), ("roles", "approver"), ("groups", "finance, legal")];
    let page = ana.submit("/console/people", "/console/people/invite", &fields).text;
    let link = Regex::new(r##"value="(http://[^"#]+)/console/enrol#(pli_[^"]+)""##).unwrap();
    let link = link.captures(&page).expect(&page);
    assert_eq!(link[1], ana.origin());
    let mut eve = Browser::new(&daemon);
    let fields = [("invitation", &link[2]), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(eve.post("/console/enrol", &fields).status, 303);
    let state = guard(&daemon).log().state();
    let known = state.people().get(&"eve".parse().unwrap()).unwrap();
    assert_eq!(known.tenant.as_ref().unwrap().as_str(), "acme");
    assert_eq!(
        known.groups.iter().map(|group| group.as_str()).collect::<Vec<_>>(),
        ["finance", "legal"]
    );
}

#[test]
fn a_policy_is_checked_installed_and_held_against_the_one_before() {
    let daemon = daemon();
    let mut olga = Browser::signed_in(&daemon, "olga");
    let send = |olga: &mut Browser<'_>, act: &str, text: &str| {
        let fields = [("name", "policy.toml"), ("text", text), ("name", ""), ("text", "")];
        olga.submit("/console/policy/edit", &format!("/console/policy/{act}"), &fields)
    };
    let bad = send(&mut olga, "validate", "version = 1\nmod = \"shadow\"\n");
    assert_eq!(bad.status, 422);
    assert!(bad.text.contains("<code>policy.toml:2:1</code>"), "{}", bad.text);
    assert_eq!(send(&mut olga, "install", "version = 1\nmod = \"shadow\"\n").status, 422);
    let before = guard(&daemon).log().state().installed_at().unwrap();
    let changed = common::POLICY.replace("mode = \"enforce\"", "mode = \"shadow\"");
    // As browsers send the lines of a form.
    assert_eq!(send(&mut olga, "install", &changed.replace('\n', "\r\n")).status, 303);
    assert_eq!(guard(&daemon).policy().files()[0].text, changed);
    let after = guard(&daemon).log().state().installed_at().unwrap();
    let page = olga.get(&format!("/console/policy?version={after}&against={before}")).text;
    let lines =
        Regex::new(r#"(?s)<li class="(added|removed)">.*?<span>(mode[^<]*)</span></li>"#).unwrap();
    let lines: Vec<(String, String)> = lines
        .captures_iter(&page)
        .map(|found| (found[1].to_owned(), found[2].to_owned()))
        .collect();
    assert_eq!(
        lines,
        [
            ("removed".to_owned(), "mode = &quot;enforce&quot;".to_owned()),
            ("added".to_owned(), "mode = &quot;shadow&quot;".to_owned()),
        ]
    );
    assert!(page.contains("olga"), "who installed it");
    assert_eq!(olga.get("/console/policy?version=1&against=0").status, 404);
    assert_eq!(olga.get("/console/policy?version=x").status, 400);
}

#[test]
fn the_log_is_verified_on_request_and_its_download_is_what_was_signed() {
    let daemon = daemon();
    let mut otto = Browser::signed_in(&daemon, "otto");
    assert!(otto.get("/console/log").text.contains("Nobody asked for one"));
    assert_eq!(otto.submit("/console/log", "/console/log/verify", &[]).status, 303);
    let verified = (0..6_000).find_map(|_| {
        let page = otto.get("/console/log").text;
        (!page.contains("data-refresh")).then_some(page)
    });
    let verified = verified.expect("the end of it");
    assert!(verified.contains(">sound<") && verified.contains("otto"), "{verified}");
    let checkpoint = otto.get("/console/log/checkpoint").text;
    let entries = otto.get("/console/log/entries.jsonl").text;
    let lines: Vec<&str> = entries.lines().collect();
    let signed: Vec<&str> = checkpoint.lines().collect();
    assert_eq!(signed[1], lines.len().to_string());
    use base64::Engine as _;
    let root = base64::engine::general_purpose::STANDARD.encode(root(&lines));
    assert_eq!(signed[2], root);
}

/// The root of a tree over lines, as RFC 6962 says it.
fn root(lines: &[&str]) -> Vec<u8> {
    match lines {
        [line] => Sha256::new().chain_update([0]).chain_update(line).finalize().to_vec(),
        lines => {
            let half = lines.len().next_power_of_two() / 2;
            let (left, right) = lines.split_at(half);
            let both = Sha256::new().chain_update([1]).chain_update(root(left));
            both.chain_update(root(right)).finalize().to_vec()
        }
    }
}
