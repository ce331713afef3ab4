//! The gateway put in the place of a client's servers, and taken out again.

use std::path::{Path, PathBuf};

use placet_gate::private;
use serde_json::json;

use super::client::Setup;
use crate::console::{Console, HELD};
use crate::failure::{Failure, Outcome};
use crate::status::Status;

/// Where the configuration is kept as it was.
fn backup(path: &Path) -> PathBuf {
    with(path, ".before-placet")
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Refuses a configuration that was rewritten before.
pub(super) fn must_be_new(path: &Path) -> Result<(), Failure> {
    let backup = backup(path);
    if backup.exists() {
        let why = format!("{} is there already", backup.display());
        let help = "this configuration was rewritten before; undo that first with --undo";
        return Err(Failure::unusable_because(why).help(help));
    }
    Ok(())
}

/// The configuration with the gateway in the place of all servers.
pub(super) fn pointing_here(
    setup: &Setup,
    folder: &Path,
    policy: &Path,
) -> Result<String, Failure> {
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
    setup.rewritten(&program, &arguments)
}

/// Writes that; where the configuration is kept as it was.
pub(super) fn rewrite(path: &Path, text: &str) -> Result<PathBuf, Failure> {
    must_be_new(path)?;
    let backup = backup(path);
    keep(path, &backup)?;
    replace(path, text)?;
    Ok(backup)
}

/// Takes the gateway out again. What else was edited meanwhile stays.
pub(super) fn undo(path: &Path, console: &Console) -> Outcome {
    let backup = backup(path);
    let then = std::fs::read_to_string(&backup)
        .map_err(|error| Failure::file("put back", &backup, error))?;
    let before = match Setup::read(path)? {
        Setup::Toml(_) => Setup::Toml(then),
        Setup::Json(_) => Setup::json(then, &backup)?,
    };
    let (text, is_edited) = Setup::read(path)?
        .put_back(&before)
        .map_err(|error| error.context(format!("{} is still there", backup.display())))?;
    let shown = path.display();
    let kept = with(path, ".before-undo");
    if is_edited {
        keep(path, &kept)?;
    }
    replace(path, &text)?;
    std::fs::remove_file(&backup).map_err(|error| Failure::file("remove", &backup, error))?;
    let said = if is_edited {
        format!(
            "{shown} has its servers back\n{HELD}edited meanwhile{HELD:#} and otherwise left as it is; it was \
             copied to {}",
            kept.display()
        )
    } else {
        format!("{shown} is as it was")
    };
    let kept = is_edited.then(|| kept.display().to_string());
    console.note_value(&said, &json!({ "undone": shown.to_string(), "kept": kept }));
    Ok(Status::Ok)
}

/// Copies a configuration. There may be secrets in it that are nowhere else any more.
fn keep(path: &Path, copy: &Path) -> Result<(), Failure> {
    let text = std::fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    private::write(copy, &text).map_err(|error| Failure::file("write", copy, error))
}

/// Writes a configuration, whole or not at all, and never for more people than may read it. A link stays
/// one.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let real = std::fs::canonicalize(path).map_err(|error| Failure::file("find", path, error))?;
    let permissions = std::fs::metadata(&real).map(|known| known.permissions());
    private::write(&real, text.as_bytes())
        .and_then(|()| std::fs::set_permissions(&real, permissions?))
        .map_err(|error| Failure::file("write", path, error))
}
