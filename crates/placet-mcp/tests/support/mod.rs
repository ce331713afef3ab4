//! A client and a server on either side of a relay, both played by the test.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use placet::{
    ActionId, Approver, Config, Followed, Guard, LogPlace, PolicyFile, PolicySource, Reply, Status,
};
use placet_gate::Gate;
use placet_mcp::tools::{Book, Change};
use placet_mcp::{Duplex, End, Judge, JudgeConfig, Relay, Skipped};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Reads pass, writes wait, and deletions are blocked.
pub const POLICY: &str = r#"
version = 1
cool_down = "1s"
[actions.read_file]
risk = "read"
[actions.write_file]
risk = "reversible_write"
approval = { fields = [] }
[actions.refund]
risk = "reversible_write"
value = "/amount"
hard_cap = "100"
approval = { fields = [] }
"#;

/// As long as anything may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// One side, as the test plays it.
pub struct Side {
    pub to: mpsc::Sender<Result<Bytes, Skipped>>,
    pub from: mpsc::Receiver<Bytes>,
}

impl Side {
    pub fn pair() -> (Self, Duplex) {
        let (to, from_side) = mpsc::channel(64);
        let (to_side, from) = mpsc::channel(64);
        (Self { to, from }, Duplex { from: from_side, to: to_side })
    }

