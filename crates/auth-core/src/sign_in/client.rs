//! The OAuth client of one authorization server, and the settings it is built from.

use std::fmt;
use std::sync::{Arc, OnceLock};

use oauth2::TokenUrl;
use serde::de::DeserializeOwned;

use crate::jwt::Expected;
use crate::sign_in::{Authorize, Grant, IdTokens, PendingSignIn, RefreshToken, Returned, Tokens};
use crate::{Action, Api, CallOptions, Error, Operation, Request, Result, Secret, SecretSource};

/// An application as one authorization server knows it. Cheap to clone.
#[derive(Clone)]
pub struct OAuthClient {
    pub(super) api: Api,
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) endpoints: Paths,
    pub(super) id: String,
    pub(super) secret: Option<SecretSource>,
    pub(super) auth: ClientAuth,
    pub(super) placement: Placement,
    pub(super) id_tokens: Option<IdTokens>,
    pub(super) issuer: Option<Issuer>,
}

/// An issuer that may name itself when the browser comes back.
pub(super) struct Issuer {
    pub(super) name: String,
    pub(super) always: bool,
}

/// Settings of an [`OAuthClient`]. Only [`build`](Self::build) fails.
#[must_use = "a builder does nothing until it is built"]
pub struct OAuthClientBuilder {
    api: Api,
    shared: Shared,
}

/// The operations of a platform's document that a sign-in uses.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a platform names each of them")]
pub struct Endpoints {
    /// The consent page, which the browser opens.
    pub authorize: &'static Operation,
    /// The exchange of an authorization code.
    pub exchange: &'static Operation,
    /// The grant of a refresh token; on most platforms it differs from the exchange in that it may
    /// be repeated.
    pub refresh: &'static Operation,
}

/// How a client proves itself to the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// `Authorization: Basic`, from the client id and secret.
    Basic,
    /// `client_id` and `client_secret` among the other parameters.
    #[default]
    Parameters,
}

/// Where the parameters of a grant travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// In the form, as the standard has it.
    #[default]
    Form,
    /// In the query, beside an empty form. Addresses with secrets get into the logs of whatever
    /// stands between: only where a platform wants it so.
    Query,
    /// In both.
    QueryAndForm,
}

/// The endpoints as requests are made of them: an issuer found by its metadata has paths of its own.
pub(super) struct Paths {
    pub(super) authorize: Path,
    pub(super) exchange: Path,
    pub(super) refresh: Path,
}

pub(super) struct Path {
    operation: &'static Operation,
    path: Option<String>,
    /// The address, once it has been read.
    url: OnceLock<TokenUrl>,
}

impl OAuthClient {
    /// Starts the client of a platform by its document. The client id is that of the application.
    pub fn builder(
        api: Api,
        endpoints: Endpoints,
        client_id: impl Into<String>,
    ) -> OAuthClientBuilder {
        let stated = |operation| Path::new(operation, None);
        let paths = Paths {
            authorize: stated(endpoints.authorize),
            exchange: stated(endpoints.exchange),
            refresh: stated(endpoints.refresh),
        };
        OAuthClientBuilder::new(api, paths, client_id.into())
    }

