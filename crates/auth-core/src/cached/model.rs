//! Walks through every order in which callers, flights, refusals and accidents can meet.
//!
//! The cache takes each step under one lock, so all it leaves to chance is the order of steps. A
//! world holds the real machine and everybody around it, reduced to the step they take next; the
//! walk tries every step in every state it has not seen yet, and checks the promises after each.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::cached::machine::{Arrival, Asked, Landed, Machine, Stored, Ticket};
use crate::cached::trouble::Budget;
use crate::clock::{Moment, NANOS_PER_SEC};
use crate::{Error, Token};

/// What may go wrong in a walk, and how often.
#[derive(Clone, Copy, Debug, Default)]
struct Chances {
    /// A caller stops waiting.
    cancels: u8,
    /// The credential is exchanged.
    changes: u8,
    /// The platform refuses to issue a token.
    failures: u8,
    /// A caller of another runtime has no more patience with a flight.
    impatience: u8,
    /// A flight's task is dropped before it has landed.
    losses: u8,
    /// A caller is told that its token is no good.
    refusals: u8,
    /// A token moves from fresh to nearly expired to expired.
    ticks: u8,
}

#[derive(Clone, Debug)]
struct World {
    machine: Machine<usize>,
    chances: Chances,
    now: Moment,
    callers: Vec<Caller>,
    flights: Vec<Flight>,
    rooms: Vec<Option<News>>,
    /// Fetches that reached the platform; the number of the last token too.
    fetches: u8,
    /// What readers see, by the number of the token.
    seen: Option<u8>,
    refused: Vec<u8>,
    /// The newest token that has arrived, and when it was asked for.
    newest: (u8, i64),
}

#[derive(Clone, Debug, PartialEq)]
enum Caller {
    Looking,
    Missed,
    Waiting(Ticket, usize),
    Served(u8),
    Failed,
    Gone,
}

#[derive(Clone, Debug)]
struct Flight {
    ticket: Ticket,
    room: usize,
    at: Leg,
}

