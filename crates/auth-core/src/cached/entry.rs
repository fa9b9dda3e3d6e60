//! A token as the cache holds it: until when it is good, and from when it should be renewed.

use crate::Token;
use crate::clock::{Moment, NANOS_PER_SEC, saturating_nanos};

/// A token and its times.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) token: Token,
    /// When it was asked for: its life counts from here.
    asked: Moment,
    /// From here on a new one is fetched while this one is still handed out.
    soft: Moment,
    /// From here on it is not handed out any more.
    hard: Moment,
    /// The platform's own end of it.
    end: Moment,
}

impl Entry {
    /// Plans the life of `token`, asked for at `asked`. `share` is the part of the lifetime at its
    /// end in which it is renewed; `jitter`, from 0 to 1, spreads that part among many processes.
    pub(super) fn new(token: Token, asked: Moment, share: f64, jitter: f64) -> Self {
        let life = saturating_nanos(token.lifetime());
        let window = share_of(life, share * (1.0 - SPREAD / 2.0 + SPREAD * jitter));
        let margin = (life / MARGIN_PART).min(LONGEST_MARGIN);
        let hard = life - margin;
        Self {
            token,
            asked,
            soft: asked.after(hard.saturating_sub(window).max(0)),
            hard: asked.after(hard),
            end: asked.after(life),
        }
    }

    /// The same, to be renewed from the beginning: it is in use, but something is to be done yet.
    pub(super) fn due(mut self) -> Self {
        self.soft = self.asked;
        self
    }

    /// Whether the token is good and needs nothing done.
    #[inline]
    pub(super) fn is_fresh(&self, now: Moment) -> bool {
        now.is_before(self.soft)
    }

    /// Whether the token may be handed out.
    #[inline]
    pub(super) fn is_alive(&self, now: Moment) -> bool {
        now.is_before(self.hard)
    }

    /// Whether the token ran out on its way here. One that came with no lifetime at all did not:
    /// it is for those who waited for it.
    pub(super) fn came_too_late(&self, now: Moment) -> bool {
        !self.token.lifetime().is_zero() && !now.is_before(self.end)
    }

    /// How long ago the token was asked for, in nanoseconds.
    pub(super) fn age(&self, now: Moment) -> i64 {
        let steady = now.steady.saturating_sub(self.asked.steady);
        steady.max(now.wall.saturating_sub(self.asked.wall))
    }

    /// How long the token may still be handed out, in nanoseconds; negative once it may not.
    pub(super) fn remaining(&self, now: Moment) -> i64 {
        let steady = self.hard.steady.saturating_sub(now.steady);
        steady.min(self.hard.wall.saturating_sub(now.wall))
    }
}

impl Moment {
    pub(super) fn after(self, nanos: i64) -> Self {
        Self {
            steady: self.steady.saturating_add(nanos),
            wall: self.wall.saturating_add(nanos),
        }
    }

    /// Whether neither clock has reached `end`.
    #[inline]
    fn is_before(self, end: Self) -> bool {
        self.steady < end.steady && self.wall < end.wall
    }
}

fn share_of(nanos: i64, share: f64) -> i64 {
    // A token's life in nanoseconds loses nothing that matters in a float, and `as` saturates.
    (nanos as f64 * share) as i64
}

/// The window varies by this part of itself.
const SPREAD: f64 = 0.5;
/// A token is not handed out in the last twentieth of its life, for it has a way to go, ...
const MARGIN_PART: i64 = 20;
/// ... and never for longer than this before its end.
const LONGEST_MARGIN: i64 = 5 * NANOS_PER_SEC;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: i64 = NANOS_PER_SEC;
    const START: Moment = Moment {
        steady: 7 * SECOND,
        wall: 1_000_000 * SECOND,
    };

    fn entry(lifetime: Duration, jitter: f64) -> Entry {
        Entry::new(Token::bearer("t", lifetime).unwrap(), START, 0.1, jitter)
    }

    #[test]
    fn the_window_is_a_share_of_the_lifetime() {
        for (jitter, soft) in [(0.0, 3325), (0.5, 3235), (1.0, 3145)] {
            let entry = entry(Duration::from_secs(3600), jitter);
            assert!(entry.is_fresh(START.after((soft - 1) * SECOND)));
            assert!(!entry.is_fresh(START.after((soft + 1) * SECOND)));
            assert!(entry.is_alive(START.after(3594 * SECOND)));
            assert!(!entry.is_alive(START.after(3595 * SECOND)));
        }
    }

    #[test]
    fn short_tokens_are_used_for_most_of_their_life() {
        for seconds in [5, 10] {
            let entry = entry(Duration::from_secs(seconds), 1.0);
            let life = i64::try_from(seconds).unwrap() * SECOND;
            assert!(entry.is_fresh(START.after(life * 8 / 10)));
            assert!(entry.is_alive(START.after(life * 9 / 10)));
            assert!(!entry.is_alive(START.after(life)));
        }
    }

    #[test]
    fn a_token_without_a_life_is_never_kept_and_never_late() {
        let entry = entry(Duration::ZERO, 0.5);
        assert!(!entry.is_alive(START));
        assert!(!entry.came_too_late(START.after(60 * SECOND)));
    }

    #[test]
    fn either_clock_ends_a_token() {
        let entry = entry(Duration::from_secs(3600), 0.5);
        let suspended = Moment {
            wall: START.wall + 7200 * SECOND,
            ..START
        };
        assert!(!entry.is_alive(suspended));
        assert!(entry.came_too_late(suspended));
        let set_back = Moment {
            steady: START.steady + 7200 * SECOND,
            wall: START.wall - 3600 * SECOND,
        };
        assert!(!entry.is_alive(set_back));
        assert!(entry.remaining(set_back) < 0);
        assert_eq!(entry.age(set_back), 7200 * SECOND);
    }

    #[test]
    fn an_endless_life_does_not_overflow() {
        let entry = entry(Duration::MAX, 1.0);
        assert!(entry.is_fresh(START.after(i64::MAX / 2)));
    }
}
