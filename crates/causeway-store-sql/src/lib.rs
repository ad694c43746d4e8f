//! SQL drivers of the store. Each driver has its own statements and migrations; what they share is
//! the contract in `causeway-store` and its conformance suite, no code.
//!
//! House rule: a statement is one string whose first line is `-- name`, and one test prepares
//! every one of them against a real database.

#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use sqlite::{OpenError, SqliteCatalogCache, SqliteOptions, SqliteStore};
