//! The same commands on a log file and on a daemon: what they print is the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use regex::Regex;
use support::daemon::{Daemon, key};
use support::{Ended, World, stable};

const POLICY: &str = "version = 1\n[actions.get_order]\nrisk = \"read\"\n\
    [actions.issue_refund]\nrisk = \"reversible_write\"\nmax_state = \"supervised\"\n\
    [graduation.supervised]\npass_rate = 0.95\nmin_samples = 50\n";

/// Commands on the log and the policy, in this order.
const STORY: [&str; 34] = [
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
        // Only a file can be verified as a whole, also while a daemon has it.
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
    let made: serde_json::Value =
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
        ("nonsense", &operator, 3, "no URL of a daemon"),
        ("http://a.example", &operator, 3, "plain text"),
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
