//! The configurations of clients: where they are, which servers they name, and how the gateway is put
//! in the place of these.

use std::path::{Path, PathBuf};

use placet_hook::{Tree, jsonc};
use serde_json::{Value, json};

use super::entry::{Configured, Dialect, configured, is_off};
use super::tables;
use crate::failure::Failure;

/// How the gateway is called in a client's configuration.
pub(super) const NAME: &str = "placet";

/// Where clients keep their servers in JSON.
const KEYS: [&str; 2] = ["mcpServers", "servers"];

/// A client's configuration.
pub(super) enum Setup {
    Json(Settings),
    /// Codex.
    Toml(String),
}

/// Settings in JSON, with or without comments.
pub(super) struct Settings {
    text: String,
    plain: String,
    tree: Tree,
}

/// Where a client keeps its configuration, that of the project first; none where this is no client's
/// name.
fn places(client: &str) -> Result<Option<Vec<PathBuf>>, Failure> {
    let moved = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let home = || {
        moved("HOME").filter(|home| home.is_absolute()).ok_or_else(|| {
            let why = format!("HOME is not set, so nobody knows where {client} keeps its servers");
            Failure::usage(why).help("set it, or name the file")
        })
    };
    let at = |variable: &str, usual: &str| match moved(variable) {
        Some(folder) => Ok(folder),
        None => home().map(|home| home.join(usual)),
    };
    let config = || at("XDG_CONFIG_HOME", ".config");
    let support = || Ok::<_, Failure>(home()?.join("Library/Application Support"));
    Ok(Some(match client {
        "claude-code" => {
            vec![PathBuf::from(".mcp.json"), at("CLAUDE_CONFIG_DIR", "")?.join(".claude.json")]
        }
        "claude-desktop" => vec![
            support()?.join("Claude/claude_desktop_config.json"),
            config()?.join("Claude/claude_desktop_config.json"),
        ],
        "cursor" => vec![PathBuf::from(".cursor/mcp.json"), home()?.join(".cursor/mcp.json")],
        "vscode" => vec![
            PathBuf::from(".vscode/mcp.json"),
            support()?.join("Code/User/mcp.json"),
            config()?.join("Code/User/mcp.json"),
        ],
        "codex" => vec![
            PathBuf::from(".codex/config.toml"),
            at("CODEX_HOME", ".codex")?.join("config.toml"),
        ],
        _ => return Ok(None),
    }))
}

/// The file that is meant by a path or by the name of a client: the first that names servers, else the
/// first that is there.
pub(super) fn path(client: &str) -> Result<PathBuf, Failure> {
    let Some(places) = places(client)? else { return Ok(PathBuf::from(client)) };
    let shown: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
    let there: Vec<_> = places.into_iter().filter(|place| place.exists()).collect();
    let named = there.iter().find(|place| Setup::read(place).is_ok_and(|it| it.has_servers()));
    named.or(there.first()).cloned().ok_or_else(|| {
        Failure::unusable_because(format!("there is no configuration of {client}"))
            .help(format!("looked at {}; name a file", shown.join(" and ")))
    })
}

/// Other files with servers that the same client starts here.
pub(super) fn others(client: &str, path: &Path) -> Vec<PathBuf> {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    let mut others = places(client).ok().flatten().unwrap_or_default();
    others.retain(|other| {
        let is_it = whole(other) == whole(path);
        !is_it && Setup::read(other).is_ok_and(|setup| setup.has_servers())
    });
    others
}

/// What a client makes of `${…}` in this file.
fn dialect(path: &Path, key: Option<&str>) -> Dialect {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let is_editor = [".vscode", ".cursor"].iter().any(|editor| folder.ends_with(editor));
    let workspace = if is_editor { folder.parent() } else { None };
    Dialect {
        expands: key.is_some() && name != "claude_desktop_config.json",
        has_plain_names: !is_editor && key != Some("servers"),
        workspace: workspace.map(Path::to_owned),
    }
}

