//! Proof files (`c2sp.org/tlog-proof@v1`, `.tlog-proof`): that an entry is in a log, with all that
//! is needed to check it without a network.

use causeway_types::limits::{
    LOG_PROOF_EXTRA_BYTES_MAX, LOG_PROOF_FILE_BYTES_MAX, LOG_PROOF_HASHES_MAX,
};

use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::note::{Note, NoteError};
use crate::policy::{Policy, Unmet, Witnessed};
use crate::text::{base64, decimal, from_base64, hash_lines, hashes};
use crate::verify::{ProofError, verify_inclusion};

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// A proof that the leaf with some hash is at an index of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// Data that goes with the proof and is not proven.
    pub extra: Option<Vec<u8>>,
    /// The index of the entry.
    pub index: u64,
    /// The hashes from the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The checkpoint as a signed note.
    pub checkpoint: Note,
}

/// Why a file is no proof, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogProofError {
    /// A line has another form.
    #[error("read a proof of a log: expected {expected}")]
    Form {
        /// What should be there.
        expected: &'static str,
    },
    /// The file is too large.
    #[error("read a proof of a log: found {found} bytes, expected at most {max}")]
    Long {
        /// How large it is.
        found: usize,
        /// How large it may be.
        max: usize,
    },
    /// What follows the hashes is no signed note.
    #[error("read a proof of a log")]
    Note(#[from] NoteError),
    /// The checkpoint is not what the policy asks for.
    #[error("check a proof of a log")]
    Policy(#[from] Unmet),
    /// The hashes do not lead from the entry to the checkpoint's root.
    #[error("check a proof of a log")]
    Inclusion(#[from] ProofError),
}

const fn form(expected: &'static str) -> LogProofError {
    LogProofError::Form { expected }
}

impl LogProof {
    /// The file.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut file = format!("{HEAD}\n");
        if let Some(extra) = &self.extra {
            file.push_str(&format!("extra {}\n", base64(extra)));
        }
        file.push_str(&format!("index {}\n", self.index));
        file.push_str(&hash_lines(&self.hashes));
        file.push('\n');
        file.push_str(&self.checkpoint.encode());
        file
    }

    /// Reads a file. Written again it has exactly the same bytes.
    ///
    /// # Errors
    /// If it is none, or too large.
    pub fn parse(file: &[u8]) -> Result<Self, LogProofError> {
        if file.len() > LOG_PROOF_FILE_BYTES_MAX {
            let (found, max) = (file.len(), LOG_PROOF_FILE_BYTES_MAX);
            return Err(LogProofError::Long { found, max });
        }
        let text = std::str::from_utf8(file).map_err(|_| form("UTF-8"))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(form("an empty line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEAD) {
            return Err(form("c2sp.org/tlog-proof@v1 in the first line"));
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(extra) => {
                lines.next();
                let extra = from_base64(extra).ok_or(form("base64 after extra"))?;
                if extra.len() > LOG_PROOF_EXTRA_BYTES_MAX {
                    let (found, max) = (extra.len(), LOG_PROOF_EXTRA_BYTES_MAX);
                    return Err(LogProofError::Long { found, max });
                }
                Some(extra)
            }
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(form("index and a number without leading zeroes"))?;
        let hashes = hashes(lines, LOG_PROOF_HASHES_MAX);
        let hashes = hashes.ok_or(form("at most 63 hashes in base64"))?;
        Ok(Self { extra, index, hashes, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }

    /// Checks that the leaf with this hash is in a log of the policy, in a checkpoint that is
    /// witnessed as the policy asks for.
    ///
    /// # Errors
    /// If the checkpoint is not signed so, or the leaf is not where the proof says.
    pub fn verify<'p>(
        &self,
        leaf: &Hash,
        policy: &'p Policy,
    ) -> Result<Witnessed<'p>, LogProofError> {
        let witnessed = policy.check(&self.checkpoint)?;
        let checkpoint: &Checkpoint = &witnessed.checkpoint;
        let root = checkpoint.root();
        verify_inclusion(self.index, checkpoint.size(), leaf, &self.hashes, &root)?;
        Ok(witnessed)
    }
}
