//! Receipts: the platform's calls that tell what became of a message on each device.
//!
//! Nothing here does I/O or reads the clock: check the signature with a [`Verifier`], read the
//! body with [`read`] or [`read_hms`], answer HTTP 200 with [`ACK`].
//!
//! The platform calls an https address that is set in the console, with a certificate of a
//! commercial authority. Receipts come late, come twice, or never come (the device is offline);
//! the body is not signed, only the header is ([guide][guide]).
//!
//! [guide]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-msg-receipt

mod verifier;

use std::fmt;
use std::time::{Duration, SystemTime};

use auth_core::{Action, Error, KnownCode, Result, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::generated::platform::PLATFORM;
use crate::model::{HmsReceiptStatus, ReceiptStatus};
use crate::outcome::{Disposition, RequestId};

pub use crate::callback_key::SecretForm;
pub use crate::receipts::verifier::{CallbackId, Rejection, Verifier, VerifierBuilder};

/// The header that holds the signature of a receipt callback.
pub const HEADER: &str = "X-HUAWEI-CALLBACK-ID";

/// What to answer to a receipt callback, with status 200 and as `application/json`.
pub const ACK: &str = r#"{"code":"0","message":"success"}"#;

/// What a call of the platform tells: up to 100 receipts of v3 messages, up to 1000 of HMS messages.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Callback {
    /// The receipts, in their order.
    pub receipts: Vec<Receipt>,
    /// What is wrong with those that could not be read, each named by its place.
    pub unreadable: Vec<Error>,
}

/// What became of a message on one device.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Receipt {
    /// The token of the device.
    pub token: Secret,
    /// The request the message was sent with: the id that its
    /// [`Outcome`](crate::Outcome::Accepted) carried.
    pub request_id: RequestId,
    /// What became of it.
    pub status: Status,
    /// The cause behind [`status`](Self::status) 201; HMS only. A code that no document lists.
    pub sub_status: Option<String>,
    /// When the message arrived, or when the receipt was made if it did not.
    pub at: Option<SystemTime>,
    /// The bundle name of the app; for HMS its id.
    pub app: Option<String>,
    /// The label the message was sent with.
    pub bi_tag: Option<String>,
    /// The push-type of the message; v3 only.
    pub push_type: Option<i32>,
    /// The widget that was refreshed; push-type 1 only.
    pub form_id: Option<i64>,
}

/// The status code of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(i32);

impl Status {
    /// Wraps a code.
    pub const fn new(code: i32) -> Self {
        Self(code)
    }

    /// The number the platform sent.
    pub const fn code(self) -> i32 {
        self.0
    }

    /// Whether the message arrived.
    pub const fn is_delivered(self) -> bool {
        self.0 == 0
    }

    /// What the platform's documents say it means; `None` for a code they do not list.
    pub fn meaning(self) -> Option<&'static str> {
        self.known().map(|known| known.meaning)
    }

    /// What it asks of the sender; [`Action::None`] for a code that the documents do not list.
    pub fn action(self) -> Action {
        self.known().map_or(Action::None, |known| known.action)
    }

    /// What to do with the token.
    ///
    /// The documents say to leave out tokens with 2, 5, 6 and 10. The first two are dead; 6
    /// (notifications switched off) and 10 (offline for 30 days) may heal.
    pub fn disposition(self) -> Disposition {
        match self.0 {
            NOTIFICATIONS_OFF | INACTIVE => Disposition::Suspend,
            _ if self.action() == Action::DropTarget => Disposition::Delete,
            _ => Disposition::Keep,
        }
    }

    fn known(self) -> Option<&'static KnownCode> {
        let code = self.0.to_string();
        PLATFORM
            .codes
            .iter()
            .find(|known| known.realm == Some("receipt") && known.code == code)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            Some(meaning) => write!(f, "{}: {}", self.0, meaning.trim_end_matches('.')),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Reads the receipts of v3 messages (receipt version V2).
///
/// # Errors
///
/// The body is no list of receipts. One receipt that cannot be read is not an error here: it costs
/// none of the others.
#[inline]
pub fn read(body: &[u8]) -> Result<Callback> {
    parse::<ReceiptStatus>(body)
}

/// Reads the receipts of HMS v1 and v2 messages (receipt version V1). Errors are those of [`read`].
#[inline]
pub fn read_hms(body: &[u8]) -> Result<Callback> {
    parse::<HmsReceiptStatus>(body)
}

