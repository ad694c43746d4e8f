//! Keys that check notes, in the text form of C2SP `signed-note`: `<name>+<id>+<base64>`.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use causeway_types::limits::NOTE_KEY_NAME_BYTES_MAX;

use crate::cosignature;
use crate::hash::sha256;
use crate::text::{base64, from_base64};

/// The name of a key, which for a log's key is also the log's origin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// A name that a signature line can have: not empty, no spaces, no `+`, no control characters.
    ///
    /// # Errors
    /// If it is none.
    pub fn new(name: impl Into<String>) -> Result<Self, VkeyError> {
        let name = name.into();
        let refused = |c: char| c.is_whitespace() || c == '+' || c.is_control();
        let fits = (1..=NOTE_KEY_NAME_BYTES_MAX).contains(&name.len());
        match fits && !name.contains(refused) {
            true => Ok(Self(name)),
            false => Err(VkeyError::Name),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of signature a key makes, by the byte that names it.
///
/// ML-DSA-44 cosignatures (0x06) are known and not supported: a key of that kind is refused by its
/// name, and a signature line of one is passed over like that of any other unknown key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Ed25519 over the text of the note: how a log signs.
    Ed25519,
    /// Ed25519 over the text and a time: how a witness cosigns.
    CosignatureV1,
}

const ML_DSA_44: u8 = 0x06;

impl Algorithm {
    /// The byte that names it.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }

    fn of(byte: u8) -> Result<Self, VkeyError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::CosignatureV1),
            ML_DSA_44 => Err(VkeyError::MlDsa44),
            found => Err(VkeyError::Algorithm { found }),
        }
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VkeyError {
    /// It has another form.
    #[error("read a key for notes: expected <name>+<8 hexadecimal digits>+<base64>")]
    Form,
    /// The name is empty or too long, or has characters that a signature line cannot have.
    #[error("read the name of a key for notes: expected no spaces, no + and no control characters")]
    Name,
    /// The id is another than that of the name and the key.
    #[error("read a key for notes: found the id {found:08x}, expected {expected:08x}")]
    Id {
        /// What the text says.
        found: u32,
        /// What follows from name and key.
        expected: u32,
    },
    /// A kind of key that is known and not supported yet.
    #[error("read a key for notes: found ML-DSA-44 (0x06), expected Ed25519 (0x01 or 0x04)")]
    MlDsa44,
    /// A kind of key that is not known.
    #[error("read a key for notes: found the kind {found:#04x}, expected 0x01 or 0x04")]
    Algorithm {
        /// Its byte.
        found: u8,
    },
    /// The key has another length than its kind.
    #[error("read a key for notes: found {found} bytes of key, expected 32")]
    Length {
        /// How many bytes there are.
        found: usize,
    },
}

/// A key that checks signatures of notes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: KeyName,
    algorithm: Algorithm,
    id: u32,
    public: [u8; 32],
}

impl VerifierKey {
    /// The key with this name, kind and public part.
    #[must_use]
    pub fn new(name: KeyName, algorithm: Algorithm, public: [u8; 32]) -> Self {
        let mut bytes = name.as_str().as_bytes().to_vec();
        bytes.extend_from_slice(&[b'\n', algorithm.byte()]);
        bytes.extend_from_slice(&public);
        let [a, b, c, d, ..] = *sha256(&bytes).as_bytes();
        Self { name, algorithm, id: u32::from_be_bytes([a, b, c, d]), public }
    }

    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What kind of signatures it checks.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The number that stands in signature lines; it identifies a key only with its name.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The public key itself.
    #[must_use]
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Whether these bytes of a signature line are this key's signature of a note's text.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 => self.signed(text.as_bytes(), signature),
            Algorithm::CosignatureV1 => cosignature::split(signature)
                .is_some_and(|(at, bytes)| self.signed(&cosignature::message(at, text), bytes)),
        }
    }

    /// Whether the signature is this key's, of exactly these bytes.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.algorithm.byte()];
        bytes.extend_from_slice(&self.public);
        write!(f, "{}+{:08x}+{}", self.name, self.id, base64(&bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = VkeyError;

    fn from_str(text: &str) -> Result<Self, VkeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VkeyError::Form);
        };
        let name = KeyName::new(name)?;
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if id.len() != 8 || !id.bytes().all(lower) {
            return Err(VkeyError::Form);
        }
        let found = u32::from_str_radix(id, 16).map_err(|_| VkeyError::Form)?;
        let bytes = from_base64(key).ok_or(VkeyError::Form)?;
        let (kind, public) = bytes.split_first().ok_or(VkeyError::Form)?;
        let algorithm = Algorithm::of(*kind)?;
        let public: [u8; 32] =
            public.try_into().map_err(|_| VkeyError::Length { found: public.len() })?;
        let key = Self::new(name, algorithm, public);
        match key.id == found {
            true => Ok(key),
            false => Err(VkeyError::Id { found, expected: key.id }),
        }
    }
}
