//! Requests for a catalog.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::catalog_request(bytes));
