//! The configuration of Codex: TOML in which each server is a table. What else is in it stays as it is.

use serde_json::Value;

use super::client::NAME;
use super::entry::is_off;
use crate::failure::Failure;

const KEY: &str = "mcp_servers";

/// The servers that it names.
pub(super) fn servers(text: &str) -> Result<Value, Failure> {
    let mut whole: toml::Table = toml::from_str(text).map_err(Failure::unusable)?;
    serde_json::to_value(whole.remove(KEY)).map_err(Failure::unusable)
}

/// The text in parts: each begins with the header of a table, and may belong to a server. What is said
/// above the next header belongs to no server.
fn parts(text: &str) -> Vec<(Option<String>, String)> {
    let mut parts: Vec<(Option<String>, String)> = vec![(None, String::new())];
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            let said = parts.last_mut().and_then(|(server, part)| said_above(server, part, true));
            parts.extend(said);
            parts.push((server_of(line), String::new()));
        }
        if let Some((_, part)) = parts.last_mut() {
            part.push_str(line);
        }
    }
    let said = parts.last_mut().and_then(|(server, part)| said_above(server, part, false));
    parts.extend(said);
    parts
}

/// Takes out of a server's part the comments at its end: those behind a blank line, or right above the
/// header that follows.
fn said_above(
    server: &Option<String>,
    part: &mut String,
    has_next: bool,
) -> Option<(Option<String>, String)> {
    server.as_ref()?;
    let is_said = |line: &str| line.is_empty() || line.starts_with('#');
    let lines: Vec<_> = part.split_inclusive('\n').collect();
    let said = lines.iter().rev().take_while(|line| is_said(line.trim())).count();
    let (_, said) = lines.split_at_checked(lines.len().checked_sub(said)?)?;
    let own = said.iter().take_while(|line| !line.trim().is_empty()).count();
    let own = if own == said.len() && has_next { 0 } else { own };
    let said = said.get(own..)?.concat();
    if !said.contains('#') {
        return None;
    }
    part.truncate(part.len().checked_sub(said.len())?);
    Some((None, said))
}

/// The server that a header is of.
fn server_of(header: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(header).ok()?;
    table.get(KEY)?.as_table()?.keys().next().cloned()
}

/// Everything but the servers.
fn rest(text: &str) -> Option<toml::Table> {
    let mut whole: toml::Table = toml::from_str(text).ok()?;
    whole.remove(KEY);
    Some(whole)
}

/// The text without the tables of servers, and with one of ours.
pub(super) fn rewritten(
    text: &str,
    program: &str,
    arguments: &[String],
) -> Result<String, Failure> {
    let known = servers(text)?;
    let is_kept = |name: &String| known.get(name).is_some_and(is_off);
    let parts = parts(text).into_iter();
    let kept = parts.filter(|(server, _)| server.as_ref().is_none_or(is_kept));
    let mut kept: String = kept.map(|(_, part)| part).collect();
    if !kept.is_empty() && !kept.ends_with('\n') {
        kept.push('\n');
    }
    let words = serde_json::to_string(arguments).map_err(Failure::unusable)?;
    let program = Value::from(program);
    kept.push_str(&format!("\n[{KEY}.{NAME}]\ncommand = {program}\nargs = {words}\n"));
    let off = known.as_object().into_iter().flatten().filter(|(_, server)| is_off(server)).count();
    let now = servers(&kept).ok();
    let count = now.as_ref().and_then(Value::as_object).map(serde_json::Map::len);
    if count != Some(off + 1) || rest(&kept) != rest(text) {
        return Err(Failure::unusable_because(
            "the servers are not written as tables [mcp_servers.NAME], and were left as they are",
        )
        .help("write each server as a table of its own"));
    }
    Ok(kept)
}

/// The text as it is now with the servers as they were before, and whether it was edited meanwhile.
pub(super) fn put_back(now: &str, before: &str) -> Option<(String, bool)> {
    let known = servers(now).ok()?;
    known.get(NAME)?;
    let then = servers(before).ok()?;
    let is_new = |name: &str| name != NAME && then.get(name) != known.get(name);
    let has_new = known.as_object()?.keys().any(|name| is_new(name));
    let others = |text: &str| {
        let of_nobody = parts(text).into_iter().filter(|(server, _)| server.is_none());
        of_nobody.map(|(_, part)| part).collect::<String>()
    };
    if !has_new && others(now).trim_end() == others(before).trim_end() {
        return Some((before.to_owned(), false));
    }
    let is_ours = |server: &Option<String>| server.as_deref() == Some(NAME);
    let mut text: String = parts(now)
        .into_iter()
        .filter(|(server, _)| !is_ours(server))
        .map(|(_, part)| part)
        .collect();
    text.truncate(text.trim_end().len());
    text.push('\n');
    let is_gone = |server: &Option<String>| {
        server.as_ref().is_some_and(|name| name == NAME || known.get(name).is_none())
    };
    for (_, part) in parts(before).into_iter().filter(|(server, _)| is_gone(server)) {
        text.push('\n');
        text.push_str(part.trim_end());
        text.push('\n');
    }
    let is_whole = servers(&text)
        .ok()?
        .as_object()?
        .keys()
        .all(|name| then.get(name).is_some() || known.get(name).is_some());
    (is_whole && rest(&text) == rest(now)).then_some((text, true))
}
