//! Sessions before a server on pipes, and what becomes of them when it does not go on.

use std::sync::Arc;
use std::time::Duration;

use placet_gate::Gate;
use placet_mcp::tools::Book;
use placet_mcp::{
    Command, GatewayConfig, Judge, JudgeConfig, NewSession, Place, Servers, Sessions, Upstream,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::Scene;
use crate::misbehaving::messages;
use crate::support::{self, LIMIT};

impl Scene {
    /// Begins a session: its name.
    pub(crate) async fn begin(&self, introduction: String) -> String {
        let url = self.url.clone();
        let begun = tokio::task::spawn_blocking(move || {
            let answer = ureq::post(&url).send(introduction).unwrap();
            answer.headers()["mcp-session-id"].to_str().unwrap().to_owned()
        });
        timeout(LIMIT, begun).await.unwrap().unwrap()
    }
}

/// A server on pipes that introduces itself, reads one more line, and dies.
const DIES: &str = r#"read -r line
echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
read -r line
exit 7"#;

/// One that stops reading once it has introduced itself.
const IS_DEAF: &str = r#"read -r line
echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
exec sleep 600"#;

/// A gateway before servers that are this script, which gives them so long for a call.
async fn before(script: &str, call: Duration) -> Scene {
    let scene = Scene::new(LIMIT, None).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let arguments = vec!["-c".into(), script.into()];
    let command = Command { program: "sh".into(), arguments, ..Command::default() };
    let guard = scene.guard.clone();
    let new: NewSession = Box::new(move |_| {
        let config = JudgeConfig { call, ..support::config() };
        let judge = Judge::new(Gate::at(guard.clone(), false, None), config);
        (judge, Book::first(), Arc::new(|_| ()))
    });
    let upstream = Upstream { name: "server".to_owned(), place: Place::Command(command), new };
    let servers = Servers::new(vec![upstream]);
    tokio::spawn(Sessions::serve(listener, GatewayConfig::default(), servers));
    Scene { url, ..scene }
}

fn ask(method: &str, id: u64) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": {} }).to_string()
}

#[tokio::test]
async fn a_session_is_over_when_its_server_has_died() {
    let scene = before(DIES, LIMIT).await;
    let session = scene.begin(ask("initialize", 0)).await;
    let of = [("mcp-session-id", session.as_str())];
    let mut answered = 0;
    loop {
        answered += 1;
        let (status, _, body) = scene.post(&of, &ask("ping", answered)).await;
        if status == 404 {
            assert!(body.contains("begin another"), "{body}");
            break;
        }
        let [only] = &messages(&body)[..] else { panic!("{body}") };
        assert_eq!(only["id"], answered, "{only}");
        assert!(only["error"]["message"].as_str().unwrap().contains("ended"), "{only}");
    }
    assert!(answered > 1, "the call in which it died is answered");
}

#[tokio::test]
async fn a_server_that_has_stopped_reading_hangs_nobody() {
    let told =
        json!({ "jsonrpc": "2.0", "method": "notifications/x", "params": "x".repeat(100_000) });
    let scene = before(IS_DEAF, Duration::from_millis(300)).await;
    let session = scene.begin(ask("initialize", 0)).await;
    let of = [("mcp-session-id", session.as_str())];
    // More than pipes and queues keep for it.
    for _ in 0..100 {
        assert_eq!(scene.post(&of, &told.to_string()).await.0, 202);
    }
    let (status, _, body) = scene.post(&of, &ask("ping", 1)).await;
    let [only] = &messages(&body)[..] else { panic!("{body}") };
    let why = only["error"]["message"].as_str().unwrap();
    assert!(status == 200 && only["id"] == 1 && why.contains("does not read"), "{why}");
}
