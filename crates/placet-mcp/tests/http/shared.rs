//! Clients over HTTP before servers on pipes, in sessions and without.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use placet_mcp::{Command, GatewayConfig, Place, Servers, Sessions, Upstream};

use super::*;
use crate::misbehaving::{STREAM, messages};

const NOTES: &str = r#"
version = 1
cool_down = "1s"
[actions."*read_note"]
risk = "read"
[actions."*delete_note"]
risk = "reversible_write"
approval = { fields = [] }
"#;

/// Clients before servers that stand behind these names, each of which behaves in such a way.
struct Before {
    scene: Scene,
    folder: tempfile::TempDir,
}

/// How long one of several servers gets to say what it has.
const PATIENCE: Duration = Duration::from_secs(5);

/// The server that behaves as it is told to.
fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../placet-cli/tests/support/mcp_server.py")
}

impl Before {
    async fn new(servers: &[(&str, &str)]) -> Self {
        Self::holding(servers, LIMIT).await
    }

    async fn holding(servers: &[(&str, &str)], hold: Duration) -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let scene = Scene::with(NOTES, LIMIT, None).await;
        let upstream = |(name, mode): &(&str, &str)| {
            let guard = scene.guard.clone();
            let config = JudgeConfig { hold, ..JudgeConfig::default() };
            let server = (servers.len() > 1).then(|| (*name).to_owned());
            let config = JudgeConfig { server, ..config };
            let place = match mode.starts_with("http") {
                true => Place::Remote(Box::new(Remote::new(mode, &[], None).unwrap())),
                false => {
                    let ran = folder.path().join(name);
                    let arguments = vec![script().into(), (*mode).into(), ran.into()];
                    let command =
                        Command { program: "python3".into(), arguments, ..Command::default() };
                    Place::Command(command)
                }
            };
            let new: placet_mcp::NewSession = Box::new(move |session| {
                let gate = Gate::at(guard.clone(), false, None);
                let config = JudgeConfig { session, ..config.clone() };
                (Judge::new(gate, config), Book::first(), Arc::new(|_| ()))
            });
            Upstream { name: (*name).to_owned(), place, new }
        };
        let servers = Servers::new(servers.iter().map(upstream).collect()).within(PATIENCE);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        tokio::spawn(Sessions::serve(listener, GatewayConfig::default(), servers));
        Self { scene: Scene { url, ..scene }, folder }
    }

    /// A line for each call that reached a server, or for each process of it.
    fn noted(&self, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Sends a request that stands for itself: the status, and the messages in the answer.
    async fn ask(&self, id: impl Into<Value>, method: &str, params: Value) -> (u16, Vec<Value>) {
        let (headers, body) = modern(&id.into(), method, params);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        self.send(&headers, &body).await
    }

    async fn send(&self, headers: &[(&str, &str)], body: &str) -> (u16, Vec<Value>) {
        let (status, kind, body) = self.scene.post(headers, body).await;
        match kind.as_str() {
            STREAM => (status, messages(&body)),
            _ => (status, serde_json::from_str(&body).into_iter().collect()),
        }
    }

    async fn call(&self, id: u64, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        let (status, answer) = self.ask(id, "tools/call", params).await;
        assert_eq!(status, 200, "{answer:?}");
        let answer = answer.last().unwrap().clone();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }
}

