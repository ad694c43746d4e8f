//! Paths, bundles of entries and leaves.

use causeway_log::entries::{EntriesError, decode, encode};
use causeway_log::{Commitment, Leaf, Resource, Tile};
use proptest::prelude::*;

#[test]
fn resources_have_the_paths_of_the_specification() {
    let check = |resource: Resource, path: &str| {
        assert_eq!(resource.path(), path);
        assert_eq!(Resource::parse(path), Ok(resource));
    };
    let tile = |level, index, width| Tile::new(level, index, width).unwrap();
    check(Resource::Checkpoint, "checkpoint");
    check(Resource::Tile(tile(0, 0, 256)), "tile/0/000");
    check(Resource::Tile(tile(4, 1_234_067, 8)), "tile/4/x001/x234/067.p/8");
    check(Resource::Entries(tile(0, 1_234, 255)), "tile/entries/x001/234.p/255");
    check(Resource::Entries(tile(0, 999, 256)), "tile/entries/999");
    check(Resource::Tile(tile(0, 1_000_000, 1)), "tile/0/x001/x000/000.p/1");
    assert_eq!(Resource::entries(tile(1, 0, 1)), None);
}

#[test]
fn paths_in_any_other_form_are_refused() {
    let refused = [
        "",
        "/checkpoint",
        "checkpoint/",
        "Checkpoint",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/8/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+0/000",
        "tile/data/000",
        "tile/0/x000/000",
        "tile/0/x001/x000",
        "tile/0/001/000",
        "tile/0/x1/000",
        "tile/0/../000",
        "tile/entries/..",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/-1",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile//000",
        "tile/0//000",
        "tile/0/000 ",
        "tile/0/\u{661}00",
        "tile/entries/x001/x002/x003/x004/x005/x006/x007/x008/x009/x010/x011",
        "tile/7/x999/x999/999",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ];
    for path in refused {
        assert!(Resource::parse(path).is_err(), "{path:?}");
    }
}

#[test]
fn a_bundle_is_read_only_with_the_number_of_entries_of_its_name() {
    let tile = |width| Tile::new(0, 0, width).unwrap();
    let bundle = encode(&[b"one".as_slice(), b"", b"three"]).unwrap();
    assert_eq!(bundle, b"\0\x03one\0\0\0\x05three");
    assert_eq!(decode(&bundle, tile(3)).unwrap(), [b"one".as_slice(), b"", b"three"]);
    assert_eq!(decode(&bundle, tile(4)), Err(EntriesError::Count { found: 3, expected: 4 }));
    assert_eq!(decode(&bundle, tile(2)), Err(EntriesError::Count { found: 3, expected: 2 }));
    let (cut, length) = (EntriesError::Cut { index: 2 }, bundle.len());
    assert_eq!(decode(&bundle[..length - 1], tile(3)), Err(cut.clone()));
    assert_eq!(decode(&bundle[..length - 6], tile(3)), Err(cut));
    assert!(encode(&[vec![0; 65_535]]).is_ok());
    assert_eq!(encode(&[vec![0; 65_536]]), Err(EntriesError::Long { found: 65_536 }));
}

#[test]
fn a_leaf_is_36_bytes_and_opens_only_with_its_salt_and_record() {
    let commitment = Commitment::new(&[7; 32], b"{\"v\":1}");
    let leaf = Leaf::new(commitment);
    let bytes = leaf.encode();
    assert_eq!(bytes[..4], [0x82, 0x01, 0x58, 0x20]);
    assert_eq!(Leaf::parse(&bytes), Ok(leaf));
    assert_ne!(Commitment::new(&[8; 32], b"{\"v\":1}"), commitment);
    assert_ne!(Commitment::new(&[7; 32], b"{\"v\":2}"), commitment);
    // Computed by another program: SHA-256 over the label, the salt and the record's SHA-256.
    let known = "c2c02c02bfdc95f4b51321a0dbdd4cc9ae8ff8b9f2169f64bd14b8f4c1093205";
    let hex: String = commitment.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, known);
    for wrong in [&bytes[..35], &[], &[bytes.as_slice(), &[0]].concat()] {
        assert!(Leaf::parse(wrong).is_err());
    }
    for at in 0..4 {
        let mut other = bytes;
        other[at] ^= 1;
        assert!(Leaf::parse(&other).is_err());
    }
}

proptest! {
    #[test]
    fn every_tile_has_a_path_that_leads_back(
        level in 0_u8..8, index in any::<u64>(), shift in 8_u32..64, width in 1_u16..=256,
    ) {
        if let Some(tile) = Tile::new(level, index >> shift, width) {
            let resource = Resource::Tile(tile);
            prop_assert_eq!(Resource::parse(&resource.path()), Ok(resource));
        }
    }

    #[test]
    fn whatever_is_read_as_a_path_is_written_as_the_same(path in "[tile/x0-9.pent]{0,30}") {
        if let Ok(resource) = Resource::parse(&path) {
            prop_assert_eq!(resource.path(), path);
        }
    }

    #[test]
    fn entries_come_back_as_they_were(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256),
    ) {
        let tile = Tile::new(0, 0, entries.len() as u16).unwrap();
        let bundle = encode(&entries).unwrap();
        prop_assert_eq!(decode(&bundle, tile).unwrap(), entries);
    }
}
