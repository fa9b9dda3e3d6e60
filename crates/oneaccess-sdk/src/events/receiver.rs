//! The receiver of events: who sent it, what it says, and that it is handled once.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use auth_core::Seen;
use serde_json::Value;

use crate::events::envelope::Envelope;
use crate::events::{Delivery, Handled, Refused, Rejection, Secrets};
use crate::model::{Event, EventReply, EventReplyCode};

/// Receives the events of one application. Share it among requests: it remembers which events it
/// has handled, so that one that is sent again gets the reply it got before.
///
/// It remembers the newest 10,000 events of a day, in this process. Where events reach several
/// replicas, or a process starts anew, your handler sees an event again: write it so that adding
/// what is there already gives the id it has.
pub struct Receiver {
    secrets: Vec<Secrets>,
    window: Option<Duration>,
    seen: Seen,
    replies: Mutex<Replies>,
}

#[derive(Default)]
struct Replies {
    by_id: HashMap<String, EventReply>,
    order: VecDeque<String>,
}

impl Receiver {
    /// Receives what these secrets prove.
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets: vec![secrets],
            window: None,
            seen: Seen::new(REMEMBERED, DAY),
            replies: Mutex::default(),
        }
    }

    /// Receives what these secrets prove, too, as while they are being replaced in the portal. A
    /// reply is encrypted with the key that the event came with. What they leave out is not asked for:
    /// state the signature key again, even if it stays. Not needed for secrets that are replaced
    /// while the program runs.
    pub fn previous(mut self, secrets: Secrets) -> Self {
        self.secrets.push(secrets);
        self
    }

    /// Refuses events whose time lies further from now, on either side. Not checked when not set,
    /// because the platform's pages disagree about the unit of the time.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }

    /// Checks and reads an event that arrives at `now`, without remembering it: the header
    /// `Authorization` and the body of the call.
    #[inline]
    pub fn open(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Delivery, Rejection> {
        let authorization = authorization.unwrap_or_default();
        // All are tried, so that the time taken does not tell which one it was.
        let all = self.secrets.iter();
        let admitted: Vec<_> = all
            .filter(|secrets| secrets.admits(authorization))
            .collect();
        if admitted.is_empty() {
            return Err(Rejection::Unauthorized);
        }
        let body: Value = serde_json::from_slice(body).map_err(|_| Rejection::Malformed)?;
        let envelope = Envelope::read(&body).ok_or(Rejection::Malformed)?;
        let sent_at = envelope.sent_at();
        let mut reason = Rejection::WrongSignature;
        for secrets in admitted {
            if !secrets.is_signed(envelope.signature, envelope.signed_parts()) {
                continue;
            }
            if self
                .window
                .is_some_and(|window| is_outside(sent_at, now, window))
            {
                return Err(Rejection::OutsideWindow);
            }
            // Without a signature the right key is found by what it decrypts.
            let opened = secrets.opened(envelope.data).into_iter();
            let read = opened.filter_map(|(cipher, message)| {
                Some((cipher, Event::parse(envelope.event, &message).ok()?))
            });
            if let Some((cipher, event)) = read.last() {
                return Ok(Delivery {
                    event,
                    nonce: envelope.nonce.to_owned(),
                    timestamp: envelope.timestamp.clone().into_owned(),
                    sent_at,
                    cipher,
                });
            }
            reason = Rejection::Malformed;
        }
        Err(reason)
    }

    /// Handles an event that arrives at `now`, once, and makes the reply: to be sent with HTTP 200,
    /// whatever its code.
    ///
    /// The check of the address is answered here. An event that was handled before gets the reply
    /// it got then, and one that is being handled is put off with code 500. What `handler` refuses
    /// is not remembered, so that it may be sent again.
    pub async fn handle<F, Fut>(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        now: SystemTime,
        handler: F,
    ) -> EventReply
    where
        F: FnOnce(Event) -> Fut,
        Fut: Future<Output = Result<Handled, Refused>>,
    {
        let delivery = match self.open(authorization, body, now) {
            Ok(delivery) => delivery,
            Err(rejection) => return refusal(rejection),
        };
        if let Some(echo) = delivery.echo() {
            return echo.unwrap_or_else(|error| internal(&error.to_string()));
        }
        let id = delivery.id();
        if !self.seen.insert(&id, now) {
            let before = self.replies().by_id.get(&id).cloned();
            return before.unwrap_or_else(|| internal("this event is being handled"));
        }
        let mut claim = Claim {
            seen: &self.seen,
            id: &id,
            done: false,
        };
        let reply = match handler(delivery.event.clone()).await {
            Ok(handled) => delivery.reply(&handled),
            Err(refused) => return refused.reply(),
        };
        match reply {
            Ok(reply) => {
                claim.done = true;
                self.replies().keep(id.clone(), reply.clone());
                reply
            }
            Err(error) => internal(&error.to_string()),
        }
    }

    fn replies(&self) -> std::sync::MutexGuard<'_, Replies> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event in the hands of its handler. Whoever drops it half-way lets the event in again.
struct Claim<'a> {
    seen: &'a Seen,
    id: &'a str,
    done: bool,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.seen.remove(self.id);
        }
    }
}

impl Replies {
    fn keep(&mut self, id: String, reply: EventReply) {
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        if self.by_id.insert(id.clone(), reply).is_none() {
            self.order.push_back(id);
        }
    }
}

fn is_outside(sent_at: Option<SystemTime>, now: SystemTime, window: Duration) -> bool {
    let distance = sent_at.map(|at| {
        now.duration_since(at)
            .unwrap_or_else(|future| future.duration())
    });
    distance.is_none_or(|distance| distance > window)
}

fn refusal(rejection: Rejection) -> EventReply {
    let code = match rejection {
        Rejection::Malformed => EventReplyCode::BadRequest,
        Rejection::OutsideWindow | Rejection::Unauthorized | Rejection::WrongSignature => {
            EventReplyCode::Unauthorized
        }
    };
    EventReply::new(code).message(rejection.to_string())
}

fn internal(reason: &str) -> EventReply {
    EventReply::new(EventReplyCode::InternalError).message(reason)
}

/// Shows how many versions of secrets it knows.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("secrets", &self.secrets)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// How many events are remembered.
const REMEMBERED: usize = 10_000;

/// How long an event is remembered.
const DAY: Duration = Duration::from_secs(24 * 3600);
