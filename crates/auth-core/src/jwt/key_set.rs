//! Key sets that are fetched from their platform, kept, and renewed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, Request, StatusCode, Uri};
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::Instrument as _;

use crate::address::is_loopback;
use crate::clock::{Clock, Moment};
use crate::jwt::{Expected, Jwks, Verifier, VerifyError};
use crate::{Error, HttpSend, Result};

/// The public keys that a platform serves at an address, kept for as long as they are fresh.
///
/// - The first verification fetches the keys; however many ask at once, one request is made, in a
///   task of its own that no caller can cancel.
/// - Keys are renewed in the background shortly before they are due, so that nobody waits.
/// - A token signed with a key that is not in the set, or that does not fit the one that is, has
///   the set fetched again: platforms change keys at any time. Tokens of forgers look the same, so
///   this happens once in a while at most, and all other such tokens are refused at once.
/// - When the platform cannot be reached, the keys at hand stay in use for a day.
///
/// Clones share the keys.
///
/// ```
/// use std::sync::Arc;
/// use std::time::SystemTime;
///
/// use auth_core::jwt::{Expected, KeySet, Verifier};
/// use auth_core::{HttpSend, Result};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Claims {
///     sub: String,
/// }
///
/// fn keys(transport: Arc<dyn HttpSend>) -> Result<KeySet> {
///     KeySet::builder("https://issuer.example/certs", transport).build()
/// }
///
/// async fn who(keys: &KeySet, rules: &Verifier, token: &str, now: SystemTime) -> Result<String> {
///     let expected = Expected::at(now).nonce("n-0S6_WzA2Mj");
///     let claims: Claims = keys.verify(rules, token, expected).await?;
///     Ok(claims.sub)
/// }
/// ```
#[derive(Clone)]
pub struct KeySet(Arc<Inner>);

struct Inner {
    url: Uri,
    transport: Arc<dyn HttpSend>,
    clock: Clock,
    max_age: Duration,
    held: ArcSwapOption<Held>,
    desk: Mutex<Desk>,
}

/// Settings of a [`KeySet`].
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use auth_core::jwt::KeySet;
/// use auth_core::{Clock, HttpSend, Result};
///
/// fn keys(transport: Arc<dyn HttpSend>, clock: &Clock) -> Result<KeySet> {
///     KeySet::builder("http://emulator:8080/certs", transport)
///         .clock(clock.clone())
///         .max_age(Duration::from_secs(600))
///         .allow_http("emulator")
///         .build()
/// }
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct KeySetBuilder {
    url: String,
    transport: Arc<dyn HttpSend>,
    clock: Clock,
    max_age: Duration,
    http_hosts: Vec<String>,
}

/// Keys and their age.
struct Held {
    keys: Jwks,
    fetched: Moment,
    fresh: Duration,
}

/// What is known about the fetches, past and present.
#[derive(Default)]
struct Desk {
    flight: Option<Flight>,
    /// The last fetch, if it failed.
    failed: Option<(Moment, Error)>,
    /// The last fetch for the sake of a token that no key at hand fits.
    doubted: Option<Moment>,
}

/// Where a running fetch will leave its result.
type Flight = watch::Receiver<Option<Result<()>>>;

/// Why keys are to be fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// There are none, or they are due.
    Due,
    /// A token fits none of them.
    Doubt,
}

impl KeySet {
    /// Starts a key set that is fetched from `url` through `transport`. Nothing is fetched yet.
    pub fn builder(url: impl Into<String>, transport: Arc<dyn HttpSend>) -> KeySetBuilder {
        KeySetBuilder {
            url: url.into(),
            transport,
            clock: Clock::system(),
            max_age: MAX_AGE,
            http_hosts: Vec::new(),
        }
    }

