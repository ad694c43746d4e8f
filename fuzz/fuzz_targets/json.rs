//! The reader of all JSON that others send, beside one that is not strict.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::json(bytes));
