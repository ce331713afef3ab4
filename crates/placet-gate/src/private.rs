//! Files that whoever stands in the path keeps for its user alone.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Makes a folder, with those above it, for this user only. One that is there stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Writes a file for this user only, as a whole or not at all, which is on the disk afterwards.
///
/// # Errors
/// When it cannot be written. What was there before stays.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    place(path, bytes, true)
}

/// The same without waiting for the disk: a loss of power may take it with it.
///
/// # Errors
/// As there.
pub fn note(path: &Path, bytes: &[u8]) -> io::Result<()> {
    place(path, bytes, false)
}

/// Whether a file could be written there; nothing is left behind.
///
/// # Errors
/// When it could not.
pub fn try_write(path: &Path) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.try", std::process::id()));
    let beside = path.with_file_name(name);
    place(&beside, &[], false)?;
    fs::remove_file(&beside)
}

/// Writes it under another name first, so that nobody sees half of it.
fn place(path: &Path, bytes: &[u8], is_kept: bool) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        if is_kept { file.sync_all() } else { Ok(()) }
    });
    let placed = written.and_then(|()| fs::rename(&beside, path));
    if placed.is_err() {
        drop(fs::remove_file(&beside));
    }
    placed
}
