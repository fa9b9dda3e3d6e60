//! The token cache: one fetch for everybody, in a task of its own, ahead of time.

mod builder;
mod entry;
mod errand;
mod fleet;
#[cfg(test)]
mod fleet_model;
mod flight;
mod journal;
mod machine;
#[cfg(test)]
mod model;
mod room;
#[cfg(test)]
mod tests;
pub(crate) mod trouble;

use std::fmt;
use std::future::ready;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwapOption, Guard};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::cached::entry::Entry;
use crate::cached::errand::Need;
use crate::cached::fleet::Fleet;
use crate::cached::machine::{Arrival, Asked, Landed, Machine, Reason, Ticket};
use crate::cached::room::{News, Room};
use crate::clock::{Moment, NANOS_PER_SEC, saturating_nanos};
use crate::secret_source::Followed;
use crate::{Clock, Error, Result, RetryPolicy, Token, TokenProvider};

pub use builder::CachedBuilder;

/// A provider that keeps the token of another one and renews it ahead of time.
///
/// Clones are cheap and share the token. However many callers need one at a time, the provider is
/// asked once, in a task of the runtime of whoever came first: callers who stop waiting neither
/// cancel nor repeat it. A failure is told to everybody who waits and to those who come right
/// after, for up to two seconds; where the credentials are wrong, or the platform asks to wait, for
/// up to fifteen minutes.
///
/// ```
/// # async fn example(provider: impl auth_core::TokenProvider + 'static) -> auth_core::Result<()> {
/// use auth_core::Cached;
///
/// let tokens = Cached::new(provider);
/// let token = tokens.token().await?;
/// let (name, value) = token.header();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cached(Arc<Shared>);

/// A token looked up in a [`Cached`] provider without a copy.
///
/// Meant to be short-lived; take a clone of the [`Token`] to keep it.
pub struct CachedToken(Guard<Option<Arc<Entry>>>);

/// What clones of a cache and its flights share.
struct Shared {
    held: ArcSwapOption<Entry>,
    clock: Clock,
    /// A copy of the machine's, to be read without the lock.
    next_ahead: AtomicI64,
    machine: Mutex<Machine<Arc<Room>>>,
    provider: Arc<dyn TokenProvider>,
    timeout: Duration,
    retry: RetryPolicy,
    share: f64,
    fleet: Option<Fleet>,
    secret: Option<Followed>,
    closed: AtomicBool,
    /// Whether the last attempt to fetch failed.
    failing: AtomicBool,
}

impl Cached {
    /// Caches the tokens of `provider` with the default settings.
    pub fn new(provider: impl TokenProvider + 'static) -> Self {
        Self::builder(provider).build()
    }

    /// Caches the tokens of `provider` with other settings.
    pub fn builder(provider: impl TokenProvider + 'static) -> CachedBuilder {
        CachedBuilder::new(Arc::new(provider))
    }

    /// Returns the token if a valid one is here. Takes no lock and no memory, and never waits.
    ///
    /// Near the end of the token's life this also starts to fetch the next one in the background,
    /// if called in a tokio runtime.
    #[inline]
    pub fn cached(&self) -> Option<CachedToken> {
        let held = self.0.held.load();
        let entry = held.as_ref()?;
        let now = self.0.clock.moment();
        if entry.is_fresh(now) || self.0.is_usable(entry, now) {
            Some(CachedToken(held))
        } else {
            None
        }
    }

