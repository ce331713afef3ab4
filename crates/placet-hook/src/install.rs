//! Installing: a client's settings, our configuration, and the way back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use placet_gate::private;
use zeroize::Zeroizing;

use crate::client::{Client, ClientName};
use crate::config::HookConfig;
use crate::json::{Tree, TreeError};
use crate::jsonc;
use crate::limits::{LATE_TIME, MAX_SETTINGS_BYTES, OWN_TIME, SPARE_TIME};
use crate::line::Lines;
use crate::place::{Folders, Scope};
use crate::settings::{self, ShapeError};

/// The policy of those who name none, and have no log yet that holds one.
const STARTER: &str = include_str!("starter.toml");

/// What is to be installed.
#[derive(Clone, Debug)]
pub struct Install {
    /// For which client.
    pub client: ClientName,
    /// In whose settings.
    pub scope: Scope,
    /// The program to run: its whole path.
    pub program: PathBuf,
    /// Where its configuration goes.
    pub config_path: PathBuf,
    /// The configuration.
    pub config: HookConfig,
    /// The key to show at the daemon, which gets a file of its own.
    pub key: Option<Zeroizing<String>>,
    /// Where a policy to begin with goes, if none is named. One for all clients: a log has one policy,
    /// and a change of it ends what was approved.
    pub starter: Option<PathBuf>,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The client's settings.
    pub settings: PathBuf,
    /// What they were before anything of ours was in them, if they were there and are different now.
    pub backup: Option<PathBuf>,
    /// Our configuration.
    pub config: Option<PathBuf>,
    /// Whether the settings are different now.
    pub is_changed: bool,
}

/// Why nothing was installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A file that the system does not let us use.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was to be done.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Settings that cannot be read without losing something.
    #[error("{} is not changed: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TreeError,
    },
    /// Settings of another shape.
    #[error("{} is not changed: {source}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ShapeError,
    },
    /// Settings that are no settings.
    #[error("{} is not changed: it is larger than any settings", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A path that no settings could hold.
    #[error("the path {} is not readable text, and a command line cannot name it", path.display())]
    Path {
        /// The path.
        path: PathBuf,
    },
}

impl Install {
    /// Writes the key, the configuration and then the settings, so that a hook never runs without
    /// what it needs. Doing it again changes nothing.
    ///
    /// # Errors
    /// When a file cannot be read or written; the settings are then as they were.
    pub fn install(mut self, folders: &Folders) -> Result<Change, InstallError> {
        for path in [&self.program, &self.config_path] {
            path.to_str().ok_or_else(|| InstallError::Path { path: path.clone() })?;
        }
        let client = self.client.client();
        let path = client.settings(folders, self.scope);
        let before = read(&path)?;
        let time = time_of(&self.config);
        let lines = lines_of(client, &self.program, &self.config_path, &self.config);
        let mut tree = before.as_ref().map_or_else(Tree::empty, |(_, tree)| tree.clone());
        settings::put(&mut tree, client, client.entries(&lines, time))
            .map_err(|source| InstallError::Shape { path: path.clone(), source })?;
        self.write_config()?;
        let (is_changed, backup) = replace(&path, before.as_ref(), &tree, client)?;
        Ok(Change { settings: path, backup, config: Some(self.config_path), is_changed })
    }

    fn write_config(&mut self) -> Result<(), InstallError> {
        let folder = self.config_path.parent().unwrap_or(Path::new("/"));
        private::make_folder(folder).map_err(|error| file("make", folder, error))?;
        if let Some(key) = &self.key {
            let path = self.config_path.with_extension("key");
            private::write(&path, key.as_bytes()).map_err(|error| file("write", &path, error))?;
            self.config.key_file = Some(path);
        }
        if let (Some(path), None) = (&self.starter, &self.config.policy) {
            if !path.exists() {
                private::write(path, STARTER.as_bytes())
                    .map_err(|error| file("write", path, error))?;
            }
            self.config.policy = Some(path.clone());
        }
        private::write(&self.config_path, self.config.render().as_bytes())
            .map_err(|error| file("write", &self.config_path, error))
    }

    /// Takes out of the settings what installing put there. Our configuration goes as well, unless
    /// the other settings of the client still name it.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn uninstall(
        client: ClientName,
        scope: Scope,
        folders: &Folders,
    ) -> Result<Change, InstallError> {
        let client = client.client();
        let path = client.settings(folders, scope);
        let Some(before) = read(&path)? else {
            return Ok(Change { settings: path, backup: None, config: None, is_changed: false });
        };
        let named = configs(&before.1, client);
        let mut tree = before.1.clone();
        settings::take(&mut tree, client);
        let is_changed = tree != before.1;
        // What a link leads to was there before, and is not ours to remove.
        if is_changed && settings::is_bare(&tree, client) && !path.is_symlink() {
            fs::remove_file(&path).map_err(|error| file("remove", &path, error))?;
        } else {
            replace(&path, Some(&before), &tree, client)?;
        }
        let config = remove_configs(client, scope, folders, named);
        Ok(Change { settings: path, backup: None, config, is_changed })
    }
}

