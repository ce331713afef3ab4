//! The daemon as its operator meets it: its start, its signals, what it writes, its end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "serve/reload.rs"]
mod reload;
#[path = "serve/settings.rs"]
mod settings;
mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use placet::store::{Environment, System};
use placet::{Config, Guard, LogPlace, PolicySource, Timestamp};
use serde_json::{Value, json};
use support::World;
use support::daemon::{Daemon, key};

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.note]\nrisk = \"read\"\n";

/// The same with a class that waits for people.
const STRICTER: &str =
    "version = 1\nmode = \"enforce\"\n[actions.note]\nrisk = \"reversible_write\"\n";

fn propose(daemon: &Daemon, key: &str) -> Value {
    let (status, text) = daemon.call(
        "POST",
        "/v1/actions",
        key,
        Some(&json!({ "tool": "note", "params": { "secret": "hush" } })),
    );
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A folder with a policy and the keys of an agent and an operator.
fn world() -> (World, String, String) {
    let world = World::new();
    world.write("policy.toml", POLICY);
    let agent = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    let operator = key(&world, &["--scope", "admin"]);
    (world, agent, operator)
}

#[test]
fn every_request_is_a_line_and_none_has_params() {
    let (world, agent, _) = world();
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    assert_eq!(propose(&daemon, &agent)["verdict"], "allow");
    let line = daemon.line("/v1/actions");
    for part in ["POST /v1/actions 200", "allow", " ms", "acme", "key_"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("hush") && !line.contains(&agent), "{line}");
    daemon.stop();
}

#[test]
fn with_json_every_line_is_json() {
    let (world, agent, _) = world();
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml", "--json"]);
    propose(&daemon, &agent);
    let line: Value = serde_json::from_str(&daemon.line("/v1/actions")).unwrap();
    assert_eq!(
        (&line["method"], &line["status"], &line["verdict"], &line["tenant"]),
        (&json!("POST"), &json!(200), &json!("allow"), &json!("acme"))
    );
    assert!(line["took_us"].as_u64().unwrap() > 0);
    daemon.signal("TERM");
    let last: Value = serde_json::from_str(&daemon.line("stopped")).unwrap();
    assert_eq!(last["clean"], true);
    assert!(daemon.wait().success());
}

#[test]
fn what_failed_on_our_side_is_written_down_and_told_to_nobody() {
    let (world, agent, _) = world();
    let mut command =
        world.command(&["serve", "--listen", "127.0.0.1:0", "--policy", "policy.toml"]);
    command.env("PLACET_TRACE", "error");
    let mut daemon = Daemon::run(command);
    propose(&daemon, &agent);
    let log = rusqlite::Connection::open(world.path("placet.db")).unwrap();
    log.execute_batch("ALTER TABLE entries RENAME TO elsewhere").unwrap();
    let action = json!({ "tool": "note", "params": { "secret": "hush" } });
    let (status, text) = daemon.call("POST", "/v1/actions", &agent, Some(&action));
    assert_eq!(status, 503, "{text}");
    assert!(!text.contains("no such table"), "{text}");
    let line = daemon.line("/v1/actions");
    assert_eq!(line.matches("no such table").count(), 1, "{line}");
    assert!(line.contains("POST /v1/actions 503") && line.contains("key_"), "{line}");
    assert!(!line.contains("hush") && !line.contains(&agent), "{line}");
    log.execute_batch("ALTER TABLE elsewhere RENAME TO entries").unwrap();
    propose(&daemon, &agent);
    daemon.stop();
}

#[test]
fn how_much_is_written_changes_while_it_runs() {
    let (world, agent, _) = world();
    let mut command =
        world.command(&["serve", "--listen", "127.0.0.1:0", "--policy", "policy.toml"]);
    command.env("PLACET_TRACE", "warn");
    let mut daemon = Daemon::run(command);
    // Nothing is written about this one: the first line about a request is that of the next.
    propose(&daemon, &agent);
    daemon.signal("USR1");
    assert!(daemon.line("the level has changed").contains("level=info"));
    daemon.call("GET", "/v1/policy", &agent, None);
    assert!(daemon.line("key_").contains("/v1/policy"));
    daemon.signal("USR2");
    assert!(daemon.line("the level has changed").contains("level=warn"));
    daemon.stop();
}

#[test]
fn a_filter_that_says_nothing_is_refused() {
    let (world, ..) = world();
    let mut command = world.command(&["serve", "--listen", "127.0.0.1:0"]);
    let output = command.env("PLACET_TRACE", "placet=loud").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("placet=loud") && text.contains("help:"), "{text}");
}

