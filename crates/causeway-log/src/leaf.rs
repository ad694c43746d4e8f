//! What Causeway's logs have as entries: commitments to records that stay private.
//!
//! An entry is always 36 bytes, so that it tells nothing about the record: neither its length nor
//! its kind nor whom it is about. Once salt and record are erased, nothing links to it any more.

use crate::hash::{Hash, leaf_hash, sha256};

const COMMITMENT_LABEL: &[u8] = b"causeway/leaf/v1";
/// CBOR: an array of two, the number 1, a byte string of 32.
const LEAF_HEAD: [u8; 4] = [0x82, 0x01, 0x58, 0x20];

/// What a leaf says about a record: a salted hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// Commits to a record: `SHA-256("causeway/leaf/v1" || salt || SHA-256(record))`.
    #[must_use]
    pub fn new(salt: &[u8; 32], record: &[u8]) -> Self {
        let mut bytes = COMMITMENT_LABEL.to_vec();
        bytes.extend_from_slice(salt);
        bytes.extend_from_slice(sha256(record).as_bytes());
        Self(*sha256(&bytes).as_bytes())
    }

    /// A commitment that was computed before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the commitment.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// An entry of a log: deterministic CBOR `[1, commitment]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leaf(Commitment);

impl Leaf {
    /// How many bytes an entry has.
    pub const BYTES: usize = 36;

    /// The entry for a commitment.
    #[must_use]
    pub const fn new(commitment: Commitment) -> Self {
        Self(commitment)
    }

    /// What the entry commits to.
    #[must_use]
    pub const fn commitment(&self) -> Commitment {
        self.0
    }

    /// The bytes that stand in the log.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&LEAF_HEAD);
        bytes[4..].copy_from_slice(self.0.as_bytes());
        bytes
    }

    /// The hash of the entry in the tree.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.encode())
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// If it has another length or another beginning.
    pub fn parse(entry: &[u8]) -> Result<Self, LeafError> {
        let refused = LeafError { found: entry.len() };
        let (head, rest) = entry.split_first_chunk::<4>().ok_or(refused)?;
        let commitment: [u8; 32] = rest.try_into().map_err(|_| refused)?;
        match *head == LEAF_HEAD {
            true => Ok(Self(Commitment(commitment))),
            false => Err(refused),
        }
    }
}

/// An entry that is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "read an entry of a log: found {found} bytes, expected {} that are the CBOR array of 1 and a \
     commitment",
    Leaf::BYTES
)]
pub struct LeafError {
    found: usize,
}
