//! Numbers and hashes as lines of text, in the one form that is allowed for each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_types::limits::LOG_LEAVES_MAX;

use crate::hash::Hash;

/// A decimal number without leading zeroes, at most as large as a log may be.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    if !digits || !canonical {
        return None;
    }
    text.parse().ok().filter(|number| *number <= LOG_LEAVES_MAX)
}

/// A hash as a line of base64.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    // A hash is 44 characters; anything longer is not even decoded.
    if text.len() != 44 {
        return None;
    }
    let bytes: [u8; 32] = STANDARD.decode(text).ok()?.try_into().ok()?;
    Some(Hash::new(bytes))
}

/// Hashes, each on a line; at most so many.
pub(crate) fn hashes<'t>(lines: impl Iterator<Item = &'t str>, max: usize) -> Option<Vec<Hash>> {
    let hashes: Option<Vec<Hash>> = lines.map(hash).collect();
    hashes.filter(|hashes| hashes.len() <= max)
}

/// What [`hashes`] reads.
pub(crate) fn hash_lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| format!("{hash}\n")).collect()
}

/// Base64 with padding, as all of these formats write it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What [`base64`] wrote, in its only form.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
