//! A server that takes a request of 2026-07-28 only if its headers repeat all that they have to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use placet_gate::Gate;
use placet_mcp::tools::Book;
use placet_mcp::{Judge, Relay, Remote, bridge};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{self, Side, guard};

const POLICY: &str = "version = 1\n[actions.query]\nrisk = \"read\"\n";

/// What a header has to say, and where in a call that stands.
const REPEATED: [(&str, &str); 4] = [
    ("mcp-param-region", "/region"),
    ("mcp-param-count", "/count"),
    ("mcp-param-live", "/live"),
    ("mcp-param-limit", "/of/limit"),
];

fn tools() -> Value {
    let of = |kind: &str, header: &str| json!({ "type": kind, "x-mcp-header": header });
    let properties = json!({
        "region": of("string", "Region"), "count": of("integer", "Count"),
        "live": of("boolean", "Live"), "note": { "type": "string" },
        "of": { "type": "object", "properties": { "limit": of("integer", "Limit") } },
    });
    let schema = json!({ "type": "object", "properties": properties });
    json!([{ "name": "query", "description": "Asks.", "inputSchema": schema }])
}

/// Why the headers are no match for a request.
fn mismatch(headers: &HeaderMap, asked: &Value) -> Option<String> {
    let said = |name: &str| {
        let value = headers.get(name)?.to_str().unwrap();
        match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
            Some(encoded) => Some(String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()),
            None => Some(value.to_owned()),
        }
    };
    let params = &asked["params"];
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let meta = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
    let mut wanted =
        vec![("mcp-protocol-version", text(meta)), ("mcp-method", text(&asked["method"]))];
    if asked["method"] == "tools/call" {
        wanted.push(("mcp-name", text(&params["name"])));
        let arguments = &params["arguments"];
        wanted.extend(REPEATED.map(|(name, at)| (name, arguments.pointer(at).and_then(&text))));
    }
    wanted.into_iter().find(|(name, value)| said(name) != *value).map(|it| format!("{it:?}"))
}

type Seen = Arc<Mutex<Vec<Value>>>;

async fn answer(State(seen): State<Seen>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let reply = Response::builder().header("content-type", "application/json");
    if let Some(why) = mismatch(&headers, &asked) {
        let error = json!({ "code": -32020, "message": why });
        let message = json!({ "jsonrpc": "2.0", "id": asked["id"], "error": error });
        return reply.status(400).body(message.to_string().into()).unwrap();
    }
    let result = match asked["method"].as_str() {
        Some("tools/list") => json!({ "tools": tools(), "resultType": "complete" }),
        _ => json!({ "content": [{ "type": "text", "text": "done" }], "resultType": "complete" }),
    };
    seen.lock().unwrap().push(asked.clone());
    let message = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
    reply.body(message.to_string().into()).unwrap()
}

/// A client on pipes before such a server, and what that server took.
async fn before_it() -> (Side, Seen) {
    let seen = Seen::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(Arc::clone(&seen));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (client, end) = Side::pair();
    let judge = Judge::new(Gate::at(guard(POLICY), false, None), support::config());
    let server = bridge(Remote::new(&url, &[], None).unwrap());
    tokio::spawn(Relay::run(judge, Book::first(), Arc::new(|_| ()), end, server));
    (client, seen)
}

#[tokio::test]
async fn a_client_on_pipes_repeats_as_headers_what_a_strict_server_wants_to_see_there() {
    let (mut client, seen) = before_it().await;
    let all =
        json!({ "region": "eu-1", "count": 42, "live": true, "note": "x", "of": { "limit": -7 } });
    for (id, arguments) in [
        all,
        json!({ "region": "Zürich, 世界" }),
        json!({ "region": " padded " }),
        json!({ "region": "two\nlines" }),
        json!({ "region": "=?base64?bGl0ZXJhbA==?=" }),
        json!({ "region": "", "live": false, "count": 0 }),
        json!({ "region": null, "of": {} }),
        json!({}),
    ]
    .into_iter()
    .enumerate()
    {
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
        let params = json!({ "name": "query", "arguments": arguments, "_meta": meta });
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        client.say(call.to_string()).await;
        let answer = client.hear().await;
        assert_eq!(answer["result"]["content"][0]["text"], "done", "{arguments}: {answer}");
        assert_eq!(*seen.lock().unwrap().last().unwrap(), call);
    }
}
