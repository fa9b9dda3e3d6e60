//! A fetch in a task of its own: nobody who waits for it can cancel it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};
use tracing::Instrument;

use crate::cached::machine::{Arrival, Landed, Ticket};
use crate::cached::room::{News, Room};
use crate::cached::{Shared, journal};
use crate::clock::Mark;
use crate::stopwatch::Stopwatch;
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
    runtime.spawn(flight.fly().instrument(journal::span(ticket)));
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
        {
            let held = self.shared.held.load();
            let now = self.shared.clock.moment();
            journal::started(self.ticket, held.as_deref(), now);
        }
        for last in [false, true] {
            let (asked, result) = match last {
                false => self.fetch().await,
                true => match self.shared.take_fetch() {
                    Ok(()) => self.fetch().await,
                    Err(error) => (self.shared.clock.mark(), Err(error)),
                },
            };
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

    /// Fetches by the retry policy. Returns when the last attempt began, and what it brought.
    async fn fetch(&self) -> (Mark, Result<Token>) {
        let shared = &self.shared;
        let watch = Stopwatch::start();
        let left = || shared.timeout.saturating_sub(watch.elapsed());
        let mut attempts = 0;
        loop {
            attempts += 1;
            let asked = shared.clock.mark();
            let result = self.attempt(left()).await;
            journal::ended(self.ticket, shared.clock.elapsed(asked), &result);
            let Err(error) = &result else {
                return (asked, result);
            };
            // An error that was sent on its way by a client has its retries behind it.
            if error.attempts() > 0 || !error.is_retryable() {
                return (asked, result);
            }
            let after = error.api().and_then(|api| api.retry_after);
            let Some(wait) = shared.retry.wait(attempts, fastrand::f64(), after, left()) else {
                return (asked, result);
            };
            sleep(wait).await;
            if shared.take_fetch().is_err() {
                return (asked, result);
            }
        }
    }

    async fn attempt(&self, left: Duration) -> Result<Token> {
        let Ok(deadline) = catch_unwind(|| sleep(left)) else {
            return Err(Error::config(
                "a fetch of a token has a deadline, and the runtime here has no timer",
            ));
        };
        let provider = &self.shared.provider;
        let last = self.shared.last();
        let fetch = Box::pin(async { within(deadline, provider.renew(last.as_ref())).await });
        match caught(fetch).await {
            Some(Some(result)) => result,
            Some(None) => Err(Error::transport(format!(
                "no token arrived within {} s",
                self.shared.timeout.as_secs_f32()
            ))),
            None => Err(Error::transport("the provider of a token panicked")),
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

/// What the future returns, or `None` if it is not there by the deadline.
async fn within<T>(
    deadline: Sleep,
    mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>,
) -> Option<T> {
    let mut deadline = pin!(deadline);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => deadline.as_mut().poll(context).map(|()| None),
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
