//! Tiles: their paths and their content.

use placet_core::log::tile::{Tile, TileError, TileKind, encode_entry, encode_hashes};
use proptest::prelude::*;

use crate::reference;

const LEAVES: TileKind = TileKind::Hashes { level: 0 };

fn tile(path: &str) -> Tile {
    path.parse().unwrap()
}

#[test]
fn paths_of_the_specification() {
    let level = |level| TileKind::Hashes { level };
    for (path, kind, index, width) in [
        ("tile/0/000", level(0), 0, 256),
        ("tile/0/999", level(0), 999, 256),
        ("tile/0/x001/000", level(0), 1000, 256),
        ("tile/0/x001/x234/067", level(0), 1_234_067, 256),
        ("tile/1/x001/x234/067.p/5", level(1), 1_234_067, 5),
        ("tile/6/000.p/1", level(6), 0, 1),
        ("tile/entries/000.p/255", TileKind::Entries, 0, 255),
        ("tile/entries/x001/x234/067", TileKind::Entries, 1_234_067, 256),
        ("tile/entries/x035/x184/x372/x088/831", TileKind::Entries, 35_184_372_088_831, 256),
    ] {
        let tile = tile(path);
        assert_eq!((tile.kind(), tile.index(), tile.width()), (kind, index, width), "{path}");
        assert_eq!(tile.to_string(), path);
        assert_eq!(tile, Tile::new(kind, index, width).unwrap());
    }
}

#[test]
fn other_paths_are_refused() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/+0/000",
        "tile/-1/000",
        "tile/7/000",
        "tile/64/000",
        "tile/256/000",
        "tile/data/000",
        "tile/Entries/000",
        "tile/8/0/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/000",
        "tile/0/x001/x000",
        "tile/0/001/000",
        "tile/0/xx01/000",
        "tile/0/x1/000",
        "tile/0/X001/000",
        "tile/0/+01",
        "tile/0/ 01",
        "tile/0/0x1",
        "tile/0/-01",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/05",
        "tile/0/000.p/+5",
        "tile/0/000.p/5/",
        "tile/0/000.p/5.p/5",
        "tile/0/000.p/65792",
        "tile/0/x035/x184/x372/x088/832",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x018/x446/x744/x073/x709/x551/x616/000",
        "tile/0/000\0",
        "../tile/0/000",
        "tile/0/../000",
        "checkpoint",
    ] {
        assert_eq!(path.parse::<Tile>(), Err(TileError::Path(path.to_owned())));
    }
}

#[test]
fn a_long_path_is_not_repeated_in_full() {
    let Err(TileError::Path(shown)) = "tile/".repeat(1000).parse::<Tile>() else { panic!() };
    assert!(shown.len() < 100 && shown.ends_with('…'));
}

#[test]
fn tiles_that_no_tree_has_cannot_be_made() {
    let place = |level, index, width| Err(TileError::Place { level, index, width });
    assert_eq!(Tile::new(LEAVES, 0, 0), place(0, 0, 0));
    assert_eq!(Tile::new(LEAVES, 0, 257), place(0, 0, 257));
    assert_eq!(Tile::new(TileKind::Hashes { level: 7 }, 0, 1), place(7, 0, 1));
    assert_eq!(Tile::new(TileKind::Hashes { level: 255 }, 0, 1), place(255, 0, 1));
    assert_eq!(Tile::new(LEAVES, u64::MAX, 1), place(0, u64::MAX, 1));
    assert!(Tile::new(TileKind::Hashes { level: 6 }, 0, 31).is_ok());
}