#[test]
fn the_variables_of_opentelemetry_say_where_traces_go() {
    let (world, agent, _) = world();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--policy", "policy.toml", "--json"];
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let mut command = world.command(&serve);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint).env("OTEL_METRICS_EXPORTER", "none");
    // The less is written, the more matters what is sent.
    command.env("PLACET_TRACE", "error").env("OTEL_BSP_SCHEDULE_DELAY", "1");
    let daemon = Daemon::run(command);
    propose(&daemon, &agent);
    let (mut stream, _) = collector.accept().unwrap();
    let mut sent = Vec::new();
    let mut part = [0; 4096];
    let has = |sent: &[u8], what: &str| sent.windows(what.len()).any(|at| at == what.as_bytes());
    while !has(&sent, "placet.verdict") {
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&sent));
        sent.extend_from_slice(&part[..read]);
    }
    assert!(sent.starts_with(b"POST /v1/traces ") && has(&sent, "POST /v1/actions"));
    assert!(!has(&sent, "hush") && !has(&sent, &agent));
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    daemon.stop();

    let mut command = world.command(&serve);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
    let output = command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("OTEL_EXPORTER_OTLP_PROTOCOL is \\\"grpc\\\""), "{text}");
}

#[test]
fn the_policy_is_read_again_and_a_bad_one_changes_nothing() {
    let (world, agent, operator) = world();
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    assert_eq!(propose(&daemon, &agent)["verdict"], "allow");
    world.write("policy.toml", STRICTER);
    daemon.signal("HUP");
    daemon.line("another policy holds now");
    assert_eq!(propose(&daemon, &agent)["verdict"], "require_approval");

    world.write("policy.toml", POLICY.replace("read", "reed"));
    daemon.signal("HUP");
    assert!(daemon.line("still holds").contains("errors"));
    let found = daemon.line("reed");
    assert!(found.contains("policy.toml:4:"), "{found}");
    assert_eq!(propose(&daemon, &agent)["verdict"], "require_approval");

    std::fs::remove_file(world.path("policy.toml")).unwrap();
    daemon.signal("HUP");
    assert!(daemon.line("still holds").contains("cannot read"));
    world.write("policy.toml", STRICTER);
    daemon.signal("HUP");
    daemon.line("what held already");
    let (_, metrics) = daemon.call("GET", "/metrics", &operator, None);
    for (result, times) in [("installed", 1), ("failed", 2), ("unchanged", 1)] {
        let line = format!("placet_policy_reloads_total{{result=\"{result}\"}} {times}");
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
    daemon.stop();
    let shown = world.ok(&["log", "show", "--log", "placet.db", "--json"]);
    assert_eq!(shown.matches("policy_installed").count(), 2, "{shown}");
}

#[test]
fn a_file_that_takes_the_place_of_the_policy_in_the_log_is_said_at_the_start() {
    let (world, _, operator) = world();
    let digest = |text: &str| {
        let file = placet::PolicyFile { name: "policy.toml".to_owned(), text: text.to_owned() };
        placet::Policy::digest_of(&[file]).to_string()
    };
    let (lax, strict) = (digest(POLICY), digest(STRICTER));
    let daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let files = json!({"files": [{"name": "policy.toml", "text": STRICTER}]});
    let (status, installed) = daemon.call("PUT", "/v1/policy", &operator, Some(&files));
    assert_eq!(status, 200, "{installed}");
    let entry = serde_json::from_str::<Value>(&installed).unwrap()["log_index"].clone();
    daemon.stop();
    let start = ["--policy", "policy.toml", "--json"];
    let mut daemon = Daemon::start(&world, &start);
    let line: Value = serde_json::from_str(&daemon.line("replaced")).unwrap();
    assert_eq!(line, json!({"policy": lax, "replaced": strict, "installed_by_entry": entry}));
    daemon.stop();
    // Once it holds there is nothing to say.
    let mut daemon = Daemon::start(&world, &start);
    daemon.signal("TERM");
    daemon.line("stopped");
    assert!(!daemon.said("replaced"));
    assert!(daemon.wait().success());
}

#[test]
fn asked_twice_it_ends_at_once_and_asked_once_it_finishes() {
    let (world, agent, _) = world();
    world.write("policy.toml", STRICTER);
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    // A client in the middle of its request: the daemon waits for the rest of it.
    let mut half = TcpStream::connect(&daemon.address).unwrap();
    half.write_all(half_a_request(&daemon, &agent).as_bytes()).unwrap();
    propose(&daemon, &agent);
    daemon.signal("TERM");
    // Nobody is let in any more once it has heard.
    while TcpStream::connect(&daemon.address).is_ok() {
        std::thread::yield_now();
    }
    half.write_all(b": \"note\"}").unwrap();
    let mut answer = String::new();
    half.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("require_approval"), "{answer}");
    assert!(daemon.wait().success());

    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let mut half = TcpStream::connect(&daemon.address).unwrap();
    half.write_all(half_a_request(&daemon, &agent).as_bytes()).unwrap();
    propose(&daemon, &agent);
    daemon.signal("TERM");
    daemon.signal("INT");
    daemon.line("stopped before everything was answered");
    assert!(daemon.wait().success());
    world.ok(&["log", "verify", "--log", "placet.db"]);
}

