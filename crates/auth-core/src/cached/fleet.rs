//! Runs the errands of a cache to its store: does what each step asks for, and watches the lease.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tokio::time::{sleep, timeout};

use crate::cached::errand::{Do, End, Errand, Need, Rules, Saw, Unstored};
use crate::cached::journal;
use crate::clock::{Mark, saturating_nanos};
use crate::store::record::{Record, millis};
use crate::store::{Lease, Snapshot, StoreKey, Stored, TokenStore};
use crate::{Clock, Error, Result, Token};

/// A cache's part in a fleet.
pub(super) struct Fleet {
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) key: StoreKey,
    pub(super) rules: Rules,
    /// How long a lease lasts unless it is prolonged.
    pub(super) lease: Duration,
    /// What this cache is called among those that ask for the lease.
    pub(super) holder: String,
    pub(super) clock: Clock,
    pub(super) unstored: Mutex<Option<Unstored>>,
    /// Whether the store failed in this errand, or in the one before.
    pub(super) failing: Failing,
    pub(super) awaits: Awaits,
}

/// What the errand under way has waited for so far, so that whoever gives up can say it.
#[derive(Default)]
pub(super) struct Awaits(Mutex<Waits>);

#[derive(Clone, Copy, Default)]
struct Waits {
    what: What,
    since: i64,
    /// How long it was each, in nanoseconds.
    spent: [i64; 3],
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum What {
    Holder,
    Platform,
    #[default]
    Store,
}

/// What is remembered of the store's failures, so that a lasting one is a single warning.
#[derive(Debug, Default)]
pub(super) struct Failing {
    before: AtomicBool,
    now: AtomicBool,
}

/// What the provider brought, and when it was asked.
pub(super) type Fetched = (Mark, Result<Token>);

/// How a fetch under a lease ended.
enum Guarded {
    Fetched(Fetched),
    /// The lease ended before anything was sent.
    Lapsed,
    Lost,
}

impl Fleet {
    /// Gets a token: the store's, or one from `fetch`, by the rules of the fleet.
    pub(super) async fn run<F>(&self, mut need: Need, fetch: impl Fn(Option<Token>) -> F) -> End
    where
        F: Future<Output = Fetched> + Send,
    {
        need.unstored = self
            .unstored
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let now = || self.clock.moment();
        self.awaits.begin(now().steady);
        let mut waited = 0;
        let (mut lease_end, mut seen) = (i64::MIN, 0);
        let (mut errand, mut next) = Errand::start(self.rules.clone(), need, now());
        loop {
            self.awaits.note(&next, now().steady);
            let saw = match next {
                Do::End(end) => {
                    journal::errand_ended(&end, &self.key, waited);
                    let failed = self.failing.now.swap(false, Ordering::Relaxed);
                    self.failing.before.store(failed, Ordering::Relaxed);
                    if let End::Unstored(unstored) = &end {
                        let mut kept = self.unstored.lock().unwrap_or_else(PoisonError::into_inner);
                        *kept = Some(unstored.clone());
                    }
                    return end;
                }
                Do::Read => {
                    let saw = self.read().await;
                    if let Saw::Read { result: Ok(it), .. } = &saw {
                        seen = generation(it);
                    }
                    saw
                }
                Do::Lease => {
                    let asked = now().steady;
                    let kept = asked < lease_end;
                    lease_end = asked.saturating_add(saturating_nanos(self.lease));
                    Saw::Leased {
                        result: self.take_lease().await,
                        kept,
                    }
                }
                Do::Fetch { last, leased } => {
                    let fetch = fetch(last);
                    let guarded = match leased {
                        true => self.guarded(fetch, lease_end, seen).await,
                        false => Guarded::Fetched(fetch.await),
                    };
                    match guarded {
                        Guarded::Fetched((mark, result)) => Saw::Fetched {
                            asked: self.clock.corrected(mark),
                            platform_ms: self.clock.platform_millis(mark),
                            result,
                        },
                        Guarded::Lapsed => Saw::Waited,
                        Guarded::Lost => Saw::Lost,
                    }
                }
                Do::Write { expected, new } => {
                    let write = self.store.compare_and_set(&self.key, expected, &new);
                    let result = self.ask(write).await;
                    if let Ok(true) = result {
                        seen = new.generation();
                    }
                    Saw::Written(result)
                }
                Do::Release => {
                    let _ = self.ask(self.store.release(&self.key, &self.holder)).await;
                    Saw::Released
                }
                Do::Wait { seen, at_most } => {
                    let mark = self.clock.mark();
                    // Spread, so that those who wait do not all come at once.
                    let at_most = at_most.mul_f64(0.75 + fastrand::f64() / 4.0);
                    self.store.changed(&self.key, seen, at_most).await;
                    waited += saturating_nanos(self.clock.elapsed(mark));
                    Saw::Waited
                }
            };
            next = errand.step(saw, now());
        }
    }

