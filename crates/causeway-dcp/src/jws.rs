//! Signed texts: reading a compact JWS (RFC 7515) from a stranger, and making one whose key is held
//! by somebody else. Which claims the payload must have is decided by the modules of each kind.
//!
//! A header that brings its own key, asks for extensions or names no key is refused before anything
//! else is looked at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_json::{JsonError, Limits};
use causeway_types::limits::{JWS_DEPTH_MAX, JWS_HEADER_BYTES_MAX, JWS_VALUES_MAX};
use serde_json::{Map, Value};

use crate::did::{DidError, KeyId};
use crate::json::cut;
use crate::jwk::{Algorithm, KeyError, PublicKey};

/// Why a text is not a signed one that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// It is longer than what it is read as may be.
    #[error("read a signed text: found {found} bytes, expected at most {limit}")]
    TooLong {
        /// The bytes of the text.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// It does not have three parts.
    #[error("read a signed text: found {found} parts, expected header.payload.signature")]
    Parts {
        /// How many it has.
        found: usize,
    },
    /// A part is not base64url without padding, in its one spelling.
    #[error("read a signed text: the {part} is not base64url without padding")]
    Base64 {
        /// Which part.
        part: &'static str,
    },
    /// A part is not a JSON object.
    #[error("read a signed text: the {part} is refused")]
    Json {
        /// Which part.
        part: &'static str,
        /// Why.
        #[source]
        error: JsonError,
    },
    /// The header has something that could replace the key or change what is verified.
    #[error("read a signed text: found {member:?} in its header, which is never accepted")]
    Header {
        /// The member.
        member: &'static str,
    },
    /// The algorithm is none that is accepted.
    #[error(
        "read a signed text: found the algorithm {found:?}, expected ES256, ES384, EdDSA, RS256 \
         or PS256"
    )]
    Algorithm {
        /// The algorithm, cut to a printable length.
        found: String,
    },
    /// The header names no key.
    #[error("read a signed text: expected `kid` in its header")]
    NoKey,
    /// The name of the key is not one.
    #[error("read a signed text: its `kid` is refused")]
    Key(#[source] DidError),
    /// `typ` is not a text.
    #[error("read a signed text: expected `typ` in its header as a text")]
    Type,
    /// A signature that was made here has a length that the algorithm does not have.
    #[error(
        "finish a signed text: found a signature of {found} bytes, which is none of {algorithm}"
    )]
    Signature {
        /// The algorithm.
        algorithm: Algorithm,
        /// The bytes of the signature.
        found: usize,
    },
}

/// What a header may never have. RFC 7515 §4.1: keys that come with the text (`jwk`, `jku`, `x5u`,
/// `x5c`), and extensions that must be understood; RFC 7797: an unencoded payload; RFC 7516: `enc`.
const HEADER_REFUSED: [&str; 9] =
    ["crit", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "b64", "enc"];

/// A signed text that was read and not yet verified.
pub struct Jws {
    key: KeyId,
    algorithm: Algorithm,
    typ: Option<String>,
    payload: Map<String, Value>,
    /// Header and payload as they were signed.
    input: String,
    signature: Vec<u8>,
}

impl Jws {
    /// Reads a text of at most `bytes_max` bytes. Nothing in it is to be believed yet.
    pub fn read(text: &str, bytes_max: usize) -> Result<Self, JwsError> {
        if text.len() > bytes_max {
            return Err(JwsError::TooLong { found: text.len(), limit: bytes_max });
        }
        let parts: Vec<&str> = text.splitn(4, '.').collect();
        let [header, payload, signature] = parts[..] else {
            return Err(JwsError::Parts { found: parts.len() });
        };
        let input = text[..header.len() + 1 + payload.len()].to_owned();
        let limits = Limits { bytes: JWS_HEADER_BYTES_MAX, depth: 8, nodes: 64 };
        let header = object("header", header, limits)?;
        if let Some(member) = HEADER_REFUSED.iter().find(|name| header.contains_key(**name)) {
            return Err(JwsError::Header { member });
        }
        let algorithm = algorithm(&header)?;
        let key = match header.get("kid") {
            Some(Value::String(text)) => KeyId::parse(text).map_err(JwsError::Key)?,
            _ => return Err(JwsError::NoKey),
        };
        let typ = match header.get("typ") {
            None => None,
            Some(Value::String(text)) => Some(media_type(text)),
            Some(_) => return Err(JwsError::Type),
        };
        let limits = Limits { bytes: bytes_max, depth: JWS_DEPTH_MAX, nodes: JWS_VALUES_MAX };
        let payload = object("payload", payload, limits)?;
        let signature = decode("signature", signature)?;
        Ok(Self { key, algorithm, typ, payload, input, signature })
    }

    /// The key that is said to have signed it.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// The algorithm that the header names; only [`Self::verify`] decides whether it may be used.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `typ` in lower case, without the `application/` that RFC 7515 §4.1.9 lets be left out.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// What is signed.
    pub fn payload(&self) -> &Map<String, Value> {
        &self.payload
    }

    /// Verifies the signature by this key, which must be for this algorithm.
    pub fn verify(&self, key: &PublicKey) -> Result<(), KeyError> {
        key.verify(self.algorithm, self.input.as_bytes(), &self.signature)
    }
}

fn media_type(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    text.strip_prefix("application/").map(str::to_owned).unwrap_or(text)
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, JwsError> {
    let name = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    Algorithm::parse(name).ok_or_else(|| JwsError::Algorithm { found: cut(name) })
}

fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JwsError::Base64 { part })
}

fn object(part: &'static str, text: &str, limits: Limits) -> Result<Map<String, Value>, JwsError> {
    let bytes = decode(part, text)?;
    causeway_json::parse_object(&bytes, limits).map_err(|error| JwsError::Json { part, error })
}

/// A text that waits for its signature. It has no `Debug`, because a payload may hold a token.
pub struct Unsigned {
    key: KeyId,
    algorithm: Algorithm,
    input: String,
}

impl Unsigned {
    /// A text to be signed by `key`; `typ` says what kind of text it is.
    pub fn new(key: &KeyId, algorithm: Algorithm, typ: &str, payload: &Map<String, Value>) -> Self {
        let mut header = Map::new();
        header.insert("alg".to_owned(), algorithm.name().into());
        header.insert("typ".to_owned(), typ.into());
        header.insert("kid".to_owned(), key.to_string().into());
        let encode = |members: &Map<String, Value>| {
            URL_SAFE_NO_PAD.encode(Value::Object(members.clone()).to_string())
        };
        let input = format!("{}.{}", encode(&header), encode(payload));
        Self { key: key.clone(), algorithm, input }
    }

    /// The key that must sign.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// How it must sign.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes to sign. ECDSA signatures are the two numbers one after the other, not DER.
    pub fn signing_input(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The whole text with its signature.
    pub fn finish(self, signature: &[u8]) -> Result<String, JwsError> {
        if !self.algorithm.fits_signature(signature.len()) {
            return Err(JwsError::Signature { algorithm: self.algorithm, found: signature.len() });
        }
        Ok(format!("{}.{}", self.input, URL_SAFE_NO_PAD.encode(signature)))
    }
}
