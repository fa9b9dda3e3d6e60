//! The clocks: the only place that reads them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// The time as the platform sees it: the wall clock of this machine plus the offset learnt from
/// the platform's answers. Clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The system's clock, without an offset so far.
    pub fn system() -> Self {
        Self::default()
    }

    /// The time now, corrected by the offset.
    pub fn now(&self) -> SystemTime {
        #[expect(clippy::disallowed_methods, reason = "this is the named place")]
        let now = SystemTime::now();
        match self.offset_ms.load(Ordering::Relaxed) {
            late if late >= 0 => now + Duration::from_millis(late.unsigned_abs()),
            early => now - Duration::from_millis(early.unsigned_abs()),
        }
    }
}
