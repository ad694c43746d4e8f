//! Whatever a peer refuses with.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::error(bytes));
