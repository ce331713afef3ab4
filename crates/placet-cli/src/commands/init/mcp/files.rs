//! What a gateway needs to stand before the servers of a client: which they are, what is shown to
//! them, and which of their tools were vetted.

use std::path::{Path, PathBuf};

use placet_gate::private;
use placet_mcp::tools::Lock;

use super::Asked;
use super::entry::{Configured, Place};
use crate::failure::Failure;

const HEAD: &str = "\
# The servers behind the gateway. What is secret about them is in the files beside this one, and never
# with the agent.
";

/// What is to be written into a folder.
pub(super) struct Files {
    lock: (PathBuf, Lock),
    /// Those that only their owner reads.
    private: Vec<(PathBuf, String)>,
}

impl Files {
    /// Makes them up. Nothing is written yet, and what is there already is replaced by force only. Of
    /// other servers it stays vetted what was, and so it does of those that could not be asked.
    pub(super) fn new(folder: &Path, asked: &[Asked], force: bool) -> Result<Self, Failure> {
        let path = folder.join("tools.lock");
        let mut lock = Lock::read(&path).map_err(Failure::unusable)?;
        for Asked { server, tools } in asked {
            if tools.is_ok() || lock.server(&server.name).is_none() {
                // What is suspicious waits for somebody to look at it.
                let plain = tools.as_deref().unwrap_or_default().iter();
                lock.vet(&server.name, plain.filter(|tool| tool.suspicions().is_empty()));
            }
        }
        let mut files = Self { lock: (path, lock), private: Vec::new() };
        let mut text = HEAD.to_owned();
        for Asked { server, .. } in asked {
            text.push_str(&files.entry(folder, server)?);
        }
        files.private.push((folder.join("servers.toml"), text));
        if let (false, Some(path)) = (force, files.paths().find(|path| path.exists())) {
            let why = format!("{} is there already", path.display());
            return Err(Failure::unusable_because(why)
                .help("replace what is there with --force; a policy that is replaced is kept"));
        }
        Ok(files)
    }

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.private.iter().map(|(path, _)| path).chain([&self.lock.0])
    }

    /// Writes them all. Where one cannot be written, those that were not there before are gone again.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let new: Vec<_> = self.paths().filter(|path| !path.exists()).collect();
        let written = self.write_each();
        if written.is_err() {
            for path in new {
                drop(std::fs::remove_file(path));
            }
        }
        written
    }

    fn write_each(&self) -> Result<(), Failure> {
        for (path, text) in &self.private {
            private::write(path, text.as_bytes())
                .map_err(|error| Failure::file("write", path, error))?;
        }
        let (path, lock) = &self.lock;
        lock.write(path).map_err(Failure::unusable)
    }

    fn entry(&mut self, folder: &Path, server: &Configured) -> Result<String, Failure> {
        let name = &server.name;
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = format!("\n[servers.{name}]\n");
        let (secrets, file, between) = match &server.place {
            Place::Command { words, environment } => {
                let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
                text.push_str(&format!("command = [{}]\n", words.join(", ")));
                (environment, format!("{name}.env"), "=")
            }
            Place::Url { url, headers } => {
                text.push_str(&format!("url = {}\n", quoted(url)));
                (headers, format!("{name}.headers"), ": ")
            }
        };
        if !secrets.is_empty() {
            let mut lines = String::new();
            for (key, value) in secrets {
                if value.contains(['\n', '\r']) {
                    let why = format!("{key} of the server {name} has several lines");
                    return Err(Failure::unusable_because(why));
                }
                lines.push_str(&format!("{key}{between}{value}\n"));
            }
            self.private.push((folder.join(&file), lines));
            text.push_str(&format!("secrets = {}\n", quoted(&file)));
        }
        Ok(text)
    }
}
