//! Helpers for tests: a scripted transport, a manual clock, a provider that counts.

pub use crate::clock::ManualClock;
