//! Texts sealed with a key of the application: what a browser or a database keeps, and nobody reads.
//!
//! A cookie that remembers a sign-in under way, a refresh token in a column: both leave the process
//! and come back later, to another replica perhaps. A [`Sealer`] makes a text of them that shows
//! nothing, cannot be changed, and cannot be moved to where it does not belong.
//!
//! ```
//! use auth_core::seal::{Purpose, SealError, Sealer};
//!
//! let sealer = Sealer::new(&[7; 32]);
//! let column = Purpose::new("refresh-token").tenant("user-42");
//! let text = sealer.seal(column, b"swordfish");
//!
//! assert_eq!(&*sealer.open(column, &text)?, b"swordfish");
//! let elsewhere = Purpose::new("refresh-token").tenant("user-43");
//! assert_eq!(sealer.open(elsewhere, &text), Err(SealError::Damaged));
//! # Ok::<_, auth_core::Error>(())
//! ```
//!
//! # The text
//!
//! `s1.` and then base64url without padding: 4 bytes that tell keys apart, 16 random bytes, the
//! ciphertext, its tag of 16 bytes. It fits into cookies, headers, addresses and columns; n bytes
//! become about 4/3 n + 51 characters.
//!
//! Each text is encrypted by AES-256-GCM under a key of its own, which HKDF-SHA-256 makes of the
//! sealer's key and the 16 random bytes. So there is no number of texts after which a key is worn
//! out, as there would be if it encrypted them itself with random nonces of 96 bits. Purpose,
//! platform and tenant are authenticated with the text and not stored in it.
//!
//! # Keys
//!
//! A key is 32 random bytes, the same on every replica; `openssl rand -base64 32` makes one for
//! [`Sealer::parse`]. To replace it: first let every replica open the new one
//! ([`also_opens`](Sealer::also_opens)), then let every replica seal with it, and drop the old one
//! when what it sealed has had its time.
//!
//! A sealed text can be kept and sent again by who holds it: freshness is the business of what is
//! inside.

use std::fmt;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hkdf};
use thiserror::Error as ThisError;
use zeroize::Zeroizing;

use crate::{Action, Error, Result, Secret};

/// Seals texts with one key and opens those sealed with it or with older ones. Cheap to keep, meant
/// to be made once.
///
/// The keys are wiped from memory when it is dropped. `Debug` shows the ids of the keys, which
/// stand in every text they sealed and tell nothing of them.
#[derive(Clone)]
pub struct Sealer {
    /// The one that seals comes first.
    keys: Vec<Key>,
}

/// What a text is sealed for. It opens for the very same alone.
///
/// A plain text is a purpose too: `sealer.seal("sign-in", ..)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose<'a> {
    name: &'a str,
    platform: &'a str,
    tenant: &'a str,
}

/// Why a sealed text is not opened. Holds nothing of it.
///
/// Converts into [`Error`], where [`SealError::of`] finds it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum SealError {
    /// The text was changed or cut, or sealed for another purpose, platform or tenant.
    #[error("the sealed text is damaged, or was sealed for something else")]
    Damaged,
    /// The text was not made by a [`Sealer`].
    #[error("the text is not a sealed one")]
    Foreign,
    /// The text was sealed with a key that is not at hand.
    #[error("the text was sealed with a key that is not known here")]
    UnknownKey,
}

#[derive(Clone)]
struct Key {
    id: [u8; ID_LEN],
    bytes: Zeroizing<[u8; KEY_LEN]>,
}

impl Sealer {
    /// Seals with `key`, which must be random: a password is none.
    pub fn new(key: &[u8; KEY_LEN]) -> Self {
        Self {
            keys: vec![Key::new(key)],
        }
    }

