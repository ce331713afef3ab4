//! A server that plays a model. Whatever it is asked, it calls the tool of the next step of its
//! script, most often the agent's shell; when that is through, it is done.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::tools::{Use, named};

/// The API that an agent speaks to its model.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Api {
    Anthropic,
    OpenAi,
    Google,
}

/// What happens while the model thinks.
type Thought = Box<dyn FnMut(&[Seen]) + Send>;

/// What the model does, and what happens before it does.
pub(crate) struct Step {
    used: Use,
    before: Thought,
}

impl Step {
    pub(crate) fn run(used: impl Into<Use>) -> Self {
        Self { used: used.into(), before: Box::new(|_| {}) }
    }

    /// While the model thinks, this happens. It sees what came of the steps before.
    pub(crate) fn after(
        before: impl FnMut(&[Seen]) + Send + 'static,
        used: impl Into<Use>,
    ) -> Self {
        Self { used: used.into(), before: Box::new(before) }
    }
}

/// What the model was told of a step, and what was in the watched file or folder then.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) result: String,
    pub(crate) ran: String,
}

pub(crate) struct Model {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

struct Script {
    steps: Vec<Step>,
    seen: Vec<Seen>,
    asked: usize,
    watched: PathBuf,
}

impl Model {
    /// Plays these steps, and looks at a file, or at the files of a folder, after each.
    pub(crate) fn play(api: Api, watched: &Path, steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Script { steps, seen: Vec::new(), asked: 0, watched: watched.to_owned() };
        let script = Arc::new(Mutex::new(script));
        let shared = Arc::clone(&script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let script = Arc::clone(&shared);
                // A connection that breaks off is the agent's matter.
                std::thread::spawn(move || drop(serve(api, &script, stream.unwrap())));
            }
        });
        Self { url, script }
    }

    /// What the model was told of each step.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen.clone()
    }
}

impl Script {
    /// What comes next, by the name of a tool that is offered, with its number.
    fn next(&mut self, results: Vec<String>, offered: &[&str]) -> Option<(usize, String, Value)> {
        // A question beside the work offers nothing to work with.
        named(&Use::Shell(String::new()), offered)?;
        let ran = content(&self.watched);
        for result in results.into_iter().skip(self.seen.len()) {
            self.seen.push(Seen { result, ran: ran.clone() });
        }
        let at = self.seen.len();
        let step = self.steps.get_mut(at)?;
        if self.asked == at {
            (step.before)(&self.seen);
            self.asked += 1;
        }
        let Some((name, params)) = named(&step.used, offered) else {
            // The agent would ask again and again whoever breaks off here.
            let result = format!("{:?} is not among {offered:?}", step.used);
            self.seen.push(Seen { result, ran });
            return None;
        };
        Some((at, name, params))
    }
}

/// The same for who shares the script. Whoever breaks off in it fails its test; the agent is done then,
/// instead of asking again and again.
fn next(
    script: &Mutex<Script>,
    results: Vec<String>,
    offered: &[&str],
) -> Option<(usize, String, Value)> {
    script.lock().ok()?.next(results, offered)
}

