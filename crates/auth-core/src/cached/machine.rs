//! What the cache decides: a state machine without clock, lock, task or network.
//!
//! The cache runs every step under one lock and publishes what [`Machine::held`] returns before it
//! lets go, so the order of steps is all that can vary; `model` walks through all orders.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::cached::entry::Entry;
use crate::cached::errand::Need;
use crate::cached::trouble::{Budget, Trouble};
use crate::clock::{Moment, NANOS_PER_SEC};
use crate::{Action, Error, Result, Token};

/// The state of a cache. `R` is where those who wait for a fetch meet.
#[derive(Clone, Debug)]
pub(super) struct Machine<R> {
    held: Option<Arc<Entry>>,
    /// The newest token that ever arrived, also after it expired or was refused: what the provider
    /// renews.
    last: Option<Token>,
    flight: Option<Flight<R>>,
    trouble: Trouble,
    budget: Budget,
    /// Flights started so far; the last one's id.
    started: u64,
    /// The generation of the newest token that ever arrived (0 without a store), when it was asked
    /// for, and by which flight.
    newest: (u64, i64, u64),
    /// The tokens refused since the newest one came, and the flights that were under way by then.
    /// More than one, because refusals of old tokens come late.
    refused: VecDeque<Refused>,
    /// How often the credential has changed.
    credential: u64,
    /// No flight to renew a token ahead of time starts before this moment.
    next_ahead: i64,
    /// No flight fetches before this moment.
    next_fetch: i64,
}

/// The one fetch under way.
#[derive(Clone, Debug)]
struct Flight<R> {
    ticket: Ticket,
    room: R,
}

/// What a flight is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    id: u64,
    credential: u64,
    started: i64,
    /// Why the flight was started.
    pub(super) reason: Reason,
    /// How long the flight has to wait before it fetches, in nanoseconds.
    pub(super) delay: i64,
}

/// Why a token is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The one held is about to expire.
    Ahead,
    /// There was none.
    Empty,
    /// The one held has expired.
    Expired,
    /// The one held was refused.
    Refused,
}

/// The answer to somebody who needs a token.
pub(super) enum Asked<R> {
    /// Here it is: somebody else has fetched it in the meantime.
    Ready(Token),
    /// It is on its way.
    Join(Ticket, R),
    /// Fetch it.
    Start(Ticket, R),
    /// There is none to be had now.
    Failed(Error),
}

/// What becomes of a fetch that ended.
pub(super) enum Landed {
    /// The answer is of no use: fetch once more.
    Again,
    /// The credential has changed meanwhile: whoever waits should ask again.
    Stale,
    /// This is for everybody who waits.
    Done(Result<Token>),
}

/// An answer, and what there is to know about it.
pub(super) struct Arrival {
    pub(super) result: Result<Token>,
    /// When it was asked for.
    pub(super) asked: Moment,
    /// Whether it has to be made do with.
    pub(super) last: bool,
    /// The share of the lifetime in which the token is to be renewed, and the jitter on it.
    pub(super) share: f64,
    pub(super) jitter: f64,
    /// Where it stands among the tokens of the store; 0 without a store.
    pub(super) generation: u64,
    pub(super) stored: Stored,
}

/// What the store knows of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// As much as this process, or there is no store.
    All,
    /// The failure: it is looked up there again, instead of being remembered here.
    Failure,
    /// Nothing yet: it is to be told.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Refused {
    digest: u64,
    up_to: u64,
}

impl Reason {
    /// The word for it in logs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Empty => "empty",
            Self::Expired => "expired",
            Self::Refused => "refused",
        }
    }
}

