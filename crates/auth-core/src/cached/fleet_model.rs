//! Walks through every order in which the errands of several processes, crashes, pauses and an
//! absent store can meet.
//!
//! Each process has the real machine and the real errand, the store is the real slot, and the
//! platform is one whose logins void the token before. A world takes one step of one process at a
//! time; a process that is not stepped is one that is paused. A step is one operation of the store,
//! with its answer; a fetch has three: the look at the lease, the login, the answer.

mod process;

use std::collections::{BTreeSet, HashSet};
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime};

use crate::cached::errand::{Do, End, Rules, Saw};
use crate::clock::{Moment, NANOS_PER_MILLI, NANOS_PER_SEC};
use crate::store::slot::Slot;
use crate::store::{Lease, Snapshot, Stored};
use crate::{Error, Token};

use process::{Caller, Leg, Process};

/// What may go wrong in a walk, and how often.
#[derive(Clone, Copy, Debug, Default)]
struct Chances {
    /// The store goes away, or comes back.
    away: u8,
    /// A process is killed and starts anew.
    crashes: u8,
    /// The platform refuses to issue a token.
    failures: u8,
    /// Time passes: leases end, and a token moves from fresh to nearly expired to expired.
    ticks: u8,
}

#[derive(Clone, Debug)]
struct World {
    chances: Chances,
    now: Moment,
    processes: Vec<Process>,
    slot: Slot,
    away: bool,
    /// Logins so far; the number of the token that is valid, too.
    logins: u8,
    /// The generations written, and the tokens in them.
    written: Vec<(u64, Option<u8>)>,
    /// Tokens that could not be stored when they came: their processes use them alone.
    unstored: BTreeSet<u8>,
    /// Logins whose tokens nobody may use, each for a crash, a pause or an absent store.
    lost: u8,
    /// As many as accidents can be the reason for: what was sent, or about to be, at one of them.
    excused: u8,
    accidents: u8,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Act(usize),
    Refuse(usize),
    Fail(usize),
    Crash(usize),
    Tick,
    Away,
}

/// What a walk found.
struct Found {
    states: usize,
    flaw: Option<String>,
}

impl World {
    fn new(processes: usize, chances: Chances) -> Self {
        Self {
            chances,
            now: Moment {
                steady: 0,
                wall: START,
            },
            processes: vec![Process::new(); processes],
            slot: Slot::default(),
            away: false,
            logins: 0,
            written: Vec::new(),
            unstored: BTreeSet::new(),
            lost: 0,
            excused: 0,
            accidents: 0,
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, process) in self.processes.iter().enumerate() {
            match (&process.flight, &process.caller) {
                (Some(flight), _) => {
                    if self.is_blocked(flight) {
                        continue;
                    }
                    steps.push(Step::Act(index));
                    if self.chances.failures > 0 && matches!(flight.at, Leg::Checked { .. }) {
                        steps.push(Step::Fail(index));
                    }
                }
                (None, Caller::Looking) => steps.push(Step::Act(index)),
                (None, Caller::Served(number)) if *number != self.logins => {
                    steps.push(Step::Refuse(index));
                }
                _ => {}
            }
        }
        if self.chances.crashes > 0 {
            let busy = |(_, process): &(usize, &Process)| process.flight.is_some();
            let crashes = self.processes.iter().enumerate().filter(busy);
            steps.extend(crashes.map(|(index, _)| Step::Crash(index)));
        }
        if self.chances.ticks > 0 {
            steps.push(Step::Tick);
        }
        if self.chances.away > 0 {
            steps.push(Step::Away);
        }
        steps
    }

    /// Whether a flight waits for what has not come: looking again would show the same.
    fn is_blocked(&self, flight: &process::Flight) -> bool {
        let Leg::Next(Do::Wait { seen, .. }) = flight.at else {
            return false;
        };
        !self.away && self.slot.generation() == seen && self.is_leased()
    }

    fn is_leased(&self) -> bool {
        let now = i64::try_from(self.millis()).unwrap_or(i64::MAX);
        let mut slot = self.slot.clone();
        slot.lease(now, "nobody", LEASE) != Lease::Granted
    }

