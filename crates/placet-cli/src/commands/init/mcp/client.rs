//! The configurations of clients: where they are, which servers they name, and how the gateway is put
//! in the place of these.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use placet_hook::Tree;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// How the gateway is called in a client's configuration.
const NAME: &str = "placet";

/// Where clients keep their servers in JSON.
const KEYS: [&str; 2] = ["mcpServers", "servers"];

/// A server as a client is configured with it.
#[derive(Clone, Debug)]
pub(super) struct Configured {
    pub(super) name: String,
    pub(super) place: Place,
}

/// Where it is, with what is shown to it.
#[derive(Clone)]
pub(super) enum Place {
    Command { words: Vec<String>, environment: Vec<(String, String)> },
    Url { url: String, headers: Vec<(String, String)> },
}

/// What is shown to a server is a secret.
impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Command { words, .. } => write!(f, "Command({words:?})"),
            Self::Url { url, .. } => write!(f, "Url({url:?})"),
        }
    }
}

/// A client's configuration.
pub(super) enum Setup {
    Json(String, Tree),
    /// Codex.
    Toml(String),
}

/// An entry, in the words that clients share.
#[derive(Deserialize)]
struct Entry {
    command: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    url: Option<String>,
    #[serde(default, alias = "http_headers")]
    headers: BTreeMap<String, String>,
}

/// The file that is meant by a path or by the name of a client.
pub(super) fn path(client: &str) -> Result<PathBuf, Failure> {
    let home = || std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let places = match client {
        "claude-code" => vec![PathBuf::from(".mcp.json"), home().join(".claude.json")],
        "claude-desktop" => vec![
            home().join("Library/Application Support/Claude/claude_desktop_config.json"),
            home().join(".config/Claude/claude_desktop_config.json"),
        ],
        "cursor" => vec![PathBuf::from(".cursor/mcp.json"), home().join(".cursor/mcp.json")],
        "vscode" => vec![PathBuf::from(".vscode/mcp.json")],
        "codex" => vec![home().join(".codex/config.toml")],
        file => return Ok(PathBuf::from(file)),
    };
    let shown: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
    places.into_iter().find(|place| place.exists()).ok_or_else(|| {
        Failure::unusable_because(format!("there is no configuration of {client}"))
            .help(format!("looked at {}; name a file", shown.join(" and ")))
    })
}

/// Where the configuration is kept as it was.
pub(super) fn backup(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".before-placet");
    name.into()
}

impl Setup {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
        if path.extension().is_some_and(|extension| extension == "toml") {
            return Ok(Self::Toml(text));
        }
        let tree = Tree::parse(&text).map_err(|error| {
            Failure::unusable(error).context(format!("{} cannot be read", path.display()))
        })?;
        Ok(Self::Json(text, tree))
    }

    /// The servers that it names.
    pub(super) fn servers(&self) -> Result<Vec<Configured>, Failure> {
        let entries = match self {
            Self::Json(_, tree) => {
                let of = KEYS.iter().find_map(|key| tree.get(key));
                serde_json::to_value(of).map_err(Failure::unusable)?
            }
            Self::Toml(text) => {
                let mut whole: toml::Table = toml::from_str(text).map_err(Failure::unusable)?;
                serde_json::to_value(whole.remove("mcp_servers")).map_err(Failure::unusable)?
            }
        };
        let Value::Object(entries) = entries else { return Ok(Vec::new()) };
        entries.into_iter().map(|(name, entry)| configured(&name, entry)).collect()
    }

    /// Puts the gateway in the place of all servers; where the configuration is kept as it was.
    pub(super) fn point_here(
        &self,
        path: &Path,
        folder: &Path,
        policy: &Path,
    ) -> Result<PathBuf, Failure> {
        let whole = |path: &Path| std::path::absolute(path).map_err(Failure::from);
        let at = |name: &str| whole(&folder.join(name)).map(|path| path.display().to_string());
        let arguments = [
            "mcp".to_owned(),
            "--config".to_owned(),
            at("servers.toml")?,
            "--policy".to_owned(),
            whole(policy)?.display().to_string(),
            "--log".to_owned(),
            at("placet.db")?,
            "--lock".to_owned(),
            at("tools.lock")?,
        ];
        let program = std::env::current_exe().map_err(Failure::from)?.display().to_string();
        let text = match self {
            Self::Json(text, tree) => rewritten_json(text, tree, &program, &arguments),
            Self::Toml(text) => rewritten_toml(text, &program, &arguments)?,
        };
        let backup = backup(path);
        if backup.exists() {
            return Err(Failure::unusable_because(format!(
                "{} is there already",
                backup.display()
            ))
            .help("this configuration was rewritten before; undo that first with --undo"));
        }
        std::fs::copy(path, &backup).map_err(|error| Failure::file("write", &backup, error))?;
        // What it was may have secrets in it that are nowhere else any more.
        #[cfg(unix)]
        {
            let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&backup, own)
                .map_err(|error| Failure::file("write", &backup, error))?;
        }
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        std::fs::write(&new, text)
            .and_then(|()| std::fs::set_permissions(&new, std::fs::metadata(path)?.permissions()))
            .and_then(|()| std::fs::rename(&new, path))
            .map_err(|error| Failure::file("write", path, error))?;
        Ok(backup)
    }
}

