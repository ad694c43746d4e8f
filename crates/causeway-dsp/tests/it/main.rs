//! Known answers for the protocol: the exhaustive walk over both tables, and worlds of two
//! machines over a channel that loses, repeats and reorders; and the JSON of every message.

mod chance;
mod samples;
mod walk;
mod wire;
mod worlds_negotiation;
mod worlds_transfer;