    /// Takes a step, or says which promise it broke.
    fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Act(index) => self.act(index, true)?,
            Step::Fail(index) => {
                self.chances.failures -= 1;
                self.act(index, false)?;
            }
            Step::Refuse(index) => {
                let Caller::Served(number) = self.processes[index].caller else {
                    return Err("only who was served is refused".to_owned());
                };
                self.processes[index].machine.reject(&token(number));
                self.processes[index].caller = Caller::Looking;
            }
            Step::Crash(index) => {
                self.chances.crashes -= 1;
                self.accidents += 1;
                if let Some(flight) = &self.processes[index].flight
                    && flight.has_token()
                {
                    self.lost += 1;
                    self.excused += 1;
                }
                self.processes[index] = Process::new();
            }
            Step::Tick => {
                self.chances.ticks -= 1;
                self.accident();
                self.now = self.now.after(TICK);
                for process in &mut self.processes {
                    // A token that has run out is asked for again.
                    if process.flight.is_none() && process.caller != Caller::Looking {
                        process.caller = Caller::Looking;
                    }
                }
            }
            Step::Away => {
                self.chances.away -= 1;
                self.accident();
                self.away = !self.away;
            }
        }
        self.check().map_err(|flaw| format!("{step:?}: {flaw}"))
    }

    /// Something that spoils the logins that are under way, and no other.
    fn accident(&mut self) {
        self.accidents += 1;
        let flights = self.processes.iter().filter_map(|it| it.flight.as_ref());
        let sending = flights.filter(|flight| flight.is_sending()).count();
        self.excused += u8::try_from(sending).unwrap_or(u8::MAX);
    }

    fn act(&mut self, index: usize, succeeds: bool) -> Result<(), String> {
        let now = self.now;
        let Some(flight) = &self.processes[index].flight else {
            self.processes[index].look(now, &rules());
            return Ok(());
        };
        let saw = match flight.at.clone() {
            Leg::Next(next) => match next {
                Do::Read => Saw::Read {
                    sent: now,
                    result: self.ask(|world| Snapshot {
                        stored: world.slot.stored.clone(),
                        now: SystemTime::UNIX_EPOCH + Duration::from_millis(world.millis()),
                    }),
                },
                Do::Lease => Saw::Leased {
                    kept: now.steady < self.processes[index].lease_end,
                    result: self.lease(index),
                },
                Do::Fetch { leased, .. } => {
                    // No login goes out later than the lease: it looks again.
                    if leased && now.steady >= self.processes[index].lease_end {
                        return self.land_step(index, Saw::Waited);
                    }
                    self.processes[index].to(Leg::Checked { leased });
                    return Ok(());
                }
                Do::Write { expected, new } => {
                    let before = self.slot.generation();
                    let number = record_token(&new);
                    let result = self.ask(|world| world.slot.compare_and_set(expected, &new));
                    if matches!(result, Ok(true)) {
                        if self.slot.generation() <= before {
                            return Err("a generation was written over a newer one".to_owned());
                        }
                        self.written.push((self.slot.generation(), number));
                    }
                    Saw::Written(result)
                }
                Do::Release => {
                    let holder = holder(index);
                    let _ = self.ask(|world| world.slot.release(&holder));
                    Saw::Released
                }
                // A wait may end at any time; this one ends now.
                Do::Wait { .. } => Saw::Waited,
                Do::End(end) => {
                    if let End::Unstored(unstored) = &end {
                        self.unstored.insert(number(&unstored.token));
                    }
                    self.processes[index].land(end, now, &rules());
                    return Ok(());
                }
            },
            Leg::Checked { leased } => {
                let number = succeeds.then(|| {
                    self.logins += 1;
                    self.logins
                });
                let asked = now;
                self.processes[index].to(Leg::Sent {
                    leased,
                    number,
                    asked,
                });
                return Ok(());
            }
            Leg::Sent {
                leased,
                number,
                asked,
            } => {
                if leased && now.steady >= self.processes[index].lease_end {
                    match self.lease(index) {
                        Ok(Lease::Granted) => {}
                        _ => {
                            self.lost += u8::from(number.is_some());
                            return self.land_step(index, Saw::Lost);
                        }
                    }
                }
                Saw::Fetched {
                    asked,
                    platform_ms: None,
                    result: number
                        .map(token)
                        .ok_or_else(|| Error::transport("the platform is away")),
                }
            }
        };
        let refused = matches!(
            (&saw, &self.processes[index].flight),
            (Saw::Written(Ok(false)), Some(flight)) if flight.writes_token()
        );
        self.lost += u8::from(refused);
        self.land_step(index, saw)
    }

    fn land_step(&mut self, index: usize, saw: Saw) -> Result<(), String> {
        let now = self.now;
        self.processes[index].step(saw, now);
        Ok(())
    }

    fn lease(&mut self, index: usize) -> crate::Result<Lease> {
        let (holder, millis) = (holder(index), self.millis());
        let millis = i64::try_from(millis).unwrap_or(i64::MAX);
        self.processes[index].lease_end = self.now.after(LEASE_NANOS).steady;
        self.ask(|world| world.slot.lease(millis, &holder, LEASE))
    }

    fn ask<T>(&mut self, operation: impl FnOnce(&mut Self) -> T) -> crate::Result<T> {
        match self.away {
            true => Err(Error::transport("the store is away")),
            false => Ok(operation(self)),
        }
    }

    fn millis(&self) -> u64 {
        self.now.wall.unsigned_abs() / NANOS_PER_MILLI.unsigned_abs()
    }

    fn check(&self) -> Result<(), String> {
        let under_way = self.processes.iter().filter(|process| {
            process
                .flight
                .as_ref()
                .is_some_and(process::Flight::has_token)
        });
        let mut known = self.unstored.clone();
        known.extend(self.written.iter().filter_map(|(_, number)| *number));
        let accounted = known.len() + usize::from(self.lost) + under_way.count();
        if usize::from(self.logins) > accounted {
            return Err(format!("a login nobody knows of: {self:?}"));
        }
        if self.lost > self.excused {
            return Err(format!("a login was for nothing: {self:?}"));
        }
        for process in &self.processes {
            if let Some(held) = process.machine.held() {
                let number = number(&held.token);
                if !known.contains(&number) {
                    return Err(format!("a token is in use that was not stored: {self:?}"));
                }
            }
        }
        Ok(())
    }

    /// What has to be so once nothing but accidents can happen any more.
    fn check_end(&self) -> Result<(), String> {
        for process in &self.processes {
            match process.caller {
                Caller::Served(number) if number == self.logins => {}
                // The lease of a dead process ends; only no time is left for it in this walk.
                _ if process.flight.is_some() && self.accidents > 0 && self.is_leased() => {}
                Caller::Failed if self.accidents > 0 || self.chances.failures < FAILURES => {}
                _ => return Err(format!("somebody has no valid token: {self:?}")),
            }
        }
        Ok(())
    }

    /// What tells this world from others. Processes are alike, so who is who does not matter.
    fn key(&self) -> u64 {
        let holder_of = |index| {
            self.slot
                .lease
                .as_ref()
                .is_some_and(|held| held.holder == holder(index))
        };
        let processes = self.processes.iter().enumerate();
        let mut processes: Vec<u64> = processes
            .map(|(index, process)| hash(format_args!("{process:?} {}", holder_of(index))))
            .collect();
        processes.sort_unstable();
        let stored = self.slot.stored.as_ref().map(Stored::record);
        let lease = self.slot.lease.as_ref().map(|held| held.from);
        hash(format_args!(
            "{processes:?} {stored:?} {lease:?} {:?} {:?} {} {} {:?} {:?} {} {:?}",
            self.chances,
            self.now,
            self.away,
            self.logins,
            self.written,
            self.unstored,
            self.lost,
            (self.excused, self.accidents)
        ))
    }
}

