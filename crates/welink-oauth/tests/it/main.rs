//! Tests of welink-oauth from outside.

mod directory;
mod events;
mod every;
mod faults;
mod generated;
mod lockout;
mod pages;
mod samples;
mod secrets;
mod sign_in;
mod stage;
