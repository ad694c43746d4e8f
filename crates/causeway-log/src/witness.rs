//! The rules of a witness (C2SP `tlog-witness`): when to cosign a checkpoint, and what to answer
//! otherwise. Who calls this keeps the state, and stores the new one before it answers.

use causeway_types::limits::{LOG_PROOF_HASHES_MAX, WITNESS_REQUEST_BYTES_MAX};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{Hash, empty_root, sha256};
use crate::note::{Note, NoteError, NoteSignature};
use crate::text::{decimal, hash_lines, hashes};
use crate::verify::{ProofError, verify_consistency};
use crate::vkey::VerifierKey;

/// The type of an answer that says which size the witness knows.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// What a witness cosigned last of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The size.
    pub size: u64,
    /// The root at this size.
    pub root: Hash,
}

impl Known {
    /// What is known of a log of which nothing was cosigned yet.
    #[must_use]
    pub fn nothing() -> Self {
        Self { size: 0, root: empty_root() }
    }
}

/// A request to cosign a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size from which the proof begins.
    pub old_size: u64,
    /// The proof that the checkpoint's tree begins with that of the old size.
    pub proof: Vec<Hash>,
    /// The checkpoint as a signed note.
    pub note: Note,
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request has another form.
    #[error("read a request to cosign: expected {expected}")]
    Malformed {
        /// What should be there.
        expected: &'static str,
    },
    /// What follows the proof is no signed note.
    #[error("read a request to cosign")]
    Note(#[source] NoteError),
    /// No log with this origin is known.
    #[error("cosign a checkpoint: found the origin {origin:?}, expected a log that is known here")]
    UnknownOrigin {
        /// What stands there.
        origin: String,
    },
    /// The log did not sign it, or it is no checkpoint.
    #[error("cosign a checkpoint")]
    NotSigned(#[source] CheckpointError),
    /// The proof begins behind the checkpoint.
    #[error("cosign a checkpoint: found the old size {old_size}, expected at most {size}")]
    OldSize {
        /// What the request says.
        old_size: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The proof does not begin where the witness stands.
    #[error("cosign a checkpoint: found the old size {old_size}, expected {known}")]
    Stale {
        /// What the request says.
        old_size: u64,
        /// What the witness cosigned last.
        known: u64,
    },
    /// The log signed another root for the size that the witness cosigned: it contradicts itself.
    #[error("cosign a checkpoint: found another root for the size {size} than was cosigned")]
    Contradiction {
        /// The size.
        size: u64,
    },
    /// The proof does not lead from what the witness knows to the checkpoint.
    #[error("cosign a checkpoint")]
    Inconsistent(#[source] ProofError),
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed { .. } | Self::Note(_) | Self::OldSize { .. } => 400,
            Self::NotSigned(_) => 403,
            Self::UnknownOrigin { .. } => 404,
            Self::Stale { .. } | Self::Contradiction { .. } => 409,
            Self::Inconsistent(_) => 422,
        }
    }

    /// What the answer has to say about the size that the witness knows, as [`SIZE_CONTENT_TYPE`].
    #[must_use]
    pub fn size_body(&self) -> Option<String> {
        match self {
            Self::Stale { known: size, .. } | Self::Contradiction { size } => {
                Some(format!("{size}\n"))
            }
            _ => None,
        }
    }

    /// Whether the log signed something that cannot go with what it signed before, or may have: the
    /// note is to be kept.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        matches!(self, Self::Contradiction { .. } | Self::Inconsistent(_))
    }
}

impl AddCheckpoint {
    /// The body of the request.
    #[must_use]
    pub fn encode(&self) -> String {
        let proof = hash_lines(&self.proof);
        format!("old {}\n{proof}\n{}", self.old_size, self.note.encode())
    }

