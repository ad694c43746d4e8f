//! Checkpoints (C2SP `tlog-checkpoint`): what a log says about itself, as the text of a note.

use causeway_types::limits::NOTE_BYTES_MAX;

use crate::hash::Hash;
use crate::note::{Note, NoteError};
use crate::text::{decimal, hash};
use crate::vkey::VerifierKey;

/// The size and the root of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// Why a text is no checkpoint, or not the log's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// A line is missing or has another form.
    #[error("read a checkpoint: expected the lines {expected}")]
    Form {
        /// What should be there.
        expected: &'static str,
    },
    /// It is of another log than the key.
    #[error("read a checkpoint: found the origin {found:?}, expected {expected:?}")]
    Origin {
        /// What stands there.
        found: String,
        /// The name of the log's key.
        expected: String,
    },
    /// The note is none, or the log did not sign it.
    #[error(transparent)]
    Note(#[from] NoteError),
}

const FORM: CheckpointError = CheckpointError::Form {
    expected: "origin, size without leading zeroes, root in base64, and then none that is empty",
};

impl Checkpoint {
    /// What a log is to sign.
    ///
    /// # Errors
    /// If the origin is empty or has control characters.
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        let checkpoint = Self { origin: origin.into(), size, root, extensions: Vec::new() };
        Self::parse(&checkpoint.note_text())
    }

    /// Who the log is.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of its tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Lines after the root, which nobody can check. Ours have none.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The text of the note: the bytes that the log signs.
    #[must_use]
    pub fn note_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Reads the text of a note. Written again it has exactly the same bytes.
    ///
    /// # Errors
    /// If it is no checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        if text.len() > NOTE_BYTES_MAX {
            return Err(FORM);
        }
        let lines: Vec<&str> = text.strip_suffix('\n').ok_or(FORM)?.split('\n').collect();
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err(FORM);
        };
        let control = |line: &&str| line.bytes().any(|b| b < 0x20);
        if lines.iter().any(|line| line.is_empty() || control(line)) {
            return Err(FORM);
        }
        Ok(Self {
            origin: (*origin).to_owned(),
            size: decimal(size).ok_or(FORM)?,
            root: hash(root).ok_or(FORM)?,
            extensions: extensions.iter().map(|line| (*line).to_owned()).collect(),
        })
    }

    /// The checkpoint in a note that the log with this key signed.
    ///
    /// # Errors
    /// If the log did not sign it, it is no checkpoint, or its origin is not the key's name.
    pub fn open(note: &Note, log: &VerifierKey) -> Result<Self, CheckpointError> {
        note.verify([log])?;
        let checkpoint = Self::parse(note.text())?;
        match checkpoint.origin == log.name().as_str() {
            true => Ok(checkpoint),
            false => Err(CheckpointError::Origin {
                found: checkpoint.origin,
                expected: log.name().to_string(),
            }),
        }
    }
}
