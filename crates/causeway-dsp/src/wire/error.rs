//! Why bytes are not a message. Every text is fit to be shown to the peer: it names places and
//! kinds of values, quotes at most short pieces, and never the properties of a data address.

pub(super) use causeway_json::quoted;
use causeway_policy::{ContextError, ReadError};
use causeway_types::limits::MESSAGE_DEPTH_MAX;

use super::CONTEXT;

/// Why bytes are not the expected message. It is always the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Messages are bounded.
    #[error("message: found {found} bytes, expected at most {limit}")]
    TooLarge {
        /// How many bytes there are.
        found: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Not UTF-8, not JSON, or one name twice in an object.
    #[error("message at line {line}, column {column}: {problem}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1; 0 at the start of a line.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Nesting is bounded.
    #[error(
        "message at line {line}, column {column}: found deeper nesting than {MESSAGE_DEPTH_MAX} \
         levels"
    )]
    TooDeep {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
    /// Members are bounded.
    #[error("message: found more than {limit} members of arrays and objects")]
    TooMany {
        /// How many are allowed.
        limit: usize,
    },
    /// The `@context` cannot be followed.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The `@context` is that of another version of the protocol.
    #[error(
        "@context: found {found:?} of another protocol version, expected {CONTEXT:?}: only the \
         Dataspace Protocol 2025-1 is spoken here"
    )]
    OtherVersion {
        /// The context or namespace that was found, cut to a printable length.
        found: String,
    },
    /// Another message than the ones that have a meaning here.
    #[error("@type: found {found}, expected {expected}")]
    Type {
        /// The type in quotes, or what is there instead of one.
        found: String,
        /// One type, or several joined by `or`.
        expected: String,
    },
    /// A property is missing or has a value that cannot be what it stands for.
    #[error("{}: {problem}", place(pointer))]
    Field {
        /// JSON pointer (RFC 6901) into the message, with the name as it was written.
        pointer: String,
        /// What was found and expected.
        problem: String,
    },
    /// The rules of an offer or agreement cannot be read.
    #[error("{}: {error}", place(pointer))]
    Policy {
        /// JSON pointer to the offer or agreement.
        pointer: String,
        /// Why; its own pointer starts there.
        #[source]
        error: ReadError,
    },
}

impl WireError {
    pub(super) fn field(pointer: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Field { pointer: pointer.into(), problem: problem.into() }
    }

    pub(super) fn found(pointer: impl Into<String>, found: &str, expected: &str) -> Self {
        Self::field(pointer, format!("found {found}, expected {expected}"))
    }
}

/// The root has the empty pointer, which reads badly.
fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "message" } else { pointer }
}
