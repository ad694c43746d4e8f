//! Receipts of logs in COSE, and leaves.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::log::receipt(bytes));
