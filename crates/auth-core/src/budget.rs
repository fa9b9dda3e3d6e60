//! The retries a client may still make: a bucket that retries empty and successes refill.

use std::sync::atomic::{AtomicU32, Ordering};

/// One bucket per client, shared by its views.
///
/// A retry takes [`COST`] of [`FULL`] and a success gives one back: a client may send a hundred
/// retries in a row, and from then on one for every five successes.
pub(crate) struct Budget(AtomicU32);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(FULL))
    }

    /// Takes the price of one retry, if it is there.
    pub(crate) fn withdraw(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(COST)
            })
            .is_ok()
    }

    /// Notes a success. A full bucket is only read, so that cores do not fight over it.
    pub(crate) fn deposit(&self) {
        if self.0.load(Ordering::Relaxed) < FULL {
            let more = |left: u32| (left < FULL).then_some(left + 1);
            let _ = self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

const FULL: u32 = 500;
const COST: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_uses_up_the_budget_and_successes_refill_it() {
        let budget = Budget::new();
        let granted = (0..1000).filter(|_| budget.withdraw()).count();
        assert_eq!(granted, 100);
        for _ in 0..4 {
            budget.deposit();
        }
        assert!(!budget.withdraw());
        budget.deposit();
        assert!(budget.withdraw());
    }

    #[test]
    fn the_budget_has_a_bound() {
        let budget = Budget::new();
        for _ in 0..1000 {
            budget.deposit();
        }
        assert_eq!((0..1000).filter(|_| budget.withdraw()).count(), 100);
    }
}
