//! One server as a client is configured with it: carried over whole, or refused.
//!
//! What is not understood is not left out: a server that would run otherwise behind the gateway than it
//! did before is refused by its name, with what to do.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::client::NAME;
use crate::failure::Failure;

/// A server as a client is configured with it.
#[derive(Clone, Debug)]
pub(super) struct Configured {
    pub(super) name: String,
    pub(super) place: Place,
    /// What was carried over as it is now, and will not follow its source.
    pub(super) notes: Vec<String>,
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

impl Configured {
    /// Whether it is a gateway that was put there before.
    pub(super) fn is_gateway(&self) -> bool {
        match &self.place {
            Place::Command { words, .. } => {
                self.name == NAME
                    && words.iter().skip(1).map(String::as_str).take(2).eq(["mcp", "--config"])
            }
            Place::Url { .. } => false,
        }
    }
}

/// What a client makes of `${…}`.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    /// Whether it is anything but these characters.
    pub(super) expands: bool,
    /// Whether `${NAME}` is a variable of the environment. `${env:NAME}` always is.
    pub(super) has_plain_names: bool,
    /// The folder that `${workspaceFolder}` stands for.
    pub(super) workspace: Option<PathBuf>,
}

/// Keys that change nothing about how a server runs: names, pictures, and how the client asks and waits.
const ASIDE: [&str; 18] = [
    "alwaysAllow",
    "autoApprove",
    "auto_approve",
    "description",
    "dev",
    "disabled",
    "enabled",
    "gallery",
    "icon",
    "metadata",
    "name",
    "required",
    "startup_timeout_ms",
    "startup_timeout_sec",
    "timeout",
    "tool_timeout_sec",
    "trust",
    "version",
];

/// Keys that are carried over.
const CARRIED: [&str; 13] = [
    "args",
    "bearer_token_env_var",
    "command",
    "cwd",
    "env",
    "envFile",
    "env_http_headers",
    "env_vars",
    "headers",
    "http_headers",
    "transport",
    "type",
    "url",
];

/// Whether a client would not start this server. Then it stays where it is.
pub(super) fn is_off(entry: &Value) -> bool {
    entry.get("disabled") == Some(&Value::Bool(true))
        || entry.get("enabled") == Some(&Value::Bool(false))
}

/// Reads an entry.
pub(super) fn configured(
    name: &str,
    entry: &Value,
    dialect: &Dialect,
) -> Result<Configured, Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    // As clients do with names that cannot stand before a tool's.
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let words: Vec<_> = plain.split('_').filter(|word| !word.is_empty()).collect();
    let plain = if words.is_empty() { "-".to_owned() } else { words.join("_") };
    let reader = Reader { name, dialect, notes: Vec::new() };
    let Value::Object(fields) = entry else {
        return Err(reader.refused("is no object", "write it as its client has it"));
    };
    reader.read(plain, fields)
}

