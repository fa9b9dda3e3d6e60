//! Ids, tokens and times in the forms that the platform has them.

use std::time::SystemTime;

use serde_json::Value;

use crate::answer::Answer;
use crate::clock::unix_ms;
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

/// `2022-03-31 16:46:02.964`, in UTC.
pub(super) fn date_time(now: SystemTime) -> String {
    let ms = unix_ms(now);
    let days = ms.div_euclid(86_400_000);
    let rest = ms.rem_euclid(86_400_000);
    let (year, month, day) = civil(days);
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    let (seconds, thousandths) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}")
}

/// The date of a day since 1970: Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::date_time;

    fn check(ms: u64, expected: &str) {
        assert_eq!(date_time(UNIX_EPOCH + Duration::from_millis(ms)), expected);
    }

    #[test]
    fn times_are_written_as_the_platform_does() {
        check(0, "1970-01-01 00:00:00.000");
        check(951_782_400_001, "2000-02-29 00:00:00.001");
        check(1_648_745_162_964, "2022-03-31 16:46:02.964");
    }
}
