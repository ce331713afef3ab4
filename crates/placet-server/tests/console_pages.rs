//! The pages of the console: who sees which, what they show, and what their forms do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::collections::BTreeSet;

use common::Daemon;
use common::browser::{Browser, PASSWORD, people};
use placet::{Guard, KeyScope, NewPerson, Scope, Secret};
use placet_server::console_routes;
use regex::Regex;
use serde_json::json;
use sha2::{Digest as _, Sha256};

fn daemon() -> Daemon {
    let daemon = Daemon::start();
    people(&daemon);
    daemon
}

fn guard(daemon: &Daemon) -> &Guard {
    daemon.guard.as_ref().expect("running")
}

/// What each person gets for a page or a form: nobody is signed in, the next two run the daemon,
/// three belong to acme, the last is the admin of umbrella. The action is one of acme, and the
/// session that is to be ended is carl's.
const TABLE: &str = "
request                                  nobody olga   otto   ana    ben    carl   uma

GET  /console                            303    200    200    200    200    200    200
GET  /console/                           303    303    303    303    303    303    303
GET  /console/events                     303    200    200    200    200    200    200
GET  /console/actions/{id}               303    200    200    200    200    200    404
GET  /console/actions/{id}/receipt.json  303    200    200    200    200    200    404
GET  /console/activity                   303    200    200    200    200    200    200
GET  /console/autonomy                   303    200    200    200    200    200    200
GET  /console/standing                   303    200    200    200    200    200    200
GET  /console/switches                   303    200    200    200    200    200    200
GET  /console/policy                     303    200    200    200    200    200    200
GET  /console/policy/edit                303    200    403    403    403    403    403
GET  /console/people                     303    200    200    200    200    200    200
GET  /console/integrations               303    200    200    200    200    200    200
GET  /console/log                        303    200    200    200    200    200    200
GET  /console/log/checkpoint             303    200    200    403    403    403    403
GET  /console/log/entries.jsonl          303    200    200    403    403    403    403
GET  /console/sign-in                    200    303    303    303    303    303    303
GET  /console/enrol                      200    200    200    200    200    200    200
GET  /console/assets/{version}/{name}    200    200    200    200    200    200    200
GET  /console/{*rest}                    404    404    404    404    404    404    404

GET  /console/actions/{id}/answer        303    303    303    303    303    303    404
POST /console/actions/{id}/answer        401    303    403    403    303    403    403

POST /console/standing/revoke            401    303    403    303    303    403    404
POST /console/switches/trip              401    303    403    303    403    403    403
POST /console/switches/reset             401    303    403    303    403    403    403
POST /console/policy/validate            401    200    403    403    403    403    403
POST /console/policy/install             401    303    403    403    403    403    403
POST /console/people/invite              303    200    403    200    403    403    409
POST /console/people/change              303    303    403    303    403    403    404
POST /console/people/remove              303    303    403    303    403    403    404
POST /console/people/end                 303    303    403    303    403    303    403
POST /console/integrations/create        303    200    403    200    403    403    200
POST /console/integrations/own           303    200    200    200    200    200    200
POST /console/integrations/rotate        303    200    403    200    403    403    404
POST /console/integrations/revoke        303    303    403    303    403    403    404
POST /console/log/verify                 303    303    303    403    403    403    403
POST /console/sign-out                   303    303    303    303    303    303    303
POST /console/sign-in                    303    303    303    303    303    303    303
POST /console/enrol                      303    303    303    303    303    303    303
";

fn rows() -> impl Iterator<Item = (&'static str, &'static str, Vec<&'static str>)> {
    let lines = TABLE.trim().lines().skip(1).filter(|line| !line.is_empty());
    lines.map(|line| {
        let mut words = line.split_whitespace();
        (words.next().unwrap(), words.next().unwrap(), words.collect())
    })
}

#[test]
fn the_table_names_everything_that_the_console_answers() {
    let tabled: BTreeSet<String> =
        rows().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(console_routes().into_iter().collect::<BTreeSet<_>>(), tabled);
}