/// A request of the revision without sessions, and its headers.
fn modern(id: &Value, method: &str, mut params: Value) -> (Vec<(&'static str, String)>, String) {
    let about = params.get("name").or(params.get("uri")).and_then(Value::as_str).map(str::to_owned);
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "new-client", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let fields = params["_meta"].as_object().cloned().unwrap_or_default();
    params["_meta"] = meta;
    params["_meta"].as_object_mut().unwrap().extend(fields);
    let mut headers =
        vec![("mcp-protocol-version", "2026-07-28".to_owned()), ("mcp-method", method.to_owned())];
    headers.extend(about.map(|about| ("mcp-name", about)));
    let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    (headers, message.to_string())
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn without_sessions_all_clients_share_a_server_on_pipes() {
    let before = Before::new(&[("only", "modern")]).await;
    let (status, answer) = before.ask("x", "server/discover", json!({})).await;
    assert_eq!((status, &answer[0]["id"]), (200, &json!("x")), "{answer:?}");
    assert_eq!(answer[0]["result"]["supportedVersions"], json!(["2026-07-28"]));
    let declared = &answer[0]["result"]["capabilities"]["extensions"];
    assert_eq!(*declared, json!({ "io.modelcontextprotocol/tasks": {} }));
    // Two at a time under one id.
    let answers = tokio::join!(
        before.call(1, "read_note", json!({})),
        before.call(1, "read_note", json!({})),
    );
    assert_eq!((text(&answers.0), text(&answers.1)), ("done", "done"));
    assert_eq!(before.noted("only").len(), 2);
    assert_eq!(before.noted("only.started").len(), 1);
    let (status, answer) = before.ask(3, "vendor/unknown", json!({})).await;
    assert_eq!((status, &answer[0]["error"]["code"]), (404, &json!(-32601)));
}

#[tokio::test]
async fn headers_have_to_say_what_the_message_says() {
    let before = Before::new(&[("only", "modern")]).await;
    let (headers, body) = modern(&json!(1), "tools/call", json!({ "name": "read_note" }));
    let all: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
    for (number, other) in ["2025-11-25", "tools/list", "delete_note"].into_iter().enumerate() {
        let mut wrong = all.clone();
        wrong[number].1 = other;
        let mut missing = all.clone();
        missing.remove(number);
        let mut unknown = all.clone();
        unknown.push(("mcp-param-note", "7"));
        for headers in [wrong, missing, unknown] {
            let (status, answer) = before.send(&headers, &body).await;
            assert_eq!((status, &answer[0]["error"]["code"]), (400, &json!(-32020)), "{headers:?}");
        }
    }
    assert!(before.noted("only").is_empty());
    assert_eq!(before.send(&all, &body).await.0, 200);
}

#[tokio::test]
async fn what_is_said_of_a_request_goes_to_its_own_stream() {
    let before = Before::new(&[("only", "modern")]).await;
    let wait = json!({
        "name": "read_note", "arguments": { "wait": true }, "_meta": { "progressToken": "t" },
    });
    let listen = json!({ "notifications": { "ends": true } });
    let (first, second, listened, ()) = tokio::join!(
        before.ask(1, "tools/call", wait.clone()),
        before.ask(1, "tools/call", wait.clone()),
        before.ask("sub", "subscriptions/listen", listen),
        async {
            while before.noted("only").len() < 2 {
                sleep(Duration::from_millis(5)).await;
            }
            before.call(1, "read_note", json!({ "end": true })).await;
        }
    );
    for (status, said) in [first, second] {
        assert_eq!((status, said.len()), (200, 2), "{said:?}");
        assert_eq!(said[0]["params"]["progressToken"], "t");
        assert_eq!((&said[1]["id"], text(&said[1])), (&json!(1), "ended"));
    }
    // It ends with the server's word, and has no answer.
    let of =
        |told: &Value| told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"].clone();
    assert_eq!(listened.1.iter().map(of).collect::<Vec<_>>(), ["sub", "sub"]);
    assert_eq!(listened.1[1]["params"]["uri"], "note:1");
}

#[tokio::test]
async fn who_closes_the_stream_has_cancelled_the_request() {
    let before = Before::new(&[("only", "modern")]).await;
    let host = before.scene.url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
    let held = json!({ "name": "delete_note", "arguments": {} });
    let waits = json!({ "name": "read_note", "arguments": { "wait": true } });
    for params in [held, waits] {
        let is_held = params["name"] == "delete_note";
        let (headers, body) = modern(&json!(1), "tools/call", params);
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let stream = tokio::net::TcpStream::connect(&host).await.unwrap();
        stream.writable().await.unwrap();
        assert_eq!(stream.try_write(request.as_bytes()).unwrap(), request.len());
        if is_held {
            let id = before.scene.pending().await;
            drop(stream);
            let ended = timeout(LIMIT, before.scene.guard.settle(id, None)).await.unwrap().unwrap();
            assert_eq!(ended.status, placet::Status::Withdrawn);
            assert!(before.noted("only").is_empty());
            continue;
        }
        before.until("only", 1).await;
        drop(stream);
        before.until("only", 2).await;
        assert_eq!(before.noted("only")[1], "cancelled");
    }
}

impl Before {
    /// Waits until so many lines are noted.
    async fn until(&self, file: &str, lines: usize) {
        let noted = async {
            while self.noted(file).len() < lines {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, noted).await.unwrap();
    }

    async fn approve(&self) {
        self.scene.answer(Reply::Approve { statement: BTreeMap::new() }).await;
    }
}

#[tokio::test]
async fn a_held_call_waits_or_is_made_again_or_is_a_task() {
    let before = Before::new(&[("only", "modern")]).await;
    let (answer, ()) =
        tokio::join!(before.call(1, "delete_note", json!({ "note": 1 })), before.approve());
    assert_eq!(text(&answer), "done");
    let takes = json!({
        "name": "delete_note", "arguments": { "note": 2 }, "_meta": {
            "io.modelcontextprotocol/clientCapabilities":
                { "extensions": { "io.modelcontextprotocol/tasks": {} } },
        },
    });
    let (_, created) = before.ask(2, "tools/call", takes).await;
    assert_eq!(created[0]["result"]["resultType"], "task", "{created:?}");
    let of = json!({ "taskId": created[0]["result"]["taskId"] });
    before.approve().await;
    let ended = async {
        loop {
            let (_, seen) = before.ask(3, "tasks/get", of.clone()).await;
            if seen[0]["result"]["status"] != "working" {
                return seen[0]["result"].clone();
            }
        }
    };
    let ended = timeout(LIMIT, ended).await.unwrap();
    assert_eq!(ended["result"]["content"][0]["text"], "done", "{ended}");
    assert_eq!(before.noted("only").len(), 2);
}

#[tokio::test]
async fn a_server_that_ends_is_started_again_and_what_waits_for_people_still_waits() {
    let before = Before::holding(&[("only", "modern-die")], Duration::from_millis(100)).await;
    let held = before.call(1, "delete_note", json!({ "note": 1 })).await;
    assert!(support::refusal(&held).contains("approval"));
    let died = before.call(2, "read_note", json!({ "die": true })).await;
    assert!(died["error"]["message"].as_str().unwrap().contains("ended"), "{died}");
    before.approve().await;
    assert_eq!(text(&before.call(3, "delete_note", json!({ "note": 1 })).await), "done");
    assert_eq!(before.noted("only.started").len(), 2);
    let again = before.call(4, "delete_note", json!({ "note": 1 })).await;
    assert!(support::refusal(&again).contains("approval"), "it ran once");
}

#[tokio::test]
async fn before_a_server_of_before_a_client_falls_back() {
    for mode in ["good", "strict"] {
        let before = Before::new(&[("only", mode)]).await;
        for _ in 0..2 {
            let (headers, body) = modern(&json!(1), "server/discover", json!({}));
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
            let (status, _, said) = before.scene.post(&headers, &body).await;
            assert_eq!(
                (status, said.as_str()),
                (400, "there is no session; begin with initialize")
            );
        }
        assert_eq!(before.noted("only.started").len(), 1, "it is asked once");
        let session = before.scene.begin(initialize()).await;
        let of = [("mcp-session-id", session.as_str())];
        let (_, said) = before.send(&of, &call("read_note", &json!({}))).await;
        assert_eq!(text(&said[0]), "done");
    }
}

fn initialize() -> String {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }).to_string()
}

/// The names of all tools, page after page.
async fn listed(before: &Before, list: impl AsyncFn(Value) -> Value) -> Vec<String> {
    let (mut names, mut params) = (Vec::new(), json!({}));
    loop {
        let page = list(params).await["result"].clone();
        let tools = page["tools"].as_array().unwrap_or_else(|| panic!("{page}"));
        names.extend(tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()));
        if page["nextCursor"].is_null() {
            assert!(before.noted("a").is_empty());
            return names;
        }
        params = json!({ "cursor": page["nextCursor"] });
    }
}

