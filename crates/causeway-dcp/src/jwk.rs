//! Public keys: reading and writing them as JWK (RFC 7517) or Multikey, their thumbprints
//! (RFC 7638), and verifying signatures. Private keys are never here: a JWK that has one is
//! refused.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, EcdsaVerificationAlgorithm,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_types::limits::{RSA_BITS_MAX, RSA_BITS_MIN};
use serde_json::{Map, Value};

use crate::json::cut;

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
    /// RSA PKCS #1 v1.5 with SHA-256; verified and never made.
    Rs256,
    /// RSA-PSS with SHA-256; verified and never made.
    Ps256,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [Self::Es256, Self::Es384, Self::EdDsa, Self::Rs256, Self::Ps256];

    /// The name in a JWS header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    /// The algorithm of a name; `Ed25519` is what RFC 9864 calls `EdDSA` with such a key.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// How many bytes a signature has.
    pub fn fits_signature(self, bytes: usize) -> bool {
        match self {
            Self::Es256 | Self::EdDsa => bytes == 64,
            Self::Es384 => bytes == 96,
            Self::Rs256 | Self::Ps256 => (RSA_BITS_MIN / 8..=RSA_BITS_MAX / 8).contains(&bytes),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a key cannot be used, or did not make a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The kind of key or curve is not one that is verified here.
    #[error(
        "read a public key: found {found:?}, expected EC with P-256 or P-384, OKP with Ed25519, \
         or RSA"
    )]
    Kind {
        /// What was found, cut to a printable length.
        found: String,
    },
    /// A member is missing or is not what it should be.
    #[error("read a public key: expected the member {member:?} as {expected}")]
    Member {
        /// The member.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The numbers are no key of that kind.
    #[error("read a public key: the numbers are no point of the curve, or no key of that kind")]
    Numbers,
    /// An RSA key is too short or too long.
    #[error(
        "read a public key: found {found} bits of rsa, expected {RSA_BITS_MIN} to {RSA_BITS_MAX}"
    )]
    Bits {
        /// The bits of its modulus.
        found: usize,
    },
    /// The key says that it is for something else than signatures.
    #[error("read a public key: it is not for signatures")]
    Use,
    /// The private part is published.
    #[error(
        "read a public key: found the private part beside it\nhint: the key is no longer secret, \
         its owner must replace it"
    )]
    Private,
    /// The algorithm is another one than that of the key.
    #[error("verify a signature: found the algorithm {found}, which the key is not for")]
    Algorithm {
        /// The algorithm.
        found: Algorithm,
    },
    /// The signature was made by another key, or of another text.
    #[error("verify a signature: it is not one of this text by this key")]
    Signature,
}

/// The numbers of a key, checked when they were read.
#[derive(Clone, PartialEq, Eq)]
enum Material {
    /// The uncompressed point.
    P256([u8; 65]),
    /// The uncompressed point.
    P384([u8; 97]),
    Ed25519([u8; 32]),
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// A key that verifies.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    material: Material,
    /// The one algorithm it is for, where its JWK says so.
    algorithm: Option<Algorithm>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.thumbprint())
    }
}

