//! Quotas of the day: when they are used up, and when they reset.

use std::time::{Duration, SystemTime};

use auth_core::{ApiError, Error};

/// Whether an answer says that a quota is used up for longer than a sender should wait.
pub(crate) fn is_used_up(api: &ApiError) -> bool {
    api.limit.is_some_and(|window| window >= DAY)
}

/// Adds to the error of a used-up quota how long it takes until the quota resets.
///
/// The platform counts by calendar day and does not say in which time zone. Its devices are served
/// in mainland China only, so midnight there is taken: inferred.
pub(crate) fn with_reset(error: Error, now: SystemTime) -> Error {
    error.after(until_reset(now))
}

fn until_reset(now: SystemTime) -> Duration {
    let since = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let of_day = Duration::from_secs((since + CHINA).as_secs() % DAY.as_secs());
    DAY - of_day
}

/// The window of a quota of the day.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How far China Standard Time is ahead of UTC.
const CHINA: Duration = Duration::from_secs(8 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_resets_at_midnight_in_china() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        assert_eq!(until_reset(at(0)), hours(16));
        assert_eq!(until_reset(at(15 * 3600)), hours(1));
        assert_eq!(until_reset(at(16 * 3600)), hours(24));
    }
}
