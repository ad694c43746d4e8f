//! Signatures of pack files: Ed25519 over a domain-separated SHA-256 of the file, each a line of
//! text beside it. Who is trusted is decided by whoever runs the node; there is no hierarchy of
//! keys and nothing expires by itself.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// So that a signature of a pack is never one of anything else.
const DOMAIN: &[u8] = b"causeway law pack v1\0";
/// How each line begins: what it is, and the version of its format.
const SIGNATURE: &str = "causeway-law-signature-v1";
const PUBLIC_KEY: &str = "causeway-law-public-key-v1";
const PRIVATE_KEY: &str = "causeway-law-private-key-v1";
/// Longest line of a signature or key, in bytes.
const LINE_BYTES_MAX: usize = 512;
/// Most keys of one list.
const KEYS_MAX: usize = 100;

/// Which key it is: the first half of the SHA-256 of the public key, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: KeyId,
    bytes: [u8; 32],
}

/// The key that signs. It is never shown.
pub struct SigningKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// A signature of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Which key made it.
    pub key: KeyId,
    bytes: [u8; 64],
}

/// Why a signature or a key is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The line is not what it should be.
    #[error("read a line of the form `{expected} KEY-ID BASE64`: {reason}")]
    Format {
        /// How the line should begin.
        expected: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nobody here trusts the key.
    #[error("verify the signature: key {key} is not among the trusted keys")]
    UnknownKey {
        /// The key the signature names.
        key: KeyId,
    },
    /// The file is not the one that was signed, or the signature is forged.
    #[error("verify the signature: it is not one of this file by key {key}")]
    Invalid {
        /// The key the signature names.
        key: KeyId,
    },
}

/// Reads `FORM KEY-ID BASE64` with so many bytes.
fn line<const N: usize>(
    text: &str,
    expected: &'static str,
) -> Result<(KeyId, [u8; N]), SignatureError> {
    let wrong = |reason| SignatureError::Format { expected, reason };
    if text.len() > LINE_BYTES_MAX {
        return Err(wrong("the line is too long"));
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [form, id, bytes] = parts[..] else {
        return Err(wrong("expected three words"));
    };
    if form != expected {
        return Err(wrong("the line is of another kind or version"));
    }
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if id.len() != 32 || !id.bytes().all(is_digit) {
        return Err(wrong("expected a key id of 32 hexadecimal digits"));
    }
    let bytes = STANDARD.decode(bytes).map_err(|_| wrong("expected base64"))?;
    let bytes = bytes.try_into().map_err(|_| wrong("found another number of bytes"))?;
    Ok((KeyId(id.to_owned()), bytes))
}

/// What is signed.
fn digest(file: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(DOMAIN).chain_update(file).finalize().into()
}

impl PublicKey {
    fn of(bytes: [u8; 32]) -> Self {
        let hash = Sha256::digest(bytes);
        Self { id: KeyId(hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()), bytes }
    }

    /// Reads the line that [`Self::to_text`] writes.
    pub fn read(text: &str) -> Result<Self, SignatureError> {
        let (id, bytes) = line(text, PUBLIC_KEY)?;
        let key = Self::of(bytes);
        match key.id == id {
            true => Ok(key),
            false => {
                let reason = "the key id is not that of the key";
                Err(SignatureError::Format { expected: PUBLIC_KEY, reason })
            }
        }
    }

    /// Reads a list of keys, one a line; empty lines and lines that begin with `#` are skipped.
    pub fn read_all(text: &str) -> Result<Vec<Self>, SignatureError> {
        let is_key = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
        let keys: Vec<&str> = text.lines().filter(is_key).collect();
        let reason = match keys.len() {
            0 => "there is no key",
            count if count > KEYS_MAX => "there are too many keys",
            _ => return keys.into_iter().map(Self::read).collect(),
        };
        Err(SignatureError::Format { expected: PUBLIC_KEY, reason })
    }

    /// Which key it is.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// As a line, without its end.
    pub fn to_text(&self) -> String {
        format!("{PUBLIC_KEY} {} {}", self.id, STANDARD.encode(self.bytes))
    }
}

impl SigningKey {
    /// The key of 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, SignatureError> {
        let reason = "the bytes make no key";
        let wrong = |_| SignatureError::Format { expected: PRIVATE_KEY, reason };
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(wrong)?;
        let public = <[u8; 32]>::try_from(pair.public_key().as_ref());
        let public =
            public.map_err(|_| SignatureError::Format { expected: PRIVATE_KEY, reason })?;
        Ok(Self { seed, pair, public: PublicKey::of(public) })
    }

    /// Reads the line that [`Self::to_secret_text`] writes.
    pub fn read(text: &str) -> Result<Self, SignatureError> {
        let (id, seed) = line(text, PRIVATE_KEY)?;
        let key = Self::from_seed(seed)?;
        match key.public.id == id {
            true => Ok(key),
            false => {
                let reason = "the key id is not that of the key";
                Err(SignatureError::Format { expected: PRIVATE_KEY, reason })
            }
        }
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// As a line, without its end: for a file that only its owner reads.
    pub fn to_secret_text(&self) -> String {
        format!("{PRIVATE_KEY} {} {}", self.public.id, STANDARD.encode(self.seed))
    }

    /// Signs a file.
    pub fn sign(&self, file: &[u8]) -> Result<Signature, SignatureError> {
        let key = self.public.id.clone();
        let signature = self.pair.sign(&digest(file));
        match signature.as_ref().try_into() {
            Ok(bytes) => Ok(Signature { key, bytes }),
            Err(_) => Err(SignatureError::Invalid { key }),
        }
    }
}

impl Signature {
    /// Reads the line that [`Self::to_text`] writes.
    pub fn read(text: &str) -> Result<Self, SignatureError> {
        let (key, bytes) = line(text, SIGNATURE)?;
        Ok(Self { key, bytes })
    }

    /// As a line, without its end.
    pub fn to_text(&self) -> String {
        format!("{SIGNATURE} {} {}", self.key, STANDARD.encode(self.bytes))
    }

    /// Which of the trusted keys signed this file.
    pub fn verify<'k>(
        &self,
        file: &[u8],
        trusted: &'k [PublicKey],
    ) -> Result<&'k PublicKey, SignatureError> {
        let key = trusted.iter().find(|key| key.id == self.key);
        let key = key.ok_or_else(|| SignatureError::UnknownKey { key: self.key.clone() })?;
        let verified =
            UnparsedPublicKey::new(&ED25519, key.bytes).verify(&digest(file), &self.bytes);
        match verified {
            Ok(()) => Ok(key),
            Err(_) => Err(SignatureError::Invalid { key: self.key.clone() }),
        }
    }
}