    /// What the errand under way has waited for most of the time.
    pub(super) fn awaited(&self) -> String {
        match self.awaits.longest(self.clock.moment().steady) {
            What::Holder => "another process, which has the lease on the token".to_owned(),
            What::Platform => PLATFORM_AWAITED.to_owned(),
            What::Store => format!("the token store `{}`", self.rules.store),
        }
    }

    async fn read(&self) -> Saw {
        let mark = self.clock.mark();
        let sent = self.clock.corrected(mark);
        let result = self.ask(self.store.read(&self.key)).await;
        if let Ok(snapshot) = &result
            && let Some(stored) = &snapshot.stored
            && let Ok(record) = Record::parse(stored.record())
            && let Some(ahead) = record.platform_ahead_ms
        {
            let store = snapshot.now.duration_since(SystemTime::UNIX_EPOCH);
            let store = store.map_or(0, millis);
            self.clock.learn(mark, store.saturating_add(ahead));
        }
        Saw::Read { sent, result }
    }

    /// Whether this generation still stands in the store.
    async fn is_at(&self, seen: u64) -> bool {
        let result = self.ask(self.store.read(&self.key)).await;
        result.is_ok_and(|snapshot| generation(&snapshot) == seen)
    }

    async fn take_lease(&self) -> Result<Lease> {
        self.ask(self.store.lease(&self.key, &self.holder, self.lease))
            .await
    }

    /// Waits for the store, but not for ever, and counts its failures.
    async fn ask<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        let result = match timeout(PATIENCE, operation).await {
            Ok(result) => result,
            Err(_) => Err(Error::transport(format!(
                "the token store `{}` did not answer within {} s",
                self.rules.store,
                PATIENCE.as_secs()
            ))),
        };
        if let Err(error) = &result {
            let failed_before = self.failing.now.swap(true, Ordering::Relaxed)
                || self.failing.before.load(Ordering::Relaxed);
            journal::store_failed(self.rules.store, error, failed_before);
        }
        result
    }

    /// Fetches as long as the lease is this cache's, and prolongs it meanwhile.
    ///
    /// What the provider does, it does inside a poll, and no poll begins after the end of the lease
    /// without the lease having been confirmed, and with it that nobody wrote over the generation
    /// `seen` meanwhile: so a process that was stopped and goes on sends nothing that another one has
    /// sent in the meantime.
    async fn guarded(
        &self,
        fetch: impl Future<Output = Fetched>,
        mut end: i64,
        seen: u64,
    ) -> Guarded {
        enum Turn {
            Fetched(Fetched),
            Prolong,
        }
        let mut fetch = pin!(fetch);
        let mut begun = false;
        loop {
            let mut timer = pin!(sleep(self.lease / PROLONGED));
            let turn = poll_fn(|context| {
                if self.clock.moment().steady >= end {
                    return Poll::Ready(Turn::Prolong);
                }
                begun = true;
                if let Poll::Ready(fetched) = fetch.as_mut().poll(context) {
                    return Poll::Ready(Turn::Fetched(fetched));
                }
                timer.as_mut().poll(context).map(|()| Turn::Prolong)
            });
            if let Turn::Fetched(fetched) = turn.await {
                return Guarded::Fetched(fetched);
            }
            if !begun {
                return Guarded::Lapsed;
            }
            let asked = self.clock.moment().steady;
            match self.take_lease().await {
                // It was free: another one may have had it, logged in and given it up.
                Ok(Lease::Granted) if asked >= end && !self.is_at(seen).await => {
                    return Guarded::Lost;
                }
                Ok(Lease::Granted) => end = asked.saturating_add(saturating_nanos(self.lease)),
                Ok(Lease::Held { .. }) => return Guarded::Lost,
                Err(_) if self.clock.moment().steady >= end => return Guarded::Lost,
                Err(_) => {}
            }
        }
    }
}

fn generation(snapshot: &Snapshot) -> u64 {
    snapshot.stored.as_ref().map_or(0, Stored::generation)
}

impl Awaits {
    fn begin(&self, now: i64) {
        *self.waits() = Waits {
            since: now,
            ..Waits::default()
        };
    }

    fn note(&self, next: &Do, now: i64) {
        let mut waits = self.waits();
        let what = match next {
            Do::Fetch { .. } => What::Platform,
            Do::Wait { .. } => What::Holder,
            // Looking whether the other one has ended is a part of waiting for it.
            Do::Read | Do::Lease if waits.what == What::Holder => What::Holder,
            _ => What::Store,
        };
        waits.to(what, now);
    }

    fn longest(&self, now: i64) -> What {
        let mut waits = *self.waits();
        waits.to(waits.what, now);
        let all = [What::Holder, What::Platform, What::Store];
        let longest = all
            .into_iter()
            .max_by_key(|what| waits.spent[*what as usize]);
        longest.unwrap_or_default()
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waits {
    fn to(&mut self, what: What, now: i64) {
        self.spent[self.what as usize] += now.saturating_sub(self.since);
        (self.what, self.since) = (what, now);
    }
}

/// What a fetch waits for that is under way.
pub(super) const PLATFORM_AWAITED: &str = "the platform";
/// How long one operation of a store may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// A lease is prolonged after this part of it.
const PROLONGED: u32 = 3;
