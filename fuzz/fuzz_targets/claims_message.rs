//! Messages of the claims protocol.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::claims::claims_message(bytes));
