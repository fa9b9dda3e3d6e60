//! Integration tests of auth-core.

#[cfg(feature = "jwt")]
mod jwt;