impl<R: Clone> Machine<R> {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            held: None,
            last: None,
            flight: None,
            trouble: Trouble::default(),
            budget,
            started: 0,
            newest: (0, i64::MIN, 0),
            refused: VecDeque::new(),
            credential: 0,
            next_ahead: i64::MIN,
            next_fetch: i64::MIN,
        }
    }

    /// What readers are to see.
    pub(super) fn held(&self) -> Option<&Arc<Entry>> {
        self.held.as_ref()
    }

    /// What the provider is to renew.
    pub(super) fn last(&self) -> Option<&Token> {
        self.last.as_ref()
    }

    /// From when on [`ahead`](Self::ahead) is worth a call.
    pub(super) fn next_ahead(&self) -> i64 {
        self.next_ahead
    }

    /// Answers somebody who saw no valid token. `room` makes a place to wait.
    pub(super) fn ask(&mut self, now: Moment, room: impl FnOnce() -> R) -> Asked<R> {
        // The look after the lock: without it, everybody who queued here would fetch in turn.
        if let Some(entry) = self.held.as_ref().filter(|entry| entry.is_alive(now)) {
            return Asked::Ready(entry.token.clone());
        }
        if let Some(flight) = &self.flight {
            return Asked::Join(flight.ticket, flight.room.clone());
        }
        if let Some(error) = self.trouble.remembered(now.steady) {
            return Asked::Failed(error);
        }
        if !self.budget.take(now.steady) {
            return Asked::Failed(over_budget());
        }
        let reason = match (&self.held, self.refused.is_empty()) {
            (Some(_), _) => Reason::Expired,
            (None, false) => Reason::Refused,
            (None, true) => Reason::Empty,
        };
        let (ticket, room) = self.start(now, reason, room);
        Asked::Start(ticket, room)
    }

    /// Starts to renew the token held, if it is time to and nobody does so already.
    pub(super) fn ahead(&mut self, now: Moment, room: impl FnOnce() -> R) -> Option<(Ticket, R)> {
        let held = self.held.as_ref()?;
        let due = !held.is_fresh(now) && held.is_alive(now) && now.steady >= self.next_ahead;
        if !due || self.flight.is_some() || self.trouble.remembered(now.steady).is_some() {
            return None;
        }
        if !self.budget.take(now.steady) {
            self.next_ahead = now.steady.saturating_add(SHORTEST_AHEAD);
            return None;
        }
        Some(self.start(now, Reason::Ahead, room))
    }

    fn start(&mut self, now: Moment, reason: Reason, room: impl FnOnce() -> R) -> (Ticket, R) {
        self.started += 1;
        let ticket = Ticket {
            id: self.started,
            credential: self.credential,
            started: now.steady,
            reason,
            delay: self.next_fetch.saturating_sub(now.steady).max(0),
        };
        let room = room();
        self.flight = Some(Flight {
            ticket,
            room: room.clone(),
        });
        (ticket, room)
    }

    /// Takes one more fetch out of the budget, for a flight that has to repeat its first.
    pub(super) fn take_fetch(&mut self, now: Moment) -> Result<()> {
        match self.budget.take(now.steady) {
            true => Ok(()),
            false => Err(over_budget()),
        }
    }

    /// Ends a flight with what it brought.
    pub(super) fn land(&mut self, ticket: Ticket, now: Moment, arrival: Arrival) -> Landed {
        let asked = arrival.asked;
        match arrival.result {
            Ok(token) => {
                let entry = Entry::new(token, asked, arrival.share, arrival.jitter);
                let entry = match arrival.stored {
                    Stored::Nothing => entry.due(),
                    Stored::All | Stored::Failure => entry,
                };
                if !arrival.last && (entry.came_too_late(now) || self.was_refused(ticket, &entry)) {
                    return Landed::Again;
                }
                if entry.came_too_late(now) {
                    let error = Error::transport("the token had expired before it arrived");
                    return self.fail(ticket, now, error, Stored::All);
                }
                self.end(ticket);
                let order = (arrival.generation, asked.steady, ticket.id);
                let token = self.keep(ticket, now, order, entry);
                if arrival.stored == Stored::Nothing {
                    self.next_ahead = now.steady.saturating_add(SHORTEST_AHEAD);
                }
                Landed::Done(Ok(token))
            }
            Err(error) => self.fail(ticket, now, error, arrival.stored),
        }
    }

    fn keep(&mut self, ticket: Ticket, now: Moment, order: (u64, i64, u64), entry: Entry) -> Token {
        let token = entry.token.clone();
        if ticket.credential == self.credential {
            self.trouble.clear();
        }
        // A flight given up for lost may still come home. Where a new token voids the old one, only
        // the one asked for last is good. Processes that share a store go by its generations.
        if order > self.newest {
            self.newest = order;
            self.last = Some(token.clone());
            if entry.is_alive(now) {
                self.held = Some(Arc::new(entry));
                self.refused.clear();
                self.next_ahead = i64::MIN;
            } else {
                // Too short-lived to be kept: those who come next must not fetch in a loop.
                self.next_fetch = ticket.started.saturating_add(SHORTEST_SPACING);
                self.next_ahead = self.next_fetch;
            }
        }
        token
    }

    fn fail(&mut self, ticket: Ticket, now: Moment, error: Error, stored: Stored) -> Landed {
        let current = self.end(ticket);
        if ticket.credential != self.credential {
            return Landed::Stale;
        }
        if current {
            let until = match stored {
                Stored::Failure => self.trouble.note_shared(error.clone(), now.steady),
                Stored::All | Stored::Nothing => self.trouble.note(error.clone(), now.steady),
            };
            // The good token stays. What is left of its life is tried in ever shorter steps.
            let step = self
                .held
                .as_ref()
                .map_or(0, |entry| entry.remaining(now) / AHEAD_PART);
            self.next_ahead = until.max(now.steady.saturating_add(step.max(SHORTEST_AHEAD)));
        }
        Landed::Done(Err(error))
    }

    /// Gives a flight up: its task is gone, or its runtime does not run it. Whether it was the one
    /// under way.
    pub(super) fn lose(&mut self, ticket: Ticket) -> bool {
        self.end(ticket)
    }

    /// The flight under way, if it has been for longer than `patience` nanoseconds.
    pub(super) fn overdue(&self, now: Moment, patience: i64) -> Option<(Ticket, &R)> {
        let flight = self.flight.as_ref()?;
        (left(flight.ticket, now, patience) == 0).then_some((flight.ticket, &flight.room))
    }

    /// Drops `token` if it is the one held, or may be the one under way.
    pub(super) fn reject(&mut self, token: &Token) {
        match &self.held {
            // A newer one is here; this is a late answer to an old request.
            Some(entry) if !entry.token.is(token) => {}
            _ => {
                self.held = None;
                let digest = token.digest();
                // Told twice, it is still the first time that counts: what was started since is new.
                if self.refused.iter().all(|refused| refused.digest != digest) {
                    self.refused.push_back(Refused {
                        digest,
                        up_to: self.started,
                    });
                    if self.refused.len() > MOST_REFUSED {
                        self.refused.pop_front();
                    }
                }
            }
        }
    }

    /// Forgets the failures of the credential used so far.
    pub(super) fn credential_changed(&mut self) {
        self.credential += 1;
        self.trouble.clear();
        self.next_ahead = i64::MIN;
    }

    /// The flight under way learns that the credential is another one, before it fetches with it:
    /// its failures are those of the new one.
    pub(super) fn credential_taken_up(&mut self, ticket: &mut Ticket) {
        self.credential_changed();
        ticket.credential = self.credential;
        if let Some(flight) = &mut self.flight
            && flight.ticket.id == ticket.id
        {
            flight.ticket = *ticket;
        }
    }

    /// Where those who wait for the flight under way meet, if there is one.
    pub(super) fn under_way(&self) -> Option<&R> {
        self.flight.as_ref().map(|flight| &flight.room)
    }

    /// What a flight tells the store's errand.
    pub(super) fn need(&self, reason: Reason) -> Need {
        Need {
            reason,
            held: self.held.as_ref().map(|entry| entry.token.digest()),
            refused: self.refused.iter().map(|refused| refused.digest).collect(),
            known: self.newest.0,
            last: self.last.clone(),
            unstored: None,
            secret: None,
        }
    }

    /// Whether a flight that was under way when a token was refused brings that very token.
    fn was_refused(&self, ticket: Ticket, entry: &Entry) -> bool {
        self.refused
            .iter()
            .any(|refused| ticket.id <= refused.up_to && refused.digest == entry.token.digest())
    }

    fn end(&mut self, ticket: Ticket) -> bool {
        let current = self
            .flight
            .as_ref()
            .is_some_and(|flight| flight.ticket.id == ticket.id);
        if current {
            self.flight = None;
        }
        current
    }
}

/// How much is left of the patience with a flight, in nanoseconds.
pub(super) fn left(ticket: Ticket, now: Moment, patience: i64) -> i64 {
    ticket
        .started
        .saturating_add(patience)
        .saturating_sub(now.steady)
        .max(0)
}

fn over_budget() -> Error {
    Error::credentials("the fetches of tokens allowed for this span of time are used up")
        .advise(Action::Backoff)
}

/// So many refused tokens are remembered: those whose calls can still be under way.
const MOST_REFUSED: usize = 8;
/// A renewal that failed is tried again after this part of what is left, ...
const AHEAD_PART: i64 = 8;
/// ... but never sooner than this.
const SHORTEST_AHEAD: i64 = 2 * NANOS_PER_SEC;
/// The time between fetches when the tokens are too short-lived to be kept.
const SHORTEST_SPACING: i64 = NANOS_PER_SEC;
