//! The client, and the settings it is built from.

use std::fmt;
use std::sync::Arc;

use auth_core::{Api, ApiBuilder, CallOptions, Credential, Error, Request, Result};
use serde::de::DeserializeOwned;

use crate::app::AppTokens;
use crate::generated::platform::PLATFORM;
use crate::{App, ServiceAccount};

/// A client of HUAWEI ID. Cheap to clone; clones share connections, tokens and keys.
#[derive(Clone)]
pub struct Client {
    pub(crate) api: Api,
    pub(crate) shared: Arc<Shared>,
}

/// What clones of a client share beside the [`Api`].
pub(crate) struct Shared {
    pub(crate) app: Option<App>,
    pub(crate) agent: Option<ServiceAccount>,
    /// The keys of ID tokens.
    #[cfg(feature = "sign-in")]
    pub(crate) keys: auth_core::jwt::KeySet,
}

/// Settings of a [`Client`]. Only [`build`](Self::build) fails.
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    app: Option<App>,
    agent: Option<ServiceAccount>,
    api: ApiBuilder,
}

impl Client {
    /// Creates a client of an app.
    ///
    /// Whatever else there is to set, [`builder`](Self::builder) sets.
    pub fn new(app: App) -> Result<Self> {
        Self::builder(app).build()
    }

    /// Starts a client of an app.
    pub fn builder(app: App) -> ClientBuilder {
        ClientBuilder {
            app: Some(app),
            ..ClientBuilder::new()
        }
    }

    /// Starts a client of a service provider that has no app of its own and acts for merchants.
    pub fn agent_builder(account: ServiceAccount) -> ClientBuilder {
        ClientBuilder::new().agent(account)
    }

    /// A view whose calls differ by `options`: timeout, retries, headers, an observer.
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            api: self.api.with(options),
            shared: Arc::clone(&self.shared),
        }
    }

    /// A view that acts as a user: with one access token, or with a
    /// [`Cached`](auth_core::Cached) provider that renews them.
    pub fn as_user(&self, credential: impl Into<Credential>) -> Self {
        let credential = credential.into();
        let schemes = ["accessTokenForm", "accessTokenJson", "userAccessToken"];
        let api = schemes.into_iter().fold(self.api.clone(), |api, scheme| {
            api.with_credential(scheme, credential.clone())
        });
        Self {
            api,
            shared: Arc::clone(&self.shared),
        }
    }

    /// Fetches the client's tokens before the first call needs them. A service is ready once this has
    /// succeeded, and stays ready when a later fetch fails.
    pub async fn warm(&self) -> Result<()> {
        self.api.warm().await
    }

    /// Sends a request that the platform's document lacks, with the same errors and retries. As a
    /// user, it carries the access token in its form.
    pub async fn call<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        request.send(&self.api).await
    }

    /// The client id of the app.
    pub fn client_id(&self) -> Result<&str> {
        Ok(self.app()?.client_id())
    }

    pub(crate) fn app(&self) -> Result<&App> {
        let app = self.shared.app.as_ref();
        app.ok_or_else(|| Error::config("there is no app: set one with `Client::builder`"))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("app", &self.shared.app)
            .field("agent", &self.shared.agent)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    fn new() -> Self {
        let (app, user) = (
            "`Client::builder` with an `App`",
            "the user's access token with `Client::as_user`",
        );
        Self {
            app: None,
            agent: None,
            api: Api::builder(&PLATFORM)
                .hint("clientSecretPost", app)
                .hint("clientSecretJson", app)
                .hint("appAccessToken", app)
                .hint("appTokenForm", app)
                .hint("accessTokenForm", user)
                .hint("accessTokenJson", user)
                .hint("userAccessToken", user)
                .hint("agentClientAssertion", "it with `Client::for_merchant`"),
        }
    }

    /// Adds the service account by which a service provider acts for merchants; see
    /// [`Client::for_merchant`].
    pub fn agent(mut self, account: ServiceAccount) -> Self {
        self.agent = Some(account);
        self
    }

    /// Prefers the addresses of this name in the platform's document, `dbankcloud` for example, for
    /// every role that has one. By default there is one address for all countries.
    pub fn site(mut self, name: impl Into<String>) -> Self {
        self.api = self.api.site(name);
        self
    }

    /// Sets the base address of one role of the platform's document: `oauth_login`, `oauth_api`,
    /// `account`, `account_api`, `account_realname_api`, `openrealname`, `risc` or `login_pages`.
    pub fn server(mut self, role: &'static str, url: impl Into<String>) -> Self {
        self.api = self.api.server(role, url);
        self
    }

    /// Builds the client. It needs no runtime yet and does no I/O.
    pub fn build(self) -> Result<Client> {
        let mut api = self.api;
        if let Some(app) = &self.app {
            if app.client_id().is_empty() || !app.client_id().bytes().all(|b| b.is_ascii_digit()) {
                return Err(Error::config("the client id of the app is not all digits"));
            }
            api = api
                .credential("clientSecretPost", app.credential())
                .credential("clientSecretJson", app.credential());
        }
        let api = api.build()?;
        let app = self.app.clone();
        let mut client = Client {
            shared: Arc::new(Shared {
                app: self.app,
                agent: self.agent,
                #[cfg(feature = "sign-in")]
                keys: crate::sign_in::keys(&api)?,
            }),
            api,
        };
        if let Some(app) = app {
            let provider = AppTokens::new(client.clone());
            let tokens = client
                .api
                .tokens("app_access_token", app.client_id(), provider)
                .secret(app.secret().clone())
                .build();
            client.api = client
                .api
                .with_credential("appAccessToken", tokens.clone())
                .with_credential("appTokenForm", tokens);
        }
        Ok(client)
    }
}

/// Shows who the client is, and no credential.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("app", &self.app)
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

auth_core::connection_settings!(ClientBuilder, api);
