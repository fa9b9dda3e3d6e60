//! Fuzzes what oneaccess-sdk's tests do with the seeds of `oneaccess_cas`.

#![no_main]

#[path = "../../crates/oneaccess-sdk/tests/it/fuzzed/oneaccess_cas.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