    /// Reads the key from Base64 in either alphabet, as an environment variable or a secret store
    /// holds it.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim().trim_end_matches('=');
        let alphabet = match text.contains(['-', '_']) {
            true => BASE64_URL_SAFE_NO_PAD,
            false => BASE64_STANDARD_NO_PAD,
        };
        let wrong = || Error::config("the key of the sealer is not 32 bytes in Base64");
        let bytes = Zeroizing::new(alphabet.decode(text).map_err(|_| wrong())?);
        let key: &[u8; KEY_LEN] = bytes.as_slice().try_into().map_err(|_| wrong())?;
        Ok(Self::new(key))
    }

    /// Also opens what `other` opens, without ever sealing with its keys: for the time in which a
    /// key is replaced.
    pub fn also_opens(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self
    }

    /// Seals `content` for a purpose. The same content never gives the same text.
    ///
    /// # Panics
    ///
    /// If the operating system has no random bytes.
    pub fn seal<'a>(&self, purpose: impl Into<Purpose<'a>>, content: &[u8]) -> String {
        let key = self.keys.first().expect("a sealer has a key");
        let mut sealed = Vec::with_capacity(HEAD_LEN + content.len() + TAG_LEN);
        sealed.extend_from_slice(&key.id);
        sealed.resize(HEAD_LEN, 0);
        SystemRandom::new()
            .fill(&mut sealed[ID_LEN..])
            .expect("the operating system gives random bytes");
        let (cipher, aad) = (key.cipher(&sealed[ID_LEN..]), purpose.into().bound());
        sealed.extend_from_slice(content);
        let tag = cipher
            .seal_in_place_separate_tag(nonce(), Aad::from(aad), &mut sealed[HEAD_LEN..])
            .expect("what is sealed is shorter than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        let mut text = String::from(VERSION);
        BASE64_URL_SAFE_NO_PAD.encode_string(&sealed, &mut text);
        text
    }

    /// Opens a text that was sealed for the same purpose.
    pub fn open<'a>(
        &self,
        purpose: impl Into<Purpose<'a>>,
        text: &str,
    ) -> std::result::Result<Zeroizing<Vec<u8>>, SealError> {
        let body = text.strip_prefix(VERSION).ok_or(SealError::Foreign)?;
        let sealed = BASE64_URL_SAFE_NO_PAD
            .decode(body)
            .map_err(|_| SealError::Damaged)?;
        let (head, sealed) = sealed
            .split_at_checked(HEAD_LEN)
            .filter(|(_, sealed)| sealed.len() >= TAG_LEN)
            .ok_or(SealError::Damaged)?;
        let (id, salt) = head.split_at(ID_LEN);
        let aad = purpose.into().bound();
        let mut refusal = SealError::UnknownKey;
        for key in self.keys.iter().filter(|key| key.id == id) {
            let mut content = Zeroizing::new(sealed.to_vec());
            let opened = key
                .cipher(salt)
                .open_in_place(nonce(), Aad::from(&aad), &mut content)
                .map(|content| content.len());
            match opened {
                Ok(len) => {
                    content.truncate(len);
                    return Ok(content);
                }
                Err(_) => refusal = SealError::Damaged,
            }
        }
        Err(refusal)
    }

    /// Opens a text that holds a secret in UTF-8.
    pub fn open_secret<'a>(
        &self,
        purpose: impl Into<Purpose<'a>>,
        text: &str,
    ) -> std::result::Result<Secret, SealError> {
        let content = self.open(purpose, text)?;
        let content = std::str::from_utf8(&content).map_err(|_| SealError::Damaged)?;
        Ok(Secret::new(content))
    }
}

impl<'a> Purpose<'a> {
    /// Names what the text is for: `sign-in`, `refresh-token`.
    pub const fn new(name: &'a str) -> Self {
        Self {
            name,
            platform: "",
            tenant: "",
        }
    }

    /// Binds the text to a platform.
    pub fn platform(mut self, platform: &'a str) -> Self {
        self.platform = platform;
        self
    }

    /// Binds the text to whom it belongs: a tenant, a client, the row of a user.
    pub fn tenant(mut self, tenant: &'a str) -> Self {
        self.tenant = tenant;
        self
    }

    /// What is authenticated with the text. Lengths stand in it, so that no two purposes are alike.
    fn bound(self) -> Vec<u8> {
        let mut bound = Vec::from(VERSION);
        for part in [self.name, self.platform, self.tenant] {
            bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bound.extend_from_slice(part.as_bytes());
        }
        bound
    }
}

impl<'a> From<&'a str> for Purpose<'a> {
    fn from(name: &'a str) -> Self {
        Self::new(name)
    }
}

impl Key {
    fn new(bytes: &[u8; KEY_LEN]) -> Self {
        #[cfg(all(debug_assertions, feature = "testing"))]
        crate::testing::note(bytes);
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"auth-core seal: the id of a key");
        hash.update(bytes);
        let mut id = [0; ID_LEN];
        id.copy_from_slice(&hash.finish().as_ref()[..ID_LEN]);
        Self {
            id,
            bytes: Zeroizing::new(*bytes),
        }
    }

    /// The cipher for the one text with this salt.
    fn cipher(&self, salt: &[u8]) -> LessSafeKey {
        let key = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&self.bytes[..]);
        let key = key
            .expand(&[b"auth-core seal: the key of a text"], &AES_256_GCM)
            .expect("a key is as long as HKDF can make it");
        LessSafeKey::new(UnboundKey::from(key))
    }
}

/// Every text has a key of its own, so one nonce serves them all.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.keys.iter().map(|key| u32::from_be_bytes(key.id));
        let ids: Vec<_> = ids.map(|id| format!("{id:08x}")).collect();
        f.debug_struct("Sealer")
            .field("keys", &ids)
            .finish_non_exhaustive()
    }
}

impl SealError {
    /// The reason inside an [`Error`] that came from opening a sealed text.
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }
}

impl From<SealError> for Error {
    fn from(reason: SealError) -> Self {
        let action = match reason {
            SealError::UnknownKey => Action::FixCredentials,
            SealError::Damaged | SealError::Foreign => Action::FixRequest,
        };
        Self::credentials("the sealed text is not opened")
            .advise(action)
            .because(reason)
    }
}

