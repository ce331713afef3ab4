//! A daemon that records a proposal and says so too late.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use placet_gate::{Gate, GateConfig};
use placet_mcp::JudgeConfig;
use serde_json::{Value, json};

use crate::support::{self, LIMIT, World, refusal};

const HELD: &str = "01999999-0000-7000-8000-000000000001";

/// The path of the next request, whose body is passed over.
fn asked(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    stream.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()?;
    first.split(' ').nth(1).map(str::to_owned)
}

fn answer(stream: &mut TcpStream, body: &Value) {
    let (body, head) = (body.to_string(), "HTTP/1.1 200 OK\r\nContent-Type: application/json");
    let length = body.len();
    drop(write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}"));
}

/// A daemon that answers a proposal once it may, and tells of what else it is asked.
fn daemon(may_answer: Receiver<()>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    let may_answer = std::sync::Arc::new(std::sync::Mutex::new(may_answer));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (tell, may_answer) = (tell.clone(), may_answer.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut stream = stream;
                while let Some(path) = asked(&mut reader) {
                    if path.starts_with("/v1/actions") {
                        may_answer.lock().unwrap().recv().unwrap();
                    }
                    drop(tell.send(path));
                    let held = json!({
                        "id": format!("act_{HELD}"), "verdict": "require_approval",
                        "mode": "enforce", "findings": [],
                        "approval": {
                            "id": format!("apr_{HELD}"), "deadline": "2030-01-01T00:00:00.000Z",
                        },
                    });
                    answer(&mut stream, &held);
                }
            });
        }
    });
    (url, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_daemon_holds_too_late_is_taken_back() {
    let (answers, may_answer) = channel();
    let (url, told) = daemon(may_answer);
    let config =
        GateConfig { daemon: Some((url, "plc_key".to_owned().into())), ..GateConfig::default() };
    let gate = tokio::task::spawn_blocking(|| Gate::open(config)).await.unwrap().unwrap();
    let decide = Duration::from_millis(300);
    let mut world = World::at(gate, JudgeConfig { decide, ..support::config() });
    world.call(1, "write_file", json!({})).await;
    world.list_tools().await;
    let text = refusal(&world.client.hear().await);
    assert!(text.contains("not run"), "{text}");
    answers.send(()).unwrap();
    let heard = tokio::task::spawn_blocking(move || {
        let mut heard = Vec::new();
        while let Ok(path) = told.recv_timeout(LIMIT) {
            if path.starts_with("/v1/approvals/") && path.ends_with("/withdraw") {
                return Ok(());
            }
            heard.push(path);
        }
        Err(heard)
    });
    heard.await.unwrap().unwrap();
    assert!(world.server.is_silent());
}
