//! Held calls that are remembered when the gateway is not there any more.
//!
//! Each is a small file, named by a hash of the call and by its action, with the digest of its tool.
//! Nobody trusts these files: whether a call is the one that was approved, and whether it ran already,
//! is judged by the log when it is redeemed. A file that is gone or makes no sense only means that a
//! person is asked again.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;

use placet_gate::private;

use super::{CallKey, HeldCall};
use crate::limits::MAX_HELD;

/// The files of one gateway, the oldest first.
#[derive(Debug)]
pub(super) struct Memory {
    folder: PathBuf,
    names: VecDeque<String>,
}

impl Memory {
    /// The files in a folder, with what they say.
    pub(super) fn open(folder: PathBuf) -> (Self, Vec<(CallKey, HeldCall)>) {
        let files = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut found: Vec<_> = files
            .filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file)))
            .filter_map(|(age, file)| Some((age, file.file_name().into_string().ok()?)))
            .collect();
        found.sort();
        let mut memory = Self { folder, names: VecDeque::new() };
        let mut held = Vec::new();
        for (_, name) in found {
            if let Some(call) = memory.read(&name) {
                memory.keep(name);
                held.push(call);
            }
        }
        (memory, held)
    }

    fn read(&self, name: &str) -> Option<(CallKey, HeldCall)> {
        let (key, id) = name.split_once('-')?;
        let digest = fs::read_to_string(self.folder.join(name)).ok()?;
        let digest = Some(digest.trim().to_owned()).filter(|digest| !digest.is_empty());
        Some((CallKey::read(key)?, HeldCall { id: id.parse().ok()?, digest }))
    }

    /// Notes a call, as a whole or not at all, for this user only. What cannot be noted is asked for
    /// again after a restart.
    pub(super) fn note(&mut self, key: CallKey, call: &HeldCall) {
        let name = name(key, call);
        if self.names.contains(&name) {
            return;
        }
        let digest = call.digest.as_deref().unwrap_or_default();
        let written = private::make_folder(&self.folder)
            .and_then(|()| private::note(&self.folder.join(&name), digest.as_bytes()));
        match written {
            Ok(()) => self.keep(name),
            Err(error) => {
                tracing::warn!(%error, "a held call is not remembered beyond this process");
            }
        }
    }

    /// Of too many the oldest is forgotten.
    fn keep(&mut self, name: String) {
        self.names.push_back(name);
        if self.names.len() > MAX_HELD
            && let Some(oldest) = self.names.pop_front()
        {
            drop(fs::remove_file(self.folder.join(oldest)));
        }
    }

    pub(super) fn forget(&mut self, key: CallKey, call: &HeldCall) {
        let name = name(key, call);
        self.names.retain(|other| *other != name);
        drop(fs::remove_file(self.folder.join(name)));
    }
}

fn name(key: CallKey, call: &HeldCall) -> String {
    format!("{key}-{}", call.id)
}