impl Setup {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
        if path.extension().is_some_and(|extension| extension == "toml") {
            return Ok(Self::Toml(text));
        }
        Self::json(text, path)
    }

    /// Settings in JSON that were read from this file.
    pub(super) fn json(text: String, path: &Path) -> Result<Self, Failure> {
        let settings = Settings::read(text).map_err(|error| {
            Failure::unusable(error).context(format!("{} cannot be read", path.display()))
        })?;
        Ok(Self::Json(settings))
    }

    /// The servers that it names and its client would start.
    pub(super) fn servers(&self, path: &Path) -> Result<Vec<Configured>, Failure> {
        let (entries, dialect) = match self {
            Self::Json(settings) => {
                let place = settings.place()?;
                let entries = settings.at(&place).map(serde_json::to_value);
                let entries = entries.transpose().map_err(Failure::unusable)?;
                (entries.unwrap_or_default(), dialect(path, place.last().map(String::as_str)))
            }
            Self::Toml(text) => (tables::servers(text)?, dialect(path, None)),
        };
        let Value::Object(entries) = entries else { return Ok(Vec::new()) };
        let on = entries.iter().filter(|(_, entry)| !is_off(entry));
        let servers = on.map(|(name, entry)| configured(name, entry, &dialect));
        let servers: Vec<Configured> = servers.collect::<Result<_, _>>()?;
        for (at, server) in servers.iter().enumerate() {
            if server.is_gateway() {
                let why = format!("{} points to the gateway already", path.display());
                return Err(Failure::unusable_because(why).help("undo that first with --undo"));
            }
            if servers.iter().skip(at + 1).any(|other| other.name == server.name) {
                let why = format!("two servers would both be called {}", server.name);
                return Err(Failure::unusable_because(why)
                    .help("give one of them another name of letters, digits, - and _"));
            }
        }
        Ok(servers)
    }

    /// Whether its client starts any servers because of it here.
    fn has_servers(&self) -> bool {
        match self {
            Self::Json(settings) => match settings.place() {
                Ok(place) => settings.at(&place).is_some_and(|it| !it.fields().is_empty()),
                Err(_) => true,
            },
            Self::Toml(text) => {
                let servers = tables::servers(text).ok();
                servers.and_then(|it| Some(!it.as_object()?.is_empty())).unwrap_or(false)
            }
        }
    }

    /// What in the same file is left as it is, and why.
    pub(super) fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        let (entries, others) = match self {
            Self::Json(settings) => {
                let place = settings.place().unwrap_or_default();
                let entries = settings.at(&place).and_then(|it| serde_json::to_value(it).ok());
                (entries.unwrap_or_default(), settings.other_projects(&place))
            }
            Self::Toml(text) => (tables::servers(text).unwrap_or_default(), Vec::new()),
        };
        for (name, _) in entries.as_object().into_iter().flatten().filter(|(_, it)| is_off(it)) {
            left.push(format!("the server {name} is turned off, and stays as it is"));
        }
        for folder in others {
            left.push(format!("the servers of {folder} pass no gateway; run this there as well"));
        }
        left
    }

    /// The text with the gateway in the place of its servers.
    pub(super) fn rewritten(&self, program: &str, arguments: &[String]) -> Result<String, Failure> {
        match self {
            Self::Json(settings) => settings.rewritten(program, arguments),
            Self::Toml(text) => tables::rewritten(text, program, arguments),
        }
    }

    /// The text as it is now with the servers as they were before. Whether anything else is others now
    /// than then is said as well.
    pub(super) fn put_back(&self, before: &Self) -> Result<(String, bool), Failure> {
        let gone = || {
            Failure::unusable_because("the gateway is not in this configuration any more")
                .help("compare it with the copy, and put back by hand what is missing")
        };
        match (self, before) {
            (Self::Json(now), Self::Json(before)) => now.put_back(before).ok_or_else(gone),
            (Self::Toml(now), Self::Toml(before)) => tables::put_back(now, before).ok_or_else(gone),
            _ => Err(gone()),
        }
    }
}

impl Settings {
    fn read(text: String) -> Result<Self, placet_hook::TreeError> {
        let plain = jsonc::plain(&text);
        let tree = Tree::parse(&plain)?;
        Ok(Self { text, plain, tree })
    }

    fn at(&self, keys: &[String]) -> Option<&Tree> {
        keys.iter().try_fold(&self.tree, |tree, key| tree.get(key))
    }

