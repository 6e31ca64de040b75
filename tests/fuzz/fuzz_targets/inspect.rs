#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::inspect::holds(data));
