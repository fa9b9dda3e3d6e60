//! Tests of harmony-push from outside.

mod account;
mod callbacks;
mod contract;
mod fake;
mod fuzzed;
mod outcomes;
mod rules;
mod samples;
mod sending;
mod streams;
mod verdicts;
mod wire;
