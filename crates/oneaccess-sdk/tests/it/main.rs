//! Tests of oneaccess-sdk from outside.

mod contract;
mod fake;
mod fuzzed;
mod generated;
mod properties;
mod samples;
mod secrets;
mod snapshots;
