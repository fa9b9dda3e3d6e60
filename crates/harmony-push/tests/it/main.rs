//! Tests of harmony-push from outside.

mod account;
mod callbacks;
mod contract;
mod fake;
mod fuzzed;
mod outcomes;
mod samples;
mod sending;
mod streams;
