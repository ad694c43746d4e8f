//! Signed notes, the checkpoints in them, and keys.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::log::note(bytes));
