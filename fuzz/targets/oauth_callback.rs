//! Fuzzes what huawei-oauth's tests do with the seeds of `oauth_callback`.

#![no_main]

#[path = "../../crates/huawei-oauth/tests/it/fuzzed/oauth_callback.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
