//! Tests of iot-na from outside.

mod every;
mod faults;
mod fuzzed;
mod generated;
mod journeys;
mod legacy;
mod lists;
mod notifications;
mod samples;
mod secrets;
mod stage;
mod tls;
mod tokens;
