//! The client, and the settings it is built from.

use std::fmt;
#[cfg(feature = "reqwest")]
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Api, ApiBuilder, CallOptions, Credential, Request, Result};
#[cfg(feature = "reqwest")]
use auth_core::{ReqwestSend, ReqwestSendBuilder};
use serde::de::DeserializeOwned;

use crate::generated::platform::PLATFORM;
use crate::tokens::Tokens;
use crate::{Application, Site};

/// A client of the IoT platform, logged in as one application. Cheap to clone.
///
/// Clones share connections and the token. Make one client for an application and clone it: a
/// second one would log in for itself, and so void the token of the first.
#[derive(Clone)]
pub struct Client {
    pub(crate) api: Api,
}

/// Settings of a [`Client`]. Only [`build`](Self::build) fails.
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    application: Application,
    api: ApiBuilder,
    #[cfg(feature = "reqwest")]
    tls: Option<ReqwestSendBuilder>,
}

impl Client {
    /// Creates a client of a site that needs no settings: one with a certificate for its name that
    /// asks for none in return.
    ///
    /// Whatever else there is to set, [`builder`](Self::builder) sets.
    pub fn new(application: Application, site: impl Into<Site>) -> Result<Self> {
        Self::builder(application, site).build()
    }

    /// Starts a client that logs in at a site as an application.
    pub fn builder(application: Application, site: impl Into<Site>) -> ClientBuilder {
        let api = Api::builder(&PLATFORM)
            .wait_after(THROTTLED, MINUTE)
            .hint("appKey", "`Client::builder` with an `Application`")
            .hint("bearerAuth", "`Client::builder` with an `Application`")
            .hint("appSecret", "`Client::builder` with an `Application`");
        ClientBuilder {
            application,
            api: site.into().apply(api),
            #[cfg(feature = "reqwest")]
            tls: None,
        }
    }

    /// A view whose calls differ by `options`: timeout, retries, headers, an observer.
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            api: self.api.with(options),
        }
    }

    /// Fetches the client's tokens before the first call needs them. A service is ready once this has
    /// succeeded, and stays ready when a later fetch fails.
    pub async fn warm(&self) -> Result<()> {
        self.api.warm().await
    }

    /// Sends a request that the platform's document lacks, with the same token, retries and errors.
    pub async fn call<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        request.send(&self.api).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// # TLS
///
/// With one of these settings the client has an HTTP client of its own, so that its certificate is
/// shown to nobody else; one that is set with [`transport`](Self::transport) is not used then.
#[cfg(feature = "reqwest")]
impl ClientBuilder {
    /// Shows this certificate to the site, as carriers demand.
    pub fn client_certificate(self, certificate: crate::ClientCertificate) -> Self {
        self.tls(|tls| tls.client_certificate(certificate.into_pem()))
    }

    /// Trusts the authority in a PEM text beside those of the operating system.
    pub fn root_certificate(self, pem: impl Into<String>) -> Self {
        self.tls(|tls| tls.root_certificate(pem))
    }

    /// Expects this name in the certificate of the site, instead of the host of its address.
    pub fn server_name(self, name: impl Into<String>) -> Self {
        self.tls(|tls| tls.server_name(name))
    }

    /// Trusts nobody but who holds the public key in a PEM text, or was issued a certificate under
    /// it: for sites whose certificate bears no name that could be checked. It takes the
    /// certificate of the site or of its authority, or a bare public key; see
    /// [`ReqwestSendBuilder::pinned_key`].
    pub fn pinned_key(self, pem: impl Into<String>) -> Self {
        self.tls(|tls| tls.pinned_key(pem))
    }

    fn tls(mut self, set: impl FnOnce(ReqwestSendBuilder) -> ReqwestSendBuilder) -> Self {
        self.tls = Some(set(self.tls.unwrap_or_else(ReqwestSend::builder)));
        self
    }
}

impl ClientBuilder {
    /// Builds the client. It needs no runtime yet and does no I/O.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](auth_core::ErrorKind::Config) for an address that is none, and for
    /// certificates that cannot be read.
    pub fn build(self) -> Result<Client> {
        let api = self
            .api
            .credential("appKey", Credential::key(self.application.id()))
            .credential("appSecret", self.application.credential());
        #[cfg(feature = "reqwest")]
        let api = match self.tls {
            Some(tls) => api
                .transport(Arc::new(tls.build()?))
                .credential("clientCert", Credential::Certificate),
            None => api,
        };
        let mut client = Client { api: api.build()? };
        let provider = Tokens::new(client.clone());
        let tokens = client
            .api
            .tokens("access_token", self.application.id(), provider)
            .secret(self.application.secret().clone());
        client.api = client.api.with_credential("bearerAuth", tokens.build());
        Ok(client)
    }
}

/// Shows who the client is, and no credential.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}

auth_core::connection_settings!(ClientBuilder, api);

/// The code of an application that has used up its calls of this minute. No answer says how long
/// that is to go; calls before it are refused, and nothing is gained by trying.
const THROTTLED: &str = "1010009";

/// As long as the calls are counted for.
const MINUTE: Duration = Duration::from_secs(60);
