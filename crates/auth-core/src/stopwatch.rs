//! How long a call has been running.

use std::time::Duration;

use tokio::time::Instant;

/// The monotonic time since a call began. It stands still with tokio's clock in tests.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "measures a span of time and judges no expiry by it"
        )]
        Self(Instant::now())
    }

    /// The moment at which so much time has passed.
    #[cfg(feature = "reqwest")]
    pub(crate) fn after(self, time: Duration) -> Instant {
        // Beyond what the clock can count, a day is as good as forever.
        self.0.checked_add(time).unwrap_or(self.0 + A_DAY)
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::start().0.saturating_duration_since(self.0)
    }
}

#[cfg(feature = "reqwest")]
const A_DAY: Duration = Duration::from_secs(24 * 3600);
