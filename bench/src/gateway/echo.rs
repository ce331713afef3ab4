//! An MCP server with one tool, which repeats what it is sent.

use std::io::{BufRead as _, Write as _};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Answers on its pipes, line by line, until there is no more.
pub(crate) fn run() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        if let Some(answer) = answer(&line?)? {
            out.write_all(format!("{answer}\n").as_bytes())?;
            out.flush()?;
        }
    }
    Ok(())
}

/// What it says to a message; nothing to one that asks nothing.
pub(super) fn answer(message: &str) -> Result<Option<String>> {
    let message: Value = serde_json::from_str(message).context("no message")?;
    let Some(id) = message.get("id") else { return Ok(None) };
    let result = match message.get("method").and_then(Value::as_str).unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-11-25",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "echo", "version": "1" },
        }),
        "tools/list" => json!({ "tools": [tool()] }),
        "tools/call" => repeated(&message),
        _ => json!({}),
    };
    Ok(Some(json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()))
}

fn tool() -> Value {
    json!({
        "name": "repeat",
        "description": "Repeats a text.",
        "inputSchema": {
            "type": "object",
            "properties": { "text": { "type": "string" } },
            "required": ["text"],
        },
    })
}

fn repeated(message: &Value) -> Value {
    let text = message.pointer("/params/arguments/text").and_then(Value::as_str);
    json!({ "content": [{ "type": "text", "text": text.unwrap_or_default() }], "isError": false })
}
