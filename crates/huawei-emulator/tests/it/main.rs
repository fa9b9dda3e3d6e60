//! The emulator from outside, over HTTP.

mod client;
mod harmony_push;
mod mutations;
mod samples;
