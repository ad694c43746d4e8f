//! Known answers for the protocol: the exhaustive walk over both tables, and worlds of two
//! machines over a channel that loses, repeats and reorders; and the JSON of every message.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chance;
mod samples;
mod walk;
mod wire;
mod world;
mod worlds_negotiation;
mod worlds_transfer;
