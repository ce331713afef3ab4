//! Answering in the console: who may, what counts as an answer, and what became of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::io::BufRead as _;

use common::browser::{Browser, PASSWORD, people};
use common::{Answer, Daemon};
use placet::{KeyScope, NewPerson, Receipt};
use regex::Regex;
use serde_json::{Value, json};

const STATEMENT: &str = "I called the customer, and the order did arrive broken as they say.";

fn daemon() -> Daemon {
    let daemon = Daemon::start();
    people(&daemon);
    add(&daemon, "una", "umbrella");
    add(&daemon, "bea", "acme");
    daemon
}

fn add(daemon: &Daemon, person: &str, tenant: &str) {
    let new = NewPerson {
        person: person.parse().unwrap(),
        tenant: Some(tenant.parse().unwrap()),
        roles: [KeyScope::Approver].into(),
        groups: [].into(),
    };
    let guard = daemon.guard.as_ref().unwrap().blocking();
    let invited = guard.invite(new).unwrap();
    guard.enrol(&invited.token, PASSWORD).unwrap();
}

fn refund() -> Value {
    json!({
        "tool": "issue_refund",
        "params": {"order": "o-1", "amount": "42.00", "currency": "USD"},
    })
}

/// A held action: its id and its digest.
fn hold(daemon: &Daemon, action: &Value) -> (String, String) {
    let answer = daemon.post("/v1/actions", &daemon.keys.agent, action);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let decision = answer.json();
    assert_eq!(decision["verdict"], "require_approval", "{decision}");
    let text = |name: &str| decision[name].as_str().unwrap().to_owned();
    (text("id"), text("digest"))
}

fn status(daemon: &Daemon, id: &str) -> String {
    let status = daemon.get(&format!("/v1/actions/{id}"), &daemon.keys.agent).json();
    status["status"].as_str().unwrap().to_owned()
}

fn answer(
    browser: &mut Browser<'_>,
    (id, digest): &(String, String),
    fields: &[(&str, &str)],
) -> Answer {
    let mut all = vec![
        ("digest", digest.as_str()),
        ("statement verbatim_response", STATEMENT),
        ("statement responsible_owner", "ben"),
    ];
    all.extend(fields);
    browser.submit("/console", &format!("/console/actions/{id}/answer"), &all)
}

#[test]
fn nothing_but_the_button_approves() {
    let daemon = daemon();
    let mut ben = Browser::signed_in(&daemon, "ben");
    let held = hold(&daemon, &refund());
    let no_answers: [&[(&str, &str)]; 13] = [
        &[],
        &[("choice", "")],
        &[("choice", "true")],
        &[("choice", "1")],
        &[("choice", "yes")],
        &[("choice", "on")],
        &[("choice", "Approve")],
        &[("choice", "approve ")],
        &[("choice", "approved")],
        &[("approved", "true")],
        &[("approve", "approve")],
        &[("choice", "approve"), ("choice", "approve")],
        &[("choice", "approve"), ("choice", "deny"), ("reason", "no")],
    ];
    for fields in no_answers {
        let refused = answer(&mut ben, &held, fields);
        assert_eq!(refused.status, 422, "{fields:?}");
        assert_eq!(status(&daemon, &held.0), "pending", "{fields:?}");
    }
    let visited = ben.get(&format!("/console/actions/{}/answer?choice=approve", held.0));
    assert_eq!((visited.status, status(&daemon, &held.0).as_str()), (303, "pending"));
    let own = format!("/console/actions/{}", held.0);
    assert_eq!(visited.headers["location"], own, "what was answered is shown");
    assert_eq!(answer(&mut ben, &held, &[("choice", "approve")]).status, 303);
    assert_eq!(status(&daemon, &held.0), "approved");
}

#[test]
fn only_an_approver_of_the_tenant_who_did_not_ask_for_it_answers() {
    let daemon = daemon();
    let mut own = refund();
    own["user"] = json!("ben");
    let held = hold(&daemon, &own);
    for (person, expected) in
        [("ana", 403), ("carl", 403), ("uma", 403), ("una", 404), ("ben", 403)]
    {
        let mut browser = Browser::signed_in(&daemon, person);
        for choice in ["approve", "deny"] {
            // Denying what is done for oneself is nobody's loss.
            if (person, choice) == ("ben", "deny") {
                continue;
            }
            let path = format!("/console/actions/{}/answer", held.0);
            let fields = [
                ("digest", &*held.1),
                ("choice", choice),
                ("reason", "no"),
                ("statement verbatim_response", STATEMENT),
                ("statement responsible_owner", "ben"),
            ];
            let refused = browser.submit("/console", &path, &fields);
            assert_eq!(refused.status, expected, "{person} {choice}: {}", refused.text);
            assert_eq!(status(&daemon, &held.0), "pending", "{person}");
        }
    }
    let mut una = Browser::signed_in(&daemon, "una");
    assert!(!una.get("/console").text.contains(&held.0), "another tenant does not even see it");
    assert_eq!(una.get(&format!("/console/actions/{}", held.0)).status, 404);
    assert_eq!(una.get(&format!("/console/actions/{}/receipt.json", held.0)).status, 404);
    assert_eq!(una.get(&format!("/console?answered={}", held.0)).status, 404);
    let mut carl = Browser::signed_in(&daemon, "carl");
    let seen = carl.get("/console").text;
    assert!(seen.contains(&held.0) && !seen.contains("value=\"approve\""), "he may only look");
    let mut bea = Browser::signed_in(&daemon, "bea");
    assert_eq!(answer(&mut bea, &held, &[("choice", "approve")]).status, 303);
}

