//! What one flight does with the store that processes share: a state machine without store, clock,
//! task or network.
//!
//! Whoever runs it does what [`Do`] says and tells what came of it as [`Saw`]. It looks, takes the
//! lease, looks again, confirms the lease right before the fetch, writes, and gives the lease up. A
//! write is refused when another process wrote since the look: then the token fetched is not used,
//! and where it may have voided the other's, that one is marked as suspect. Whatever is written, is
//! written under the lease, so that it spoils no login under way. `fleet_model` walks through all
//! orders in which the errands of several processes, crashes and pauses can meet.

mod times;

use std::time::Duration;

use crate::cached::machine::Reason;
use crate::clock::{Moment, saturating_nanos};
use crate::secret_source;
use crate::store::record::{Kept, Record, Shared, millis};
use crate::store::{Lease, Snapshot, Stored};
use crate::{Action, Error, Result, Secret, Token};

use times::Anchor;

/// What holds for all errands of one cache.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// The store's name.
    pub(super) store: &'static str,
    /// Whether a new token voids the one before.
    pub(super) voids_previous: bool,
    /// Whether this process may log in without the store even then.
    pub(super) logs_in_alone: bool,
    /// How long an errand waits for others, in nanoseconds.
    pub(super) patience: i64,
}

/// What the cache knows and wants.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) reason: Reason,
    /// The digest of the token held, ...
    pub(super) held: Option<u64>,
    /// ... and of those refused since it came.
    pub(super) refused: Vec<u64>,
    /// The greatest generation seen.
    pub(super) known: u64,
    /// What the provider renews if the store does not know better.
    pub(super) last: Option<Token>,
    /// A token that could not be written when it came.
    pub(super) unstored: Option<Unstored>,
    /// What the provider proves itself with now, if the cache knows.
    pub(super) secret: Option<Secret>,
}

/// A token that the store does not have yet.
#[derive(Clone, Debug)]
pub(super) struct Unstored {
    pub(super) token: Token,
    pub(super) asked: Moment,
    /// The generation it comes after.
    pub(super) after: u64,
}

/// What to do next.
#[derive(Clone, Debug)]
pub(super) enum Do {
    /// Ask the provider. Under the lease the fetch ends where the lease does.
    Fetch { last: Option<Token>, leased: bool },
    /// Ask for the lease, or prolong it.
    Lease,
    /// Read the record.
    Read,
    /// Give the lease up; whether that works does not matter.
    Release,
    /// Wait until the generation is no longer `seen`, or may be.
    Wait { seen: u64, at_most: Duration },
    /// Write this if the generation is still the expected one.
    Write { expected: u64, new: Stored },
    /// That is all.
    End(End),
}

/// What came of it.
pub(super) enum Saw {
    /// A fetch began at `asked` and brought this. `platform_ms` is the platform's time then.
    Fetched {
        asked: Moment,
        platform_ms: Option<i64>,
        result: Result<Token>,
    },
    Leased {
        result: Result<Lease>,
        /// Whether the lease that this errand had before had not ended when it asked.
        kept: bool,
    },
    /// The lease was lost during a fetch that may have reached the platform.
    Lost,
    Read {
        sent: Moment,
        result: Result<Snapshot>,
    },
    Released,
    Waited,
    Written(Result<bool>),
}

/// What a flight comes back with.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// Another process had fetched it.
    Adopted {
        token: Token,
        asked: Moment,
        generation: u64,
    },
    /// No token. `shared` is set where the store remembers the failure for everybody.
    Failed { error: Error, shared: bool },
    /// Fetched and written.
    Fetched {
        token: Token,
        asked: Moment,
        generation: u64,
        /// Whether whoever had the lease before did nothing with it.
        took_over: bool,
    },
    /// Fetched, but the store could not be told.
    Unstored(Unstored),
}

/// One errand.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    rules: Rules,
    need: Need,
    started: i64,
    at: At,
    anchor: Option<Anchor>,
    /// What was read last, and its generation.
    record: Record,
    generation: u64,
    /// Whether the lease is, or was, this errand's.
    leased: bool,
    /// The generation seen while somebody else had the lease.
    held_at: Option<u64>,
    /// When a login of this errand had ended that may have voided what others stored: only what was
    /// asked for later is trusted.
    interfered: Option<Moment>,
    waits: u32,
    rounds: u32,
}

