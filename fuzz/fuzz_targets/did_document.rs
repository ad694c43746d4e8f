//! DIDs, names of keys, and DID documents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| causeway_fuzz::claims::did_document(bytes));
