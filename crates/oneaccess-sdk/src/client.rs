//! The client, and the settings it is built from.

use std::fmt;
use std::sync::Arc;

use auth_core::{
    Api, ApiBuilder, CallOptions, Credential, Request, Result, RetryPolicy, Secret, Token,
};
use serde::de::DeserializeOwned;

use crate::application::ApplicationTokens;
use crate::generated::platform::PLATFORM;
use crate::{Application, Device, DeviceClient};

/// A client of OneAccess for one tenant and application. Cheap to clone; clones share connections
/// and tokens.
#[derive(Clone)]
pub struct Client {
    pub(crate) api: Api,
    pub(crate) shared: Arc<Shared>,
}

/// What clones of a client share beside the [`Api`].
pub(crate) struct Shared {
    pub(crate) application: Application,
    pub(crate) tenant_id: Option<String>,
}

/// Settings of a [`Client`]. Only [`build`](Self::build) fails.
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    application: Application,
    tenant_id: Option<String>,
    api: ApiBuilder,
}

impl Client {
    /// Creates a client of the tenant at `domain`, its user access domain as the console shows it:
    /// `acme.huaweioneaccess.com`, or the tenant's own.
    ///
    /// Whatever else there is to set, [`builder`](Self::builder) sets.
    pub fn new(application: Application, domain: impl Into<String>) -> Result<Self> {
        Self::builder(application, domain).build()
    }

    /// Starts a client of the tenant at `domain`; see [`new`](Self::new).
    pub fn builder(application: Application, domain: impl Into<String>) -> ClientBuilder {
        let domain = domain.into();
        let domain = domain.trim();
        let domain = domain.strip_prefix("https://").unwrap_or(domain);
        ClientBuilder {
            application,
            tenant_id: None,
            api: Api::builder(&PLATFORM)
                .variable("domain_name", domain.trim_end_matches('/'))
                .hint("clientBasic", SECRET)
                .hint("clientSecretPost", SECRET)
                .hint("bearerAccessToken", SECRET)
                .hint("oauthAccessToken", "`Client::as_user`")
                .hint("stateToken", "the methods of the step that a login came to")
                .hint("sessionSignature", "`Session::by_signature`")
                .hint("idTokenBearer", "`Session::by_id_token`"),
        }
    }

    /// A view whose calls differ by `options`: timeout, retries, headers, an observer.
    pub fn with(&self, options: CallOptions) -> Self {
        self.over(self.api.with(options))
    }

    /// A view for one person's device: the calls that log people in, register them, and act for
    /// them.
    pub fn on(&self, device: Device) -> DeviceClient {
        DeviceClient::new(self.clone(), device)
    }

    /// A view that speaks for a user who signed in on the hosted page, with the access token of
    /// that sign-in: for [`get_user_info`](Self::get_user_info).
    pub fn as_user(&self, token: Token) -> Self {
        self.over(self.api.with_credential("oauthAccessToken", token))
    }

    /// A view for the calls that go on with a login: the methods of [`Login`](crate::Login)'s steps
    /// do this by themselves.
    pub fn with_state_token(&self, token: impl Into<Secret>) -> Self {
        let token = Credential::key(token);
        self.over(self.api.with_credential("stateToken", token))
    }

    /// A view for the calls of a user who is logged in, named by the id token of the login:
    /// [`Session::by_id_token`](crate::Session::by_id_token) does this by itself.
    pub fn with_id_token(&self, token: Token) -> Self {
        self.over(self.api.with_credential("idTokenBearer", token))
    }

    /// A view for one call of a user who is logged in, named by X-signature: `Session::by_signature`
    /// does this by itself.
    pub fn with_signature(&self, signature: impl Into<Secret>) -> Self {
        let signature = Credential::key(signature);
        self.over(self.api.with_credential("sessionSignature", signature))
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

    /// The ClientId of the application.
    pub fn client_id(&self) -> &str {
        self.shared.application.id()
    }

    /// A view whose calls are sent once, whatever becomes of them.
    pub(crate) fn once(&self) -> Self {
        self.with(CallOptions::default().retry(RetryPolicy::none()))
    }

    pub(crate) fn over(&self, api: Api) -> Self {
        Self {
            api,
            shared: Arc::clone(&self.shared),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("application", &self.shared.application)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Sets the tenant that an application of an independent software vendor acts in: the header
    /// X-tenant-id. The domain is then the common domain that Huawei gives out on request.
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant_id = Some(id.into());
        self
    }

    /// Builds the client. It needs no runtime yet and does no I/O.
    pub fn build(self) -> Result<Client> {
        let id = Credential::key(self.application.id());
        let mut api = self.api.credential("appClientId", id);
        let secret = self.application.secret().cloned();
        if let Some(basic) = self.application.basic() {
            api = api.credential("clientBasic", basic);
        }
        let mut client = Client {
            api: api.build()?,
            shared: Arc::new(Shared {
                application: self.application,
                tenant_id: self.tenant_id,
            }),
        };
        if let Some(secret) = secret {
            let provider = ApplicationTokens::new(client.api.clone(), &client);
            // Whose tokens they are in a store that tenants share: who states another domain and the
            // same ClientId must not be given, and sent, what was issued here.
            let base = client.api.url(&Request::get("/"))?;
            let tenant = format!("{}@{base}", client.client_id());
            let tokens = client
                .api
                .tokens("app_access_token", &tenant, provider)
                .secret(secret);
            client.api = client
                .api
                .with_credential("bearerAccessToken", tokens.build());
        }
        Ok(client)
    }
}

/// Shows who the client is, and no credential.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("application", &self.application)
            .field("tenant_id", &self.tenant_id)
            .finish_non_exhaustive()
    }
}

auth_core::connection_settings!(ClientBuilder, api);

/// What to set for calls that need the secret.
const SECRET: &str = "`Application::new`, which has the secret";