    /// Checks `token` by the rules of `verifier` with the keys of this set, which are fetched if
    /// need be, and returns its claims.
    ///
    /// A refusal is found in the error with [`VerifyError::of`]; other errors say why there are no
    /// keys to tell by.
    pub async fn verify<'a, T: DeserializeOwned>(
        &self,
        verifier: &Verifier,
        token: &str,
        expected: impl Into<Expected<'a>> + Send,
    ) -> Result<T> {
        let expected = expected.into();
        let before = self.0.held.load_full();
        let held = self.held().await?;
        let refusal = match verifier.verify(token, &held.keys, expected) {
            Err(refusal @ (VerifyError::UnknownKey | VerifyError::Signature)) => refusal,
            other => return Ok(other?),
        };

        let is_newest = before.is_none_or(|before| !Arc::ptr_eq(&before, &held));
        if is_newest {
            return Err(refusal.into());
        }
        match self.fetch(Need::Doubt).await {
            Some(Ok(())) => {}
            Some(Err(error)) if refusal == VerifyError::UnknownKey => return Err(error),
            _ => return Err(refusal.into()),
        }
        let held = self.held().await?;
        Ok(verifier.verify(token, &held.keys, expected)?)
    }

    /// Keys that may be used now.
    async fn held(&self) -> Result<Arc<Held>> {
        let held = self.0.held.load_full();
        let age = held.as_ref().map(|held| held.age(self.0.clock.moment()));
        match (held, age) {
            (Some(held), Some(age)) if age < held.fresh => {
                if age > held.fresh.mul_f64(AHEAD) {
                    // Whoever waits for it is another caller; a failure is told to those.
                    drop(self.take_off(Need::Due));
                }
                Ok(held)
            }
            // While the platform is away nobody waits for it again and again.
            (Some(held), Some(age)) if age < KEEP && self.0.desk().failed.is_some() => {
                drop(self.take_off(Need::Due));
                Ok(held)
            }
            (Some(held), Some(age)) if age < KEEP => match self.fetch(Need::Due).await {
                Some(Ok(())) => Ok(self.0.held.load_full().unwrap_or(held)),
                // Logged where it happened.
                Some(Err(_)) | None => Ok(held),
            },
            _ => {
                if let Some(result) = self.fetch(Need::Due).await {
                    result?;
                }
                let held = self.0.held.load_full();
                held.ok_or_else(|| Error::transport("the keys were lost on their way"))
            }
        }
    }

    /// Fetches the keys, or waits for a fetch that is under way; nothing if it is too soon for it.
    async fn fetch(&self, need: Need) -> Option<Result<()>> {
        let mut flight = match self.take_off(need)? {
            Ok(flight) => flight,
            Err(error) => return Some(Err(error)),
        };
        let landed = flight.wait_for(Option::is_some).await;
        let result = landed.ok().and_then(|result| (*result).clone());
        Some(result.unwrap_or_else(|| {
            Err(Error::transport(
                "the fetch of the keys ended with its runtime, or panicked",
            ))
        }))
    }

    /// Joins the fetch under way or starts one; nothing, or the failure, if it is too soon for it.
    fn take_off(&self, need: Need) -> Option<Result<Flight>> {
        let now = self.0.clock.moment();
        let mut desk = self.0.desk();
        if let Some(flight) = &desk.flight
            && flight.borrow().is_none()
            && flight.has_changed().is_ok()
        {
            return Some(Ok(flight.clone()));
        }

        let held = self.0.held.load();
        let has_keys = held.as_ref().is_some_and(|held| held.age(now) < KEEP);
        let pause = if has_keys { PAUSE } else { PAUSE_WITHOUT_KEYS };
        if let Some((at, error)) = &desk.failed
            && since(*at, now) < pause
        {
            return Some(Err(error.clone()));
        }
        if need == Need::Doubt {
            if desk.doubted.is_some_and(|at| since(at, now) < PAUSE) {
                return None;
            }
            desk.doubted = Some(now);
        }

        let Ok(runtime) = Handle::try_current() else {
            let what = "keys can only be fetched inside of a Tokio runtime";
            return Some(Err(Error::config(what)));
        };
        let (landing, flight) = watch::channel(None);
        desk.flight = Some(flight.clone());
        let inner = Arc::clone(&self.0);
        let span = tracing::debug_span!("key_set_fetch", host = self.0.url.host());
        let fetch = async move {
            let result = inner.fetch().await;
            inner.note(&result);
            // Nobody waits for a fetch ahead of time.
            landing.send_replace(Some(result));
        };
        runtime.spawn(fetch.instrument(span));
        Some(Ok(flight))
    }
}

