//! Bytes to a JSON value, by the strict reader that all of the product shares. What names mean is
//! not here.

use causeway_json::JsonError;
pub(super) use causeway_json::Limits;
use serde_json::Value;

use super::error::WireError;

/// Reads one JSON value. A byte order mark is skipped.
pub(super) fn parse_value(bytes: &[u8], limits: Limits) -> Result<Value, WireError> {
    causeway_json::parse(bytes, limits).map_err(|error| match error {
        JsonError::TooLarge { found, limit } => WireError::TooLarge { found, limit },
        JsonError::Syntax { line, column, problem } => WireError::Syntax { line, column, problem },
        JsonError::TooDeep { line, column, .. } => WireError::TooDeep { line, column },
        JsonError::TooMany { limit } => WireError::TooMany { limit },
        JsonError::Shape { problem } => WireError::field("", problem),
    })
}
