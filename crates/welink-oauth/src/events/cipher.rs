//! AES-128-GCM as the platform uses it: a key from SHA-1, and a nonce of 16 bytes.

use std::fmt;

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{AesGcm, aes::Aes128};
use auth_core::{Error, Result, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

/// The cipher; ring has only the one with nonces of 12 bytes.
type Cipher = AesGcm<Aes128, U16>;

/// A key made from a client secret. It is wiped when dropped.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; 16]>);

/// An encrypted text with its nonce.
pub(super) struct Sealed {
    nonce: [u8; NONCE],
    text: Vec<u8>,
}

impl Key {
    /// The first 16 bytes of SHA-1 of SHA-1 of the secret, which is what Java's key generator makes
    /// of a generator of random numbers that was seeded with the secret.
    pub(super) fn of(secret: &Secret) -> Self {
        let sha1 = |bytes: &[u8]| digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
        let twice = sha1(sha1(secret.expose().as_bytes()).as_ref());
        let mut key = Zeroizing::new([0; 16]);
        key.copy_from_slice(&twice.as_ref()[..16]);
        Self(key)
    }

    /// The text, if it was encrypted with this key.
    pub(super) fn open(&self, sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
        let opened = self.cipher().decrypt(&sealed.nonce.into(), &*sealed.text);
        opened.ok().map(Zeroizing::new)
    }

    /// Encrypts a text with a fresh nonce, in the form that travels.
    pub(super) fn seal(&self, text: &[u8]) -> Result<String> {
        let mut nonce = [0; NONCE];
        if SystemRandom::new().fill(&mut nonce).is_err() {
            return Err(Error::config("the operating system has no random bytes"));
        }
        let sealed = self.cipher().encrypt(&nonce.into(), text);
        let Ok(sealed) = sealed else {
            return Err(Error::config("the text is too long to be encrypted"));
        };
        Ok(STANDARD.encode(nonce) + &STANDARD.encode(sealed))
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(&(*self.0).into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Sealed {
    /// Reads the form that travels: 24 characters of the nonce, then text and tag.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (nonce, text) = text.split_at_checked(NONCE_TEXT)?;
        Some(Self {
            nonce: STANDARD.decode(nonce).ok()?.try_into().ok()?,
            text: STANDARD.decode(text).ok()?,
        })
    }
}

/// A text in few characters, to tell it from others.
pub(super) fn digest(text: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, text);
    STANDARD.encode(hash)
}

/// The length of a nonce, in bytes.
const NONCE: usize = 16;

/// The length of a nonce in Base64.
const NONCE_TEXT: usize = 24;
