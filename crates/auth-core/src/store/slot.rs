//! What a store does with one key: a state machine without clock, lock or disk.
//!
//! The stores in memory and in files take their steps from here; the walk through all orders of the
//! fleet's steps does too, and the conformance suite holds every other store to the same.

use std::time::Duration;

use crate::store::{Lease, Stored};

/// One key of a store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) stored: Option<Stored>,
    pub(crate) lease: Option<Held>,
}

/// A lease that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) holder: String,
    /// When it was given or prolonged, in milliseconds of the store's clock, ...
    pub(crate) from: i64,
    /// ... and for how many.
    pub(crate) span: i64,
}

impl Slot {
    /// The generation that stands here; 0 where nothing does.
    pub(crate) fn generation(&self) -> u64 {
        self.stored.as_ref().map_or(0, Stored::generation)
    }

    pub(crate) fn compare_and_set(&mut self, expected: u64, new: &Stored) -> bool {
        let fits = self.generation() == expected && new.generation() > expected;
        // The seeded mistake that the walk has to find.
        let fits = fits || cfg!(seeded = "generation");
        if fits {
            self.stored = Some(new.clone());
        }
        fits
    }

    pub(crate) fn lease(&mut self, now: i64, holder: &str, span: Duration) -> Lease {
        if let Some(held) = &self.lease
            && held.holder != holder
            && let left @ 1.. = held.left(now)
        {
            return Lease::Held {
                left: Duration::from_millis(left.unsigned_abs()),
            };
        }
        self.lease = Some(Held {
            holder: holder.to_owned(),
            from: now,
            span: millis(span),
        });
        Lease::Granted
    }

    pub(crate) fn release(&mut self, holder: &str) {
        self.lease.take_if(|held| held.holder == holder);
    }
}

impl Held {
    /// How many milliseconds are left. A clock that was set back ends a lease, for nobody knows how
    /// long it would last.
    fn left(&self, now: i64) -> i64 {
        match now.saturating_sub(self.from) {
            ..0 => 0,
            age => self.span.saturating_sub(age).max(0),
        }
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(all(test, not(seeded = "generation")))]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(10);

    fn held(seconds: u64) -> Lease {
        Lease::Held {
            left: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn a_write_that_expects_another_generation_is_refused() {
        let mut slot = Slot::default();
        let new = |generation| Stored::new(generation, vec![]);
        assert!(!slot.compare_and_set(1, &new(2)));
        assert!(slot.compare_and_set(0, &new(7)));
        assert!(!slot.compare_and_set(0, &new(8)));
        assert!(!slot.compare_and_set(7, &new(7)));
        assert!(slot.compare_and_set(7, &new(8)));
        assert_eq!(slot.generation(), 8);
    }

    #[test]
    fn a_lease_is_one_holders_until_it_ends() {
        let mut slot = Slot::default();
        assert_eq!(slot.lease(0, "a", SPAN), Lease::Granted);
        assert_eq!(slot.lease(4_000, "b", SPAN), held(6));
        assert_eq!(slot.lease(5_000, "a", SPAN), Lease::Granted);
        assert_eq!(slot.lease(10_000, "b", SPAN), held(5));
        slot.release("b");
        assert_eq!(slot.lease(14_000, "b", SPAN), held(1));
        assert_eq!(slot.lease(15_000, "b", SPAN), Lease::Granted);
        slot.release("b");
        assert_eq!(slot.lease(15_000, "a", SPAN), Lease::Granted);
    }

    #[test]
    fn a_clock_set_back_ends_a_lease_instead_of_prolonging_it() {
        let mut slot = Slot::default();
        assert_eq!(slot.lease(3_600_000, "a", SPAN), Lease::Granted);
        assert_eq!(slot.lease(0, "b", SPAN), Lease::Granted);
    }
}
