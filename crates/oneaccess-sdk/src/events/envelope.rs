//! The message around an event, with its parts as they travelled.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// Why a callback is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The message cannot be decrypted, or lacks what its event is about.
    Malformed,
    /// The time lies outside the window.
    OutsideWindow,
    /// There is no security token, or another.
    Unauthorized,
    /// The signature is missing or wrong.
    WrongSignature,
}

/// The message around an event.
///
/// The platform signs the parts as it sends them. So the time is kept as text, be it a number or a
/// text there, and the event with the white space that comes with two of them.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) timestamp: Cow<'a, str>,
    pub(crate) event: &'a str,
    pub(crate) data: &'a str,
    pub(crate) signature: &'a str,
}

impl<'a> Envelope<'a> {
    pub(crate) fn read(body: &'a Value) -> Option<Self> {
        let text = |name: &str| body.get(name)?.as_str();
        let envelope = Self {
            nonce: text("nonce")?,
            timestamp: match body.get("timestamp")? {
                Value::String(text) => Cow::Borrowed(text),
                Value::Number(number) => Cow::Owned(number.to_string()),
                _ => return None,
            },
            event: text("eventType")?,
            data: text("data").unwrap_or_default(),
            signature: text("signature").unwrap_or_default(),
        };
        // It stands between the parts where they are signed: within one it would let a signed message
        // be cut into parts elsewhere.
        let [parts @ .., _] = envelope.signed_parts();
        (!parts.iter().any(|part| part.contains('&'))).then_some(envelope)
    }

    /// The parts that are signed.
    pub(crate) fn signed_parts(&self) -> [&str; 4] {
        [self.nonce, &self.timestamp, self.event, self.data]
    }

    /// When the platform sent it, if its time makes sense: milliseconds since 1970, or seconds in
    /// one of the platform's samples.
    pub(crate) fn sent_at(&self) -> Option<SystemTime> {
        let number: u64 = self.timestamp.trim().parse().ok()?;
        let since = if number < FEWEST_MILLISECONDS {
            Duration::from_secs(number)
        } else {
            Duration::from_millis(number)
        };
        UNIX_EPOCH.checked_add(since)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the callback does not have the documented form",
            Self::OutsideWindow => "the time of the callback lies outside the window",
            Self::Unauthorized => "the security token of the callback is wrong",
            Self::WrongSignature => "the signature of the callback is wrong",
        })
    }
}

impl std::error::Error for Rejection {}

/// A time below this is one of seconds: as milliseconds it would lie in 1973.
const FEWEST_MILLISECONDS: u64 = 100_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(timestamp: &str, expected: Option<u64>) {
        let body = serde_json::from_str(&format!(
            r#"{{"nonce":"n","timestamp":{timestamp},"eventType":"E ","data":"d"}}"#
        ));
        let body: Value = body.unwrap();
        let at = Envelope::read(&body).and_then(|it| it.sent_at());
        let at = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        assert_eq!(at.map(|at| at.as_secs()), expected, "{timestamp}");
    }

    #[test]
    fn times_are_read_in_both_units_and_types() {
        check("1573784783795", Some(1_573_784_783));
        check("\"1573784783795\"", Some(1_573_784_783));
        check("1573784783", Some(1_573_784_783));
        check("-1", None);
        check("null", None);
    }

    #[test]
    fn a_message_is_cut_into_parts_in_one_way() {
        let body = |nonce: &str, timestamp: &str, event: &str| {
            serde_json::json!({"nonce": nonce, "timestamp": timestamp, "eventType": event,
                "data": "a&b"})
        };
        assert!(Envelope::read(&body("n", "1", "CREATE_USER")).is_some());
        for (nonce, timestamp, event) in [
            ("n&1", "2", "CREATE_USER"),
            ("n", "1&2", "CREATE_USER"),
            ("n", "1", "CREATE_USER&x"),
        ] {
            assert!(Envelope::read(&body(nonce, timestamp, event)).is_none());
        }
    }
}
