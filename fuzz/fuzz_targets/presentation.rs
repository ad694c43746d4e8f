//! Presentations, and credentials and presentations with any payload under good signatures.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::claims::presentation(bytes));
