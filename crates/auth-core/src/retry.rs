//! When to send a request again, and how long to wait before: pure functions.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use crate::{Action, ApiError, Error, ErrorKind};

/// How often, and after which waits, a failed request is sent again.
///
/// Three rules stand above it. A request that is not idempotent is sent again only if the platform
/// cannot have acted on it: it was not reached, or it answered that there were too many calls
/// (status 429, a code that the document names as the answer of a rate limit, or status 503 with
/// `Retry-After`). The whole call, waits included, stays within its timeout. And all calls of a
/// client draw on one budget of retries, which successes refill, so that an outage is not answered
/// with a storm.
///
/// ```
/// use std::time::Duration;
///
/// use auth_core::RetryPolicy;
///
/// let patient = RetryPolicy::default().attempts(6).cap(Duration::from_secs(20));
/// assert_eq!(RetryPolicy::none().attempts, 1);
/// assert_eq!(patient.attempts, 6);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a request is sent at most, the first time included.
    pub attempts: u32,
    /// The upper bound of the first wait; it doubles with each attempt.
    pub base: Duration,
    /// The upper bound of every wait that the platform did not ask for.
    pub cap: Duration,
}

impl RetryPolicy {
    /// Never sends a request again.
    pub fn none() -> Self {
        Self::default().attempts(1)
    }

    /// Sets how often a request is sent at most, the first time included.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the upper bound of the first wait.
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the upper bound of every wait.
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// How long to wait after `sent` attempts, or `None` to give up.
    ///
    /// The wait is a random part of its upper bound, which `random`, from 0 to 1, chooses ("full
    /// jitter"), on top of what the platform asked for. A wait that would not end within
    /// `remaining` is not begun.
    pub fn wait(
        &self,
        sent: u32,
        random: f64,
        retry_after: Option<Duration>,
        remaining: Duration,
    ) -> Option<Duration> {
        if sent >= self.attempts {
            return None;
        }
        let doublings = sent.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        let jitter = bound.mul_f64(random.clamp(0.0, 1.0));
        let wait = retry_after.unwrap_or_default().saturating_add(jitter);
        (wait < remaining).then_some(wait)
    }
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

/// Whether the same request may be sent again after this failure.
pub(crate) fn is_repeatable(error: &Error, idempotent: bool) -> bool {
    match (error.kind(), error.api()) {
        (ErrorKind::Api, Some(api)) => {
            let quota = api.limit.is_some_and(|window| window > LONGEST_LIMIT);
            api.action == Action::Backoff && !quota && (idempotent || is_refusal(api))
        }
        (ErrorKind::Transport, _) => idempotent || error.is_unsent(),
        _ => false,
    }
}

/// Whether the platform may have acted although the answer, or its absence, does not say so.
pub(crate) fn is_unclear(error: &Error) -> bool {
    match (error.kind(), error.api()) {
        (ErrorKind::Api, Some(api)) => {
            !is_refusal(api) && (api.status >= 500 || api.action == Action::Backoff)
        }
        (ErrorKind::Transport, _) => !error.is_unsent(),
        (ErrorKind::Decode, _) => true,
        _ => false,
    }
}

/// Whether the platform said "too many calls" instead of acting.
fn is_refusal(api: &ApiError) -> bool {
    api.limit.is_some()
        || api.status == StatusCode::TOO_MANY_REQUESTS.as_u16()
        || (api.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() && api.retry_after.is_some())
}

/// Reads `Retry-After`, in seconds or as a date. A date is compared with the `Date` of the same
/// answer, so that a wrong clock on either side does no harm, and with `now` where there is none.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a very long time, too.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = date(headers).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

/// The time at which the platform answered, by its own clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()
}

/// Limits with a longer window than this are quotas: waiting within a call is pointless.
const LONGEST_LIMIT: Duration = Duration::from_secs(300);