#[test]
fn the_specification_s_tree_of_70000() {
    let level = |level| TileKind::Hashes { level };
    let width = |kind, index| Tile::in_tree(kind, index, 70_000).map(|tile| tile.width());
    for kind in [level(0), TileKind::Entries] {
        assert_eq!(width(kind, 0), Some(256));
        assert_eq!(width(kind, 272), Some(256));
        assert_eq!(width(kind, 273), Some(112));
        assert_eq!(width(kind, 274), None);
    }
    assert_eq!(
        [width(level(1), 0), width(level(1), 1), width(level(1), 2)],
        [Some(256), Some(17), None]
    );
    assert_eq!([width(level(2), 0), width(level(2), 1)], [Some(1), None]);
    assert_eq!([width(level(3), 0), width(level(255), 0)], [None, None]);
    assert_eq!(width(level(0), u64::MAX), None);
    assert_eq!(Tile::in_tree(level(0), 1, 256), None);
    assert_eq!(Tile::in_tree(level(0), 0, 0), None);
    assert!(Tile::in_tree(level(1), 0, 256).unwrap().is_partial());
    assert!(!Tile::in_tree(level(0), 0, 256).unwrap().is_partial());
}

#[test]
fn hashes_have_exactly_their_width() {
    let hashes = reference::leaves(5);
    let content = encode_hashes(&hashes);
    assert_eq!(tile("tile/0/000.p/5").decode_hashes(&content).unwrap(), hashes);
    for length in (0..200).filter(|length| *length != 160) {
        let mut other = content.clone();
        other.resize(length, 0);
        let refused = tile("tile/0/000.p/5").decode_hashes(&other);
        assert_eq!(refused, Err(TileError::Size { expected: 160, found: length }));
    }
}

#[test]
fn bundles_are_length_prefixed_entries() {
    let mut bundle = Vec::new();
    encode_entry(&mut bundle, b"abc").unwrap();
    encode_entry(&mut bundle, b"").unwrap();
    encode_entry(&mut bundle, &[7; 258]).unwrap();
    assert_eq!(bundle[..9], *b"\x00\x03abc\x00\x00\x01\x02");
    let entries = tile("tile/entries/000.p/3").decode_entries(&bundle).unwrap();
    assert_eq!(entries, [b"abc".as_slice(), b"", &[7; 258]]);
}

#[test]
fn bundles_hold_exactly_their_width() {
    let mut bundle = Vec::new();
    encode_entry(&mut bundle, b"abc").unwrap();
    encode_entry(&mut bundle, b"de").unwrap();
    let two = tile("tile/entries/000.p/2");
    for length in 0..bundle.len() {
        let cut = TileError::Cut { entry: usize::from(length >= 5), width: 2 };
        assert_eq!(two.decode_entries(&bundle[..length]), Err(cut));
    }
    let one = tile("tile/entries/000.p/1");
    assert_eq!(one.decode_entries(&bundle), Err(TileError::Extra { extra: 4 }));
}

#[test]
fn an_entry_of_the_greatest_length_and_one_longer() {
    let mut bundle = Vec::new();
    encode_entry(&mut bundle, &[1; 65_535]).unwrap();
    let entries = tile("tile/entries/000.p/1").decode_entries(&bundle).unwrap();
    assert_eq!(entries, [[1; 65_535]]);
    let before = bundle.clone();
    let refused = encode_entry(&mut bundle, &[1; 65_536]);
    assert_eq!(refused, Err(TileError::EntryTooLong(65_536)));
    assert_eq!(bundle, before);
}

proptest! {
    #[test]
    fn every_tile_survives_its_path(
        level in prop::option::of(0_u8..7), index: u64, width in 1_u16..=256, shift in 8_u32..64,
    ) {
        let kind = level.map_or(TileKind::Entries, |level| TileKind::Hashes { level });
        if let Ok(tile) = Tile::new(kind, index >> shift, width) {
            prop_assert_eq!(tile.to_string().parse::<Tile>().unwrap(), tile);
        }
    }

    #[test]
    fn a_path_is_read_only_if_it_is_the_one_written(path in "(tile/)?(entries|[0-9+x]{0,3})(/x?[0-9+]{0,4}){0,4}(\\.p/[0-9]{0,4})?") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(content: Vec<u8>, width in 1_u16..=256) {
        let entries = Tile::new(TileKind::Entries, 0, width).unwrap();
        if let Ok(entries) = entries.decode_entries(&content) {
            let mut again = Vec::new();
            entries.iter().for_each(|entry| encode_entry(&mut again, entry).unwrap());
            prop_assert_eq!(again, content);
        }
    }
}