/// A request whose body ends in the middle.
fn half_a_request(daemon: &Daemon, key: &str) -> String {
    format!(
        "POST /v1/actions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: 16\r\n\r\n{{\"tool\"",
        daemon.address
    )
}

#[test]
fn what_keeps_it_from_starting_is_said_in_words() {
    let (world, ..) = world();
    let daemon = Daemon::start(&world, &[]);
    let taken = world.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(taken.status, 3);
    assert!(taken.err.contains(&format!("in use by process {}", daemon.id())), "{}", taken.err);

    let other = World::new();
    let same = other.run(&["serve", "--listen", &daemon.address]);
    assert_eq!(same.status, 3);
    assert!(same.err.contains("something else listens at 127.0.0.1:"), "{}", same.err);
    let nowhere = other.run(&["serve", "--log", "no/such/placet.db"]);
    assert!(nowhere.err.contains("there is no folder no/such"), "{}", nowhere.err);
    let open = other.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(open.status == 3 && open.err.contains("plain text"), "{}", open.err);
    other.write("policy.toml", POLICY.replace("read", "reed"));
    let bad = other.run(&["serve", "--policy", "policy.toml", "--listen", "127.0.0.1:0"]);
    assert!(bad.status == 3 && bad.err.contains("policy.toml:4:"), "{}", bad.err);
    for arguments in [["--rate", "0"], ["--max-connections", "0"], ["--max-body", "99999999999"]] {
        let all = ["serve", arguments[0], arguments[1]];
        assert_eq!(other.run(&all).status, 2, "{arguments:?}");
    }
}

#[test]
fn the_limits_are_those_that_were_set() {
    let (world, agent, _) = world();
    let daemon = Daemon::start(&world, &["--max-body", "100", "--rate", "1", "--burst", "2"]);
    let long = json!({ "tool": "note", "params": { "text": "x".repeat(100) } });
    assert_eq!(daemon.call("POST", "/v1/actions", &agent, Some(&long)).0, 413);
    let statuses: Vec<u16> = (0..4)
        .map(|_| daemon.call("POST", "/v1/evaluate", &agent, Some(&json!({ "tool": "note" }))).0)
        .collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    daemon.stop();
}

