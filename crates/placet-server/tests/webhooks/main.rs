//! Announcements: what is sent, to whom, how often, and where nothing is ever sent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;
mod room;

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::Daemon;
use placet::LogPlace;
use placet_server::ServerConfig;
use placet_server::webhooks::{Retries, Webhook, WebhookError, Webhooks};
use serde_json::{Value, json};
use standardwebhooks::Webhook as Oracle;
use ureq::http::HeaderMap;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Longest wait, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Few attempts, soon after each other.
const RETRIES: Retries = Retries {
    attempts: 3,
    first_wait: Duration::from_millis(5),
    longest_wait: Duration::from_millis(20),
    time: Duration::from_secs(900),
};

/// What a receiver got.
struct Got {
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn is_by(&self, secret: &str) -> bool {
        Oracle::new(secret).unwrap().verify(self.body.as_bytes(), &self.headers).is_ok()
    }
}

/// A receiver on this machine that gives these answers, and then the last of them for ever.
struct Hook {
    port: u16,
    got: Receiver<Got>,
}

impl Hook {
    fn start(answers: &[&str]) -> Self {
        Self::saying(answers, "")
    }

    /// The same, with a text in each answer.
    fn saying(answers: &[&str], text: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, got) = channel();
        let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
        std::thread::spawn(move || {
            for (place, stream) in listener.incoming().enumerate() {
                let mut stream = BufReader::new(stream.unwrap());
                let Some(request) = read(&mut stream) else { continue };
                let answer = answers.get(place).or(answers.last()).unwrap();
                let answer = format!(
                    "HTTP/1.1 {answer}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{text}",
                    text.len()
                );
                drop(stream.get_mut().write_all(answer.as_bytes()));
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        Self { port, got }
    }

    fn next(&self) -> Got {
        self.got.recv_timeout(PATIENCE).expect("an announcement")
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }
}

fn read(stream: &mut BufReader<std::net::TcpStream>) -> Option<Got> {
    let mut headers = HeaderMap::new();
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        let name = ureq::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.insert(name, value.parse().unwrap());
    }
    let length = headers.get("content-length")?.to_str().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Got { headers, body: String::from_utf8(body).unwrap() })
}

