//! Catalog pages of a peer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::catalog(bytes));
