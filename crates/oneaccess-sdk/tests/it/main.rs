//! Tests of oneaccess-sdk from outside.

mod contract;
mod fake;
mod fuzzed;
mod generated;
mod lenient;
mod once;
mod properties;
mod replies;
mod samples;
mod secrets;
mod snapshots;
mod tenants;