impl PublicKey {
    /// A P-256 key from its uncompressed point (`04 x y`).
    pub fn p256(point: &[u8]) -> Result<Self, KeyError> {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::Numbers)?;
        let point: [u8; 65] = uncompressed(point)?;
        Ok(Self { material: Material::P256(point), algorithm: None })
    }

    /// A P-384 key from its uncompressed point (`04 x y`).
    pub fn p384(point: &[u8]) -> Result<Self, KeyError> {
        ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).map_err(|_| KeyError::Numbers)?;
        let point: [u8; 97] = uncompressed(point)?;
        Ok(Self { material: Material::P384(point), algorithm: None })
    }

    /// An Ed25519 key from its 32 bytes.
    pub fn ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        ParsedPublicKey::new(&ED25519, bytes).map_err(|_| KeyError::Numbers)?;
        let bytes = bytes.try_into().map_err(|_| KeyError::Numbers)?;
        Ok(Self { material: Material::Ed25519(bytes), algorithm: None })
    }

    /// An RSA key from its modulus and exponent, big-endian without leading zeros.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let bits =
            modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        if modulus.first() == Some(&0) || exponent.first().is_none_or(|first| *first == 0) {
            return Err(KeyError::Numbers);
        }
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err(KeyError::Bits { found: bits });
        }
        // Exponents beyond 33 bits only make each verification slow; 1 and even ones are no keys.
        let small = exponent.len() <= 4 && exponent != [1];
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        if !small || !odd(exponent) || !odd(modulus) {
            return Err(KeyError::Numbers);
        }
        let material = Material::Rsa { modulus: modulus.into(), exponent: exponent.into() };
        Ok(Self { material, algorithm: None })
    }

    /// Reads a JWK. Members that say what the key is for are obeyed.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        if ["d", "p", "q", "dp", "dq", "qi", "k"].iter().any(|name| jwk.contains_key(*name)) {
            return Err(KeyError::Private);
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut key = match (text("kty"), text("crv")) {
            ("EC", "P-256") => Self::p256(&point(jwk, 32)?)?,
            ("EC", "P-384") => Self::p384(&point(jwk, 48)?)?,
            ("OKP", "Ed25519") => Self::ed25519(&number(jwk, "x", Some(32))?)?,
            ("RSA", _) => Self::rsa(&number(jwk, "n", None)?, &number(jwk, "e", None)?)?,
            (kty, crv) => return Err(KeyError::Kind { found: cut(&format!("{kty} {crv}")) }),
        };
        key.algorithm = purpose(jwk)?;
        if key.algorithm.is_some_and(|algorithm| !key.material_fits(algorithm)) {
            return Err(KeyError::Member { member: "alg", expected: "an algorithm of this key" });
        }
        Ok(key)
    }

    /// Reads a Multikey: multibase `z` with the multicodec of Ed25519, P-256 or P-384.
    pub fn from_multibase(text: &str) -> Result<Self, KeyError> {
        let kind = || KeyError::Kind { found: cut(text) };
        let bytes = text.strip_prefix('z').and_then(base58).ok_or_else(kind)?;
        match bytes.as_slice() {
            [0xed, 0x01, rest @ ..] => Self::ed25519(rest),
            [0x80, 0x24, rest @ ..] => Self::p256(&expand(&ECDSA_P256_SHA256_FIXED, rest, 65)?),
            [0x81, 0x24, rest @ ..] => Self::p384(&expand(&ECDSA_P384_SHA384_FIXED, rest, 97)?),
            _ => Err(kind()),
        }
    }

    /// Reads the bare bytes of an Ed25519 key in base 58, as old DID documents have them.
    pub fn from_base58(text: &str) -> Result<Self, KeyError> {
        Self::ed25519(&base58(text).ok_or(KeyError::Numbers)?)
    }

    /// The key as a JWK, with exactly the members that make it.
    pub fn to_jwk(&self) -> Map<String, Value> {
        self.members().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// The members of the JWK in the order of RFC 7638.
    fn members(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let named =
            |curve: &str, kty: &str| vec![("crv", curve.to_owned()), ("kty", kty.to_owned())];
        match &self.material {
            Material::P256(point) => {
                let mut members = named("P-256", "EC");
                members.extend([("x", text(&point[1..33])), ("y", text(&point[33..]))]);
                members
            }
            Material::P384(point) => {
                let mut members = named("P-384", "EC");
                members.extend([("x", text(&point[1..49])), ("y", text(&point[49..]))]);
                members
            }
            Material::Ed25519(bytes) => {
                let mut members = named("Ed25519", "OKP");
                members.push(("x", text(bytes)));
                members
            }
            Material::Rsa { modulus, exponent } => {
                vec![("e", text(exponent)), ("kty", "RSA".to_owned()), ("n", text(modulus))]
            }
        }
    }

    /// The RFC 7638 thumbprint: SHA-256 in base64url, the same for every spelling of the key.
    pub fn thumbprint(&self) -> String {
        // The members hold no character that JSON escapes, and stand in the order of the RFC.
        let members: Vec<String> =
            self.members().iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        let text = format!("{{{}}}", members.join(","));
        URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
    }

    /// The algorithm that this key signs with when nothing else is said.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(match &self.material {
            Material::P256(_) => Algorithm::Es256,
            Material::P384(_) => Algorithm::Es384,
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::Rsa { .. } => Algorithm::Ps256,
        })
    }

    fn material_fits(&self, algorithm: Algorithm) -> bool {
        match &self.material {
            Material::P256(_) => algorithm == Algorithm::Es256,
            Material::P384(_) => algorithm == Algorithm::Es384,
            Material::Ed25519(_) => algorithm == Algorithm::EdDsa,
            Material::Rsa { .. } => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
        }
    }

    /// Whether the key may verify signatures of this algorithm.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.material_fits(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Verifies that `signature` is one of `message` by this key, made by `algorithm`.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), KeyError> {
        if !self.fits(algorithm) {
            return Err(KeyError::Algorithm { found: algorithm });
        }
        let verified =
            match &self.material {
                Material::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature),
                Material::P384(point) => UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point)
                    .verify(message, signature),
                Material::Ed25519(bytes) => {
                    UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature)
                }
                Material::Rsa { modulus, exponent } => {
                    let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                    let parameters = match algorithm {
                        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
                        _ => &RSA_PSS_2048_8192_SHA256,
                    };
                    key.verify(parameters, message, signature)
                }
            };
        verified.map_err(|_| KeyError::Signature)
    }
}

