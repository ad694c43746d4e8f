//! Proofs that a log contradicts itself.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::log::fork(bytes));
