//! A browser to test with: the one that is there, or Debian's package, installed once for all tests
//! that run at the same time.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// How long a failure to install is remembered, so that not every test waits for another.
const DISCOURAGED: Duration = Duration::from_secs(600);

/// Where Chromium is; else why it is not there.
pub(crate) fn chromium() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    let may_install = rustix::process::getuid().is_root() && found(&["apt-get"]).is_some();
    if may_install {
        install(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
    }
    found(&NAMES).ok_or_else(|| "there is no Chromium; set CHROMIUM to its path".to_owned())
}

fn found(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let files = places.iter().flat_map(|place| names.iter().map(|name| place.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// Installs it, unless it is there. Whoever comes first does; the others wait, so that nobody starts
/// one that is not there as a whole yet.
fn install(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).unwrap();
    let lock = File::create(folder.join("chromium.lock")).unwrap();
    lock.lock().unwrap();
    if found(&NAMES).is_some() {
        return Ok(());
    }
    let output = folder.join("chromium-install.txt");
    let failed = Err(format!(
        "Chromium cannot be installed; {} says why. Install it, or set CHROMIUM to its path",
        output.display()
    ));
    let age = output.metadata().and_then(|known| known.modified()).ok();
    if age.and_then(|age| age.elapsed().ok()).is_some_and(|age| age < DISCOURAGED) {
        return failed;
    }
    eprintln!("there is no Chromium; installing Debian's package");
    drop(std::fs::remove_file(&output));
    let update = ["update"];
    let package = ["install", "-y", "--no-install-recommends", "chromium"];
    let is_done = apt(&update, &output) && apt(&package, &output);
    if is_done { Ok(()) } else { failed }
}

/// Runs apt-get, all of whose words go to a file.
fn apt(arguments: &[&str], output: &Path) -> bool {
    let file = OpenOptions::new().create(true).append(true).open(output).unwrap();
    let ended = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status();
    ended.is_ok_and(|status| status.success())
}
