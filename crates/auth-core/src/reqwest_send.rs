//! The HTTP client that comes with the crates: reqwest over rustls and ring.

use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::time::timeout;

use crate::address::is_loopback;
use crate::stopwatch::Stopwatch;
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
    read: Duration,
    total: Duration,
    limit: usize,
}

/// Settings of a [`ReqwestSend`].
#[derive(Clone)]
pub struct ReqwestSendBuilder {
    connect: Duration,
    read: Duration,
    total: Duration,
    limit: usize,
    identity: Option<Secret>,
    roots: Vec<String>,
}

impl ReqwestSend {
    /// Starts an HTTP client with settings of its own.
    pub fn builder() -> ReqwestSendBuilder {
        ReqwestSendBuilder {
            connect: CONNECT,
            read: READ,
            total: TOTAL,
            limit: LIMIT,
            identity: None,
            roots: Vec::new(),
        }
    }

    /// The one HTTP client of this process, built when it is first asked for.
    pub fn shared() -> Result<Arc<dyn HttpSend>> {
        static SHARED: OnceLock<Result<Arc<ReqwestSend>>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::builder().build().map(Arc::new));
        Ok(shared.clone()?)
    }

    /// Reads the body piece by piece, and stops when it grows too large.
    async fn body(&self, response: &mut reqwest::Response, watch: Stopwatch) -> Result<Bytes> {
        let announced = response.content_length().unwrap_or(0);
        if announced > self.limit as u64 {
            return Err(self.too_large());
        }
        let Some(first) = self.within(watch, response.chunk()).await? else {
            return Ok(Bytes::new());
        };
        // Most answers arrive in one piece, which needs no copy.
        let Some(second) = self.within(watch, response.chunk()).await? else {
            return self.bounded(first.len()).map(|()| first);
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
            next = self.within(watch, response.chunk()).await?;
        }
        Ok(whole.freeze())
    }

    /// Waits no longer than the platform may be silent, nor than the whole request may take.
    async fn within<T>(
        &self,
        watch: Stopwatch,
        step: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T> {
        let left = self.total.saturating_sub(watch.elapsed());
        match timeout(self.read.min(left), step).await {
            Ok(result) => result.map_err(broken),
            Err(_) => Err(late()),
        }
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

#[async_trait]
impl HttpSend for ReqwestSend {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let mut url = String::with_capacity(URL_CAPACITY);
        write!(url, "{}", parts.uri).expect("writing to a string");
        // What the parser says may repeat the address.
        let url = Url::parse(&url)
            .map_err(|_| Error::config("the HTTP client cannot read the address"))?;
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        *request.body_mut() = Some(body.into());
        let client = match request.url().host_str() {
            Some(host) if is_loopback(host) => &self.direct,
            _ => &self.client,
        };
        // Timed here and not by reqwest, whose timers cost memory for every request.
        let watch = Stopwatch::start();
        let mut response = self.within(watch, client.execute(request)).await?;
        let body = self.body(&mut response, watch).await?;
        let mut answer = Response::new(body);
        *answer.status_mut() = response.status();
        *answer.version_mut() = response.version();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
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
        self.identity = Some(pem.into());
        self
    }

    /// Trusts the certificates in a PEM text beside those of the operating system.
    pub fn root_certificate(mut self, pem: impl Into<String>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Builds the client. No runtime is needed yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a PEM text that does not hold what it should.
    pub fn build(self) -> Result<ReqwestSend> {
        let tls = self.tls()?;
        Ok(ReqwestSend {
            client: self.client(Client::builder(), tls.clone())?,
            direct: self.client(Client::builder().no_proxy(), tls)?,
            read: self.read,
            total: self.total,
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
        let builder = match cfg!(feature = "http2") {
            true => builder,
            false => builder.retry(reqwest::retry::never()),
        };
        builder
            .build()
            .map_err(|error| Error::config("the HTTP client cannot be built").because(error))
    }

    /// TLS by ring alone, whatever else is in the process.
    fn tls(&self) -> Result<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = Vec::new();
        for pem in &self.roots {
            let found = certificates("a root certificate", pem)?;
            roots.extend(found);
        }
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::config("TLS cannot be set up").because(error))?;
        let builder = match Verifier::new_with_extra_roots(roots, provider) {
            Ok(verifier) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier)),
            Err(error) if self.roots.is_empty() => {
                // A container without certificates can still speak plain http to loopback; every
                // TLS handshake is refused, because no root is trusted.
                tracing::warn!(%error, "no certificate of the system can be used");
                builder.with_root_certificates(RootCertStore::empty())
            }
            Err(error) => {
                return Err(Error::config("a root certificate cannot be used").because(error));
            }
        };
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let what = "the client certificate";
                let chain = certificates(what, pem.expose())?;
                let key = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes())
                    .map_err(|_| Error::config(format!("{what} comes without a private key")))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    Error::config(format!("{what} and its key cannot be used")).because(error)
                })?
            }
        };
        if cfg!(feature = "http2") {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(config)
    }
}

impl fmt::Debug for ReqwestSendBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestSendBuilder")
            .field("connect_timeout", &self.connect)
            .field("read_timeout", &self.read)
            .field("timeout", &self.total)
            .field("body_limit", &self.limit)
            .field("client_certificate", &self.identity)
            .finish_non_exhaustive()
    }
}

/// The certificates of a PEM text; at least one.
fn certificates(what: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::config(format!(
            "{what} is not a PEM text with certificates"
        ))),
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

/// Room for the usual address.
const URL_CAPACITY: usize = 256;
const CONNECT: Duration = Duration::from_secs(3);
const READ: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(60);
const LIMIT: usize = 16 * 1024 * 1024;
const USER_AGENT: &str = concat!("auth-core/", env!("CARGO_PKG_VERSION"));
