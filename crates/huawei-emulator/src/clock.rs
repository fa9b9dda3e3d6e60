//! The emulator's clock: the machine's, moved at will.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that can be moved.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// The time now, as this emulator sees it.
    pub(crate) fn now(&self) -> SystemTime {
        #[expect(
            clippy::disallowed_methods,
            reason = "the emulator reads its clock here only"
        )]
        let now = SystemTime::now();
        let offset = self.offset_ms.load(Ordering::Relaxed);
        let distance = Duration::from_millis(offset.unsigned_abs());
        let moved = if offset < 0 {
            now.checked_sub(distance)
        } else {
            now.checked_add(distance)
        };
        moved.unwrap_or(now)
    }

    /// How far it stands from the machine's clock, in milliseconds.
    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Sets how far it stands from the machine's clock.
    pub(crate) fn set_offset_ms(&self, offset: i64) {
        self.offset_ms.store(offset, Ordering::Relaxed);
    }

    /// Moves it on from where it stands.
    pub(crate) fn advance_ms(&self, step: i64) {
        self.offset_ms.fetch_add(step, Ordering::Relaxed);
    }
}

/// Unix time in seconds.
pub(crate) fn unix_s(time: SystemTime) -> i64 {
    unix_ms(time).div_euclid(1000)
}

/// Unix time in milliseconds.
pub(crate) fn unix_ms(time: SystemTime) -> i64 {
    let milliseconds = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => milliseconds(since),
        Err(before) => -milliseconds(before.duration()),
    }
}

/// `2022-03-31 16:46:02.964`, in UTC.
pub(crate) fn date_time(now: SystemTime) -> String {
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::date_time;

    fn check(ms: u64, expected: &str) {
        assert_eq!(date_time(UNIX_EPOCH + Duration::from_millis(ms)), expected);
    }

    #[test]
    fn a_time_is_written_to_the_millisecond() {
        check(0, "1970-01-01 00:00:00.000");
        check(951_782_400_001, "2000-02-29 00:00:00.001");
        check(1_648_745_162_964, "2022-03-31 16:46:02.964");
    }
}
