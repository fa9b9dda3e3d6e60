//! Fuzzes what huawei-oauth's tests do with the seeds of `oauth_events`.

#![no_main]

#[path = "../../crates/huawei-oauth/tests/it/fuzzed/oauth_events.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
