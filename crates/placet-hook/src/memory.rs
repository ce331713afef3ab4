//! What is remembered from one call to the next.
//!
//! A hook is a process of its own for each event. That a call was held, and under which id, is in a
//! small file named by a hash of that call; and which action a running call belongs to, in another.
//! Nobody trusts these files: an id that does not fit its call is found out when it is redeemed, and
//! a file that is gone or makes no sense only means that the call is decided anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use placet::{ActionId, Object, SessionId};
use placet_gate::private;
use sha2::{Digest as _, Sha256};

use crate::event::ToolCall;
use crate::limits::REMEMBERED;

/// The files of one client.
pub(crate) struct Memory {
    folder: PathBuf,
}

/// What a file is named by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// A held call: the same call of the same conversation has the same.
    pub(crate) fn held(call: &ToolCall, params: &Object) -> Self {
        Self::of("held", &[session(call), call.tool.as_str(), &canonical(params)])
    }

    /// A running call: by the client's id where it has one, else by what it is.
    pub(crate) fn running(call: &ToolCall, params: &Object) -> Self {
        match &call.use_id {
            Some(id) => Self::of("running", &[session(call), "", id]),
            None => Self::of("running", &[session(call), call.tool.as_str(), &canonical(params)]),
        }
    }

    /// The parts are told apart by their lengths.
    fn of(kind: &str, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{kind}-{hex}"))
    }

    /// About every 256th file pays for sweeping out those that nobody will ask for any more.
    fn is_sweeping(&self) -> bool {
        self.0.ends_with("00")
    }
}

fn session(call: &ToolCall) -> &str {
    call.session.as_ref().map_or("", SessionId::as_str)
}

fn canonical(params: &Object) -> String {
    let mut out = Vec::new();
    params.write_canonical(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

impl Memory {
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The action that was noted under this key.
    pub(crate) fn find(&self, key: &Key) -> Option<ActionId> {
        fs::read_to_string(self.path(key)).ok()?.trim().parse().ok()
    }

    /// Notes it: as a whole or not at all, for this user only.
    pub(crate) fn note(&self, key: &Key, id: ActionId) -> io::Result<()> {
        private::make_folder(&self.folder)?;
        if key.is_sweeping() {
            self.sweep();
        }
        // Whatever a loss of power takes with it is decided anew, so nobody waits for the disk.
        private::note(&self.path(key), format!("{id}\n").as_bytes())
    }

    /// Forgets it. What cannot be forgotten is found out when it is redeemed.
    pub(crate) fn forget(&self, key: &Key) {
        drop(fs::remove_file(self.path(key)));
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.0)
    }

    fn sweep(&self) {
        let Ok(files) = fs::read_dir(&self.folder) else { return };
        for file in files.flatten() {
            let age = file.metadata().and_then(|known| known.modified()).ok();
            if age.and_then(|age| age.elapsed().ok()).is_some_and(|age| age > REMEMBERED) {
                drop(fs::remove_file(file.path()));
            }
        }
    }
}
