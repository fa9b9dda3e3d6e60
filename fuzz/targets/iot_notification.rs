//! Fuzzes what iot-na's tests do with the seeds of `iot_notification`.

#![no_main]

#[path = "../../crates/iot-na/tests/it/fuzzed/iot_notification.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::run(data));