#[derive(Clone, Debug)]
enum At {
    /// Writing what could not be written before.
    Settling(Unstored, u64),
    Looking,
    Leasing,
    /// Looking once more, under the lease.
    Checking,
    /// Asking once more for the lease.
    Confirming,
    Fetching,
    /// Fetching without the store, and why.
    Alone,
    Writing(Unstored, u64),
    /// Writing down why the fetch failed.
    Telling(Error),
    /// Marking what stands there as suspect.
    Marking(u64),
    Waiting,
    Releasing(End),
    Over,
}

impl Errand {
    /// An errand and the first thing to do.
    pub(super) fn start(rules: Rules, need: Need, now: Moment) -> (Self, Do) {
        let mut errand = Self {
            rules,
            need,
            started: now.steady,
            at: At::Looking,
            anchor: None,
            record: Record::new(),
            generation: 0,
            leased: false,
            held_at: None,
            interfered: None,
            waits: 0,
            rounds: 0,
        };
        let first = errand.to(At::Looking, Do::Read);
        (errand, first)
    }

    /// Takes in what came of the last thing done, and tells the next.
    pub(super) fn step(&mut self, saw: Saw, now: Moment) -> Do {
        match (std::mem::replace(&mut self.at, At::Over), saw) {
            (at, Saw::Read { sent, result }) => self.read(at, sent, result, now),
            (at, Saw::Leased { result, kept }) => self.leased(at, result, kept, now),
            (at, Saw::Written(result)) => self.written(at, result, now),
            (
                at,
                Saw::Fetched {
                    asked,
                    platform_ms,
                    result,
                },
            ) => self.fetched(&at, asked, platform_ms, result, now),
            (_, Saw::Lost) => self.interfered(now),
            (_, Saw::Waited) if now.steady.saturating_sub(self.started) > self.rules.patience => {
                if let Some(unstored) = self.unstored(now) {
                    return self.end(End::Unstored(unstored));
                }
                let error = Error::credentials(
                    "another process has the lease on the token and has brought none so far",
                );
                self.fail(error.advise(Action::Backoff), false)
            }
            (_, Saw::Waited) => self.to(At::Looking, Do::Read),
            (At::Releasing(end), Saw::Released) => Do::End(end),
            (_, Saw::Released) => self.to(At::Looking, Do::Read),
        }
    }

    /// Whether it is about to write a token that only it knows of.
    #[cfg(test)]
    pub(super) fn writes_token(&self) -> bool {
        matches!(self.at, At::Writing(..) | At::Settling(..))
    }

    fn read(&mut self, at: At, sent: Moment, result: Result<Snapshot>, now: Moment) -> Do {
        let known = result.and_then(|snapshot| {
            self.anchor = Some(Anchor::new(snapshot.now, sent, now));
            self.generation = snapshot.stored.as_ref().map_or(0, Stored::generation);
            self.record = match &snapshot.stored {
                Some(stored) => Record::parse(stored.record())?,
                None => Record::new(),
            };
            Ok(())
        });
        if let Err(error) = known {
            return self.without_store(error, now);
        }
        let leased = matches!(at, At::Checking);
        match self.unstored(now) {
            // The store could not be told of this token when it came: now it can, unless there is
            // another one.
            Some(unstored) if self.generation <= unstored.after => match (leased, self.anchor) {
                (true, Some(anchor)) => self.write(unstored, anchor, At::Settling),
                _ => {
                    self.need.unstored = Some(unstored);
                    self.to(At::Leasing, Do::Lease)
                }
            },
            _ => self.look(leased, now),
        }
    }

    /// Decides by what stands in the store.
    fn look(&mut self, leased: bool, now: Moment) -> Do {
        match self.adoptable(now) {
            Some(end) if !self.may_have_voided() => return self.end(end),
            Some(_) if leased => return self.mark(),
            Some(_) => return self.to(At::Leasing, Do::Lease),
            None => {}
        }
        match (self.shared_trouble(now), leased) {
            (Some(error), _) => self.fail(error, true),
            (None, false) => self.to(At::Leasing, Do::Lease),
            (None, true) => self.to(At::Confirming, Do::Lease),
        }
    }

