//! The Decentralized Claims Protocol 1.0 as functions of their input: DIDs and their documents,
//! self-issued tokens, credentials, presentations and status lists.
//!
//! Ring 0: no IO, no clock, no randomness, and no private key. What is to be signed is built here
//! as bytes, and whoever holds the key signs them; what is to be verified says which documents it
//! needs, and is given them.

pub mod access;
mod claims;
pub mod continuity;
pub mod credential;
pub mod dialect;
pub mod did;
pub mod document;
pub mod issuance;
mod json;
pub mod jwk;
pub mod jws;
pub mod message;
pub mod metadata;
pub mod presentation;
pub mod scope;
pub mod status;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;
pub mod trust;
pub mod types;

pub use claims::ClaimError;