#[test]
fn a_limit_that_makes_no_sense_is_refused_and_those_that_do_are_named() {
    let world = World::new();
    let most = "1000000";
    for (option, value, said) in [
        ("--rate", "0", most),
        ("--rate", "4294967295", most),
        ("--burst", "4294967295", most),
        ("--rate-without-key", "-1", most),
        ("--rate-without-key", "1e3", most),
        ("--max-connections", "0", most),
        ("--max-connections", "18446744073709551615", most),
        ("--max-waits", "0", most),
        ("--max-waits", "lots", most),
        ("--max-body", "2000000000", "1048576"),
        ("--stop-within", "0", "3600"),
        ("--stop-within", "1000000", "3600"),
    ] {
        let output = world.command(&["serve", &format!("{option}={value}")]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{option} {value}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(option) && text.contains(&format!("from 1 to {said}")), "{text}");
    }
    assert!(!world.path("placet.db").exists(), "nothing was begun");
}

#[test]
fn who_waits_and_who_shows_no_key_have_the_limits_that_were_set() {
    let (world, ..) = world();
    let auditor = key(&world, &["--scope", "auditor", "--tenant", "acme"]);
    let daemon = Daemon::start(&world, &["--max-waits", "1", "--rate-without-key", "1"]);
    let statuses: Vec<u16> =
        (0..8).map(|_| daemon.call("GET", "/openapi.json", "plc_none", None).0).collect();
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {auditor}\r\n\r\n",
        daemon.address
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    assert_eq!(daemon.call("GET", "/v1/events", &auditor, None).0, 429);
    assert_eq!(daemon.call("GET", "/v1/policy", &auditor, None).0, 200);
    drop(stream);
    daemon.stop();
}

/// On a terminal the first start makes two keys and a link for the first person, and shows them; they work, and a second start
/// shows none.
#[test]
fn a_first_start_on_an_empty_folder_shows_its_keys_once() {
    let world = World::new();
    let shown = on_a_terminal(&world);
    let keys: Vec<&str> =
        shown.split_whitespace().filter(|word| word.starts_with("plc_")).collect();
    assert_eq!(keys.len(), 2, "{shown}");
    assert!(
        shown.contains("shown this once") && shown.contains("curl http://127.0.0.1:"),
        "{shown}"
    );
    let link: Vec<&str> = shown.split_whitespace().filter(|word| word.contains("#pli_")).collect();
    let (page, token) = link[0].split_once('#').unwrap();
    assert!(page.starts_with("http://127.0.0.1:") && page.ends_with("/console/enrol"), "{shown}");
    let again = on_a_terminal(&world);
    assert!(!again.contains("plc_") && !again.contains("pli_"), "{again}");
    let daemon = Daemon::start(&world, &[]);
    assert_eq!(daemon.call("GET", "/v1/integrations", keys[0], None).0, 200);
    assert_eq!(propose(&daemon, keys[1])["mode"], "enforce");
    assert_eq!(daemon.call("GET", "/v1/integrations", keys[1], None).0, 403);
    assert_eq!(enrol(&daemon, token), 303, "the link lets the first person in");
    assert_eq!(enrol(&daemon, token), 410, "once");
}

/// Under systemd or in a container nobody sits at a terminal, and what is written is kept: the way in
/// is in a file for the owner of the log.
#[test]
fn a_first_start_without_a_terminal_leaves_a_link_for_who_can_read_the_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let link = || world.read("placet.db-first-link");
    let mut daemon = Daemon::start(&world, &[]);
    let said = daemon.line("nobody can sign in yet");
    assert!(said.contains("placet.db-first-link") && !said.contains("pli_"), "{said}");
    let first = link();
    let mode = std::fs::metadata(world.path("placet.db-first-link")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    daemon.stop();
    // Nobody has used it: the next start leaves another, and the first is worth nothing.
    let mut daemon = Daemon::start(&world, &["--json"]);
    assert!(daemon.line("sign_in_link_file").contains("placet.db-first-link"));
    let second = link();
    let token = |link: &str| link.trim().split_once("/console/enrol#").unwrap().1.to_owned();
    assert_eq!(enrol(&daemon, &token(&first)), 410);
    assert_eq!(enrol(&daemon, &token(&second)), 303);
    daemon.stop();
    // Somebody is in: nothing is left, and nobody's password is taken away.
    let daemon = Daemon::start(&world, &[]);
    assert_eq!(daemon.call("GET", "/ready", "", None).0, 200);
    assert!(!world.path("placet.db-first-link").exists());
    daemon.stop();
    let people = world.ok(&["people", "list", "--log", "placet.db"]);
    assert!(people.contains("admin") && people.contains("set"), "{people}");
}

