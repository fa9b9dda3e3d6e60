//! Times as the platform writes them: `20151212T121212Z`, in UTC and whole seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a time of the platform; nothing where the text is none, or lies before 1970.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let time = iot_na::time::parse("20170505T094745Z");
/// assert_eq!(time, Some(UNIX_EPOCH + Duration::from_secs(1_493_977_665)));
/// assert_eq!(iot_na::time::parse("2017-05-05"), None);
/// ```
pub fn parse(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return None;
    }
    let number = |text: &str| text.parse::<i64>().ok();
    let (year, month, day) = (
        number(&date[..4])?,
        number(&date[4..6])?,
        number(&date[6..])?,
    );
    let (hour, minute, second) = (
        number(&time[..2])?,
        number(&time[2..4])?,
        number(&time[4..])?,
    );
    // Second 60 is a leap second, the one after 59.
    let sound = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let seconds = u64::try_from(seconds).ok().filter(|_| sound)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Writes a time for the platform, as `startTime` and `endTime` of its lists. Parts of a second
/// are dropped; what lies before 1970 becomes 1970, and what lies after 9999 its last second.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let time = UNIX_EPOCH + Duration::from_secs(1_493_977_665);
/// assert_eq!(iot_na::time::format(time), "20170505T094745Z");
/// ```
pub fn format(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(LAST).min(LAST);
    let (year, month, day) = date(seconds / DAY);
    let second = seconds % DAY;
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// The days from 1970 to a date, by a calendar whose years begin in March, so that the odd day
/// comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970
}

/// The date that many days after 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + DAYS_TO_1970;
    let (era, day) = (
        shifted.div_euclid(DAYS_OF_ERA),
        shifted.rem_euclid(DAYS_OF_ERA),
    );
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Seconds of a day.
const DAY: i64 = 86_400;
const DAYS_OF_ERA: i64 = 146_097;
/// From the first of March of the year 0.
const DAYS_TO_1970: i64 = 719_468;
/// The end of the year 9999.
const LAST: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_comes_back() {
        let mut day = (1970, 1, 1);
        for number in 0..292_194 {
            assert_eq!(date(number), day, "{number}");
            let (year, month, of_month) = day;
            assert_eq!(days(year, month, of_month), number);
            day = match (month, of_month == days_of_month(year, month)) {
                (_, false) => (year, month, of_month + 1),
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
            };
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "T",
            "20170505094745Z",
            "20170505T094745",
            "20171305T094745Z",
            "20170230T094745Z",
            "20170505T240000Z",
            "20170505T096000Z",
            "19691231T235959Z",
            "2017\u{661}505T09474Z",
            "+0170505T094745Z",
            "20170505T094745.5Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(" 19700101T000000Z "), Some(UNIX_EPOCH));
    }

    #[test]
    fn the_ends_of_time_are_cut_off() {
        assert_eq!(
            format(UNIX_EPOCH - Duration::from_secs(1)),
            "19700101T000000Z"
        );
        let far = UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(format(far), "99991231T235959Z");
        assert_eq!(
            format(parse("99991231T235959Z").unwrap()),
            "99991231T235959Z"
        );
    }
}