    /// The other side of an end that somebody else has made.
    pub fn facing(end: Duplex) -> Self {
        let (to, mut said) = mpsc::channel::<Result<Bytes, Skipped>>(64);
        let (heard, from) = mpsc::channel(64);
        let Duplex { from: mut told, to: back } = end;
        tokio::spawn(async move {
            while let Some(Ok(bytes)) = said.recv().await {
                if back.send(bytes).await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move {
            while let Some(Ok(bytes)) = told.recv().await {
                if heard.send(bytes).await.is_err() {
                    return;
                }
            }
        });
        Self { to, from }
    }

    pub async fn say(&self, text: impl AsRef<str>) {
        self.to.send(Ok(Bytes::copy_from_slice(text.as_ref().as_bytes()))).await.unwrap();
    }

    pub async fn hear_bytes(&mut self) -> Bytes {
        timeout(LIMIT, self.from.recv()).await.unwrap().unwrap()
    }

    pub async fn hear(&mut self) -> Value {
        serde_json::from_slice(&self.hear_bytes().await).unwrap()
    }

    /// Whether nothing was said so far.
    pub fn is_silent(&mut self) -> bool {
        self.from.try_recv().is_err()
    }
}

pub fn guard(policy: &str) -> Guard {
    let file = PolicyFile { name: "policy.toml".to_owned(), text: policy.to_owned() };
    let policy = PolicySource::Files(vec![file]);
    Guard::open(Config { policy, log: LogPlace::Memory }).unwrap()
}

/// A relay between two sides.
pub struct World {
    pub guard: Guard,
    pub client: Side,
    pub server: Side,
    pub changes: Arc<Mutex<Vec<Change>>>,
    pub running: JoinHandle<End>,
    pub tools: Value,
    pub seen: u64,
}

/// A tool as a server lists it.
pub fn tool(name: &str, description: &str) -> Value {
    json!({ "name": name, "description": description, "inputSchema": { "type": "object" } })
}

pub fn usual_tools() -> Value {
    json!([tool("read_file", "Reads."), tool("write_file", "Writes."), tool("refund", "Refunds.")])
}

pub fn config() -> JudgeConfig {
    JudgeConfig { hold: Duration::from_millis(200), ..JudgeConfig::default() }
}

impl World {
    pub fn new() -> Self {
        Self::with(POLICY, config())
    }

    /// In which held calls wait for long.
    pub fn patient() -> Self {
        Self::with(POLICY, JudgeConfig { hold: LIMIT, ..JudgeConfig::default() })
    }

    pub fn with(policy: &str, config: JudgeConfig) -> Self {
        Self::open(policy, config, false)
    }

    /// The same, where whoever starts the gateway may ask that it only looks on.
    pub fn open(policy: &str, config: JudgeConfig, is_shadow: bool) -> Self {
        let guard = guard(policy);
        let gate = Gate::at(guard.clone(), is_shadow, Some("http://127.0.0.1:4747/console"));
        Self { guard, ..Self::at(gate, config) }
    }

    /// Where calls are decided at a gate; the guard is another one.
    pub fn at(gate: Gate, config: JudgeConfig) -> Self {
        let (client, client_end) = Side::pair();
        let (server, server_end) = Side::pair();
        let changes = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&changes);
        let on_change = Arc::new(move |change: &Change| noted.lock().unwrap().push(change.clone()));
        let judge = Judge::new(gate, config);
        let running =
            tokio::spawn(Relay::run(judge, Book::first(), on_change, client_end, server_end));
        let (guard, seen, tools) = (guard(POLICY), 0, usual_tools());
        Self { guard, client, server, changes, running, tools, seen }
    }

    /// The client calls a tool.
    pub async fn call(&self, id: u64, tool: &str, arguments: Value) {
        let params = json!({ "name": tool, "arguments": arguments });
        self.ask(id, "tools/call", params).await;
    }

    pub async fn ask(&self, id: u64, method: &str, params: Value) {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.client.say(message.to_string()).await;
    }

    /// The server says which tools it has, when the gateway asks.
    pub async fn list_tools(&mut self) {
        let asked = self.server.hear().await;
        assert_eq!(asked["method"], "tools/list", "{asked}");
        self.list_tools_for(&asked["id"]).await;
    }

    pub async fn list_tools_for(&self, id: &Value) {
        let result = json!({ "tools": self.tools });
        self.server.say(json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()).await;
    }

    pub async fn answer(&self, id: u64, text: &str) {
        let result = json!({ "content": [{ "type": "text", "text": text }] });
        self.server.say(json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()).await;
    }

    /// The one action that waits for people, as soon as it does.
    pub async fn pending(&self) -> ActionId {
        let found = async {
            loop {
                if let Some(only) = self.guard.pending(None, None, 10).unwrap().pop() {
                    return only.followed.id();
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, found).await.unwrap()
    }

    pub async fn resolve(&self, id: ActionId, reply: Reply) {
        let by = Approver { person: "dana".parse().unwrap(), groups: [].into() };
        self.guard.resolve(id.approval(), &by, reply).await.unwrap();
    }

    pub async fn approve(&self, id: ActionId) {
        self.resolve(id, Reply::Approve { statement: BTreeMap::new() }).await;
    }

    /// What became of an action, as soon as it is this.
    pub async fn becomes(&self, id: ActionId, status: Status) -> Followed {
        let found = async {
            loop {
                let found = self.guard.log().action(id).unwrap().unwrap();
                if found.status == status {
                    return found;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, found).await.unwrap_or_else(|_| panic!("it never was {status}"))
    }

    /// The next decision of the log.
    pub async fn noted(&mut self) -> placet::core::event::Decided {
        let mut tail = self.guard.tail(self.seen);
        let found = async {
            loop {
                let entry = tail.next().await.unwrap();
                if let placet::Event::Decided(decided) = entry.event {
                    self.seen = entry.index + 1;
                    return *decided;
                }
            }
        };
        timeout(LIMIT, found).await.unwrap()
    }

    /// The first decision of the log.
    pub async fn decided(&self) -> placet::core::event::Decided {
        let mut tail = self.guard.tail(0);
        let found = async {
            loop {
                if let placet::Event::Decided(decided) = tail.next().await.unwrap().event {
                    return *decided;
                }
            }
        };
        timeout(LIMIT, found).await.unwrap()
    }
}

/// What a call says that was not run.
pub fn refusal(answer: &Value) -> String {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    answer["result"]["content"][0]["text"].as_str().unwrap().to_owned()
}
