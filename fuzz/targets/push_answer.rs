//! Fuzzes what harmony-push's tests do with the seeds of `push_answer`.

#![no_main]

#[path = "../../crates/harmony-push/tests/it/fuzzed/push_answer.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
