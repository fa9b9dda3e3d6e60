//! The client, and the settings it is built from.

use std::fmt;
use std::sync::Arc;

use auth_core::{Api, ApiBuilder, CallOptions, Error, Request, Result};
use serde::de::DeserializeOwned;

use crate::body::Buffers;
use crate::generated::platform::PLATFORM;
use crate::hms_client::HmsTokens;
use crate::pace::Pace;
use crate::{HmsClient, ServiceAccount};

/// A client of Push Kit. Cheap to clone; clones share connections, tokens and pace.
#[derive(Clone)]
pub struct Client {
    pub(crate) api: Api,
    pub(crate) shared: Arc<Shared>,
}

/// What clones of a client share beside the [`Api`].
pub(crate) struct Shared {
    pub(crate) pace: Pace,
    pub(crate) buffers: Buffers,
    project_id: Option<String>,
    hms_client_id: Option<String>,
}

/// Settings of a [`Client`]. Only [`build`](Self::build) fails.
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    account: Option<ServiceAccount>,
    hms: Option<HmsClient>,
    project_id: Option<String>,
    api: ApiBuilder,
}

impl Client {
    /// Creates a client that sends to HarmonyOS 5 and later as a service account.
    ///
    /// Whatever else there is to set, [`builder`](Self::builder) sets.
    pub fn new(account: ServiceAccount) -> Result<Self> {
        Self::builder(account).build()
    }

    /// Starts a client that sends to HarmonyOS 5 and later as a service account.
    pub fn builder(account: ServiceAccount) -> ClientBuilder {
        ClientBuilder {
            account: Some(account),
            ..ClientBuilder::new()
        }
    }

    /// Starts a client that sends over HMS alone: to Android and HarmonyOS 2 to 4.
    pub fn hms_builder(client: HmsClient) -> ClientBuilder {
        ClientBuilder::new().hms(client)
    }

    /// A view whose calls differ by `options`: timeout, retries, headers, an observer.
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            api: self.api.with(options),
            shared: Arc::clone(&self.shared),
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

    /// The project that messages are sent for.
    pub fn project_id(&self) -> Result<&str> {
        self.shared.project_id.as_deref().ok_or_else(|| {
            Error::config(
                "the project id is not known: the key file has none, or a vault was not asked for it \
                 yet; set it with \
                 `ClientBuilder::project_id`",
            )
        })
    }

    /// The client id of the HMS app that messages are sent for.
    pub fn hms_client_id(&self) -> Result<&str> {
        self.shared
            .hms_client_id
            .as_deref()
            .ok_or_else(|| Error::config("there is no HMS app: set one with `ClientBuilder::hms`"))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("project_id", &self.shared.project_id)
            .field("hms_client_id", &self.shared.hms_client_id)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    fn new() -> Self {
        Self {
            account: None,
            hms: None,
            project_id: None,
            api: Api::builder(&PLATFORM)
                .hint(
                    "serviceAccountJwt",
                    "`Client::builder` with a `ServiceAccount`",
                )
                .hint("hmsAccessToken", "`ClientBuilder::hms`")
                .hint("clientSecretPost", "`ClientBuilder::hms`"),
        }
    }

    /// Adds the OAuth client of an HMS app, so that the client sends over HMS too.
    pub fn hms(mut self, client: HmsClient) -> Self {
        self.hms = Some(client);
        self
    }

    /// Sets the project; that of the key file when not set.
    pub fn project_id(mut self, id: impl Into<String>) -> Self {
        self.project_id = Some(id.into());
        self
    }

    /// Sets the base address of the push server: that of an emulator or of a gateway of your own.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.api = self.api.server("push_api", url);
        self
    }

    /// Sets the base address of the server that HMS access tokens come from.
    pub fn login_url(mut self, url: impl Into<String>) -> Self {
        self.api = self.api.server("oauth_login", url);
        self
    }

    /// Builds the client. It needs no runtime yet and does no I/O.
    pub fn build(self) -> Result<Client> {
        let mut api = self.api;
        let mut project_id = self.project_id;
        if let Some(account) = &self.account {
            project_id = project_id.or_else(|| account.project_id());
        }
        if let Some(hms) = &self.hms {
            api = api.credential("clientSecretPost", hms.credential());
        }
        let mut client = Client {
            api: api.build()?,
            shared: Arc::new(Shared {
                pace: Pace::new(),
                buffers: Buffers::default(),
                project_id,
                hms_client_id: self.hms.as_ref().map(|hms| hms.id().to_owned()),
            }),
        };
        if let Some(account) = self.account {
            let account = account.clock(client.api.clock().clone());
            let source = account.source().clone();
            let identity = account.key().ok().map(|key| key.identity());
            let tokens = client
                .api
                .own_tokens("service_account_jwt", identity.as_deref(), account)
                .secret(source);
            client.api = client
                .api
                .with_credential("serviceAccountJwt", tokens.build());
        }
        if let Some(hms) = &self.hms {
            let provider = HmsTokens::new(client.clone());
            let tokens = client
                .api
                .tokens("hms_access_token", hms.id(), provider)
                .secret(hms.secret().clone());
            client.api = client.api.with_credential("hmsAccessToken", tokens.build());
        }
        Ok(client)
    }
}

/// Shows who the client is, and no credential.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("account", &self.account)
            .field("hms", &self.hms)
            .field("project_id", &self.project_id)
            .finish_non_exhaustive()
    }
}

auth_core::connection_settings!(ClientBuilder, api);
