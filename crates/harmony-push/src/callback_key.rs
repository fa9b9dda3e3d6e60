//! The keys that callbacks are signed with, made from the secrets of the console.

use auth_core::{Error, Result, Secret};
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

/// The keys of a secret: one, or two when both forms are to be tried.
pub(crate) fn keys(secret: &Secret, form: SecretForm) -> Result<Vec<hmac::Key>> {
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

/// Whether `tag` signs `message` under one of the keys, in constant time for each.
pub(crate) fn verify(keys: &[hmac::Key], message: &[u8], tag: &[u8]) -> bool {
    keys.iter()
        .any(|key| hmac::verify(key, message, tag).is_ok())
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
