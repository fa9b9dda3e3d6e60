//! Ids, tokens and times in the forms that the platform has them.

use std::time::SystemTime;

use serde_json::Value;

use crate::answer::Answer;
use crate::clock::date_time;
use crate::platforms::Call;
use http::StatusCode;

/// So many random letters and digits.
pub(super) fn random_text(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(length)
        .collect()
}

/// So many random digits.
pub(super) fn random_digits(length: usize) -> String {
    std::iter::repeat_with(|| fastrand::digit(10))
        .take(length)
        .collect()
}

/// An id as the directory gives them: the time, and two random groups.
pub(super) fn new_id(now: SystemTime) -> String {
    let digits: String = date_time(now)
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    format!(
        "{digits}-{:04X}-{:09X}",
        fastrand::u16(..),
        fastrand::u64(..0x10_0000_0000)
    )
}

/// An answer with the status that the document has for a success.
pub(super) fn ok(call: &Call<'_>, body: &Value) -> Answer {
    Answer::json(body).with_status(status(call))
}

/// An answer without a body, with the status that the document has for a success.
pub(super) fn done(call: &Call<'_>) -> Answer {
    Answer::empty(status(call))
}

fn status(call: &Call<'_>) -> StatusCode {
    StatusCode::from_u16(call.operation.success.status).unwrap_or(StatusCode::OK)
}

/// A member of a body as text; empty if it is not there.
pub(super) fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}
