//! When to send a request again, and how long to wait before.

use std::time::Duration;

/// When to send a request again: a pure function of what happened so far.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a request is sent at most, the first time included.
    pub attempts: u32,
    /// The upper bound of the first wait; it doubles with each attempt.
    pub base: Duration,
    /// The upper bound of every wait.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(200),
            cap: Duration::from_secs(5),
        }
    }
}
