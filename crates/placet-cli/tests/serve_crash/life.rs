//! The same from a held action to its outcome: whatever was acknowledged is there after the daemon was
//! killed, goes on from there, and nothing runs twice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::World;
use crate::support::daemon::{Daemon, agent, call, key};

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.pay]\nrisk = \"reversible_write\"\n\
    approval = { fields = [\"why\"], least_length = 3 }\n";

/// Clients at the same time: each is agent, approver and executor of one action after the other.
const CLIENTS: usize = 4;

/// How often a step is acknowledged before the daemon is killed.
const LEAST: usize = 15;

/// What was acknowledged of an action last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Held,
    Approved,
    Redeemed,
    Reported,
}

impl Step {
    const ALL: [Self; 4] = [Self::Held, Self::Approved, Self::Redeemed, Self::Reported];

    fn place(self) -> usize {
        Self::ALL.iter().position(|step| *step == self).unwrap()
    }

    /// What the status of an action says of it.
    fn of(status: &str) -> Self {
        match status {
            "pending" => Self::Held,
            "approved" => Self::Approved,
            "redeemed" => Self::Redeemed,
            "succeeded" => Self::Reported,
            other => panic!("nothing leads to {other}"),
        }
    }
}

/// One action, as far as its client knows.
struct Life {
    id: String,
    params: Value,
    step: Step,
    /// How often it was told to run.
    runs: usize,
}

/// The keys of a client, and the daemon it speaks to.
#[derive(Clone)]
struct Client {
    agent: ureq::Agent,
    url: String,
    keys: [String; 2],
}

impl Client {
    fn as_agent(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        self.call(&self.keys[0], method, path, body)
    }

