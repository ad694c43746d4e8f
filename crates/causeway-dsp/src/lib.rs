//! Dataspace Protocol 2025-1 as functions of their input: messages, the two state machines, the
//! catalog and the version document.
//!
//! Ring 0: no IO, no clock, no randomness. [`negotiation::step`] and [`transfer::step`] are the
//! whole protocol logic; they never decide, they ask. [`wire`] is the only place that knows JSON:
//! it reads tolerantly and writes exactly the official compact shape.

pub mod catalog;
pub mod negotiation;
mod process;
pub mod transfer;
pub mod version;
pub mod wire;

pub use process::{Question, Reason, Received, Rejection, peer_pid};
