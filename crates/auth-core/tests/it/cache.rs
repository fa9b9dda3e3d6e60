//! The promises of the token cache, one by one.

mod budget;
mod failure;
mod flight;
mod hit;
mod issuer;
mod refresh;
mod reject;
mod secrets;
mod time;
