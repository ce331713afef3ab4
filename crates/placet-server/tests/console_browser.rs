//! The console in a real browser: what waits appears, an answer counts once, and what is hidden must
//! be opened.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::Daemon;
use common::browser::people;
use common::chromium::{Chromium, Tab};
use placet::{Action, Json, KeyScope, LogPlace, NewPerson};
use placet_server::{ServerConfig, Tls, console_routes};
use serde_json::{Value, json};

const POLICY: &str = r#"
version = 1
mode = "enforce"

[actions.get_order]
risk = "read"

[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
currency = "/currency"
hard_cap = "1000"

# It sounds harmless, and the policy knows better.
[actions.get_report]
risk = "consequential"
approval = { fields = ["verbatim_response"], least_length = 10 }
"#;

const STATEMENT: &str = "I called the customer, and the order did arrive broken as they say.";

/// The page that says what became of an answer is there as a whole.
const ANSWERED: &str = "location.search.includes('answered') && document.readyState === 'complete'";

fn origin(daemon: &Daemon) -> String {
    format!("http://{}", daemon.address)
}

fn propose(daemon: &Daemon, action: &Value) -> Value {
    let answer = daemon.post("/v1/actions", &daemon.keys.one_agent, action);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn refund(order: &str) -> Value {
    json!({
        "tool": "issue_refund", "session": "ticket-4821", "reason": "the customer asked",
        "params": {"order": order, "amount": "42.00", "currency": "USD"},
    })
}

/// What the agent hears of an action, as soon as people have answered.
fn wait_for(daemon: &Daemon, id: &str) -> Value {
    let path = format!("/v1/actions/{id}");
    let agent = Some(&*daemon.keys.one_agent);
    daemon.call_with("GET", &path, agent, None, &[("prefer", "wait=60")]).json()
}

fn card(decision: &Value) -> String {
    format!("#card-{}", decision["id"].as_str().unwrap())
}

fn shows(selector: &str) -> String {
    format!("document.querySelector({selector:?})")
}

fn sign(tab: &Tab, card: &str) {
    tab.fill(&format!("{card} textarea[name^=statement]"), STATEMENT);
    tab.fill(&format!("{card} input[name^=statement]"), "ben");
}

fn is_disabled(tab: &Tab, selector: &str) -> bool {
    tab.eval(&format!("{}.disabled", shows(selector))).as_bool().unwrap()
}

#[test]
fn the_six_steps_that_a_gate_with_people_is_checked_by() {
    let Some(chromium) = Chromium::start() else { return };
    let daemon = Daemon::with_policy(POLICY);
    people(&daemon);
    let inbox = chromium.tab(1280, 900);
    inbox.sign_in(&origin(&daemon), "ben");
    inbox.wait("document.body.innerText.includes('Nothing waits')");
    inbox.eval("window.isTheSame = true");

    // 1. A risky call appears without a reload, and the agent waits.
    let held = propose(&daemon, &refund("o-1"));
    assert_eq!(held["verdict"], "require_approval");
    let id = held["id"].as_str().unwrap();
    let card_of = card(&held);
    std::thread::scope(|scope| {
        let agent = scope.spawn(|| wait_for(&daemon, id));
        inbox.wait(&shows(&card_of));
        assert_eq!(inbox.eval("window.isTheSame"), true, "nothing was reloaded");
        let text = inbox.text();
        for part in ["issue_refund", "o-1", "42.00", "bot", "acme", "ticket-4821", "USD"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!agent.is_finished());

        // 2. Approving it runs it once. A second window had it open and comes too late.
        let late = chromium.tab(1280, 900);
        late.open(&format!("{}/console/actions/{id}", origin(&daemon)));
        let approve = format!("{card_of} [value=approve]");
        assert!(is_disabled(&inbox, &approve), "there is no statement yet");
        sign(&inbox, &card_of);
        assert!(!is_disabled(&inbox, &approve));
        // The answer takes its time, and the buttons are dead meanwhile.
        inbox.is_slow_by(300);
        inbox.eval(&format!(
            "addEventListener('submit', () => setTimeout(() => sessionStorage.dead = \
             [...document.querySelectorAll('{card_of} form[data-answer] button')]\
             .map((button) => button.disabled)))"
        ));
        inbox.click_times(&approve, 2);
        inbox.wait(ANSWERED);
        inbox.is_slow_by(0);
        let dead = inbox.eval("sessionStorage.dead");
        let dead: Vec<&str> = dead.as_str().expect("it was sent").split(',').collect();
        assert!(dead.len() > 2 && dead.iter().all(|is_dead| *is_dead == "true"), "{dead:?}");
        assert!(inbox.text().contains("issue_refund: approved by ben"), "{}", inbox.text());
        let heard = agent.join().unwrap();
        assert_eq!(heard["status"], "approved");
        let warrant = heard["warrant"].as_str().unwrap();
        let call = json!({
            "warrant": warrant, "tool": "issue_refund", "params": refund("o-1")["params"],
        });
        let agent = &daemon.keys.one_agent;
        assert_eq!(daemon.post("/v1/warrants/redeem", agent, &call).status, 200);
        assert_eq!(daemon.post("/v1/warrants/redeem", agent, &call).status, 409, "once");

        // 6. A second answer changes nothing, and says who was first.
        let size = daemon.guard.as_ref().unwrap().log().size();
        late.eval(
            "(async () => { const form = new URLSearchParams({token: \
             document.querySelector('[name=token]').value, choice: 'deny', reason: 'no'}); \
             const path = location.pathname + '/answer'; \
             const answer = await fetch(path, {method: 'POST', body: form}); \
             document.body.textContent = answer.status + ' ' + await answer.text(); })()",
        );
        late.wait("document.body.textContent.startsWith('409')");
        assert!(late.text().contains("This was answered before, and nothing was changed now."));
        assert_eq!(daemon.guard.as_ref().unwrap().log().size(), size);
    });

    // 3. A denial reaches the agent with its reason, and the same call is blocked from then on.
    let held = propose(&daemon, &refund("o-2"));
    let card_of = card(&held);
    inbox.wait(&shows(&card_of));
    let deny = format!("{card_of} [value=deny]");
    assert!(is_disabled(&inbox, &deny), "there is no reason yet");
    inbox.fill(&format!("{card_of} [name=reason]"), "the order never arrived");
    inbox.click(&deny);
    let heard = wait_for(&daemon, held["id"].as_str().unwrap());
    assert_eq!(
        (&heard["status"], &heard["denial"]),
        (&json!("denied"), &json!("the order never arrived"))
    );
    inbox.wait(&format!("!{}", shows(&card_of)));
    assert_eq!(propose(&daemon, &refund("o-2"))["verdict"], "block", "a refused agent cannot nag");

    // 4. A harmless name is no way around the policy. 5. A safe call is not held.
    let report = propose(&daemon, &json!({"tool": "get_report", "params": {"of": "may"}}));
    assert_eq!(report["verdict"], "require_approval");
    inbox.wait(&shows(&card(&report)));
    let order = propose(&daemon, &json!({"tool": "get_order", "params": {"order": "o-1"}}));
    assert_eq!(order["verdict"], "allow");
    assert!(inbox.eval(&shows(&card(&order))).is_null());
}

#[test]
fn what_takes_two_people_runs_when_the_second_has_signed() {
    let Some(chromium) = Chromium::start() else { return };
    let two = format!(
        "{POLICY}\n[actions.pay_out]\nrisk = \"consequential\"\n\
         approval = {{ quorum = 2, fields = [\"verbatim_response\"], least_length = 10 }}\n"
    );
    let daemon = Daemon::with_policy(&two);
    people(&daemon);
    let held = propose(&daemon, &json!({"tool": "pay_out", "params": {"amount": "900"}}));
    let (id, card_of) = (held["id"].as_str().unwrap(), card(&held));
    let (ben, olga) = (chromium.stranger(1280, 900), chromium.stranger(1280, 900));
    for (inbox, person) in [(&ben, "ben"), (&olga, "olga")] {
        inbox.sign_in(&origin(&daemon), person);
        inbox.wait(&shows(&card_of));
        assert!(inbox.text().contains("0 of 2"), "{}", inbox.text());
    }
    let approve = |inbox: &Tab| {
        inbox.fill(&format!("{card_of} textarea[name^=statement]"), STATEMENT);
        inbox.click(&format!("{card_of} [value=approve]"));
    };
    approve(&ben);
    ben.wait(ANSWERED);
    assert!(ben.text().contains("pay_out: signed off by ben"), "{}", ben.text());
    assert!(ben.text().contains("One more has to sign."), "{}", ben.text());
    let path = format!("/v1/actions/{id}");
    assert_eq!(daemon.get(&path, &daemon.keys.one_agent).json()["status"], "pending");
    // One person is one, however often they sign; and the other sees who has.
    ben.wait("document.body.innerText.includes('You signed off on this at ')");
    let form = format!("{card_of} [value=approve]");
    ben.wait(&format!("!{}", shows(&form)));
    assert_eq!(daemon.get(&path, &daemon.keys.one_agent).json()["status"], "pending");
    olga.wait("document.body.innerText.includes('1 of 2: ben')");
    approve(&olga);
    olga.wait(ANSWERED);
    assert!(olga.text().contains("pay_out: approved by olga"), "{}", olga.text());
    assert_eq!(wait_for(&daemon, id)["status"], "approved");
}

#[test]
fn another_policy_is_seen_at_once_where_it_ends_what_waits_or_was_approved() {
    let Some(chromium) = Chromium::start() else { return };
    let daemon = Daemon::with_policy(POLICY);
    people(&daemon);
    let (waiting, approved) = (propose(&daemon, &refund("o-1")), propose(&daemon, &refund("o-2")));
    let inbox = chromium.tab(1280, 900);
    inbox.sign_in(&origin(&daemon), "ben");
    let (card_of, other) = (card(&waiting), card(&approved));
    inbox.wait(&format!("{} && {}", shows(&card_of), shows(&other)));
    sign(&inbox, &other);
    inbox.click(&format!("{other} [value=approve]"));
    inbox.wait(ANSWERED);
    let page = chromium.tab(1280, 900);
    let id = approved["id"].as_str().unwrap();
    page.open(&format!("{}/console/actions/{id}", origin(&daemon)));
    page.wait("document.body.innerText.includes('approved')");
    assert!(!page.text().contains("Another policy was installed since."), "{}", page.text());
    let stricter = POLICY.replace("hard_cap = \"1000\"", "hard_cap = \"1\"");
    let files = json!({"files": [{"name": "policy.toml", "text": stricter}]});
    let installed = daemon.call("PUT", "/v1/policy", Some(&daemon.keys.operator), Some(&files));
    assert_eq!(installed.status, 200, "{}", installed.text);
    // Nobody reloads.
    inbox.wait(&format!("!{}", shows(&card_of)));
    page.wait("document.body.innerText.includes('Another policy was installed since.')");
}

#[test]
fn a_deadline_that_passes_kills_the_buttons_and_takes_the_card_away() {
    let Some(chromium) = Chromium::start() else { return };
    let daemon = Daemon::with_policy(&POLICY.replace("least_length = 10", "deadline = \"10s\""));
    people(&daemon);
    let inbox = chromium.tab(1280, 900);
    inbox.sign_in(&origin(&daemon), "ben");
    let report = |of: &str| propose(&daemon, &json!({"tool": "get_report", "params": {"of": of}}));
    let (typed, left) = (report("may"), report("june"));
    let (card_of, other) = (card(&typed), card(&left));
    inbox.wait(&format!("{} && {}", shows(&card_of), shows(&other)));
    let approve = format!("{card_of} [value=approve]");
    let deny = format!("{card_of} [value=deny]");
    inbox.fill(&format!("{card_of} textarea[name^=statement]"), STATEMENT);
    inbox.fill(&format!("{card_of} [name=reason]"), "no");
    assert!(!is_disabled(&inbox, &approve) && !is_disabled(&inbox, &deny), "there is time");
    // Nobody reloads and nobody answers. What nobody touched goes; what was typed stays, and is dead.
    inbox.wait(&format!("{}.disabled && {}.disabled", shows(&approve), shows(&deny)));
    inbox.wait(&format!("!{}", shows(&other)));
    inbox.wait(&shows(&format!("{card_of} .notice.bad")));
    assert!(inbox.text().contains("Its time is over."), "{}", inbox.text());
    for held in [&typed, &left] {
        assert_eq!(wait_for(&daemon, held["id"].as_str().unwrap())["status"], "expired");
    }
}

#[test]
fn a_long_value_keeps_the_button_dead_until_it_was_opened_and_the_keyboard_is_enough() {
    let Some(chromium) = Chromium::start() else { return };
    let daemon = Daemon::with_policy(POLICY);
    people(&daemon);
    let long = format!("SELECT 1;{} DROP TABLE orders", " ".repeat(4_000));
    let held = propose(&daemon, &json!({"tool": "get_report", "params": {"query": long}}));
    let inbox = chromium.tab(390, 844);
    inbox.sign_in(&origin(&daemon), "ben");
    let card_of = card(&held);
    inbox.wait(&shows(&card_of));
    let approve = format!("{card_of} [value=approve]");
    // All of it with the keyboard alone.
    inbox.tab_to(&format!("{card_of} textarea[name^=statement]"));
    inbox.types(STATEMENT);
    assert!(is_disabled(&inbox, &approve), "it hides something");
    assert!(!inbox.text().contains("DROP TABLE"));
    inbox.tab_to(&format!("{card_of} .fold > summary"));
    inbox.press("Enter");
    inbox.wait(&format!("!{}.disabled", shows(&approve)));
    assert!(inbox.text().contains("DROP TABLE orders"));
    inbox.tab_to(&approve);
    inbox.press("Enter");
    inbox.wait(ANSWERED);
    assert_eq!(wait_for(&daemon, held["id"].as_str().unwrap())["status"], "approved");
}

#[test]
fn what_somebody_types_survives_what_happens_meanwhile() {
    let Some(chromium) = Chromium::start() else { return };
    let daemon = Daemon::with_policy(POLICY);
    people(&daemon);
    let inbox = chromium.tab(1280, 900);
    inbox.sign_in(&origin(&daemon), "ben");
    let held = propose(&daemon, &refund("o-1"));
    let card_of = card(&held);
    inbox.wait(&shows(&card_of));
    sign(&inbox, &card_of);
    let other = propose(&daemon, &refund("o-2"));
    inbox.wait(&shows(&card(&other)));
    let typed = inbox.eval(&format!("{}.value", shows(&format!("{card_of} textarea"))));
    assert_eq!(typed, STATEMENT);
    // The agent takes both back: the untouched card goes, the other one says so and is dead.
    for of in [&held, &other] {
        let path = format!("/v1/approvals/{}/withdraw", of["approval"]["id"].as_str().unwrap());
        assert_eq!(daemon.call("POST", &path, Some(&daemon.keys.one_agent), None).status, 200);
    }
    inbox.wait(&format!("!{}", shows(&card(&other))));
    inbox.wait(&shows(&format!("{card_of} .notice.bad")));
    assert!(is_disabled(&inbox, &format!("{card_of} [value=approve]")));
    assert!(is_disabled(&inbox, &format!("{card_of} [value=deny]")));
}

fn withdraw(daemon: &Daemon, held: &Value) {
    let path = format!("/v1/approvals/{}/withdraw", held["approval"]["id"].as_str().unwrap());
    assert_eq!(daemon.call("POST", &path, Some(&daemon.keys.one_agent), None).status, 200);
}

#[test]
fn large_params_are_answered_by_a_click_and_a_refused_answer_stays_live() {
    let Some(chromium) = Chromium::start() else { return };
    let daemon = Daemon::with_policy(POLICY);
    people(&daemon);
    let page = chromium.tab(1280, 900);
    watch(&page);
    page.sign_in(&origin(&daemon), "ben");
    let large = |of: &str| {
        let params = json!({"of": of, "l": vec![7; 5_000]});
        propose(&daemon, &json!({"tool": "get_report", "params": params}))
    };
    for (choice, status) in [("deny", "denied"), ("approve", "approved")] {
        let held = large(choice);
        let id = held["id"].as_str().unwrap();
        page.open(&format!("{}/console/actions/{id}", origin(&daemon)));
        page.eval("document.querySelectorAll('.fold').forEach((fold) => (fold.open = true))");
        page.fill("textarea[name^=statement]", STATEMENT);
        page.fill("[name=reason]", "no");
        let button = format!("[value={choice}]");
        page.wait(&format!("!{}.disabled", shows(&button)));
        page.click(&button);
        page.wait(ANSWERED);
        assert_eq!(wait_for(&daemon, id)["status"], status);
    }

    // The params are changed on a page of their own.
    let held = propose(&daemon, &refund("o-1"));
    let own = format!("{}/console/actions/{}", origin(&daemon), held["id"].as_str().unwrap());
    page.open(&own);
    sign(&page, "main");
    page.click("[value=edit]");
    page.wait("document.querySelector('[name=params]') && document.readyState === 'complete'");
    assert_eq!(page.eval("document.querySelector('textarea[name^=statement]').value"), STATEMENT);
    is_readable(&page, "edit");
    page.click("[value=edit]");
    page.wait("document.querySelector('[value=approve-edited]')");

    page.open(&own);
    let long = "\u{6f22}".repeat(400);
    page.fill("[name=reason]", &long);
    page.wait("document.body.innerText.includes('1200 of at most 1024 bytes')");
    assert!(is_disabled(&page, "[value=deny]"), "it is too long");
    page.eval(
        "(() => { const button = document.querySelector('[value=deny]'); \
         button.disabled = false; button.click(); })()",
    );
    page.wait("location.pathname.endsWith('/answer') && document.readyState === 'complete'");
    assert_eq!(page.eval("document.querySelector('[name=reason]').value"), long);
    is_readable(&page, "too-long");
    withdraw(&daemon, &held);
    page.wait("document.querySelector('#status').innerText.includes('withdrawn')");
    page.wait("![...document.querySelectorAll('[value=deny]')].some((button) => !button.disabled)");
    assert_eq!(page.eval("document.documentElement.hasAttribute('data-away')"), false);
    assert_eq!(page.eval("document.querySelector('[name=reason]').value"), long, "it stays");
}

#[test]
fn who_signs_in_again_finds_what_they_were_typing() {
    let Some(chromium) = Chromium::start() else { return };
    let daemon = Daemon::with_policy(POLICY);
    people(&daemon);
    let (tab, other) = (chromium.tab(1280, 900), chromium.tab(1280, 900));
    watch(&tab);
    tab.sign_in(&origin(&daemon), "ben");
    let held = propose(&daemon, &refund("o-1"));
    let path = format!("/console/actions/{}", held["id"].as_str().unwrap());
    let again = || {
        tab.wait("document.querySelector('[name=password]') && document.readyState === 'complete'");
        assert!(tab.text().contains("Your session has ended"), "{}", tab.text());
        tab.fill("[name=person]", "ben");
        tab.fill("[name=password]", common::browser::PASSWORD);
        tab.click("main button");
        tab.wait(&format!("location.pathname === '{path}' && document.readyState === 'complete'"));
        tab.wait("document.querySelector('[name=reason]').value === 'it never arrived'");
        let statement = tab.eval("document.querySelector('textarea[name^=statement]').value");
        assert_eq!(statement, STATEMENT);
        tab.wait("!document.querySelector('[value=deny]').disabled");
        assert_eq!(tab.eval("sessionStorage.length"), 0, "it is kept no longer than that");
    };
    let out = || {
        other.open(&format!("{}/console/log", origin(&daemon)));
        other.click("form[action='/console/sign-out'] button");
        other.wait("location.pathname === '/console/sign-in'");
    };
    tab.open(&format!("{}{path}", origin(&daemon)));
    tab.fill("textarea[name^=statement]", STATEMENT);
    tab.fill("[name=reason]", "it never arrived");
    // The page hears nothing of it, and its form is sent.
    tab.eval("(window.fetch = () => new Promise(() => {})) && true");
    out();
    tab.click("[value=deny]");
    tab.wait("document.querySelector('[data-draft]') && document.readyState === 'complete'");
    assert!(tab.text().contains("nothing was done"), "{}", tab.text());
    assert_eq!(tab.eval("document.querySelector('[data-draft] [name=reason]').readOnly"), true);
    is_readable(&tab, "session-ended");
    again();
    is_readable(&tab, "typed-again");
    // The page hears of it before anything is sent.
    tab.open(&format!("{}{path}", origin(&daemon)));
    tab.fill("textarea[name^=statement]", STATEMENT);
    tab.fill("[name=reason]", "it never arrived");
    out();
    propose(&daemon, &refund("o-2"));
    withdraw(&daemon, &propose(&daemon, &refund("o-3")));
    again();
}

/// What is behind a path that is no page: another address, a download, or what a page asks for.
const NO_PAGES: [&str; 8] = [
    "/console/",
    "/console/actions/{id}/answer",
    "/console/events",
    "/console/actions/{id}/receipt.json",
    "/console/log/checkpoint",
    "/console/log/entries.jsonl",
    "/console/assets/{version}/{name}",
    "/console/{*rest}",
];

/// A console in which there is something on every page; the action that waits.
fn full_console() -> (Daemon, String) {
    let daemon = Daemon::with_policy(&format!(
        "{POLICY}\n[graduation]\nsources = [\"nightly-evals\"]\n[graduation.supervised]\n\
         pass_rate = 0.9\nmin_samples = 50\n"
    ));
    people(&daemon);
    let odd = json!({
        "tool": "issue_refund", "session": "ticket-4821", "user": "u-7",
        "reason": "the customer asked, and \u{202e}wants it now",
        "params": {
            "order": "o-1", "amount": "42.00", "currency": "USD", "note": "x".repeat(300),
            "to": "p\u{430}ypal.com", "lines": [{"sku": "a-very-long-part-number-0123456789-0123456789"}],
        },
    });
    // More people than fit on a page.
    for number in 0..50 {
        let new = NewPerson {
            person: format!("rowena {number:02}").parse().unwrap(),
            tenant: Some("acme".parse().unwrap()),
            roles: [KeyScope::Auditor].into(),
            groups: [].into(),
        };
        daemon.guard.as_ref().unwrap().blocking().invite(new).unwrap();
    }
    let held = propose(&daemon, &odd);
    propose(&daemon, &refund("o-2"));
    propose(&daemon, &refund("o-2"));
    propose(&daemon, &json!({"tool": "get_report", "params": {"of": "may", "format": null}}));
    propose(&daemon, &json!({"tool": "get_order", "params": {"order": "o-1"}}));
    let huge = json!({"tool": "issue_refund", "params": {"amount": "5000", "currency": "USD"}});
    assert_eq!(propose(&daemon, &huge)["verdict"], "block");
    let stands = propose(&daemon, &refund("o-3"));
    let answer = json!({
        "approved": true, "verbatim_response": STATEMENT, "responsible_owner": "ben",
        "standing": {"params": ["/order"], "uses": 3},
    });
    let path = format!("/v1/approvals/{}/resolve", stands["approval"]["id"].as_str().unwrap());
    let done = daemon.post(&path, &daemon.keys.approver, &answer);
    assert_eq!(done.status, 200, "{}", done.text);
    let evidence = json!({
        "tenant": "acme", "class": "issue_refund", "source": "nightly-evals",
        "passed": 30, "failed": 1,
    });
    assert_eq!(daemon.post("/v1/evidence", &daemon.keys.operator, &evidence).status, 201);
    let trip = json!({"scope": "tenant:umbrella/agent:loose-bot", "reason": "it sends too much"});
    assert!(daemon.post("/v1/kill-switches", &daemon.keys.operator, &trip).status < 300);
    (daemon, held["id"].as_str().unwrap().to_owned())
}

/// No page breaks its own content policy, scrolls sideways, has text that cannot be read in one of
/// the two schemes, or a control without a name.
#[test]
fn every_page_is_whole_on_every_screen_by_day_and_by_night() {
    let Some(chromium) = Chromium::start() else { return };
    let (daemon, id) = full_console();
    let tab = chromium.tab(1280, 900);
    watch(&tab);
    // Without a session first, then with one.
    let pages: Vec<String> = console_routes()
        .iter()
        .filter_map(|route| route.strip_prefix("GET "))
        .filter(|path| !NO_PAGES.contains(path))
        .map(|path| path.replace("{id}", &id))
        .collect();
    assert!(pages.len() > 10 && !pages.iter().any(|path| path.contains('{')), "{pages:?}");
    for page in ["/console/sign-in", "/console/sign-in?next=/console/log", "/console/enrol"] {
        is_whole(&tab, &daemon, page);
    }
    tab.sign_in(&origin(&daemon), "olga");
    let more = ["/console/activity?of=week", "/console/people?find=row", "/console/nowhere"];
    for page in
        pages.iter().map(String::as_str).filter(|page| *page != "/console/sign-in").chain(more)
    {
        is_whole(&tab, &daemon, page);
    }
}

/// Has the pages of a tab tell what they look like, and what they did that they may not.
fn watch(tab: &Tab) {
    let watch = "window.offences = []; for (const kind of ['securitypolicyviolation', 'error']) \
        addEventListener(kind, (event) => offences.push(event.violatedDirective ?? event.message), true);";
    let source = format!("{watch}\n{}", include_str!("data/look.js"));
    tab.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": source}));
    tab.call("Page.enable", json!({}));
}

fn is_whole(tab: &Tab, daemon: &Daemon, page: &str) {
    tab.open(&format!("{}{page}", origin(daemon)));
    assert_eq!(tab.eval("location.pathname + location.search"), page);
    is_readable(tab, page);
}

/// The same for the page that is there.
fn is_readable(tab: &Tab, page: &str) {
    let mut colors = Vec::new();
    for scheme in ["light", "dark"] {
        tab.prefers(scheme);
        for (width, height) in [(320, 640), (390, 844), (1280, 900), (1920, 1080)] {
            tab.resize(width, height);
            assert_eq!(tab.eval("look.isTooWide()"), false, "{page} at {width}");
            assert_eq!(tab.eval("look.faint()"), json!([]), "{page} at {width}, {scheme}");
            picture(tab, page, width, scheme);
        }
        colors.push(tab.eval("look.colors()"));
    }
    assert_eq!(tab.eval("look.nameless()"), json!([]), "{page}");
    assert_ne!(colors[0][0], colors[1][0], "the text of {page}");
    assert_ne!(colors[0][1], colors[1][1], "the ground of {page}");
    assert_eq!(tab.eval("window.offences"), json!([]), "{page}");
}

/// Keeps a picture of the whole page where a folder for them is named.
fn picture(tab: &Tab, page: &str, width: u32, scheme: &str) {
    use base64::Engine as _;
    let Some(folder) = std::env::var_os("PLACET_PICTURES") else { return };
    // What is out of sight may not be drawn.
    let height = tab.eval("document.documentElement.scrollHeight").as_u64().unwrap();
    tab.resize(width, u32::try_from(height).unwrap());
    let wanted = json!({"format": "png"});
    let taken = tab.call("Page.captureScreenshot", wanted);
    let engine = base64::engine::general_purpose::STANDARD;
    let bytes = engine.decode(taken["data"].as_str().unwrap()).unwrap();
    let name = page.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
    let name = format!("{}-{width}-{scheme}.png", name.trim_matches('-'));
    std::fs::write(std::path::Path::new(&folder).join(name), bytes).unwrap();
}

#[test]
fn over_tls_somebody_signs_in_and_no_plain_text_ever_carries_their_session() {
    let secure = ["--ignore-certificate-errors"];
    let Some(chromium) = Chromium::start_with(&secure) else { return };
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("certificate.pem"), made.cert.pem()).unwrap();
    std::fs::write(at("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let tls = Some(Tls { certificate: at("certificate.pem"), key: at("key.pem") });
    let daemon = Daemon::with(ServerConfig { tls, ..ServerConfig::default() }, LogPlace::Memory);
    people(&daemon);
    let (tab, address) = (chromium.tab(1280, 900), daemon.address);
    tab.sign_in(&format!("https://{address}"), "ben");
    assert_eq!(tab.eval("location.href"), json!(format!("https://{address}/console")));
    let all = tab.call("Network.getAllCookies", json!({}));
    let [cookie] = all["cookies"].as_array().unwrap().as_slice() else { panic!("{all}") };
    assert_eq!(cookie["name"], format!("__Host-placet-session-{}", address.port()));
    assert_eq!((&cookie["secure"], &cookie["httpOnly"]), (&json!(true), &json!(true)));
    assert_eq!((&cookie["sameSite"], &cookie["path"]), (&json!("Strict"), &json!("/")));
    assert_eq!(tab.eval("document.cookie"), "", "no script sees it");
    // The page is live over TLS, too.
    let proposed = daemon.guard.as_ref().unwrap().blocking();
    let action = json!({"tool": "send_note", "tenant": "acme"}).to_string();
    let action = Action::from_json(Json::parse(action.as_bytes()).unwrap()).unwrap();
    proposed.propose(&action).unwrap();
    tab.wait("document.querySelector('.action')");
    tab.click("form[action='/console/sign-out'] button");
    tab.wait("location.pathname === '/console/sign-in'");
    assert_eq!(tab.call("Network.getAllCookies", json!({}))["cookies"], json!([]));
}
