//! Fuzzes what oneaccess-sdk's tests do with the seeds of `oneaccess_callback`.

#![no_main]

#[path = "../../crates/oneaccess-sdk/tests/it/fuzzed/oneaccess_callback.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
