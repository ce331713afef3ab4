//! The files that the gate depends on, and the calls that may change them.
//!
//! Who may write the settings of a coding agent can take the gate out of its path, and who may write a
//! shell's profile can have it done later. So a call that may change such a file waits for a person,
//! whatever its class says. It is enough that the call names the file, in any param and in any spelling,
//! and is not proven to only read. A program that makes up a path while it runs cannot be seen through.

use std::collections::HashSet;
use std::env::current_dir;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use placet::policy::inspect::{Call, Inspection, Source, inspect};
use placet::{Json, Object};

use crate::client::ClientName;
use crate::config::HookConfig;
use crate::event::ToolCall;
use crate::guards::{FILES, FOLDERS};
use crate::log_files::{is_log_name, is_of_log};
use crate::mention::{ANYTHING, SOMETHING, Words};
use crate::pattern::{ANY_NAME, may_end, names, names_from};
use crate::place::{Folders, Scope};
use crate::texts::{Run, Texts};

/// How many links are followed in one path, as most systems do.
const MAX_LINKS: usize = 40;

/// Params that are tried as a folder for the others.
const MAX_FOLDERS: usize = 8;

/// What a gateway is set up by, wherever it is.
const GATEWAY: [&str; 2] = ["servers.toml", LOCK];

/// The tools that were vetted. A policy beside it is that of a gateway.
const LOCK: &str = "tools.lock";

/// Rules beside a policy.
const RULES: &str = "*.cedar";

/// What these end with.
const RULES_END: &str = ".cedar";

/// What `placet` does that changes what it decides by, or answers for a person.
const OWN_COMMANDS: [&str; 11] = [
    "approvals",
    "autonomy",
    "evidence",
    "hook",
    "init",
    "key",
    "kill",
    "log",
    "people",
    "policy",
    "serve",
];

/// What a call may change that is protected, unless it is proven to only read. The hook is known by its
/// configuration and where that is.
pub(crate) fn changed(
    call: &ToolCall,
    folders: Option<&Folders>,
    (config, path): (&HookConfig, &Path),
) -> Option<String> {
    let (tool, params) = (call.tool.as_str(), &call.params);
    let inspection = inspect(&Call { tool, params, annotations: None });
    if inspection.is_proven_read() {
        return None;
    }
    Protected::new(folders, path, config).changed(call, &inspection)
}

/// What is protected for one hook.
struct Protected {
    home: Option<PathBuf>,
    /// Whole paths, as they are written and as they are.
    files: Vec<Vec<String>>,
    folders: Vec<Vec<String>>,
    /// The same as the system has them, for other names of the same file.
    places: Vec<PathBuf>,
    /// The names that all of these end with: most paths have none of them.
    ends: HashSet<String>,
}

impl Protected {
    fn new(folders: Option<&Folders>, path: &Path, config: &HookConfig) -> Self {
        let named = [&config.key_file, &config.log, &config.policy];
        let mut files: Vec<PathBuf> = named.into_iter().flatten().cloned().collect();
        files.push(path.to_owned());
        let beside = |path: &Path, end: &str| {
            let mut name = path.file_name().map(OsString::from).unwrap_or_default();
            name.push(end);
            path.with_file_name(name)
        };
        if let Some(log) = &config.log {
            files.extend(["-key", "-lock", "-wal", "-shm", "-journal"].map(|end| beside(log, end)));
        }
        if let Some(policy) = &config.policy {
            files.push(policy.with_file_name(RULES));
            files.extend(rules(policy));
        }
        files.extend(std::env::current_exe());
        let mut own = vec![config.state.clone()];
        if let Some(folders) = folders {
            for client in ClientName::ALL.map(ClientName::client) {
                let scopes = [Scope::User, Scope::Project];
                files.extend(scopes.map(|scope| client.settings(folders, scope)));
                files.extend(client.other_settings(folders));
            }
            own.extend([folders.config.clone(), folders.state.clone()]);
        }
        let home = folders.map(|folders| folders.home.clone());
        let (places, files, folders) = (files.clone(), as_names(&files), as_names(&own));
        let fixed = FILES.iter().chain(FOLDERS).map(|wanted| ending(wanted));
        let own = files.iter().chain(&folders).map(|wanted| ending(wanted));
        let ends = fixed.chain(own).collect();
        Self { home, files, folders, places, ends }
    }

