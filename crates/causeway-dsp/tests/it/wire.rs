//! The JSON of the protocol: what every message looks like, what is read beyond that, and that
//! reading undoes writing. The state machines are tested beside this.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod corpus;
mod floods;
mod generate;
mod page;
mod round_trip;
mod snapshots;
mod tolerance;
