//! The log as a folder of tiles that any web server can serve and stock tools follow
//! (C2SP tlog-tiles): `checkpoint`, `tile/<level>/<index>` and `tile/entries/<index>`.
//!
//! Only what is public is written: leaves, never payloads. A complete tile never changes, so an
//! export into the same folder adds what is new. The checkpoint is written last; until then a
//! follower sees the log as it was.

use std::fs;
use std::path::{Path, PathBuf};

use placet_core::log::{Tile, TileError, TileKind, Verifier};

use crate::error::StoreError;
use crate::prove::{ProveError, continues};
use crate::store::{Head, View};
use crate::tree::tile_content;

/// The name of the file with the checkpoint.
const CHECKPOINT: &str = "checkpoint";

/// Why a log cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: std::io::Error,
    },
    /// The folder holds something that this log does not continue.
    #[error("{} holds another log: {source}; choose an empty folder", folder.display())]
    Other {
        /// The folder.
        folder: PathBuf,
        /// Why it is another.
        source: Box<ProveError>,
    },
    /// The log has no head.
    #[error("the log has no checkpoint yet")]
    NoHead,
    /// An entry cannot be written in the format.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// How many entries the exported log has.
    pub size: u64,
    /// How many files were written; complete tiles that were there already are not.
    pub files: u64,
}

/// Writes the log into a folder, or what is new in it.
///
/// # Errors
/// When the folder holds another log, cannot be written, or the log cannot be read.
pub fn export(
    view: &dyn View,
    folder: &Path,
    trusted: &[Verifier],
) -> Result<Exported, ExportError> {
    let head = view.head()?.ok_or(ExportError::NoHead)?;
    check_folder(view, folder, trusted)?;
    let mut files = 0;
    for tile in tiles(head.size) {
        let path = folder.join(tile.to_string());
        if !tile.is_partial() && path.exists() {
            continue;
        }
        write(&path, &content(tile, view)?)?;
        files += 1;
    }
    write_checkpoint(folder, &head)?;
    Ok(Exported { size: head.size, files: files + 1 })
}

/// Checks that the folder is empty or holds an earlier state of this log.
fn check_folder(view: &dyn View, folder: &Path, trusted: &[Verifier]) -> Result<(), ExportError> {
    let path = folder.join(CHECKPOINT);
    let note = match fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        result => result.map_err(|source| ExportError::Io { path, source })?,
    };
    match continues(view, &note, trusted) {
        Ok(_) => Ok(()),
        Err(ProveError::Store(error)) => Err(error.into()),
        Err(source) => {
            Err(ExportError::Other { folder: folder.to_owned(), source: Box::new(source) })
        }
    }
}

/// Every tile of a tree of `size` leaves, and every bundle of its entries.
fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    let levels = (0..=u8::MAX).map(|level| TileKind::Hashes { level });
    let levels = levels.take_while(move |kind| Tile::in_tree(*kind, 0, size).is_some());
    let kinds = std::iter::once(TileKind::Entries).chain(levels);
    kinds.flat_map(move |kind| (0..).map_while(move |index| Tile::in_tree(kind, index, size)))
}

/// What belongs into the file of a tile.
fn content(tile: Tile, view: &dyn View) -> Result<Vec<u8>, ExportError> {
    let missing = || StoreError::Corrupt(format!("what belongs into {tile} is missing"));
    Ok(tile_content(tile, view)?.ok_or_else(missing)?)
}

fn write_checkpoint(folder: &Path, head: &Head) -> Result<(), ExportError> {
    write(&folder.join(CHECKPOINT), head.checkpoint.as_bytes())
}

/// Writes a file that is there in whole or not at all.
fn write(path: &Path, content: &[u8]) -> Result<(), ExportError> {
    let io = |source| ExportError::Io { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    fs::write(&temporary, content).map_err(io)?;
    fs::rename(&temporary, path).map_err(io)
}