    fn changed(&self, call: &ToolCall, inspection: &Inspection) -> Option<String> {
        let sources = inspection.evidence().iter().map(|it| (it.source, it.pointer.as_str()));
        let unclear = inspection.uninspectable().iter().map(|it| (it.source, it.pointer.as_str()));
        let mut run = Run::default();
        for (source, pointer) in sources.chain(unclear) {
            match source {
                Source::Shell => run.commands.push(pointer.to_owned()),
                Source::Code => run.codes.push(pointer.to_owned()),
                _ => {}
            }
        }
        let texts = Texts::of(call.tool.as_str(), &call.params, run);
        let bases = bases(&call.context);
        texts.commands.iter().find_map(|text| self.by_command(text, &bases)).or_else(|| {
            let folders = texts.wholes.iter().take(MAX_FOLDERS);
            let joined = folders.flat_map(|folder| {
                let names = texts.wholes.iter().take(MAX_FOLDERS);
                names.map(move |name| format!("{folder}/{name}"))
            });
            let joined: Vec<String> = joined.collect();
            let found =
                texts.paths.iter().chain(&joined).find_map(|path| self.by_path(path, &bases));
            let more = || texts.more.iter().find_map(|path| self.by_path(path, &[]));
            found.or_else(more).or(texts.too_long.clone())
        })
    }

    fn by_command(&self, text: &str, bases: &[PathBuf]) -> Option<String> {
        let words = Words::of(text);
        if words.is_cut {
            return Some("what guards this agent, in more words than can be looked at".to_owned());
        }
        let at = |wanted: &str| {
            words.all.iter().position(|word| word.rsplit('/').next() == Some(wanted))
        };
        let after = |at: usize, wanted: &[&str]| {
            words.all.iter().skip(at + 1).any(|word| wanted.contains(&word.as_str()))
        };
        if at("git").is_some_and(|at| after(at, &["config"])) {
            return Some("the configuration of git".to_owned());
        }
        if at("placet").is_some_and(|at| after(at, &OWN_COMMANDS)) {
            return Some("what Placet decides by".to_owned());
        }
        let mut bases = bases.to_vec();
        for pair in words.all.windows(2) {
            if let [goes, folder] = pair
                && ["cd", "pushd", "-C"].contains(&goes.as_str())
                && bases.len() < MAX_FOLDERS
            {
                let known: Vec<PathBuf> = bases.iter().map(|base| base.join(folder)).collect();
                bases.extend(known);
            }
        }
        words.all.iter().find_map(|word| self.by_path(word, &bases))
    }

    /// The protected file that a path is, seen from one of these folders.
    fn by_path(&self, path: &str, bases: &[PathBuf]) -> Option<String> {
        let path = self.in_home(path);
        let shown = || path.replace(ANYTHING, "…").replace(SOMETHING, "*");
        if path.starts_with(ANYTHING) {
            return self.is_protected(&names(&path)).then(shown);
        }
        for base in bases {
            let whole = base.join(&path);
            let written = names_from(names(&base.to_string_lossy()), &path);
            let is_known = !path.contains([ANYTHING, SOMETHING]);
            let is_found =
                self.is_protected(&written) || is_of_gateway(&whole) || is_of_log(&whole);
            let is_other = || {
                let is_back = path.contains("..");
                (is_back || is_begun(base, &path)) && self.is_same(&whole)
                    || is_back && self.is_same(&taken_back(&whole))
            };
            if is_found || is_known && is_other() {
                return Some(shown());
            }
        }
        (bases.is_empty() && self.is_protected(&names(&path))).then(shown)
    }

    fn in_home(&self, path: &str) -> String {
        let path = path.strip_prefix("file://").unwrap_or(path);
        let inner = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match (&self.home, inner) {
            (Some(home), Some(inner)) => format!("{}{inner}", home.display()),
            _ => path.to_owned(),
        }
    }

    /// Whether it is protected under another name: where links lead, or as another entry of a folder.
    fn is_same(&self, path: &Path) -> bool {
        let real = followed(path);
        let is_listed = || self.is_protected(&names(&real.to_string_lossy()));
        if real != path && (is_listed() || is_of_log(&real)) {
            return true;
        }
        is_shared(&real) && self.places.iter().any(|place| is_one_file(place, &real))
    }

    fn is_protected(&self, path: &[String]) -> bool {
        let may_be = |name: &String| {
            let is_open = name.contains([ANYTHING, SOMETHING]);
            is_open || self.ends.contains(name) || name.ends_with(RULES_END)
        };
        path.iter().any(may_be) && self.is_listed(path)
            || path.last().is_some_and(|name| GATEWAY.contains(&name.as_str()) || is_log_name(name))
    }

