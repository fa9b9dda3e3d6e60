//! The secrets of the portal's callback settings.

use std::fmt;

use auth_core::{Error, Result, Secret, same_bytes};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

use crate::events::cipher::Cipher;

/// The secrets of one version of the callback settings: security token, signature key, encryption
/// key. Set here what is set in the portal; what is set here is insisted on.
#[derive(Clone)]
pub struct Secrets {
    token: Secret,
    signature: Option<hmac::Key>,
    cipher: Option<Cipher>,
}

/// How the messages are encrypted: as the portal is set.
///
/// The published description of GCM leaves out where its initialisation vector travels. This reads
/// and writes 12 bytes in front of the ciphertext, which is the usual place; test it with the
/// portal's own check of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encryption {
    /// AES/ECB/PKCS5Padding: of the engine, and of older settings. Equal blocks stay recognisable;
    /// choose GCM where you can.
    #[cfg(feature = "event-ciphers")]
    Ecb,
    /// AES/GCM/NoPadding.
    Gcm,
}

impl Secrets {
    /// Starts from the security token, which comes as a bearer token with every call.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self {
            token: token.into(),
            signature: None,
            cipher: None,
        }
    }

    /// Sets the signature key: calls without a sound signature are refused.
    pub fn signature_key(mut self, key: impl Into<Secret>) -> Self {
        let key = key.into();
        self.signature = Some(hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes()));
        self
    }

    /// Sets the encryption key, of 16, 24 or 32 characters: calls that are not encrypted with it
    /// are refused. 24 characters need the feature `event-ciphers`.
    pub fn encryption_key(mut self, key: impl Into<Secret>, mode: Encryption) -> Result<Self> {
        self.cipher = Some(Cipher::new(&key.into(), mode)?);
        Ok(self)
    }

    /// The signature of a message, over its parts exactly as they travel:
    /// Base64 of HMAC-SHA256 over nonce, time, event and data with `&` between. Nothing if there
    /// is no key.
    pub fn sign(&self, nonce: &str, timestamp: &str, event: &str, data: &str) -> Option<String> {
        let key = self.signature.as_ref()?;
        let text = signed_text(nonce, timestamp, event, data);
        Some(BASE64_STANDARD.encode(hmac::sign(key, text.as_bytes())))
    }

    /// Encrypts a message as the portal does: 16 random letters, `&`, and the message. Unchanged
    /// if there is no key.
    pub fn encrypt(&self, message: &str) -> Result<String> {
        match &self.cipher {
            Some(cipher) => cipher.encrypt(message),
            None => Ok(message.to_owned()),
        }
    }

    /// Decrypts a message; the reverse of [`encrypt`](Self::encrypt).
    pub fn decrypt(&self, data: &str) -> Result<String> {
        match &self.cipher {
            Some(cipher) => cipher
                .decrypt(data)
                .ok_or_else(|| Error::decode("the message of the callback cannot be decrypted")),
            None => Ok(data.to_owned()),
        }
    }

    /// Whether the header `Authorization` carries the security token; in constant time.
    pub(crate) fn admits(&self, authorization: &str) -> bool {
        let Some((scheme, token)) = authorization.trim().split_once(' ') else {
            return false;
        };
        let known = same_bytes(token.trim().as_bytes(), self.token.expose().as_bytes());
        known && scheme.eq_ignore_ascii_case("bearer")
    }

    /// Whether the signature is right; without a key any is. In constant time.
    pub(crate) fn is_signed(&self, signature: &str, parts: [&str; 4]) -> bool {
        let Some(key) = &self.signature else {
            return true;
        };
        let [nonce, timestamp, event, data] = parts;
        let text = signed_text(nonce, timestamp, event, data);
        auth_core::wire::base64_in(signature)
            .is_some_and(|tag| hmac::verify(key, text.as_bytes(), &tag).is_ok())
    }
}

fn signed_text(nonce: &str, timestamp: &str, event: &str, data: &str) -> String {
    [nonce, timestamp, event, data].join("&")
}

/// Shows what is set, and no secret.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("signs", &self.signature.is_some())
            .field("encryption", &self.cipher.as_ref().map(Cipher::mode))
            .finish_non_exhaustive()
    }
}
