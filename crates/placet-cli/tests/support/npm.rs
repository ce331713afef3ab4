//! Programs of the npm registry, installed once for all tests into a folder under the target folder.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a failure to install is remembered, so that not every test waits for another.
const DISCOURAGED: Duration = Duration::from_secs(600);

/// The folder with these packages in it; else why it is not there.
pub(crate) fn packages(name: &str, wanted: &[&str]) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let done = folder.join("installed.txt");
    let list = wanted.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|known| known == list) {
        return Ok(folder);
    }
    let output = folder.join("install.log");
    let failed = format!("{name} cannot be installed; {} says why", output.display());
    let age = output.metadata().and_then(|known| known.modified()).ok();
    if age.and_then(|age| age.elapsed().ok()).is_some_and(|age| age < DISCOURAGED) {
        return Err(failed);
    }
    println!("installing {list}");
    let log = OpenOptions::new().create(true).write(true).truncate(true).open(&output).unwrap();
    let ended = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
        .arg(&folder)
        .args(wanted)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .status();
    if !ended.is_ok_and(|status| status.success()) {
        return Err(failed);
    }
    std::fs::remove_file(&output).unwrap();
    std::fs::write(done, list).unwrap();
    Ok(folder)
}
