//! Any bytes as a JSON file.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| connectors::fuzzing::read_file("products.json", content));
