//! One token for many processes: the promises of the store, here with several caches for processes.

mod away;
mod file;
#[cfg(feature = "pool")]
mod pool;
mod records;
#[cfg(all(feature = "redis", feature = "seal"))]
mod redis;
pub(crate) mod secrets;
#[cfg(feature = "redis")]
mod server;
mod sharing;
mod stopped;
pub(crate) mod world;
