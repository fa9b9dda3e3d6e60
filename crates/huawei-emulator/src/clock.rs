//! The emulator's clock: the machine's, moved at will.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that can be moved.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// The time now, as this emulator sees it.
    pub(crate) fn now(&self) -> SystemTime {
        #[expect(
            clippy::disallowed_methods,
            reason = "the emulator reads its clock here only"
        )]
        let now = SystemTime::now();
        let offset = self.offset_ms.load(Ordering::Relaxed);
        let distance = Duration::from_millis(offset.unsigned_abs());
        let moved = if offset < 0 {
            now.checked_sub(distance)
        } else {
            now.checked_add(distance)
        };
        moved.unwrap_or(now)
    }

    /// How far it stands from the machine's clock, in milliseconds.
    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Sets how far it stands from the machine's clock.
    pub(crate) fn set_offset_ms(&self, offset: i64) {
        self.offset_ms.store(offset, Ordering::Relaxed);
    }

    /// Moves it on from where it stands.
    pub(crate) fn advance_ms(&self, step: i64) {
        self.offset_ms.fetch_add(step, Ordering::Relaxed);
    }
}

/// Unix time in seconds.
pub(crate) fn unix_s(time: SystemTime) -> i64 {
    unix_ms(time).div_euclid(1000)
}

/// Unix time in milliseconds.
pub(crate) fn unix_ms(time: SystemTime) -> i64 {
    let milliseconds = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => milliseconds(since),
        Err(before) => -milliseconds(before.duration()),
    }
}
