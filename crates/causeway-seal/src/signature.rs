//! Detached signatures of files: Ed25519 over a domain-separated SHA-256 of the file, each a line
//! of text beside it. Who is trusted is decided by whoever reads the file; there is no hierarchy of
//! keys and nothing expires by itself.
//!
//! What kind of file it is belongs to the type of a key and of a signature: a key for one kind
//! neither signs nor verifies another.

use std::fmt;
use std::marker::PhantomData;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A kind of file that is signed.
pub trait Form: fmt::Debug + Clone + Copy + PartialEq + Eq + 'static {
    /// So that a signature of one kind is never one of another. It ends with a zero byte.
    const DOMAIN: &'static [u8];
    /// How the line of a signature begins: what it is, and the version of its format.
    const SIGNATURE: &'static str;
    /// How the line of a public key begins.
    const PUBLIC_KEY: &'static str;
    /// How the line of a private key begins.
    const PRIVATE_KEY: &'static str;
}

/// Longest line of a signature or key, in bytes.
const LINE_BYTES_MAX: usize = 512;
/// Most keys of one list.
const KEYS_MAX: usize = 100;
/// Most signatures beside one file.
const SIGNATURES_MAX: usize = 100;

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
pub struct PublicKey<F: Form> {
    id: KeyId,
    bytes: [u8; 32],
    form: PhantomData<F>,
}

/// The key that signs. It is never shown.
pub struct SigningKey<F: Form> {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
    public: PublicKey<F>,
}

/// A signature of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature<F: Form> {
    /// Which key made it.
    pub key: KeyId,
    bytes: [u8; 64],
    form: PhantomData<F>,
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

/// The lines that say something.
fn said(text: &str) -> Vec<&str> {
    let says = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
    text.lines().filter(says).collect()
}

/// What is signed.
fn digest<F: Form>(file: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(F::DOMAIN).chain_update(file).finalize().into()
}

impl<F: Form> PublicKey<F> {
    fn of(bytes: [u8; 32]) -> Self {
        let hash = Sha256::digest(bytes);
        let id = KeyId(hash[..16].iter().map(|byte| format!("{byte:02x}")).collect());
        Self { id, bytes, form: PhantomData }
    }

    /// Reads the line that [`Self::to_text`] writes.
    pub fn read(text: &str) -> Result<Self, SignatureError> {
        let (id, bytes) = line(text, F::PUBLIC_KEY)?;
        let key = Self::of(bytes);
        match key.id == id {
            true => Ok(key),
            false => {
                let reason = "the key id is not that of the key";
                Err(SignatureError::Format { expected: F::PUBLIC_KEY, reason })
            }
        }
    }

    /// Reads a list of keys, one a line; empty lines and lines that begin with `#` are skipped.
    pub fn read_all(text: &str) -> Result<Vec<Self>, SignatureError> {
        let keys = said(text);
        let reason = match keys.len() {
            0 => "there is no key",
            count if count > KEYS_MAX => "there are too many keys",
            _ => return keys.into_iter().map(Self::read).collect(),
        };
        Err(SignatureError::Format { expected: F::PUBLIC_KEY, reason })
    }

    /// Which key it is.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// As a line, without its end.
    pub fn to_text(&self) -> String {
        format!("{} {} {}", F::PUBLIC_KEY, self.id, STANDARD.encode(self.bytes))
    }
}

impl<F: Form> SigningKey<F> {
    /// The key of 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, SignatureError> {
        let reason = "the bytes make no key";
        let wrong = |_| SignatureError::Format { expected: F::PRIVATE_KEY, reason };
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(wrong)?;
        let public = <[u8; 32]>::try_from(pair.public_key().as_ref());
        let public =
            public.map_err(|_| SignatureError::Format { expected: F::PRIVATE_KEY, reason })?;
        Ok(Self { seed, pair, public: PublicKey::of(public) })
    }

    /// Reads the line that [`Self::to_secret_text`] writes.
    pub fn read(text: &str) -> Result<Self, SignatureError> {
        let (id, seed) = line(text, F::PRIVATE_KEY)?;
        let key = Self::from_seed(seed)?;
        match key.public.id == id {
            true => Ok(key),
            false => {
                let reason = "the key id is not that of the key";
                Err(SignatureError::Format { expected: F::PRIVATE_KEY, reason })
            }
        }
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> &PublicKey<F> {
        &self.public
    }

    /// As a line, without its end: for a file that only its owner reads.
    pub fn to_secret_text(&self) -> String {
        format!("{} {} {}", F::PRIVATE_KEY, self.public.id, STANDARD.encode(self.seed))
    }

    /// Signs a file.
    pub fn sign(&self, file: &[u8]) -> Result<Signature<F>, SignatureError> {
        let key = self.public.id.clone();
        let signature = self.pair.sign(&digest::<F>(file));
        match signature.as_ref().try_into() {
            Ok(bytes) => Ok(Signature { key, bytes, form: PhantomData }),
            Err(_) => Err(SignatureError::Invalid { key }),
        }
    }
}

