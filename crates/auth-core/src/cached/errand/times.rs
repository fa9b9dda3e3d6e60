//! The times of an errand: the store's clock beside the local one, and how long failures count.

use std::time::SystemTime;

use crate::clock::{Moment, NANOS_PER_MILLI, saturating_nanos};
use crate::store::record::{Shared, millis};
use crate::{Action, Error, Token};

/// A time of the store, and between which local moments it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    store_ms: i64,
    sent: i64,
    received: i64,
}

impl Anchor {
    pub(super) fn new(store: SystemTime, sent: Moment, received: Moment) -> Self {
        let since = store.duration_since(SystemTime::UNIX_EPOCH);
        Self {
            store_ms: since.map_or(0, |since| saturating_nanos(since) / NANOS_PER_MILLI),
            sent: sent.steady,
            received: received.steady,
        }
    }

    /// The store's time at `moment`, at the latest: a token judged by it lives no longer than it may.
    pub(super) fn latest(self, moment: Moment) -> i64 {
        self.at(moment.steady.saturating_sub(self.sent))
    }

    /// The same at the earliest: a token written with it promises no more than it keeps.
    pub(super) fn earliest(self, moment: Moment) -> i64 {
        self.at(moment.steady.saturating_sub(self.received))
    }

    /// The store's time in seconds.
    pub(super) fn seconds(self) -> u64 {
        u64::try_from(self.store_ms / 1_000).unwrap_or(0)
    }

    fn at(self, nanos: i64) -> i64 {
        self.store_ms.saturating_add(nanos / NANOS_PER_MILLI)
    }
}

/// When a token of this age was asked for.
pub(super) fn asked(age_ms: i64, now: Moment) -> Moment {
    now.after(age_ms.saturating_mul(-NANOS_PER_MILLI))
}

/// How long the token may still be used, in nanoseconds.
pub(super) fn remaining(token: &Token, asked: Moment, now: Moment) -> i64 {
    let end = asked.after(saturating_nanos(token.lifetime()));
    end.steady
        .saturating_sub(now.steady)
        .min(end.wall.saturating_sub(now.wall))
}

/// The end of a token's life in which it is not handed out, as for tokens fetched here.
pub(super) fn margin_ms(lifetime_ms: i64) -> i64 {
    (lifetime_ms / MARGIN_PART).min(LONGEST_MARGIN)
}

/// How long all processes hold back after this failure, in milliseconds. Counts it.
pub(super) fn shared_wait(error: &Error, trouble: &mut Shared) -> i64 {
    // A platform that says how long to wait means it: it may lock an account until then.
    let asked = error.api().and_then(|api| api.retry_after);
    counted(error, trouble).max(asked.map_or(0, millis).min(LASTING))
}

fn counted(error: &Error, trouble: &mut Shared) -> i64 {
    let count = match error.action() {
        // A wrong secret locks the account: three calls in a quarter of an hour at most.
        Action::FixCredentials | Action::FixRequest | Action::SignInAgain => {
            trouble.lasting += 1;
            return match trouble.lasting {
                1 => FIRST_LASTING,
                _ => LASTING,
            };
        }
        _ => &mut trouble.passing,
    };
    *count += 1;
    (FIRST_PASSING << (*count - 1).min(10)).min(LONGEST_PASSING)
}

const MARGIN_PART: i64 = 20;
const LONGEST_MARGIN: i64 = 5_000;
const FIRST_LASTING: i64 = 5 * 60 * 1_000;
const LASTING: i64 = 15 * 60 * 1_000;
const FIRST_PASSING: i64 = 250;
const LONGEST_PASSING: i64 = 2_000;