/// Hashes what is printed, without keeping it.
struct Printed(DefaultHasher);

impl fmt::Write for Printed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.hash(&mut self.0);
        Ok(())
    }
}

fn hash(printed: fmt::Arguments<'_>) -> u64 {
    let mut hasher = Printed(DefaultHasher::new());
    let _ = hasher.write_fmt(printed);
    hasher.0.finish()
}

/// Walks through all orders until a promise is broken.
fn walk(processes: usize, chances: Chances) -> Found {
    let mut seen = HashSet::new();
    let mut open = vec![World::new(processes, chances)];
    let found = |states, flaw| Found { states, flaw };
    while let Some(world) = open.pop() {
        let steps = world.steps();
        let ended = !steps
            .iter()
            .any(|step| matches!(step, Step::Act(_) | Step::Refuse(_)));
        if let Err(flaw) = if ended { world.check_end() } else { Ok(()) } {
            return found(seen.len(), Some(flaw));
        }
        for step in steps {
            let mut next = world.clone();
            if let Err(flaw) = next.take(step) {
                return found(seen.len(), Some(flaw));
            }
            if next.logins >= MOST_LOGINS {
                return found(seen.len(), Some(format!("they log in for ever: {next:?}")));
            }
            if seen.insert(next.key()) {
                open.push(next);
            }
            assert!(seen.len() < MOST_STATES, "the world is too large to walk");
        }
    }
    found(seen.len(), None)
}

