//! One token for many processes: the promises of the store, here with several caches for processes.

mod away;
mod file;
mod records;
mod secrets;
mod sharing;
mod world;
