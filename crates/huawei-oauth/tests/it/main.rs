//! Tests of huawei-oauth from outside.

mod browser;
mod contract;
mod events;
mod fuzzed;
mod generated;
mod peer;
mod samples;
mod scripted;
mod secrets;
mod sign_in;
mod vectors;
