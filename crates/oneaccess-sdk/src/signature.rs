//! X-signature: the header that names a person by their session token, encrypted.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use auth_core::{Error, Result, Secret, wire};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::{Oaep, PublicKey};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The public key of an application, with which X-signature is made ([guide][guide]).
///
/// In spite of its name the header holds no signature: the session token, the platform's time and
/// a nonce are encrypted with RSA-OAEP, over SHA-256 in both of its places.
///
/// [`Session::by_signature`](crate::Session::by_signature) does all of it; this is for those who
/// make the header elsewhere.
///
/// [guide]: https://support.huaweicloud.com/api-oneaccess/oneaccess_04_0069.html
#[derive(Clone)]
pub struct SignatureKey(PublicKey);

impl SignatureKey {
    /// Reads the key as the platform gives it out: Base64 of a DER SubjectPublicKeyInfo. PEM and
    /// line breaks are read too, because no sample of it is published.
    pub fn parse(text: &str) -> Result<Self> {
        let body: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("-----"))
            .flat_map(str::split_whitespace)
            .collect();
        let der = wire::base64_in(&body)
            .ok_or_else(|| Error::decode("the public key of the application is not Base64"))?;
        PublicKey::from_public_key_der(&der)
            .or_else(|_| PublicKey::from_pkcs1_der(&der))
            .map(Self)
            .map_err(|_| Error::decode("the public key of the application is no RSA key"))
    }

    /// Makes the header for one call from the session token and the platform's time in
    /// milliseconds since 1970, as its clock states it. The nonce is never the same twice.
    pub fn sign(&self, session_token: &Secret, timestamp: &str) -> Result<Secret> {
        let time: u64 = timestamp
            .trim()
            .parse()
            .map_err(|_| Error::decode("the platform's time is not a number of milliseconds"))?;
        let text = signed_text(session_token, time, &format!("{:x}", unique(time)));
        let encrypted = self
            .0
            .encrypt(&mut Random, Oaep::<Sha256>::new(), text.as_bytes())
            .map_err(|_| {
                Error::config("the session token does not fit into the key of the application")
            })?;
        Ok(Secret::new(BASE64_STANDARD.encode(encrypted)))
    }
}

impl fmt::Debug for SignatureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureKey").finish_non_exhaustive()
    }
}

/// What is encrypted.
fn signed_text(session_token: &Secret, time_ms: u64, nonce: &str) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "session_token={}&timestamp={time_ms}&nonce={nonce}",
        session_token.expose()
    ))
}

/// The time, or the number after the last one: the platform suggests the time as a nonce, and two
/// calls can fall into one millisecond.
fn unique(time_ms: u64) -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let after = |last: u64| time_ms.max(last.wrapping_add(1));
    let next = |last| Some(after(last));
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    last.map_or(time_ms, after)
}

/// The random bytes of the operating system, as the cipher wants them.
struct Random;

/// The operating system has no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system has no random bytes")]
struct NoRandom;

impl TryRng for Random {
    type Error = NoRandom;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), Self::Error> {
        SystemRandom::new().fill(bytes).map_err(|_| NoRandom)
    }
}

impl TryCryptoRng for Random {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_vector() {
        let token = Secret::new("dummySessionToken0000000000000000");
        let time = 1_628_496_800_000;
        let text = signed_text(&token, time, &format!("{time:x}"));
        assert_eq!(
            *text,
            "session_token=dummySessionToken0000000000000000&timestamp=1628496800000\
             &nonce=17b29f92900"
        );
    }

    #[test]
    fn a_nonce_comes_once() {
        let first = unique(5);
        let second = unique(5);
        assert!(second > first);
        assert!(unique(u64::MAX / 2) >= u64::MAX / 2);
        // A platform whose clock says the last number there is does no harm.
        assert_eq!(unique(u64::MAX), u64::MAX);
        assert_ne!(unique(5), unique(5));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "!",
            "AAAA",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            assert!(SignatureKey::parse(text).is_err(), "{text}");
        }
    }
}
