//! A platform as one client sees it: addresses, credentials, transport, policy.

mod builder;
mod options;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::address::Base;
use crate::budget::Budget;
use crate::{
    Cached, CachedBuilder, Clock, Credential, Error, HttpSend, Lockout, Platform, Request, Result,
    RetryPolicy, SecretSource, StoreKey, TokenProvider, TokenStore,
};

pub use builder::ApiBuilder;
pub use options::{CallOptions, Observed};

/// A platform as one client sees it. Cheap to clone; clones and views share everything.
///
/// Provider crates build one and put generated operations on it; see [`Request`] for calls that
/// their document lacks.
#[derive(Clone)]
pub struct Api {
    pub(crate) shared: Arc<Shared>,
    pub(crate) credentials: Arc<Vec<(&'static str, Credential)>>,
    pub(crate) options: Arc<CallOptions>,
}

/// What all views of a client have in common.
pub(crate) struct Shared {
    pub(crate) platform: &'static Platform,
    pub(crate) transport: Arc<dyn HttpSend>,
    pub(crate) bases: Vec<Base>,
    #[cfg(feature = "jwks")]
    pub(crate) http_hosts: Vec<String>,
    pub(crate) clock: Clock,
    pub(crate) budget: Budget,
    pub(crate) hints: Vec<(&'static str, &'static str)>,
    /// How long codes ask to wait.
    pub(crate) waits: Vec<(&'static str, Duration)>,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) store: Option<Arc<dyn TokenStore>>,
    #[cfg(feature = "pool")]
    pub(crate) pool: Option<crate::pool::WeakPool>,
}

impl Api {
    /// Starts a client of `platform`.
    pub fn builder(platform: &'static Platform) -> ApiBuilder {
        ApiBuilder::new(platform)
    }

    /// A view whose calls differ by `options`; what they leave open is as here.
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            options: Arc::new(options.over(&self.options)),
            ..self.clone()
        }
    }

    /// A view that authenticates by another credential where `scheme` asks for one: as a user who
    /// has signed in, for example.
    pub fn with_credential(&self, scheme: &'static str, credential: impl Into<Credential>) -> Self {
        let others = self.credentials.iter().filter(|(name, _)| *name != scheme);
        let mut credentials: Vec<_> = others.cloned().collect();
        credentials.push((scheme, credential.into()));
        Self {
            credentials: Arc::new(credentials),
            ..self.clone()
        }
    }

    /// Fetches the tokens that this client obtains by itself, before the first call needs one; see
    /// [`Cached::warm`]. The first that cannot be had is the error.
    pub async fn warm(&self) -> Result<()> {
        for (_, credential) in self.credentials.iter() {
            if let Credential::Provider(tokens) = credential {
                tokens.warm().await?;
            }
        }
        Ok(())
    }

