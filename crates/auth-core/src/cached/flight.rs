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

use crate::cached::errand::{End, Unstored};
use crate::cached::machine::{Arrival, Landed, Reason, Stored, Ticket};
use crate::cached::room::{News, Room};
use crate::cached::{Shared, journal};
use crate::clock::{Mark, Moment};
use crate::secret_source::{Followed, Look};
use crate::stopwatch::Stopwatch;
use crate::{Action, Error, Result, Token};

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

/// What a flight comes home with.
struct Brought {
    asked: Moment,
    result: Result<Token>,
    generation: u64,
    stored: Stored,
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
            let brought = match last {
                false => self.bring().await,
                true => match self.shared.take_fetch() {
                    Ok(()) => self.bring().await,
                    Err(error) => self.empty_handed(error),
                },
            };
            let arrival = Arrival {
                result: brought.result,
                asked: brought.asked,
                last,
                share: self.shared.share,
                jitter: fastrand::f64(),
                generation: brought.generation,
                stored: brought.stored,
            };
            match self.shared.land(self.ticket, arrival) {
                Landed::Again => {}
                Landed::Stale => return self.tell(News::Lost),
                Landed::Done(result) => return self.tell(News::Landed(result)),
            }
        }
    }

    /// Gets a token: from the store where there is one, or from the provider.
    async fn bring(&mut self) -> Brought {
        let shared = Arc::clone(&self.shared);
        if let Some(secret) = &shared.secret {
            // What was refused may have been made of the secret before: whatever is there counts.
            let look = match self.ticket.reason {
                Reason::Refused => Look::First,
                Reason::Ahead | Reason::Empty | Reason::Expired => Look::Again,
            };
            match secret.refresh(look).await {
                Ok(changed) => self.took_up(changed),
                Err(error) => return self.empty_handed(error),
            }
        }
        let Some(fleet) = &shared.fleet else {
            let (asked, result) = self.fetch_again(shared.last()).await;
            return Brought {
                asked: shared.clock.corrected(asked),
                result,
                generation: 0,
                stored: Stored::All,
            };
        };
        let need = shared.need(self.ticket.reason);
        let flight = tokio::sync::Mutex::new(self);
        let refused = need.refused.clone();
        let fetch = |last: Option<Token>| async {
            if let Some(last) = last
                .as_ref()
                .filter(|last| refused.contains(&last.digest()))
            {
                shared.provider.reject(last);
            }
            flight.lock().await.fetch_again(last).await
        };
        let end = fleet.run(need, fetch).await;
        let (asked, result, generation, stored) = match end {
            End::Adopted {
                token,
                asked,
                generation,
            }
            | End::Fetched {
                token,
                asked,
                generation,
                ..
            } => (asked, Ok(token), generation, Stored::All),
            End::Unstored(Unstored {
                token,
                asked,
                after,
            }) => (asked, Ok(token), after, Stored::Nothing),
            End::Failed {
                error,
                shared: known,
            } => {
                let stored = if known { Stored::Failure } else { Stored::All };
                (shared.clock.moment(), Err(error), 0, stored)
            }
        };
        Brought {
            asked,
            result,
            generation,
            stored,
        }
    }

    fn empty_handed(&self, error: Error) -> Brought {
        Brought {
            asked: self.shared.clock.moment(),
            result: Err(error),
            generation: 0,
            stored: Stored::All,
        }
    }

    fn took_up(&mut self, changed: bool) {
        if changed {
            let ticket = &mut self.ticket;
            self.shared
                .locked(|machine| machine.credential_taken_up(ticket));
        }
    }

    /// Fetches, and once more if the platform refuses the credentials and they have changed.
    async fn fetch_again(&mut self, last: Option<Token>) -> (Mark, Result<Token>) {
        let shared = Arc::clone(&self.shared);
        let used = shared.secret.as_ref().map(Followed::version);
        let fetched = self.fetch(last.as_ref()).await;
        let (Err(error), Some(secret), Some(used)) = (&fetched.1, &shared.secret, used) else {
            return fetched;
        };
        if error.action() != Action::FixCredentials || !secret.source().changed_since(used).await {
            return fetched;
        }
        self.took_up(secret.has_changed());
        match error.attempts() {
            // Sent by a client, which has done the same.
            2.. => fetched,
            _ => self.fetch(last.as_ref()).await,
        }
    }

    /// Fetches by the retry policy. Returns when the last attempt began, and what it brought.
    async fn fetch(&self, last: Option<&Token>) -> (Mark, Result<Token>) {
        let shared = &self.shared;
        let watch = Stopwatch::start();
        let left = || shared.timeout.saturating_sub(watch.elapsed());
        let mut attempts = 0;
        loop {
            attempts += 1;
            let asked = shared.clock.mark();
            let result = self.attempt(left(), last).await;
            let took = shared.clock.elapsed(asked);
            journal::ended(self.ticket, took, &result, &shared.failing);
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

    async fn attempt(&self, left: Duration, last: Option<&Token>) -> Result<Token> {
        let Ok(deadline) = catch_unwind(|| sleep(left)) else {
            return Err(Error::config(
                "a fetch of a token has a deadline, and the runtime here has no timer",
            ));
        };
        let provider = &self.shared.provider;
        let fetch = Box::pin(async { within(deadline, provider.renew(last)).await });
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
