//! Times as the platform writes them.

use std::time::{Duration, SystemTime};

use crate::clock::{date_time, unix_s};

/// A time as `yyyyMMdd'T'HHmmss'Z'`.
pub(super) fn written(time: SystemTime) -> String {
    stamp(unix_s(time))
}

/// Seconds since 1970 as `yyyyMMdd'T'HHmmss'Z'`; later times are greater texts.
pub(super) fn stamp(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let text = date_time(SystemTime::UNIX_EPOCH + since);
    let (whole, _) = text.split_once('.').unwrap_or((&text, ""));
    format!("{}Z", whole.replace(['-', ':'], "").replace(' ', "T"))
}

/// Whether a text lies between two others, where they are given.
pub(super) fn within(text: &str, from: Option<&str>, to: Option<&str>) -> bool {
    from.is_none_or(|from| text >= from) && to.is_none_or(|to| text <= to)
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn a_time_is_written_in_basic_format() {
        assert_eq!(stamp(1_493_977_665), "20170505T094745Z");
        assert_eq!(stamp(0), "19700101T000000Z");
    }
}
