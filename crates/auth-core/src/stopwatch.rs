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

    pub(crate) fn elapsed(self) -> Duration {
        Self::start().0.saturating_duration_since(self.0)
    }
}
