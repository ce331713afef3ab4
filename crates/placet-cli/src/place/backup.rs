//! A copy of a daemon's log, fetched: all of it and checked, or nothing.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use placet_client::ClientError;
use placet_core::log::Verifier;

use super::daemon::{Daemon, failure};
use crate::failure::Failure;
use crate::log_file::LogArgument;
use crate::progress::Progress;

/// For its owner alone.
const PRIVATE: u32 = 0o600;

impl Daemon {
    /// Fetches a copy of its log to a path where nothing is yet; how many entries it has, by the word of
    /// whoever holds the log's key.
    pub(crate) fn back_up(&self, to: &Path, verifier: &Verifier) -> Result<u64, Failure> {
        if to.exists() {
            let place = to.display();
            return Err(Failure::unusable_because(format!("{place} is there already")));
        }
        let copy = Unfinished::begin(to)?;
        let file = self.fetch_log(&copy.0)?;
        file.sync_all().map_err(|error| Failure::file("write", &copy.0, error))?;
        drop(file);
        let state = LogArgument::at(&copy.0).state_by(verifier).map_err(|failure| {
            failure.context("what the daemon sent is no sound copy of this log, and was not kept")
        })?;
        copy.finish(to).map_err(|error| Failure::file("write", to, error))?;
        Ok(state.size())
    }

    /// Fetches a copy of its log into a new file; who it is of is not checked.
    pub(super) fn fetch_log(&self, to: &Path) -> Result<File, Failure> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(PRIVATE)
            .open(to)
            .map_err(|error| Failure::file("write", to, error))?;
        let progress = Progress::of_what_comes();
        let came = |bytes, whole| progress.came(bytes, whole);
        self.0.fetch("/v1/log/backup", &mut file, came).map_err(refused)?;
        Ok(file)
    }
}

/// Says which key it takes where the one that was shown is not enough.
fn refused(error: ClientError) -> Failure {
    let is_forbidden = matches!(&error, ClientError::Refused(problem) if problem.status == 403);
    let failed = failure(error);
    if is_forbidden {
        failed.help(
            "the copy is of the whole log, so it takes a key with `admin` and no tenant: `placet key \
             create --name NAME --scope admin` makes one",
        )
    } else {
        failed
    }
}

/// A file that is removed unless it is finished.
struct Unfinished(PathBuf);

impl Unfinished {
    /// Of a path; what was left under its name by a crash is removed.
    fn begin(to: &Path) -> Result<Self, Failure> {
        let mut name = to.as_os_str().to_owned();
        name.push(".partial");
        let copy = Self(PathBuf::from(name));
        copy.remove().map_err(|error| Failure::file("remove", &copy.0, error))?;
        Ok(copy)
    }

    /// Gives it its name, durably.
    fn finish(self, to: &Path) -> io::Result<()> {
        fs::rename(&self.0, to)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Removes it, and what looking at it left beside it.
    fn remove(&self) -> io::Result<()> {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(suffix);
            match fs::remove_file(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Finished, it has another name by now.
        drop(self.remove());
    }
}
