//! Trust files, their signatures, and the register of those that are installed.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::claims::trust_file(bytes));
