//! Grants: made by the crate `oauth2`, sent through `Api`, with errors of our own.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AccessToken, AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret,
    EndpointNotSet, EndpointSet, ErrorResponse, HttpRequest, HttpResponse, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, TokenResponse, TokenType,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::error::Story;
use crate::sign_in::client::{Path, Placement};
use crate::sign_in::{ClientAuth, OAuthClient, RefreshToken, Tokens};
use crate::wire::lenient;
use crate::{Action, Api, Error, Result, Secret};

/// A grant in the making: that of a code, or of a refresh token.
#[must_use = "a grant does nothing until it is sent"]
pub struct Grant<'a> {
    client: &'a OAuthClient,
    kind: Kind<'a>,
    scope: Option<String>,
    parameters: Vec<(&'static str, String)>,
}

enum Kind<'a> {
    Code {
        code: Secret,
        redirect_uri: Option<String>,
        verifier: Option<Secret>,
    },
    Refresh(&'a RefreshToken),
}

impl<'a> Grant<'a> {
    pub(super) fn code(client: &'a OAuthClient, code: Secret) -> Self {
        let kind = Kind::Code {
            code,
            redirect_uri: None,
            verifier: None,
        };
        Self::new(client, kind)
    }

    pub(super) fn refresh(client: &'a OAuthClient, token: &'a RefreshToken) -> Self {
        Self::new(client, Kind::Refresh(token))
    }

    fn new(client: &'a OAuthClient, kind: Kind<'a>) -> Self {
        Self {
            client,
            kind,
            scope: None,
            parameters: Vec::new(),
        }
    }

    /// Sends a `redirect_uri`. Codes that an app on a device obtained have none.
    pub fn redirect_uri(mut self, address: impl Into<String>) -> Self {
        if let Kind::Code { redirect_uri, .. } = &mut self.kind {
            *redirect_uri = Some(address.into());
        }
        self
    }

    /// Sends a PKCE verifier.
    pub fn verifier(mut self, text: impl Into<Secret>) -> Self {
        if let Kind::Code { verifier, .. } = &mut self.kind {
            *verifier = Some(text.into());
        }
        self
    }

    /// Asks for fewer scopes than the refresh token has; blanks between them.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Adds a parameter of the platform's own.
    pub fn parameter(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// Sends it.
    ///
    /// # Errors
    ///
    /// [`Action::SignInAgain`](crate::Action::SignInAgain) where the platform says that the code or
    /// the refresh token is used up. A code is sent once; after an unclear failure
    /// [`may_have_taken_effect`](Error::may_have_taken_effect) says so, and a new sign-in is the way.
    pub async fn send(self) -> Result<Tokens> {
        let Some(source) = &self.client.shared.secret else {
            return self.once(None).await;
        };
        let used = source.ready().await?;
        match self.once(Some(&used.current)).await {
            Err(error)
                if error.action() == Action::FixCredentials
                    && source.changed_since(used.version).await =>
            {
                let known = source.known()?;
                self.once(Some(&known.current)).await
            }
            answer => answer,
        }
    }

    async fn once(&self, secret: Option<&Secret>) -> Result<Tokens> {
        let OAuthClient { api, shared } = self.client;
        let path = match &self.kind {
            Kind::Code { .. } => &shared.endpoints.exchange,
            Kind::Refresh(_) => &shared.endpoints.refresh,
        };
        let door = Door {
            api,
            path,
            placement: shared.placement,
            story: Mutex::new(None),
        };
        let client = self.client.oauth2(path, secret)?;
        let obtained_at = api.clock().now();
        let (answer, kept) = match &self.kind {
            Kind::Code {
                code,
                redirect_uri,
                verifier,
            } => {
                let mut grant =
                    client.exchange_code(AuthorizationCode::new(code.expose().to_owned()));
                if let Some(verifier) = verifier {
                    let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
                    grant = grant.set_pkce_verifier(verifier);
                }
                if let Some(address) = redirect_uri {
                    let address = RedirectUrl::new(address.clone())
                        .map_err(|_| Error::config("the redirect_uri is not an address"))?;
                    grant = grant.set_redirect_uri(std::borrow::Cow::Owned(address));
                }
                if let Some(scope) = &self.scope {
                    grant = grant.add_extra_param("scope", scope.as_str());
                }
                for (name, value) in &self.parameters {
                    grant = grant.add_extra_param(*name, value.as_str());
                }
                (grant.request_async(&door).await, None)
            }
            Kind::Refresh(token) => {
                let text = oauth2::RefreshToken::new(token.expose().to_owned());
                let mut grant = client.exchange_refresh_token(&text);
                if let Some(scope) = &self.scope {
                    grant = grant.add_scope(Scope::new(scope.clone()));
                }
                for (name, value) in &self.parameters {
                    grant = grant.add_extra_param(*name, value.as_str());
                }
                (grant.request_async(&door).await, Some((*token).clone()))
            }
        };
        let answer = answer.map_err(|error| door.convert(error))?;
        let given = answer.refresh_token.map(oauth2::RefreshToken::into_secret);
        let given = given.filter(|token| !token.is_empty());
        Ok(Tokens {
            access_token: Secret::new(answer.access_token.into_secret()),
            token_type: answer.token_type.0,
            obtained_at,
            expires_in: answer
                .expires_in
                .map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0))),
            scope: answer.scope,
            refresh_token: given.map(RefreshToken::new).or(kept),
            id_token: answer.id_token,
            extra: answer.extra,
        })
    }
}

