//! Receipts and exports: what others can check without us.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use common::{Log, SIZE, terms, verifier};
use placet_core::json::canonical_json;
use placet_core::log::{Receipt, Tile, TileKind, leaf_hash};
use placet_store::Reader as _;
use placet_store::contract::fixture::{Bench, keys, other_keys, propose_under, trip};
use placet_store::export::{ExportError, export};
use placet_store::prove::{ProveError, continues, receipt};

#[test]
fn a_receipt_verifies_offline_for_every_entry() {
    let log = Log::sample();
    let mut reader = log.reader();
    let view = reader.view().unwrap();
    let entries = view.entries(0, usize::MAX).unwrap();
    for stored in entries.iter().step_by(13).chain(entries.last()) {
        let text = serde_json::to_vec(&receipt(&*view, stored.index, true).unwrap()).unwrap();
        let parsed = Receipt::parse(&text).unwrap();
        let verified = parsed.verify(&[verifier()]).unwrap();
        assert_eq!(verified.leaf.as_bytes(), stored.leaf);
        assert_eq!(verified.checkpoint.size(), SIZE);
        let payload = stored.private.as_ref().map(|private| private.payload.as_slice());
        assert_eq!(verified.private.map(str::as_bytes), payload);
        assert!(parsed.verify(&[other_keys().verifier().clone()]).is_err());
    }
    let closed = receipt(&*view, 0, false).unwrap();
    assert_eq!(
        closed.verify(&[verifier()]).unwrap().private,
        None,
        "a payload is opened on demand only"
    );
    assert!(matches!(
        receipt(&*view, SIZE, true),
        Err(ProveError::NoEntry { index: SIZE, size: SIZE })
    ));
}

#[test]
fn the_log_continues_each_of_its_checkpoints() {
    let (log, bench) = (Log::empty(), Bench::new(1));
    let sequencer = log.start(keys(), &bench);
    let mut kept = vec![sequencer.checkpoint()];
    kept.extend((0..300).map(|number| sequencer.submit_blocking(trip(number)).unwrap().checkpoint));
    let mut reader = sequencer.reader().unwrap();
    let view = reader.view().unwrap();
    for note in kept.iter().step_by(7) {
        let found = continues(&*view, note.as_bytes(), &[verifier()]).unwrap();
        let (old, new) = (&found.old, &found.new);
        found.proof.verify(old.size(), &old.root(), new.size(), &new.root()).unwrap();
    }
    let foreign = continues(&*view, b"not a note", &[verifier()]);
    assert!(matches!(foreign, Err(ProveError::Foreign(_))));
}

/// Leaves are written by a fast way of their own, which must agree with the long one.
#[test]
fn leaves_are_canonical_json() {
    for stored in Log::sample().reader().view().unwrap().entries(0, usize::MAX).unwrap() {
        assert_eq!(canonical_json(&stored.decode().unwrap()).unwrap(), stored.leaf);
    }
}

#[test]
fn names_of_all_kinds_are_canonical_too() {
    let (log, bench) = (Log::empty(), Bench::new(1));
    let sequencer = log.start(keys(), &bench);
    let reasons = ["\"", "\\", "\\\"", "{\"a\":[1,2]}", "ä€😀", "a\u{7f}\n\t\u{1}\u{2028}", ",}]:"];
    for (number, reason) in (0..).zip(reasons) {
        let placet_core::Command::Trip { scope, .. } = trip(number) else { continue };
        let command = placet_core::Command::Trip {
            scope,
            reason: reason.to_owned(),
            by: "{\"}".parse().ok(),
        };
        sequencer.submit_blocking(command).unwrap();
    }
    for stored in sequencer.reader().unwrap().view().unwrap().entries(0, 100).unwrap() {
        assert_eq!(canonical_json(&stored.decode().unwrap()).unwrap(), stored.leaf);
    }
    assert!(log.verify().is_sound());
}

/// Reads an export with another implementation of the format.
struct Folder<'a>(&'a Path);

impl tlog_tiles::TileReader for Folder<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        Ok(tiles.iter().map(|tile| fs::read(self.0.join(path(tile))).unwrap()).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// The other implementation names the height of tiles in its paths, which C2SP fixes at 8.
fn path(tile: &tlog_tiles::Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

#[test]
fn an_export_is_what_stock_tools_expect() {
    let (log, out) = (Log::sample(), tempfile::tempdir().unwrap());
    let mut reader = log.reader();
    let first = export(&*reader.view().unwrap(), out.path(), &[verifier()]).unwrap();
    assert_eq!(first.size, SIZE);
    let entries = reader.view().unwrap().entries(0, usize::MAX).unwrap();

    let head = reader.view().unwrap().head().unwrap().unwrap();
    assert_eq!(fs::read_to_string(out.path().join("checkpoint")).unwrap(), head.checkpoint);
    for index in [0, 1, 255, 256, 511, 512, 599] {
        let hash = leaf_hash(&entries[index].leaf);
        let bundle =
            Tile::in_tree(TileKind::Entries, u64::try_from(index / 256).unwrap(), SIZE).unwrap();
        let content = fs::read(out.path().join(bundle.to_string())).unwrap();
        assert_eq!(bundle.decode_entries(&content).unwrap()[index % 256], entries[index].leaf);
        let tile = Tile::in_tree(TileKind::Hashes { level: 0 }, bundle.index(), SIZE).unwrap();
        let content = fs::read(out.path().join(tile.to_string())).unwrap();
        assert_eq!(tile.decode_hashes(&content).unwrap()[index % 256], hash);
    }
    let root = tlog_tiles::Hash(*head.root.as_bytes());
    let folder = Folder(out.path());
    let hashes = tlog_tiles::TileHashReader::new(SIZE, root, &folder);
    let proof = tlog_tiles::prove_record(SIZE, 17, &hashes).unwrap();
    let leaf = tlog_tiles::Hash(*leaf_hash(&entries[17].leaf).as_bytes());
    tlog_tiles::check_record(&proof, SIZE, root, 17, leaf).unwrap();
    let private = fs::read_dir(out.path().join("tile/entries")).unwrap();
    for file in private.filter(|file| file.as_ref().unwrap().path().is_file()) {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes.windows(8).any(|window| window == b"private-"),
            "payloads stay where they are"
        );
    }
}

#[test]
fn an_export_goes_on_where_it_stopped() {
    let (log, out, bench) = (Log::sample(), tempfile::tempdir().unwrap(), Bench::new(2));
    let all = |log: &Log, to: &Path| export(&*log.reader().view().unwrap(), to, &[verifier()]);
    let first = all(&log, out.path()).unwrap();
    let sequencer = log.start(keys(), &bench);
    for number in 0..300 {
        sequencer.submit_blocking(propose_under(&terms(), 70_000 + number)).unwrap();
    }
    sequencer.close();
    let second = all(&log, out.path()).unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let whole = all(&log, fresh.path()).unwrap();
    assert!(second.files < whole.files && second.size == whole.size && second.size > first.size);
    for (path, content) in files(fresh.path()) {
        assert_eq!(fs::read(out.path().join(path)).unwrap(), content);
    }
    let other = Log::empty();
    other.start(keys(), &bench).close();
    assert!(matches!(all(&other, out.path()), Err(ExportError::Other { .. })));
}

fn files(folder: &Path) -> HashMap<std::path::PathBuf, Vec<u8>> {
    let mut found = HashMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for file in fs::read_dir(next).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(
                    path.strip_prefix(folder).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}
