//! The same commands on a log file and on a daemon: what they print is the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "remote/copies.rs"]
mod copies;
mod support;
#[path = "remote/unanswered.rs"]
mod unanswered;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Stdio};

use regex::Regex;
use serde_json::{Value, json};
use support::daemon::{Daemon, key};
use support::{Ended, World, stable};

const POLICY: &str = "version = 1\n[actions.get_order]\nrisk = \"read\"\n\
    [actions.issue_refund]\nrisk = \"reversible_write\"\nmax_state = \"supervised\"\n\
    [graduation.supervised]\npass_rate = 0.95\nmin_samples = 50\n";

/// Commands on the log and the policy, in this order.
const STORY: [&str; 37] = [
    "kill list",
    "kill trip tenant:acme/tool:issue_refund --reason loop --by ann",
    "kill trip all --reason stop --json",
    "kill trip agent:bot --reason loop",
    "kill list",
    "kill list --json",
    "kill reset all --reason fixed --by bob --json",
    "kill reset tenant:acme/tool:issue_refund --reason fixed",
    "kill reset tenant:acme/tool:issue_refund --reason fixed",
    "kill reset all --reason fixed --json",
    "autonomy",
    "evidence report --class issue_refund --source evals --passed 40 --failed 0",
    "evidence report --class issue_refund --source evals --passed 20 --failed 1 --json",
    "evidence report --class unknown --source evals --passed 1 --failed 0",
    "evidence report --file reports.jsonl",
    "autonomy",
    "autonomy --json",
    "autonomy --tenant acme",
    "autonomy --tenant not&known+yet=1 --json",
    "autonomy --tenant umbrella",
    "key create --name bot --scope agent --tenant acme --agent bot",
    "key create --name reader --scope auditor --json",
    "key create --name nobody --scope agent --agent bot",
    "key list",
    "key list --json",
    "key rotate key_01999999-0000-7000-8000-000000000000",
    "key rotate key_01999999-0000-7000-8000-000000000000 --json",
    "key revoke key_01999999-0000-7000-8000-000000000000",
    "people list",
    "people invite ana --role approver --group finance --tenant acme --json",
    "people invite ben --role admin",
    "people change ana --role auditor --json",
    "people list",
    "people remove ben",
    "people list --json",
    // Last, because a daemon makes an entry of what changes nothing, by which it knows the request
    // when it comes again: the entries after it are counted differently.
    "kill trip agent:bot --reason again",
    "log verify",
];

const STRICTER: &str = "version = 1\nmode = \"enforce\"\n[actions.get_order]\nrisk = \"read\"\n";

const CALLS: &str = r#"{"tool": "get_order", "params": {"order": "o-1"}}
{"tool": "issue_refund", "params": {"amount": "1e3"}, "reason": "wanted"}
{"tool": 7}
nonsense
{"tool": "frobnicate", "value": "12.00"}
"#;

/// A log with a policy and the key of an operator.
fn world() -> (World, String) {
    let world = World::new();
    world.write("policy.toml", POLICY);
    world.write(
        "reports.jsonl",
        "{\"class\": \"issue_refund\", \"source\": \"evals\", \"passed\": 1, \"failed\": 0, \"tenant\": \"acme\"}\n\
         {\"class\": \"unknown\", \"source\": \"evals\", \"passed\": 1, \"failed\": 0}\n",
    );
    world.run_with(&["check", "--policy", "policy.toml", "--record", "placet.db"], "");
    let operator = key(&world, &["--scope", "admin"]);
    (world, operator)
}