/// Shows the address and the number of keys.
impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.held.load().as_ref().map(|held| held.keys.len());
        f.debug_struct("KeySet")
            .field("host", &self.0.url.host())
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn fetch(&self) -> Result<()> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.url.clone();
        let json = http::HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        let answer = tokio::time::timeout(TIMEOUT, self.transport.send(request))
            .await
            .map_err(|_| Error::transport("no keys arrived within 10 s"))??;

        if answer.status() != StatusCode::OK {
            let what = format!(
                "the keys were answered with status {}",
                answer.status().as_u16()
            );
            return Err(Error::transport(what));
        }
        if answer.body().len() > BODY_LEN_MAX {
            return Err(Error::decode("the key set is too long"));
        }
        let keys = Jwks::parse(answer.body())?;
        if keys.is_empty() {
            return Err(Error::decode("the key set holds no key that can verify"));
        }
        self.held.store(Some(Arc::new(Held {
            keys,
            fetched: self.clock.moment(),
            fresh: fresh(answer.headers()).clamp(MIN_AGE.min(self.max_age), self.max_age),
        })));
        Ok(())
    }

    fn note(&self, result: &Result<()>) {
        match result {
            Ok(()) => {
                let keys = self.held.load().as_ref().map(|held| held.keys.len());
                tracing::debug!(keys, "fetched the key set");
                self.desk().failed = None;
            }
            Err(error) => {
                let failure = (self.clock.moment(), error.clone());
                let action = error.action();
                match self.desk().failed.replace(failure) {
                    None => tracing::warn!(%error, ?action, "the key set could not be fetched"),
                    Some(_) => {
                        tracing::debug!(%error, ?action, "still no key set could be fetched");
                    }
                }
            }
        }
    }

    /// Never poisoned to any harm: what is behind the lock is replaced in single steps.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn age(&self, now: Moment) -> Duration {
        since(self.fetched, now)
    }
}

impl KeySetBuilder {
    /// The clock that tells the age of the keys.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long keys are used without asking again; one hour when not set. A shorter time that the
    /// platform asks for with `Cache-Control` counts, down to a minute.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Allows plain http to this host. It is allowed to this machine anyway, and should be to no
    /// other: whoever can change the keys on their way can sign in as anyone.
    pub fn allow_http(mut self, host: impl Into<String>) -> Self {
        self.http_hosts.push(host.into());
        self
    }

    /// Builds the key set. No runtime is needed yet.
    pub fn build(self) -> Result<KeySet> {
        Ok(KeySet(Arc::new(Inner {
            url: checked(&self.url, &self.http_hosts)?,
            transport: self.transport,
            clock: self.clock,
            max_age: self.max_age,
            held: ArcSwapOption::empty(),
            desk: Mutex::default(),
        })))
    }
}

fn checked(url: &str, http_hosts: &[String]) -> Result<Uri> {
    let wrong = |what: &str| Error::config(format!("the address of the key set {what}"));
    let uri: Uri = url.trim().parse().map_err(|_| wrong("is not an address"))?;
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        _ if host.is_empty() => Err(wrong("names no host")),
        Some("https") => Ok(uri),
        Some("http") if is_loopback(host) || http_hosts.iter().any(|it| it == host) => Ok(uri),
        _ => Err(wrong("does not begin with https://")),
    }
}

/// The time by both clocks, the longer one: keys age in a suspend, too.
fn since(earlier: Moment, now: Moment) -> Duration {
    let steady = now.steady.saturating_sub(earlier.steady);
    let wall = now.wall.saturating_sub(earlier.wall);
    Duration::from_nanos(u64::try_from(steady.max(wall)).unwrap_or(0))
}

/// How long an answer may be kept by its own account; for ever if it has none.
fn fresh(headers: &HeaderMap) -> Duration {
    let directives = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut fresh = Duration::MAX;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let name = name.trim();
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return Duration::ZERO;
        }
        if name.eq_ignore_ascii_case("max-age")
            && let Ok(seconds) = value.trim().trim_matches('"').parse()
        {
            fresh = fresh.min(Duration::from_secs(seconds));
        }
    }
    fresh
}

/// How long keys are used where nobody says otherwise. Platforms change them daily.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The shortest that keys are used, whatever the platform says.
const MIN_AGE: Duration = Duration::from_secs(60);

/// How long keys are used when no new ones can be had.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// The share of their time after which keys are renewed in the background.
const AHEAD: f64 = 0.75;

/// The time between two fetches for doubted tokens, and after a failure.
const PAUSE: Duration = Duration::from_secs(30);

/// The time after a failure when there are no keys to fall back on.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(2);

/// How long a fetch may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest key set that is read, in bytes; a set of ten keys has some 5,000.
const BODY_LEN_MAX: usize = 512 * 1024;
