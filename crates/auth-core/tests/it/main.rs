//! Integration tests of auth-core.

#[cfg(feature = "testing")]
mod cache;
#[cfg(feature = "testing")]
mod capture;
#[cfg(all(feature = "reqwest", feature = "testing"))]
mod door;
#[cfg(all(feature = "file", feature = "testing", unix))]
mod fleet;
#[cfg(feature = "jwks")]
mod jwt;
#[cfg(feature = "testing")]
mod leaks;
#[cfg(all(feature = "sign-in", feature = "testing"))]
mod sign_in;
#[cfg(all(feature = "jwks", feature = "testing", unix))]
mod warnings;
