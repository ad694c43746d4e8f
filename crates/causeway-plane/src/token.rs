//! The secret that opens one flow. Drawing its random bytes is the caller's business; storing it is
//! nobody's: the provider keeps only the hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_types::Sha256;
use sha2::Digest as _;

/// A bearer token of 256 random bits. It has neither `Debug` nor `Display`.
#[derive(Clone)]
pub struct PullToken([u8; 32]);

impl PullToken {
    /// Takes 32 random bytes of the injected source.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the text form; nothing else than 43 characters of base64url without padding is one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        // A longer text is refused by the decoder for want of space, a shorter one by the length.
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (length == bytes.len()).then_some(Self(bytes))
    }

    /// The secret itself, as base64url without padding. Whoever calls this hands it out.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the provider stores: SHA-256 of the 32 bytes.
    pub fn hash(&self) -> Sha256 {
        Sha256::from_bytes(sha2::Sha256::digest(self.0).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_reads_back_to_the_same_hash() {
        let token = PullToken::from_random([0xfb; 32]);
        let text = token.expose();
        assert_eq!(text.len(), 43);
        assert!(PullToken::parse(&text).unwrap().hash() == token.hash());
    }

    #[test]
    fn any_other_text_is_no_token() {
        let text = PullToken::from_random([7; 32]).expose();
        for other in ["", "a", &text[1..], &format!("{text}="), &format!("{text}AA"), "ü"] {
            assert!(PullToken::parse(other).is_none(), "{other}");
        }
    }
}
