//! The same questions to another make, a port of the Go checksum database's packages: its answers
//! and ours are the same, and each accepts what the other makes.

use causeway_log::tree::{consistency_proof, inclusion_proof, root};
use causeway_log::{
    Checkpoint, Frontier, Hash, Note, Resource, Tile, VerifierKey, verify_consistency,
    verify_inclusion,
};
use proptest::prelude::*;
use signed_note::{Note as OtherNote, StandardVerifier, VerifierList};
use tlog_tiles::{
    Checkpoint as OtherCheckpoint, Error, Hash as Other, HashReader, Tile as OtherTile,
    check_record, check_tree, prove_record, prove_tree, stored_hashes_for_record_hash, tree_hash,
};

use crate::support::{Log, Signer};

struct Stored(Vec<Other>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Other>, Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

fn stored(leaves: &[Hash]) -> Stored {
    let mut stored = Stored(Vec::new());
    for (index, leaf) in (0..).zip(leaves) {
        let leaf = Other(*leaf.as_bytes());
        stored.0.extend(stored_hashes_for_record_hash(index, leaf, &stored).expect("in memory"));
    }
    stored
}

fn theirs(hashes: &[Hash]) -> Vec<Other> {
    hashes.iter().map(|hash| Other(*hash.as_bytes())).collect()
}

#[test]
fn roots_and_proofs_are_those_of_the_other_make() {
    let log = Log::new(600);
    let stored = stored(&log.leaves);
    for size in (1..=70).chain([127, 128, 129, 255, 256, 257, 511, 512, 513, 600]) {
        let ours = root(size, &log.tiles).unwrap();
        let theirs_root = tree_hash(size, &stored).unwrap();
        assert_eq!(ours.as_bytes(), &theirs_root.0);
        for index in 0..size {
            let proof = inclusion_proof(index, size, &log.tiles).unwrap();
            let other = prove_record(size, index, &stored).unwrap();
            assert_eq!(theirs(&proof), other, "{index} in {size}");
            let leaf = log.leaves[index as usize];
            let leaf = Other(*leaf.as_bytes());
            check_record(&theirs(&proof), size, theirs_root, index, leaf).unwrap();
        }
        for old in 1..size {
            let proof = consistency_proof(old, size, &log.tiles).unwrap();
            assert_eq!(theirs(&proof), prove_tree(size, old, &stored).unwrap(), "{old} in {size}");
            let old_root = tree_hash(old, &stored).unwrap();
            check_tree(&theirs(&proof), size, theirs_root, old, old_root).unwrap();
        }
    }
}

/// That crate still writes the height of tiles into their paths; the rest is the same.
#[test]
fn tiles_and_their_paths_are_those_of_the_other_make() {
    let log = Log::new(600);
    let stored = stored(&log.leaves);
    for size in [1, 5, 255, 256, 257, 600] {
        for tile in Tile::all(size) {
            let (level, width) = (tile.level(), u32::from(tile.width()));
            let other = OtherTile::new(8, level, tile.index(), width, false);
            let path = Resource::Tile(tile).path();
            assert_eq!(path, other.path().replacen("tile/8/", "tile/", 1));
            assert_eq!(log.tiles.0[&tile], other.read_data(&stored).unwrap(), "{path}");
        }
    }
    for index in [0, 999, 1_000, 1_234_067, 999_999_999] {
        let tile = Tile::new(0, index, 3).unwrap();
        let other = OtherTile::new(8, 0, index, 3, true);
        let path = Resource::entries(tile).unwrap().path();
        assert_eq!(path, other.path().replacen("tile/8/data/", "tile/entries/", 1));
    }
}

fn verifiers(key: &VerifierKey) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(&key.to_string()).expect("a key"))])
}

#[test]
fn notes_keys_and_checkpoints_are_read_by_the_other_make() {
    let log = Signer::log("did:web:node.example%3A8443", 1);
    let frontier = Frontier::empty().append(&Log::new(9).leaves).frontier;
    let note = log.note(9, frontier.root());
    let other = OtherNote::from_bytes(note.encode().as_bytes()).unwrap();
    let (valid, unknown) = other.verify(&verifiers(&log.key)).unwrap();
    assert_eq!((valid.len(), unknown.len()), (1, 0));
    let checkpoint = OtherCheckpoint::from_bytes(other.text()).unwrap();
    assert_eq!(checkpoint.origin(), log.key.name().as_str());
    assert_eq!((checkpoint.size(), checkpoint.hash().0), (9, *frontier.root().as_bytes()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Within our limits, both accept the same changed notes and say the same of their signatures.
    #[test]
    fn changed_notes_are_judged_as_by_the_other_make(
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 1..4,
        ),
    ) {
        let log = Signer::log("log", 1);
        let root = causeway_log::leaf_hash(b"a");
        let mut bytes = log.note(3, root).encode().into_bytes();
        for (at, kind, byte) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b'\n'),
            }
        }
        let (ours, other) = (Note::parse(&bytes), OtherNote::from_bytes(&bytes));
        prop_assert_eq!(ours.is_ok(), other.is_ok(), "{:?}", String::from_utf8_lossy(&bytes));
        if let (Ok(ours), Ok(other)) = (ours, other) {
            prop_assert_eq!(ours.text().as_bytes(), other.text());
            let same = other.verify(&verifiers(&log.key)).is_ok();
            prop_assert_eq!(ours.verify([&log.key]).is_ok(), same);
            let checkpoint = OtherCheckpoint::from_bytes(other.text());
            if Checkpoint::parse(ours.text()).is_ok() {
                prop_assert!(checkpoint.is_ok());
            }
        }
    }

    #[test]
    fn proofs_of_any_hashes_are_judged_as_by_the_other_make(
        size in 1_u64..5_000, inner in 0_u64..5_000,
        hashes in prop::collection::vec(0_u8..3, 0..14),
    ) {
        let hashes: Vec<Hash> = hashes.iter().map(|byte| Hash::new([*byte; 32])).collect();
        let (one, two) = (Hash::new([0; 32]), Hash::new([1; 32]));
        let (a, b) = (Other([0; 32]), Other([1; 32]));
        let (index, old) = (inner % size, 1 + inner % size);
        let ours = verify_inclusion(index, size, &one, &hashes, &two).is_ok();
        prop_assert_eq!(ours, check_record(&theirs(&hashes), size, b, index, a).is_ok());
        let ours = verify_consistency(old, size, &one, &two, &hashes).is_ok();
        prop_assert_eq!(ours, check_tree(&theirs(&hashes), size, b, old, a).is_ok());
    }
}
