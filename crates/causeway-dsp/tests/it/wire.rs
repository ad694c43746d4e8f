//! The JSON of the protocol: what every message looks like, what is read beyond that, and that
//! reading undoes writing. The state machines are tested beside this.

mod generate;
mod round_trip;
mod snapshots;
mod tolerance;
