//! A folder for databases, on the disk that also holds the build.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A folder that goes when this does.
pub(crate) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let program = std::env::current_exe().context("this program cannot be found")?;
        let beside = program.parent().context("this program is in no folder")?;
        let folder = beside.join("bench-scratch").join(format!("{name}-{}", std::process::id()));
        // What a run left behind that was stopped.
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).context("no folder for databases can be made")?;
        Ok(Self { folder })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}
