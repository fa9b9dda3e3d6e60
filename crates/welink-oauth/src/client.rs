//! The client, and the settings it is built from.

use std::fmt;
use std::sync::Arc;

use auth_core::{Api, ApiBuilder, Cached, CallOptions, Lockout, Request, Result};
use serde::de::DeserializeOwned;

use crate::app_secret::{LOCKED, LOCKED_FOR, Tickets};
use crate::generated::platform::PLATFORM;
use crate::{AppSecret, SignedInUser, UserToken};

/// A client of WeLink. Cheap to clone; clones and views share connections and tokens.
#[derive(Clone)]
pub struct Client {
    pub(crate) api: Api,
    pub(crate) shared: Arc<Shared>,
}

/// What clones and views of a client share beside the [`Api`].
pub(crate) struct Shared {
    pub(crate) app: Option<AppSecret>,
    /// The tokens that act for the owner of the app.
    owner: Option<Cached>,
    /// The tokens that act for the tenants that subscribed to it.
    #[cfg(feature = "tenants")]
    tenants: Tenants,
    #[cfg(feature = "sign-in")]
    pub(crate) sign_in: crate::sign_in::Settings,
}

/// The tokens that act for tenants: in a pool of the client's own, or in one that was set.
#[cfg(feature = "tenants")]
struct Tenants {
    pool: auth_core::TokenPool,
    is_own: bool,
    tickets: Tickets,
}

/// Settings of a [`Client`]. Only [`build`](Self::build) fails.
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    app: Option<AppSecret>,
    #[cfg(feature = "sign-in")]
    form: bool,
    api: ApiBuilder,
}

impl Client {
    /// Creates a client of an app.
    ///
    /// Whatever else there is to set, [`builder`](Self::builder) sets.
    pub fn new(app: AppSecret) -> Result<Self> {
        Self::builder(app).build()
    }

    /// Starts a client of an app.
    pub fn builder(app: AppSecret) -> ClientBuilder {
        ClientBuilder {
            app: Some(app),
            ..ClientBuilder::without_app()
        }
    }

    /// A view whose calls act for a tenant that subscribed to the app, as those of vendors do for
    /// their customers. Its tokens are kept beside those of other tenants, at most
    /// 10,000 of them, or in the pool that was set in the builder; a wrong secret stops all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](auth_core::ErrorKind::Config) for an empty id, and for a client
    /// without an app.
    #[cfg(feature = "tenants")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tenants")))]
    pub fn as_tenant(&self, tenant_id: &str) -> Result<Self> {
        if tenant_id.is_empty() {
            return Err(auth_core::Error::config("the tenant id is empty"));
        }
        let Some(app) = &self.shared.app else {
            return Err(auth_core::Error::config(
                "there is no app whose token could act for a tenant: use `Client::builder`",
            ));
        };
        let tenants = &self.shared.tenants;
        let tokens = match tenants.is_own {
            true => tenants.pool.get(tenant_id)?,
            false => tenants.tickets.tokens_of(app, tenant_id),
        };
        Ok(Self {
            api: self.api.with_credential("appAccessToken", tokens),
            shared: Arc::clone(&self.shared),
        })
    }

    /// What a user who signed in may ask for: who it is, and whether the user administers the app.
    pub fn as_user(&self, token: &UserToken) -> SignedInUser {
        SignedInUser::new(&self.api, token)
    }