/// What was printed, without what differs from key to key and, because the daemon was asked with
/// one of them, from use to use.
fn comparable(ended: &Ended) -> String {
    let text = stable(&ended.snapshot());
    let rules = [
        (r"(plc|pli)_[A-Za-z0-9_-]+", "${1}_<secret>"),
        (r"key_[0-9a-f-]{36}", "key_<id>"),
        // A daemon ends by itself, at once, what a switch has stopped.
        (r#""log_index":\d+|as entry \d+"#, "<index>"),
        (r#""last_used":("<time>"|null)"#, "\"last_used\":<when>"),
        (r"(<time>|never)\n", "<when>\n"),
    ];
    rules.iter().fold(text, |text, (pattern, to)| {
        Regex::new(pattern).unwrap().replace_all(&text, *to).into_owned()
    })
}

fn arguments(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[test]
fn every_command_says_the_same_on_a_file_and_on_a_daemon() {
    let ((file, _), (held, operator)) = (world(), world());
    let daemon = Daemon::start(&held, &[]);
    for line in STORY {
        // By the key that lies beside it a file is verified, also while a daemon has it.
        let (on_file, on_daemon) = if line.starts_with("log") {
            let place = ["--log", "placet.db"];
            let all = [&arguments(line)[..], &place].concat();
            (file.run(&all), held.run(&all))
        } else {
            let on_file = file.run(&[&arguments(line)[..], &["--log", "placet.db"]].concat());
            let mut command = held.command(&arguments(line));
            command.env("PLACET_URL", daemon.url()).env("PLACET_KEY", &operator);
            (on_file, Ended::from(command.output().unwrap()))
        };
        if line.starts_with("log") {
            assert_eq!((on_file.status, on_daemon.status), (0, 0), "{line}");
        } else {
            assert_eq!(comparable(&on_file), comparable(&on_daemon), "{line}");
        }
    }
    daemon.stop();
}

/// A command on the log file of one world, and on the daemon of another.
struct Pair {
    file: World,
    held: World,
    daemon: Daemon,
}

impl Pair {
    /// Two worlds with the same entries and the same keys' scopes; commands show the last one.
    fn new(scopes: &[&[&str]]) -> (Self, Vec<String>) {
        let ((file, _), (held, _)) = (world(), world());
        let mut keys = Vec::new();
        for scope in scopes {
            key(&file, scope);
            keys.push(key(&held, scope));
        }
        for world in [&file, &held] {
            world.write("calls.jsonl", CALLS);
            world.write("stricter.toml", STRICTER);
            world.write("broken.toml", POLICY.replace("read", "reed"));
        }
        let daemon = Daemon::start(&held, &[]);
        (Self { file, held, daemon }, keys)
    }

    fn far(&self, line: &str, key: &str) -> Ended {
        let mut command = self.held.command(&arguments(line));
        command.env("PLACET_URL", self.daemon.url()).env("PLACET_KEY", key);
        let mut ended = Ended::from(command.output().unwrap());
        ended.err = ended.err.replace(&self.daemon.url(), "placet.db");
        ended
    }

    /// What both print, which must be the same.
    fn same(&self, line: &str, near: &str, far: &str, key: &str) -> Ended {
        let on_file = self.file.run(&arguments(format!("{line} {near}").trim()));
        let on_daemon = self.far(format!("{line} {far}").trim(), key);
        assert_eq!(comparable(&on_file), comparable(&on_daemon), "{line}");
        on_daemon
    }
}

#[test]
fn checking_says_the_same_on_a_file_and_on_a_daemon() {
    let (pair, keys) =
        Pair::new(&[&["--scope", "admin"], &["--scope", "agent", "--tenant", "default"]]);
    let [operator, agent] = [keys[0].as_str(), &keys[1]];
    // Without a record a file decides in memory, by a policy.
    let asked = pair.same("check calls.jsonl", "--policy policy.toml", "", agent);
    assert_eq!((asked.status, asked.out.lines().count()), (1, 5), "{}", asked.out);
    let size = || pair.far("log checkpoint --json", operator).out;
    let before = size();
    pair.same("check calls.jsonl --table", "--policy policy.toml", "", operator);
    assert_eq!(size(), before, "nothing was recorded");
    pair.same("check calls.jsonl --map tool==get_order", "--policy policy.toml", "", agent);
    pair.same(
        "check calls.jsonl --json --fail-on require_approval --record",
        "placet.db",
        "",
        agent,
    );
    pair.same("check calls.jsonl --table --record", "placet.db", "", agent);
    assert_ne!(size(), before);
    let shown = pair.same("log show", "--log placet.db", "", operator);
    assert_eq!(shown.out.matches("decided").count(), 6, "{}", shown.out);
    // An operator proposes nothing, and evidence is not taken in on the side.
    assert!(pair.far("check calls.jsonl --record", operator).err.contains("scope agent"));
    for line in
        ["check calls.jsonl --evidence reports.jsonl", "check calls.jsonl --record --verify"]
    {
        assert_eq!(pair.far(line, agent).status, 2, "{line}");
    }
    let url = pair.daemon.url();
    let both = pair.far(&format!("check calls.jsonl --url {url} --record placet.db"), agent);
    assert!(both.status == 2 && both.err.contains("its own log"), "{}", both.err);
    assert_eq!(pair.held.run(&arguments("check calls.jsonl --record")).status, 2);
    pair.daemon.stop();
}

#[test]
fn the_log_is_shown_and_proved_the_same_on_a_file_and_on_a_daemon() {
    let (pair, keys) = Pair::new(&[&["--scope", "auditor"]]);
    let auditor = keys[0].as_str();
    pair.same("log show", "--log placet.db", "", auditor);
    pair.same("log show --from 1 --limit 1", "--log placet.db", "", auditor);
    pair.same("log show --from 99", "--log placet.db", "", auditor);
    pair.same("log checkpoint", "--log placet.db", "", auditor);
    pair.same("log prove 99", "--log placet.db", "", auditor);
    let entry: Value =
        serde_json::from_str(pair.far("log show --json --limit 1", auditor).out.trim()).unwrap();
    assert_eq!((&entry["index"], &entry["private"]), (&0.into(), &Value::Null));
    // A receipt holds by the log's own key, and so does what came after a checkpoint.
    let verifier = pair.held.ok(&arguments("log key --log placet.db"));
    let verifier = verifier.trim();
    let run = |line: &str| {
        let all = [&arguments(line)[..], &["--verifier", verifier]].concat();
        let mut command = pair.held.command(&all);
        command.env("PLACET_URL", pair.daemon.url()).env("PLACET_KEY", auditor);
        Ended::from(command.output().unwrap())
    };
    let kept = run("log checkpoint");
    pair.held.write("kept", &kept.out);
    assert!(run("log prove 0 --out receipt.json").out.contains("the receipt of entry 0"));
    assert!(run("log prove --receipt receipt.json").out.contains("the receipt holds"));
    let continued = run("log prove --against kept --out proof.json");
    assert!(continued.out.contains("with 0 more"), "{}{}", continued.out, continued.err);
    // The other log has a key of its own.
    let foreign = pair.file.ok(&arguments("log key --log placet.db"));
    let all = ["log", "checkpoint", "--verifier", foreign.trim()];
    let mut command = pair.held.command(&all);
    command.env("PLACET_URL", pair.daemon.url()).env("PLACET_KEY", auditor);
    assert_eq!(Ended::from(command.output().unwrap()).status, 1);
    pair.file.write("kept", pair.file.ok(&arguments("log checkpoint --log placet.db")));
    std::fs::copy(pair.file.path("kept"), pair.held.path("other")).unwrap();
    let other = pair.far("log prove --against other", auditor);
    assert!(other.status == 1 && other.err.contains("of the log"), "{}", other.err);
    pair.daemon.stop();
}

#[test]
fn erasing_says_the_same_on_a_file_and_on_a_daemon() {
    let (pair, keys) = Pair::new(&[
        &["--scope", "admin"],
        &["--scope", "agent", "--tenant", "default"],
        &["--scope", "admin", "--tenant", "default"],
        &["--scope", "admin", "--tenant", "acme"],
    ]);
    let [operator, agent, admin, other] = [0, 1, 2, 3].map(|index| keys[index].as_str());
    pair.same("check calls.jsonl --json --record", "placet.db", "", agent);
    let index = |world: &World| {
        let shown = world.ok(&arguments("log show --json --log placet.db"));
        let entries = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let decided = entries.filter(|entry| entry["event"].get("decided").is_some());
        decided.map(|entry| entry["index"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let decided = index(&pair.file);
    assert_eq!((decided.len(), &index(&pair.held)), (3, &decided));
    let line = |entry: u64, rest: &str| format!("log erase {entry} --reason asked {rest}");
    let near = "--log placet.db";
    pair.same(line(decided[0], "--by ann").trim(), near, "", operator);
    pair.same(&line(decided[1], "--json"), near, "", operator);
    pair.same(line(0, "").trim(), near, "", operator);
    // A key of a tenant has its own erased, and of others there is nothing.
    let foreign = pair.far(line(decided[2], "").trim(), other);
    assert!(foreign.status == 1 && foreign.err.contains("no such entry"), "{}", foreign.err);
    let own = pair.same(line(decided[2], "").trim(), near, "", admin);
    assert!(own.out.contains(&format!("entry {}; entry", decided[2])), "{}", own.out);
    assert_eq!(pair.far(line(decided[2], "").trim(), agent).status, 3);
    // Last, because a daemon notes what it refused under the name of the request.
    pair.same(line(77, "").trim(), near, "", operator);
    let verified = pair.held.ok(&arguments("log verify --log placet.db"));
    assert!(verified.contains("3 erased"), "{verified}");
    pair.daemon.stop();
}

/// Follows a log until so many lines have come, among which are those that are recorded meanwhile.
fn followed(mut command: std::process::Command, record: impl FnOnce(), count: usize) -> String {
    struct Killed(Child);
    impl Drop for Killed {
        fn drop(&mut self) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
    let mut child = Killed(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    // Once what was there has come, it waits for more.
    let first = lines.next().unwrap();
    record();
    let rest = lines.take(count - 1).map(|line| format!("\n{line}"));
    first + &rest.collect::<String>()
}

#[test]
fn the_log_is_followed_the_same_on_a_file_and_on_a_daemon() {
    let (pair, keys) =
        Pair::new(&[&["--scope", "auditor"], &["--scope", "agent", "--tenant", "default"]]);
    let [auditor, agent] = [keys[0].as_str(), &keys[1]];
    let follow = arguments("log show --follow");
    let record = "check calls.jsonl --record";
    let near = pair.file.command(&[&follow[..], &["--log", "placet.db"]].concat());
    let on_file = || drop(pair.file.run(&arguments(&format!("{record} placet.db"))));
    let mut far = pair.held.command(&follow);
    far.env("PLACET_URL", pair.daemon.url()).env("PLACET_KEY", auditor);
    let on_daemon = || drop(pair.far(record, agent));
    let there = pair.far("log show", auditor).out.lines().count();
    let near = followed(near, on_file, there + 3);
    assert_eq!(near.matches("decided").count(), 3, "{near}");
    assert_eq!(stable_keys(&near), stable_keys(&followed(far, on_daemon, there + 3)));
    pair.daemon.stop();
}

fn stable_keys(text: &str) -> String {
    Regex::new(r"key_[0-9a-f-]{36}").unwrap().replace_all(&stable(text), "key_<id>").into_owned()
}

/// Commands that may speak to a daemon and are tried in other files, or are about something else there.
const ELSEWHERE: [&str; 7] =
    ["approvals", "report", "mcp", "hook", "log backup", "log verify", "log export"];

/// Which commands may speak to a daemon is said by the reference.
#[test]
fn no_command_that_speaks_to_a_daemon_is_left_out() {
    let reference = include_str!("../../../docs/cli.md");
    let here = include_str!("remote.rs");
    let sections = reference.split("\n## `placet ").skip(1);
    let mut found = 0;
    for section in sections.filter(|section| section.contains("| `--url <")) {
        let command = section.split('`').next().unwrap();
        let is_elsewhere = ELSEWHERE.iter().any(|other| format!("{command} ").starts_with(other));
        assert!(is_elsewhere || here.contains(&format!("\"{command}")), "{command}");
        found += 1;
    }
    assert!(found >= 30, "{found}");
}

#[test]
fn an_action_is_shown_and_opened_the_same_on_a_file_and_on_a_daemon() {
    let (pair, keys) =
        Pair::new(&[&["--scope", "auditor"], &["--scope", "agent", "--tenant", "default"]]);
    let [auditor, agent] = [keys[0].as_str(), &keys[1]];
    let post = |path: &str, body: Value| {
        let (status, text) = pair.daemon.call("POST", path, agent, Some(&body));
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let call = json!({"tool": "get_order", "params": {"order": "o-1"}, "reason": "\u{202e}asked"});
    let (_, decided) = post("/v1/actions", call);
    let text = |name: &str| decided[name].as_str().unwrap().to_owned();
    let warrant =
        json!({"warrant": text("warrant"), "tool": "get_order", "params": {"order": "o-1"}});
    assert_eq!(post("/v1/warrants/redeem", warrant.clone()).0, 200);
    assert_eq!(post("/v1/warrants/redeem", warrant).0, 409);
    let path = format!("/v1/actions/{}/outcome", text("id"));
    let outcome = json!({"status": "failed", "error": "no such order"});
    assert_eq!(post(&path, outcome).0, 200);

    // The file of the same log, which may be read while the daemon has it.
    let both = |line: &str| {
        let near = pair.held.run(&arguments(&format!("{line} --log placet.db")));
        let far = pair.far(line, auditor);
        assert_eq!((near.status, near.out, near.err), (far.status, far.out.clone(), far.err));
        far.out
    };
    let shown = both(&format!("log show --action {}", text("id")));
    let places = ["o-1", "failed", "it runs", "the warrant is spent", "(shown with key_", "failed"];
    for what in places {
        assert!(shown.contains(what), "{what}: {shown}");
    }
    assert!(!shown.contains('\u{202e}'), "{shown}");
    let told = both(&format!("log show --json --action {}", text("id")));
    let told: Value = serde_json::from_str(&told).unwrap();
    let entries = told["entries"].as_array().unwrap();
    assert_eq!((&told["status"], entries.len()), (&json!("failed"), 4));
    assert_eq!(entries[0]["private"]["action"]["action"]["params"]["order"], "o-1");
    let index = &entries[0]["index"];
    let receipt = both(&format!("log prove {index} --open"));
    assert!(receipt.contains("o-1") && receipt.contains("salt"), "{receipt}");

    // An agent is not told what people wrote, and what a policy says is not given away like this.
    let refused = pair.far(&format!("log show --action {}", text("id")), agent);
    assert!(refused.status == 3 && refused.err.contains("auditor"), "{}", refused.err);
    let refused = pair.far(&format!("log prove {index} --open"), agent);
    assert!(refused.status == 3 && refused.err.contains("auditor"), "{}", refused.err);
    let refused = pair.far("log prove 0 --open", auditor);
    assert!(refused.status == 3 && refused.err.contains("about an action"), "{}", refused.err);
    let unknown = "log show --action act_01999999-0000-7000-8000-000000000000";
    assert_eq!(pair.far(unknown, auditor).status, 1);
    pair.daemon.stop();
}

#[test]
fn the_policy_is_shown_checked_and_installed_the_same_on_a_file_and_on_a_daemon() {
    let (pair, keys) = Pair::new(&[&["--scope", "admin"]]);
    let operator = keys[0].as_str();
    let lint = format!("--url {}", pair.daemon.url());
    for file in ["policy.toml", "stricter.toml", "broken.toml"] {
        pair.same(&format!("policy lint {file}"), "", &lint, operator);
        pair.same(&format!("policy lint {file} --json"), "", &lint, operator);
    }
    pair.same("policy show", "--log placet.db", "", operator);
    let broken = pair.same("policy install broken.toml", "--log placet.db", "", operator);
    assert!(broken.status == 1 && broken.err.contains("broken.toml:3:"), "{}", broken.err);
    pair.same("policy install stricter.toml --json", "--log placet.db", "", operator);
    let shown = pair.same("policy show", "--log placet.db", "", operator);
    assert!(shown.out.contains("mode = \"enforce\""), "{}", shown.out);
    pair.same("policy show --json", "--log placet.db", "", operator);
    pair.daemon.stop();
}

#[test]
fn a_policy_is_replayed_the_same_on_a_file_and_on_a_daemon() {
    let agent = ["--scope", "agent", "--tenant", "default"];
    let (pair, keys) = Pair::new(&[&["--scope", "admin"], &agent, &["--scope", "auditor"]]);
    let [operator, agent, auditor] = [keys[0].as_str(), &keys[1], &keys[2]];
    pair.same("check calls.jsonl --record", "placet.db", "", agent);
    let other = "version = 1\nunclassified = \"block\"\n[actions.frobnicate]\nrisk = \"read\"\n";
    for world in [&pair.file, &pair.held] {
        world.write("other.toml", other);
    }
    let replay =
        |line: &str| pair.same(&format!("policy replay {line}"), "--log placet.db", "", operator);
    insta::assert_snapshot!(comparable(&replay("other.toml")));
    let told: Value = serde_json::from_str(replay("other.toml --json").out.trim()).unwrap();
    let counts = ["replayed", "loosened", "tightened"].map(|count| told[count].clone());
    assert_eq!(counts, [json!(3), json!(1), json!(2)]);
    assert_eq!(replay("other.toml --fail-on loosened").status, 1);
    assert_eq!(replay("other.toml --class get_order --fail-on loosened").status, 0);
    assert_eq!(replay("other.toml --class get_order --fail-on changed").status, 1);
    assert_eq!(replay("policy.toml --limit 2 --since 1h --fail-on changed").status, 0);
    assert_eq!(replay("broken.toml").status, 1);
    assert_eq!(replay("other.toml --limit 0").status, 2);
    assert!(pair.far("policy replay other.toml", auditor).err.contains("scope admin"));
    pair.daemon.stop();
}

#[test]
fn a_socket_and_tls_lead_to_the_same_daemon() {
    let (world, operator) = world();
    let pair =
        rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()]).unwrap();
    world.write("cert.pem", pair.cert.pem());
    world.write("key.pem", pair.signing_key.serialize_pem());
    let tls = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let daemon = Daemon::start(&world, &[&tls[..], &["--listen", "unix:gate.sock"]].concat());
    let run = |url: &str, trusted: Option<&str>, line: &str| {
        let mut command = world.command(&[&arguments(line)[..], &["--url", url]].concat());
        command.env("PLACET_KEY", &operator).env_remove("SSL_CERT_FILE");
        if let Some(file) = trusted {
            command.env("PLACET_CA", file);
        }
        Ended::from(command.output().unwrap())
    };
    let encrypted = format!("https://{}", daemon.address);
    for (url, trusted) in [(encrypted.as_str(), Some("cert.pem")), ("unix:gate.sock", None)] {
        assert_eq!(run(url, trusted, "kill trip all --reason stop").status, 0, "{url}");
        assert!(run(url, trusted, "kill list").out.contains("stop"), "{url}");
        assert_eq!(run(url, trusted, "kill reset all --reason fine").status, 0, "{url}");
        assert!(run(url, trusted, "key list").out.contains("test"), "{url}");
    }
    // Nobody is spoken to whose certificate nobody vouches for.
    let stranger = run(&encrypted, None, "kill list");
    for says in ["answers", "is not trusted", "PLACET_CA", "SSL_CERT_FILE"] {
        assert!(stranger.status == 3 && stranger.err.contains(says), "{says}: {}", stranger.err);
    }
    assert!(!stranger.err.contains("does not answer"), "{}", stranger.err);
    assert_eq!(run(&encrypted, Some("policy.toml"), "kill list").status, 3);
    // The other scheme is the likeliest mistake.
    let plain = run(&encrypted.replace("https", "http"), None, "kill list");
    assert!(plain.status == 3 && plain.err.contains(&encrypted), "{}", plain.err);
    assert!(!plain.err.contains("does not answer"), "{}", plain.err);
    assert_eq!(run("unix:nowhere.sock", None, "kill list").status, 3);
    daemon.stop();
}

/// What `openssl req -x509` makes is a certificate for a CA, which signs those of daemons and is none.
#[test]
fn a_certificate_of_a_ca_is_told_from_one_of_a_daemon() {
    let (world, operator) = world();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = rcgen::CertificateParams::new(names.clone()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let signs = rcgen::Issuer::from_params(&params, &ca_key);
    let leaf_key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(names).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &signs).unwrap();
    world.write("ca.pem", ca.pem());
    let run = |certificate: &str, key: &str| {
        world.write("cert.pem", certificate);
        world.write("key.pem", key);
        let daemon = Daemon::start(&world, &["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
        let url = format!("https://{}", daemon.address);
        let mut command = world.command(&["kill", "list", "--url", &url]);
        command.env("PLACET_KEY", &operator).env("PLACET_CA", world.path("ca.pem"));
        Ended::from(command.output().unwrap())
    };
    let refused = run(&ca.pem(), &ca_key.serialize_pem());
    assert_eq!(refused.status, 3);
    for says in ["answers", "is not trusted", "of a CA", "sign"] {
        assert!(refused.err.contains(says), "{says}: {}", refused.err);
    }
    assert!(!refused.err.contains("CaUsedAsEndEntity"), "{}", refused.err);
    assert_eq!(run(&leaf.pem(), &leaf_key.serialize_pem()).status, 0);
}

/// Between a client and its daemon: it passes every request on, and breaks the connection instead
/// of passing back the first answers.
#[allow(clippy::needless_pass_by_value, reason = "it is run in a thread of its own")]
fn breaking(listener: TcpListener, daemon: String, breaks: usize) {
    for (count, near) in listener.incoming().map_while(Result::ok).enumerate() {
        let far = TcpStream::connect(&daemon).unwrap();
        let (mut request, mut onward) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut request, &mut onward));
        let (mut answer, mut back) = (far, near);
        let mut part = [0; 4096];
        while let Ok(read @ 1..) = answer.read(&mut part) {
            // By now it was carried out.
            if count < breaks || back.write_all(&part[..read]).is_err() {
                break;
            }
        }
        let _gone = back.shutdown(Shutdown::Both).and(answer.shutdown(Shutdown::Both));
    }
}

#[test]
fn what_is_sent_again_after_a_broken_connection_is_done_once() {
    let (world, operator) = world();
    let agent = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    world.write("calls.jsonl", "{\"tool\": \"get_order\"}\n");
    for (line, key, event) in [
        ("kill trip tool:send_mail --reason loop", &operator, "tripped"),
        ("check calls.jsonl --record", &agent, "decided"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let between = listener.local_addr().unwrap().to_string();
        let daemon = Daemon::start(&world, &["--host", &between]);
        let address = daemon.address.clone();
        std::thread::spawn(move || breaking(listener, address, 2));
        let mut command = world.command(&arguments(line));
        command.env("PLACET_URL", format!("http://{between}")).env("PLACET_KEY", key);
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(ended.status, 0, "{line}: {}", ended.err);
        daemon.stop();
        let shown = world.ok(&arguments("log show --log placet.db"));
        assert_eq!(shown.matches(event).count(), 1, "{shown}");
    }
}

#[test]
fn a_key_of_a_daemon_is_replaced_and_revoked_from_afar() {
    let (world, operator) = world();
    let daemon = Daemon::start(&world, &[]);
    let url = daemon.url();
    let run = |line: &str| {
        let all = [&arguments(line)[..], &["--url", &url]].concat();
        let ended = Ended::from(world.command(&all).env("PLACET_KEY", &operator).output().unwrap());
        assert_eq!(ended.status, 0, "{line}: {}", ended.err);
        ended.out.trim().to_owned()
    };
    let made: Value =
        serde_json::from_str(&run("key create --name bot --scope agent --tenant acme --json"))
            .unwrap();
    let (id, first) = (made["app_id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let evaluate = |key: &str| {
        let action = serde_json::json!({ "tool": "get_order" });
        daemon.call("POST", "/v1/evaluate", key, Some(&action)).0
    };
    assert_eq!(evaluate(first), 200);
    let second = run(&format!("key rotate {id}"));
    assert_eq!((evaluate(first), evaluate(&second)), (401, 200));
    assert!(run(&format!("key revoke {id}")).contains("revoked"));
    assert_eq!(evaluate(&second), 401);
    daemon.stop();
}

/// More than a daemon tells at once.
#[test]
fn every_class_is_told_however_many_pages_of_a_daemon_that_takes() {
    let (world, operator) = world();
    let report = |number: u32| {
        format!(
            "{{\"class\": \"issue_refund\", \"source\": \"evals\", \"passed\": 1, \"failed\": 0, \
             \"tenant\": \"tenant {number}\"}}\n"
        )
    };
    world.write("many.jsonl", (0..101).map(report).collect::<String>());
    world.ok(&arguments("evidence report --file many.jsonl --log placet.db"));
    let on_file = world.ok(&arguments("autonomy --log placet.db --json"));
    assert!(on_file.contains("tenant 99") && on_file.contains("tenant 100"));
    let daemon = Daemon::start(&world, &[]);
    let all = ["autonomy", "--json", "--url", &daemon.url()];
    let on_daemon = Ended::from(world.command(&all).env("PLACET_KEY", &operator).output().unwrap());
    assert!(on_daemon.out == on_file, "{}{}", on_daemon.err, on_daemon.out);
    daemon.stop();
}

#[test]
fn what_keeps_a_command_from_its_daemon_is_said_in_words() {
    let (world, operator) = world();
    let agent = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    let daemon = Daemon::start(&world, &[]);
    let url = daemon.url();
    let run = |url: &str, key: &str| {
        let mut command = world.command(&["kill", "trip", "all", "--reason", "stop", "--url", url]);
        Ended::from(command.env("PLACET_KEY", key).output().unwrap())
    };
    let stranger = agent.replace(|letter: char| letter.is_ascii_digit(), "7");
    for (url, key, status, says) in [
        (url.as_str(), "", 2, "PLACET_KEY"),
        (&url, agent.as_str(), 3, "admin"),
        (&url, stranger.as_str(), 3, "does not exist"),
        (&url, "not a key", 3, "the key is none"),
        ("nonsense", &operator, 2, "no URL of a daemon"),
        ("", &operator, 2, "no URL of a daemon"),
        ("127.0.0.1:4747", &operator, 2, "no URL of a daemon"),
        ("ftp://localhost", &operator, 2, "no URL of a daemon"),
        ("http://localhost/v1", &operator, 2, "no URL of a daemon"),
        ("http://a.example", &operator, 2, "plain text"),
        (&url.replace("http", "https"), &operator, 3, &format!("write {url}")),
    ] {
        let ended = run(url, key);
        assert_eq!(ended.status, status, "{url}: {}", ended.err);
        assert!(ended.err.contains(says), "{says}: {}", ended.err);
        assert!(key.is_empty() || !ended.err.contains(key), "{}", ended.err);
    }
    daemon.stop();
    // Nobody is there any more.
    let ended = run(&url, &operator);
    assert!(ended.status == 3 && ended.err.contains("does not answer"), "{}", ended.err);
    assert_eq!(world.run(&["kill", "list"]).status, 2);
    let both = world.run(&["kill", "list", "--log", "placet.db", "--url", &url]);
    assert_eq!(both.status, 2);
    assert!(world.ok(&["kill", "list", "--log", "placet.db"]).contains("no switch is tripped"));
}
