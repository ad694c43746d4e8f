//! A tree in memory, the definition of RFC 6962 written down, and keys from a seed.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use causeway_log::{
    Algorithm, Checkpoint, Frontier, Hash, KeyName, Note, NoteSignature, Tile, TileReader,
    VerifierKey, cosignature, empty_root, leaf_hash, node_hash,
};

const MADE: &str = "the test made it of valid parts";

/// Tiles by their coordinates; what was never written cannot be read.
#[derive(Default)]
pub(crate) struct Tiles(pub(crate) BTreeMap<Tile, Vec<u8>>);

#[derive(Debug, thiserror::Error)]
#[error("there is no such tile")]
pub(crate) struct NoTile;

impl TileReader for Tiles {
    type Error = NoTile;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, NoTile> {
        self.0.get(&tile).cloned().ok_or(NoTile)
    }
}

/// A log with its tiles and the root at every size it ever had.
pub(crate) struct Log {
    pub(crate) leaves: Vec<Hash>,
    pub(crate) tiles: Tiles,
    pub(crate) frontier: Frontier,
}

impl Log {
    /// Leaves one by one, so that there is every partial tile.
    pub(crate) fn new(size: u64) -> Self {
        Self::named("", size)
    }

    pub(crate) fn named(name: &str, size: u64) -> Self {
        let mut log =
            Self { leaves: Vec::new(), tiles: Tiles::default(), frontier: Frontier::empty() };
        for index in 0..size {
            log.push(leaf_hash(format!("{name}{index}").as_bytes()));
        }
        log
    }

    pub(crate) fn push(&mut self, leaf: Hash) {
        let growth = self.frontier.append(&[leaf]);
        self.leaves.push(leaf);
        self.tiles.0.extend(growth.tiles);
        self.frontier = growth.frontier;
    }
}

/// MTH of RFC 6962, section 2.1, word for word.
pub(crate) fn definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let mut split = 1;
            while split * 2 < leaves.len() {
                split *= 2;
            }
            node_hash(&definition(&leaves[..split]), &definition(&leaves[split..]))
        }
    }
}

pub(crate) struct Signer {
    pub(crate) key: VerifierKey,
    pair: Ed25519KeyPair,
}

impl Signer {
    pub(crate) fn log(name: &str, seed: u8) -> Self {
        Self::new(name, Algorithm::Ed25519, seed)
    }

    pub(crate) fn witness(name: &str, seed: u8) -> Self {
        Self::new(name, Algorithm::CosignatureV1, seed)
    }

    fn new(name: &str, algorithm: Algorithm, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect(MADE);
        let public = pair.public_key().as_ref().try_into().expect(MADE);
        Self { key: VerifierKey::new(KeyName::new(name).expect(MADE), algorithm, public), pair }
    }

    pub(crate) fn raw(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().expect(MADE)
    }

    pub(crate) fn sign(&self, text: &str) -> NoteSignature {
        NoteSignature::new(&self.key, self.raw(text.as_bytes()).to_vec())
    }

    pub(crate) fn cosign(&self, at: u64, text: &str) -> NoteSignature {
        let signed = self.raw(&cosignature::message(at, text));
        cosignature::signature(&self.key, at, &signed).expect(MADE)
    }

    /// A checkpoint of this log's, signed.
    pub(crate) fn note(&self, size: u64, root: Hash) -> Note {
        let checkpoint = Checkpoint::new(self.key.name().as_str(), size, root).expect(MADE);
        let text = checkpoint.note_text();
        let signature = self.sign(&text);
        Note::new(text, vec![signature]).expect(MADE)
    }
}
