//! Messages of a negotiation.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::negotiation(bytes));
