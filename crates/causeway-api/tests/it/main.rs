//! Whole nodes against each other: real HTTP on loopback, real files, a store in memory; and a
//! network and a store that fail on purpose.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod approvals;
mod bad_input;
mod base;
mod border;
mod catalog;
mod claims;
mod crossings;
mod decisions;
mod exchange;
mod faults;
mod holder;
mod issuer;
mod management;
mod network;
mod party;
mod policies;
mod scripts;
mod sync;
mod world;
