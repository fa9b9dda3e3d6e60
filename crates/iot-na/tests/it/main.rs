//! Tests of iot-na from outside.

mod every;
mod faults;
mod fuzzed;
mod generated;
mod journeys;
mod legacy;
mod lists;
mod notifications;
#[cfg(unix)]
mod rotation;
mod samples;
mod secrets;
mod stage;
mod tls;
mod tokens;
