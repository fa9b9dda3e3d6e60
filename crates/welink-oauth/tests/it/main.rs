//! Tests of welink-oauth from outside.

mod apps;
mod back_office;
mod directory;
mod events;
mod every;
mod faults;
mod fuzzed;
mod generated;
mod groups;
mod lists;
mod lockout;
mod office;
mod pages;
#[cfg(unix)]
mod rotation;
mod samples;
mod secrets;
mod sign_in;
mod stage;
mod traps;
