//! Fuzzes what auth-core's tests do with the seeds of `jws_verify`.

#![no_main]

#[path = "../../crates/auth-core/tests/it/jwt/fuzzed/jws_verify.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
