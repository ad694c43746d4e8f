//! Acknowledgements of negotiations and transfers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::acknowledgement(bytes));