/// Sends the form of the page that a one-time link opens.
fn enrol(daemon: &Daemon, token: &str) -> u16 {
    let form = format!("invitation={token}&password=correct+horse+42&again=correct+horse+42");
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let request = agent
        .post(format!("{}/console/enrol", daemon.url()))
        .header("origin", daemon.url())
        .header("content-type", "application/x-www-form-urlencoded");
    request.send(form).unwrap().status().as_u16()
}

/// What a person sees from the start of the daemon to Ctrl-C.
fn on_a_terminal(world: &World) -> String {
    let script = "import os, pty, signal, sys\n\
        child, terminal = pty.fork()\n\
        if child == 0:\n    os.execv(sys.argv[1], sys.argv[1:])\n\
        seen, asked = b'', False\n\
        while True:\n    \
            try:\n        part = os.read(terminal, 65536)\n    \
            except OSError:\n        break\n    \
            if not part:\n        break\n    \
            seen += part\n    \
            if not asked and (b'delete_everything' in seen or sys.argv[-1] == '--color=never' and b'listening' in seen and os.path.exists('again')):\n        \
                asked = True\n        os.write(terminal, b'\\x03')\n\
        os.waitpid(child, 0)\n\
        open('again', 'w').close()\n\
        sys.stdout.buffer.write(seen)\n";
    let template = world.command(&[]);
    let output = Command::new("python3")
        .args(["-c", script, template.get_program().to_str().unwrap()])
        .args(["serve", "--listen", "127.0.0.1:0", "--color=never"])
        .current_dir(world.path("."))
        .env("COLUMNS", "110")
        .env_remove("PLACET_LOG")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A machine whose clock was ahead when the log was written, and is right now.
#[test]
fn a_log_that_is_ahead_of_the_clock_is_said_once_and_measured() {
    struct Early;
    impl Environment for Early {
        fn now(&self) -> Timestamp {
            System.now().saturating_add(Duration::from_secs(25 * 3600))
        }
        fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
            System.fill(bytes)
        }
    }
    let (world, agent, operator) = world();
    let log = LogPlace::File(world.path("placet.db"));
    let config = Config { policy: PolicySource::Path(world.path("policy.toml")), log };
    let guard = Guard::open_in(config, Arc::new(Early)).unwrap();
    assert!(guard.close());
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let line = daemon.line("ahead of this machine's clock");
    assert!(line.contains(" error ") && line.contains("ahead_s="), "{line}");
    let (first, second) = (propose(&daemon, &agent), propose(&daemon, &agent));
    assert_eq!([&first["verdict"], &second["verdict"]], ["allow", "allow"]);
    assert!(first["at"].as_str() <= second["at"].as_str(), "{first} {second}");
    let (_, metrics) = daemon.call("GET", "/metrics", &operator, None);
    let gauge = metrics.lines().find_map(|line| {
        line.strip_prefix("placet_log_ahead_of_clock_seconds ")?.parse::<u64>().ok()
    });
    assert!(gauge.is_some_and(|ahead| (25 * 3600 - 300..=25 * 3600).contains(&ahead)), "{metrics}");
    daemon.signal("TERM");
    daemon.line("stopped");
    assert!(daemon.wait().success());
    assert!(!daemon.said("ahead of this machine's clock"), "it was said before, once");
}
