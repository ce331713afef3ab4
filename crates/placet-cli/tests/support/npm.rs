//! Programs of the npm registry, installed once for all tests into a folder under the target folder.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a failure to install is remembered, so that not every test waits for another.
const DISCOURAGED: Duration = Duration::from_secs(600);

/// Words of npm for a registry that cannot be reached, does not answer, or does not let us in.
const AWAY: [&str; 16] = [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ECONNABORTED",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ETIMEDOUT",
    "ERR_SOCKET_TIMEOUT",
    "FETCH_ERROR",
    "E401",
    "E403",
    "E407",
    "E429",
    "E502",
    "E503",
];

/// Why packages are not there.
#[derive(Debug)]
pub(crate) enum Missing {
    /// There is no npm, or no registry to be reached: nothing can be said about the packages.
    Away(String),
    /// The registry answered, and they cannot be installed all the same.
    Broken(String),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Away(why) | Self::Broken(why) => f.write_str(why),
        }
    }
}

/// The folder with these packages in it; else why it is not there.
pub(crate) fn packages(name: &str, wanted: &[&str]) -> Result<PathBuf, Missing> {
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
    let age = output.metadata().and_then(|known| known.modified()).ok();
    if age.and_then(|age| age.elapsed().ok()).is_some_and(|age| age < DISCOURAGED) {
        return Err(missing(name, &output));
    }
    println!("installing {list}");
    install(&folder, wanted, &[])?;
    std::fs::remove_file(&output).unwrap();
    std::fs::write(done, list).unwrap();
    Ok(folder)
}

/// Installs packages into a folder.
pub(crate) fn install(folder: &Path, wanted: &[&str], options: &[&str]) -> Result<(), Missing> {
    let output = folder.join("install.log");
    let log = OpenOptions::new().create(true).write(true).truncate(true).open(&output).unwrap();
    let ended = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
        .arg(folder)
        .args(options)
        .args(wanted)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .status();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(missing(&wanted.join(" "), &output)),
        Err(error) => {
            std::fs::remove_file(&output).unwrap();
            Err(Missing::Away(format!("npm cannot be started: {error}")))
        }
    }
}

/// What an attempt to install said.
fn missing(name: &str, output: &Path) -> Missing {
    let text = std::fs::read_to_string(output).unwrap_or_default();
    let codes = text.lines().filter_map(|line| line.split_once(" code ")).map(|(_, code)| code);
    let codes: Vec<&str> = codes.map(str::trim).collect();
    let place = output.display();
    if codes.iter().any(|code| AWAY.contains(code)) {
        let codes = codes.join(", ");
        return Missing::Away(format!(
            "the npm registry cannot be reached for {name} ({codes}); {place} says more"
        ));
    }
    Missing::Broken(format!(
        "{name} cannot be installed although the registry answers; {place} says why"
    ))
}
