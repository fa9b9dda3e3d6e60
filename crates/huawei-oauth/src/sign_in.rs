//! Sign-in: on websites, from the code of an app, and by QR code.
//!
//! All three end in a [`SignedIn`], whose ID token has been verified. Between redirect and way back
//! a website keeps a [`PendingSignIn`]; for the half year after that, a [`RefreshToken`].

mod authorize;
mod callback;
mod device;
mod signed_in;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::jwt::{Algorithm, Expected, KeySet, Verifier};
use auth_core::sign_in::{Endpoints, Grant, IdTokens, OAuthClient};
use auth_core::{Action, Api, Cached, Error, Request, Result, Secret, Token, TokenProvider};
use tokio::time::sleep;

use crate::Client;
use crate::generated::authorization::AUTHORIZE_USER;
use crate::generated::id_tokens::LIST_SIGNING_KEYS;
use crate::generated::platform::PLATFORM;
use crate::generated::tokens::{EXCHANGE_CODE, REFRESH_TOKEN};
use crate::model::{IdTokenAlgorithm, IdTokenClaims};
use crate::users::check_code;

pub use crate::sign_in::authorize::Authorize;
pub use crate::sign_in::callback::Callback;
pub use crate::sign_in::device::{DeviceSignIn, DeviceSignInBuilder, Progress};
pub use crate::sign_in::signed_in::{Refreshed, SignedIn};
pub use auth_core::sign_in::{PendingSignIn, Redirect, RefreshToken, Refusal, Returned, Tokens};

/// Signs users in. Cheap to clone; clones share the keys of ID tokens.
#[derive(Clone)]
pub struct SignIn {
    pub(crate) client: Client,
    oauth: OAuthClient,
    algorithm: IdTokenAlgorithm,
}

/// The exchange of a code that an app on a device obtained, in the making.
#[must_use = "a code is not exchanged before `send` is called"]
pub struct AppCode<'a> {
    sign_in: &'a SignIn,
    code: Secret,
    nonce: Option<String>,
    group_union_id: bool,
}

/// Renews the access token of one user.
struct UserTokens {
    sign_in: SignIn,
    refresh_token: RefreshToken,
}

impl Client {
    /// Signs users in to the app of this client.
    pub fn sign_in(&self) -> Result<SignIn> {
        let app = self.app()?;
        let endpoints = Endpoints {
            authorize: &AUTHORIZE_USER,
            exchange: &EXCHANGE_CODE,
            refresh: &REFRESH_TOKEN,
        };
        let rules = Verifier::new([Algorithm::Ps256, Algorithm::Rs256]).issuer(issuer());
        let id_tokens = IdTokens::new(self.shared.keys.clone(), rules, app.client_id());
        let oauth = OAuthClient::builder(self.api.clone(), endpoints, app.client_id())
            .secret(app.secret().clone())
            .id_tokens(id_tokens)
            .build()?;
        Ok(SignIn {
            client: self.clone(),
            oauth,
            algorithm: IdTokenAlgorithm::Ps256,
        })
    }
}

impl SignIn {
    /// Asks for ID tokens with another signature than PS256. Either is accepted.
    pub fn algorithm(mut self, algorithm: IdTokenAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Starts the address of the consent page. `redirect_uri` must be registered for the app, but
    /// for one query parameter that may be appended.
    pub fn authorize(&self, redirect_uri: impl Into<String>) -> Authorize<'_> {
        Authorize::new(&self.oauth, redirect_uri.into())
    }

    /// Signs the user in whose browser came back with a code.
    ///
    /// # Errors
    ///
    /// [`Action::SignInAgain`] for a browser that came back to another
    /// sign-in, and for a code that is used up or older than 5 minutes. A code is sent once: after a
    /// lost answer it may be spent, and
    /// [`may_have_taken_effect`](auth_core::Error::may_have_taken_effect) says so.
    pub async fn finish(&self, pending: &PendingSignIn, returned: &Returned) -> Result<SignedIn> {
        check_code(&returned.code)?;
        let grant = self.oauth.accept(pending, returned)?;
        let tokens = self.asking(grant).send().await?;
        self.signed_in(tokens, pending.nonce()).await
    }

