//! Policies under every context, and what is computed from them.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::policy(bytes));
