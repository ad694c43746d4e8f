//! The log from outside: known vectors, every small size, other makes, and what must be refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;
mod corpus;
mod formats;
#[cfg(feature = "go")]
mod go;
mod notes;
mod oracle;
mod policies;
mod support;
mod tree;
mod witnesses;
