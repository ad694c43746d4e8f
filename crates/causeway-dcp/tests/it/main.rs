//! Tests of the claims protocol from outside: what each kind of text is accepted as, and what not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod confusion;
mod corpus;
mod credentials;
mod documents;
mod drafts;
mod keys;
mod lists;
mod presentations;
mod properties;
mod signed;
mod tokens;
mod world;

use causeway_dcp::did::Did;
use causeway_types::Timestamp;

pub(crate) const HOLDER: &str = "did:web:holder.example";
pub(crate) const VERIFIER: &str = "did:web:verifier.example";
pub(crate) const ISSUER: &str = "did:web:issuer.example";
pub(crate) const OTHER: &str = "did:web:other.example";

pub(crate) fn did(text: &str) -> Did {
    Did::parse(text).unwrap()
}

/// The time of all tests.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T12:00:00.5Z").unwrap()
}

/// Seconds from the time of all tests, rounded down to the second.
pub(crate) fn seconds(offset: i64) -> i64 {
    i64::try_from(now().unix_seconds()).unwrap() + offset
}

/// The time that many seconds away, without a fraction.
pub(crate) fn at(offset: i64) -> Timestamp {
    Timestamp::from_unix_micros(seconds(offset) * 1_000_000).unwrap()
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
