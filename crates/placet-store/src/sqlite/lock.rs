//! One process per log.
//!
//! SQLite's own locks would let a second process in between two commits. It would do no harm, but
//! surprise whoever started it: two gateways on one file are a mistake. So the first one locks a
//! file beside the log and writes there who it is. The system gives the lock back when the process
//! ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::PRIVATE;
use super::name::beside;
use crate::environment::Environment;
use crate::error::StoreError;

/// Most bytes of a lock file that are read: its few short fields.
const MAX_BYTES: u64 = 1024;

/// Longest word of a command line that is repeated.
const MAX_WORD_CHARS: usize = 40;

/// The lock, given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

/// Closing the file would do, but for a child process that another thread has just started: it has
/// the file open as well until it becomes another program.
impl Drop for Lock {
    fn drop(&mut self) {
        // What is left then is what closing does.
        drop(self.file.unlock());
    }
}

/// Who has a log.
#[derive(Serialize, Deserialize)]
struct Holder {
    pid: u32,
    command: String,
    host: String,
    since: String,
}

impl Lock {
    /// Takes the lock of the log at `path`.
    pub(super) fn take(path: &Path, env: &dyn Environment) -> Result<Self, StoreError> {
        let lock_path = beside(path, "-lock");
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::ReadOnly(format!("{}: {error}", lock_path.display()))
            }
            _ => StoreError::Io(format!("{}: {error}", lock_path.display())),
        };
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(PRIVATE)
            .open(&lock_path);
        let mut file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                let holder = read_holder(&mut file);
                let is_here = holder.as_ref().is_some_and(Holder::is_here);
                // Without one it has only just taken the lock.
                let holder = holder.map_or_else(|| "another process".to_owned(), Holder::name);
                return Err(StoreError::InUse { path, holder, is_here });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Who crashes between these lines holds nothing, and is overwritten by the next. A file that is
        // emptied has the file system write its journal, for which the next commit would wait: so what is
        // longer is overwritten with spaces.
        let mut holder = serde_json::to_vec(&Holder::this(env)).unwrap_or_default();
        let length = file.metadata().map_err(failed)?.len();
        if length > MAX_BYTES {
            file.set_len(0).map_err(failed)?;
        } else if let Ok(length) = usize::try_from(length) {
            holder.resize(holder.len().max(length), b' ');
        }
        file.write_all(&holder).map_err(failed)?;
        Ok(Self { file })
    }
}

impl Holder {
    fn this(env: &dyn Environment) -> Self {
        Self {
            pid: std::process::id(),
            command: command(),
            host: host(),
            since: env.now().to_string(),
        }
    }

    /// Whether it is this process. Processes of two containers may have one number, but run on two hosts.
    fn is_here(&self) -> bool {
        self.pid == std::process::id() && self.host == host() && self.command == command()
    }

    fn name(self) -> String {
        let Self { pid, command, host, since } = self;
        format!("process {pid} ({command}) on {host} since {since}")
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = Vec::new();
    let read = file.take(MAX_BYTES).read_to_end(&mut text);
    read.ok().and_then(|_| serde_json::from_slice(&text).ok())
}

/// The program and its subcommand. Further arguments may be private.
fn command() -> String {
    let mut args = std::env::args();
    let program = args.next().unwrap_or_default();
    let program =
        Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_word = |arg: &String| {
        arg.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !arg.starts_with('-')
    };
    let words = std::iter::once(program).chain(args.next().filter(is_word));
    let words = words.map(|word| word.chars().take(MAX_WORD_CHARS).collect::<String>());
    words.collect::<Vec<_>>().join(" ")
}

fn host() -> String {
    let name = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok());
    let name = name.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
    let name: String =
        name.trim().chars().filter(|c| !c.is_control()).take(MAX_WORD_CHARS).collect();
    if name.is_empty() { "this host".to_owned() } else { name }
}
