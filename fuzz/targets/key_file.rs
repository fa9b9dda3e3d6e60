//! Fuzzes what auth-core's tests do with the seeds of `key_file`.

#![no_main]

#[path = "../../crates/auth-core/tests/it/jwt/fuzzed/key_file.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
