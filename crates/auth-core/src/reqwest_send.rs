//! The HTTP client that comes with the crates: reqwest over rustls and ring.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, Version};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use rustls::ClientConfig;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::sites::Sites;
use crate::stopwatch::Stopwatch;
use crate::tls::Tls;
use crate::{Error, HttpSend, Result, Secret};

/// The HTTP client that comes with these crates.
///
/// TLS 1.2 and 1.3 by ring, certificates judged by the operating system, HTTP/1.1 (HTTP/2 with the
/// feature `http2`), proxies from `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` (none for
/// loopback), redirects not followed, bodies bounded, every wait bounded. It installs nothing
/// process-wide and does not depend on what others install.
///
/// Clients without settings of their own share [`one`](Self::shared): its certificates are read
/// once and its connections serve everybody. A site with a private certificate authority, or one
/// that asks for a client certificate, needs its own:
///
/// ```no_run
/// use std::sync::Arc;
///
/// use auth_core::{ReqwestSend, Result, Secret};
///
/// fn private_site(identity: Secret, authority: &str) -> Result<Arc<ReqwestSend>> {
///     let send = ReqwestSend::builder()
///         .client_certificate(identity)
///         .root_certificate(authority)
///         .build()?;
///     Ok(Arc::new(send))
/// }
/// ```
#[derive(Clone)]
pub struct ReqwestSend {
    client: Client,
    /// For this machine itself: a proxy would carry what must not leave it.
    direct: Client,
    sites: Sites,
    read: Duration,
    total: Duration,
    limit: usize,
}

/// Settings of a [`ReqwestSend`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ReqwestSendBuilder {
    connect: Duration,
    read: Duration,
    total: Duration,
    limit: usize,
    tls: Tls,
}

impl ReqwestSend {
    /// Starts an HTTP client with settings of its own.
    pub fn builder() -> ReqwestSendBuilder {
        ReqwestSendBuilder {
            connect: CONNECT,
            read: READ,
            total: TOTAL,
            limit: LIMIT,
            tls: Tls::default(),
        }
    }

    /// The one HTTP client of this process, built when it is first asked for.
    pub fn shared() -> Result<Arc<dyn HttpSend>> {
        static SHARED: OnceLock<Result<Arc<ReqwestSend>>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::builder().build().map(Arc::new));
        Ok(shared.clone()?)
    }

    /// Sends a request and reads its answer, for no longer than `limit`.
    async fn exchange(&self, request: Request<Bytes>, limit: Duration) -> Result<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let (url, is_local) = self.sites.address(&parts.uri)?;
        let client = match is_local {
            true => &self.direct,
            false => &self.client,
        };
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        *request.body_mut() = Some(body.into());
        let patience = Patience::new(self.read, limit.min(self.total));
        let timer = pin!(sleep_until(patience.end()));
        let mut waits = Waits { patience, timer };
        let mut response = waits.step(client.execute(request)).await?;
        let body = self.body(&mut response, &mut waits).await?;
        let mut answer = Response::new(body);
        *answer.status_mut() = response.status();
        *answer.version_mut() = response.version();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }

    /// Reads the body piece by piece, and stops when it grows too large.
    async fn body(&self, response: &mut reqwest::Response, waits: &mut Waits<'_>) -> Result<Bytes> {
        let announced = response.content_length().unwrap_or(0);
        if announced > self.limit as u64 {
            return Err(self.too_large());
        }
        let Some(first) = waits.step(response.chunk()).await? else {
            return Ok(Bytes::new());
        };
        self.bounded(first.len())?;
        // Most answers arrive in one piece, which needs no copy. What HTTP/1.1 announced ends there.
        if response.content_length() == Some(0) && response.version() <= Version::HTTP_11 {
            return Ok(first);
        }
        let Some(second) = waits.step(response.chunk()).await? else {
            return Ok(first);
        };
        let room = usize::try_from(announced)
            .unwrap_or(0)
            .max(first.len() + second.len());
        let mut whole = BytesMut::with_capacity(room);
        whole.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(piece) = next {
            self.bounded(whole.len() + piece.len())?;
            whole.extend_from_slice(&piece);
            next = waits.step(response.chunk()).await?;
        }
        Ok(whole.freeze())
    }

    fn bounded(&self, length: usize) -> Result<()> {
        match length <= self.limit {
            true => Ok(()),
            false => Err(self.too_large()),
        }
    }

    fn too_large(&self) -> Error {
        Error::decode(format!("the answer is larger than {} bytes", self.limit))
    }
}

