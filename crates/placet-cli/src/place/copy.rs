//! A copy of a daemon's log for as long as a command looks at it.
//!
//! It holds what is kept beside the entries, so nobody else can read it and nothing of it is left: not
//! when the command is done, not when it fails, and not when a signal ends it.

use std::io;
use std::path::PathBuf;

use tempfile::TempDir;

use super::daemon::Daemon;
use crate::ending::at_a_signal;
use crate::failure::{Failure, Outcome};
use crate::log_file::LogArgument;

impl Daemon {
    /// Fetches a copy of its log, looks at it, and removes it. Whose log it is, whoever looks finds out.
    pub(crate) fn with_copy(&self, look: impl FnOnce(&LogArgument) -> Outcome) -> Outcome {
        let unmade = |error| Failure::file("make a folder in", &std::env::temp_dir(), error);
        // For its owner alone.
        let folder = TempDir::with_prefix("placet-").map_err(unmade)?;
        remove_at_a_signal(folder.path().to_owned()).map_err(Failure::unusable)?;
        let copy = LogArgument::at(&folder.path().join("placet.db"));
        let outcome = self.fetch_log(copy.path()).map(drop).and_then(|()| look(&copy));
        let place = folder.path().to_owned();
        let removed = folder.close().map_err(|error| {
            Failure::file("remove the copy of the log in", &place, error)
                .help("remove it yourself: it holds what is kept beside the entries")
        });
        let status = outcome?;
        removed.map(|()| status)
    }
}

/// Removes a folder when a signal ends the process, which it then does.
fn remove_at_a_signal(folder: PathBuf) -> io::Result<()> {
    at_a_signal(move |number| {
        // Whoever was told to end has nobody to tell.
        drop(std::fs::remove_dir_all(&folder));
        // As a shell reports whoever was ended by a signal.
        std::process::exit(128 + number);
    })
}
