//! Reading files that somebody else may have put another thing in the place of.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};

/// Reads a regular file of at most so many bytes. Anything else, such as a pipe that nobody writes to
/// or a device that never ends, is refused instead of waited for.
///
/// # Errors
/// When it cannot be opened or read, is no regular file, or is larger: the last of them has the kind
/// [`ErrorKind::FileTooLarge`].
pub fn read_regular_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // A pipe is opened at once this way, whoever is at its other end; a regular file as ever.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= limit => Ok(bytes),
        _ => Err(ErrorKind::FileTooLarge.into()),
    }
}