impl<F: Form> Signature<F> {
    /// Reads the line that [`Self::to_text`] writes.
    pub fn read(text: &str) -> Result<Self, SignatureError> {
        let (key, bytes) = line(text, F::SIGNATURE)?;
        Ok(Self { key, bytes, form: PhantomData })
    }

    /// Reads the signatures of one file, one a line; empty lines and lines that begin with `#` are
    /// skipped.
    pub fn read_all(text: &str) -> Result<Vec<Self>, SignatureError> {
        let lines = said(text);
        let reason = match lines.len() {
            0 => "there is no signature",
            count if count > SIGNATURES_MAX => "there are too many signatures",
            _ => return lines.into_iter().map(Self::read).collect(),
        };
        Err(SignatureError::Format { expected: F::SIGNATURE, reason })
    }

    /// As a line, without its end.
    pub fn to_text(&self) -> String {
        format!("{} {} {}", F::SIGNATURE, self.key, STANDARD.encode(self.bytes))
    }

    /// Which of the trusted keys signed this file.
    pub fn verify<'k>(
        &self,
        file: &[u8],
        trusted: &'k [PublicKey<F>],
    ) -> Result<&'k PublicKey<F>, SignatureError> {
        let key = trusted.iter().find(|key| key.id == self.key);
        let key = key.ok_or_else(|| SignatureError::UnknownKey { key: self.key.clone() })?;
        let verified =
            UnparsedPublicKey::new(&ED25519, key.bytes).verify(&digest::<F>(file), &self.bytes);
        match verified {
            Ok(()) => Ok(key),
            Err(_) => Err(SignatureError::Invalid { key: self.key.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Letter;
    impl Form for Letter {
        const DOMAIN: &'static [u8] = b"letter v1\0";
        const SIGNATURE: &'static str = "letter-signature-v1";
        const PUBLIC_KEY: &'static str = "letter-public-key-v1";
        const PRIVATE_KEY: &'static str = "letter-private-key-v1";
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Bill;
    impl Form for Bill {
        const DOMAIN: &'static [u8] = b"bill v1\0";
        // The same words: only the domain keeps the two apart.
        const SIGNATURE: &'static str = Letter::SIGNATURE;
        const PUBLIC_KEY: &'static str = Letter::PUBLIC_KEY;
        const PRIVATE_KEY: &'static str = Letter::PRIVATE_KEY;
    }

    #[test]
    fn keys_and_signatures_are_read_back_and_verify() {
        let key = SigningKey::<Letter>::from_seed([7; 32]).unwrap();
        let again = SigningKey::<Letter>::read(&key.to_secret_text()).unwrap();
        let public = PublicKey::read(&key.public().to_text()).unwrap();
        let signature = again.sign(b"dear all").unwrap();
        let text = format!("# ours\n\n{}\n", signature.to_text());
        let read = Signature::read_all(&text).unwrap();
        assert_eq!(read, [signature]);
        let trusted = [public];
        assert_eq!(read[0].verify(b"dear all", &trusted).unwrap(), key.public());
        let (key, id) = (key.public().id(), trusted[0].id());
        assert_eq!(key, id);
        let invalid = SignatureError::Invalid { key: id.clone() };
        assert_eq!(read[0].verify(b"Dear all", &trusted), Err(invalid));
        let unknown = SignatureError::UnknownKey { key: id.clone() };
        assert_eq!(read[0].verify(b"dear all", &[]), Err(unknown));
    }

    #[test]
    fn a_signature_of_one_kind_is_none_of_another() {
        let letter = SigningKey::<Letter>::from_seed([7; 32]).unwrap();
        let bill = SigningKey::<Bill>::from_seed([7; 32]).unwrap();
        let line = letter.sign(b"text").unwrap().to_text();
        let as_bill = Signature::<Bill>::read(&line).unwrap();
        let trusted = [bill.public().clone()];
        assert!(matches!(as_bill.verify(b"text", &trusted), Err(SignatureError::Invalid { .. })));
    }

    #[test]
    fn a_list_is_neither_empty_nor_endless() {
        let read = |text: &str| Signature::<Letter>::read_all(text).unwrap_err().to_string();
        assert!(read("# nothing").ends_with("there is no signature"));
        assert!(read(&"x\n".repeat(101)).ends_with("there are too many signatures"));
    }
}