/// The configurations that our lines in some settings name.
fn configs(tree: &Tree, client: &dyn Client) -> Vec<PathBuf> {
    let lines = settings::lines(tree, client);
    lines.iter().filter_map(|line| crate::line::config_of(&line.text, client.name())).collect()
}

/// Removes what installing wrote where it usually is; other files are whoever named them's.
fn remove_configs(
    client: &dyn Client,
    scope: Scope,
    folders: &Folders,
    named: Vec<PathBuf>,
) -> Option<PathBuf> {
    let other = match scope {
        Scope::User => Scope::Project,
        Scope::Project => Scope::User,
    };
    let other = read(&client.settings(folders, other)).ok().flatten();
    let still = other.map(|(_, tree)| configs(&tree, client)).unwrap_or_default();
    let usual = folders.hook_config(client.name());
    let mut ours = named.into_iter().filter(|path| *path == usual && !still.contains(path));
    let config = ours.next()?;
    drop(fs::remove_file(config.with_extension("key")));
    fs::remove_file(&config).ok()?;
    let starter = folders.policy();
    let is_ours = fs::read_to_string(&starter).is_ok_and(|text| text == STARTER);
    let is_used = ClientName::ALL.iter().any(|name| folders.hook_config(name.as_str()).exists());
    if is_ours && !is_used {
        drop(fs::remove_file(starter));
    }
    Some(config)
}

/// How long a client is to wait for its hook.
pub(crate) fn time_of(config: &HookConfig) -> Duration {
    config.wait() + OWN_TIME + SPARE_TIME
}

/// The command lines that run a hook.
pub(crate) fn lines_of(
    client: &dyn Client,
    program: &Path,
    path: &Path,
    config: &HookConfig,
) -> Lines {
    let late = config.wait() + OWN_TIME + LATE_TIME;
    Lines::new(client.name(), program, path, config.shadow, late)
}

/// Settings that are only looked at: with comments, or in TOML.
pub(crate) fn look(path: &Path) -> Result<Option<Tree>, InstallError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file("read", path, error)),
    };
    let invalid =
        |error: String| file("read", path, io::Error::new(io::ErrorKind::InvalidData, error));
    if path.extension().is_some_and(|extension| extension == "toml") {
        let value: serde_json::Value =
            toml::from_str(&text).map_err(|error| invalid(error.message().to_owned()))?;
        return Ok(Some(Tree::from(value)));
    }
    let plain = jsonc::plain(&text);
    if plain.trim().is_empty() {
        return Ok(None);
    }
    Tree::parse(&plain).map(Some).map_err(|error| invalid(error.to_string()))
}

/// Settings with their text; none where there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<(String, Tree)>, InstallError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(known) if known.len() > MAX_SETTINGS_BYTES => {
            return Err(InstallError::TooLarge { path: path.to_owned() });
        }
        _ => {}
    }
    let text = fs::read_to_string(path).map_err(|error| file("read", path, error))?;
    if text.trim().is_empty() {
        return Ok(Some((text, Tree::empty())));
    }
    let unreadable = |source| InstallError::Unreadable { path: path.to_owned(), source };
    let tree = Tree::parse(&text).map_err(unreadable)?;
    Ok(Some((text, tree)))
}

/// Writes settings if they are different, with what they were before any of ours were in them beside
/// them.
fn replace(
    path: &Path,
    before: Option<&(String, Tree)>,
    tree: &Tree,
    client: &dyn Client,
) -> Result<(bool, Option<PathBuf>), InstallError> {
    if before.is_some_and(|(_, before)| before == tree) {
        return Ok((false, None));
    }
    // A link, as those have who keep their settings elsewhere, stays one.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(|error| file("make", folder, error))?;
    let backup = match before {
        Some((text, before)) if !has_ours(before, client) => Some(keep(&path, text)?),
        Some(_) => Some(kept(&path)).filter(|kept| kept.exists()),
        None => None,
    };
    let like = before.map_or("", |(text, _)| text);
    let permissions = fs::metadata(&path).map(|known| known.permissions()).ok();
    private::write(&path, tree.render(like).as_bytes())
        .map_err(|error| file("write", &path, error))?;
    if let Some(permissions) = permissions {
        fs::set_permissions(&path, permissions).map_err(|error| file("write", &path, error))?;
    }
    Ok((true, backup))
}

fn has_ours(settings: &Tree, client: &dyn Client) -> bool {
    let mut without = settings.clone();
    settings::take(&mut without, client);
    without != *settings
}

/// Where settings are kept as they were before.
fn kept(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".before-placet");
    path.with_file_name(name)
}

fn keep(path: &Path, text: &str) -> Result<PathBuf, InstallError> {
    let backup = kept(path);
    private::write(&backup, text.as_bytes()).map_err(|error| file("write", &backup, error))?;
    Ok(backup)
}

fn file(what: &'static str, path: &Path, source: io::Error) -> InstallError {
    InstallError::File { what, path: path.to_owned(), source }
}
