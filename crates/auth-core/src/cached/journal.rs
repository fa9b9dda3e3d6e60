//! What the cache tells the outside about its fetches: events for `tracing`, numbers behind `metrics`.

use std::time::Duration;

use tracing::Span;

use crate::cached::entry::Entry;
use crate::cached::machine::Ticket;
use crate::clock::{Moment, NANOS_PER_MILLI};
use crate::{Result, Token};

/// The span of one flight.
pub(super) fn span(ticket: Ticket) -> Span {
    tracing::debug_span!("token_fetch", reason = ticket.reason.as_str())
}

/// A flight is about to fetch; `held` is the token it is to replace.
pub(super) fn started(ticket: Ticket, held: Option<&Entry>, now: Moment) {
    let reason = ticket.reason.as_str();
    match held {
        Some(entry) => tracing::debug!(
            reason,
            fingerprint = entry.token.fingerprint(),
            age_ms = entry.age(now) / NANOS_PER_MILLI,
            remaining_ms = entry.remaining(now) / NANOS_PER_MILLI,
            "fetching the token after this one"
        ),
        None => tracing::debug!(reason, "fetching a token"),
    }
}

/// One attempt of a flight ended.
pub(super) fn ended(ticket: Ticket, took: Duration, result: &Result<Token>) {
    let reason = ticket.reason.as_str();
    match result {
        Ok(token) => tracing::debug!(
            reason,
            fingerprint = token.fingerprint(),
            lifetime_ms = token.lifetime().as_millis(),
            took_ms = took.as_millis(),
            "fetched a token"
        ),
        Err(error) => tracing::warn!(
            reason,
            %error,
            action = ?error.action(),
            took_ms = took.as_millis(),
            "no token could be fetched"
        ),
    }
    #[cfg(feature = "metrics")]
    {
        let outcome = result.as_ref().err().map_or("ok", crate::telemetry::kind);
        metrics::counter!(FETCHES, "reason" => reason, "outcome" => outcome).increment(1);
        metrics::histogram!(SECONDS, "reason" => reason).record(took.as_secs_f64());
    }
}

#[cfg(feature = "metrics")]
const FETCHES: &str = "auth_core_token_fetches_total";
#[cfg(feature = "metrics")]
const SECONDS: &str = "auth_core_token_fetch_seconds";
