//! The secrets of the portal's callback settings.

use std::fmt;
use std::sync::Arc;

use auth_core::{Derived, Error, Result, Secret, SecretSource, same_bytes};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use zeroize::Zeroizing;

use crate::events::cipher::Cipher;

/// The secrets of one version of the callback settings: security token, signature key, encryption
/// key. Set here what is set in the portal; what is set here is insisted on.
///
/// Each may be a [`SecretSource`]: a new secret is taken up while the program runs, and what comes
/// with the one before it still passes. A vault that was not asked yet proves nothing.
#[derive(Clone)]
pub struct Secrets {
    token: SecretSource,
    signature: Option<Derived<hmac::Key>>,
    cipher: Option<(Encryption, Derived<Cipher>)>,
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
    pub fn new(token: impl Into<SecretSource>) -> Self {
        Self {
            token: token.into(),
            signature: None,
            cipher: None,
        }
    }

    /// Sets the signature key: calls without a sound signature are refused.
    pub fn signature_key(mut self, key: impl Into<SecretSource>) -> Self {
        let make = |key: &Secret| Ok(hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes()));
        self.signature = Some(Derived::new(key, make));
        self
    }

    /// Sets the encryption key, of 16, 24 or 32 characters: calls that are not encrypted with it
    /// are refused. 24 characters need the feature `event-ciphers`.
    pub fn encryption_key(
        mut self,
        key: impl Into<SecretSource>,
        mode: Encryption,
    ) -> Result<Self> {
        let cipher = Derived::new(key, move |key| Cipher::new(key, mode));
        cipher.check()?;
        self.cipher = Some((mode, cipher));
        Ok(self)
    }

    /// The signature of a message, over its parts exactly as they travel:
    /// Base64 of HMAC-SHA256 over nonce, time, event and data with `&` between. Nothing if there
    /// is no key.
    pub fn sign(&self, nonce: &str, timestamp: &str, event: &str, data: &str) -> Option<String> {
        let key = self.signature.as_ref()?.current().ok()?;
        let text = signed_text(nonce, timestamp, event, data);
        Some(BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes())))
    }

    /// Encrypts a message as the portal does: 16 random letters, `&`, and the message. Unchanged
    /// if there is no key.
    pub fn encrypt(&self, message: &str) -> Result<String> {
        match &self.cipher {
            Some((_, cipher)) => cipher.current()?.encrypt(message),
            None => Ok(message.to_owned()),
        }
    }

    /// Decrypts a message; the reverse of [`encrypt`](Self::encrypt).
    pub fn decrypt(&self, data: &str) -> Result<String> {
        let opened = self.opened(data).pop();
        opened
            .map(|(_, mut message)| std::mem::take(&mut *message))
            .ok_or_else(|| Error::decode("the message of the callback cannot be decrypted"))
    }

    /// What a message may say, by the key it came with: that of now, or the one before.
    pub(crate) fn opened(&self, data: &str) -> Vec<(Option<Arc<Cipher>>, Zeroizing<String>)> {
        let Some((_, cipher)) = &self.cipher else {
            return vec![(None, Zeroizing::new(data.to_owned()))];
        };
        let ciphers = cipher.accepted().into_iter();
        let opened = ciphers.filter_map(|cipher| {
            let message = cipher.decrypt(data)?;
            Some((Some(cipher), message))
        });
        opened.collect()
    }

    /// Whether the header `Authorization` carries the security token; in constant time.
    pub(crate) fn admits(&self, authorization: &str) -> bool {
        let Some((scheme, token)) = authorization.trim().split_once(' ') else {
            return false;
        };
        let token = token.trim().as_bytes();
        let accepted = self.token.accepted();
        let known = accepted.iter().fold(false, |known, accepted| {
            known | same_bytes(token, accepted.expose().as_bytes())
        });
        known && scheme.eq_ignore_ascii_case("bearer")
    }

    /// Whether the signature is right; without a key any is. In constant time.
    pub(crate) fn is_signed(&self, signature: &str, parts: [&str; 4]) -> bool {
        let Some(key) = &self.signature else {
            return true;
        };
        let [nonce, timestamp, event, data] = parts;
        let text = signed_text(nonce, timestamp, event, data);
        auth_core::wire::base64_in(signature).is_some_and(|tag| {
            let keys = key.accepted();
            keys.iter().fold(false, |signed, key| {
                signed | hmac::verify(key, text.as_bytes(), &tag).is_ok()
            })
        })
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
            .field("encryption", &self.cipher.as_ref().map(|(mode, _)| mode))
            .finish_non_exhaustive()
    }
}