/// Walks, and expects what this build should find: nothing, or the mistake that was seeded.
#[expect(
    clippy::print_stdout,
    reason = "how far a walk went is what it is worth"
)]
fn expect(processes: usize, chances: Chances, finds: &[&str]) {
    let found = walk(processes, chances);
    println!(
        "{processes} processes, {chances:?}: {} states",
        found.states
    );
    match (SEEDED, found.flaw) {
        (None, Some(flaw)) => panic!("{flaw}"),
        (Some(seeded), None) if finds.contains(&seeded) => {
            panic!("the seeded mistake `{seeded}` was not found")
        }
        (_, _) => {}
    }
}

fn rules() -> Rules {
    Rules {
        store: "slot",
        voids_previous: true,
        logs_in_alone: false,
        patience: i64::MAX,
    }
}

fn holder(index: usize) -> String {
    format!("process {index}")
}

fn token(number: u8) -> Token {
    Token::bearer(number.to_string(), LIFETIME).expect("a token of digits")
}

fn number(token: &Token) -> u8 {
    token.secret().expose().parse().expect("a token of digits")
}

/// The number of the token in a record that is not suspect.
fn record_token(stored: &Stored) -> Option<u8> {
    let record: serde_json::Value = serde_json::from_slice(stored.record()).ok()?;
    record["token"]["value"].as_str()?.parse().ok()
}

const SEEDED: Option<&str> = if cfg!(seeded = "generation") {
    Some("generation")
} else if cfg!(seeded = "lapse") {
    Some("lapse")
} else if cfg!(seeded = "lease") {
    Some("lease")
} else {
    None
};
/// A token is fresh, nearly expired after one tick, and expired after two; a lease is over after one.
const TICK: i64 = 25 * NANOS_PER_SEC;
const LIFETIME: Duration = Duration::from_secs(50);
const LEASE: Duration = Duration::from_secs(5);
const LEASE_NANOS: i64 = 5 * NANOS_PER_SEC;
const START: i64 = 1_000 * NANOS_PER_SEC;
const MOST_LOGINS: u8 = 12;
const FAILURES: u8 = 1;
/// More would take longer than an ordinary test run should.
const MOST_STATES: usize = 100_000;

const CALM: Chances = Chances {
    away: 0,
    crashes: 0,
    failures: 0,
    ticks: 0,
};

#[test]
fn in_every_order_one_login_serves_all_processes() {
    expect(3, CALM, &["lease"]);
}

#[test]
fn in_every_order_a_failure_is_repaired() {
    let chances = Chances {
        failures: FAILURES,
        ..CALM
    };
    expect(2, chances, &["lease"]);
}

#[test]
fn in_every_order_a_crash_is_repaired_and_exactly_one_takes_over() {
    let chances = Chances {
        crashes: 1,
        ticks: 1,
        ..CALM
    };
    expect(2, chances, &["generation", "lapse"]);
}

#[test]
fn in_every_order_a_process_paused_past_its_lease_does_no_harm() {
    let chances = Chances { ticks: 1, ..CALM };
    expect(2, chances, &["generation", "lapse"]);
}

#[test]
fn in_every_order_an_absent_store_voids_nobodys_token() {
    let chances = Chances {
        away: 2,
        ticks: 1,
        ..CALM
    };
    expect(2, chances, &[]);
}
