//! Every store passes the same suite.

mod file;
#[cfg(feature = "softhsm")]
mod token;
