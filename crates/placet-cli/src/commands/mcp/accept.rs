//! `placet mcp --accept`: somebody looks at what has changed about tools, and finds it good.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use placet::Json;
use placet_mcp::tools::{Definition, Lock, Vetted};
use placet_mcp::{Child, Place, SurveyError, bridge, survey};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::config::Server;
use super::run::lock_file;
use super::{Arguments, diff};
use crate::console::{BAD, Console, FAINT, HELD, STRONG, counted};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::status::Status;

/// The word that accepts. Nothing shorter does.
const ACCEPT: &str = "accept";

/// Longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 1024;

/// A tool that is not as it was vetted.
struct Changed {
    server: String,
    /// As a client has it.
    shown: String,
    was: Option<Vetted>,
    is: Definition,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let path = lock_file(arguments)?;
    let mut lock = Lock::read(&path).map_err(Failure::unusable)?;
    let changed = wanted(all(arguments, &lock)?, arguments)?;
    if console.is_json() {
        console.value(&changed.iter().map(Changed::value).collect::<Vec<_>>())?;
    } else {
        console.text(&changed.iter().map(Changed::text).collect::<String>())?;
    }
    if changed.is_empty() {
        console.note("every tool is as it was vetted");
        return Ok(Status::Ok);
    }
    if !arguments.yes {
        confirm(changed.len(), console)?;
    }
    // Another may have written to it meanwhile.
    lock = Lock::read(&path).unwrap_or(lock);
    for changed in &changed {
        lock.add(&changed.server, Some(&changed.is));
    }
    lock.write(&path).map_err(Failure::unusable)?;
    let count = counted(u64::try_from(changed.len()).unwrap_or(u64::MAX), "tool");
    console.note(&format!("accepted {count}; a gateway that runs sees it at its next start"));
    Ok(Status::Ok)
}

/// All tools that are not as they were vetted.
fn all(arguments: &Arguments, lock: &Lock) -> Result<Vec<(bool, Changed)>, Failure> {
    let servers = Server::all(arguments)?;
    let are_several = arguments.config.is_some();
    let runtime = Runtime::new().map_err(Failure::unusable)?;
    let mut found = Vec::new();
    for Server { name, place, .. } in servers {
        let tools = runtime
            .block_on(ask(place))
            .map_err(|why| Failure::unusable_because(format!("{}: {why}", escape::line(&name))))?;
        for is in tools {
            let was = lock.server(&name).and_then(|tools| tools.get(&is.name)).cloned();
            let is_changed = was.as_ref().is_none_or(|was| was.digest != is.digest);
            let shown = if are_several { format!("{name}__{}", is.name) } else { is.name.clone() };
            found.push((is_changed, Changed { server: name.clone(), shown, was, is }));
        }
    }
    runtime.shutdown_background();
    Ok(found)
}

async fn ask(place: Place) -> Result<Vec<Definition>, String> {
    let words = |error: SurveyError| error.to_string();
    match place {
        Place::Command(command) => {
            let (child, pipes) = Child::start(&command).map_err(|error| error.to_string())?;
            let tools = survey(pipes).await.map_err(words);
            child.end().await;
            tools
        }
        Place::Remote(remote) => survey(bridge(*remote)).await.map_err(words),
    }
}

/// Those that are to be accepted. One that is not there is an error, so that nobody believes it is done.
fn wanted(found: Vec<(bool, Changed)>, arguments: &Arguments) -> Result<Vec<Changed>, Failure> {
    for name in &arguments.accept {
        if !found.iter().any(|(_, changed)| changed.shown == *name) {
            let name = escape::clipped(name, 80);
            return Err(Failure::found_because(format!("no server lists a tool {name}")));
        }
    }
    let is_wanted =
        |changed: &Changed| arguments.accept_all || arguments.accept.contains(&changed.shown);
    let wanted =
        found.into_iter().filter(|(is_changed, changed)| *is_changed && is_wanted(changed));
    Ok(wanted.map(|(_, changed)| changed).collect())
}

fn confirm(count: usize, console: &Console) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() || console.is_json() {
        return Err(Failure::usage("there is no terminal to ask at, and nothing was accepted")
            .help("read what has changed, and say --yes if it is good"));
    }
    console.prompt(&format!("Type {ACCEPT} to let {count} count as vetted: "));
    let mut answer = String::new();
    let read = io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer);
    read.map_err(Failure::unusable)?;
    if answer.trim() == ACCEPT {
        return Ok(());
    }
    Err(Failure::found_because("nothing was accepted"))
}

impl Changed {
    /// The parts in which it is another, as they were and as they are.
    fn parts(&self) -> Vec<(String, Json, Json)> {
        let empty = placet::Object::new();
        let was = self.was.as_ref().map_or(&empty, |was| &was.definition);
        let of =
            |object: &placet::Object, part: &str| object.get(part).cloned().unwrap_or(Json::Null);
        let parts = self.is.differs_in(was).into_iter();
        parts.map(|part| (part.clone(), of(was, &part), of(&self.is.content, &part))).collect()
    }

    fn text(&self) -> String {
        let what = if self.was.is_some() { "has changed" } else { "was never vetted" };
        let name = escape::clipped(&self.shown, 120);
        let mut text = format!("{STRONG}{name}{STRONG:#} {what}\n");
        for odd in self.is.suspicions() {
            text.push_str(&format!("  {HELD}look at{HELD:#} {} {}\n", odd.pointer, odd.reason));
        }
        for (part, was, is) in self.parts() {
            text.push_str(&format!("  {FAINT}{}{FAINT:#}\n", escape::line(&part)));
            text.push_str(&diff::lines(&was, &is));
        }
        if self.was.is_some() && self.parts().is_empty() {
            text.push_str(&format!("  {BAD}its digest is another{BAD:#}\n"));
        }
        text
    }

    fn value(&self) -> Value {
        let parts = self.parts().into_iter();
        let parts = parts.map(|(part, was, is)| (part, json!({ "was": was, "is": is })));
        let odd = self.is.suspicions().into_iter();
        let odd = odd.map(|it| json!({ "pointer": it.pointer, "reason": it.reason }));
        json!({
            "tool": self.shown, "is_new": self.was.is_none(), "digest": self.is.digest,
            "changes": parts.collect::<serde_json::Map<_, _>>(),
            "suspicions": odd.collect::<Vec<_>>(),
        })
    }
}
