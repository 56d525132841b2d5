//! Any bytes as a XML file.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| connectors::fuzzing::read_file("products.xml", content));