    /// Starts the address of the consent page, from which the browser comes back to `redirect_uri`.
    pub fn authorize(&self, redirect_uri: impl Into<String>) -> Authorize<'_> {
        Authorize::new(self, redirect_uri.into())
    }

    /// Starts the exchange of the code that a browser came back with, if it came back to this
    /// sign-in: of this client, with this state, from this issuer.
    pub fn accept(&self, pending: &PendingSignIn, returned: &Returned) -> Result<Grant<'_>> {
        if pending.client_id() != self.id() {
            return Err(Error::config("the sign-in was begun for another client"));
        }
        pending.check_state(returned.state.as_ref().map(Secret::expose))?;
        if let Some(issuer) = &self.shared.issuer
            && !issuer.is(returned.issuer.as_deref())
        {
            let what = "the browser came back from another issuer";
            return Err(Error::credentials(what).advise(Action::SignInAgain));
        }
        let grant = self
            .exchange(returned.code.clone())
            .redirect_uri(pending.redirect_uri());
        Ok(match pending.verifier() {
            Some(verifier) => grant.verifier(verifier.clone()),
            None => grant,
        })
    }

    /// Starts the exchange of an authorization code, decoded, that comes from no redirect of ours:
    /// an app on a device has obtained it. One that a browser brought is for
    /// [`accept`](Self::accept).
    pub fn exchange(&self, code: impl Into<Secret>) -> Grant<'_> {
        Grant::code(self, code.into())
    }

    /// Starts the grant of a refresh token. The tokens that come back carry the refresh token on: the
    /// new one where the platform gives one, else this one.
    pub fn refresh<'a>(&'a self, token: &'a RefreshToken) -> Grant<'a> {
        Grant::refresh(self, token)
    }

    /// Checks the ID token among `tokens` and returns its claims as a `T`.
    ///
    /// # Errors
    ///
    /// A token that is refused has its reason in [`VerifyError::of`](crate::jwt::VerifyError::of).
    /// It is an error as well if there is none, or if the client was built without [`IdTokens`].
    pub async fn verify<T: DeserializeOwned>(
        &self,
        tokens: &Tokens,
        nonce: Option<&str>,
    ) -> Result<T> {
        let Some(id_token) = tokens.id_token() else {
            return Err(Error::decode(
                "the answer holds no ID token; ask for the scope `openid`",
            ));
        };
        let mut expected = Expected::at(self.api.clock().now());
        if let Some(nonce) = nonce {
            expected = expected.nonce(nonce);
        }
        self.id_tokens()?
            .verify(id_token.expose(), expected, Some(tokens.access_token()))
            .await
    }

    /// The rules and keys for ID tokens.
    pub fn id_tokens(&self) -> Result<&IdTokens> {
        self.shared.id_tokens.as_ref().ok_or_else(|| {
            Error::config("there are no rules for ID tokens; set `OAuthClientBuilder::id_tokens`")
        })
    }

    /// The client id.
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// A view whose calls differ by `options`.
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            api: self.api.with(options),
            shared: Arc::clone(&self.shared),
        }
    }

    /// The connection to the authorization server.
    pub fn api(&self) -> &Api {
        &self.api
    }
}

impl OAuthClientBuilder {
    pub(super) fn new(api: Api, endpoints: Paths, id: String) -> Self {
        Self {
            api,
            shared: Shared {
                endpoints,
                id,
                secret: None,
                auth: ClientAuth::default(),
                placement: Placement::default(),
                id_tokens: None,
                issuer: None,
            },
        }
    }

    /// Sets the client's secret; without one it is a public client.
    pub fn secret(mut self, secret: impl Into<SecretSource>) -> Self {
        self.shared.secret = Some(secret.into());
        self
    }

    /// Sets how the client proves itself; by parameters when not set.
    pub fn client_auth(mut self, auth: ClientAuth) -> Self {
        self.shared.auth = auth;
        self
    }

    /// Sets where parameters travel; in the form when not set.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.shared.placement = placement;
        self
    }

    /// Sets the rules and keys for ID tokens.
    pub fn id_tokens(mut self, id_tokens: IdTokens) -> Self {
        self.shared.id_tokens = Some(id_tokens);
        self
    }

    pub(super) fn issuer(mut self, issuer: Issuer) -> Self {
        self.shared.issuer = Some(issuer);
        self
    }

    /// Builds the client. It does no I/O.
    pub fn build(self) -> Result<OAuthClient> {
        let Shared { id, secret, .. } = &self.shared;
        if id.is_empty() {
            return Err(Error::config("the client id is empty"));
        }
        let known = secret.as_ref().and_then(|secret| secret.current().ok());
        if known.is_some_and(|it| it.expose().is_empty()) {
            return Err(Error::config("the client's secret is empty"));
        }
        Ok(OAuthClient {
            api: self.api,
            shared: Arc::new(self.shared),
        })
    }
}

impl Path {
    pub(super) fn new(operation: &'static Operation, path: Option<String>) -> Self {
        Self {
            operation,
            path,
            url: OnceLock::new(),
        }
    }

    /// The address on the server of `api`, which is the same for all views of a client.
    pub(super) fn url(&self, api: &Api) -> Result<TokenUrl> {
        if let Some(url) = self.url.get() {
            return Ok(url.clone());
        }
        let url = TokenUrl::new(api.url(&self.request())?)
            .map_err(|_| Error::config("the address of the token endpoint is not an address"))?;
        Ok(self.url.get_or_init(|| url).clone())
    }

    /// A request of this endpoint. It carries no credential but what the grant puts into it.
    pub(super) fn request(&self) -> Request {
        let request = Request::new(self.operation).schemes(&[]);
        match &self.path {
            Some(path) => request.at(path.clone()),
            None => request,
        }
    }
}

impl Issuer {
    /// Whether the browser came back from this issuer, by what it brought.
    fn is(&self, named: Option<&str>) -> bool {
        named.map_or(!self.always, |named| named == self.name)
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("id", &self.shared.id)
            .field("auth", &self.shared.auth)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OAuthClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClientBuilder")
            .field("id", &self.shared.id)
            .finish_non_exhaustive()
    }
}
