//! The file of dead letters.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::dead::DeadLetter;

/// Largest file that is read, in bytes: a thousand letters of a kilobyte are one megabyte.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// What is in it, and in which format.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Content<T> {
    format: Format,
    dead_letters: T,
}

#[derive(Deserialize, Serialize)]
enum Format {
    #[serde(rename = "placet-dead-letters/v1")]
    V1,
}

/// What the file has; nothing where there is none, or where it cannot be read. The latter is said,
/// and the file put aside, so that the next one does not replace it.
pub(super) fn read(path: &Path) -> Vec<DeadLetter> {
    let why = match try_read(path) {
        Ok(letters) => return letters,
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(error) => error,
    };
    let aside = with_ending(path, ".unreadable");
    let is_aside = fs::rename(path, &aside).is_ok();
    tracing::error!(
        target: "placet::webhook",
        file = %path.display(), aside = is_aside.then(|| aside.display().to_string()), %why,
        "the announcements that could not be delivered before cannot be read"
    );
    Vec::new()
}

/// Replaces the file. When that fails it is said, and the one before stays.
pub(super) fn write(path: &Path, letters: &[DeadLetter]) {
    if let Err(why) = try_write(path, letters) {
        tracing::error!(
            target: "placet::webhook",
            file = %path.display(), %why,
            "the announcements that could not be delivered cannot be kept"
        );
    }
}

fn try_read(path: &Path) -> io::Result<Vec<DeadLetter>> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|bytes| bytes > MAX_BYTES) {
        return Err(io::Error::other(format!("it has more than {MAX_BYTES} bytes")));
    }
    let content: Content<Vec<DeadLetter>> = serde_json::from_slice(&text)?;
    Ok(content.dead_letters)
}

/// A crash before the rename leaves the file as it was, and one beside it that nobody looks at.
fn try_write(path: &Path, letters: &[DeadLetter]) -> io::Result<()> {
    let mut text = serde_json::to_vec(&Content { format: Format::V1, dead_letters: letters })?;
    text.push(b'\n');
    let temporary = with_ending(path, ".new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
