//! What the cache remembers of failures, and how many fetches it allows itself.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::{NANOS_PER_MILLI, NANOS_PER_SEC, saturating_nanos};
use crate::{Action, Error};

/// The failures since the last success.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    last: Option<(Error, i64)>,
    passing: u32,
    lasting: u32,
}

impl Trouble {
    /// The failure to answer with instead of trying, as long as trying is pointless.
    pub(crate) fn remembered(&self, now: i64) -> Option<Error> {
        let (error, until) = self.last.as_ref().filter(|(_, until)| now < *until)?;
        let asked = error.api().and_then(|api| api.retry_after);
        Some(match asked {
            // What is left of it by now.
            Some(_) => {
                let left = Duration::from_nanos((until - now).unsigned_abs());
                error.clone().after(left)
            }
            None => error.clone(),
        })
    }

    /// Remembers a failure and returns until when.
    pub(crate) fn note(&mut self, error: Error, now: i64) -> i64 {
        let wait = match error.action() {
            // Repeating these soon helps nobody, and can get the account locked.
            Action::FixCredentials | Action::FixRequest | Action::SignInAgain => {
                doubled(SHORTEST_LASTING, &mut self.lasting, LONGEST_LASTING)
            }
            _ => doubled(SHORTEST_PASSING, &mut self.passing, LONGEST_PASSING),
        };
        // A platform that says how long to wait means it: it may lock an account until then.
        let asked = error.api().and_then(|api| api.retry_after);
        let asked = asked.map_or(0, saturating_nanos).min(LONGEST_LASTING);
        let until = now.saturating_add(wait.max(asked));
        self.last = Some((error, until));
        until
    }

    /// Remembers a failure that the store remembers for all processes: only long enough that the
    /// store is not asked for every call.
    pub(super) fn note_shared(&mut self, error: Error, now: i64) -> i64 {
        let wait = match error.action() {
            Action::FixCredentials | Action::FixRequest | Action::SignInAgain => SHORTEST_LASTING,
            _ => SHORTEST_PASSING,
        };
        let until = now.saturating_add(wait);
        self.last = Some((error, until));
        until
    }

    /// Forgets everything: a fetch succeeded, or the credential is another one.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// How many fetches are allowed in a span of time, and when the last ones were.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    fetches: usize,
    span: i64,
    starts: VecDeque<i64>,
}

impl Budget {
    pub(super) fn new(fetches: usize, span: Duration) -> Self {
        Self {
            fetches,
            span: saturating_nanos(span),
            starts: VecDeque::new(),
        }
    }

    /// Takes one fetch; `false` when none is left.
    pub(super) fn take(&mut self, now: i64) -> bool {
        while self
            .starts
            .front()
            .is_some_and(|start| now.saturating_sub(*start) >= self.span)
        {
            self.starts.pop_front();
        }
        let left = self.starts.len() < self.fetches;
        if left {
            self.starts.push_back(now);
        }
        left
    }
}

fn doubled(first: i64, times: &mut u32, longest: i64) -> i64 {
    let wait = first.saturating_mul(1 << (*times).min(30)).min(longest);
    *times = times.saturating_add(1);
    wait
}

const SHORTEST_PASSING: i64 = 250 * NANOS_PER_MILLI;
const LONGEST_PASSING: i64 = 2 * NANOS_PER_SEC;
const SHORTEST_LASTING: i64 = 5 * NANOS_PER_SEC;
const LONGEST_LASTING: i64 = 15 * 60 * NANOS_PER_SEC;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiError;

    const SECOND: i64 = NANOS_PER_SEC;

    #[test]
    fn passing_failures_are_remembered_for_two_seconds_at_most() {
        let mut trouble = Trouble::default();
        let waits: Vec<i64> = (0..6)
            .map(|_| trouble.note(Error::transport("down"), 0) / NANOS_PER_MILLI)
            .collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 2000, 2000]);
        assert!(trouble.remembered(2 * SECOND - 1).is_some());
        assert!(trouble.remembered(2 * SECOND).is_none());
    }

    #[test]
    fn wrong_credentials_are_remembered_doubling_to_fifteen_minutes() {
        let mut trouble = Trouble::default();
        let waits: Vec<i64> = (0..10)
            .map(|_| trouble.note(Error::credentials("wrong"), 0) / SECOND)
            .collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    }

    #[test]
    fn a_blip_does_not_shorten_the_wait_after_wrong_credentials() {
        let mut trouble = Trouble::default();
        trouble.note(Error::credentials("wrong"), 0);
        trouble.note(Error::transport("down"), 0);
        assert_eq!(trouble.note(Error::credentials("wrong"), 0), 10 * SECOND);
        trouble.clear();
        assert!(trouble.remembered(0).is_none());
        assert_eq!(trouble.note(Error::credentials("wrong"), 0), 5 * SECOND);
    }

    #[test]
    fn a_wait_that_the_platform_asks_for_is_kept_and_told() {
        let mut trouble = Trouble::default();
        let locked = Error::answered(ApiError::without_answer("41403", Action::Backoff));
        let until = trouble.note(locked.clone().after(Duration::from_secs(900)), 0);
        assert_eq!(until, 900 * SECOND);
        let told = trouble.remembered(300 * SECOND).unwrap();
        let left = told.api().unwrap().retry_after;
        assert_eq!(left, Some(Duration::from_secs(600)));
        assert!(trouble.remembered(900 * SECOND).is_none());
        let forever = trouble.note(locked.after(Duration::MAX), 0);
        assert_eq!(forever, LONGEST_LASTING);
    }

    #[test]
    fn a_budget_holds_in_every_span() {
        let mut budget = Budget::new(3, Duration::from_secs(10));
        let taken: Vec<bool> = [0, 4, 8, 9, 10, 11, 14, 18]
            .map(|second| budget.take(second * SECOND))
            .into();
        assert_eq!(taken, [true, true, true, false, true, false, true, true]);
    }
}