/// The bytes of a base64url member, of so many bytes if that is known.
fn number(
    jwk: &Map<String, Value>,
    member: &'static str,
    bytes: Option<usize>,
) -> Result<Vec<u8>, KeyError> {
    let wrong = || KeyError::Member { member, expected: "base64url of the key's length" };
    let text = jwk.get(member).and_then(Value::as_str).ok_or_else(wrong)?;
    if text.len() > RSA_BITS_MAX / 8 * 2 {
        return Err(wrong());
    }
    let found = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    if bytes.is_some_and(|bytes| bytes != found.len()) { Err(wrong()) } else { Ok(found) }
}

/// A point in the one form that is kept.
fn uncompressed<const BYTES: usize>(point: &[u8]) -> Result<[u8; BYTES], KeyError> {
    if point.first() != Some(&4) {
        return Err(KeyError::Numbers);
    }
    point.try_into().map_err(|_| KeyError::Numbers)
}

/// The uncompressed point of an EC key.
fn point(jwk: &Map<String, Value>, bytes: usize) -> Result<Vec<u8>, KeyError> {
    let mut point = vec![4];
    point.extend(number(jwk, "x", Some(bytes))?);
    point.extend(number(jwk, "y", Some(bytes))?);
    Ok(point)
}

/// What `use`, `key_ops` and `alg` say of a key; anything but signatures is refused.
fn purpose(jwk: &Map<String, Value>) -> Result<Option<Algorithm>, KeyError> {
    if jwk.get("use").is_some_and(|value| !value.is_null() && value != "sig") {
        return Err(KeyError::Use);
    }
    let verifies = |value: &Value| {
        value.as_array().is_some_and(|operations| operations.iter().any(|one| one == "verify"))
    };
    if jwk.get("key_ops").is_some_and(|value| !value.is_null() && !verifies(value)) {
        return Err(KeyError::Use);
    }
    match jwk.get("alg") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_str().and_then(Algorithm::parse) {
            Some(algorithm) => Ok(Some(algorithm)),
            None => Err(KeyError::Member { member: "alg", expected: "an algorithm of this key" }),
        },
    }
}

/// The uncompressed point of a compressed one, of so many bytes.
fn expand(
    algorithm: &'static EcdsaVerificationAlgorithm,
    compressed: &[u8],
    bytes: usize,
) -> Result<Vec<u8>, KeyError> {
    if !matches!(compressed.first(), Some(2 | 3)) {
        return Err(KeyError::Numbers);
    }
    let key = ParsedPublicKey::new(algorithm, compressed).map_err(|_| KeyError::Numbers)?;
    // The DER form of a key ends with its uncompressed point.
    let der: PublicKeyX509Der<'_> = key.as_der().map_err(|_| KeyError::Numbers)?;
    let start = der.as_ref().len().checked_sub(bytes).ok_or(KeyError::Numbers)?;
    Ok(der.as_ref()[start..].to_vec())
}

/// Bytes in base 58 of the Bitcoin alphabet; bounded, because the work grows with the square.
fn base58(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const CHARACTERS_MAX: usize = 128;
    if text.is_empty() || text.len() > CHARACTERS_MAX {
        return None;
    }
    // Least significant byte first.
    let mut bytes: Vec<u8> = Vec::new();
    for character in text.bytes() {
        let mut carry = ALPHABET.iter().position(|one| *one == character)?;
        for byte in &mut bytes {
            carry += usize::from(*byte) * 58;
            *byte = (carry % 256) as u8;
            carry /= 256;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    bytes.extend(text.bytes().take_while(|one| *one == b'1').map(|_| 0));
    bytes.reverse();
    Some(bytes)
}
