//! Proofs that a log contradicts itself: two checkpoints that it signed and that cannot both be
//! true. Whoever has such a proof and the log's key needs nothing else to see it.
//!
//! A proof of consistency that fails proves nothing, for anybody can write one. What proves it: the
//! same hashes that lead to the newer checkpoint's root lead, for the older size, to another root
//! than the log signed. As hashes do not collide, its newer tree does not begin with its older one.

use std::error::Error;

use causeway_types::limits::{FORK_PROOF_BYTES_MAX, LOG_PROOF_HASHES_MAX};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::note::{Note, NoteError};
use crate::text::{decimal, hash_lines, hashes};
use crate::tree::{TileError, TileReader, prefix_proof};
use crate::verify::{ProofError, roots_from_prefix};
use crate::vkey::VerifierKey;

const HEAD: &str = "causeway/fork/v1";

/// Two signed checkpoints of one log, and the hashes that set them against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    older: Note,
    newer: Note,
    hashes: Vec<Hash>,
}

/// How a log contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contradiction {
    /// It signed two roots for one size.
    TwoRoots {
        /// The one.
        one: Checkpoint,
        /// The other.
        other: Checkpoint,
    },
    /// Its newer tree does not begin with its older one.
    Rewritten {
        /// What it signed.
        older: Checkpoint,
        /// What it signed later.
        newer: Checkpoint,
        /// The root that the newer tree has at the older size.
        root: Hash,
    },
}

/// Why something is no proof that a log contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// The file has another form.
    #[error("read a proof of a fork: expected {expected}")]
    Form {
        /// What should be there.
        expected: &'static str,
    },
    /// One of the two is no signed note.
    #[error("read a proof of a fork")]
    Note(#[from] NoteError),
    /// One of the two is not the log's.
    #[error("check a proof of a fork")]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead to the newer root, so they say nothing about the log.
    #[error("check a proof of a fork")]
    Proof(#[from] ProofError),
    /// Both can be true.
    #[error("check a proof of a fork: found two checkpoints that agree")]
    Agree,
}

impl ForkProof {
    /// Two checkpoints of one size with two roots.
    ///
    /// # Errors
    /// If they are none, or not signed by the log.
    pub fn of_two_roots(one: Note, other: Note, log: &VerifierKey) -> Result<Self, ForkError> {
        let proof = Self { older: one, newer: other, hashes: Vec::new() };
        proof.verify(log).map(|_| proof)
    }

    /// Two checkpoints, with the hashes that [`prefix_proof`] gives for their sizes from the tiles
    /// of the newer one.
    ///
    /// # Errors
    /// If they do not contradict each other, or are not signed by the log.
    pub fn of_rewriting(
        older: Note,
        newer: Note,
        hashes: Vec<Hash>,
        log: &VerifierKey,
    ) -> Result<Self, ForkError> {
        let proof = Self { older, newer, hashes };
        proof.verify(log).map(|_| proof)
    }

    /// Compares any two checkpoints of a log, reading what it needs from the tiles that lead to the
    /// larger one. `None` if they agree.
    ///
    /// # Errors
    /// If one is not the log's, or the tiles cannot be had or lead elsewhere than the newer root.
    pub fn find<R: TileReader>(
        one: &Note,
        other: &Note,
        log: &VerifierKey,
        tiles: &R,
    ) -> Result<Option<Self>, FindError<R::Error>> {
        let sizes = [one, other].map(|note| Checkpoint::open(note, log).map(|c| c.size()));
        let [first, second] = sizes;
        let (first, second) = (first.map_err(ForkError::from)?, second.map_err(ForkError::from)?);
        let (older, newer) = if first <= second { (one, other) } else { (other, one) };
        let (old_size, new_size) = (first.min(second), first.max(second));
        let hashes = match old_size == new_size || old_size == 0 {
            true => Vec::new(),
            false => prefix_proof(old_size, new_size, tiles).map_err(FindError::Tiles)?,
        };
        let proof = Self { older: older.clone(), newer: newer.clone(), hashes };
        match proof.verify(log) {
            Ok(_) => Ok(Some(proof)),
            Err(ForkError::Agree) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Checks the proof with the log's key alone.
    ///
    /// # Errors
    /// If it does not prove anything.
    pub fn verify(&self, log: &VerifierKey) -> Result<Contradiction, ForkError> {
        let older = Checkpoint::open(&self.older, log)?;
        let newer = Checkpoint::open(&self.newer, log)?;
        if older.size() == newer.size() {
            return match older.root() == newer.root() {
                true => Err(ForkError::Agree),
                false => Ok(Contradiction::TwoRoots { one: older, other: newer }),
            };
        }
        // Whatever root was signed for no leaves, there is only one.
        if older.size() == 0 {
            let root = crate::hash::empty_root();
            return match older.root() == root {
                true => Err(ForkError::Agree),
                false => Ok(Contradiction::Rewritten { older, newer, root }),
            };
        }
        let (root, leads_to) = roots_from_prefix(older.size(), newer.size(), &self.hashes)?;
        if leads_to != newer.root() {
            return Err(ProofError::Root.into());
        }
        match root == older.root() {
            true => Err(ForkError::Agree),
            false => Ok(Contradiction::Rewritten { older, newer, root }),
        }
    }

    /// The file: lengths of the notes, hashes, an empty line, and both notes as they were signed.
    #[must_use]
    pub fn encode(&self) -> String {
        let (older, newer) = (self.older.encode(), self.newer.encode());
        let hashes = hash_lines(&self.hashes);
        let (first, second) = (older.len(), newer.len());
        format!("{HEAD}\nolder {first}\nnewer {second}\n{hashes}\n{older}{newer}")
    }

    /// Reads a file. Written again it has exactly the same bytes.
    ///
    /// # Errors
    /// If it is none, or too large.
    pub fn parse(file: &[u8]) -> Result<Self, ForkError> {
        let form = |expected| ForkError::Form { expected };
        if file.len() > FORK_PROOF_BYTES_MAX {
            return Err(form("fewer bytes"));
        }
        let text = std::str::from_utf8(file).map_err(|_| form("UTF-8"))?;
        let (head, notes) = text.split_once("\n\n").ok_or(form("an empty line"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEAD) {
            return Err(form("causeway/fork/v1 in the first line"));
        }
        let mut length =
            |prefix| lines.next().and_then(|line| line.strip_prefix(prefix)).and_then(decimal);
        let lengths = length("older ").zip(length("newer "));
        let (older, newer) = lengths.ok_or(form("the lengths of both notes"))?;
        let hashes = hashes(lines, LOG_PROOF_HASHES_MAX + 1);
        let hashes = hashes.ok_or(form("at most 64 hashes in base64"))?;
        let split = usize::try_from(older).ok().and_then(|at| notes.split_at_checked(at));
        let fits = split.filter(|(_, rest)| u64::try_from(rest.len()) == Ok(newer));
        let (older, newer) = fits.ok_or(form("two notes of the lengths that are written"))?;
        let (older, newer) = (Note::parse(older.as_bytes())?, Note::parse(newer.as_bytes())?);
        Ok(Self { older, newer, hashes })
    }
}

/// Why two checkpoints cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum FindError<E: Error + Send + Sync + 'static> {
    /// The tiles cannot be had.
    #[error("compare two checkpoints of a log")]
    Tiles(#[source] TileError<E>),
    /// One is not the log's, or the tiles lead elsewhere.
    #[error("compare two checkpoints of a log")]
    Fork(#[from] ForkError),
}
