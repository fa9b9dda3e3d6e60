//! Fuzzes what auth-core's tests do with the seeds of `jwks`.

#![no_main]

#[path = "../../crates/auth-core/tests/it/jwt/fuzzed/jwks.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
