//! The settings of a cache.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use crate::cached::errand::Rules;
use crate::cached::fleet::{Awaits, Failing, Fleet};
use crate::cached::machine::Machine;
use crate::cached::trouble::Budget;
use crate::cached::{Cached, Shared};
use crate::clock::saturating_nanos;
use crate::secret_source::Followed;
use crate::store::{StoreKey, TokenStore};
use crate::{Clock, RetryPolicy, SecretSource, TokenPolicy, TokenProvider};

/// Settings of a [`Cached`] provider.
#[must_use = "a builder does nothing until it is built"]
pub struct CachedBuilder {
    provider: Arc<dyn TokenProvider>,
    clock: Clock,
    timeout: Duration,
    retry: RetryPolicy,
    budget: (usize, Duration),
    share: f64,
    store: Option<(Arc<dyn TokenStore>, StoreKey)>,
    lease: Duration,
    voids_previous: bool,
    logs_in_alone: bool,
    secret: Option<SecretSource>,
    #[cfg(feature = "pool")]
    pool: Option<(crate::TokenPool, String)>,
}

impl CachedBuilder {
    pub(super) fn new(provider: Arc<dyn TokenProvider>) -> Self {
        Self {
            provider,
            clock: Clock::system(),
            timeout: DEFAULT_TIMEOUT,
            retry: RetryPolicy::default(),
            budget: DEFAULT_BUDGET,
            share: DEFAULT_SHARE,
            store: None,
            lease: DEFAULT_LEASE,
            voids_previous: false,
            logs_in_alone: false,
            secret: None,
            #[cfg(feature = "pool")]
            pool: None,
        }
    }

    /// The clock to judge expiry by; share it with the [`Api`](crate::Api) that learns its offset.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long a fetch may take with all its attempts, whatever its callers do; 30 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often a fetch is tried when the platform is away or asks to wait.
    ///
    /// Providers that fetch through an [`Api`](crate::Api) have its policy, and their errors are
    /// not tried again here.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How many fetches are allowed in a span of time, whatever the callers do; 1000 in 5 minutes
    /// unless set, which is the platforms' own limit.
    pub fn budget(mut self, fetches: usize, span: Duration) -> Self {
        self.budget = (fetches, span);
        self
    }

    /// In which share of its lifetime, at the end, a token is renewed while still in use; 0.1
    /// unless set, between 0 and 0.9. The share varies by a quarter from token to token, so that
    /// many processes do not fetch at the same moment.
    pub fn refresh_ahead(mut self, share: f64) -> Self {
        self.share = if share.is_nan() {
            DEFAULT_SHARE
        } else {
            share.clamp(0.0, LARGEST_SHARE)
        };
        self
    }

    /// Shares the token with other processes through `store`, under `key`: one fetch serves all
    /// that use the same key.
    ///
    /// While the store is away, a process goes on with the token it has and then fetches by
    /// itself; when the store is back, all agree on one token again. Where a new token
    /// [voids the one before](Self::voids_previous) it does not fetch by itself.
    pub fn store(mut self, store: impl TokenStore + 'static, key: StoreKey) -> Self {
        self.store = Some((Arc::new(store), key));
        self
    }

    /// How long the lease on a fetch lasts unless it is prolonged, which its holder does all the
    /// time: so long do others wait when a process dies in the middle of a fetch. 5 s unless set,
    /// and a second at least.
    ///
    /// A process that is paused for longer than that, by a debugger or a machine under load, loses
    /// the lease, and what it fetched is not used. Half of the time that a call may take is a good
    /// length: then calls outlive the death of one process.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(SHORTEST_LEASE);
        self
    }

    /// Says that a new token voids the one before. Then a process that cannot use the store does
    /// not fetch: it uses its token until that is refused or expires, and fails with an error that
    /// names the store and asks to [back off](crate::Action::Backoff).
    pub fn voids_previous(mut self) -> Self {
        self.voids_previous = true;
        self
    }

    /// Lets this process fetch while the store is away, although that voids the tokens of others.
    /// For one designated process at most.
    pub fn logs_in_without_store(mut self) -> Self {
        self.logs_in_alone = true;
        self
    }

    /// Takes what the platform's document says about this kind of token: whether a new one voids
    /// the one before, and how many may be asked for.
    pub fn policy(mut self, policy: &TokenPolicy) -> Self {
        self.voids_previous |= policy.voids_previous == Some(true);
        if let Some((fetches, span)) = policy.max_per_window {
            let fetches = usize::try_from(fetches).unwrap_or(usize::MAX);
            self = self.budget(fetches, span);
        }
        self
    }

    /// Says where the secret that the provider uses comes from: it is looked at before every
    /// fetch, and once more after the platform has refused the credentials. While they are refused
    /// a file or variable is looked at by every caller, so that another secret is tried at once.
    pub fn secret(mut self, source: impl Into<SecretSource>) -> Self {
        self.secret = Some(source.into());
        self
    }

    /// Takes the cache from a pool where it is there already.
    #[cfg(feature = "pool")]
    pub(crate) fn pooled(mut self, pool: crate::TokenPool, key: String) -> Self {
        self.pool = Some((pool, key));
        self
    }

    /// Builds the cache. No runtime is needed yet.
    #[cfg(feature = "pool")]
    pub fn build(mut self) -> Cached {
        let Some((pool, key)) = self.pool.take() else {
            return self.built();
        };
        let secret = self.secret.clone();
        pool.entry(
            &key,
            |found| found.may_have(secret.as_ref()),
            || self.built(),
        )
    }

    /// Builds the cache. No runtime is needed yet.
    #[cfg(not(feature = "pool"))]
    pub fn build(self) -> Cached {
        self.built()
    }

    fn built(self) -> Cached {
        let (fetches, span) = self.budget;
        let fleet = self.store.map(|(store, key)| Fleet {
            rules: Rules {
                store: store.name(),
                voids_previous: self.voids_previous,
                logs_in_alone: self.logs_in_alone,
                patience: saturating_nanos(self.timeout),
            },
            store,
            key,
            lease: self.lease,
            holder: format!("{}-{:016x}", std::process::id(), fastrand::u64(..)),
            clock: self.clock.clone(),
            unstored: Mutex::default(),
            awaits: Awaits::default(),
            failing: Failing::default(),
        });
        Cached(Arc::new(Shared {
            held: ArcSwapOption::empty(),
            clock: self.clock,
            next_ahead: AtomicI64::new(i64::MIN),
            machine: Mutex::new(Machine::new(Budget::new(fetches, span))),
            provider: self.provider,
            timeout: self.timeout,
            retry: self.retry,
            share: self.share,
            fleet,
            secret: self.secret.map(Followed::new),
            closed: AtomicBool::new(false),
            failing: AtomicBool::new(false),
        }))
    }
}

impl fmt::Debug for CachedBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedBuilder")
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("budget", &self.budget)
            .field("refresh_ahead", &self.share)
            .field("store", &self.store.as_ref().map(|(_, key)| key))
            .finish_non_exhaustive()
    }
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_BUDGET: (usize, Duration) = (1000, Duration::from_secs(300));
const DEFAULT_SHARE: f64 = 0.1;
const DEFAULT_LEASE: Duration = Duration::from_secs(5);
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
/// More would leave no life in which a token is simply used.
const LARGEST_SHARE: f64 = 0.9;
