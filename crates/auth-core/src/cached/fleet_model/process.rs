//! One process of a walk: the machine, and the one flight that it can have under way.

use super::{number, token};
use crate::cached::errand::{Do, End, Errand, Rules, Saw, Unstored};
use crate::cached::machine::{Arrival, Asked, Landed, Machine, Stored, Ticket};
use crate::cached::trouble::Budget;
use crate::clock::Moment;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) machine: Machine<()>,
    pub(super) caller: Caller,
    pub(super) flight: Option<Flight>,
    pub(super) unstored: Option<Unstored>,
    /// The end of the lease by this process's own clock.
    pub(super) lease_end: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Caller {
    Looking,
    Waiting,
    Served(u8),
    Failed,
}

#[derive(Clone, Debug)]
pub(super) struct Flight {
    ticket: Ticket,
    errand: Errand,
    last: bool,
    pub(super) at: Leg,
}

#[derive(Clone, Debug)]
pub(super) enum Leg {
    Next(Do),
    /// The lease was looked at, the login goes out next: here a process can be paused for long.
    Checked {
        leased: bool,
    },
    /// The platform has acted; the answer is on its way.
    Sent {
        leased: bool,
        number: Option<u8>,
        asked: Moment,
    },
}

impl Flight {
    /// Whether it carries a token that nobody else knows of.
    pub(super) fn has_token(&self) -> bool {
        match &self.at {
            Leg::Sent { number, .. } => number.is_some(),
            Leg::Next(Do::End(End::Unstored(_))) => true,
            Leg::Next(_) => self.writes_token(),
            Leg::Checked { .. } => false,
        }
    }

    /// Whether it logs in next, or has.
    pub(super) fn is_sending(&self) -> bool {
        matches!(self.at, Leg::Checked { .. }) || self.has_token()
    }

    /// Whether its next step, or the one just taken, writes a token of its own.
    pub(super) fn writes_token(&self) -> bool {
        self.errand.writes_token()
    }
}

impl Process {
    pub(super) fn new() -> Self {
        Self {
            machine: Machine::new(Budget::new(100, Duration::from_secs(1000))),
            caller: Caller::Looking,
            flight: None,
            unstored: None,
            lease_end: i64::MIN,
        }
    }

    /// What a caller does: use the token, see to the next one, or wait for one.
    pub(super) fn look(&mut self, now: Moment, rules: &Rules) {
        let usable = self.machine.held().filter(|held| held.is_alive(now));
        if let Some(held) = usable {
            self.caller = Caller::Served(number(&held.token));
            if let Some((ticket, ())) = self.machine.ahead(now, || ()) {
                self.launch(ticket, false, now, rules);
            }
            return;
        }
        self.caller = match self.machine.ask(now, || ()) {
            Asked::Ready(token) => Caller::Served(number(&token)),
            Asked::Failed(_) => Caller::Failed,
            Asked::Join(..) => Caller::Waiting,
            Asked::Start(ticket, ()) => {
                self.launch(ticket, false, now, rules);
                Caller::Waiting
            }
        };
    }

    fn launch(&mut self, ticket: Ticket, last: bool, now: Moment, rules: &Rules) {
        let mut need = self.machine.need(ticket.reason);
        need.unstored = self.unstored.take();
        let (errand, next) = Errand::start(rules.clone(), need, now);
        self.flight = Some(Flight {
            ticket,
            errand,
            last,
            at: Leg::Next(next),
        });
    }

    pub(super) fn to(&mut self, at: Leg) {
        if let Some(flight) = &mut self.flight {
            flight.at = at;
        }
    }

    pub(super) fn step(&mut self, saw: Saw, now: Moment) {
        if let Some(flight) = &mut self.flight {
            flight.at = Leg::Next(flight.errand.step(saw, now));
        }
    }

    pub(super) fn land(&mut self, end: End, now: Moment, rules: &Rules) {
        let Some(Flight { ticket, last, .. }) = self.flight.take() else {
            return;
        };
        let (result, asked, generation, stored) = match end {
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
            } => (Ok(token), asked, generation, Stored::All),
            End::Unstored(unstored) => {
                self.unstored = Some(unstored.clone());
                (
                    Ok(unstored.token),
                    unstored.asked,
                    unstored.after,
                    Stored::Nothing,
                )
            }
            End::Failed { error, .. } => (Err(error), now, 0, Stored::Failure),
        };
        let arrival = Arrival {
            result,
            asked,
            last,
            share: 0.5,
            jitter: 0.5,
            generation,
            stored,
        };
        let landed = self.machine.land(ticket, now, arrival);
        let told = match landed {
            Landed::Again => return self.launch(ticket, true, now, rules),
            Landed::Stale => Caller::Looking,
            Landed::Done(Ok(token)) => Caller::Served(number(&token)),
            Landed::Done(Err(_)) => Caller::Failed,
        };
        // A renewal ahead of time is for nobody who waits.
        match (&self.caller, told) {
            (Caller::Waiting, told) => self.caller = told,
            (Caller::Served(_), Caller::Served(new)) => self.caller = Caller::Served(new),
            _ => {}
        }
    }
}

/// Tokens of one number are one token, wherever they were made.
#[test]
fn tokens_are_told_apart_by_number() {
    assert!(token(1).is(&token(1)) && !token(1).is(&token(2)));
    assert_eq!(number(&token(7)), 7);
}
