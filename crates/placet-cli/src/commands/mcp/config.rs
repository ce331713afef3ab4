//! Which servers stand behind a gateway.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use placet_mcp::{Command, Place, Remote};
use serde::Deserialize;

use super::Arguments;
use crate::failure::Failure;

/// What of the gateway's environment no server has any business with.
pub(crate) const OURS: [&str; 7] = [
    "PLACET_CA",
    "PLACET_KEY",
    "PLACET_LISTEN",
    "PLACET_LOG",
    "PLACET_MCP_TOKEN",
    "PLACET_POLICY",
    "PLACET_URL",
];

/// How a server is called where no name is given.
const NAMELESS: &str = "server";

/// A server behind the gateway.
pub(super) struct Server {
    /// What it is called in the lock file.
    pub(super) name: String,
    /// Whether its tools have that name to the policy.
    pub(super) is_named: bool,
    pub(super) place: Place,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    servers: BTreeMap<String, Entry>,
}

/// A server in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    command: Option<Vec<String>>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    url: Option<String>,
    secrets: Option<PathBuf>,
}

impl Server {
    /// Those that the arguments name.
    pub(super) fn all(arguments: &Arguments) -> Result<Vec<Self>, Failure> {
        if let Some(path) = &arguments.config {
            return read(path);
        }
        let place = match &arguments.server_url {
            Some(url) => Place::Remote(Box::new(remote(url, arguments.secrets.as_deref())?)),
            None => Place::Command(command(arguments.command.clone(), Vec::new())),
        };
        let name = arguments.name.clone();
        let is_named = name.is_some();
        Ok(vec![Self { name: name.unwrap_or_else(|| NAMELESS.to_owned()), is_named, place }])
    }
}

fn read(path: &Path) -> Result<Vec<Server>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        Failure::unusable(error).context(format!("{} cannot be used", path.display()))
    })?;
    if file.servers.is_empty() {
        return Err(Failure::unusable_because(format!("{} names no server", path.display())));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    file.servers.into_iter().map(|(name, entry)| server(name, entry, folder)).collect()
}

fn server(name: String, entry: Entry, folder: &Path) -> Result<Server, Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_plain) || name.contains("__") {
        return Err(Failure::usage(format!(
            "servers.{name}: a name has letters, digits, - and single _, so that it can stand before a tool's"
        )));
    }
    let secrets = entry.secrets.map(|path| folder.join(path));
    let place = match (entry.command, entry.url) {
        (Some(words), None) if !words.is_empty() => {
            let mut environment: Vec<_> = entry.env.into_iter().collect();
            environment.extend(secrets.as_deref().map(variables).transpose()?.unwrap_or_default());
            Place::Command(command(words.into_iter().map(OsString::from).collect(), environment))
        }
        (None, Some(url)) if entry.env.is_empty() => {
            Place::Remote(Box::new(remote(&url, secrets.as_deref())?))
        }
        _ => {
            return Err(Failure::usage(format!(
                "servers.{name}: write either `command`, a list of words, with `env`, or `url`"
            )));
        }
    };
    Ok(Server { name, is_named: true, place })
}

fn command(words: Vec<OsString>, environment: Vec<(String, String)>) -> Command {
    let mut words = words.into_iter();
    Command {
        program: words.next().unwrap_or_default(),
        arguments: words.collect(),
        environment,
        without: OURS.map(str::to_owned).to_vec(),
    }
}

fn remote(url: &str, secrets: Option<&Path>) -> Result<Remote, Failure> {
    let secrets = secrets.map(headers).transpose()?.unwrap_or_default();
    Remote::new(url, &secrets, trusted().as_deref()).map_err(Failure::unusable)
}

/// The file with the authorities that servers are trusted by, where one is named.
pub(in crate::commands) fn trusted() -> Option<PathBuf> {
    std::env::var_os("PLACET_CA").map(PathBuf::from)
}

/// The headers in a file, one a line.
fn headers(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    pairs(path, ':', "a header; write `Name: value`")
}

/// The variables in a file, one a line.
fn variables(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    pairs(path, '=', "a variable; write `NAME=value`")
}

/// An error does not repeat what is in the file.
fn pairs(path: &Path, between: char, what: &str) -> Result<Vec<(String, String)>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
    let is_pair = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines = text.lines().enumerate().filter(|(_, line)| is_pair(line));
    let pair = |(number, line): (usize, &str)| {
        let (name, value) = line.split_once(between).ok_or_else(|| {
            let place = format!("{}, line {}", path.display(), number + 1);
            Failure::usage(format!("{place}: this is not {what}"))
        })?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    lines.map(pair).collect()
}
