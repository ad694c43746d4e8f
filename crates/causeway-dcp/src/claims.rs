//! Claims that every kind of token has: times and texts of a payload. What they mean to a kind of
//! token is decided there.

use causeway_types::Timestamp;
use serde_json::{Map, Value};

use crate::did::Did;

/// A claim that is there and is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the claim `{claim}` as {expected}")]
pub struct ClaimError {
    /// The claim.
    pub claim: &'static str,
    /// What it should be.
    pub expected: &'static str,
}

/// A claim that is a text; null counts as absent.
pub(crate) fn text<'p>(
    payload: &'p Map<String, Value>,
    claim: &'static str,
) -> Result<Option<&'p str>, ClaimError> {
    match payload.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ClaimError { claim, expected: "a text" }),
    }
}

/// A claim that is a NumericDate (RFC 7519 §2): seconds since 1970, perhaps with a fraction.
pub(crate) fn time(
    payload: &Map<String, Value>,
    claim: &'static str,
) -> Result<Option<Timestamp>, ClaimError> {
    let wrong = ClaimError { claim, expected: "seconds since 1970" };
    let number = match payload.get(claim) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(wrong),
    };
    let micros = match (number.as_i64(), number.as_f64()) {
        (Some(seconds), _) => seconds.checked_mul(1_000_000),
        // The cast saturates, and what lies outside the range is refused below.
        (None, Some(seconds)) => Some((seconds * 1e6) as i64),
        (None, None) => None,
    };
    let micros = micros.filter(|micros| *micros >= 0);
    match micros.map(Timestamp::from_unix_micros) {
        Some(Ok(timestamp)) => Ok(Some(timestamp)),
        _ => Err(wrong),
    }
}

/// Whether the one audience of a token is `expected`: a text, or a list of exactly one.
pub(crate) fn audience_is(payload: &Map<String, Value>, expected: &Did) -> bool {
    match payload.get("aud") {
        Some(Value::String(text)) => text == expected.as_str(),
        Some(Value::Array(items)) => items.len() == 1 && items[0] == expected.as_str(),
        _ => false,
    }
}