// Written out: the futures are made in the box that they stay in.
impl HttpSend for ReqwestSend {
    fn send<'life, 'future>(
        &'life self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>>> + Send + 'future>>
    where
        'life: 'future,
        Self: 'future,
    {
        Box::pin(self.exchange(request, self.total))
    }

    fn send_within<'life, 'future>(
        &'life self,
        request: Request<Bytes>,
        limit: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>>> + Send + 'future>>
    where
        'life: 'future,
        Self: 'future,
    {
        Box::pin(self.exchange(request, limit))
    }
}

/// How long a request may go on: in all, and without a word from the platform.
#[derive(Clone, Copy)]
struct Patience {
    watch: Stopwatch,
    /// When the platform was last heard, from the beginning.
    heard: Duration,
    silence: Duration,
    total: Duration,
}

impl Patience {
    fn new(silence: Duration, total: Duration) -> Self {
        Self {
            watch: Stopwatch::start(),
            heard: Duration::ZERO,
            silence,
            total,
        }
    }

    /// When it ends, should the platform say nothing more.
    fn end(&self) -> Instant {
        let end = self.heard.saturating_add(self.silence).min(self.total);
        self.watch.after(end)
    }

    /// Notes that the platform said something.
    fn hear(&mut self) {
        // Where the whole may not take longer than a silence, only the whole counts.
        if self.silence < self.total {
            self.heard = self.watch.elapsed();
        }
    }
}

/// The waits of one request, by one timer: reqwest would set one up for each, and so would a
/// `timeout` around every step.
struct Waits<'a> {
    patience: Patience,
    timer: Pin<&'a mut Sleep>,
}

impl Waits<'_> {
    async fn step<T>(&mut self, step: impl Future<Output = reqwest::Result<T>>) -> Result<T> {
        let mut step = pin!(step);
        let result = poll_fn(|cx| {
            if let Poll::Ready(result) = step.as_mut().poll(cx) {
                return Poll::Ready(result.map_err(broken));
            }
            // The timer runs on from an earlier step: it may be early, but never late.
            while self.timer.as_mut().poll(cx).is_ready() {
                let end = self.patience.end();
                if end <= self.timer.deadline() {
                    return Poll::Ready(Err(late()));
                }
                self.timer.as_mut().reset(end);
            }
            Poll::Pending
        })
        .await;
        self.patience.hear();
        result
    }
}

impl fmt::Debug for ReqwestSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestSend").finish_non_exhaustive()
    }
}

impl ReqwestSendBuilder {
    /// Sets how long making a connection may take, TLS included; 3 s by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect = timeout;
        self
    }

    /// Sets how long the platform may be silent; 10 s by default.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read = timeout;
        self
    }

    /// Sets how long one request may take in all; 60 s by default. The calls of an
    /// [`Api`](crate::Api) have a shorter bound of their own.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.total = timeout;
        self
    }

    /// Sets how many bytes the body of an answer may have; 16 MiB by default.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Presents a client certificate: a PEM text with the certificate, those of its issuers, and
    /// the private key without a passphrase.
    pub fn client_certificate(mut self, pem: impl Into<Secret>) -> Self {
        self.tls.identity = Some(pem.into());
        self
    }

    /// Trusts the certificates in a PEM text beside those of the operating system.
    pub fn root_certificate(mut self, pem: impl Into<String>) -> Self {
        self.tls.roots.push(pem.into());
        self
    }

    /// Expects this name in the server's certificate instead of the host of the address, which may
    /// then be an IP address that the certificate does not know.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.tls.name = Some(name.into());
        self
    }

    /// Trusts the public key in a PEM text, be it a certificate or a bare key, and nobody else: a
    /// server has to hold that key itself, or show a certificate that was issued, over any number
    /// of issuers, under that key.
    ///
    /// For a site whose certificate bears no name that could be checked. Names are not looked at
    /// unless [`server_name`](Self::server_name) says which to expect; signatures and, below the
    /// pinned key, dates and uses are checked as ever. Give the authority's certificate, not only
    /// its key, where the server does not send it. Several keys can be pinned, so that one can be
    /// replaced in time.
    pub fn pinned_key(mut self, pem: impl Into<String>) -> Self {
        self.tls.pins.push(pem.into());
        self
    }

    /// Builds the client. No runtime is needed yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a PEM text that does not hold what it should.
    pub fn build(self) -> Result<ReqwestSend> {
        let tls = self.tls.config()?;
        Ok(ReqwestSend {
            client: self.client(Client::builder(), tls.clone())?,
            direct: self.client(Client::builder().no_proxy(), tls)?,
            read: self.read,
            total: self.total,
            sites: Sites::default(),
            limit: self.limit,
        })
    }

    fn client(&self, builder: ClientBuilder, tls: ClientConfig) -> Result<Client> {
        let builder = builder
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .referer(false)
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect);
        // What reqwest repeats by itself, streams that an HTTP/2 server refused, HTTP/1.1 has not.
        // Only with no repeats at all does it spare the copy of every request.
        let builder = match cfg!(feature = "http2") {
            true => builder,
            false => builder.retry(reqwest::retry::never().max_retries_per_request(0)),
        };
        builder
            .build()
            .map_err(|error| Error::config("the HTTP client cannot be built").because(error))
    }
}

impl fmt::Debug for ReqwestSendBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestSendBuilder")
            .field("connect_timeout", &self.connect)
            .field("read_timeout", &self.read)
            .field("timeout", &self.total)
            .field("body_limit", &self.limit)
            .field("client_certificate", &self.tls.identity)
            .field("server_name", &self.tls.name)
            .finish_non_exhaustive()
    }
}

/// A failure of reqwest in our terms. Its address can hold secrets and is taken out.
fn broken(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let told = match () {
        () if error.is_builder() => Error::config("the HTTP client refused the request"),
        () if error.is_connect() && error.is_timeout() => {
            Error::unsent("the connection could not be made in time")
        }
        () if error.is_dns() => Error::unsent("the host name could not be resolved"),
        () if error.is_connect() => Error::unsent("the connection could not be made"),
        () if error.is_timeout() => late(),
        () if error.is_body() || error.is_decode() => Error::transport("the answer broke off"),
        () => Error::transport("the connection broke"),
    };
    told.because(error)
}

fn late() -> Error {
    Error::transport("the answer did not arrive in time")
}

const CONNECT: Duration = Duration::from_secs(3);
const READ: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(60);
const LIMIT: usize = 16 * 1024 * 1024;
const USER_AGENT: &str = concat!("auth-core/", env!("CARGO_PKG_VERSION"));