#[tokio::test]
async fn several_servers_are_one_without_sessions() {
    let url = upstream(Seen::default()).await;
    let before = Before::new(&[("a", "modern"), ("b", "modern"), ("url", &url)]).await;
    let list = async |params| before.ask(1, "tools/list", params).await.1[0].clone();
    let names = listed(&before, list).await;
    assert_eq!(names[..3], ["a__read_note", "a__delete_note", "b__read_note"]);
    assert_eq!(names[4], "url__read_file");
    assert_eq!(text(&before.call(2, "b__read_note", json!({})).await), "done");
    assert_eq!((before.noted("a").len(), before.noted("b").len()), (0, 1));
    let (answer, ()) = tokio::join!(before.call(3, "a__delete_note", json!({})), before.approve());
    assert_eq!(text(&answer), "done");
    let asked: Value = serde_json::from_str(&before.noted("a")[0]).unwrap();
    assert_eq!(asked["params"]["name"], "delete_note");
    assert_eq!(before.noted("a.started").len(), 1);
}

#[tokio::test]
async fn several_servers_are_one_in_each_session() {
    let before = Before::new(&[("a", "good"), ("b", "good"), ("typo", "good")]).await;
    let session = before.scene.begin(initialize()).await;
    let other = before.scene.begin(initialize()).await;
    let of = [("mcp-session-id", session.as_str())];
    let ask = async |method: &str, params: Value| {
        let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        before.send(&of, &asked.to_string()).await.1.pop().unwrap()
    };
    let names = listed(&before, async |params| ask("tools/list", params).await).await;
    assert_eq!(names[..3], ["a__read_note", "a__delete_note", "b__read_note"]);
    let delete = json!({ "name": "b__delete_note", "arguments": {} });
    let (answer, ()) = tokio::join!(ask("tools/call", delete), before.approve());
    assert_eq!(text(&answer), "done");
    assert_eq!(before.noted("b").len(), 1);
    // A session that ends takes its processes along, and leaves those of the others.
    let all_run = async {
        loop {
            let pids = ["a.started", "b.started"].map(|it| before.noted(it));
            if pids.iter().all(|pids| pids.len() == 2) {
                break pids;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let pids = timeout(LIMIT, all_run).await.unwrap();
    let url = before.scene.url.clone();
    let ended = tokio::task::spawn_blocking(move || {
        ureq::delete(&url).header("mcp-session-id", &session).call().unwrap().status()
    });
    assert_eq!(ended.await.unwrap(), 200);
    let runs = |pid: &String| Path::new("/proc").join(pid).exists();
    let alone = async {
        while pids.iter().flatten().filter(|pid| runs(pid)).count() > 2 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, alone).await.unwrap();
    let of = [("mcp-session-id", other.as_str())];
    let read = call("a__read_note", &json!({}));
    assert_eq!(text(&before.send(&of, &read).await.1[0]), "done");
}

#[tokio::test]
async fn a_mute_server_holds_up_none_of_the_others() {
    let before = Before::new(&[("mute", "mute"), ("b", "modern"), ("c", "good")]).await;
    let in_session = async {
        let session = before.scene.begin(initialize()).await;
        let of = [("mcp-session-id", session.as_str())];
        before.send(&of, &call("c__read_note", &json!({}))).await.1[0].clone()
    };
    let (alone, in_session) = tokio::join!(before.call(1, "b__read_note", json!({})), in_session);
    assert_eq!((text(&alone), text(&in_session)), ("done", "done"));
}
