//! What a published file is: its length and two digests. A contract names these, so a consumer can
//! tell whether it received what was agreed.

use std::fmt;

use crate::limits::CONTENT_BYTES_MAX;

/// Why a text is not a digest, or a length not a length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Digests are 64 hexadecimal digits.
    #[error("{kind} digest: found {found:?}, expected 64 hexadecimal digits")]
    NotHex {
        /// The hash function.
        kind: &'static str,
        /// What was found, cut to a printable length.
        found: String,
    },
    /// Files are bounded.
    #[error("content: found {found} bytes, expected at most {CONTENT_BYTES_MAX}")]
    TooLarge {
        /// The length that was given.
        found: u64,
    },
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// From the 32 bytes of the hash.
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Reads 64 hexadecimal digits, either case.
            pub fn parse(text: &str) -> Result<Self, DigestError> {
                parse_hex(text).map(Self).ok_or_else(|| DigestError::NotHex {
                    kind: $label,
                    found: text.chars().take(80).collect(),
                })
            }
        }

        /// 64 lower-case hexadecimal digits.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

digest! {
    /// A SHA-256 digest: the one that any foreign tool can check.
    Sha256, "sha256"
}
digest! {
    /// A BLAKE3 digest: the root that also proves ranges of the file.
    Blake3, "blake3"
}

/// The identity of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Content {
    bytes: u64,
    sha256: Sha256,
    blake3: Blake3,
}

impl Content {
    /// Refuses lengths beyond [`CONTENT_BYTES_MAX`].
    pub fn new(bytes: u64, sha256: Sha256, blake3: Blake3) -> Result<Self, DigestError> {
        if bytes > CONTENT_BYTES_MAX {
            return Err(DigestError::TooLarge { found: bytes });
        }
        Ok(Self { bytes, sha256, blake3 })
    }

    /// Length of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of the file.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// BLAKE3 of the file.
    pub fn blake3(&self) -> Blake3 {
        self.blake3
    }
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_prints_and_reads_as_lower_case_hex() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256::parse(text).unwrap().to_string(), text);
        assert_eq!(Sha256::parse(&text.to_uppercase()).unwrap().to_string(), text);
    }

    #[test]
    fn a_text_of_another_length_or_alphabet_is_no_digest() {
        for text in ["", "00", &"g".repeat(64), &"0".repeat(65), &"é".repeat(32)] {
            assert!(Blake3::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_absurd_length_is_refused() {
        let zero = Sha256::from_bytes([0; 32]);
        let root = Blake3::from_bytes([0; 32]);
        assert!(Content::new(u64::MAX, zero, root).is_err());
        assert!(Content::new(CONTENT_BYTES_MAX, zero, root).is_ok());
    }
}
