//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use crate::clock::{Clock, Moment, NANOS_PER_SEC, Source, nanos_of, saturating_nanos};

/// A clock that a test moves by hand. Clones move together.
///
/// It has the two hands of a real machine: the monotonic one, which stands still in a suspend, and
/// the wall clock, which can be set.
///
/// ```
/// use std::time::Duration;
///
/// use auth_core::testing::ManualClock;
///
/// let hand = ManualClock::new();
/// let clock = hand.clock();
/// let start = clock.now();
/// hand.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), start + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    hands: Arc<Hands>,
    clock: Clock,
}

#[derive(Debug)]
pub(super) struct Hands {
    steady: AtomicI64,
    wall: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at the first second of 2026.
    pub fn new() -> Self {
        Self::at(SystemTime::UNIX_EPOCH + Duration::from_secs(START_OF_2026))
    }

    /// A clock that stands at the given time.
    pub fn at(wall: SystemTime) -> Self {
        let hands = Arc::new(Hands {
            // Not zero, as on a machine that has been up for a while.
            steady: AtomicI64::new(3600 * NANOS_PER_SEC),
            wall: AtomicI64::new(nanos_of(wall)),
        });
        let clock = Clock::new(Source::Manual(Arc::clone(&hands)));
        Self { hands, clock }
    }

    /// The clock to hand to what is tested; all of them share one offset.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let by = saturating_nanos(by);
        self.hands.steady.fetch_add(by, Ordering::SeqCst);
        self.hands.wall.fetch_add(by, Ordering::SeqCst);
    }

    /// Suspends the machine: time passes on the wall clock alone.
    pub fn suspend(&self, by: Duration) {
        self.step_forward(by);
    }

    /// Sets the wall clock forward.
    pub fn step_forward(&self, by: Duration) {
        self.hands
            .wall
            .fetch_add(saturating_nanos(by), Ordering::SeqCst);
    }

    /// Sets the wall clock back.
    pub fn step_back(&self, by: Duration) {
        self.hands
            .wall
            .fetch_sub(saturating_nanos(by), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Hands {
    pub(super) fn moment(&self) -> Moment {
        Moment {
            steady: self.steady.load(Ordering::SeqCst),
            wall: self.wall.load(Ordering::SeqCst),
        }
    }
}

const START_OF_2026: u64 = 1_767_225_600;
