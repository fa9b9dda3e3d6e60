//! Tokens signed and verified through the public API.

mod fuzzed;
mod jwks;
mod key_file;
#[cfg(feature = "testing")]
mod key_set;
mod peer;
mod properties;
mod seeds;
mod sign;
mod vectors;
mod verify;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth_core::jwt::{Algorithm, SigningKey};

/// The time at which the tests take place.
const NOW: u64 = 1_700_000_000;

fn now() -> SystemTime {
    at(NOW)
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn key(algorithm: Algorithm) -> SigningKey {
    let pem = include_str!("../../data/rsa2048.pkcs8.pem");
    SigningKey::from_pem(algorithm, pem).expect("the key is good")
}
