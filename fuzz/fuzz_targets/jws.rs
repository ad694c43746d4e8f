//! Signed texts, and tokens with any payload under a good signature.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::claims::jws(bytes));