    /// A view that sends as a robot of a group; the token is that of its webhook address.
    #[cfg(feature = "robot")]
    #[cfg_attr(docsrs, doc(cfg(feature = "robot")))]
    pub fn as_robot(&self, token: impl Into<auth_core::Secret>) -> Self {
        let token = auth_core::Credential::key(token);
        Self {
            api: self.api.with_credential("robotToken", token),
            shared: Arc::clone(&self.shared),
        }
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

    /// The connection with the tokens of the app's owner, whatever tenant this view is for.
    pub(crate) fn owner_api(&self) -> Api {
        match &self.shared.owner {
            Some(tokens) => self.api.with_credential("appAccessToken", tokens.clone()),
            None => self.api.clone(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("app", &self.shared.app)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Starts a client that has no app: it builds addresses, and sends as robots of groups.
    pub fn without_app() -> Self {
        Self {
            app: None,
            #[cfg(feature = "sign-in")]
            form: false,
            api: Api::builder(&PLATFORM)
                .wait_after(LOCKED, LOCKED_FOR)
                .hint("appAccessToken", "`Client::builder` with an `AppSecret`")
                .hint("clientSecretJson", "`Client::builder` with an `AppSecret`")
                .hint("clientSecretQuery", "`Client::builder` with an `AppSecret`")
                .hint("userAccessToken", "`Client::as_user`")
                .hint("robotToken", "`Client::as_robot`"),
        }
    }

    /// Sets the base address of the API: that of a private site, an emulator or a gateway of your
    /// own. The paths below it are the same everywhere.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.api = self.api.server("api", url);
        self
    }

    /// Sets the base address of the pages that browsers are sent to.
    pub fn login_url(mut self, url: impl Into<String>) -> Self {
        self.api = self.api.server("login", url);
        self
    }

    /// Exchanges codes with a form as the body instead of parameters in the address.
    ///
    /// The platform documents the form by its media type alone; its example, and the one public
    /// client that is known to work, send the parameters in the address, which is what happens when
    /// this is not set. The address gets into no log of this crate, but into those of proxies.
    #[cfg(feature = "sign-in")]
    #[cfg_attr(docsrs, doc(cfg(feature = "sign-in")))]
    pub fn form(mut self) -> Self {
        self.form = true;
        self
    }

    /// Builds the client. It needs no runtime yet and does no I/O.
    pub fn build(self) -> Result<Client> {
        let mut api = self.api;
        if let Some(app) = &self.app {
            api = api
                .credential("clientSecretJson", app.credential())
                .credential("clientSecretQuery", app.credential());
        }
        let mut api = api.build()?;
        // One for both doors: the platform locks the app, whichever got the wrong secret.
        let lockout = match &self.app {
            Some(app) => api.lockout(app.client_id(), app.secret()),
            None => Arc::new(Lockout::new(api.clock().clone())),
        };
        #[cfg(feature = "sign-in")]
        let sign_in = crate::sign_in::Settings::new(self.form, Arc::clone(&lockout));
        let tickets = Tickets::new(api.clone(), lockout);
        let owner = self.app.as_ref().map(|app| {
            api.tokens("app_access_token", app.client_id(), tickets.clone())
                .secret(app.secret().clone())
                .build()
        });
        if let Some(owner) = &owner {
            api = api.with_credential("appAccessToken", owner.clone());
        }
        #[cfg(feature = "tenants")]
        let tenants = {
            let shared = api.pool();
            Tenants {
                is_own: shared.is_none(),
                pool: shared.unwrap_or_else(|| own_pool(self.app.clone(), tickets.clone())),
                tickets,
            }
        };
        Ok(Client {
            shared: Arc::new(Shared {
                app: self.app,
                owner,
                #[cfg(feature = "tenants")]
                tenants,
                #[cfg(feature = "sign-in")]
                sign_in,
            }),
            api,
        })
    }
}

/// Shows who the client is, and no credential.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

auth_core::connection_settings!(ClientBuilder, api);

#[cfg(feature = "tenants")]
fn own_pool(app: Option<AppSecret>, tickets: Tickets) -> auth_core::TokenPool {
    auth_core::TokenPool::new(MOST_TENANTS, move |tenant: &str| match &app {
        Some(app) => Ok(tickets.tokens_of(app, tenant)),
        None => Err(auth_core::Error::config("there is no app")),
    })
}

/// How many tenants' tokens are kept.
#[cfg(feature = "tenants")]
const MOST_TENANTS: usize = 10_000;
