//! Integration tests of auth-core.

#[cfg(feature = "testing")]
mod cache;
#[cfg(feature = "jwt")]
mod jwt;