fn configured(name: &str, entry: Value) -> Result<Configured, Failure> {
    let Entry { command, args, env, url, headers } = serde_json::from_value(entry)
        .map_err(|error| Failure::unusable(error).context(format!("the server {name}")))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    // As clients do with names that cannot stand before a tool's.
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let plain = plain.replace("__", "_");
    let place = match (command, url) {
        (Some(command), _) => Place::Command {
            words: std::iter::once(command).chain(args).collect(),
            environment: env.into_iter().collect(),
        },
        (None, Some(url)) => Place::Url { url, headers: headers.into_iter().collect() },
        (None, None) => {
            let why = format!("the server {name} has neither a command nor a URL");
            return Err(Failure::unusable_because(why));
        }
    };
    Ok(Configured { name: plain, place })
}

fn rewritten_json(text: &str, tree: &Tree, program: &str, arguments: &[String]) -> String {
    let key = KEYS.into_iter().find(|key| tree.get(key).is_some()).unwrap_or("mcpServers");
    let mut entry = json!({ "command": program, "args": arguments });
    if let (true, Some(fields)) = (key == "servers", entry.as_object_mut()) {
        fields.insert("type".to_owned(), "stdio".into());
    }
    let mut tree = tree.clone();
    tree.set(key, Tree::from(json!({ NAME: entry })));
    tree.render(text)
}

/// The text without the tables of servers, and with one of ours. What else is in it stays as it is.
fn rewritten_toml(text: &str, program: &str, arguments: &[String]) -> Result<String, Failure> {
    let mut kept = String::new();
    let mut is_server = false;
    for line in text.lines() {
        if line.trim_start().starts_with('[') {
            let header = line.trim().trim_start_matches('[').trim_start();
            is_server = header.starts_with("mcp_servers.") || header.starts_with("mcp_servers]");
        }
        if !is_server {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let words = serde_json::to_string(arguments).map_err(Failure::unusable)?;
    let program = Value::from(program);
    kept.push_str(&format!("\n[mcp_servers.{NAME}]\ncommand = {program}\nargs = {words}\n"));
    let whole = toml::from_str::<toml::Table>(&kept).ok();
    let servers = whole.as_ref().and_then(|it| it.get("mcp_servers")?.as_table());
    if servers.is_none_or(|servers| servers.len() != 1) {
        return Err(Failure::unusable_because(
            "the servers are not written as tables [mcp_servers.NAME], and were left as they are",
        ));
    }
    Ok(kept)
}