impl From<ReceiptStatus> for Receipt {
    #[inline]
    fn from(receipt: ReceiptStatus) -> Self {
        let (status, at, form_id) = match (receipt.delivery_status, receipt.form_status) {
            (_, Some(form)) => (form.result, Some(form.timestamp), Some(form.form_id)),
            (Some(delivery), None) => (delivery.result, Some(delivery.timestamp), None),
            (None, None) => (NO_STATUS, None, None),
        };
        Self {
            token: receipt.token,
            request_id: RequestId::from(receipt.request_id.as_str()),
            status: Status(status),
            sub_status: None,
            at: at.and_then(time),
            app: Some(receipt.app_package_name),
            bi_tag: receipt.bi_tag.filter(|tag| !tag.is_empty()),
            push_type: Some(receipt.push_type),
            form_id,
        }
    }
}

impl From<HmsReceiptStatus> for Receipt {
    #[inline]
    fn from(receipt: HmsReceiptStatus) -> Self {
        Self {
            token: receipt.token,
            request_id: RequestId::from(receipt.request_id.as_deref().unwrap_or_default()),
            status: Status(receipt.status),
            sub_status: receipt.sub_status.filter(|cause| !cause.is_empty()),
            at: receipt.timestamp.and_then(time),
            app: receipt.appid,
            bi_tag: receipt.bi_tag.filter(|tag| !tag.is_empty()),
            push_type: None,
            form_id: None,
        }
    }
}

/// A callback whose receipts are read one by one.
#[derive(Deserialize)]
struct Raw {
    statuses: Vec<Value>,
}

fn parse<T: DeserializeOwned + Into<Receipt>>(body: &[u8]) -> Result<Callback> {
    // Of errors only the place: their texts could quote a token.
    let raw: Raw = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Error::decode(format!(
            "the receipts cannot be read: line {line}, column {column}"
        ))
    })?;
    let total = raw.statuses.len();
    let mut callback = Callback::default();
    for (index, status) in raw.statuses.into_iter().enumerate() {
        match serde_json::from_value::<T>(status) {
            Ok(status) => callback.receipts.push(status.into()),
            Err(_) => callback.unreadable.push(Error::decode(format!(
                "receipt {} of {total} cannot be read: a member is missing or of another type",
                index + 1
            ))),
        }
    }
    Ok(callback)
}

fn time(milliseconds: i64) -> Option<SystemTime> {
    let milliseconds = u64::try_from(milliseconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}

/// Not shown: notifications are off.
const NOTIFICATIONS_OFF: i32 = 6;
/// The device was offline for 30 days.
const INACTIVE: i32 = 10;
/// Stands in for a status that the platform left out; it lists no such code.
const NO_STATUS: i32 = -1;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: i32, disposition: Disposition, action: Action) {
        let status = Status::new(code);
        assert_eq!(
            (status.disposition(), status.action()),
            (disposition, action)
        );
    }

    #[test]
    fn a_status_says_what_to_do_with_the_token() {
        check(0, Disposition::Keep, Action::None);
        check(2, Disposition::Delete, Action::DropTarget);
        check(5, Disposition::Delete, Action::DropTarget);
        check(6, Disposition::Suspend, Action::None);
        check(10, Disposition::Suspend, Action::None);
        check(156, Disposition::Keep, Action::FixRequest);
        check(256, Disposition::Keep, Action::Backoff);
        check(4711, Disposition::Keep, Action::None);
    }

    #[test]
    fn a_status_shows_its_meaning() {
        assert_eq!(Status::new(2).to_string(), "2: App not installed");
        assert_eq!(Status::new(4711).to_string(), "4711");
    }

    #[test]
    fn an_unreadable_body_is_not_quoted() {
        let error = read(br#"{"statuses":"device-token"}"#).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("device-token"));
    }

    #[test]
    fn an_unreadable_receipt_costs_no_other() {
        let body = br#"{"statuses":[{"token":"device-token"},"device-token",
            {"token":"t","pushType":0,"appPackageName":"a","requestId":"1"}]}"#;
        let callback = read(body).unwrap();
        assert_eq!(callback.receipts.len(), 1);
        assert_eq!(callback.receipts[0].request_id.as_str(), "1");
        let told: Vec<_> = callback.unreadable.iter().map(Error::to_string).collect();
        assert!(told[0].starts_with("receipt 1 of 3 "), "{told:?}");
        assert!(told[1].starts_with("receipt 2 of 3 "), "{told:?}");
        assert!(!format!("{callback:?} {told:?}").contains("device-token"));
    }
}