    /// Returns a valid token: the one here, or one that is fetched for all who ask now.
    ///
    /// A fetch needs a tokio runtime with its timer enabled; outside of one this fails with
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) unless a valid token is here.
    pub async fn token(&self) -> Result<Token> {
        match self.ready() {
            Some(token) => Ok(token),
            // Boxed, so that the future of the common case stays small.
            None => Box::pin(self.0.obtain()).await,
        }
    }

    /// Drops that very token and no newer one: the platform has refused it.
    pub fn reject(&self, token: &Token) {
        self.0.locked(|machine| machine.reject(token));
        // Where processes share the token, another one may have replaced it by right: the provider
        // is told when the store still has it.
        if self.0.fleet.is_none() {
            self.0.provider.reject(token);
        }
    }

    /// Tells that the provider has another secret or key now, so that failures of the old one are
    /// forgotten and the next caller tries at once. A valid token stays in use.
    pub fn credential_changed(&self) {
        self.0.locked(Machine::credential_changed);
    }

    /// Fetches a token before the first call needs one, so that the first call does not wait.
    ///
    /// A service is ready once this has succeeded. It stays ready when a later fetch fails: calls
    /// then fail by themselves, with errors that say why, and taking every replica out of service
    /// because the platform is away helps nobody.
    pub async fn warm(&self) -> Result<()> {
        self.token().await.map(drop)
    }

    /// Starts no fetch any more, waits for the one under way, and with it gives up the lease in the
    /// store. The token that is here stays in use until it expires, so calls that run come to
    /// their end.
    ///
    /// Not needed for correctness: a process that just ends leaves a lease that ends by itself.
    pub async fn shutdown(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        let room = self.0.machine().under_way().map(Arc::clone);
        if let Some(room) = room {
            let _ = timeout(self.0.timeout, room.wait()).await;
        }
    }

    /// Whether it has this secret, as far as can be told without asking a vault.
    #[cfg(feature = "pool")]
    pub(crate) fn may_have(&self, other: Option<&crate::SecretSource>) -> bool {
        match (&self.0.secret, other) {
            (Some(own), Some(other)) => own.source().may_be(other),
            (own, other) => own.is_none() == other.is_none(),
        }
    }

    /// What a token that is not here yet has waited for, to be said by those who wait no longer.
    pub(crate) fn awaited(&self) -> String {
        match &self.0.fleet {
            Some(fleet) => fleet.awaited(),
            None => fleet::PLATFORM_AWAITED.to_owned(),
        }
    }

    #[inline]
    fn ready(&self) -> Option<Token> {
        self.cached().map(|token| token.clone())
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.0.held.load();
        f.debug_struct("Cached")
            .field("token", &held.as_ref().map(|entry| &entry.token))
            .finish_non_exhaustive()
    }
}

impl TokenProvider for Cached {
    // Written out: what `#[async_trait]` makes of an `async fn` would allocate the whole future
    // for a token that is ready.
    fn token<'life, 'future>(
        &'life self,
    ) -> Pin<Box<dyn Future<Output = Result<Token>> + Send + 'future>>
    where
        'life: 'future,
        Self: 'future,
    {
        match self.ready() {
            Some(token) => Box::pin(ready(Ok(token))),
            None => Box::pin(self.0.obtain()),
        }
    }

    fn reject(&self, token: &Token) {
        Self::reject(self, token);
    }
}

impl Deref for CachedToken {
    type Target = Token;

    #[inline]
    fn deref(&self) -> &Token {
        match self.0.as_ref() {
            Some(entry) => &entry.token,
            None => unreachable!("made from an entry"),
        }
    }
}

impl fmt::Debug for CachedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl Shared {
    /// Whether a token that is no longer fresh may still be handed out; if so, sees to the next one.
    #[cold]
    fn is_usable(self: &Arc<Self>, entry: &Entry, now: Moment) -> bool {
        if !entry.is_alive(now) {
            return false;
        }
        if now.steady >= self.next_ahead.load(Ordering::Relaxed)
            && !self.closed.load(Ordering::SeqCst)
            && let Ok(runtime) = Handle::try_current()
        {
            self.renew(&runtime, now);
        }
        true
    }

    /// Starts to fetch the next token in the background, unless somebody else is at it.
    fn renew(self: &Arc<Self>, runtime: &Handle, now: Moment) {
        // Whoever holds the lock is at it: this caller has a valid token and need not wait.
        let Ok(mut machine) = self.machine.try_lock() else {
            return;
        };
        let lost = machine
            .overdue(now, self.patience())
            .filter(|(_, room)| room.runtime != runtime.id())
            .map(|(ticket, room)| (ticket, Arc::clone(room)));
        if let Some((ticket, _)) = lost {
            machine.lose(ticket);
        }
        let started = machine.ahead(now, || Room::new(runtime.id()));
        self.publish(&machine);
        drop(machine);
        if let Some((_, room)) = lost {
            room.tell(News::Lost);
        }
        if let Some((ticket, room)) = started {
            flight::launch(runtime, Arc::clone(self), ticket, room);
        }
    }

