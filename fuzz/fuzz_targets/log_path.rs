//! Paths of tiles and bundles, and bundles of entries.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::log::path(bytes));
