//! Roots and proofs of every size up to 600, against the definition of RFC 6962.

use causeway_log::tree::{consistency_proof, inclusion_proof, prefix_proof, root};
use causeway_log::verify::roots_from_prefix;
use causeway_log::{
    Frontier, Hash, ProofError, Tile, empty_root, leaf_hash, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

use crate::support::{Log, definition};

const SIZE: u64 = 600;

fn hex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// The leaves and roots that implementations of Certificate Transparency test with.
#[test]
fn the_known_trees_have_their_known_roots() {
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(empty_root().as_bytes().to_vec(), hex(nothing));
    let mut frontier = Frontier::empty();
    assert_eq!(frontier.root(), empty_root());
    for (leaf, expected) in leaves.iter().zip(roots) {
        frontier = frontier.append(&[leaf_hash(&hex(leaf))]).frontier;
        assert_eq!(frontier.root().as_bytes().to_vec(), hex(expected));
    }
}

#[test]
fn every_size_has_the_root_of_the_definition_by_growing_and_from_tiles() {
    let log = Log::new(SIZE);
    let mut grown = Frontier::empty();
    for size in 0..=SIZE {
        let expected = definition(&log.leaves[..size as usize]);
        assert_eq!(grown.root(), expected, "grown to {size}");
        assert_eq!(root(size, &log.tiles).unwrap(), expected, "from tiles at {size}");
        assert_eq!(Frontier::load(size, &log.tiles).unwrap(), grown, "loaded at {size}");
        if let Some(leaf) = log.leaves.get(size as usize) {
            grown = grown.append(&[*leaf]).frontier;
        }
    }
}

#[test]
fn every_leaf_of_every_size_is_proven_and_no_other() {
    let log = Log::new(SIZE);
    for size in (1..=140).chain([255, 256, 257, 511, 512, 513, SIZE]) {
        let root = definition(&log.leaves[..size as usize]);
        for index in 0..size {
            let proof = inclusion_proof(index, size, &log.tiles).unwrap();
            let leaf = &log.leaves[index as usize];
            verify_inclusion(index, size, leaf, &proof, &root).unwrap();
            let other = leaf_hash(b"another");
            let refused = verify_inclusion(index, size, &other, &proof, &root);
            assert_eq!(refused, Err(ProofError::Root));
            let longer: Vec<Hash> = proof.iter().copied().chain([other]).collect();
            assert!(matches!(
                verify_inclusion(index, size, leaf, &longer, &root),
                Err(ProofError::Length { .. })
            ));
            if size > 1 {
                let elsewhere = verify_inclusion((index + 1) % size, size, leaf, &proof, &root);
                assert!(elsewhere.is_err(), "{index} of {size} is not its neighbour");
                let shorter = &proof[..proof.len() - 1];
                assert!(verify_inclusion(index, size, leaf, shorter, &root).is_err());
            }
        }
        let beyond = verify_inclusion(size, size, &log.leaves[0], &[], &root);
        assert_eq!(beyond, Err(ProofError::Range { inner: size, size }));
    }
}

#[test]
fn every_size_extends_every_smaller_one() {
    let log = Log::new(SIZE);
    let roots: Vec<Hash> =
        (0..=SIZE).map(|size| definition(&log.leaves[..size as usize])).collect();
    for new in (0..=130).chain([255, 256, 257, 512, 513, SIZE]) {
        for old in 0..=new {
            let proof = consistency_proof(old, new, &log.tiles).unwrap();
            let (before, after) = (&roots[old as usize], &roots[new as usize]);
            verify_consistency(old, new, before, after, &proof).unwrap();
            let other = leaf_hash(b"another");
            if new > 0 && (old > 0 || !proof.is_empty()) {
                assert!(verify_consistency(old, new, &other, after, &proof).is_err());
                assert!(verify_consistency(old, new, before, &other, &proof).is_err());
            }
            let longer: Vec<Hash> = proof.iter().copied().chain([other]).collect();
            assert!(verify_consistency(old, new, before, after, &longer).is_err());
            if let Some((_, shorter)) = proof.split_last() {
                assert!(verify_consistency(old, new, before, after, shorter).is_err());
            }
            if old > 0 && old < new {
                let hashes = prefix_proof(old, new, &log.tiles).unwrap();
                assert_eq!(roots_from_prefix(old, new, &hashes), Ok((*before, *after)));
            }
        }
    }
    let shrunk = verify_consistency(5, 4, &roots[5], &roots[4], &[]);
    assert_eq!(shrunk, Err(ProofError::Range { inner: 5, size: 4 }));
}

#[test]
fn a_tree_has_the_tiles_that_the_specification_counts() {
    let widths = |size| {
        let mut counts = [(0, 0); 3];
        for tile in Tile::all(size) {
            let count = &mut counts[usize::from(tile.level())];
            match tile.is_full() {
                true => count.0 += 1,
                false => count.1 = tile.width(),
            }
        }
        counts
    };
    assert_eq!(widths(70_000), [(273, 112), (1, 17), (0, 1)]);
    assert_eq!(widths(256), [(1, 0), (0, 1), (0, 0)]);
    assert_eq!(widths(0), [(0, 0); 3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn leaves_in_any_batches_give_the_same_tree(
        batches in prop::collection::vec(0_usize..700, 0..8),
    ) {
        let leaf = |index: u64| leaf_hash(&index.to_be_bytes());
        let mut tiles = crate::support::Tiles::default();
        let mut frontier = Frontier::empty();
        let mut all = Vec::new();
        for batch in batches {
            let leaves: Vec<Hash> = (0..batch).map(|n| leaf((all.len() + n) as u64)).collect();
            let growth = frontier.append(&leaves);
            all.extend(leaves);
            tiles.0.extend(growth.tiles);
            frontier = growth.frontier;
            let size = frontier.size();
            prop_assert_eq!(frontier.root(), definition(&all));
            for tile in Tile::all(size) {
                prop_assert_eq!(tiles.0.get(&tile).map(Vec::len), Some(tile.bytes()));
            }
            prop_assert_eq!(&Frontier::load(size, &tiles).unwrap(), &frontier);
        }
    }
}
