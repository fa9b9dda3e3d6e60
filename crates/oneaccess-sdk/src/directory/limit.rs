//! How many people may leave in one night.

use std::fmt;

/// How many may be reported as having left since the last snapshot.
///
/// The default allows a twentieth of those who were there, and at least five: enough for a usual
/// night, and not for a list that went wrong.
///
/// ```
/// use oneaccess_sdk::directory::LeaverLimit;
///
/// let strict = LeaverLimit::at_most(3);
/// let reorganisation = LeaverLimit::percent(20);
/// # let _ = (strict, reorganisation);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaverLimit {
    number: usize,
    percent: usize,
}

/// More people are missing than may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyLeavers {
    /// How many are missing.
    pub missing: usize,
    /// How many there were.
    pub before: usize,
    /// How many may leave.
    pub allowed: usize,
}

impl LeaverLimit {
    /// Allows so many.
    pub fn at_most(number: usize) -> Self {
        Self { number, percent: 0 }
    }

    /// Allows this share of those who were there, in percent, rounded down.
    pub fn percent(percent: u8) -> Self {
        Self {
            number: 0,
            percent: usize::from(percent),
        }
    }

    /// Allows any number, as when an application is taken out of service.
    pub fn none() -> Self {
        Self::at_most(usize::MAX)
    }

    pub(super) fn check(self, missing: usize, before: usize) -> Result<(), TooManyLeavers> {
        let share = before.saturating_mul(self.percent) / 100;
        let allowed = self.number.max(share);
        if missing <= allowed {
            return Ok(());
        }
        Err(TooManyLeavers {
            missing,
            before,
            allowed,
        })
    }
}

impl Default for LeaverLimit {
    fn default() -> Self {
        Self {
            number: 5,
            percent: 5,
        }
    }
}

impl fmt::Display for TooManyLeavers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            missing,
            before,
            allowed,
        } = self;
        write!(
            f,
            "{missing} of {before} people are missing and at most {allowed} may leave at a time; \
             look whether the list is right, then raise the limit"
        )
    }
}

impl std::error::Error for TooManyLeavers {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(limit: LeaverLimit, missing: usize, before: usize, expected: bool) {
        let allowed = limit.check(missing, before).is_ok();
        assert_eq!(allowed, expected, "{limit:?} {missing} of {before}");
    }

    #[test]
    fn more_leavers_than_allowed_are_refused() {
        check(LeaverLimit::default(), 5, 6, true);
        check(LeaverLimit::default(), 6, 100, false);
        check(LeaverLimit::default(), 50, 1000, true);
        check(LeaverLimit::default(), 51, 1000, false);
        check(LeaverLimit::at_most(0), 1, 1000, false);
        check(LeaverLimit::percent(20), 1, 4, false);
        check(LeaverLimit::none(), 1000, 1000, true);
    }
}
