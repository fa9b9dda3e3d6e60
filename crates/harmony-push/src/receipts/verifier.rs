//! The check of the header that a receipt callback is signed with.

use std::fmt;
use std::time::{Duration, SystemTime};

use auth_core::{Result, SecretSource};

use crate::callback_key::{self, Keys, SecretForm};

/// Checks that a receipt callback comes from the platform.
///
/// What is signed are the time, a nonce and the user name of the receipt configuration, not the
/// body ([guide][guide]). So the time is the only protection against replay: a callback older than
/// the [`window`](VerifierBuilder::window) is refused, and who wants more remembers the
/// [`nonce`](CallbackId::nonce) for that long.
///
/// [guide]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-msg-receipt
#[derive(Clone)]
pub struct Verifier {
    user_name: String,
    keys: Vec<Keys>,
    window: Duration,
}

/// Settings of a [`Verifier`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct VerifierBuilder {
    user_name: String,
    secrets: Vec<SecretSource>,
    form: SecretForm,
    window: Duration,
}

/// The parts of a callback's header, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackId {
    /// When the platform made the callback.
    pub timestamp: SystemTime,
    /// The number used once: the same one again within the window is a replay.
    pub nonce: String,
}

/// Why a callback is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The header is there but does not have the documented parts.
    Malformed,
    /// There is no header. The test call of the console may come without one.
    Missing,
    /// The time lies outside the window.
    OutsideWindow,
    /// The signature was made with another key, user name, time or nonce.
    WrongSignature,
}

impl Verifier {
    /// Starts a verifier from the user name and secret of the receipt configuration. The secret may
    /// be a [`SecretSource`]: a new one is taken up while the program runs, and callbacks signed
    /// with the one before it still pass.
    pub fn builder(
        user_name: impl Into<String>,
        secret: impl Into<SecretSource>,
    ) -> VerifierBuilder {
        VerifierBuilder {
            user_name: user_name.into(),
            secrets: vec![secret.into()],
            form: SecretForm::default(),
            window: WINDOW,
        }
    }

    /// Checks the header [`HEADER`](super::HEADER) of a callback that arrives at `now`.
    #[inline]
    pub fn verify(
        &self,
        header: Option<&str>,
        now: SystemTime,
    ) -> std::result::Result<CallbackId, Rejection> {
        let header = Header::parse(header.ok_or(Rejection::Missing)?)?;
        let signed = [header.timestamp, header.nonce, &self.user_name].concat();
        let tag = callback_key::decode(header.value).ok_or(Rejection::WrongSignature)?;
        let passed = |keys: &Keys| keys.verify(signed.as_bytes(), &tag);
        if !self.keys.iter().fold(false, |any, keys| any | passed(keys)) {
            return Err(Rejection::WrongSignature);
        }
        let timestamp = header
            .timestamp
            .parse()
            .ok()
            .and_then(|ms| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms)))
            .ok_or(Rejection::Malformed)?;
        let distance = now
            .duration_since(timestamp)
            .unwrap_or_else(|future| future.duration());
        if distance > self.window {
            return Err(Rejection::OutsideWindow);
        }
        Ok(CallbackId {
            timestamp,
            nonce: header.nonce.to_owned(),
        })
    }
}

impl VerifierBuilder {
    /// How the key is made from a secret; [`SecretForm::Base64`] when not set.
    pub fn form(mut self, form: SecretForm) -> Self {
        self.form = form;
        self
    }

    /// Also accepts callbacks signed with this secret, as while it is being replaced. Not needed
    /// for a secret that was replaced while the program runs.
    pub fn previous(mut self, secret: impl Into<SecretSource>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// How far the time of a callback may lie from now, on either side; 5 minutes when not set.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Builds the verifier; fails on a secret that does not have the form, and for a vault that was
    /// not asked yet.
    pub fn build(self) -> Result<Verifier> {
        let secrets = self.secrets.into_iter();
        let keys = secrets.map(|secret| Keys::new(secret, self.form));
        let keys = keys.collect::<Result<_>>()?;
        Ok(Verifier {
            user_name: self.user_name,
            keys,
            window: self.window,
        })
    }
}

/// `timestamp=…; nonce=…; value=…`, the blanks optional.
struct Header<'a> {
    timestamp: &'a str,
    nonce: &'a str,
    value: &'a str,
}

