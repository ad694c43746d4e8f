//! Every reader on the same bytes: nothing that reads one way may read back another.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::everything(bytes));