    /// Reads the body of a request. Written again it has exactly the same bytes.
    ///
    /// # Errors
    /// If it is none: [`Refusal::Malformed`] or [`Refusal::Note`], which both answer 400.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let malformed = |expected| Refusal::Malformed { expected };
        if body.len() > WITNESS_REQUEST_BYTES_MAX {
            return Err(malformed("fewer bytes"));
        }
        let body = std::str::from_utf8(body).map_err(|_| malformed("UTF-8"))?;
        let (head, note) = body.split_once("\n\n").ok_or(malformed("an empty line"))?;
        let mut lines = head.split('\n');
        let old_size = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old_size = old_size.ok_or(malformed("old and a number without leading zeroes"))?;
        let proof = hashes(lines, LOG_PROOF_HASHES_MAX);
        let proof = proof.ok_or(malformed("at most 63 hashes in base64"))?;
        let note = Note::parse(note.as_bytes()).map_err(Refusal::Note)?;
        Ok(Self { old_size, proof, note })
    }

    /// Whose log the request is about, as the note says: to look its keys and state up by.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.note.first_line()
    }

    /// Decides on the request by the keys that are known for [`Self::origin`] and by what was
    /// cosigned last.
    ///
    /// The answer is the checkpoint, which is to be stored in the place of `known` in one step, and
    /// only then to be cosigned: two requests that both begin at the old state cannot both win.
    ///
    /// # Errors
    /// The first reason not to cosign, in the order of the specification.
    pub fn judge(&self, keys: &[VerifierKey], known: Known) -> Result<Checkpoint, Refusal> {
        if keys.is_empty() {
            return Err(Refusal::UnknownOrigin { origin: self.origin().to_owned() });
        }
        let mut unsigned = CheckpointError::Note(NoteError::Unsigned);
        let opened = keys.iter().find_map(|key| {
            Checkpoint::open(&self.note, key).map_err(|error| unsigned = error).ok()
        });
        let checkpoint = opened.ok_or(Refusal::NotSigned(unsigned))?;
        let (old_size, size) = (self.old_size, checkpoint.size());
        if old_size > size {
            return Err(Refusal::OldSize { old_size, size });
        }
        if old_size != known.size {
            return Err(Refusal::Stale { old_size, known: known.size });
        }
        if size == known.size && size > 0 && checkpoint.root() != known.root {
            return Err(Refusal::Contradiction { size });
        }
        verify_consistency(known.size, size, &known.root, &checkpoint.root(), &self.proof)
            .map_err(Refusal::Inconsistent)?;
        Ok(checkpoint)
    }
}

/// The name under which a witness shows what it cosigned of a log: SHA-256 of the origin in
/// lower-case hexadecimal digits.
#[must_use]
pub fn origin_digest(origin: &str) -> String {
    sha256(origin.as_bytes()).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The answer of a witness that cosigned: lines of signatures.
#[must_use]
pub fn encode_answer(signatures: &[NoteSignature]) -> String {
    signatures.iter().map(NoteSignature::line).collect()
}

/// The signatures of a known witness in its answer; those of unknown keys are dropped.
///
/// # Errors
/// If the answer is none, no signature is of the witness, or one that says so is not valid.
pub fn read_answer(
    answer: &[u8],
    note: &Note,
    witness: &VerifierKey,
) -> Result<Vec<NoteSignature>, NoteError> {
    let answer = std::str::from_utf8(answer).map_err(|_| NoteError::Characters)?;
    let mut signatures = NoteSignature::parse_lines(answer)?;
    signatures.retain(|signature| signature.is_of(witness));
    if signatures.is_empty() {
        return Err(NoteError::Unsigned);
    }
    Note::new(note.text(), signatures.clone())?.verify([witness])?;
    Ok(signatures)
}

/// The size in the answer of a witness that stands elsewhere.
#[must_use]
pub fn read_size(answer: &[u8]) -> Option<u64> {
    decimal(std::str::from_utf8(answer).ok()?.strip_suffix('\n')?)
}
