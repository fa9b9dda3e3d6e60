//! Settings of a client, and the checks that make them an `Api`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::address::{self, Choices};
use crate::api::Shared;
use crate::budget::Budget;
use crate::{
    Api, CallOptions, Clock, Credential, Error, HttpSend, Platform, Result, RetryPolicy, TokenStore,
};

/// Settings of an [`Api`]. Only [`build`](Self::build) fails.
#[must_use = "a builder does nothing until it is built"]
pub struct ApiBuilder {
    platform: &'static Platform,
    transport: Option<Arc<dyn HttpSend>>,
    choices: Choices,
    credentials: Vec<(&'static str, Credential)>,
    hints: Vec<(&'static str, &'static str)>,
    waits: Vec<(&'static str, Duration)>,
    clock: Clock,
    timeout: Duration,
    retry: RetryPolicy,
    store: Option<Arc<dyn TokenStore>>,
    #[cfg(feature = "pool")]
    pool: Option<crate::TokenPool>,
}

impl ApiBuilder {
    pub(crate) fn new(platform: &'static Platform) -> Self {
        Self {
            platform,
            transport: None,
            choices: Choices::default(),
            credentials: Vec::new(),
            hints: Vec::new(),
            waits: Vec::new(),
            clock: Clock::system(),
            timeout: TIMEOUT,
            retry: RetryPolicy::default(),
            store: None,
            #[cfg(feature = "pool")]
            pool: None,
        }
    }

    /// Shares the tokens that the client obtains with other processes through `store`. See
    /// [`Api::tokens`].
    pub fn store(mut self, store: impl TokenStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Keeps the client's tokens in a pool that many clients share: one that is built for the same
    /// tenant of the same platform at the same address finds them there, with their fetch, back-off
    /// and budget, unless it has another secret. The pool is there for as long as you keep it.
    #[cfg(feature = "pool")]
    pub fn pool(mut self, pool: crate::TokenPool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets the base address of a role. It must be https unless the host is this machine or named
    /// with [`allow_http`](Self::allow_http).
    pub fn server(mut self, role: &'static str, url: impl Into<String>) -> Self {
        self.choices.servers.push((role, url.into()));
        self
    }

    /// Sends the calls of every role to one address: that of an emulator, or of a gateway.
    pub fn all_servers(mut self, url: impl Into<String>) -> Self {
        let url = url.into();
        for server in self.platform.servers {
            self.choices.servers.push((server.role, url.clone()));
        }
        self
    }

    /// Sets every role that has this site to the site's address.
    pub fn site(mut self, site: impl Into<String>) -> Self {
        self.choices.sites.push(site.into());
        self
    }

    /// Fills the place `{name}` of the platform's addresses with a host name or port.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.choices.variables.push((name.into(), value.into()));
        self
    }

    /// Allows plain http to this host, as between containers on one machine. Credentials then
    /// travel unprotected.
    pub fn allow_http(mut self, host: impl Into<String>) -> Self {
        self.choices.http_hosts.push(host.into());
        self
    }

    /// Sets the credential for a security scheme.
    pub fn credential(mut self, scheme: &'static str, credential: impl Into<Credential>) -> Self {
        self.credentials.retain(|(name, _)| *name != scheme);
        self.credentials.push((scheme, credential.into()));
        self
    }

    /// Says what to set for a scheme, in the words of the client's own builder: an error about a
    /// missing credential repeats it.
    pub fn hint(mut self, scheme: &'static str, what: &'static str) -> Self {
        self.hints.push((scheme, what));
        self
    }

    /// Says how long a code asks to wait where no answer says so: until an account that was locked
    /// is free again, for example. Nothing is sent again before, and the error tells it in
    /// [`ApiError::retry_after`](crate::ApiError::retry_after).
    pub fn wait_after(mut self, code: &'static str, wait: Duration) -> Self {
        self.waits.push((code, wait));
        self
    }

    /// Sets the HTTP client. Without this all clients of a process share one, which the feature
    /// `reqwest` brings along.
    pub fn transport(mut self, transport: Arc<dyn HttpSend>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Sets how long a call may take in all, retries and waits included; 10 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets when requests are sent again.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the clock that learns the platform's time from its answers.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Builds the client. No runtime is needed yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for an address that is no https address or
    /// has places to fill, for a role, site or scheme that the platform lacks, and where there is
    /// no HTTP client.
    pub fn build(self) -> Result<Api> {
        let bases = address::settle(self.platform, &self.choices)?;
        let known = |name: &str| {
            self.platform
                .schemes
                .iter()
                .any(|scheme| scheme.name == name)
        };
        let named = self.credentials.iter().find(|(name, _)| !known(name));
        if let Some((name, _)) = named {
            return Err(Error::config(format!("there is no scheme `{name}`")));
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        Ok(Api {
            shared: Arc::new(Shared {
                platform: self.platform,
                transport,
                bases,
                #[cfg(feature = "jwks")]
                http_hosts: self.choices.http_hosts,
                clock: self.clock,
                budget: Budget::new(),
                hints: self.hints,
                waits: self.waits,
                timeout: self.timeout,
                retry: self.retry,
                store: self.store,
                #[cfg(feature = "pool")]
                pool: self.pool.as_ref().map(crate::TokenPool::downgrade),
            }),
            credentials: Arc::new(self.credentials),
            options: Arc::new(CallOptions::new()),
        })
    }
}

impl fmt::Debug for ApiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiBuilder")
            .field("platform", &self.platform.name)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "reqwest")]
fn default_transport() -> Result<Arc<dyn HttpSend>> {
    crate::ReqwestSend::shared()
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<Arc<dyn HttpSend>> {
    Err(Error::config(
        "there is no HTTP client; set one with `transport`, or turn on the feature `reqwest`",
    ))
}

/// How long a call may take unless said otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
