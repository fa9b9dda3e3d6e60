//! The promises of the token cache, one by one.

mod budget;
mod failure;
mod flight;
mod hit;
pub(crate) mod issuer;
#[cfg(feature = "metrics")]
mod numbers;
mod refresh;
mod reject;
mod renew;
mod secrets;
mod time;