/// What every sealed text begins with.
const VERSION: &str = "s1.";
/// A key, in bytes.
const KEY_LEN: usize = 32;
/// What tells keys apart, in bytes.
const ID_LEN: usize = 4;
/// Key id and salt, in bytes.
const HEAD_LEN: usize = ID_LEN + 16;
/// What authenticates a text, in bytes.
const TAG_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&[byte; KEY_LEN])
    }

    /// Opens `text` for the purpose it was sealed for.
    #[track_caller]
    fn check(sealer: &Sealer, text: &str, expected: std::result::Result<&[u8], SealError>) {
        let opened = sealer.open("cookie", text);
        assert_eq!(
            opened.as_ref().map(|it| it.as_slice()),
            expected.as_ref().map(|it| *it)
        );
    }

    #[test]
    fn a_text_opens_with_its_key_alone() {
        let text = sealer(1).seal("cookie", b"hush");
        check(&sealer(1), &text, Ok(b"hush"));
        check(&sealer(2), &text, Err(SealError::UnknownKey));
        check(&sealer(2).also_opens(sealer(1)), &text, Ok(b"hush"));
    }

    #[test]
    fn what_no_sealer_made_is_foreign() {
        check(&sealer(1), "", Err(SealError::Foreign));
        check(
            &sealer(1),
            "eyJhbGciOiJub25lIn0.e30.",
            Err(SealError::Foreign),
        );
        check(&sealer(1), "s1.", Err(SealError::Damaged));
        check(&sealer(1), "s1.AAAA", Err(SealError::Damaged));
        check(&sealer(1), "s1.!", Err(SealError::Damaged));
    }

    #[test]
    fn a_purpose_is_bound_in_each_of_its_parts() {
        let sealed_for = Purpose::new("a").platform("b").tenant("c");
        let text = sealer(1).seal(sealed_for, b"hush");
        assert!(sealer(1).open(sealed_for, &text).is_ok());
        for other in [
            Purpose::new("a"),
            Purpose::new("ab").tenant("c"),
            Purpose::new("a").platform("bc"),
            Purpose::new("a").platform("c").tenant("b"),
        ] {
            assert_eq!(sealer(1).open(other, &text), Err(SealError::Damaged));
        }
    }

    #[test]
    fn the_same_content_never_gives_the_same_text() {
        let sealer = sealer(1);
        assert_ne!(sealer.seal("cookie", b""), sealer.seal("cookie", b""));
    }

    #[test]
    fn a_text_that_python_sealed_opens() {
        // By HKDF and AESGCM of the package `cryptography`, for the layout in the module's
        // documentation: what was sealed by an older release must open for ever.
        let text = "s1.DfOQIAABAgMEBQYHCAkKCwwNDg9OtGlJUjsxIsd03FiNlx7Jrv_sww";
        let purpose = Purpose::new("cookie").platform("welink").tenant("t1");
        assert_eq!(&*sealer(1).open(purpose, text).unwrap(), b"hush");
    }

    #[test]
    fn a_key_is_read_in_either_alphabet() {
        let bytes = [0xfb; KEY_LEN];
        let text = Sealer::new(&bytes).seal("cookie", b"hush");
        let standard = BASE64_STANDARD_NO_PAD.encode(bytes) + "=";
        let url_safe = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        for key in [&standard, &url_safe, &format!(" {standard}\n")] {
            check(&Sealer::parse(key).unwrap(), &text, Ok(b"hush"));
        }
        let error = Sealer::parse("c3dvcmRmaXNo").unwrap_err();
        assert!(!format!("{error:?}").contains("c3dvcmRmaXNo"));
    }

    #[test]
    fn debug_shows_ids_and_no_key() {
        let text = format!("{:?}", sealer(0xab));
        assert!(text.starts_with("Sealer { keys: [\""), "{text}");
        assert!(!text.contains("171") && !text.contains("abab"), "{text}");
    }

    #[test]
    fn an_error_tells_its_reason() {
        let error = Error::from(SealError::UnknownKey);
        assert_eq!(SealError::of(&error), Some(&SealError::UnknownKey));
        assert_eq!(error.action(), Action::FixCredentials);
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_comes_back(content in vec(any::<u8>(), 0..300), name in ".*") {
            let text = sealer(1).seal(name.as_str(), &content);
            prop_assert_eq!(&*sealer(1).open(name.as_str(), &text).unwrap(), &content);
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
        }

        #[test]
        fn a_text_with_one_bit_changed_never_opens(
            content in vec(any::<u8>(), 0..40), at in any::<prop::sample::Index>(), bit in 0..8_u8,
        ) {
            let text = sealer(1).seal("cookie", &content);
            let mut sealed = BASE64_URL_SAFE_NO_PAD.decode(&text[VERSION.len()..]).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            let changed = format!("{VERSION}{}", BASE64_URL_SAFE_NO_PAD.encode(sealed));
            let refusal = sealer(1).open("cookie", &changed).unwrap_err();
            let expected = if at < ID_LEN { SealError::UnknownKey } else { SealError::Damaged };
            prop_assert_eq!(refusal, expected);
        }

        #[test]
        fn opening_any_text_at_all_is_safe(text in "(s1\\.)?[A-Za-z0-9_-]{0,80}") {
            prop_assert!(sealer(1).open("cookie", &text).is_err());
        }
    }
}