    fn is_listed(&self, path: &[String]) -> bool {
        let starts = || (1..=path.len()).filter_map(|end| path.get(..end));
        FILES.iter().any(|wanted| may_end(path, wanted))
            || self.files.iter().any(|wanted| may_end(path, wanted))
            || starts().any(|start| FOLDERS.iter().any(|wanted| may_end(start, wanted)))
            || starts().any(|start| self.folders.iter().any(|wanted| may_end(start, wanted)))
    }
}

/// The name that a path ends with, or that before where this may be any. The rules are known apart.
fn ending<S: AsRef<str>>(wanted: &[S]) -> String {
    let mut names = wanted.iter().map(AsRef::as_ref).rev();
    names.find(|name| *name != ANY_NAME).unwrap_or_default().to_owned()
}

/// A path in which `..` takes back the name before it, as many programs have it before they open it.
fn taken_back(path: &Path) -> PathBuf {
    let mut left = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(left.pop()),
            part => left.push(part),
        }
    }
    left
}

/// Whether there is anything at the first name of a path, seen from a folder: else no link is in it.
fn is_begun(folder: &Path, path: &str) -> bool {
    let mut names = path.split('/').filter(|name| !name.is_empty() && *name != ".");
    path.starts_with('/')
        || names.next().is_none_or(|name| folder.join(name).symlink_metadata().is_ok())
}

/// The rules that are beside a policy now.
fn rules(policy: &Path) -> Vec<PathBuf> {
    let entries = policy.parent().and_then(|folder| folder.read_dir().ok());
    let paths = entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "cedar")).collect()
}

/// Whether it may be what a gateway decides by: what is beside its lock file.
fn is_of_gateway(path: &Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let name = names(&name.to_string_lossy());
    let wanted = GATEWAY.into_iter().chain(["policy.toml", RULES]);
    wanted.into_iter().any(|wanted| may_end(&name, &[wanted])) && path.with_file_name(LOCK).exists()
}

/// Paths by their names, as they are written and as links lead.
fn as_names(paths: &[PathBuf]) -> Vec<Vec<String>> {
    let both = paths.iter().flat_map(|path| [path.clone(), followed(path)]);
    let mut all: Vec<Vec<String>> = both.map(|path| names(&path.to_string_lossy())).collect();
    all.sort();
    all.dedup();
    all
}

/// The folders that a path may be seen from.
fn bases(context: &Object) -> Vec<PathBuf> {
    let text = |json: &Json| json.as_str().map(PathBuf::from);
    let mut bases: Vec<PathBuf> = context.get("cwd").and_then(text).into_iter().collect();
    let roots = context.get("workspace_roots").and_then(Json::as_array).unwrap_or_default();
    bases.extend(roots.iter().filter_map(text));
    bases.extend(current_dir());
    let real: Vec<PathBuf> = bases.iter().filter_map(|base| base.canonicalize().ok()).collect();
    bases.extend(real);
    let mut known = HashSet::new();
    bases.retain(|base| known.insert(base.clone()));
    bases.truncate(MAX_FOLDERS);
    bases
}

/// A path without links, also where its end is not there yet.
fn followed(path: &Path) -> PathBuf {
    let mut real = PathBuf::new();
    let mut left: Vec<OsString> = parts(path);
    let mut links = 0;
    let mut is_there = true;
    while let Some(part) = left.pop() {
        if part == ".." {
            real.pop();
            continue;
        }
        let next =
            if real.as_os_str().is_empty() { PathBuf::from(&part) } else { real.join(&part) };
        let link = if is_there { std::fs::read_link(&next) } else { Err(gone()) };
        match link {
            Ok(to) if links < MAX_LINKS => {
                links += 1;
                if to.is_absolute() {
                    real = PathBuf::new();
                }
                left.extend(parts(&to));
            }
            Ok(_) => real = next,
            Err(error) => {
                is_there &= error.kind() != std::io::ErrorKind::NotFound;
                real = next;
            }
        }
    }
    real
}

fn gone() -> std::io::Error {
    std::io::ErrorKind::NotFound.into()
}

/// The parts of a path, the last first.
fn parts(path: &Path) -> Vec<OsString> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let mut parts: Vec<OsString> = parts.map(|part| part.as_os_str().to_owned()).collect();
    parts.reverse();
    parts
}

#[cfg(unix)]
fn is_shared(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    path.symlink_metadata().is_ok_and(|known| known.is_file() && known.nlink() > 1)
}

#[cfg(unix)]
fn is_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |path: &Path| path.metadata().map(|known| (known.dev(), known.ino())).ok();
    place(one).is_some_and(|one| place(other) == Some(one))
}

#[cfg(not(unix))]
fn is_shared(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn is_one_file(_: &Path, _: &Path) -> bool {
    false
}