#[test]
fn a_form_without_its_token_answers_nothing() {
    let daemon = daemon();
    let held = hold(&daemon, &refund());
    let mut ben = Browser::signed_in(&daemon, "ben");
    let path = format!("/console/actions/{}/answer", held.0);
    let fields = [
        ("digest", &*held.1),
        ("choice", "approve"),
        ("statement verbatim_response", STATEMENT),
        ("statement responsible_owner", "ben"),
    ];
    assert_eq!(ben.post(&path, &fields).status, 403);
    let token = ben.token("/console");
    let mut all = fields.to_vec();
    all.push(("token", &token));
    let foreign = ben.send("POST", &path, Some(&all), &[("origin", "https://evil.example")]);
    assert_eq!(foreign.status, 403);
    assert_eq!(status(&daemon, &held.0), "pending");
}

#[test]
fn what_is_missing_is_said_and_what_was_typed_stays() {
    let daemon = daemon();
    let held = hold(&daemon, &refund());
    let mut ben = Browser::signed_in(&daemon, "ben");
    let path = format!("/console/actions/{}/answer", held.0);
    let fields = [
        ("digest", held.1.as_str()),
        ("statement verbatim_response", "too <short>"),
        ("statement responsible_owner", "ben"),
    ];
    let mut approving = fields.to_vec();
    approving.push(("choice", "approve"));
    let short = ben.submit("/console", &path, &approving);
    assert_eq!(short.status, 422);
    assert!(short.text.contains("it takes at least 50"), "{}", short.text);
    assert!(short.text.contains(">too &#60;short&#62;</textarea>"), "{}", short.text);
    let denied = answer(&mut ben, &held, &[("choice", "deny"), ("reason", "  ")]);
    assert!(denied.status == 422 && denied.text.contains("Say why not"), "{}", denied.text);
    let other = (held.0.clone(), held.1.replace(['a', '1'], "0"));
    assert_eq!(answer(&mut ben, &other, &[("choice", "approve")]).status, 422, "another digest");
    assert_eq!(status(&daemon, &held.0), "pending");
}

#[test]
fn a_second_answer_changes_nothing_and_hears_of_the_first() {
    let daemon = daemon();
    let held = hold(&daemon, &refund());
    let mut ben = Browser::signed_in(&daemon, "ben");
    let done = answer(&mut ben, &held, &[("choice", "deny"), ("reason", "it never arrived")]);
    assert_eq!(done.headers["location"], format!("/console?answered={}", held.0));
    let inbox = ben.get(done.headers["location"].to_str().unwrap()).text;
    assert!(inbox.contains("issue_refund: denied by ben at "), "{inbox}");
    let size = daemon.guard.as_ref().unwrap().log().size();
    let mut bea = Browser::signed_in(&daemon, "bea");
    let after = daemon.guard.as_ref().unwrap().log().size();
    for choice in ["approve", "deny"] {
        let late = answer(&mut bea, &held, &[("choice", choice), ("reason", "me too")]);
        assert_eq!(late.status, 409);
        assert!(late.text.contains("This was answered before, and nothing was changed now."));
        assert!(late.text.contains("denied by ben"), "{}", late.text);
    }
    let last = daemon.guard.as_ref().unwrap().log().size();
    assert_eq!((after - size, last), (1, after), "only signing in is new");
    assert_eq!(status(&daemon, &held.0), "denied");
}

