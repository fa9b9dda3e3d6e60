//! Times as the platform writes them.

use std::time::SystemTime;

use crate::clock::unix_s;

/// A time as `yyyyMMdd'T'HHmmss'Z'`.
pub(super) fn written(time: SystemTime) -> String {
    stamp(unix_s(time))
}

/// Seconds since 1970 as `yyyyMMdd'T'HHmmss'Z'`; later times are greater texts.
pub(super) fn stamp(seconds: i64) -> String {
    // An HTTP date has the same parts, in words: `Sun, 06 Nov 1994 08:49:37 GMT`.
    let time = SystemTime::UNIX_EPOCH
        + std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let text = httpdate::fmt_http_date(time);
    let parts: Vec<&str> = text.split(' ').collect();
    let [_, day, month, year, clock, _] = parts[..] else {
        return String::new();
    };
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = months.iter().position(|name| *name == month).unwrap_or(0) + 1;
    format!("{year}{month:02}{day}T{}Z", clock.replace(':', ""))
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