impl OAuthClient {
    fn oauth2(&self, path: &Path, secret: Option<&Secret>) -> Result<Oauth2Client> {
        let client = oauth2::Client::new(ClientId::new(self.shared.id.clone()))
            .set_auth_type(match self.shared.auth {
                ClientAuth::Basic => AuthType::BasicAuth,
                ClientAuth::Parameters => AuthType::RequestBody,
            })
            .set_token_uri(path.url(&self.api)?);
        Ok(match secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        })
    }
}

/// Shows what kind of grant it is.
impl fmt::Debug for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Code { .. } => "authorization_code",
            Kind::Refresh(_) => "refresh_token",
        };
        f.debug_struct("Grant")
            .field("client", &self.client)
            .field("kind", &kind)
            .finish_non_exhaustive()
    }
}

type Oauth2Client = oauth2::Client<
    NoRefusal,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The way of a grant to the platform: it takes what `oauth2` made and lets `Api` send and judge it,
/// so that only successes come back.
struct Door<'a> {
    api: &'a Api,
    path: &'a Path,
    placement: Placement,
    /// How the call went, for an answer that turns out to be unreadable.
    story: Mutex<Option<Story>>,
}

impl Door<'_> {
    async fn pass(&self, made: HttpRequest) -> Result<HttpResponse> {
        let (head, body) = made.into_parts();
        let body = Bytes::from_owner(Zeroizing::new(body));
        let mut request = self.path.request();
        if let Some(basic) = head.headers.get(AUTHORIZATION) {
            let basic = basic.to_str().unwrap_or_default();
            request = request.header(AUTHORIZATION.as_str(), basic);
        }
        if self.placement != Placement::Form {
            request = request.encoded_query(std::str::from_utf8(&body).unwrap_or_default());
        }
        let body = match self.placement {
            Placement::Query => Bytes::new(),
            Placement::Form | Placement::QueryAndForm => body,
        };
        let done = self.api.exchange(request.form_bytes(body)).await?;
        let (body, story) = done.into_parts();
        *self.story.lock().unwrap_or_else(PoisonError::into_inner) = Some(story);
        let mut answer = HttpResponse::new(body.to_vec());
        let json = http::HeaderValue::from_static("application/json");
        answer.headers_mut().insert(CONTENT_TYPE, json);
        Ok(answer)
    }

    /// Our error for theirs. Theirs is dropped: its `Debug` prints the whole answer.
    fn convert(&self, error: RequestTokenError<Error, NoRefusal>) -> Error {
        let unreadable = match error {
            RequestTokenError::Request(error) => return error,
            RequestTokenError::Parse(place, _) => {
                let path = place.path().to_string();
                format!("the answer does not have the documented form at `{path}`")
            }
            RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => {
                "the answer is empty, or no answer to a grant".to_owned()
            }
        };
        let story = *self.story.lock().unwrap_or_else(PoisonError::into_inner);
        match story {
            Some(story) => Error::decode(unreadable).in_call(story),
            None => Error::config("the grant could not be written"),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Door<'_> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.pass(request))
    }
}

/// The answer of a token endpoint, read as leniently as the platforms need it.
#[derive(Deserialize, Serialize)]
struct Answer {
    access_token: AccessToken,
    #[serde(default)]
    token_type: Presented,
    #[serde(default, deserialize_with = "lenient")]
    expires_in: Option<i64>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    refresh_token: Option<oauth2::RefreshToken>,
    #[serde(default)]
    id_token: Option<Secret>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// `Bearer` in any spelling, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
struct Presented(String);

impl TokenType for Presented {}

impl TokenResponse for Answer {
    type TokenType = Presented;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &Presented {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        None
    }

    fn refresh_token(&self) -> Option<&oauth2::RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// Shows nothing.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(..)")
    }
}

/// Stands where `oauth2` would keep a refusal, which never gets that far.
#[derive(Debug, Deserialize, Serialize)]
struct NoRefusal {}

impl ErrorResponse for NoRefusal {}

impl fmt::Display for NoRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a refusal")
    }
}
