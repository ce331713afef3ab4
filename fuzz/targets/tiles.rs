//! What comes from outside a log — paths, tiles, notes, checkpoints, receipts — is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_core::log::{Checkpoint, Note, Receipt, SigningKey, Tile, TileKind};

fuzz_target!(|bytes: &[u8]| {
    let key = SigningKey::from_seed("example.com/fuzz", &[7; 32]).expect("a valid name");
    let trusted = [key.verifier().clone()];
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(tile) = text.parse::<Tile>()
    {
        assert_eq!(tile.to_string(), text, "a path has one form");
    }
    if let [width, content @ ..] = bytes
        && let Ok(tile) = Tile::new(TileKind::Entries, 0, u16::from(*width).max(1))
    {
        let _ = tile.decode_entries(content);
        let _ = tile.decode_hashes(content);
    }
    let _ = Note::parse(bytes);
    assert!(Checkpoint::open(bytes, &trusted).is_err(), "nobody signed this");
    if let Ok(receipt) = Receipt::parse(bytes) {
        assert!(receipt.verify(&trusted).is_err(), "nobody signed this");
    }
});
