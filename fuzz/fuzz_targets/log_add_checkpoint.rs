//! Requests to witnesses and their answers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::log::add_checkpoint(bytes));
