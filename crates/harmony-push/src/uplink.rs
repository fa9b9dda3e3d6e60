//! Uplink messages: what an app sends to its server over HMS.
//!
//! **Uncertain.** The platform's page lists the fields; how the call is signed is known from client
//! code alone, and the sources differ. What is here accepts both forms seen: Base64 of the
//! HMAC-SHA256 over `X-HW-TIMESTAMP`, a colon and the member `data`, and Base64 of that digest in
//! hexadecimal. Corrections do not count as breaking.

use std::fmt;
use std::time::{Duration, SystemTime};

use auth_core::{Error, Result, Secret, SecretSource};

use crate::callback_key::{self, Keys, SecretForm};
use crate::model::HmsUplinkMessage;
use crate::receipts::Rejection;

/// The header that holds the signature of an uplink message.
pub const SIGNATURE: &str = "X-HW-SIGNATURE";

/// The header that holds the time of an uplink message.
pub const TIMESTAMP: &str = "X-HW-TIMESTAMP";

/// A message from an app. `Debug` shows how long its data is, not the data.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Uplink {
    /// The token of the device.
    pub from: Secret,
    /// The package name of the app.
    pub category: String,
    /// The id the app gave the message.
    pub message_id: String,
    /// What the app sent, decoded: key-value pairs by the documents.
    pub data: Vec<u8>,
    signed: String,
}

/// Checks that an uplink message comes from the platform.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<Keys>,
    form: SecretForm,
    window: Duration,
}

/// Reads an uplink message.
#[inline]
pub fn read(body: &[u8]) -> Result<Uplink> {
    let message: HmsUplinkMessage = serde_json::from_slice(body).map_err(|error| {
        // Only the place: the text of the error could quote a token.
        Error::decode(format!(
            "the uplink message cannot be read: line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    let (Some(from), Some(signed)) = (message.from, message.data) else {
        return Err(Error::decode(
            "the uplink message has no `from` or no `data`",
        ));
    };
    let data = callback_key::decode(&signed)
        .ok_or_else(|| Error::decode("the member `data` of the uplink message is not Base64"))?;
    Ok(Uplink {
        from,
        category: message.category.unwrap_or_default(),
        message_id: message.message_id.unwrap_or_default(),
        data: data.to_vec(),
        signed,
    })
}

impl Verifier {
    /// Makes a verifier from the secret of the console. It may be a [`SecretSource`]: a new secret is
    /// taken up while the program runs, and messages signed with the one before it still pass.
    pub fn new(secret: impl Into<SecretSource>, form: SecretForm) -> Result<Self> {
        Ok(Self {
            keys: vec![Keys::new(secret.into(), form)?],
            form,
            window: WINDOW,
        })
    }

    /// Also accepts messages signed with this secret, as while it is being replaced. Not needed
    /// for a secret that was replaced while the program runs.
    pub fn previous(mut self, secret: impl Into<SecretSource>) -> Result<Self> {
        self.keys.push(Keys::new(secret.into(), self.form)?);
        Ok(self)
    }

    /// How far the time of a message may lie from now, on either side; 5 minutes when not set.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Checks the headers [`SIGNATURE`] and [`TIMESTAMP`] of `message`, which arrives at `now`.
    #[inline]
    pub fn verify(
        &self,
        message: &Uplink,
        signature: Option<&str>,
        timestamp: Option<&str>,
        now: SystemTime,
    ) -> std::result::Result<(), Rejection> {
        let (Some(signature), Some(timestamp)) = (signature, timestamp) else {
            return Err(Rejection::Missing);
        };
        let sent = sent_at(timestamp).ok_or(Rejection::Malformed)?;
        let signed = format!("{timestamp}:{}", message.signed);
        let tag = callback_key::decode(signature.trim()).ok_or(Rejection::WrongSignature)?;
        let tag = from_hex(&tag).unwrap_or_else(|| tag.to_vec());
        let passed = |keys: &Keys| keys.verify(signed.as_bytes(), &tag);
        if !self.keys.iter().fold(false, |any, keys| any | passed(keys)) {
            return Err(Rejection::WrongSignature);
        }
        let distance = now
            .duration_since(sent)
            .unwrap_or_else(|future| future.duration());
        if distance > self.window {
            return Err(Rejection::OutsideWindow);
        }
        Ok(())
    }
}

impl fmt::Debug for Uplink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uplink")
            .field("from", &self.from)
            .field("category", &self.category)
            .field("message_id", &self.message_id)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("secrets", &self.keys.len())
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// The unit is not documented: a number this large can only be milliseconds.
fn sent_at(timestamp: &str) -> Option<SystemTime> {
    let number: u64 = timestamp.trim().parse().ok()?;
    let since = if number >= MILLISECONDS_FROM {
        Duration::from_millis(number)
    } else {
        Duration::from_secs(number)
    };
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// The bytes of a digest written as 64 hexadecimal digits.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .iter()
        .map(|&byte| (byte as char).to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    (pairs.len() == DIGEST).then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// How far the time of a message may lie from now when not set.
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// Seconds reach this number in the year 5138, milliseconds reached it in 1973.
const MILLISECONDS_FROM: u64 = 100_000_000_000;
/// The length of a SHA-256 digest in bytes.
const DIGEST: usize = 32;

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ring::hmac;

    use super::*;

    fn signed(hexadecimal: bool) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        let tag = hmac::sign(&key, b"1563105451261:eyJrIjoidiJ9");
        if hexadecimal {
            let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
            STANDARD.encode(hex)
        } else {
            STANDARD.encode(tag)
        }
    }

    fn check(signature: Option<&str>, timestamp: Option<&str>, expected: Option<Rejection>) {
        let body = br#"{"from":"t","category":"c","message_id":"1","data":"eyJrIjoidiJ9"}"#;
        let message = read(body).unwrap();
        assert_eq!(message.data, br#"{"k":"v"}"#);
        let verifier = Verifier::new("secret", SecretForm::Text).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_563_105_460_000);
        let verdict = verifier.verify(&message, signature, timestamp, now);
        assert_eq!(verdict.err(), expected);
    }

    #[test]
    fn both_forms_of_signature_seen_in_client_code_pass() {
        check(Some(&signed(false)), Some("1563105451261"), None);
        check(Some(&signed(true)), Some("1563105451261"), None);
    }

    #[test]
    fn other_signatures_are_refused() {
        let good = signed(false);
        check(
            Some("AAAA"),
            Some("1563105451261"),
            Some(Rejection::WrongSignature),
        );
        check(
            Some(&good),
            Some("1563105451262"),
            Some(Rejection::WrongSignature),
        );
        check(Some(&good), Some("soon"), Some(Rejection::Malformed));
        check(None, Some("1563105451261"), Some(Rejection::Missing));
        check(Some(&good), None, Some(Rejection::Missing));
    }

    #[test]
    fn times_are_read_as_milliseconds_or_seconds() {
        assert_eq!(sent_at("1563105451000"), sent_at("1563105451"));
    }
}