/// The settings in a file, as an operator writes them.
fn settings(text: &str) -> Result<Webhooks, WebhookError> {
    let folder = tempfile::tempdir().unwrap();
    let one = format!("{SECRET}\n");
    for (name, text, mode) in [
        ("one.secret", one.as_str(), 0o600),
        ("both.secret", &format!("{OTHER} {SECRET}"), 0o400),
        ("bad.secret", "whsec_c2hvcnQ=", 0o600),
        ("group.secret", &one, 0o640),
        ("open.secret", &one, 0o666),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    std::fs::write(folder.path().join("webhooks.toml"), text).unwrap();
    Webhooks::read(&folder.path().join("webhooks.toml"))
}

fn webhook(url: &str, more: &str) -> Webhook {
    let text = format!(
        "[[webhook]]\nname = \"chat\"\nurl = \"{url}\"\nsecret_file = \"both.secret\"\n{more}"
    );
    settings(&text).unwrap().list.remove(0)
}

fn daemon(list: Vec<Webhook>) -> Daemon {
    daemon_keeping(list, None)
}

fn daemon_keeping(list: Vec<Webhook>, dead_letters: Option<&Path>) -> Daemon {
    daemon_trying(RETRIES, list, Webhooks::default().places, dead_letters)
}

fn daemon_trying(
    retries: Retries,
    list: Vec<Webhook>,
    places: usize,
    dead_letters: Option<&Path>,
) -> Daemon {
    let console = Some("https://placet.example.com".to_owned());
    let webhooks = Webhooks { list, console, retries, places };
    let dead_letters = dead_letters.map(Path::to_owned);
    let config = ServerConfig { webhooks, dead_letters, ..ServerConfig::default() };
    Daemon::with(config, LogPlace::Memory)
}

/// A held action of acme; its approval.
fn held(daemon: &Daemon) -> String {
    held_with(daemon, "42.00")
}

fn held_with(daemon: &Daemon, amount: &str) -> String {
    held_by(daemon, &daemon.keys.agent, amount)
}

fn held_by(daemon: &Daemon, agent: &str, amount: &str) -> String {
    let refund = json!({
        "tool": "issue_refund", "agent": "support-bot", "user": "u-7", "reason": "a-secret-reason",
        "params": {"amount": amount, "currency": "USD", "note": "a-secret-note"},
        "context": {"goal": "a-secret-goal"}, "session": "a-secret-session",
    });
    let decision = daemon.post("/v1/actions", agent, &refund).json();
    decision["approval"]["id"].as_str().expect("an approval").to_owned()
}

fn deny(daemon: &Daemon, approval: &str) {
    let path = format!("/v1/approvals/{approval}/resolve");
    let answer = json!({"approved": false, "reason": "a-secret-denial"});
    assert_eq!(daemon.post(&path, &daemon.keys.approver, &answer).status, 200);
}

/// The dead letters, once there are so many.
fn dead(daemon: &Daemon, count: usize) -> Vec<Value> {
    let limit = Instant::now() + PATIENCE;
    loop {
        let listed = daemon.get("/v1/webhooks/dead-letters", &daemon.keys.operator).json();
        let letters = listed["dead_letters"].as_array().unwrap().clone();
        if letters.len() >= count {
            return letters;
        }
        assert!(Instant::now() < limit, "{letters:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// To announce is not to ask: only an authenticated person answers.
#[test]
fn whatever_a_receiver_answers_approves_nothing() {
    let hook = Hook::saying(&["200 OK"], r#"{"approved": true, "status": "approved"}"#);
    let daemon = daemon(vec![webhook(&hook.url(), "allow_private = true")]);
    let approval = held(&daemon);
    assert_eq!(hook.next().json()["type"], "approval.opened");
    // By the time that the second announcement comes, the first has been answered.
    held_with(&daemon, "43.00");
    hook.next();
    let path = format!("/v1/approvals/{approval}");
    let found = daemon.get(&path, &daemon.keys.approver);
    assert_eq!(found.status, 200, "it still waits: {}", found.text);
    let action = found.json()["decision"]["id"].as_str().unwrap().to_owned();
    let status = daemon.get(&format!("/v1/actions/{action}"), &daemon.keys.agent).json();
    assert_eq!(status["status"], "pending");
    assert!(status["warrant"].is_null(), "{status}");
}

#[test]
fn what_waits_and_what_waits_no_more_is_announced_signed_and_without_params() {
    let hook = Hook::start(&["204 No Content"]);
    let daemon = daemon(vec![webhook(&hook.url(), "allow_private = true")]);
    let approval = held(&daemon);
    let opened = hook.next();
    deny(&daemon, &approval);
    let resolved = hook.next();
    for got in [&opened, &resolved] {
        // Either of the two secrets is enough, and no other is.
        assert!(got.is_by(SECRET) && got.is_by(OTHER));
        assert!(!got.is_by("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        let changed = Got { headers: got.headers.clone(), body: got.body.replace("acme", "acne") };
        assert!(!changed.is_by(SECRET));
        assert!(
            !got.body.contains("secret")
                && !got.body.contains("42.00")
                && !got.body.contains("u-7")
        );
    }
    let (first, second) = (opened.json(), resolved.json());
    assert_eq!(
        (&first["type"], &second["type"]),
        (&json!("approval.opened"), &json!("approval.resolved"))
    );
    let data = &first["data"];
    assert_eq!(data["approval"], json!(approval));
    assert_eq!(data["tool"], "issue_refund");
    assert_eq!(data["class"], "issue_refund");
    assert_eq!(data["risk"], "reversible_write");
    assert_eq!((&data["agent"], &data["tenant"]), (&json!("support-bot"), &json!("acme")));
    assert!(data["digest"].as_str().unwrap().starts_with("sha256:"));
    assert!(data["deadline"].as_str().unwrap().ends_with('Z'));
    let action = data["action"].as_str().unwrap();
    assert_eq!(data["url"], format!("https://placet.example.com/console/actions/{action}"));
    assert_eq!(second["data"]["status"], "denied");
    assert_ne!(opened.header("webhook-id"), resolved.header("webhook-id"));
    assert!(daemon.stop());
}

#[test]
fn what_fails_is_tried_again_under_the_same_id() {
    let hook = Hook::start(&["500 Oh", "429 Slow down", "200 OK"]);
    let daemon = daemon(vec![webhook(&hook.url(), "allow_private = true")]);
    held(&daemon);
    let tries = [hook.next(), hook.next(), hook.next()];
    let id = tries[0].header("webhook-id");
    assert!(tries.iter().all(|got| got.header("webhook-id") == id && got.is_by(SECRET)));
    assert_eq!(dead(&daemon, 0), Vec::<Value>::new());
}

#[test]
fn what_cannot_be_delivered_is_a_dead_letter() {
    let (failing, gone) = (Hook::start(&["503 No"]), Hook::start(&["410 Gone"]));
    let [failing_hook, mut gone_hook] =
        [&failing, &gone].map(|hook| webhook(&hook.url(), "allow_private = true"));
    gone_hook.name = "gone".to_owned();
    let daemon = daemon(vec![failing_hook, gone_hook]);
    let approval = held(&daemon);
    let letters = dead(&daemon, 2);
    let of = |name: &str| letters.iter().find(|letter| letter["webhook"] == name).unwrap();
    assert_eq!(of("chat")["attempts"], 3);
    assert_eq!(of("chat")["approval"], json!(approval));
    assert_eq!(of("chat")["id"], json!(failing.next().header("webhook-id")));
    assert!(of("chat")["reason"].as_str().unwrap().contains("503"));
    // Whoever wants nothing any more is not asked again.
    assert_eq!(of("gone")["attempts"], 1);
}

#[test]
fn dead_letters_outlive_the_daemon_and_a_broken_file_of_them_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("placet.db-dead-letters");
    let gone = Hook::start(&["410 Gone"]);
    let start = || {
        let hook = webhook(&gone.url(), "allow_private = true");
        daemon_keeping(vec![hook], Some(&place))
    };
    let daemon = start();
    held(&daemon);
    let first = dead(&daemon, 1);
    assert!(daemon.stop());

    // They are there again, also where no webhook is left, and later ones come after them.
    let daemon = daemon_keeping(Vec::new(), Some(&place));
    assert_eq!(dead(&daemon, 0), first);
    assert!(daemon.stop());
    let daemon = start();
    held(&daemon);
    let both = dead(&daemon, 2);
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    // It does not take a stop to keep them.
    let limit = Instant::now() + PATIENCE;
    let kept = || serde_json::from_slice::<Value>(&std::fs::read(&place).unwrap()).unwrap();
    while kept()["dead_letters"] != json!(both) {
        assert!(Instant::now() < limit, "{:?}", kept());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(daemon.stop());

    // The last thousand are enough.
    let letter = |place: u32| {
        let mut letter = first[0].clone();
        letter["attempts"] = json!(place);
        letter
    };
    let many: Vec<Value> = (0..1_200).map(letter).collect();
    let content = json!({"format": "placet-dead-letters/v1", "dead_letters": many});
    std::fs::write(&place, content.to_string()).unwrap();
    let daemon = start();
    let listed = dead(&daemon, 0);
    assert_eq!((listed.len(), &listed[0]["attempts"]), (1_000, &json!(200)));
    assert!(daemon.stop());

    for broken in
        ["", "{\"format\":\"placet-dead-letters/v1\"", "[]", "\u{0}", "{\"format\":\"other\"}"]
    {
        std::fs::write(&place, broken).unwrap();
        let daemon = start();
        assert_eq!(dead(&daemon, 0), Vec::<Value>::new(), "{broken:?}");
        let aside = folder.path().join("placet.db-dead-letters.unreadable");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), broken);
        held(&daemon);
        assert_eq!(dead(&daemon, 1).len(), 1);
        assert!(daemon.stop());
        assert_eq!(kept()["dead_letters"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Hook::start(&["200 OK"]);
    let answer = format!("307 Go\r\nLocation: {}", elsewhere.url());
    let hook = Hook::start(&[&answer]);
    let daemon = daemon(vec![webhook(&hook.url(), "allow_private = true")]);
    held(&daemon);
    let letters = dead(&daemon, 1);
    assert!(letters[0]["reason"].as_str().unwrap().contains("redirects"), "{letters:?}");
    assert!(elsewhere.got.try_recv().is_err());
}

#[test]
fn nothing_is_sent_to_where_only_the_daemon_can_reach() {
    let hook = Hook::start(&["200 OK"]);
    let port = hook.port;
    let hosts =
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "127.1"];
    let list = hosts.iter().map(|host| {
        // As for a name that leads there, which nobody can tell at the start.
        let mut hook = webhook(&format!("https://{host}:{port}/"), "allow_private = true");
        hook.allow_private = false;
        hook.name = (*host).to_owned();
        hook
    });
    let daemon = daemon(list.collect());
    held(&daemon);
    for letter in dead(&daemon, hosts.len()) {
        let reason = letter["reason"].as_str().unwrap();
        let is_refused = reason.contains("public Internet")
            || reason.contains("lookup")
            || reason.contains("resolve");
        assert!(is_refused, "{letter}");
    }
    assert!(hook.got.try_recv().is_err(), "something arrived");
}

#[test]
fn a_receiver_hears_of_what_it_asked_for_and_decides_nothing() {
    let hook = Hook::start(&["200 OK\r\nContent-Type: application/json"]);
    let only = |more: &str| webhook(&hook.url(), &format!("allow_private = true\n{more}"));
    let daemon =
        daemon(vec![only("events = [\"approval.resolved\"]"), only("tenant = \"umbrella\"")]);
    let approval = held(&daemon);
    deny(&daemon, &approval);
    assert_eq!(hook.next().json()["type"], "approval.resolved");
    // Another call: what was denied is not asked for again at once.
    let other = held_with(&daemon, "43.00");
    let path = format!("/v1/approvals/{other}");
    assert_eq!(daemon.get(&path, &daemon.keys.approver).status, 200, "it still waits");
    assert!(hook.got.try_recv().is_err(), "nobody asked for what was opened");
}

#[test]
fn settings_that_make_no_sense_are_refused_with_their_reason() {
    let hook = |lines: &str| format!("[[webhook]]\nname = \"chat\"\n{lines}");
    let https = "url = \"https://chat.example.com/\"";
    for (text, says) in [
        ("[[hook]]".to_owned(), "hook"),
        (hook(https), "secret_env or by secret_file"),
        (hook(&format!("{https}\nsecret_file = \"no.secret\"")), "no.secret"),
        (hook(&format!("{https}\nsecret_file = \"bad.secret\"")), "no secret of a webhook"),
        (hook(&format!("{https}\nsecret_env = \"PLACET_NOT_SET\"")), "PLACET_NOT_SET"),
        (hook(&format!("{https}\nsecret_file = \"one.secret\"\nsecret = \"x\"")), "secret"),
        (
            hook(&format!("{https}\nsecret_file = \"one.secret\"\nevents = [\"x\"]")),
            "approval.opened",
        ),
        (hook("url = \"http://chat.example.com/\"\nsecret_file = \"one.secret\""), "https://"),
        (hook("url = \"ftp://chat.example.com/\"\nsecret_file = \"one.secret\""), "https://"),
        (
            hook("url = \"https://u:p@chat.example.com/\"\nsecret_file = \"one.secret\""),
            "name or password",
        ),
        ("console = \"placet.example.com/x\"".to_owned(), "origin"),
        ("console = \"https://placet.example.com/\"".to_owned(), "origin"),
        ("console = \"chrome-extension://abcdef\"".to_owned(), "origin"),
        (hook(&format!("{https}\nsecret_file = \"open.secret\"")), "chmod 600"),
        (hook(&format!("{https}\nsecret_file = \"group.secret\"")), "640"),
        (hook(&format!("{https}\nsecret_file = \"one.secret\"\nevents = []")), "events is empty"),
    ] {
        let error = settings(&text).expect_err(&text).to_string();
        assert!(error.contains(says), "{says}: {error}");
        assert!(!error.contains("c2hvcnQ") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_receiver_that_can_never_be_reached_is_refused_at_the_start() {
    let with = |host: &str, more: &str| {
        settings(&format!(
            "[[webhook]]\nname = \"chat\"\nurl = \"https://{host}/x\"\n\
             secret_file = \"one.secret\"\n{more}"
        ))
    };
    for host in [
        "127.0.0.1:9",
        "169.254.169.254",
        "10.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::a00:1]",
        "0x7f.1",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.1.",
        "localhost",
        "LocalHost.",
        "hooks.localhost:8443",
    ] {
        let error = with(host, "").expect_err(host).to_string();
        assert!(error.contains("allow_private") && error.contains("chat"), "{host}: {error}");
        with(host, "allow_private = true").expect(host);
    }
    for host in ["1.1.1.1", "[2606:4700:4700::1111]", "chat.example.com", "7f.example", "0x7f.com"]
    {
        with(host, "").expect(host);
    }
}

#[test]
fn a_mistake_has_its_place() {
    let folder = "[[webhook]]\nname = \"chat\"\n";
    for (text, place) in [
        ("console = \n", "webhooks.toml:1:11: "),
        (&format!("{folder}url = \"https://chat.example.com/\"\nurl = \"x\"\n"), ":4:1: "),
        (&format!("{folder}url = 7\n"), ":3:7: "),
        (&format!("{folder}\u{fc}rl = \"https://chat.example.com/\"\n"), ":3:1: "),
    ] {
        let error = settings(text).expect_err(text).to_string();
        assert!(error.contains(place) && !error.contains('\n'), "{place}: {error}");
    }
}