    fn leased(&mut self, at: At, result: Result<Lease>, kept: bool, now: Moment) -> Do {
        match (at, result) {
            (_, Err(error)) => self.without_store(error, now),
            // The seeded mistake that the walk has to find.
            (_, Ok(Lease::Held { left })) if !cfg!(seeded = "lease") => {
                self.leased = false;
                self.held_at = Some(self.generation);
                let step = FIRST_WAIT * 2_u32.saturating_pow(self.waits);
                self.waits = (self.waits + 1).min(LONGEST_DOUBLING);
                let at_most = step.min(LONGEST_WAIT).min(left.max(FIRST_WAIT));
                let seen = self.generation;
                self.to(At::Waiting, Do::Wait { seen, at_most })
            }
            // Where it had ended, another one may have had it, logged in and given it up. The other
            // seeded mistake.
            (At::Confirming, Ok(_)) if kept || cfg!(seeded = "lapse") => {
                self.leased = true;
                let last = self.last();
                self.to(At::Fetching, Do::Fetch { last, leased: true })
            }
            (_, Ok(_)) => {
                self.leased = true;
                self.to(At::Checking, Do::Read)
            }
        }
    }

    fn fetched(
        &mut self,
        at: &At,
        asked: Moment,
        platform_ms: Option<i64>,
        result: Result<Token>,
        now: Moment,
    ) -> Do {
        let alone = matches!(at, At::Alone);
        let after = if alone {
            self.need.known
        } else {
            self.generation
        };
        let token = match result {
            Ok(token) => token,
            Err(error) if alone => return self.fail(error, false),
            Err(error) => return self.tell(error, now),
        };
        let unstored = Unstored {
            token,
            asked,
            after,
        };
        match self.anchor {
            Some(anchor) if !alone => {
                self.record = Record::new();
                self.record.platform_ahead_ms =
                    platform_ms.map(|platform| platform - anchor.earliest(asked));
                self.write(unstored, anchor, At::Writing)
            }
            _ => Do::End(End::Unstored(unstored)),
        }
    }

    /// Writes a token over the generation read.
    fn write(
        &mut self,
        unstored: Unstored,
        anchor: Anchor,
        at: impl FnOnce(Unstored, u64) -> At,
    ) -> Do {
        let expires = anchor.earliest(unstored.asked) + millis(unstored.token.lifetime());
        self.record.token = Some(Kept::new(&unstored.token, expires));
        self.record.suspect = false;
        self.record.trouble = None;
        let generation = self.next_generation();
        let write = self.write_record(generation);
        self.to(at(unstored, generation), write)
    }

    fn written(&mut self, at: At, result: Result<bool>, now: Moment) -> Do {
        match (at, result) {
            (At::Writing(Unstored { token, asked, .. }, generation), Ok(true)) => {
                let end = End::Fetched {
                    token,
                    asked,
                    generation,
                    took_over: self.held_at == Some(self.generation),
                };
                self.end(end)
            }
            (At::Settling(Unstored { token, asked, .. }, generation), Ok(true)) => {
                self.end(End::Adopted {
                    token,
                    asked,
                    generation,
                })
            }
            (At::Writing(..), Ok(false)) => self.interfered(now),
            (At::Writing(unstored, _) | At::Settling(unstored, _), Err(_)) => {
                Do::End(End::Unstored(unstored))
            }
            (At::Telling(error), result) => {
                let shared = matches!(result, Ok(true));
                self.fail(error, shared)
            }
            (At::Marking(generation), Ok(true)) => {
                self.generation = generation;
                self.to(At::Confirming, Do::Lease)
            }
            (_, Err(error)) => self.without_store(error, now),
            // Somebody else has written: look again.
            (_, Ok(_)) => self.to(At::Looking, Do::Read),
        }
    }

    /// The token that is not stored yet, if it need not be replaced. It is given once.
    fn unstored(&mut self, now: Moment) -> Option<Unstored> {
        let unstored = self.need.unstored.take()?;
        let remaining = times::remaining(&unstored.token, unstored.asked, now);
        let lifetime = saturating_nanos(unstored.token.lifetime());
        let refused = self.need.refused.contains(&unstored.token.digest());
        (!refused && remaining > lifetime / LAST_PART).then_some(unstored)
    }

    /// Writes down why the fetch failed, so that not every process finds out by itself.
    fn tell(&mut self, error: Error, now: Moment) -> Do {
        let Some(anchor) = self.anchor else {
            return self.fail(error, false);
        };
        let now = anchor.latest(now);
        let mark = self.need.secret.as_ref().map(secret_source::mark);
        let mut trouble = Shared::new(&error, mark);
        if let Some(before) = self.record.trouble.take() {
            trouble.follow(before, now);
        }
        let wait = times::shared_wait(&error, &mut trouble);
        trouble.until_ms = now.saturating_add(wait);
        self.record.trouble = Some(trouble);
        let write = self.write_record(self.next_generation());
        self.to(At::Telling(error), write)
    }

