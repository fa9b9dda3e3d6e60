//! What calls tell the outside: spans and events for `tracing`, numbers behind `metrics`.

use std::time::Duration;

use http::StatusCode;
use tracing::{Span, field};

use crate::Error;

/// The span of one call. Its numbers are recorded when it ends.
pub(crate) fn span(platform: &'static str, operation: &'static str) -> Span {
    tracing::debug_span!(
        "call",
        platform,
        operation,
        attempts = field::Empty,
        status = field::Empty,
        code = field::Empty,
        request_id = field::Empty,
        latency_ms = field::Empty,
    )
}

/// An answer arrived.
pub(crate) fn answer(
    attempt: u32,
    status: StatusCode,
    code: Option<&str>,
    latency: impl Fn() -> Duration,
) {
    tracing::debug!(
        attempt,
        status = status.as_u16(),
        code,
        latency_ms = millis(latency()),
        "answered"
    );
}

/// A request is about to be sent again.
pub(crate) fn retry(
    platform: &'static str,
    operation: &'static str,
    attempt: u32,
    wait: Duration,
    error: &Error,
) {
    tracing::debug!(attempt, wait_ms = millis(wait), action = ?error.action(), "sending again");
    #[cfg(feature = "metrics")]
    {
        metrics::counter!(RETRIES, "platform" => platform, "operation" => operation).increment(1);
        metrics::histogram!(WAITS, "platform" => platform, "operation" => operation)
            .record(wait.as_secs_f64());
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (platform, operation);
}

/// A call ended.
pub(crate) fn finished(
    span: &Span,
    platform: &'static str,
    operation: &'static str,
    attempts: u32,
    latency: Duration,
    error: Option<&Error>,
) {
    if !span.is_disabled() {
        span.record("attempts", attempts);
        span.record("latency_ms", millis(latency));
        if let Some(api) = error.and_then(Error::api) {
            span.record("status", api.status);
            span.record("code", api.code.as_str());
            span.record("request_id", api.request_id.as_deref());
        }
    }
    if let Some(error) = error {
        span.in_scope(|| tracing::debug!(%error, "failed"));
    }
    // What a code means stands in the platform's document, for every code that is in it.
    let unknown = error
        .and_then(Error::api)
        .filter(|api| api.meaning.is_empty());
    if let Some(api) = unknown {
        let (status, code) = (api.status, api.code.as_str());
        tracing::info!(
            platform,
            operation,
            status,
            code,
            "the platform answered a code that its document does not have"
        );
    }
    #[cfg(feature = "metrics")]
    {
        let outcome = error.map_or("ok", |error| kind(error));
        // Codes that nobody knows are one label, so that a platform cannot make any number of them.
        let code = match (error.and_then(Error::api), unknown) {
            (None, _) => String::new(),
            (Some(_), Some(_)) => "unknown".to_owned(),
            (Some(api), None) => api.code.clone(),
        };
        metrics::counter!(
            CALLS,
            "platform" => platform,
            "operation" => operation,
            "outcome" => outcome,
            "code" => code
        )
        .increment(1);
        if unknown.is_some() {
            metrics::counter!(UNKNOWN, "platform" => platform, "operation" => operation)
                .increment(1);
        }
        metrics::histogram!(SECONDS, "platform" => platform, "operation" => operation)
            .record(latency.as_secs_f64());
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (platform, operation);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(feature = "metrics")]
pub(crate) fn kind(error: &Error) -> &'static str {
    use crate::ErrorKind;

    match error.kind() {
        ErrorKind::Api => "api",
        ErrorKind::Config => "config",
        ErrorKind::Credentials => "credentials",
        ErrorKind::Decode => "decode",
        ErrorKind::Transport => "transport",
    }
}

#[cfg(feature = "metrics")]
const CALLS: &str = "auth_core_calls_total";
#[cfg(feature = "metrics")]
const RETRIES: &str = "auth_core_retries_total";
#[cfg(feature = "metrics")]
const UNKNOWN: &str = "auth_core_unknown_codes_total";
#[cfg(feature = "metrics")]
const WAITS: &str = "auth_core_retry_wait_seconds";
#[cfg(feature = "metrics")]
const SECONDS: &str = "auth_core_call_seconds";
