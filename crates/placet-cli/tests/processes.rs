//! Four processes answer, take back and redeem the same thing at one daemon, in every order: of each
//! there is one winner.
//!
//! This program starts itself again as each of the four, and lets them go all at once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Lines, StdinLock, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use support::World;
use support::daemon::{Daemon, agent, call, key};

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.pay]\nrisk = \"reversible_write\"\n\
    approval = { fields = [\"why\"], least_length = 3 }\n";

/// Rounds in the ordinary run, and in the nightly one.
const ROUNDS: (usize, usize) = (72, 10_000);

/// More than they can send, so that no limit slows them down.
const NO_LIMIT: [&str; 4] = ["--rate", "1000000", "--burst", "1000000"];

/// What each of them does in a round, once.
const ACTS: [&str; 4] = ["approve", "deny", "withdraw", "redeem"];

/// How many orders they have.
const ORDERS: u64 = 24;

/// Tells a process who it is: the daemon, and its keys.
const SELF: &str = "PLACET_RACING";

fn rounds() -> usize {
    if std::env::var_os("PLACET_NIGHTLY").is_some() { ROUNDS.1 } else { ROUNDS.0 }
}

/// All acts in one of their orders.
fn order(number: usize) -> Vec<&'static str> {
    let (mut left, mut order, mut number) = (ACTS.to_vec(), Vec::new(), number);
    while !left.is_empty() {
        order.push(left.remove(number % left.len()));
        number /= left.len() + 1;
    }
    order
}