struct Reader<'a> {
    name: &'a str,
    dialect: &'a Dialect,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn read(mut self, plain: String, fields: &Map<String, Value>) -> Result<Configured, Failure> {
        let known =
            |key: &&String| CARRIED.contains(&key.as_str()) || ASIDE.contains(&key.as_str());
        if let Some(key) = fields.keys().find(|key| !known(key)) {
            return Err(self.refused(
                &format!("has {key:?}, which the gateway cannot do for it"),
                "take that out of its entry, or move the server into another configuration",
            ));
        }
        self.transport(fields)?;
        let place = match (self.text(fields, "command")?, self.text(fields, "url")?) {
            (Some(command), None) => self.command(command, fields)?,
            (None, Some(url)) => self.url(url, fields)?,
            (Some(_), Some(_)) => {
                let why = "has both a command and a URL";
                return Err(self.refused(why, "leave one of them in its entry"));
            }
            (None, None) => {
                let why = "has neither a command nor a URL";
                return Err(self.refused(why, "complete its entry, or take it out"));
            }
        };
        Ok(Configured { name: plain, place, notes: self.notes })
    }

    fn transport(&self, fields: &Map<String, Value>) -> Result<(), Failure> {
        for key in ["type", "transport"] {
            match fields.get(key).map(|kind| kind.as_str().unwrap_or_default()) {
                None
                | Some(
                    "stdio" | "http" | "streamable-http" | "streamableHttp" | "streamable_http",
                ) => {}
                Some("sse") => {
                    return Err(self.refused(
                        "speaks the older transport \"sse\", which the gateway does not",
                        "write the URL at which it speaks streamable HTTP, with the type \"http\", or move the \
                         server into another configuration",
                    ));
                }
                Some(_) => {
                    let why = format!("has a {key:?} that is not known here");
                    return Err(self.refused(&why, "write \"stdio\" or \"http\""));
                }
            }
        }
        Ok(())
    }

    fn command(&mut self, command: String, fields: &Map<String, Value>) -> Result<Place, Failure> {
        self.none_of(
            fields,
            &["headers", "http_headers", "env_http_headers", "bearer_token_env_var"],
        )?;
        let mut words = vec![command];
        words.extend(self.list(fields, "args")?);
        if let Some(folder) = self.text(fields, "cwd")? {
            words = self.within(folder, words)?;
        }
        let mut environment = Vec::new();
        if let Some(file) = self.text(fields, "envFile")? {
            environment.extend(self.env_file(&file)?);
        }
        for name in self.list(fields, "env_vars")? {
            let value = self.variable(&name)?;
            put(&mut environment, name, value);
        }
        for (name, value) in self.pairs(fields, "env")? {
            put(&mut environment, name, value);
        }
        Ok(Place::Command { words, environment })
    }

    fn url(&mut self, url: String, fields: &Map<String, Value>) -> Result<Place, Failure> {
        self.none_of(fields, &["args", "cwd", "env", "envFile", "env_vars"])?;
        let mut headers = self.pairs(fields, "headers")?;
        headers.extend(self.pairs(fields, "http_headers")?);
        for (header, variable) in self.pairs(fields, "env_http_headers")? {
            headers.push((header, self.variable(&variable)?));
        }
        if let Some(variable) = self.text(fields, "bearer_token_env_var")? {
            let token = self.variable(&variable)?;
            headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
        }
        Ok(Place::Url { url, headers })
    }

    /// The same command in another folder. A shell goes there; the gateway has no word for it.
    fn within(&self, folder: String, words: Vec<String>) -> Result<Vec<String>, Failure> {
        if !cfg!(unix) || !Path::new(&folder).is_absolute() {
            let why = "runs in a folder (\"cwd\") that depends on where its client runs";
            return Err(self.refused(why, "write the whole path of that folder"));
        }
        let shell = ["sh", "-c", "cd \"$0\" && exec \"$@\""].map(str::to_owned);
        Ok(shell.into_iter().chain([folder]).chain(words).collect())
    }

    /// The variables in a file, where each line can be read in one way only.
    fn env_file(&mut self, file: &str) -> Result<Vec<(String, String)>, Failure> {
        let path = match (&self.dialect.workspace, Path::new(file)) {
            (_, path) if path.is_absolute() => path.to_owned(),
            (Some(workspace), path) => workspace.join(path),
            (None, _) => {
                let why = "has an \"envFile\" that depends on where its client runs";
                return Err(self.refused(why, "write the whole path of that file"));
            }
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::file("read", &path, error).context(self.what()))?;
        let mut pairs = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let pair = line
                .split_once('=')
                .and_then(|(name, value)| Some((name.trim().to_owned(), unquoted(value.trim())?)));
            let Some((name, value)) = pair.filter(|(name, _)| is_name(name)) else {
                let why = format!(
                    "has an \"envFile\" of which line {} can be read in several ways",
                    number + 1
                );
                return Err(self.refused(&why, "write plain lines NAME=value there"));
            };
            put(&mut pairs, name, value);
        }
        self.notes.push(format!("the variables in {} as they are now", path.display()));
        Ok(pairs)
    }

    fn text(&mut self, fields: &Map<String, Value>, key: &str) -> Result<Option<String>, Failure> {
        match fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => self.expanded(text).map(Some),
            Some(_) => Err(self.refused(&format!("has a {key:?} that is no text"), "write a text")),
        }
    }

    fn list(&mut self, fields: &Map<String, Value>, key: &str) -> Result<Vec<String>, Failure> {
        let why = format!("has {key:?} that are no list of texts");
        match fields.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let items = items.iter().map(|item| match item {
                    Value::String(text) => self.expanded(text),
                    _ => Err(self.refused(&why, "write a list of texts")),
                });
                items.collect()
            }
            Some(_) => Err(self.refused(&why, "write a list of texts")),
        }
    }

    fn pairs(
        &mut self,
        fields: &Map<String, Value>,
        key: &str,
    ) -> Result<Vec<(String, String)>, Failure> {
        let why = format!("has {key:?} that do not give a text for each name");
        let remedy = "write a text for each, in quotes, on one line, without blanks around it";
        match fields.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Object(pairs)) => {
                let pairs = pairs.iter().map(|(name, value)| match value {
                    Value::String(text) => Ok((name.clone(), self.expanded(text)?)),
                    _ => Err(self.refused(&why, remedy)),
                });
                let pairs: Vec<_> = pairs.collect::<Result<_, _>>()?;
                let is_kept = |text: &str| text.trim() == text && !text.contains(['\n', '\r']);
                if pairs.iter().all(|(name, value)| is_kept(name) && is_kept(value)) {
                    return Ok(pairs);
                }
                Err(self.refused(&why, remedy))
            }
            Some(_) => Err(self.refused(&why, remedy)),
        }
    }

    /// A text with what its client would put in the place of `${…}`.
    fn expanded(&mut self, text: &str) -> Result<String, Failure> {
        let mut out = String::new();
        let mut rest = text;
        while let (true, Some((before, after))) = (self.dialect.expands, rest.split_once("${")) {
            let Some((inner, after)) = after.split_once('}') else { break };
            out.push_str(before);
            out.push_str(&self.meant(inner)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn meant(&mut self, inner: &str) -> Result<String, Failure> {
        let path = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
        let known = match inner {
            "workspaceFolder" => path(self.dialect.workspace.clone()),
            "userHome" => path(std::env::var_os("HOME").map(PathBuf::from)),
            "pathSeparator" | "/" => Some(std::path::MAIN_SEPARATOR.to_string()),
            _ => None,
        };
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        if let Some(known) = known {
            Ok(known)
        } else if let Some(name) = inner.strip_prefix("env:") {
            self.variable(name)
        } else if self.dialect.has_plain_names && is_name(name) {
            match (std::env::var_os(name), default) {
                (None, Some(default)) => Ok(default.to_owned()),
                _ => self.variable(name),
            }
        } else {
            let why = format!("uses ${{{inner}}}, which only its client can fill in");
            Err(self.refused(
                &why,
                "write the value itself, or ${env:NAME} for a variable of that name",
            ))
        }
    }

    /// A variable of the environment, as it is now.
    fn variable(&mut self, name: &str) -> Result<String, Failure> {
        let value = std::env::var(name).map_err(|_| {
            let why = format!("uses the variable {name}, which is not set here");
            self.refused(&why, &format!("set {name} and run this again"))
        })?;
        self.notes.push(format!("the variable {name} as it is now"));
        Ok(value)
    }

    fn none_of(&self, fields: &Map<String, Value>, keys: &[&str]) -> Result<(), Failure> {
        let is_there = |key: &&&str| fields.get(**key).is_some_and(|value| !value.is_null());
        match keys.iter().find(is_there) {
            None => Ok(()),
            Some(key) => Err(self.refused(
                &format!("has {key:?}, which makes no sense for its kind"),
                "take that out of its entry",
            )),
        }
    }

    fn what(&self) -> String {
        format!("the server {}", self.name)
    }

    fn refused(&self, why: &str, remedy: &str) -> Failure {
        Failure::unusable_because(format!("{} {why}", self.what())).help(remedy.to_owned())
    }
}

/// A later one takes the place of one of the same name.
fn put(pairs: &mut Vec<(String, String)>, name: String, value: String) {
    pairs.retain(|(known, _)| *known != name);
    pairs.push((name, value));
}

fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A value in quotes, or without any; none where readers differ about it.
fn unquoted(value: &str) -> Option<String> {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote) {
            let inner = inner.strip_suffix(quote)?;
            let is_plain = !inner.contains([quote, '\\', '$']) && inner.trim() == inner;
            return is_plain.then(|| inner.to_owned());
        }
    }
    (!value.contains(['"', '\'', '\\', '$', '`', '#'])).then(|| value.to_owned())
}