#[test]
fn a_long_value_must_have_been_opened() {
    let daemon = daemon();
    let mut action = refund();
    action["params"]["note"] = json!("pay ".repeat(100));
    let held = hold(&daemon, &action);
    let mut ben = Browser::signed_in(&daemon, "ben");
    let page = ben.get("/console").text;
    let tick = Regex::new(r#"name="read" value="([0-9a-f]{64})" form="answer-([^"]+)""#).unwrap();
    let tick = tick.captures(&page).unwrap();
    assert_eq!(&tick[2], held.0);
    let unread = answer(&mut ben, &held, &[("choice", "approve")]);
    assert!(unread.status == 422 && unread.text.contains("A long value was not opened"));
    let wrong = answer(&mut ben, &held, &[("choice", "approve"), ("read", &"0".repeat(64))]);
    assert_eq!((wrong.status, status(&daemon, &held.0).as_str()), (422, "pending"));
    let read = answer(&mut ben, &held, &[("choice", "approve"), ("read", &tick[1])]);
    assert_eq!((read.status, status(&daemon, &held.0).as_str()), (303, "approved"));
}

#[test]
fn an_edit_counts_after_its_difference_was_seen() {
    let daemon = daemon();
    let held = hold(&daemon, &refund());
    let mut ben = Browser::signed_in(&daemon, "ben");
    let params = r#"{"order": "o-1", "amount": "12.00", "currency": "USD"}"#;
    let broken = answer(&mut ben, &held, &[("choice", "edit"), ("params", "{\"order\": ")]);
    assert!(broken.status == 422 && broken.text.contains("The params are not JSON"));
    let unseen = answer(&mut ben, &held, &[("choice", "approve-edited"), ("params", params)]);
    assert_eq!(unseen.status, 422);
    let compared = answer(&mut ben, &held, &[("choice", "edit"), ("params", params)]);
    assert_eq!((compared.status, status(&daemon, &held.0).as_str()), (200, "pending"));
    for (class, amount) in [("removed", "42.00"), ("added", "12.00")] {
        let line = format!(r#"(?s)<li class="{class}">.{{0,160}}{amount}"#);
        assert!(Regex::new(&line).unwrap().is_match(&compared.text), "{}", compared.text);
    }
    let seen = Regex::new(r#"name="seen" value="([0-9a-f]+)""#).unwrap();
    let seen = seen.captures(&compared.text).unwrap()[1].to_owned();
    let other = params.replace("12.00", "99.00");
    let swapped = [("choice", "approve-edited"), ("params", &*other), ("seen", &*seen)];
    assert_eq!(answer(&mut ben, &held, &swapped).status, 422, "not what was seen");
    let agreed = [("choice", "approve-edited"), ("params", params), ("seen", &*seen)];
    let done = answer(&mut ben, &held, &agreed);
    assert_eq!((done.status, status(&daemon, &held.0).as_str()), (303, "superseded"));
    let successor = done.headers["location"].to_str().unwrap().to_owned();
    let id = successor.rsplit('/').next().unwrap();
    assert_eq!(status(&daemon, id), "approved");
    let page = ben.get(&successor).text;
    assert!(page.contains("Takes the place of") && page.contains("12.00"), "{page}");
    assert!(ben.get(&format!("/console/actions/{}", held.0)).text.contains("Replaced by"));
}

/// What a browser sends of the form that answers an action, as the page has it, but for its buttons.
fn filled(page: &str, id: &str) -> Vec<(String, String)> {
    let form = Regex::new(&format!(r#"(?s)<form [^>]*id="answer-{id}".*?</form>"#)).unwrap();
    let form = form.find(page).unwrap_or_else(|| panic!("no form: {page}")).as_str();
    let hidden = Regex::new(r#"<input type="hidden" name="([^"]+)" value="([^"]*)""#).unwrap();
    let text = Regex::new(r#"(?s)<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>"#).unwrap();
    let tick = Regex::new(r#"name="(read)" value="([0-9a-f]{64})""#).unwrap();
    let fields = hidden.captures_iter(form).chain(text.captures_iter(form));
    fields
        .chain(tick.captures_iter(page))
        .map(|field| (field[1].to_owned(), field[2].replace("&#34;", "\"").replace('\n', "\r\n")))
        .collect()
}

#[test]
fn params_of_any_shape_and_size_can_be_answered_and_changed() {
    let daemon = daemon();
    let mut ben = Browser::signed_in(&daemon, "ben");
    let mut deep = json!(vec![1; 3_000]);
    for _ in 0..28 {
        deep = json!([deep]);
    }
    let shapes = [
        json!(vec![1; 5_000]),
        deep,
        json!("\u{6f22}\u{5b57} ".repeat(5_000)),
        json!(format!("{}\u{202e}", "\u{7f}".repeat(10_000))),
        json!((0..400).map(|number| format!("{number} {}", "x".repeat(210))).collect::<Vec<_>>()),
    ];
    for (number, shape) in shapes.iter().enumerate() {
        // What is answered by a click differs little.
        let clicked = matches!(number, 1 | 4).then_some(["deny", "approve"]);
        for choice in clicked.into_iter().flatten().chain(["edit"]) {
            let mut action = refund();
            action["params"]["order"] = json!(format!("o-{number}-{choice}"));
            action["params"]["l"] = shape.clone();
            let held = hold(&daemon, &action);
            let (path, page) = (format!("/console/actions/{}", held.0), "/answer");
            let mut fields = filled(&ben.get(&path).text, &held.0);
            fields.retain(|(name, _)| name != "reason" && !name.starts_with("statement"));
            let mut all: Vec<(&str, &str)> =
                fields.iter().map(|(name, text)| (&**name, &**text)).collect();
            all.extend([
                ("choice", choice),
                ("reason", "it is far too much"),
                ("statement verbatim_response", STATEMENT),
                ("statement responsible_owner", "ben"),
            ]);
            let done = ben.post(&format!("{path}{page}"), &all);
            let (expected, after) = match choice {
                "deny" => (303, "denied"),
                "approve" => (303, "approved"),
                _ => (200, "pending"),
            };
            assert_eq!(done.status, expected, "{number} {choice}: {}", done.text);
            assert_eq!(status(&daemon, &held.0), after, "{number} {choice}");
            if choice == "edit" {
                assert!(done.text.contains("o-"), "the params stand there to be changed");
                change(&mut ben, &held.0, &done.text);
                assert_eq!(status(&daemon, &held.0), "superseded", "{number}");
            }
        }
    }
}

/// Changes the amount on the page that has the params, and approves of what differs.
fn change(ben: &mut Browser<'_>, id: &str, page: &str) {
    let form = Regex::new(r#"(?s)<form [^>]*/answer".*?</form>"#).unwrap();
    let field = Regex::new(
        r#"(?s)(?:<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>|<input[^>]* name="([^"]+)"[^>]* value="([^"]*)")"#,
    )
    .unwrap();
    let mut page = page.to_owned();
    for (choice, expected) in [("edit", 200), ("approve-edited", 303)] {
        let form = form.find(&page).unwrap_or_else(|| panic!("no form: {page}")).as_str();
        let fields: Vec<(String, String)> = field
            .captures_iter(form)
            .map(|found| {
                let [name, text] = [1, 2].map(|at| found.get(at).or(found.get(at + 2)).unwrap());
                let text = text.as_str().replace("&#34;", "\"").replace("42.00", "12.00");
                (name.as_str().to_owned(), text.replace('\n', "\r\n"))
            })
            .filter(|(name, _)| name != "choice")
            .collect();
        let mut all: Vec<(&str, &str)> =
            fields.iter().map(|(name, text)| (&**name, &**text)).collect();
        all.push(("choice", choice));
        let done = ben.post(&format!("/console/actions/{id}/answer"), &all);
        assert_eq!(done.status, expected, "{choice}: {}", done.text);
        page = done.text;
    }
}

#[test]
fn what_is_too_long_comes_back_to_the_page_of_its_action() {
    let daemon = daemon();
    let mut ben = Browser::signed_in(&daemon, "ben");
    let held = hold(&daemon, &refund());
    let own = ben.get(&format!("/console/actions/{}", held.0)).text;
    assert!(own.contains("at most 1024 bytes"), "the limit is named: {own}");
    assert!(Regex::new(r#"name="reason"[^>]* maxlength="1024""#).unwrap().is_match(&own), "{own}");
    let most = Regex::new(r#"name="statement verbatim_response"[^>]* maxlength="16384""#).unwrap();
    assert!(most.is_match(&own), "{own}");
    for length in [342, 16_384] {
        let long = "\u{6f22}".repeat(length);
        let refused = answer(&mut ben, &held, &[("choice", "deny"), ("reason", &long)]);
        assert_eq!(refused.status, 422, "{length}");
        assert!(refused.text.contains("The reason must be 1 to 1024 bytes long."));
        assert!(refused.text.contains(&format!(">{long}</textarea>")), "{length}");
    }
    // A line that a form ends as forms do takes one byte of the limit.
    let lines = format!("{}\r\nno", "a\r\n".repeat(500));
    let whole = "\u{6f22}".repeat(1_200_000);
    let refused = answer(&mut ben, &held, &[("choice", "deny"), ("reason", &whole)]);
    assert_eq!(refused.status, 413);
    for part in [&*held.0, "value=\"deny\"", "nothing was done"] {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    assert_eq!(status(&daemon, &held.0), "pending");
    let done = answer(&mut ben, &held, &[("choice", "deny"), ("reason", &lines)]);
    assert_eq!((done.status, status(&daemon, &held.0).as_str()), (303, "denied"));
}

#[test]
fn the_same_call_asked_for_again_is_one_card_and_may_get_one_answer() {
    let daemon = daemon();
    let actions: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|session| {
            let mut action = refund();
            action["session"] = json!(session);
            hold(&daemon, &action)
        })
        .collect();
    let mut other = refund();
    other["params"]["order"] = json!("o-2");
    let other = hold(&daemon, &other);
    let mut claims = refund();
    claims["reason"] = json!("something else");
    let claims = hold(&daemon, &claims);
    let mut ben = Browser::signed_in(&daemon, "ben");
    let page = ben.get("/console").text;
    assert_eq!(page.matches("id=\"card-").count(), 2, "{page}");
    assert!(page.contains("4 identical") && page.contains("claims something else"), "{page}");
    let also: Vec<&str> =
        [&actions[1], &other, &claims].iter().map(|held| held.0.as_str()).collect();
    let mut fields = vec![("choice", "deny"), ("reason", "no refunds in may")];
    fields.extend(also.iter().map(|id| ("also", *id)));
    let told = answer(&mut ben, &actions[0], &fields);
    assert_eq!(told.status, 200);
    let (_, refused) = told.text.split_once("Not answered with it were:").expect("it is said");
    let (refused, _) = refused.split_once("</p>").unwrap();
    assert!(refused.contains(&other.0) && refused.contains(&claims.0), "{refused}");
    assert!(!refused.contains(&actions[1].0), "{refused}");
    let now: Vec<String> =
        actions.iter().chain([&other, &claims]).map(|held| status(&daemon, &held.0)).collect();
    assert_eq!(
        now,
        ["denied", "denied", "pending", "pending", "pending"],
        "what was ticked and is the same"
    );
}

/// The form offers no box for it: what the other asks for was not written.
#[test]
fn the_same_call_that_asks_for_something_else_is_answered_by_itself() {
    let daemon = daemon();
    let first = hold(&daemon, &refund());
    let files = daemon.get("/v1/policy", &daemon.keys.operator).json()["files"].clone();
    let text = files[0]["text"].as_str().unwrap();
    let other = text.replace("deadline = \"15m\"", "deadline = \"15m\", least_length = 10");
    assert_ne!(other, text);
    let put = json!({"files": [{"name": files[0]["name"], "text": other}]});
    let installed = daemon.call("PUT", "/v1/policy", Some(&daemon.keys.operator), Some(&put));
    assert_eq!(installed.status, 200, "{}", installed.text);
    let second = hold(&daemon, &refund());
    let mut ben = Browser::signed_in(&daemon, "ben");
    assert!(!ben.get("/console").text.contains("name=\"also\""));
    let told = answer(&mut ben, &second, &[("choice", "approve"), ("also", &first.0)]);
    assert_eq!(told.status, 200);
    let refused = format!("{}: It is not the same, and asks to be answered by itself.", first.0);
    assert!(told.text.contains(&refused), "{}", told.text);
    assert_eq!(status(&daemon, &second.0), "approved");
    assert_ne!(status(&daemon, &first.0), "approved");
}

/// Two people have to sign: one who has signed a twin before hears that it was not signed again.
#[test]
fn a_twin_that_is_refused_is_mentioned() {
    let daemon = daemon();
    let held = ["a", "b"].map(|session| {
        let mut action = refund();
        action["session"] = json!(session);
        hold(&daemon, &action)
    });
    let mut ben = Browser::signed_in(&daemon, "ben");
    assert_eq!(answer(&mut ben, &held[1], &[("choice", "deny"), ("reason", "no")]).status, 303);
    let told =
        answer(&mut ben, &held[0], &[("choice", "deny"), ("reason", "no"), ("also", &held[1].0)]);
    assert_eq!(told.status, 200);
    assert!(
        told.text.contains(&format!("{}: It was answered before.", held[1].0)),
        "{}",
        told.text
    );
}

#[test]
fn autonomy_shows_every_tenant_its_ladder_its_evidence_and_what_is_missing() {
    let daemon = daemon();
    hold(&daemon, &refund());
    let evidence = json!({
        "tenant": "acme", "class": "issue_refund", "source": "nightly-evals", "adversarial": false,
        "passed": 4, "failed": 1,
    });
    let taken = daemon.post("/v1/evidence", &daemon.keys.operator, &evidence);
    assert_eq!(taken.status, 201, "{}", taken.text);
    let all = Browser::signed_in(&daemon, "otto").get("/console/autonomy").text;
    for tenant in ["acme", "umbrella"] {
        let faint = format!("<span class=\"faint\">{tenant}</span>");
        assert!(all.contains(&faint), "{tenant}: {all}");
    }
    let own = Browser::signed_in(&daemon, "ben").get("/console/autonomy").text;
    assert!(!own.contains("umbrella"));
    for part in [
        "<code>issue_refund</code>",
        "aria-current=\"step\">manual",
        "supervised",
        "autonomous",
        "For the next step:",
        "nightly-evals",
        "<td class=\"number\">5</td><td class=\"number\">80.0 %</td>",
    ] {
        assert!(own.contains(part), "{part}: {own}");
    }
}

#[test]
fn the_page_of_an_action_tells_its_life_and_proves_it() {
    let daemon = daemon();
    let held = hold(&daemon, &refund());
    let mut ben = Browser::signed_in(&daemon, "ben");
    answer(&mut ben, &held, &[("choice", "approve")]);
    let path = format!("/v1/actions/{}", held.0);
    let warrant = daemon.get(&path, &daemon.keys.agent).json()["warrant"].clone();
    let call = json!({"warrant": warrant, "tool": "issue_refund", "params": refund()["params"]});
    assert_eq!(daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &call).status, 200);
    assert_eq!(daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &call).status, 409);
    let outcome = json!({"status": "failed", "error": "the bank is <closed>"});
    let report = daemon.post(&format!("{path}/outcome"), &daemon.keys.agent, &outcome);
    assert_eq!(report.status, 200);
    let page = ben.get(&format!("/console/actions/{}", held.0)).text;
    let places: Vec<Option<usize>> = [
        "Held for people",
        "Approved",
        STATEMENT,
        "Warrant redeemed",
        "Warrant shown and refused",
        "the key test (key_",
        "the warrant is spent",
        "the bank is &lt;closed&gt;",
    ]
    .iter()
    .map(|what| page.find(what))
    .collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {page}");
    assert!(page.contains("verified now") && page.contains(&held.1), "{page}");
    // However often a dead warrant is shown, it hides nothing of what happened.
    for _ in 0..30 {
        assert_eq!(daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &call).status, 409);
    }
    assert_eq!(status(&daemon, &held.0), "failed");
    let late = answer(&mut ben, &held, &[("choice", "deny"), ("reason", "no")]);
    assert!(late.text.contains("issue_refund: failed at "), "{}", late.text);
    let page = ben.get(&format!("/console/actions/{}", held.0)).text;
    assert!(page.contains("Approved") && page.contains("Warrant redeemed"), "{page}");
    assert_eq!(page.matches("Warrant shown and refused").count(), 20, "the latest");
    let receipt = ben.get(&format!("/console/actions/{}/receipt.json", held.0));
    let receipt = Receipt::parse(receipt.text.as_bytes()).unwrap();
    let guard = daemon.guard.as_ref().unwrap();
    let verified = receipt.verify(std::slice::from_ref(guard.log().verifier())).unwrap();
    assert!(verified.leaf.contains(&held.0) && verified.private.unwrap().contains("42.00"));
}

#[test]
fn what_was_approved_under_another_policy_is_shown_as_what_it_is() {
    let daemon = daemon();
    let held = hold(&daemon, &refund());
    let mut ben = Browser::signed_in(&daemon, "ben");
    answer(&mut ben, &held, &[("choice", "approve")]);
    let allowed = daemon.post("/v1/actions", &daemon.keys.agent, &json!({"tool": "get_order"}));
    let allowed = allowed.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/actions/{}", held.0);
    let warrant = daemon.get(&path, &daemon.keys.agent).json()["warrant"].clone();
    let pages = [held.0.as_str(), &allowed].map(|id| format!("/console/actions/{id}"));
    let says = "Another policy was installed since.";
    assert!(pages.iter().all(|page| !ben.get(page).text.contains(says)));
    let stricter = common::POLICY.replace("auto_cap = \"100\"", "auto_cap = \"10\"");
    let files = json!({"files": [{"name": "policy.toml", "text": stricter}]});
    let installed = daemon.call("PUT", "/v1/policy", Some(&daemon.keys.operator), Some(&files));
    assert_eq!(installed.status, 200, "{}", installed.text);
    assert!(pages.iter().all(|page| ben.get(page).text.contains(says)));
    let call = json!({"warrant": warrant, "tool": "issue_refund", "params": refund()["params"]});
    let refused = daemon.post("/v1/warrants/redeem", &daemon.keys.agent, &call);
    assert!(refused.status == 403 && refused.text.contains("another policy"), "{}", refused.text);
    let fresh = daemon.post("/v1/actions", &daemon.keys.agent, &json!({"tool": "get_order"}));
    let fresh = format!("/console/actions/{}", fresh.json()["id"].as_str().unwrap());
    let says = "The kill switch tenant:acme/tool:get_order was tripped since.";
    assert!(!ben.get(&fresh).text.contains(says));
    let switch = json!({"scope": "tenant:acme/tool:get_order", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &daemon.keys.operator, &switch).status, 201);
    assert!(ben.get(&fresh).text.contains(says), "{}", ben.get(&fresh).text);
}

#[test]
fn who_has_signed_sees_that_they_have_and_what_is_missing() {
    let daemon = Daemon::with_policy(&common::POLICY.replace("deadline", "quorum = 2, deadline"));
    people(&daemon);
    add(&daemon, "bea", "acme");
    let held = hold(&daemon, &refund());
    let (mut ben, mut bea) =
        (Browser::signed_in(&daemon, "ben"), Browser::signed_in(&daemon, "bea"));
    let (own, inbox) = (format!("/console/actions/{}", held.0), "/console");
    let signed = Regex::new(r"You signed off on this at <time>[0-9 :-]{19}</time> UTC").unwrap();
    let asks = "value=\"approve\"";
    for page in [&own, inbox] {
        let (page, other) = (ben.get(page).text, bea.get(page).text);
        assert!(page.contains(asks) && other.contains(asks) && !signed.is_match(&page), "{page}");
    }
    assert_eq!(answer(&mut ben, &held, &[("choice", "approve")]).status, 303);
    for page in [&own, inbox] {
        let (page, other) = (ben.get(page).text, bea.get(page).text);
        assert!(signed.is_match(&page) && page.contains("One more has to sign."), "{page}");
        assert!(!page.contains(asks), "nobody signs twice: {page}");
        assert!(page.contains("value=\"deny\""), "they may still say no: {page}");
        assert!(other.contains(asks) && !signed.is_match(&other), "{other}");
    }
    let again = answer(&mut ben, &held, &[("choice", "approve")]);
    assert!(again.status == 409 && again.text.contains("You have signed this already."));
    assert_eq!(status(&daemon, &held.0), "pending");
    let no = answer(&mut ben, &held, &[("choice", "deny"), ("reason", "I misread it")]);
    assert_eq!((no.status, status(&daemon, &held.0).as_str()), (303, "denied"));
}

#[test]
fn a_page_hears_that_something_changed_and_nothing_more() {
    let daemon = daemon();
    let mut ben = Browser::signed_in(&daemon, "ben");
    assert_eq!(Browser::new(&daemon).get("/console/events?of=inbox").status, 303, "nobody");
    assert_eq!(ben.get("/console/events?of=everything").status, 400);
    let cookie = ben.cookie.clone().unwrap();
    let listen = |of: &str| {
        let path = format!("/console/events?of={of}");
        let response = daemon.request("GET", &path, None, None, &[("cookie", &cookie)]);
        assert_eq!(response.status().as_u16(), 200);
        let body = response.into_body().into_reader();
        let mut lines = std::io::BufReader::with_capacity(1, body).lines();
        move || loop {
            let line = lines.next().unwrap().unwrap();
            if !line.is_empty() && !line.starts_with(':') {
                return line;
            }
        }
    };
    let mut inbox = listen("inbox");
    assert_eq!([inbox(), inbox()], ["event: changed", "data: -"], "at first, to be sure");
    let elsewhere = json!({"tool": "issue_refund", "params": {}});
    assert_eq!(daemon.post("/v1/actions", &daemon.keys.other_agent, &elsewhere).status, 200);
    let read = json!({"tool": "get_order"});
    assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &read).status, 200);
    let held = hold(&daemon, &refund());
    assert_eq!([inbox(), inbox()], ["event: changed", "data: -"]);
    let mut one = listen(&held.0);
    assert_eq!([one(), one()], ["event: changed", "data: -"]);
    answer(&mut ben, &held, &[("choice", "deny"), ("reason", "no")]);
    assert_eq!([inbox(), inbox(), one(), one()], ["event: changed", "data: -"].repeat(2)[..]);
    // What another policy or a switch makes worthless has no entry of its own.
    let stricter = common::POLICY.replace("auto_cap = \"100\"", "auto_cap = \"10\"");
    let files = json!({"files": [{"name": "policy.toml", "text": stricter}]});
    let installed = daemon.call("PUT", "/v1/policy", Some(&daemon.keys.operator), Some(&files));
    assert_eq!(installed.status, 200, "{}", installed.text);
    assert_eq!([inbox(), inbox(), one(), one()], ["event: changed", "data: -"].repeat(2)[..]);
    for tenant in ["umbrella", "acme"] {
        let switch = json!({"scope": format!("tenant:{tenant}"), "reason": "a drill"});
        assert_eq!(daemon.post("/v1/kill-switches", &daemon.keys.operator, &switch).status, 201);
    }
    assert_eq!([inbox(), inbox(), one(), one()], ["event: changed", "data: -"].repeat(2)[..]);
}

#[test]
fn activity_counts_what_the_tenant_did() {
    let daemon = daemon();
    hold(&daemon, &refund());
    for _ in 0..3 {
        daemon.post("/v1/actions", &daemon.keys.agent, &json!({"tool": "get_order"}));
    }
    let huge = json!({"tool": "issue_refund", "params": {"amount": "5000.00"}});
    assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &huge).json()["verdict"], "block");
    daemon.post("/v1/actions", &daemon.keys.other_agent, &json!({"tool": "get_order"}));
    let figure = Regex::new(r"<li>(?:<a[^>]*>)?<b>([^<]*)</b> ([a-z ]+)").unwrap();
    for of in ["hour", "day", "week"] {
        let path = format!("/console/activity?of={of}");
        let sums = |person: &str| {
            let page = Browser::signed_in(&daemon, person).get(&path).text;
            let found = figure.captures_iter(&page);
            found.map(|each| format!("{} {}", &each[1], each[2].trim())).collect::<Vec<_>>()
        };
        let own = [
            "5 decisions",
            "3 allowed",
            "1 held",
            "1 blocked",
            "0.0 % would have been stopped but for the mode",
            "1 waiting now",
        ];
        assert_eq!(sums("ben"), own, "{of}");
        assert_eq!(sums("una")[..2], ["1 decisions", "1 allowed"], "{of}");
        assert_eq!(sums("otto")[0], "6 decisions", "{of}");
    }
    let page = Browser::signed_in(&daemon, "ben").get("/console/activity").text;
    for part in ["class=\"allow\"", "class=\"hold\"", "class=\"block\"", "get_order"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let time =
        Regex::new(r#"<th scope="row">(p\d\d)</th><td class="number">\d+\.\d\d ms</td>"#).unwrap();
    let times: Vec<&str> =
        time.captures_iter(&page).map(|found| found.get(1).unwrap().as_str()).collect();
    assert_eq!(times, ["p50", "p95", "p99"]);
    assert!(page.contains("UTC; the highest bar is 5</title>"), "{page}");
    assert!(!page.contains("umbrella"));
    assert_eq!(Browser::signed_in(&daemon, "ben").get("/console/activity?of=year").status, 400);
}

#[test]
fn an_approver_lets_the_like_of_it_stand_and_takes_it_back() {
    let daemon = daemon();
    let mut ben = Browser::signed_in(&daemon, "ben");
    let held = hold(&daemon, &refund());
    let inbox = ben.get("/console").text;
    for offered in [r#"name="pin" value="2""#, r#"name="pin" value="all">"#, r#"value="stand""#] {
        assert!(inbox.contains(offered), "{offered}");
    }
    // Without a param, and with what is no number or time, nothing is answered.
    let bad: [&[(&str, &str)]; 4] = [
        &[("choice", "stand"), ("lasts", "8h")],
        &[("choice", "stand"), ("pin", "2")],
        &[("choice", "stand"), ("pin", "2"), ("lasts", "ever")],
        &[("choice", "stand"), ("pin", "2"), ("lasts", "8h"), ("uses", "many")],
    ];
    for fields in bad {
        let refused = answer(&mut ben, &held, fields);
        assert_eq!(
            (refused.status, status(&daemon, &held.0).as_str()),
            (422, "pending"),
            "{fields:?}"
        );
    }
    let typed = answer(&mut ben, &held, bad[3]).text;
    assert!(typed.contains(r#"value="2" checked"#), "what was ticked stays");
    let fields = [("choice", "stand"), ("pin", "2"), ("pin", "1"), ("lasts", "8h"), ("uses", "3")];
    assert_eq!(answer(&mut ben, &held, &fields).status, 303);
    assert_eq!(status(&daemon, &held.0), "approved");

    let next = hold(&daemon, &refund());
    assert_eq!(status(&daemon, &next.0), "approved");
    let page = ben.get(&format!("/console/actions/{}", next.0)).text;
    assert!(page.contains("Signed off beforehand") && page.contains("sta_"), "{page}");
    let mut una = Browser::signed_in(&daemon, "una");
    assert!(una.get("/console/standing").text.contains("Nothing stands"));
    let listed = ben.get("/console/standing").text;
    assert!(listed.contains("1 of 3 used") && listed.contains("at most 42 USD"), "{listed}");
    let id = Regex::new("sta_[0-9a-f-]{36}").unwrap().find(&listed).unwrap().as_str().to_owned();
    let revoke = [("id", id.as_str()), ("reason", "the order is paid back")];
    assert_eq!(una.submit("/console/standing", "/console/standing/revoke", &revoke).status, 404);
    assert_eq!(ben.submit("/console/standing", "/console/standing/revoke", &revoke).status, 303);
    assert!(ben.get("/console/standing").text.contains("Nothing stands"));
    let last = hold(&daemon, &refund());
    assert_eq!(status(&daemon, &last.0), "pending");
}