#[derive(Clone, Debug)]
enum Leg {
    Fetching {
        last: bool,
    },
    Arriving {
        last: bool,
        asked: Moment,
        /// The token, unless the platform failed to issue one.
        issued: Option<u8>,
    },
    Telling(News),
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum News {
    Token(u8),
    Failure,
    Lost,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Caller(usize),
    Cancel(usize),
    Impatience(usize),
    Refuse(usize),
    Flight(usize),
    FailedFetch(usize),
    Loss(usize),
    Tick,
    Change,
}

impl World {
    fn new(callers: usize, chances: Chances) -> Self {
        Self {
            machine: Machine::new(Budget::new(100, Duration::from_secs(1000))),
            chances,
            now: Moment { steady: 0, wall: 0 },
            callers: vec![Caller::Looking; callers],
            flights: Vec::new(),
            rooms: Vec::new(),
            fetches: 0,
            seen: None,
            refused: Vec::new(),
            newest: (0, 0),
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let chances = &self.chances;
        for (index, caller) in self.callers.iter().enumerate() {
            match caller {
                Caller::Looking | Caller::Missed => steps.push(Step::Caller(index)),
                Caller::Waiting(_, room) => {
                    if self.rooms[*room].is_some() {
                        steps.push(Step::Caller(index));
                    }
                    if chances.cancels > 0 {
                        steps.push(Step::Cancel(index));
                    }
                    if chances.impatience > 0 {
                        steps.push(Step::Impatience(index));
                    }
                }
                Caller::Served(_) if chances.refusals > 0 => steps.push(Step::Refuse(index)),
                Caller::Served(_) | Caller::Failed | Caller::Gone => {}
            }
        }
        for (index, flight) in self.flights.iter().enumerate() {
            match flight.at {
                Leg::Over => continue,
                Leg::Fetching { .. } if chances.failures > 0 => {
                    steps.push(Step::FailedFetch(index));
                }
                _ => {}
            }
            steps.push(Step::Flight(index));
            if chances.losses > 0 {
                steps.push(Step::Loss(index));
            }
        }
        if chances.ticks > 0 {
            steps.push(Step::Tick);
        }
        if chances.changes > 0 {
            steps.push(Step::Change);
        }
        steps
    }

    fn take(&mut self, step: Step) {
        let before = self.seen;
        match step {
            Step::Caller(index) => self.call(index),
            Step::Cancel(index) => {
                self.chances.cancels -= 1;
                self.callers[index] = Caller::Gone;
            }
            Step::Impatience(index) => {
                self.chances.impatience -= 1;
                let Caller::Waiting(ticket, room) = self.callers[index] else {
                    unreachable!("only who waits is impatient");
                };
                self.machine.lose(ticket);
                self.tell(room, News::Lost);
                self.callers[index] = Caller::Missed;
            }
            Step::Refuse(index) => {
                self.chances.refusals -= 1;
                let Caller::Served(number) = self.callers[index] else {
                    unreachable!("only who was served is refused");
                };
                self.machine.reject(&token(number));
                self.refused.push(number);
                self.callers[index] = Caller::Looking;
            }
            Step::Flight(index) => self.fly(index, true),
            Step::FailedFetch(index) => {
                self.chances.failures -= 1;
                self.fly(index, false);
            }
            Step::Loss(index) => {
                self.chances.losses -= 1;
                let Flight { ticket, room, .. } = self.flights[index];
                self.flights[index].at = Leg::Over;
                self.machine.lose(ticket);
                self.tell(room, News::Lost);
            }
            Step::Tick => {
                self.chances.ticks -= 1;
                self.now = self.now.after(TICK);
            }
            Step::Change => {
                self.chances.changes -= 1;
                self.machine.credential_changed();
            }
        }
        self.seen = self.machine.held().map(|entry| number(&entry.token));
        self.check(before, step);
    }

    fn call(&mut self, index: usize) {
        self.callers[index] = match &self.callers[index] {
            Caller::Looking => self.look(),
            Caller::Missed => self.ask(),
            Caller::Waiting(_, room) => match self.rooms[*room] {
                Some(News::Token(number)) => Caller::Served(number),
                Some(News::Failure) => Caller::Failed,
                Some(News::Lost) | None => Caller::Missed,
            },
            caller => unreachable!("{caller:?} has nothing to do"),
        };
    }

    fn look(&mut self) -> Caller {
        let Some(held) = self.machine.held().filter(|held| held.is_alive(self.now)) else {
            return Caller::Missed;
        };
        let number = number(&held.token);
        assert!(!self.refused.contains(&number), "{self:?}");
        if !held.is_fresh(self.now) && self.now.steady >= self.machine.next_ahead() {
            let room = self.rooms.len();
            if let Some((ticket, room)) = self.machine.ahead(self.now, || room) {
                self.launch(ticket, room);
            }
        }
        Caller::Served(number)
    }

    fn ask(&mut self) -> Caller {
        let room = self.rooms.len();
        match self.machine.ask(self.now, || room) {
            Asked::Ready(token) => {
                let number = number(&token);
                assert!(!self.refused.contains(&number), "{self:?}");
                Caller::Served(number)
            }
            Asked::Join(ticket, room) => Caller::Waiting(ticket, room),
            Asked::Start(ticket, room) => {
                self.launch(ticket, room);
                Caller::Waiting(ticket, room)
            }
            Asked::Failed(_) => Caller::Failed,
        }
    }

    fn launch(&mut self, ticket: Ticket, room: usize) {
        assert_eq!(room, self.rooms.len(), "a flight has a room of its own");
        self.rooms.push(None);
        self.flights.push(Flight {
            ticket,
            room,
            at: Leg::Fetching { last: false },
        });
    }

    fn fly(&mut self, index: usize, succeeds: bool) {
        let Flight { ticket, room, at } = self.flights[index].clone();
        self.flights[index].at = match at {
            Leg::Fetching { last } => {
                self.fetches += 1;
                self.now.steady += 1;
                Leg::Arriving {
                    last,
                    asked: self.now,
                    issued: succeeds.then_some(self.fetches),
                }
            }
            Leg::Arriving {
                last,
                asked,
                issued,
            } => {
                let arrival = Arrival {
                    result: issued
                        .map(token)
                        .ok_or_else(|| Error::transport("the platform is away")),
                    asked,
                    last,
                    share: 0.5,
                    jitter: 0.5,
                    generation: 0,
                    stored: Stored::All,
                };
                match self.machine.land(ticket, self.now, arrival) {
                    Landed::Again => Leg::Fetching { last: true },
                    Landed::Stale => Leg::Telling(News::Lost),
                    Landed::Done(Ok(token)) => {
                        let number = number(&token);
                        self.newest = self.newest.max((number, asked.wall));
                        Leg::Telling(News::Token(number))
                    }
                    Landed::Done(Err(_)) => Leg::Telling(News::Failure),
                }
            }
            Leg::Telling(news) => {
                self.tell(room, news);
                Leg::Over
            }
            Leg::Over => unreachable!("the flight has ended"),
        };
    }

    fn tell(&mut self, room: usize, news: News) {
        self.rooms[room].get_or_insert(news);
    }

    fn check(&self, before: Option<u8>, step: Step) {
        if let Some(seen) = self.seen {
            assert!(
                !self.refused.contains(&seen),
                "{step:?} brought a refused token back: {self:?}"
            );
        }
        if let Some(before) = before {
            assert!(
                self.seen.is_some_and(|seen| seen >= before) || self.refused.contains(&before),
                "{step:?} put a good token away: {self:?}"
            );
        }
        let (newest, asked) = self.newest;
        assert!(
            self.seen == Some(newest)
                || newest == 0
                || self.refused.contains(&newest)
                || self.now.wall >= asked + 2 * TICK,
            "{step:?} lost a token that was issued: {self:?}"
        );
    }

    /// What tells this world from others. Callers are alike, so who is who does not matter, and
    /// what flights did before they ended does not either.
    fn key(&self) -> u64 {
        let mut callers: Vec<String> = self.callers.iter().map(|c| format!("{c:?}")).collect();
        callers.sort_unstable();
        let flights: Vec<&Flight> = self
            .flights
            .iter()
            .filter(|flight| !matches!(flight.at, Leg::Over))
            .collect();
        let mut hasher = DefaultHasher::new();
        format!(
            "{callers:?} {flights:?} {:?} {:?} {:?} {} {:?} {:?} {:?}",
            self.machine,
            self.chances,
            self.now,
            self.fetches,
            self.rooms,
            self.refused,
            self.newest
        )
        .hash(&mut hasher);
        hasher.finish()
    }

    /// How many flights the cache knows of or has to know of: those not given up.
    fn under_way(&self) -> usize {
        self.flights
            .iter()
            .filter(|flight| {
                !matches!(flight.at, Leg::Over | Leg::Telling(_))
                    && self.rooms[flight.room].is_none()
            })
            .count()
    }
}

/// Walks through all orders and returns how many states there are; `check` sees each of them, and
/// whether only accidents can still happen in it.
fn walk(callers: usize, chances: Chances, check: impl Fn(&World, bool)) -> usize {
    let mut seen = HashSet::new();
    let mut open = vec![World::new(callers, chances)];
    while let Some(world) = open.pop() {
        let steps = world.steps();
        assert!(world.under_way() <= 1, "two flights at a time: {world:?}");
        let ended = !steps
            .iter()
            .any(|step| matches!(step, Step::Caller(_) | Step::Flight(_)));
        assert!(
            !ended
                || !world
                    .callers
                    .iter()
                    .any(|caller| matches!(caller, Caller::Waiting(..))),
            "a caller waits for ever: {world:?}"
        );
        check(&world, ended);
        for step in steps {
            let mut next = world.clone();
            next.take(step);
            if seen.insert(next.key()) {
                open.push(next);
            }
            assert!(seen.len() < MOST_STATES, "the world is too large to walk");
        }
    }
    seen.len()
}

fn token(number: u8) -> Token {
    Token::bearer(number.to_string(), LIFETIME).unwrap()
}

fn number(token: &Token) -> u8 {
    token.secret().expose().parse().unwrap()
}

/// A token is fresh, nearly expired after one tick, and expired after two.
const TICK: i64 = 25 * NANOS_PER_SEC;
const LIFETIME: Duration = Duration::from_secs(50);
/// More would take longer than an ordinary test run should.
const MOST_STATES: usize = 100_000;

const CALM: Chances = Chances {
    cancels: 0,
    changes: 0,
    failures: 0,
    impatience: 0,
    losses: 0,
    refusals: 0,
    ticks: 0,
};

#[test]
fn in_every_order_one_fetch_serves_everybody() {
    let states = walk(4, CALM, |world, ended| {
        assert!(world.fetches <= 1, "{world:?}");
        if ended {
            assert_eq!(world.callers, vec![Caller::Served(1); 4]);
        }
    });
    assert!(states > 50, "{states}");
}

#[test]
fn in_every_order_cancelled_callers_neither_stop_nor_repeat_the_fetch() {
    let chances = Chances { cancels: 3, ..CALM };
    walk(4, chances, |world, ended| {
        assert!(world.fetches <= 1, "{world:?}");
        if ended && world.fetches == 1 {
            assert_eq!(world.seen, Some(1), "{world:?}");
            assert!(
                world
                    .callers
                    .iter()
                    .all(|caller| matches!(caller, Caller::Served(1) | Caller::Gone)),
                "{world:?}"
            );
        }
    });
}

#[test]
fn in_every_order_one_failure_is_for_everybody() {
    let chances = Chances {
        failures: 1,
        ..CALM
    };
    walk(4, chances, |world, ended| {
        assert!(world.fetches <= 1, "{world:?}");
        if ended && world.chances.failures == 0 {
            assert_eq!(world.callers, vec![Caller::Failed; 4]);
        }
    });
}

#[test]
fn in_every_order_refused_tokens_stay_away_and_newer_ones_stay() {
    let chances = Chances {
        refusals: 3,
        ticks: 2,
        ..CALM
    };
    walk(3, chances, |world, _| {
        assert!(world.fetches <= 6, "{world:?}")
    });
}

#[test]
fn in_every_order_lost_flights_are_replaced() {
    let chances = Chances {
        losses: 1,
        impatience: 1,
        cancels: 1,
        ..CALM
    };
    walk(3, chances, |world, ended| {
        assert!(world.fetches <= 4, "{world:?}");
        if ended {
            assert!(!world.callers.contains(&Caller::Failed), "{world:?}");
        }
    });
}

#[test]
fn in_every_order_any_three_accidents_leave_nobody_waiting() {
    for kinds in (0_u8..1 << 7).filter(|kinds| kinds.count_ones() == 3) {
        let chance = |kind: u8| kinds >> kind & 1;
        let chances = Chances {
            cancels: chance(0),
            changes: chance(1),
            failures: chance(2),
            impatience: chance(3),
            losses: chance(4),
            refusals: chance(5),
            ticks: chance(6),
        };
        walk(2, chances, |world, _| {
            assert!(world.fetches <= 5, "{world:?}");
        });
    }
}