/// What is in a file, or in the files of a folder, in their order; nothing where there is none.
fn content(watched: &Path) -> String {
    let Ok(files) = std::fs::read_dir(watched) else {
        return std::fs::read_to_string(watched).unwrap_or_default();
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

fn serve(api: Api, script: &Mutex<Script>, mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (kind, text) = api.answer(&target, &request, script);
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

impl Api {
    fn answer(
        self,
        target: &str,
        request: &Value,
        script: &Mutex<Script>,
    ) -> (&'static str, String) {
        match self {
            Self::Anthropic if target.contains("count_tokens") => {
                (JSON, r#"{"input_tokens":1}"#.into())
            }
            Self::Anthropic if target.starts_with("/v1/messages") => anthropic(request, script),
            Self::OpenAi if request["input"].is_array() => openai(request, script),
            Self::OpenAi => (JSON, r#"{"object":"list","data":[],"models":[]}"#.into()),
            Self::Google if target.contains("countTokens") => (JSON, r#"{"totalTokens":1}"#.into()),
            Self::Google if request["contents"].is_array() => google(target, request, script),
            Self::Anthropic | Self::Google => (JSON, "{}".into()),
        }
    }
}

fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

fn anthropic(request: &Value, script: &Mutex<Script>) -> (&'static str, String) {
    let offered: Vec<&str> =
        items(request, "tools").filter_map(|tool| tool["name"].as_str()).collect();
    let parts = items(request, "messages").flat_map(|message| items(message, "content"));
    let results = parts.filter(|part| part["type"] == "tool_result");
    let results = results.map(|part| part["content"].to_string()).collect();
    let (block, stop) = match next(script, results, &offered) {
        Some((at, name, input)) => (
            json!({ "type": "tool_use", "id": format!("toolu_{at:08}"), "name": name, "input": input }),
            "tool_use",
        ),
        None => (json!({ "type": "text", "text": "done" }), "end_turn"),
    };
    let usage = json!({ "input_tokens": 1, "output_tokens": 1 });
    let message = |content: Value, stop: Value| {
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": request["model"],
            "content": content, "stop_reason": stop, "stop_sequence": null, "usage": usage,
        })
    };
    if request["stream"] != true {
        return (JSON, message(json!([block]), json!(stop)).to_string());
    }
    let (start, delta) = if stop == "tool_use" {
        let mut start = block.clone();
        start["input"] = json!({});
        (start, json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() }))
    } else {
        (json!({ "type": "text", "text": "" }), json!({ "type": "text_delta", "text": "done" }))
    };
    let events = [
        json!({ "type": "message_start", "message": message(json!([]), Value::Null) }),
        json!({ "type": "content_block_start", "index": 0, "content_block": start }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": stop, "stop_sequence": null }, "usage": { "output_tokens": 1 } }),
        json!({ "type": "message_stop" }),
    ];
    (EVENTS, as_events(&events))
}

fn openai(request: &Value, script: &Mutex<Script>) -> (&'static str, String) {
    // A tool of the API's own has no name but its type.
    let tools = items(request, "tools");
    let offered = tools.filter_map(|tool| tool["name"].as_str().or_else(|| tool["type"].as_str()));
    let offered: Vec<&str> = offered.collect();
    let is_output = |item: &&Value| item["type"].as_str().is_some_and(|it| it.ends_with("_output"));
    let results = items(request, "input").filter(is_output).map(|item| item["output"].to_string());
    let results = results.collect();
    let item = match next(script, results, &offered) {
        // A patch is a text of its own, and no params.
        Some((at, name, Value::String(input))) => json!({
            "type": "custom_tool_call", "id": format!("ctc_{at}"), "call_id": format!("call_{at}"),
            "name": name, "input": input, "status": "completed",
        }),
        Some((at, name, params)) => {
            let mut item = json!({
                "type": "function_call", "id": format!("fc_{at}"), "call_id": format!("call_{at}"),
                "name": name, "arguments": params.to_string(),
            });
            // Which server a tool belongs to is said apart from its name.
            if let Some((server, tool)) = name.rsplit_once("__") {
                (item["namespace"], item["name"]) = (json!(server), json!(tool));
            }
            item
        }
        None => json!({
            "type": "message", "role": "assistant", "id": "msg_1",
            "content": [{ "type": "output_text", "text": "done" }],
        }),
    };
    let usage = json!({
        "input_tokens": 1, "input_tokens_details": null, "output_tokens": 1,
        "output_tokens_details": null, "total_tokens": 2,
    });
    let events = [
        json!({ "type": "response.created", "response": { "id": "resp_1" } }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": { "id": "resp_1", "usage": usage } }),
    ];
    (EVENTS, as_events(&events))
}

fn google(target: &str, request: &Value, script: &Mutex<Script>) -> (&'static str, String) {
    let tools = items(request, "tools").flat_map(|tool| items(tool, "functionDeclarations"));
    let offered: Vec<&str> = tools.filter_map(|tool| tool["name"].as_str()).collect();
    let parts = items(request, "contents").flat_map(|content| items(content, "parts"));
    let results = parts.filter(|part| part["functionResponse"].is_object());
    let results = results.map(|part| part["functionResponse"]["response"].to_string()).collect();
    let part = match next(script, results, &offered) {
        Some((_, name, args)) => json!({ "functionCall": { "name": name, "args": args } }),
        None => json!({ "text": "done" }),
    };
    let answer = json!({
        "candidates": [{
            "content": { "role": "model", "parts": [part] }, "finishReason": "STOP", "index": 0,
        }],
        "usageMetadata": { "promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2 },
        "modelVersion": "a script",
    });
    match target.contains("stream") {
        true => (EVENTS, format!("data: {answer}\r\n\r\n")),
        false => (JSON, answer.to_string()),
    }
}

fn as_events(events: &[Value]) -> String {
    let lines = events.iter().map(|event| {
        let name = event["type"].as_str().unwrap();
        format!("event: {name}\ndata: {event}\n\n")
    });
    lines.collect()
}
