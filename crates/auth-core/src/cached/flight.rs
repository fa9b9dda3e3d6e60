//! A fetch in a task of its own: nobody who waits for it can cancel it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};
use tracing::Instrument;

use crate::cached::Shared;
use crate::cached::machine::{Arrival, Landed, Ticket};
use crate::cached::room::{News, Room};
use crate::clock::{Mark, NANOS_PER_MILLI};
use crate::{Error, Result, Token};

/// Sends a flight off. It lands in `room`, or is known there as lost.
pub(super) fn launch(runtime: &Handle, shared: Arc<Shared>, ticket: Ticket, room: Arc<Room>) {
    // Made before the task, so that a runtime on its way out, which drops the task unseen, is
    // noticed too.
    let flight = Flight {
        shared,
        ticket,
        room,
        landed: false,
    };
    let span = tracing::debug_span!("token_fetch", reason = ticket.reason.as_str());
    runtime.spawn(flight.fly().instrument(span));
}

struct Flight {
    shared: Arc<Shared>,
    ticket: Ticket,
    room: Arc<Room>,
    landed: bool,
}

impl Flight {
    async fn fly(mut self) {
        if self.ticket.delay > 0 {
            sleep(Duration::from_nanos(self.ticket.delay.unsigned_abs())).await;
        }
        self.log_start();
        for last in [false, true] {
            let asked = self.shared.clock.mark();
            let result = match last {
                false => self.fetch().await,
                true => match self.shared.take_fetch() {
                    Ok(()) => self.fetch().await,
                    Err(error) => Err(error),
                },
            };
            self.log_end(asked, &result);
            let arrival = Arrival {
                result,
                asked: self.shared.clock.corrected(asked),
                last,
                share: self.shared.share,
                jitter: fastrand::f64(),
            };
            match self.shared.land(self.ticket, arrival) {
                Landed::Again => {}
                Landed::Stale => return self.tell(News::Lost),
                Landed::Done(result) => return self.tell(News::Landed(result)),
            }
        }
    }

    /// Fetches once, for as long as a fetch may take.
    async fn fetch(&self) -> Result<Token> {
        let provider = &self.shared.provider;
        let timeout = self.shared.timeout;
        let fetch = Box::pin(async move { within(timeout, provider.token()).await });
        caught(fetch).await.unwrap_or_else(|| {
            Err(Error::transport(
                "the fetch of a token panicked, in its provider or for want of a timer",
            ))
        })
    }

    fn log_start(&self) {
        let held = self.shared.held.load();
        match held.as_ref() {
            Some(entry) => {
                let now = self.shared.clock.moment();
                tracing::debug!(
                    reason = self.ticket.reason.as_str(),
                    fingerprint = entry.token.fingerprint(),
                    age_ms = entry.age(now) / NANOS_PER_MILLI,
                    remaining_ms = entry.remaining(now) / NANOS_PER_MILLI,
                    "fetching the token after this one"
                );
            }
            None => {
                tracing::debug!(reason = self.ticket.reason.as_str(), "fetching a token");
            }
        }
    }

    fn log_end(&self, asked: Mark, result: &Result<Token>) {
        let took = self.shared.clock.elapsed(asked).as_millis();
        let reason = self.ticket.reason.as_str();
        match result {
            Ok(token) => tracing::debug!(
                reason,
                fingerprint = token.fingerprint(),
                lifetime_ms = token.lifetime().as_millis(),
                took_ms = took,
                "fetched a token"
            ),
            Err(error) => tracing::warn!(
                reason,
                %error,
                action = ?error.action(),
                took_ms = took,
                "no token could be fetched"
            ),
        }
    }

    fn tell(&mut self, news: News) {
        self.landed = true;
        self.room.tell(news);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            self.shared.lose(self.ticket);
            self.room.tell(News::Lost);
        }
    }
}

async fn within(
    timeout: Duration,
    mut fetch: Pin<Box<dyn Future<Output = Result<Token>> + Send + '_>>,
) -> Result<Token> {
    let mut deadline: Pin<Box<Sleep>> = Box::pin(sleep(timeout));
    poll_fn(|context| {
        if let Poll::Ready(result) = fetch.as_mut().poll(context) {
            return Poll::Ready(result);
        }
        deadline.as_mut().poll(context).map(|()| {
            Err(Error::transport(format!(
                "no token arrived within {} s",
                timeout.as_secs_f32()
            )))
        })
    })
    .await
}

/// What the future returns, or `None` if it panics.
async fn caught<F: Future>(mut future: Pin<Box<F>>) -> Option<F::Output> {
    poll_fn(move |context| {
        // The future is never touched again after a panic.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