    /// Sends a request and reads a JSON answer. An answer without content is read as `null`.
    ///
    /// An error is told with operation, attempts and time; see [`Error`].
    pub async fn call<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        self.exchange(request).await?.json()
    }

    /// Sends a request and returns the answer as text.
    pub async fn call_text(&self, request: Request) -> Result<String> {
        Ok(self.exchange(request).await?.text())
    }

    /// Sends a request whose answer holds nothing.
    pub async fn call_empty(&self, request: Request) -> Result<()> {
        self.exchange(request).await.map(drop)
    }

    /// The address of a request, for operations that a browser opens. It carries no credential.
    pub fn url(&self, request: &Request) -> Result<String> {
        let base = self.base(request)?;
        Ok(base.url(&request.target(&base.path, "")?))
    }

    /// Starts a set of the keys that the platform serves at `url`, over the same connection: with
    /// its HTTP client, its clock, and plain http where that is allowed.
    #[cfg(feature = "jwks")]
    pub fn key_set(&self, url: impl Into<String>) -> crate::jwt::KeySetBuilder {
        let keys = crate::jwt::KeySet::builder(url, Arc::clone(&self.shared.transport))
            .clock(self.shared.clock.clone());
        let hosts = self.shared.http_hosts.iter();
        hosts.fold(keys, |keys, host| keys.allow_http(host.as_str()))
    }

    /// Starts a cache of the tokens of `provider`, by what the client's settings and the platform's
    /// document say: the clock, the budget, whether a new token voids the one before, and the store
    /// that processes share.
    ///
    /// `credential` is the token's name in the document (`x-token-policy`), and `tenant` whose
    /// tokens they are: an app id, a client id, never a secret.
    pub fn tokens(
        &self,
        credential: &str,
        tenant: &str,
        provider: impl TokenProvider + 'static,
    ) -> CachedBuilder {
        let tokens = self.own_tokens(credential, Some(tenant), provider);
        match &self.shared.store {
            Some(store) => {
                let key = StoreKey::new(self.shared.platform.name, credential, tenant);
                tokens.store(Arc::clone(store), key)
            }
            None => tokens,
        }
    }

    /// The same for tokens that are made here at no cost, like those that a service account signs:
    /// they are not shared with other processes, and with other clients of a pool only if it is known
    /// whose they are: nothing is known of a key that a vault was not asked for yet.
    #[cfg_attr(
        not(feature = "pool"),
        expect(unused_variables, reason = "tenants are told apart in a pool alone")
    )]
    pub fn own_tokens(
        &self,
        credential: &str,
        tenant: Option<&str>,
        provider: impl TokenProvider + 'static,
    ) -> CachedBuilder {
        let mut tokens = Cached::builder(provider).clock(self.shared.clock.clone());
        if let Some(policy) = self.shared.platform.token(credential) {
            tokens = tokens.policy(policy);
        }
        #[cfg(feature = "pool")]
        if let (Some(pool), Some(tenant)) = (self.pool(), tenant) {
            tokens = tokens.pooled(pool, self.pool_key(credential, tenant));
        }
        tokens
    }

    /// What keeps the secret of an account from being tried again after it was refused, by whichever
    /// tokens or calls: one for all clients of the account that share a pool.
    #[cfg_attr(
        not(feature = "pool"),
        expect(unused_variables, reason = "accounts are told apart in a pool alone")
    )]
    pub fn lockout(&self, account: &str, secret: &SecretSource) -> Arc<Lockout> {
        let make = || Lockout::of(secret.clone(), self.shared.clock.clone());
        #[cfg(feature = "pool")]
        if let Some(pool) = self.pool() {
            return pool.lockout(&self.pool_key("lockout", account), secret, make);
        }
        Arc::new(make())
    }

    #[cfg(feature = "pool")]
    fn pool_key(&self, credential: &str, tenant: &str) -> String {
        let bases = self.shared.bases.iter().map(|base| base.url(&base.path));
        let parts = [self.shared.platform.name, credential, tenant];
        let key: Vec<_> = parts.into_iter().map(str::to_owned).chain(bases).collect();
        key.join("\n")
    }

    /// The pool that the client's tokens are kept in, if it was given one that is still there.
    #[cfg(feature = "pool")]
    pub fn pool(&self) -> Option<crate::TokenPool> {
        self.shared.pool.as_ref()?.upgrade()
    }

    /// The platform.
    pub fn platform(&self) -> &'static Platform {
        self.shared.platform
    }

    /// The clock that learns the platform's time; share it with credentials and caches.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// How long a call over this view may take in all.
    pub fn timeout(&self) -> Duration {
        self.options.timeout.unwrap_or(self.shared.timeout)
    }

    /// When requests over this view are sent again.
    pub fn retry(&self) -> &RetryPolicy {
        self.options.retry.as_ref().unwrap_or(&self.shared.retry)
    }

    /// The door to the network.
    pub fn transport(&self) -> &Arc<dyn HttpSend> {
        &self.shared.transport
    }

    /// The credential for a scheme.
    pub fn credential(&self, scheme: &str) -> Option<&Credential> {
        let mut credentials = self.credentials.iter();
        let (_, credential) = credentials.find(|(name, _)| *name == scheme)?;
        Some(credential)
    }

    /// The base address that a request goes to.
    pub(crate) fn base(&self, request: &Request) -> Result<&Base> {
        let bases = &self.shared.bases;
        let stated = request.operation.map(|operation| operation.role);
        match request.role.or(stated) {
            Some(role) => bases
                .iter()
                .find(|base| base.role == role)
                .ok_or_else(|| Error::config(format!("there is no server role `{role}`"))),
            None => bases
                .first()
                .ok_or_else(|| Error::config("the platform has no server")),
        }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("platform", &self.shared.platform.name)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
