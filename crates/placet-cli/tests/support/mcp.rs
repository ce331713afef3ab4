//! A client of MCP servers, on the pipes of a process.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// As long as anything may take on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(120);

/// A client that speaks to one server.
pub(crate) struct Client {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<String>,
    said: Receiver<String>,
}

/// The server that misbehaves on request.
pub(crate) fn server() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/mcp_server.py")
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

impl Client {
    /// Starts a server and introduces itself.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let from = lines(child.stdout.take().unwrap());
        let said = lines(child.stderr.take().unwrap());
        let to = child.stdin.take();
        let mut client = Self { child, to, from, said };
        let params = json!({
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "test-client", "version": "1" },
        });
        client
            .send(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }));
        client.hear();
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    pub(crate) fn send(&mut self, message: &Value) {
        writeln!(self.to.as_mut().unwrap(), "{message}").unwrap();
    }

    pub(crate) fn hear(&mut self) -> Value {
        serde_json::from_str(&self.from.recv_timeout(LIMIT).unwrap()).unwrap()
    }

    pub(crate) fn ask(&mut self, id: u64, method: &str, params: &Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let answer = self.hear();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Calls a tool, and gives the answer.
    pub(crate) fn call(&mut self, id: u64, tool: &str, arguments: &Value) -> Value {
        self.ask(id, "tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    /// A line on standard error that says this.
    pub(crate) fn line(&self, what: &str) -> String {
        loop {
            let line = self.said.recv_timeout(LIMIT).unwrap();
            if line.contains(what) {
                return line;
            }
        }
    }

    /// Hangs up, and waits for the end.
    pub(crate) fn end(mut self) -> ExitStatus {
        drop(self.to.take());
        self.child.wait().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The text of an answer.
pub(crate) fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// The first approval that is named in a text.
pub(crate) fn approval(text: &str) -> String {
    let start = text.find("apr_").unwrap_or_else(|| panic!("no approval in {text}"));
    text[start..].chars().take("apr_".len() + 36).collect()
}