    /// Every place that may have servers: for everywhere, and for each project.
    fn places(&self) -> Vec<Vec<String>> {
        let own = KEYS.map(|key| vec![key.to_owned()]);
        let projects = self.tree.get("projects").map(Tree::fields).unwrap_or_default();
        let of = |(folder, _): &(String, Tree)| {
            vec!["projects".to_owned(), folder.clone(), "mcpServers".to_owned()]
        };
        let mut places: Vec<_> = own.into_iter().chain(projects.iter().map(of)).collect();
        places.retain(|place| self.at(place).is_some_and(|tree| !tree.fields().is_empty()));
        places
    }

    /// The one place whose servers a client in this folder starts.
    fn place(&self) -> Result<Vec<String>, Failure> {
        let here = std::env::current_dir().map_err(Failure::from)?.display().to_string();
        let is_here = |place: &Vec<String>| place.len() == 1 || place.get(1) == Some(&here);
        let places: Vec<_> = self.places().into_iter().filter(is_here).collect();
        match &*places {
            [] => Ok(KEYS.first().map(|key| (*key).to_owned()).into_iter().collect()),
            [only] => Ok(only.clone()),
            [first, others @ ..] => {
                let names = |place: &Vec<String>| {
                    let fields = self.at(place).map(Tree::fields).unwrap_or_default();
                    fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(", ")
                };
                let others: Vec<_> = others.iter().map(names).collect();
                let why = format!(
                    "there are servers in two places of this file, {} and {}, and one gateway cannot \
                     stand in both",
                    names(first),
                    others.join(", ")
                );
                Err(Failure::unusable_because(why).help(
                    "move those of the project into its .mcp.json, with `claude mcp add --scope project`",
                ))
            }
        }
    }

    /// Folders of other projects with servers of their own.
    fn other_projects(&self, place: &[String]) -> Vec<String> {
        let others = self.places().into_iter().filter(|it| it.len() > 1 && *it != place);
        others.filter_map(|it| it.into_iter().nth(1)).collect()
    }

    fn rewritten(&self, program: &str, arguments: &[String]) -> Result<String, Failure> {
        let place = self.place()?;
        let mut entry = json!({ "command": program, "args": arguments });
        if let (true, Some(fields)) = (place == ["servers"], entry.as_object_mut()) {
            fields.insert("type".to_owned(), "stdio".into());
        }
        let mut servers = Tree::from(json!({ NAME: entry }));
        for (name, server) in self.at(&place).map(Tree::fields).unwrap_or_default() {
            if serde_json::to_value(server).is_ok_and(|server| is_off(&server)) {
                servers.set(name, server.clone());
            }
        }
        self.with(&place, &servers.render(&self.text)).ok_or_else(|| {
            Failure::unusable_because(
                "the servers could not be found again in the text of this file",
            )
        })
    }

    fn with(&self, place: &[String], words: &str) -> Option<String> {
        jsonc::spliced(&self.text, &jsonc::span(&self.plain, place)?, words)
    }

    fn put_back(&self, before: &Self) -> Option<(String, bool)> {
        let has_ours =
            |place: &Vec<String>| self.at(place).is_some_and(|it| it.get(NAME).is_some());
        let place = self.places().into_iter().find(has_ours)?;
        let (then, now) = (before.at(&place)?, self.at(&place)?);
        let span = jsonc::span(&before.plain, &place)?;
        let own = jsonc::span(&self.plain, &place)?;
        let rest = |text: &str, span: &std::ops::Range<usize>| {
            Some((text.get(..span.start)?.to_owned(), text.get(span.end..)?.to_owned()))
        };
        let others = || now.fields().iter().filter(|(name, _)| name != NAME);
        let is_as_it_was = others().all(|(name, server)| then.get(name) == Some(server));
        let is_edited = !is_as_it_was || rest(&self.text, &own) != rest(&before.text, &span);
        if is_as_it_was {
            let (start, end) = rest(&self.text, &own)?;
            return Some((format!("{start}{}{end}", before.text.get(span)?), is_edited));
        }
        let mut servers = then.clone();
        others().for_each(|(name, server)| servers.set(name, server.clone()));
        Some((self.with(&place, &servers.render(&self.text))?, is_edited))
    }
}
