//! The ciphers of callbacks, and what is inside of them.

use std::fmt;

use auth_core::{Error, Result, Secret, wire};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::events::Encryption;

/// A key and the way it is used.
#[derive(Clone)]
pub(crate) struct Cipher {
    kind: Kind,
    mode: Encryption,
}

#[derive(Clone)]
enum Kind {
    Gcm(Box<LessSafeKey>),
    #[cfg(feature = "event-ciphers")]
    Gcm192(Box<more::Gcm192>),
    #[cfg(feature = "event-ciphers")]
    Ecb(more::Ecb),
}

/// Shows the way it is used.
impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cipher({:?})", self.mode)
    }
}

impl Cipher {
    pub(crate) fn new(key: &Secret, mode: Encryption) -> Result<Self> {
        let bytes = key.expose().as_bytes();
        let kind = match (mode, bytes.len()) {
            (Encryption::Gcm, 16) => Kind::Gcm(Box::new(gcm(&aead::AES_128_GCM, bytes)?)),
            (Encryption::Gcm, 32) => Kind::Gcm(Box::new(gcm(&aead::AES_256_GCM, bytes)?)),
            #[cfg(feature = "event-ciphers")]
            (Encryption::Gcm, 24) => Kind::Gcm192(Box::new(more::gcm192(bytes)?)),
            #[cfg(not(feature = "event-ciphers"))]
            (Encryption::Gcm, 24) => {
                return Err(Error::config(
                    "an encryption key of 24 characters needs the feature `event-ciphers`",
                ));
            }
            #[cfg(feature = "event-ciphers")]
            (Encryption::Ecb, 16 | 24 | 32) => Kind::Ecb(more::ecb(bytes)?),
            _ => return Err(length()),
        };
        Ok(Self { kind, mode })
    }

    pub(crate) fn encrypt(&self, message: &str) -> Result<String> {
        let mut plain = Zeroizing::new(Vec::with_capacity(PREFIX + message.len() + 2 * BLOCK));
        plain.extend_from_slice(&letters()?);
        plain.push(b'&');
        plain.extend_from_slice(message.as_bytes());
        let sealed = match &self.kind {
            Kind::Gcm(key) => {
                let iv: [u8; aead::NONCE_LEN] = random()?;
                let nonce = Nonce::assume_unique_for_key(iv);
                key.seal_in_place_append_tag(nonce, Aad::empty(), &mut *plain)
                    .map_err(|_| Error::config("the message is too long to encrypt"))?;
                [&iv[..], &plain[..]].concat()
            }
            #[cfg(feature = "event-ciphers")]
            Kind::Gcm192(key) => more::seal(key, random()?, &plain)?,
            #[cfg(feature = "event-ciphers")]
            Kind::Ecb(key) => more::encrypt_blocks(key, &plain),
        };
        Ok(BASE64_STANDARD.encode(sealed))
    }

    /// The message inside of a text, if it was encrypted with this key. It can hold a password.
    pub(crate) fn decrypt(&self, data: &str) -> Option<Zeroizing<String>> {
        let mut sealed = Zeroizing::new(wire::base64_in(data)?);
        let plain: &[u8] = match &self.kind {
            Kind::Gcm(key) => {
                let (iv, rest) = sealed.split_at_mut_checked(aead::NONCE_LEN)?;
                let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
                key.open_in_place(nonce, Aad::empty(), rest).ok()?
            }
            #[cfg(feature = "event-ciphers")]
            Kind::Gcm192(key) => {
                sealed = Zeroizing::new(more::open(key, &sealed)?);
                &sealed
            }
            #[cfg(feature = "event-ciphers")]
            Kind::Ecb(key) => more::decrypt_blocks(key, &mut sealed)?,
        };
        // The platform's own sample splits at every `&`, which cuts messages that hold one.
        let (prefix, message) = plain.split_at_checked(PREFIX)?;
        let message = (prefix[PREFIX - 1] == b'&').then_some(message)?;
        Some(Zeroizing::new(
            std::str::from_utf8(message).ok()?.to_owned(),
        ))
    }
}

fn gcm(algorithm: &'static aead::Algorithm, key: &[u8]) -> Result<LessSafeKey> {
    let key = UnboundKey::new(algorithm, key).map_err(|_| length())?;
    Ok(LessSafeKey::new(key))
}

fn length() -> Error {
    Error::config("the encryption key must have 16, 24 or 32 characters")
}

/// Sixteen random letters.
fn letters() -> Result<[u8; PREFIX - 1]> {
    let bytes: [u8; PREFIX - 1] = random()?;
    // 64 letters, so that every one is as likely as any other; two of them stand twice.
    Ok(bytes.map(|byte| LETTERS[usize::from(byte % 64)]))
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::config("the operating system has no random bytes"))?;
    Ok(bytes)
}

/// The length of what stands before the message: sixteen letters and a `&`.
const PREFIX: usize = 17;

/// The length of a block of AES, in bytes.
const BLOCK: usize = 16;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789Aa";

/// What *ring* lacks.
#[cfg(feature = "event-ciphers")]
mod more {
    use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
    use aes::{Aes128, Aes192, Aes256, Block};
    use aes_gcm::AesGcm;
    use aes_gcm::aead::Aead as _;
    use aes_gcm::aead::consts::U12;
    use auth_core::{Error, Result};
    use zeroize::Zeroizing;

