//! Whole nodes against each other: real HTTP on loopback, real files, a store in memory; and a
//! network and a store that fail on purpose.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod base;
mod border;
mod catalog;
mod crossings;
mod decisions;
mod exchange;
mod faults;
mod management;
mod network;
mod policies;
mod scripts;
mod sync;
mod world;