/// One of the four, seen from outside.
struct Racer {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Racer {
    fn start(url: &str, person: &str, agent: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "one_of_the_four", "--nocapture", "--test-threads=1"]);
        command.env(SELF, json!({ "url": url, "person": person, "agent": agent }).to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take().unwrap(), child, output }
    }

    fn tell(&mut self, line: &Value) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// The next thing that it says.
    fn hear(&mut self) -> Value {
        loop {
            let line = self.output.next().unwrap().unwrap();
            if let Some(said) = line.strip_prefix("@ ") {
                return serde_json::from_str(said).unwrap();
            }
        }
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Not a test: what [`Racer::start`] starts.
#[test]
fn one_of_the_four() {
    let Ok(text) = std::env::var(SELF) else { return };
    let me: Value = serde_json::from_str(&text).unwrap();
    let text = |name: &str| me[name].as_str().unwrap().to_owned();
    let racing =
        Racing { http: agent(), url: text("url"), person: text("person"), agent: text("agent") };
    let mut lines = std::io::stdin().lock().lines();
    while let Some(task) = next(&mut lines) {
        println!("\n@ \"ready\"");
        next(&mut lines);
        let won: Vec<&str> = order(usize::try_from(task["order"].as_u64().unwrap()).unwrap())
            .into_iter()
            .filter(|act| racing.wins(act, &task))
            .collect();
        println!("\n@ {}", json!(won));
    }
}

fn next(lines: &mut Lines<StdinLock>) -> Option<Value> {
    lines.next().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

/// One of the four, from inside.
struct Racing {
    http: ureq::Agent,
    url: String,
    person: String,
    agent: String,
}

impl Racing {
    /// Does one thing, and says whether it counted.
    fn wins(&self, act: &str, task: &Value) -> bool {
        let (action, params) = (task["id"].as_str().unwrap(), &task["params"]);
        let approval = action.replace("act_", "apr_");
        match act {
            "approve" => {
                let yes = json!({ "approved": true, "why": "I read it" });
                self.resolves(&format!("/v1/approvals/{approval}/resolve"), &self.person, &yes)
            }
            "deny" => {
                let no = json!({ "approved": false, "reason": "not today" });
                self.resolves(&format!("/v1/approvals/{approval}/resolve"), &self.person, &no)
            }
            "withdraw" => {
                let path = format!("/v1/approvals/{approval}/withdraw");
                self.resolves(&path, &self.agent, &json!({}))
            }
            _ => self.redeems(action, params),
        }
    }

    fn resolves(&self, path: &str, key: &str, body: &Value) -> bool {
        let (status, found) = self.call("POST", path, key, Some(body));
        assert_eq!(status, 200, "{path}: {found}");
        match found["outcome"].as_str().unwrap() {
            "resolved" => true,
            "already_resolved" => false,
            other => panic!("{path}: {other}"),
        }
    }

    fn redeems(&self, action: &str, params: &Value) -> bool {
        let (_, shown) = self.call("GET", &format!("/v1/actions/{action}"), &self.agent, None);
        let Some(warrant) = shown["warrant"].as_str() else { return false };
        let body = json!({ "warrant": warrant, "tool": "pay", "params": params });
        let (status, found) = self.call("POST", "/v1/warrants/redeem", &self.agent, Some(&body));
        match status {
            200 => found["id"] == action,
            409 => false,
            other => panic!("{other}: {found}"),
        }
    }

    fn call(&self, method: &str, path: &str, key: &str, body: Option<&Value>) -> (u16, Value) {
        let (status, text) = call(&self.http, &self.url, method, path, key, body).unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }
}

#[test]
fn of_four_processes_one_answers_and_one_redeems() {
    let world = World::new();
    world.write("policy.toml", POLICY);
    let asker = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    let people = ["ann", "ben", "cem", "dan"].map(|name| {
        world.ok(&["people", "invite", name, "--role", "approver", "--log", "placet.db"]);
        key(&world, &["--scope", "approver", "--person", name])
    });
    let arguments = [&["--policy", "policy.toml"][..], &NO_LIMIT].concat();
    let daemon = Daemon::start(&world, &arguments);
    let mut racers = people.each_ref().map(|person| Racer::start(&daemon.url(), person, &asker));
    let (began, http, url) = (Instant::now(), agent(), daemon.url());
    let mut ends = HashMap::<String, usize>::new();
    for round in 0..rounds() {
        let action = json!({ "tool": "pay", "agent": "bot", "params": { "round": round } });
        let (status, text) =
            call(&http, &url, "POST", "/v1/actions", &asker, Some(&action)).unwrap();
        assert_eq!(status, 200, "{text}");
        let held: Value = serde_json::from_str(&text).unwrap();
        let id = held["id"].as_str().unwrap();
        // In every third round the answer is there already, and only the redemptions race.
        let is_answered = round % 3 == 0;
        if is_answered {
            let path = format!("/v1/approvals/{}/resolve", id.replace("act_", "apr_"));
            let yes = json!({ "approved": true, "why": "I read it" });
            let (status, text) = call(&http, &url, "POST", &path, &people[0], Some(&yes)).unwrap();
            assert_eq!(status, 200, "{text}");
        }
        let won = race(&mut racers, round, id, &action["params"]);
        let (_, text) =
            call(&http, &url, "GET", &format!("/v1/actions/{id}"), &asker, None).unwrap();
        let shown: Value = serde_json::from_str(&text).unwrap();
        let status = shown["status"].as_str().unwrap();
        consistent(&won, is_answered, status).unwrap_or_else(|why| panic!("round {round}: {why}"));
        *ends.entry(status.to_owned()).or_default() += 1;
    }
    eprintln!("{} rounds in {:?}: {ends:?}", rounds(), began.elapsed());
    // Each of the ways to win was taken by somebody.
    for status in ["redeemed", "denied", "withdrawn"] {
        assert!(ends.contains_key(status), "nothing was {status}: {ends:?}");
    }
    drop(racers);
    daemon.stop();
    world.ok(&["log", "verify", "--log", "placet.db"]);
    assert_eq!(redeemed(&world), ends["redeemed"], "as many redemptions as the agents were told");
}

/// Lets them all go at once, each in an order of its own; gives what counted.
fn race(racers: &mut [Racer], round: usize, id: &str, params: &Value) -> Vec<String> {
    for (number, racer) in racers.iter_mut().enumerate() {
        let mut hasher = DefaultHasher::new();
        (round, number).hash(&mut hasher);
        let order = hasher.finish() % ORDERS;
        racer.tell(&json!({ "id": id, "params": params, "order": order }));
    }
    for racer in racers.iter_mut() {
        assert_eq!(racer.hear(), "ready");
    }
    for racer in racers.iter_mut() {
        racer.tell(&json!("go"));
    }
    let said = racers.iter_mut().flat_map(|racer| racer.hear().as_array().unwrap().clone());
    said.map(|act| act.as_str().unwrap().to_owned()).collect()
}

/// Whether what they were told fits together, and with what the log says.
fn consistent(won: &[String], is_answered: bool, status: &str) -> Result<(), String> {
    let answers: Vec<&String> = won.iter().filter(|act| *act != "redeem").collect();
    let redeemed = won.len() - answers.len();
    let expected = match answers[..] {
        [] if is_answered => "approve",
        [answer] if !is_answered => answer,
        _ => return Err(format!("these answers counted: {answers:?}")),
    };
    let fits = match (expected, redeemed) {
        ("approve", 0) => !is_answered && status == "approved",
        ("approve", 1) => status == "redeemed",
        ("deny", 0) => status == "denied",
        ("withdraw", 0) => status == "withdrawn",
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{expected}, {redeemed} redeemed, shown as {status}")) }
}

/// How many redemptions the log has, each of another action.
fn redeemed(world: &World) -> usize {
    let shown = world.ok(&["log", "show", "--log", "placet.db", "--json"]);
    let entries = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let actions: Vec<String> = entries
        .filter_map(|entry| Some(entry.pointer("/event/redeemed/action")?.as_str()?.to_owned()))
        .collect();
    let distinct: HashSet<&String> = actions.iter().collect();
    assert_eq!(distinct.len(), actions.len(), "an action was redeemed twice");
    actions.len()
}