    /// Starts the sign-in with a code that an app on a device obtained: by button, panel or
    /// silently. It is plain as it comes, and was not obtained by way of a redirect.
    pub fn app_code(&self, code: impl Into<Secret>) -> AppCode<'_> {
        AppCode {
            sign_in: self,
            code: code.into(),
            nonce: None,
            group_union_id: false,
        }
    }

    /// Starts a sign-in by QR code.
    pub fn device(&self) -> DeviceSignInBuilder<'_> {
        DeviceSignInBuilder::new(self)
    }

    /// A new access token from a refresh token, which stays as it is: the platform does not rotate
    /// it, and its 180 days are not known to be extended.
    ///
    /// # Errors
    ///
    /// [`Action::SignInAgain`] once the refresh token has expired or was
    /// withdrawn. Nothing but the user helps then.
    pub async fn refresh(&self, refresh_token: &RefreshToken) -> Result<Refreshed> {
        let grant = self.oauth.refresh(refresh_token);
        let tokens = self.asking(grant).send().await?;
        let claims = match tokens.id_token() {
            Some(_) => Some(self.oauth.verify(&tokens, None).await?),
            None => None,
        };
        Ok(Refreshed { tokens, claims })
    }

    /// Access tokens of a user who is not there, renewed with the refresh token for as long as that
    /// lasts: the credential of [`Client::as_user`] for work in the background.
    pub fn user_tokens(&self, refresh_token: RefreshToken) -> Cached {
        let clock = self.client.api.clock().clone();
        let provider = UserTokens {
            sign_in: self.clone(),
            refresh_token,
        };
        Cached::builder(provider).clock(clock).build()
    }

    /// Verifies an ID token from elsewhere, as when an app sends it along, and returns its claims.
    ///
    /// An ID token says who signed in to the app that sent it; it is no proof that the sender is
    /// that user unless it carries a `nonce` that this server gave to this sender just before.
    pub async fn verify(
        &self,
        id_token: impl Into<Secret>,
        nonce: Option<&str>,
    ) -> Result<IdTokenClaims> {
        let mut expected = Expected::at(self.client.api.clock().now());
        if let Some(nonce) = nonce {
            expected = expected.nonce(nonce);
        }
        let id_token = id_token.into();
        let rules = self.oauth.id_tokens()?;
        rules.verify(id_token.expose(), expected, None).await
    }

    /// The user of tokens that a code was spent for: keys that cannot be had for a moment must not
    /// cost the sign-in.
    async fn signed_in(&self, tokens: Tokens, nonce: Option<&str>) -> Result<SignedIn> {
        let clock = self.client.api.clock();
        let begun = clock.mark();
        let mut tries = 1;
        loop {
            let error = match self.oauth.verify(&tokens, nonce).await {
                Ok(claims) => return Ok(SignedIn::new(tokens, claims)),
                Err(error) if error.is_retryable() => error,
                Err(error) => return Err(error),
            };
            if tries == KEY_TRIES || clock.elapsed(begun) >= self.client.api.timeout() {
                let what = "the keys of ID tokens cannot be had, and the code is used up";
                let error = Error::credentials(what).because(error);
                return Err(error.advise(Action::SignInAgain));
            }
            tries += 1;
            sleep(KEY_PAUSE).await;
        }
    }

    fn asking<'a>(&self, grant: Grant<'a>) -> Grant<'a> {
        grant.parameter("supportAlg", self.algorithm.as_str())
    }
}

impl AppCode<'_> {
    /// Expects this nonce in the ID token: the one that the app gave to the device's account kit.
    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// Asks for the user's id in the associated account group, too.
    pub fn with_group_union_id(mut self) -> Self {
        self.group_union_id = true;
        self
    }

    /// Exchanges the code and verifies the ID token. Errors are those of [`SignIn::finish`].
    pub async fn send(self) -> Result<SignedIn> {
        check_code(&self.code)?;
        let grant = self.sign_in.oauth.exchange(self.code);
        let mut grant = self.sign_in.asking(grant);
        if self.group_union_id {
            grant = grant.parameter("need_group_union_id", "true");
        }
        let tokens = grant.send().await?;
        self.sign_in.signed_in(tokens, self.nonce.as_deref()).await
    }
}

#[async_trait]
impl TokenProvider for UserTokens {
    async fn token(&self) -> Result<Token> {
        // The ID token is left alone: nobody reads it here, and its keys may be out of reach.
        let grant = self.sign_in.oauth.refresh(&self.refresh_token);
        let tokens = self.sign_in.asking(grant).send().await?;
        tokens.token(lifetime())
    }
}

/// The keys of ID tokens, for a connection of this platform.
pub(crate) fn keys(api: &Api) -> Result<KeySet> {
    let url = api.url(&Request::new(&LIST_SIGNING_KEYS))?;
    api.key_set(url).build()
}

/// The issuer of ID tokens, as the document states it.
fn issuer() -> String {
    IdTokenClaims::new("", "", 0, 0).iss
}

/// How long an access token lasts where the answer does not say.
fn lifetime() -> Duration {
    let policy = PLATFORM.token("user_access_token");
    policy.and_then(|it| it.lifetime).unwrap_or_default()
}

/// What a number of seconds in an answer must be.
fn seconds(number: i32, what: &str) -> Result<u64> {
    u64::try_from(number).map_err(|_| Error::decode(format!("`{what}` is negative")))
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("client_id", &self.oauth.id())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AppCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCode")
            .field("sign_in", &self.sign_in)
            .finish_non_exhaustive()
    }
}

/// How often keys are asked for that cannot be had.
const KEY_TRIES: u32 = 3;
/// The time in between: before it is over, a key set does not ask again.
const KEY_PAUSE: Duration = Duration::from_millis(2500);