    /// Another process wrote, or may have fetched, while this one did. The token of this one is not
    /// used; it may have voided the other's.
    fn interfered(&mut self, now: Moment) -> Do {
        self.rounds += 1;
        if self.rounds > MOST_ROUNDS {
            let error = Error::credentials("other processes fetched tokens at the same time");
            return self.fail(error.advise(Action::Backoff), false);
        }
        if self.rules.voids_previous {
            self.interfered = Some(now);
        }
        self.to(At::Looking, Do::Read)
    }

    /// Whether a login of this errand may have voided the token read: unless that was asked for
    /// after the login had ended.
    fn may_have_voided(&self) -> bool {
        let (Some(ended), Some(kept), Some(anchor)) =
            (self.interfered, &self.record.token, self.anchor)
        else {
            return false;
        };
        kept.asked() <= anchor.latest(ended)
    }

    /// Tells others not to trust the token read. Under the lease, so that nobody is about to write
    /// another one; this errand replaces it next.
    fn mark(&mut self) -> Do {
        self.record.suspect = true;
        let generation = self.next_generation();
        let write = self.write_record(generation);
        self.to(At::Marking(generation), write)
    }

    /// Goes on without the store, where that voids nobody's token.
    fn without_store(&mut self, error: Error, now: Moment) -> Do {
        // It ends by itself; the store cannot be told.
        self.leased = false;
        if let Some(unstored) = self.unstored(now) {
            return Do::End(End::Unstored(unstored));
        }
        if self.rules.voids_previous && !self.rules.logs_in_alone {
            let told = Error::credentials(format!(
                "the token store `{}` cannot be used, and without it a login would void the token \
                 of other processes",
                self.rules.store
            ));
            return self.fail(told.advise(Action::Backoff).because(error), false);
        }
        // Why, a warning has said before.
        tracing::info!(
            store = self.rules.store,
            %error,
            "fetching a token without the store"
        );
        let last = self.need.last.clone();
        self.to(
            At::Alone,
            Do::Fetch {
                last,
                leased: false,
            },
        )
    }

    fn adoptable(&self, now: Moment) -> Option<End> {
        let kept = self
            .record
            .token
            .as_ref()
            .filter(|_| !self.record.suspect)?;
        let left = kept.left(self.anchor?.latest(now));
        if left <= times::margin_ms(kept.lifetime_ms()) {
            return None;
        }
        let token = kept.token().ok()?;
        let digest = Some(token.digest());
        let renewing = self.need.reason == Reason::Ahead && self.need.held == digest;
        if renewing || self.need.refused.contains(&token.digest()) {
            return None;
        }
        Some(End::Adopted {
            asked: times::asked(kept.lifetime_ms() - left, now),
            generation: self.generation,
            token,
        })
    }

    /// The failure that another process met, as long as trying again is pointless.
    fn shared_trouble(&self, now: Moment) -> Option<Error> {
        let trouble = self.record.trouble.as_ref()?;
        let heeded = trouble.heeded(self.need.secret.as_ref(), self.anchor?.latest(now));
        heeded.map(Shared::error)
    }

    /// The token that the provider renews: the store's, which may carry a newer refresh token.
    fn last(&self) -> Option<Token> {
        let stored = self
            .record
            .token
            .as_ref()
            .and_then(|kept| kept.token().ok());
        stored.or_else(|| self.need.last.clone())
    }

    /// Greater than all seen, also after the store has lost what it had.
    fn next_generation(&self) -> u64 {
        let least = match (self.generation, self.anchor) {
            (0, Some(anchor)) => anchor.seconds(),
            _ => 0,
        };
        self.generation.max(self.need.known).max(least) + 1
    }

    fn write_record(&self, generation: u64) -> Do {
        Do::Write {
            expected: self.generation,
            new: Stored::new(generation, self.record.bytes().to_vec()),
        }
    }

    fn fail(&mut self, error: Error, shared: bool) -> Do {
        self.end(End::Failed { error, shared })
    }

    fn end(&mut self, end: End) -> Do {
        match self.leased {
            true => self.to(At::Releasing(end), Do::Release),
            false => Do::End(end),
        }
    }

    fn to(&mut self, at: At, next: Do) -> Do {
        self.at = at;
        next
    }
}

/// The first wait for another process, doubled up to ...
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// ... this.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// After so many waits they grow no more.
const LONGEST_DOUBLING: u32 = 5;
/// So often may others interfere with one errand.
const MOST_ROUNDS: u32 = 4;
/// A token that is not stored yet is replaced in this last part of its life.
const LAST_PART: i64 = 8;
