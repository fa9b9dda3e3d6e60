//! What the cache tells the outside about its fetches: events for `tracing`, numbers behind `metrics`.

use std::error::Error as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::Span;

use crate::cached::entry::Entry;
use crate::cached::errand::End;
use crate::cached::machine::Ticket;
use crate::clock::{Moment, NANOS_PER_MILLI};
use crate::store::StoreKey;
use crate::{Error, Result, Token};

/// The span of one flight.
pub(super) fn span(ticket: Ticket) -> Span {
    tracing::debug_span!("token_fetch", reason = ticket.reason.as_str())
}

/// A flight is about to fetch; `held` is the token it is to replace.
pub(super) fn started(ticket: Ticket, held: Option<&Entry>, now: Moment) {
    let reason = ticket.reason.as_str();
    #[cfg(feature = "metrics")]
    if let Some(entry) = held {
        let left = entry.remaining(now) / NANOS_PER_MILLI;
        metrics::histogram!(LEFT, "reason" => reason).record(left as f64 / 1e3);
    }
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

/// One attempt of a flight ended. Only the first failure after a success is a warning, however often
/// the fetch is tried again.
pub(super) fn ended(ticket: Ticket, took: Duration, result: &Result<Token>, failing: &AtomicBool) {
    let reason = ticket.reason.as_str();
    let failed_before = failing.swap(result.is_err(), Ordering::Relaxed);
    match result {
        Ok(token) => tracing::info!(
            reason,
            fingerprint = token.fingerprint(),
            lifetime_ms = token.lifetime().as_millis(),
            took_ms = took.as_millis(),
            "fetched a token"
        ),
        Err(error) if failed_before => tracing::debug!(
            reason,
            %error,
            action = ?error.action(),
            took_ms = took.as_millis(),
            "still no token could be fetched"
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

/// An errand to the store ended, after so many nanoseconds of waiting for others.
pub(super) fn errand_ended(end: &End, key: &StoreKey, waited: i64) {
    let (outcome, generation, took_over) = match end {
        End::Adopted { generation, .. } => ("adopted", Some(*generation), false),
        End::Failed { .. } => ("failed", None, false),
        End::Fetched {
            generation,
            took_over,
            ..
        } => ("fetched", Some(*generation), *took_over),
        End::Unstored(_) => ("unstored", None, false),
    };
    let waited = Duration::from_nanos(waited.unsigned_abs());
    tracing::debug!(
        %key,
        outcome,
        generation,
        took_over,
        waited_ms = waited.as_millis(),
        "asked the token store"
    );
    // Why, a warning has said before.
    if matches!(end, End::Unstored(_)) {
        tracing::info!(%key, "a token could not be stored; it is in use here alone");
    }
    #[cfg(feature = "metrics")]
    {
        let labels = [
            ("platform", key.platform().to_owned()),
            ("credential", key.credential().to_owned()),
        ];
        metrics::counter!(
            ERRANDS,
            "platform" => key.platform().to_owned(),
            "credential" => key.credential().to_owned(),
            "outcome" => outcome
        )
        .increment(1);
        if let Some(generation) = generation {
            // A gauge has no larger number without a fraction than 2^53, which is far off.
            metrics::gauge!(GENERATION, &labels).set(generation as f64);
        }
        if took_over {
            metrics::counter!(TAKEOVERS, &labels).increment(1);
        }
        metrics::histogram!(WAITS, &labels).record(waited.as_secs_f64());
    }
}

/// An operation of the store failed. Only the first failure after an errand without any is a
/// warning.
pub(super) fn store_failed(store: &'static str, error: &Error, failed_before: bool) {
    let cause = error.source();
    match failed_before {
        false => tracing::warn!(store, %error, cause, "the token store failed"),
        true => tracing::debug!(store, %error, cause, "the token store still fails"),
    }
    #[cfg(feature = "metrics")]
    metrics::counter!(STORE_ERRORS, "store" => store).increment(1);
}

#[cfg(feature = "metrics")]
const ERRANDS: &str = "auth_core_token_store_errands_total";
#[cfg(feature = "metrics")]
const GENERATION: &str = "auth_core_token_generation";
#[cfg(feature = "metrics")]
const TAKEOVERS: &str = "auth_core_token_lease_takeovers_total";
#[cfg(feature = "metrics")]
const WAITS: &str = "auth_core_token_lease_wait_seconds";
#[cfg(feature = "metrics")]
const STORE_ERRORS: &str = "auth_core_token_store_errors_total";
#[cfg(feature = "metrics")]
const FETCHES: &str = "auth_core_token_fetches_total";
#[cfg(feature = "metrics")]
const LEFT: &str = "auth_core_token_remaining_seconds";
#[cfg(feature = "metrics")]
const SECONDS: &str = "auth_core_token_fetch_seconds";
