//! Fuzzes what welink-oauth's tests do with the seeds of `welink_events`.

#![no_main]

#[path = "../../crates/welink-oauth/tests/it/fuzzed/welink_events.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
