//! Cosignatures of witnesses, `cosignature/v1`: what is signed, and how it stands in a note.

use crate::note::NoteSignature;
use crate::vkey::{Algorithm, VerifierKey};

/// The latest time that a cosignature can have, in seconds since 1970.
pub const TIME_MAX: u64 = i64::MAX as u64;

/// What a witness signs: a time in seconds since 1970, and the text of the checkpoint.
#[must_use]
pub fn message(at: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {at}\n{text}").into_bytes()
}

/// The time and the Ed25519 signature in the bytes of a cosignature.
#[must_use]
pub fn split(signature: &[u8]) -> Option<(u64, &[u8])> {
    let (at, rest) = signature.split_first_chunk::<8>()?;
    let at = u64::from_be_bytes(*at);
    (at <= TIME_MAX && rest.len() == 64).then_some((at, rest))
}

/// The signature line for what a witness's key signed of [`message`].
///
/// Only a key for cosignatures has one.
#[must_use]
pub fn signature(key: &VerifierKey, at: u64, signed: &[u8; 64]) -> Option<NoteSignature> {
    if key.algorithm() != Algorithm::CosignatureV1 || at > TIME_MAX {
        return None;
    }
    let mut bytes = at.to_be_bytes().to_vec();
    bytes.extend_from_slice(signed);
    Some(NoteSignature::new(key, bytes))
}