    use super::{BLOCK, length};

    pub(super) type Gcm192 = AesGcm<Aes192, U12>;

    #[derive(Clone)]
    pub(super) enum Ecb {
        Short(Box<Aes128>),
        Middle(Box<Aes192>),
        Long(Box<Aes256>),
    }

    pub(super) fn gcm192(key: &[u8]) -> Result<Gcm192> {
        Gcm192::new_from_slice(key).map_err(|_| length())
    }

    pub(super) fn seal(key: &Gcm192, iv: [u8; 12], plain: &[u8]) -> Result<Vec<u8>> {
        let sealed = key
            .encrypt(&iv.into(), plain)
            .map_err(|_| Error::config("the message is too long to encrypt"))?;
        Ok([&iv[..], &sealed].concat())
    }

    pub(super) fn open(key: &Gcm192, sealed: &[u8]) -> Option<Vec<u8>> {
        let (iv, rest) = sealed.split_first_chunk::<12>()?;
        key.decrypt(&(*iv).into(), rest).ok()
    }

    pub(super) fn ecb(key: &[u8]) -> Result<Ecb> {
        match key.len() {
            16 => Aes128::new_from_slice(key).map(|key| Ecb::Short(Box::new(key))),
            24 => Aes192::new_from_slice(key).map(|key| Ecb::Middle(Box::new(key))),
            _ => Aes256::new_from_slice(key).map(|key| Ecb::Long(Box::new(key))),
        }
        .map_err(|_| length())
    }

    /// Encrypts block by block, padded as PKCS#7 says.
    pub(super) fn encrypt_blocks(key: &Ecb, plain: &[u8]) -> Vec<u8> {
        let padding = BLOCK - plain.len() % BLOCK;
        let mut bytes = plain.to_vec();
        bytes.resize(
            plain.len() + padding,
            u8::try_from(padding).unwrap_or_default(),
        );
        for chunk in bytes.chunks_exact_mut(BLOCK) {
            let mut block = Block::default();
            block.copy_from_slice(chunk);
            match key {
                Ecb::Short(key) => key.encrypt_block(&mut block),
                Ecb::Middle(key) => key.encrypt_block(&mut block),
                Ecb::Long(key) => key.encrypt_block(&mut block),
            }
            chunk.copy_from_slice(&block);
        }
        bytes
    }

    /// Decrypts block by block and takes the padding off, if it is sound.
    ///
    /// Whether it is can be told from outside, so sign the messages: then nothing is decrypted that
    /// somebody else made.
    pub(super) fn decrypt_blocks<'a>(
        key: &Ecb,
        bytes: &'a mut Zeroizing<Vec<u8>>,
    ) -> Option<&'a [u8]> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK) {
            return None;
        }
        for chunk in bytes.chunks_exact_mut(BLOCK) {
            let mut block = Block::default();
            block.copy_from_slice(chunk);
            match key {
                Ecb::Short(key) => key.decrypt_block(&mut block),
                Ecb::Middle(key) => key.decrypt_block(&mut block),
                Ecb::Long(key) => key.decrypt_block(&mut block),
            }
            chunk.copy_from_slice(&block);
        }
        let padding = usize::from(*bytes.last()?);
        let end = bytes.len().checked_sub(padding)?;
        let sound = (1..=BLOCK).contains(&padding)
            && bytes[end..]
                .iter()
                .all(|byte| usize::from(*byte) == padding);
        sound.then_some(&bytes[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes() -> Vec<Encryption> {
        vec![
            Encryption::Gcm,
            #[cfg(feature = "event-ciphers")]
            Encryption::Ecb,
        ]
    }

    fn lengths() -> &'static [usize] {
        if cfg!(feature = "event-ciphers") {
            &[16, 24, 32]
        } else {
            &[16, 32]
        }
    }

    #[test]
    fn what_is_encrypted_is_read_again() {
        for mode in modes() {
            for &length in lengths() {
                let key = Secret::new("k".repeat(length));
                let cipher = Cipher::new(&key, mode).unwrap();
                for message in ["", "a", r#"{"id":"a&b"}"#, "fifteen letters", "汉字&汉字"] {
                    let data = cipher.encrypt(message).unwrap();
                    let decrypted = cipher.decrypt(&data).unwrap();
                    assert_eq!(*decrypted, message, "{mode:?}");
                    assert_ne!(cipher.encrypt(message).unwrap(), data);
                }
            }
        }
    }

    #[test]
    fn another_key_and_a_changed_text_do_not_decrypt() {
        for mode in modes() {
            let cipher = Cipher::new(&"k".repeat(16).into(), mode).unwrap();
            let other = Cipher::new(&"l".repeat(16).into(), mode).unwrap();
            let data = cipher.encrypt("message").unwrap();
            assert_eq!(other.decrypt(&data), None, "{mode:?}");
            assert_eq!(cipher.decrypt(&data[4..]), None, "{mode:?}");
            for text in ["", "!", "AAAA"] {
                assert_eq!(cipher.decrypt(text), None, "{mode:?}");
            }
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused_without_being_shown() {
        for mode in modes() {
            for length in [0, 15, 17, 33] {
                let error = Cipher::new(&"k".repeat(length).into(), mode).err().unwrap();
                assert!(!format!("{error:?}").contains("kkk"));
            }
        }
    }
}
