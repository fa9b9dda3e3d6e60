//! Integration tests of auth-core.

#[cfg(feature = "testing")]
mod cache;
#[cfg(all(feature = "reqwest", feature = "testing"))]
mod door;
#[cfg(feature = "jwt")]
mod jwt;