impl<'a> Header<'a> {
    fn parse(header: &'a str) -> std::result::Result<Self, Rejection> {
        let part = |name| {
            header.split(';').find_map(|part| {
                // At the first `=` only: Base64 holds more of them.
                let (found, value) = part.split_once('=')?;
                (found.trim() == name && !value.trim().is_empty()).then(|| value.trim())
            })
        };
        match (part("timestamp"), part("nonce"), part("value")) {
            (Some(timestamp), Some(nonce), Some(value)) => Ok(Self {
                timestamp,
                nonce,
                value,
            }),
            _ => Err(Rejection::Malformed),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("user_name", &self.user_name)
            .field("secrets", &self.keys.len())
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("user_name", &self.user_name)
            .field("form", &self.form)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the signature header of the callback is malformed",
            Self::Missing => "the callback has no signature header",
            Self::OutsideWindow => "the time of the callback lies outside the window",
            Self::WrongSignature => "the signature of the callback is wrong",
        })
    }
}

impl std::error::Error for Rejection {}

/// How far the time of a callback may lie from now when not set.
const WINDOW: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const VALUE: &str = "A1uNczGf8m/x768d6ZY04UPi4SUTvnElq9O8EKyu1bg=";
    const SIGNED_AT: Duration = Duration::from_millis(1_563_105_451_261);

    fn header(value: &str) -> String {
        format!(
            "timestamp=1563105451261; nonce=a07bfa17-6d82-4b53-a9a2-07cfef5ceef1; value={value}"
        )
    }

    fn check(header: Option<&str>, late: Duration, expected: std::result::Result<&str, Rejection>) {
        let verifier = Verifier::builder("receipt-user", SECRET).build().unwrap();
        let now = SystemTime::UNIX_EPOCH + SIGNED_AT + late;
        let nonce = verifier.verify(header, now).map(|id| id.nonce);
        assert_eq!(nonce.as_deref(), expected.as_ref().map(|nonce| *nonce));
    }

    #[test]
    fn a_signed_callback_passes_within_the_window_of_milliseconds() {
        let nonce = Ok("a07bfa17-6d82-4b53-a9a2-07cfef5ceef1");
        let (header, second) = (header(VALUE), Duration::from_secs(1));
        check(Some(&header), Duration::ZERO, nonce);
        check(Some(&header), 300 * second, nonce);
        check(Some(&header), 301 * second, Err(Rejection::OutsideWindow));
        check(Some(&header.replace("; ", ";")), second, nonce);
    }

    #[test]
    fn a_callback_without_a_sound_signature_is_refused() {
        let now = Duration::ZERO;
        check(None, now, Err(Rejection::Missing));
        check(Some(""), now, Err(Rejection::Malformed));
        check(Some("timestamp=1; nonce=2"), now, Err(Rejection::Malformed));
        check(Some(&header("!")), now, Err(Rejection::WrongSignature));
        check(Some(&header("AAAA")), now, Err(Rejection::WrongSignature));
        let older = header(VALUE).replace("1563105451261", "1563105451260");
        check(Some(&older), now, Err(Rejection::WrongSignature));
    }

    #[test]
    fn a_secret_being_replaced_still_counts() {
        let now = SystemTime::UNIX_EPOCH + SIGNED_AT;
        let verifier = Verifier::builder("receipt-user", "bmV3")
            .previous(SECRET)
            .build()
            .unwrap();
        assert!(verifier.verify(Some(&header(VALUE)), now).is_ok());
    }

    #[test]
    fn a_secret_that_is_not_base64_is_refused_when_built() {
        let text = "my-old-callback-secret!";
        assert!(Verifier::builder("u", text).build().is_err());
        assert!(
            Verifier::builder("u", text)
                .form(SecretForm::Either)
                .build()
                .is_ok()
        );
        assert!(
            Verifier::builder("u", " ")
                .form(SecretForm::Text)
                .build()
                .is_err()
        );
    }
}
