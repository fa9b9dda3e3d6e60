//! The keys that callbacks are signed with, made from the secrets of the console.

use auth_core::{Derived, Error, Result, Secret, SecretSource};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::hmac;

/// How the key of a callback is made from the secret that the console shows.
///
/// Nothing in a secret tells which it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretForm {
    /// The secret is Base64 and the key is what it decodes to: configurations made now.
    #[default]
    Base64,
    /// Either of the two: for those who do not know when their configuration was made.
    Either,
    /// The key is the text of the secret: old configurations.
    Text,
}

/// The keys of a secret that may change, which must be known by now.
#[derive(Clone)]
pub(crate) struct Keys(Derived<Vec<hmac::Key>>);

impl Keys {
    pub(crate) fn new(source: SecretSource, form: SecretForm) -> Result<Self> {
        let keys = Derived::new(source, move |secret| keys(secret, form));
        keys.current()?;
        Ok(Self(keys))
    }

    /// Whether `tag` signs `message` under the secret or the one before it. All keys are tried, each
    /// in constant time.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        let accepted = self.0.accepted();
        let keys = accepted.iter().flat_map(|keys| keys.iter());
        keys.fold(false, |passed, key| {
            passed | hmac::verify(key, message, tag).is_ok()
        })
    }
}

/// The keys of a secret: one, or two when both forms are to be tried.
fn keys(secret: &Secret, form: SecretForm) -> Result<Vec<hmac::Key>> {
    let text = secret.expose().trim();
    if text.is_empty() {
        return Err(Error::config("the callback secret is empty"));
    }
    let raw = || key(text.as_bytes());
    match (form, decode(text)) {
        (SecretForm::Text, _) | (SecretForm::Either, None) => Ok(vec![raw()]),
        (SecretForm::Base64, Some(decoded)) => Ok(vec![key(&decoded)]),
        (SecretForm::Either, Some(decoded)) => Ok(vec![key(&decoded), raw()]),
        (SecretForm::Base64, None) => Err(Error::config(
            "the callback secret is not Base64; an old configuration uses the form `Text`",
        )),
    }
}

/// Decodes Base64, padded or not.
pub(crate) fn decode(text: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let forgiving = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&STANDARD, forgiving)
        .decode(text)
        .ok()
        .map(zeroize::Zeroizing::new)
}

fn key(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}