    /// Returns a token for a caller who found none.
    async fn obtain(self: &Arc<Self>) -> Result<Token> {
        let runtime = Handle::try_current().map_err(|_| {
            Error::config("a token is fetched by a task of tokio, and no runtime is running here")
        })?;
        for _ in 0..MOST_LOST_FLIGHTS {
            if self.closed.load(Ordering::SeqCst) {
                return Err(Error::config("the token cache has been shut down"));
            }
            let now = self.clock.moment();
            let asked = self.locked(|machine| machine.ask(now, || Room::new(runtime.id())));
            let (ticket, room) = match asked {
                Asked::Ready(token) => return Ok(token),
                Asked::Failed(_) if self.secret.as_ref().is_some_and(Followed::look) => {
                    self.locked(Machine::credential_changed);
                    continue;
                }
                Asked::Failed(error) => return Err(error),
                Asked::Join(ticket, room) => (ticket, room),
                Asked::Start(ticket, room) => {
                    flight::launch(&runtime, Arc::clone(self), ticket, Arc::clone(&room));
                    (ticket, room)
                }
            };
            if let News::Landed(result) = self.wait(&runtime, ticket, room).await {
                return result;
            }
        }
        Err(Error::transport(
            "the runtimes that were to fetch a token went away",
        ))
    }

    /// Waits for a flight, but for no longer than one can take.
    async fn wait(&self, runtime: &Handle, ticket: Ticket, room: Arc<Room>) -> News {
        if room.runtime == runtime.id() {
            // What runs this caller also runs the flight, which has a deadline of its own.
            return room.wait().await;
        }
        // The other runtime may never run again: a thread that blocked on it once, and left.
        let left = machine::left(ticket, self.clock.moment(), self.patience());
        let left = Duration::from_nanos(left.unsigned_abs());
        match timeout(left, Arc::clone(&room).wait()).await {
            Ok(news) => news,
            Err(_) => {
                self.lose(ticket);
                room.tell(News::Lost);
                News::Lost
            }
        }
    }

    fn land(&self, ticket: Ticket, arrival: Arrival) -> Landed {
        let now = self.clock.moment();
        self.locked(|machine| machine.land(ticket, now, arrival))
    }

    fn lose(&self, ticket: Ticket) {
        self.locked(|machine| machine.lose(ticket));
    }

    /// The token that the provider is to renew.
    fn last(&self) -> Option<Token> {
        self.machine().last().cloned()
    }

    /// What a flight tells the store's errand.
    fn need(&self, reason: Reason) -> Need {
        let secret = self.secret.as_ref().and_then(Followed::current);
        Need {
            secret,
            ..self.machine().need(reason)
        }
    }

    fn take_fetch(&self) -> Result<()> {
        let now = self.clock.moment();
        self.locked(|machine| machine.take_fetch(now))
    }

    /// Takes a step of the machine and publishes what came of it.
    fn locked<T>(&self, step: impl FnOnce(&mut Machine<Arc<Room>>) -> T) -> T {
        let mut machine = self.machine();
        let result = step(&mut machine);
        self.publish(&machine);
        result
    }

    fn publish(&self, machine: &Machine<Arc<Room>>) {
        let held = machine.held();
        let seen = self.held.load();
        if seen.as_ref().map(Arc::as_ptr) != held.map(Arc::as_ptr) {
            self.held.store(held.cloned());
        }
        self.next_ahead
            .store(machine.next_ahead(), Ordering::Relaxed);
    }

    fn machine(&self) -> MutexGuard<'_, Machine<Arc<Room>>> {
        // Nothing in a step panics, and no step leaves a state that the next cannot work with.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After how many nanoseconds a flight cannot be under way any more.
    fn patience(&self) -> i64 {
        saturating_nanos(self.timeout)
            .saturating_mul(2)
            .saturating_add(GRACE)
    }
}

/// So many flights may vanish under one caller before it is told.
const MOST_LOST_FLIGHTS: usize = 3;
/// What a flight may take beyond its timeouts: the wait before it starts, and the machine's own.
const GRACE: i64 = 2 * NANOS_PER_SEC;