#[test]
fn everyone_gets_what_the_table_says() {
    let daemon = daemon();
    let names: Vec<&str> =
        TABLE.trim().lines().next().unwrap().split_whitespace().skip(1).collect();
    let mut wrong = Vec::new();
    for (method, path, statuses) in rows() {
        assert_eq!(statuses.len(), names.len(), "{method} {path}");
        for (name, expected) in names.iter().zip(statuses) {
            let status = ask(&daemon, name, method, path);
            if status.to_string() != expected {
                wrong.push(format!("{name}: {method} {path}: {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_key_opens_no_page_and_sends_no_form() {
    let daemon = daemon();
    let keys = &daemon.keys;
    for (method, path, _) in rows() {
        let (path, fields) = request(&daemon, path);
        let fields = form_urlencoded(&fields);
        let send = |key: Option<&str>| {
            let body = (method == "POST").then(|| (FORM, fields.clone()));
            let origin = format!("http://{}", daemon.address);
            let answer = daemon.request(method, &path, key, body, &[("origin", &origin)]);
            (answer.status(), answer.headers().get("location").cloned())
        };
        // Whoever signs in or sets a password shows no key, and an invitation works once.
        if matches!(path.as_str(), "/console/sign-in" | "/console/enrol") {
            continue;
        }
        let nobody = send(None);
        for key in [&keys.operator, &keys.admin, &keys.approver, &keys.auditor, &keys.agent] {
            assert_eq!(send(Some(key)), nobody, "{method} {path}");
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form_urlencoded(fields: &[(&'static str, String)]) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish().into_bytes()
}

/// Asks for a page, or sends a form that is right for whoever may send it.
fn ask(daemon: &Daemon, name: &str, method: &str, path: &str) -> u16 {
    let mut browser = match name {
        "nobody" => Browser::new(daemon),
        name => Browser::signed_in(daemon, name),
    };
    let (target, mut fields) = request(daemon, path);
    if path.ends_with("/own") {
        let role = match name {
            "otto" | "carl" => "auditor",
            "ben" => "approver",
            _ => "admin",
        };
        fields.push(("scopes", role.to_owned()));
    }
    if method == "GET" {
        return browser.get(&target).status;
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    match name {
        "nobody" => browser.post(&target, &fields).status,
        _ => browser.submit("/console/people", &target, &fields).status,
    }
}

/// An address of this path, the fields of its form, and what must be there for it to be accepted.
fn request(daemon: &Daemon, path: &str) -> (String, Vec<(&'static str, String)>) {
    let at = |target: String| (target, Vec::new());
    match path {
        path if path.contains("/actions/{id}") => {
            let (id, digest) = held(daemon);
            let fields = [
                ("choice", "approve"),
                ("digest", &digest),
                (
                    "statement verbatim_response",
                    "I have read the whole of it, and it is what we agreed on.",
                ),
                ("statement responsible_owner", "Ben"),
            ];
            (path.replace("{id}", &id), fields.map(|(name, value)| (name, value.to_owned())).into())
        }
        "/console/events" => at("/console/events?of=inbox".to_owned()),
        "/console/{*rest}" => at("/console/nowhere".to_owned()),
        "/console/assets/{version}/{name}" => {
            let page = Browser::new(daemon).get("/console/sign-in").text;
            let icon = Regex::new(r#"/console/assets/[^"]+/icon\.svg"#).unwrap();
            at(icon.find(&page).unwrap().as_str().to_owned())
        }
        path => (path.to_owned(), prepared(daemon, path)),
    }
}

/// An action of acme that waits: its id and its digest.
fn held(daemon: &Daemon) -> (String, String) {
    let action = json!({"tool": "send_note"});
    let decision = daemon.post("/v1/actions", &daemon.keys.agent, &action).json();
    let text = |name: &str| decision[name].as_str().unwrap().to_owned();
    (text("id"), text("digest"))
}

/// A standing approval of acme: its id.
fn standing(daemon: &Daemon) -> String {
    let guard = guard(daemon);
    // What stands already is not held again.
    let action = json!({"tool": "deploy", "params": {"version": guard.log().size()}});
    let held = daemon.post("/v1/actions", &daemon.keys.agent, &action).json();
    let path = format!("/v1/approvals/{}/resolve", held["approval"]["id"].as_str().unwrap());
    let answer = json!({
        "approved": true,
        "verbatim_response": "I have read the whole of it, and it is what we agreed on.",
        "responsible_owner": "Ann",
        "standing": {"params": [""]},
    });
    let answered = daemon.post(&path, &daemon.keys.approver, &answer);
    assert_eq!(answered.status, 200, "{}", answered.text);
    let all = guard.standing_approvals(None).unwrap();
    all.iter().max_by_key(|standing| standing.log_index).unwrap().id.to_string()
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
        "/console/standing/revoke" => own(&[("id", &standing(daemon)), ("reason", "a drill")]),
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
        "/console/sign-in" => own(&[("person", "carl"), ("password", PASSWORD)]),
        "/console/enrol" => {
            let token = guard.blocking().invite(eve("acme")).unwrap().token;
            own(&[
                ("invitation", &*token.danger_text()),
                ("password", PASSWORD),
                ("again", PASSWORD),
            ])
        }
        "/console/integrations/create" => {
            own(&[("name", "made"), ("scopes", "auditor"), ("tenant", "acme")])
        }
        "/console/integrations/own" => own(&[("name", "terminal")]),
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

/// Follows the links to what comes next, and gives how often each page matches.
fn walk(browser: &mut Browser<'_>, first: &str, row: &str) -> Vec<usize> {
    let next = Regex::new(r#"href="([^"]+)"[^>]*>Show the next ones"#).unwrap();
    let (mut at, mut counts) = (Some(first.to_owned()), Vec::new());
    while let Some(path) = at {
        let page = browser.get(&path);
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        counts.push(page.text.matches(row).count());
        at = next.captures(&page.text).map(|found| found[1].replace("&#38;", "&"));
    }
    counts
}

#[test]
fn long_lists_come_a_page_at_a_time_and_can_be_searched() {
    let daemon = daemon();
    let acme = || Some("acme".parse().unwrap());
    for number in 0..110 {
        let blocking = guard(&daemon).blocking();
        let new = NewPerson {
            person: format!("person {number:03}").parse().unwrap(),
            tenant: acme(),
            roles: [KeyScope::Auditor].into(),
            groups: [].into(),
        };
        blocking.invite(new).unwrap();
        let new = placet::NewKey {
            name: format!("application {number:03}").parse().unwrap(),
            tenant: acme(),
            agent: None,
            person: None,
            scopes: [KeyScope::Agent].into(),
        };
        blocking.create_key(new).unwrap();
        blocking
            .trip(format!("tenant:acme/tool:t{number:03}").parse().unwrap(), "a drill", None)
            .unwrap();
    }
    let mut ana = Browser::signed_in(&daemon, "ana");
    let row = "<li class=\"card\">";
    assert_eq!(walk(&mut ana, "/console/people", row), [50, 50, 14], "and ana, ann, ben, carl");
    assert_eq!(walk(&mut ana, "/console/integrations", row), [50, 50, 15], "and five more");
    assert_eq!(walk(&mut ana, "/console/switches", "<li class=\"card stopped\">"), [50, 50, 10]);
    assert_eq!(walk(&mut ana, "/console/people?find=PERSON+01", row), [10]);
    assert_eq!(walk(&mut ana, "/console/people?find=person", row), [50, 50, 10]);
    assert_eq!(walk(&mut ana, "/console/people?find=uma", row), [0], "of another tenant");
    assert_eq!(walk(&mut ana, "/console/integrations?find=application+10", row), [10]);
    assert_eq!(walk(&mut ana, "/console/switches?find=t02", "<li class=\"card stopped\">"), [10]);
    assert!(ana.get("/console/people?find=%3Cb%3E").text.contains("&#60;b&#62;"));
    assert_eq!(ana.get("/console/people?page=2").status, 400);
    // A change leads back to where it was made.
    let first = ana.get("/console/people?find=person").text;
    let after = Regex::new(r#"after=([^"&]+)[^"]*"[^>]*>Show the next"#).unwrap();
    let after = after.captures(&first).unwrap()[1].to_owned();
    let page = format!("/console/people?after={after}&find=person");
    assert!(ana.get(&page).text.contains("name=\"find\" value=\"person\""));
    let decoded = after.replace(['+'], " ").replace("%20", " ");
    let fields =
        [("person", "person 060"), ("roles", "approver"), ("after", &*decoded), ("find", "person")];
    let done = ana.submit(&page, "/console/people/change", &fields);
    let back = done.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(done.status, 303);
    let shown = ana.get(&back).text;
    assert!(shown.contains("person 060") && !shown.contains("person 000"), "{back}: {shown}");
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
fn a_persons_own_key_is_made_by_them_shown_once_and_theirs_to_revoke() {
    let daemon = daemon();
    let id = |secret: &str| secret.parse::<Secret>().unwrap().key().to_string();
    let pattern = Regex::new(r#"value="(plc_[^"]+)""#).unwrap();
    let mut ben = Browser::signed_in(&daemon, "ben");
    let own = "/console/integrations/own";
    let fields = [("name", "bens terminal"), ("scopes", "approver")];
    let page = ben.submit("/console/integrations", own, &fields).text;
    let secret = pattern.captures(&page).expect(&page)[1].to_owned();
    assert!(!ben.get("/console/integrations").text.contains("plc_"), "once");

    // It answers in his name.
    let path = format!("/v1/approvals/{}/resolve", held(&daemon).0.replace("act_", "apr_"));
    let answer = json!({"approved": false, "reason": "no"});
    assert_eq!(daemon.post(&path, &secret, &answer).status, 200);

    // More than he may it may not; nobody else gets one that speaks for him, or its next secret.
    for scopes in ["admin", "agent", "auditor"] {
        let beyond =
            [("name", "more"), ("scopes", scopes), ("person", "ana"), ("tenant", "umbrella")];
        let refused = ben.submit("/console/integrations", own, &beyond);
        assert!(refused.status == 422 && !refused.text.contains("plc_"), "{scopes}");
    }
    let key = id(&secret);
    let mut carl = Browser::signed_in(&daemon, "carl");
    let mut ana = Browser::signed_in(&daemon, "ana");
    let fields = [("key", &*key)];
    let is_refused = |browser: &mut Browser<'_>, act: &str| {
        let path = format!("/console/integrations/{act}");
        let refused = browser.submit("/console/people", &path, &fields);
        refused.status == 403 && !refused.text.contains("plc_")
    };
    assert!(is_refused(&mut carl, "rotate") && is_refused(&mut carl, "revoke"));
    assert!(is_refused(&mut ana, "rotate"), "an admin does not get the secret of somebody");
    let seen = carl.get("/console/integrations").text;
    assert!(
        seen.contains("bens terminal") && !seen.contains(&format!("value=\"{key}\"")),
        "{seen}"
    );

    // He renews it, and then ends it; an admin could have done the latter.
    let rotated = ben.submit("/console/integrations", "/console/integrations/rotate", &fields).text;
    let renewed = pattern.captures(&rotated).expect(&rotated)[1].to_owned();
    assert_eq!(daemon.get("/v1/approvals", &secret).status, 401);
    assert_eq!(daemon.get("/v1/approvals", &renewed).status, 200);
    let revoke = "/console/integrations/revoke";
    assert_eq!(ben.submit("/console/integrations", revoke, &fields).status, 303);
    assert_eq!(daemon.get("/v1/approvals", &renewed).status, 401);
    let another = [("name", "another"), ("scopes", "approver")];
    let page = ben.submit("/console/integrations", own, &another).text;
    let other = pattern.captures(&page).expect(&page)[1].to_owned();
    assert_eq!(ana.submit("/console/people", revoke, &[("key", &*id(&other))]).status, 303);
    assert_eq!(daemon.get("/v1/approvals", &other).status, 401);
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