    /// None where nobody answers any more.
    fn call(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Option<(u16, Value)> {
        let (status, text) = call(&self.agent, &self.url, method, path, key, body).ok()?;
        Some((status, serde_json::from_str(&text).ok()?))
    }

    fn propose(&self, params: Value) -> Option<Life> {
        let body = json!({"tool": "pay", "params": params});
        let (status, decision) = self.as_agent("POST", "/v1/actions", Some(&body))?;
        assert_eq!((status, &decision["verdict"]), (200, &json!("require_approval")));
        let id = decision["id"].as_str().unwrap().to_owned();
        Some(Life { id, params, step: Step::Held, runs: 0 })
    }

    fn show(&self, life: &Life) -> Option<Value> {
        let (status, shown) = self.as_agent("GET", &format!("/v1/actions/{}", life.id), None)?;
        assert_eq!(status, 200, "{shown}");
        Some(shown)
    }

    /// Whether it runs by this. None where nobody answers any more.
    fn redeem(&self, life: &Life) -> Option<bool> {
        let Some(warrant) = self.show(life)?.get("warrant").cloned() else { return Some(false) };
        let body = json!({"warrant": warrant, "tool": "pay", "params": life.params});
        let (status, spent) = self.as_agent("POST", "/v1/warrants/redeem", Some(&body))?;
        assert!([200, 409].contains(&status), "{spent}");
        Some(status == 200)
    }

    /// Takes the next step. None where nobody answers any more: then nobody knows whether it was taken.
    fn go_on(&self, life: &mut Life) -> Option<()> {
        match life.step {
            Step::Held => {
                let path = format!("/v1/approvals/{}/resolve", life.id.replace("act_", "apr_"));
                let yes = json!({"approved": true, "why": "it is due"});
                let (status, resolved) = self.call(&self.keys[1], "POST", &path, Some(&yes))?;
                assert_eq!((status, &resolved["status"]), (200, &json!("approved")), "{resolved}");
                life.step = Step::Approved;
            }
            Step::Approved => {
                life.runs += usize::from(self.redeem(life)?);
                life.step = Step::Redeemed;
            }
            Step::Redeemed => {
                let path = format!("/v1/actions/{}/outcome", life.id);
                let body = json!({"status": "succeeded"});
                let (status, told) = self.as_agent("POST", &path, Some(&body))?;
                assert_eq!(status, 200, "{told}");
                life.step = Step::Reported;
            }
            Step::Reported => {}
        }
        Some(())
    }

    /// One action after the other, until nobody answers any more. Every step that is acknowledged is
    /// counted.
    fn live(&self, name: &str, counts: &[AtomicUsize; 4]) -> Vec<Life> {
        let mut lives = Vec::new();
        for number in 0.. {
            let Some(mut life) = self.propose(json!({"client": name, "number": number})) else {
                break;
            };
            let mut told = Some(());
            for step in Step::ALL {
                if step > Step::Held {
                    told = self.go_on(&mut life);
                }
                if told.is_none() {
                    break;
                }
                counts[step.place()].fetch_add(1, Ordering::Relaxed);
            }
            lives.push(life);
            if told.is_none() {
                break;
            }
        }
        lives
    }

    /// What was acknowledged is there, perhaps with the one step that was under way; and it goes on
    /// from there to its end, having run at most once.
    fn complete(&self, mut life: Life) -> Life {
        let told = life.step;
        let found = Step::of(self.show(&life).unwrap()["status"].as_str().unwrap());
        let is_next = found.place() <= told.place() + 1;
        assert!(found >= told && is_next, "{}: told {told:?}, found {found:?}", life.id);
        life.step = found;
        if found >= Step::Redeemed {
            assert_eq!(self.redeem(&life), Some(false), "{} ran again", life.id);
        }
        while life.step < Step::Reported {
            self.go_on(&mut life).unwrap();
        }
        assert!(life.runs <= 1, "{} ran {} times", life.id, life.runs);
        // Who was not told that it may run did not run it, and nobody else can.
        assert!(life.runs == 1 || (told, found) == (Step::Approved, Step::Redeemed), "{}", life.id);
        life
    }
}

#[test]
fn killed_after_any_step_of_any_action_all_of_them_go_on_and_none_runs_twice() {
    let world = World::new();
    world.write("policy.toml", POLICY);
    let tenant = ["--tenant", "acme"];
    let invite = ["people", "invite", "ann", "--role", "approver", "--log", "placet.db"];
    world.ok(&[&invite[..], &tenant].concat());
    let keys = [
        key(&world, &[&["--scope", "agent"][..], &tenant].concat()),
        key(&world, &[&["--scope", "approver", "--person", "ann"][..], &tenant].concat()),
    ];
    let arguments = [&["--policy", "policy.toml"][..], &crate::NO_LIMIT].concat();
    let mut daemon = Daemon::start(&world, &arguments);
    let client = |daemon: &Daemon| Client { agent: agent(), url: daemon.url(), keys: keys.clone() };
    let mut all = Vec::new();
    for last in Step::ALL {
        let counts: [AtomicUsize; 4] = Default::default();
        let lives: Vec<Life> = thread::scope(|scope| {
            let live = |number: usize| {
                let (client, counts, name) =
                    (client(&daemon), &counts, format!("{last:?} {number}"));
                scope.spawn(move || client.live(&name, counts))
            };
            let clients: Vec<_> = (0..CLIENTS).map(live).collect();
            while counts[last.place()].load(Ordering::Relaxed) < LEAST {
                thread::yield_now();
            }
            daemon.kill();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        daemon = Daemon::start(&world, &arguments);
        let client = client(&daemon);
        all.extend(lives.into_iter().map(|life| client.complete(life)));
    }
    daemon.stop();
    world.ok(&["log", "verify", "--log", "placet.db"]);
    let shown = world.ok(&["log", "show", "--log", "placet.db", "--json"]);
    let mut redeemed = BTreeMap::<String, usize>::new();
    for line in shown.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        if let Some(action) = entry.pointer("/event/redeemed/action") {
            *redeemed.entry(action.as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    assert!(all.len() >= Step::ALL.len() * LEAST);
    for life in all {
        assert_eq!(redeemed.get(&life.id), Some(&1), "{}", life.id);
    }
}
