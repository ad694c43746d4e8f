//! Signed notes (C2SP `signed-note`): a text, an empty line, and lines of signatures.

use causeway_types::limits::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};

use crate::text::{base64, from_base64};
use crate::vkey::{Algorithm, KeyName, VerifierKey};

/// One signature line of a note: whose it says it is, and the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    id: u32,
    bytes: Vec<u8>,
}

impl NoteSignature {
    /// The line for bytes that a key signed.
    #[must_use]
    pub fn new(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().clone(), id: key.id(), bytes }
    }

    /// The name of the key that it says it is of.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key that it says it is of.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The signature, without the id before it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it says that it is of this key. That it is, [`VerifierKey::verifies`] knows.
    #[must_use]
    pub fn is_of(&self, key: &VerifierKey) -> bool {
        self.id == key.id() && self.name == *key.name()
    }

    /// The line with its end.
    #[must_use]
    pub fn line(&self) -> String {
        let mut bytes = self.id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        format!("\u{2014} {} {}\n", self.name, base64(&bytes))
    }

    /// Reads lines of signatures, as a witness answers them and as they end a note.
    ///
    /// # Errors
    /// If there is none, there are too many, or a line is none.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, NoteError> {
        if text.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Long { found: text.len() });
        }
        let text = text.strip_suffix('\n').ok_or(NoteError::NoSignature)?;
        let mut signatures = Vec::new();
        for line in text.split('\n') {
            if signatures.len() == NOTE_SIGNATURES_MAX {
                return Err(NoteError::Signatures);
            }
            let number = signatures.len() + 1;
            signatures.push(Self::parse(line).ok_or(NoteError::Line { number })?);
        }
        Ok(signatures)
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let name = KeyName::new(name).ok()?;
        let bytes = from_base64(signature)?;
        let (id, bytes) = bytes.split_first_chunk::<4>()?;
        let id = u32::from_be_bytes(*id);
        (!bytes.is_empty()).then(|| Self { name, id, bytes: bytes.to_vec() })
    }
}

/// Why something is no signed note, or not signed by whom it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is too large.
    #[error("read a signed note: found {found} bytes, expected at most {NOTE_BYTES_MAX}")]
    Long {
        /// How large.
        found: usize,
    },
    /// It is not UTF-8, or has control characters.
    #[error("read a signed note: found control characters or no UTF-8, expected lines of text")]
    Characters,
    /// It has no text, no empty line, or nothing after that.
    #[error("read a signed note: expected a text, an empty line and lines of signatures")]
    NoSignature,
    /// It has too many signatures.
    #[error("read a signed note: found more than {NOTE_SIGNATURES_MAX} signatures")]
    Signatures,
    /// A line is no signature.
    #[error("read a signed note: found no signature in line {number} of the signatures")]
    Line {
        /// Which, counted from one.
        number: usize,
    },
    /// A signature says that it is of a known key, and is not.
    #[error("check a signed note: found a signature of {name} that is not valid")]
    Invalid {
        /// The name of the key.
        name: KeyName,
    },
    /// No known key signed it.
    #[error("check a signed note: found no signature of a known key")]
    Unsigned,
}

/// A text with signatures that nobody has checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Puts signatures under a text.
    ///
    /// # Errors
    /// If the text does not end with a line's end, has control characters, or there is no signature
    /// or too many.
    pub fn new(text: impl Into<String>, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        let text = text.into();
        if !text.ends_with('\n') || signatures.is_empty() {
            return Err(NoteError::NoSignature);
        }
        if has_control(&text) {
            return Err(NoteError::Characters);
        }
        if signatures.len() > NOTE_SIGNATURES_MAX {
            return Err(NoteError::Signatures);
        }
        let note = Self { text, signatures };
        match note.encode().len() {
            found if found > NOTE_BYTES_MAX => Err(NoteError::Long { found }),
            _ => Ok(note),
        }
    }

    /// Reads a note. Written again it has exactly the same bytes.
    ///
    /// # Errors
    /// If it is none, or too large.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Long { found: note.len() });
        }
        let note = std::str::from_utf8(note).map_err(|_| NoteError::Characters)?;
        if has_control(note) {
            return Err(NoteError::Characters);
        }
        // The text may have empty lines too: the last one separates it from the signatures.
        let end = note.rfind("\n\n").ok_or(NoteError::NoSignature)?;
        let signatures = NoteSignature::parse_lines(&note[end + 2..])?;
        Ok(Self { text: note[..=end].to_owned(), signatures })
    }

    /// The note with all its signatures.
    #[must_use]
    pub fn encode(&self) -> String {
        let lines = self.signatures.iter().map(NoteSignature::line);
        format!("{}\n{}", self.text, lines.collect::<String>())
    }

    /// The text with the end of its last line: what is signed. Trust it after [`Self::verify`].
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first line of the text, which in a checkpoint is the log's origin.
    pub(crate) fn first_line(&self) -> &str {
        self.text.split('\n').next().unwrap_or_default()
    }

    /// The signatures as they stand, whoever they are of.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The same text with more signatures; a signature that is there already is not added again,
    /// and a later one of the same key takes the place of the earlier.
    ///
    /// # Errors
    /// If there are too many then.
    pub fn with(&self, more: &[NoteSignature]) -> Result<Self, NoteError> {
        let mut signatures = self.signatures.clone();
        for new in more {
            signatures.retain(|old| old.id != new.id || old.name != new.name);
            signatures.push(new.clone());
        }
        Self::new(self.text.clone(), signatures)
    }

    /// Which of these keys signed the note, each once, in the order of the keys.
    ///
    /// Signatures of other keys are passed over.
    ///
    /// # Errors
    /// If none did, or a signature that says it is of one of them is not.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signers: Vec<&VerifierKey> = Vec::new();
        for key in keys {
            let mut signed = false;
            for signature in self.signatures.iter().filter(|signature| signature.is_of(key)) {
                if !key.verifies(&self.text, &signature.bytes) {
                    return Err(NoteError::Invalid { name: key.name().clone() });
                }
                signed = true;
            }
            if signed && !signers.contains(&key) {
                signers.push(key);
            }
        }
        if signers.is_empty() { Err(NoteError::Unsigned) } else { Ok(signers) }
    }

    /// The latest time at which a witness's key cosigned the note, in seconds since 1970.
    #[must_use]
    pub fn cosigned_at(&self, key: &VerifierKey) -> Option<u64> {
        if key.algorithm() != Algorithm::CosignatureV1 {
            return None;
        }
        let valid = self
            .signatures
            .iter()
            .filter(|signature| signature.is_of(key) && key.verifies(&self.text, &signature.bytes));
        valid.filter_map(|signature| crate::cosignature::split(&signature.bytes)).map(|s| s.0).max()
    }
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20 && b != b'\n')
}
