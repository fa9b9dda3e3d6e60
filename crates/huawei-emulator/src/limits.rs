//! How often a call may be made: `x-rate-limits`, and flow control on request.

use std::collections::HashMap;

/// Counts requests in windows of time.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    counts: HashMap<String, Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    start_ms: i64,
    used: u64,
}

/// More windows than this are not kept: those that ended go first.
const MOST: usize = 10_000;

impl Windows {
    /// Takes `amount` from the window of this key; false when it holds no more.
    pub(crate) fn take(
        &mut self,
        key: String,
        amount: u64,
        (most, length_ms): (u64, i64),
        now_ms: i64,
    ) -> bool {
        if self.counts.len() >= MOST {
            self.counts.retain(|_, it| now_ms - it.start_ms < length_ms);
        }
        let start_ms = now_ms.div_euclid(length_ms) * length_ms;
        let fresh = Window { start_ms, used: 0 };
        let window = self.counts.entry(key).or_insert(fresh);
        if window.start_ms != start_ms {
            *window = fresh;
        }
        if window.used.saturating_add(amount) > most {
            return false;
        }
        window.used += amount;
        true
    }

    /// Gives back what was taken for a request that came to nothing.
    pub(crate) fn give_back(&mut self, key: &str, amount: u64) {
        if let Some(window) = self.counts.get_mut(key) {
            window.used = window.used.saturating_sub(amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Windows;

    #[test]
    fn a_window_holds_what_it_may_and_starts_anew() {
        let mut windows = Windows::default();
        let mut take = |amount, now| windows.take("k".to_owned(), amount, (3, 1000), now);
        assert!(take(2, 5000));
        assert!(!take(2, 5100));
        assert!(take(1, 5999));
        assert!(!take(1, 5999));
        assert!(take(3, 6000));
    }
}
