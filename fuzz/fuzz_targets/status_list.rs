//! Status lists as they are served, their packed bits, and entries that name them.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::claims::status_list(bytes));
