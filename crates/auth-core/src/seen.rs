//! A memory of what has arrived, so that what arrives twice is handled once.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Remembers ids for a while: those of callbacks, which platforms send again when in doubt.
///
/// Bounded in time and in number. When it is full the oldest id is forgotten, so choose the number
/// for the busiest window: an entry takes some 40 bytes, whatever the length of the id. Ids are
/// kept as 64-bit hashes with a key of the process; that two of a million ids are taken for one has
/// a probability of 1 in 37 million.
///
/// It is the memory of one process. Where callbacks reach several replicas, the table in which
/// their effect is written is the place to tell repeats.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use auth_core::Seen;
///
/// fn arrived(seen: &Seen, id: &str, now: SystemTime, handle: impl FnOnce() -> bool) {
///     if seen.insert(id, now) && !handle() {
///         // The platform sends it again: let it in then.
///         seen.remove(id);
///     }
/// }
///
/// let seen = Seen::new(10_000, Duration::from_secs(24 * 3600));
/// let now = SystemTime::UNIX_EPOCH;
/// let mut handled = 0;
/// for _ in 0..2 {
///     arrived(&seen, "event-1", now, || { handled += 1; true });
/// }
/// assert_eq!(handled, 1);
/// ```
pub struct Seen {
    capacity: usize,
    window: Duration,
    key: RandomState,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    ids: HashSet<u64>,
    /// In the order of their arrival.
    order: VecDeque<(SystemTime, u64)>,
}

impl Seen {
    /// Remembers at most `capacity` ids, each for `window`. Nothing is allocated yet.
    pub fn new(capacity: usize, window: Duration) -> Self {
        Self {
            capacity: capacity.max(1),
            window,
            key: RandomState::new(),
            held: Mutex::default(),
        }
    }

    /// Takes note of an id that arrives at `now`; `true` if it was not known.
    ///
    /// Of callers that bring the same id at the same time, exactly one gets `true`.
    pub fn insert(&self, id: &str, now: SystemTime) -> bool {
        let id = self.key.hash_one(id);
        let mut held = self.held();
        held.forget_before(now, self.window);
        if !held.ids.insert(id) {
            return false;
        }
        if held.order.len() >= self.capacity {
            held.forget_oldest();
        }
        held.order.push_back((now, id));
        true
    }

    /// Forgets an id, so that it counts as new when it arrives again.
    pub fn remove(&self, id: &str) {
        let id = self.key.hash_one(id);
        let mut held = self.held();
        if held.ids.remove(&id) {
            held.order.retain(|(_, other)| *other != id);
        }
    }

    /// Never poisoned to any harm: a panic inside is out of memory.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Forgets what arrived longer ago than `window`. After a clock was set back nothing is: what
    /// lies in the future is younger than anything.
    fn forget_before(&mut self, now: SystemTime, window: Duration) {
        while let Some((at, _)) = self.order.front()
            && now.duration_since(*at).is_ok_and(|age| age > window)
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, id)) = self.order.pop_front() {
            self.ids.remove(&id);
        }
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("ids", &self.held().ids.len())
            .field("capacity", &self.capacity)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    #[test]
    fn an_id_is_new_once_within_the_window() {
        let seen = Seen::new(10, WINDOW);
        assert!(seen.insert("a", at(0)));
        assert!(!seen.insert("a", at(60)));
        assert!(seen.insert("b", at(60)));
        assert!(seen.insert("a", at(61)));
        assert!(!seen.insert("b", at(61)));
    }

    #[test]
    fn the_oldest_is_forgotten_when_it_is_full() {
        let seen = Seen::new(2, WINDOW);
        for id in ["a", "b", "c"] {
            assert!(seen.insert(id, at(0)));
        }
        assert!(!seen.insert("b", at(0)));
        assert!(!seen.insert("c", at(0)));
        assert!(seen.insert("a", at(0)));
    }

    #[test]
    fn a_removed_id_counts_as_new() {
        let seen = Seen::new(2, WINDOW);
        assert!(seen.insert("a", at(0)));
        seen.remove("a");
        seen.remove("never there");
        assert!(seen.insert("a", at(1)));
        assert!(!seen.insert("a", at(2)));
    }

    #[test]
    fn a_clock_set_back_forgets_nothing() {
        let seen = Seen::new(10, WINDOW);
        assert!(seen.insert("a", at(3600)));
        assert!(!seen.insert("a", at(0)));
    }

    #[test]
    fn of_many_at_once_one_is_the_first() {
        let seen = Seen::new(10_000, WINDOW);
        let first = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for id in 0..500 {
                        if seen.insert(&id.to_string(), at(0)) {
                            first.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(first.load(Ordering::Relaxed), 500);
    }

    #[test]
    fn debug_shows_no_id() {
        let seen = Seen::new(10, WINDOW);
        seen.insert("event-1", at(0));
        let text = format!("{seen:?}");
        assert!(
            text.contains("ids: 1") && !text.contains("event-1"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_list(
            capacity in 1..6_usize,
            steps in prop::collection::vec((0..8_u8, 0..40_u64, any::<bool>()), 0..60),
        ) {
            let seen = Seen::new(capacity, WINDOW);
            let mut list: Vec<(u64, u8)> = Vec::new();
            let mut now = 0;
            for (id, pause, remove) in steps {
                now += pause;
                if remove {
                    seen.remove(&id.to_string());
                    list.retain(|(_, other)| *other != id);
                    continue;
                }
                list.retain(|(then, _)| now - then <= WINDOW.as_secs());
                let new = list.iter().all(|(_, other)| *other != id);
                if new {
                    list.push((now, id));
                    if list.len() > capacity {
                        list.remove(0);
                    }
                }
                prop_assert_eq!(seen.insert(&id.to_string(), at(now)), new);
            }
        }
    }
}
