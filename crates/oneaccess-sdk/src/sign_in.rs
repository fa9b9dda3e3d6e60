//! The sign-in on the hosted page, by OpenID Connect or plain OAuth 2.0.

use std::time::Duration;

use auth_core::jwt::{Algorithm, KeySet, Verifier};
use auth_core::sign_in::{
    Authorize, Endpoints, IdTokens, OAuthClient, PendingSignIn, RefreshToken, Returned, Tokens,
};
use auth_core::{Action, Error, Result};
use serde::de::DeserializeOwned;

use crate::Client;
use crate::generated::oauth2::{AUTHORIZE, EXCHANGE_CODE, REFRESH_TOKEN};
use crate::model::UserInfo;

/// Signs users in on the page that OneAccess hosts; made by [`Client::openid_sign_in`] or
/// [`Client::oauth_sign_in`]. Make it once and keep it: it holds the platform's keys. Cheap to
/// clone.
///
/// ```
/// use std::time::SystemTime;
///
/// use auth_core::seal::Sealer;
/// use auth_core::sign_in::{Callback, PendingSignIn};
/// use oneaccess_sdk::{Result, SignIn};
///
/// /// First request: where to send the browser, and the cookie to send along.
/// fn begin(sign_in: &SignIn, sealer: &Sealer) -> Result<(String, String)> {
///     let redirect = sign_in.authorize("https://app.example/back").begin()?;
///     Ok((redirect.url, redirect.pending.seal(sealer)))
/// }
///
/// /// Second request: who came back.
/// async fn finish(
///     sign_in: &SignIn,
///     sealer: &Sealer,
///     cookie: &str,
///     address: &str,
///     now: SystemTime,
/// ) -> Result<Option<String>> {
///     let pending = PendingSignIn::open(sealer, cookie, now, PendingSignIn::MAX_AGE)?;
///     let Callback::Code(returned) = Callback::parse(address)? else {
///         return Ok(None);
///     };
///     let tokens = sign_in.exchange(&pending, &returned).await?;
///     let claims: serde_json::Value = sign_in.verify(&tokens, &pending).await?;
///     Ok(claims["sub"].as_str().map(str::to_owned))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SignIn {
    oauth: OAuthClient,
    client: Client,
    openid: bool,
}

/// # Sign-in on the hosted page
impl Client {
    /// Prepares the sign-in by OpenID Connect: reads where the platform has its keys, and who it
    /// says it is. ID tokens are taken with RS256, which the portal presets.
    pub async fn openid_sign_in(&self) -> Result<SignIn> {
        let metadata = self.get_openid_configuration().await?;
        let (Some(issuer), Some(keys)) = (metadata.issuer, metadata.jwks_uri) else {
            return Err(Error::decode(
                "the platform's metadata names no issuer, or no address of keys",
            ));
        };
        self.openid_sign_in_with(issuer, self.api.key_set(keys).build()?)
    }

    /// Prepares the sign-in by OpenID Connect with an issuer and keys that are known already:
    /// the portal shows both. Does no I/O.
    pub fn openid_sign_in_with(&self, issuer: impl Into<String>, keys: KeySet) -> Result<SignIn> {
        let rules = Verifier::new([Algorithm::Rs256]).issuer(issuer);
        self.sign_in(Some(IdTokens::new(keys, rules, self.client_id())))
    }

    /// Prepares the sign-in by plain OAuth 2.0: without an ID token, who came is what
    /// [`user_info`](SignIn::user_info) says. Does no I/O.
    pub fn oauth_sign_in(&self) -> Result<SignIn> {
        self.sign_in(None)
    }

    fn sign_in(&self, id_tokens: Option<IdTokens>) -> Result<SignIn> {
        let endpoints = Endpoints {
            authorize: &AUTHORIZE,
            exchange: &EXCHANGE_CODE,
            refresh: &REFRESH_TOKEN,
        };
        let openid = id_tokens.is_some();
        let mut oauth = OAuthClient::builder(self.api.clone(), endpoints, self.client_id());
        if let Some(secret) = self.shared.application.secret() {
            oauth = oauth.secret(secret.clone());
        }
        if let Some(id_tokens) = id_tokens {
            oauth = oauth.id_tokens(id_tokens);
        }
        Ok(SignIn {
            oauth: oauth.build()?,
            client: self.clone(),
            openid,
        })
    }
}

impl SignIn {
    /// Starts the address of the platform's page, from which the browser comes back to
    /// `redirect_uri`: a registered address, or another on its domain.
    ///
    /// The scope is `openid` or `get_user_info`, as the sign-in was prepared. PKCE is left out,
    /// because the platform's pages do not know it.
    pub fn authorize(&self, redirect_uri: impl Into<String>) -> Authorize<'_> {
        let page = self.oauth.authorize(redirect_uri).without_pkce();
        if self.openid {
            page.scope("openid")
        } else {
            page.scope("get_user_info").without_nonce()
        }
    }

    /// Exchanges the code that came back for tokens, once the state is found to be that of the
    /// sign-in.
    ///
    /// # Errors
    ///
    /// [`SignInAgain`](Action::SignInAgain) for a code that is wrong, used or expired. The platform
    /// answers that with `invalid_client`, like a wrong secret; its description tells the two apart.
    pub async fn exchange(&self, pending: &PendingSignIn, returned: &Returned) -> Result<Tokens> {
        let grant = self.oauth.accept(pending, returned)?;
        grant.send().await.map_err(blame_the_code)
    }

    /// Checks the ID token among the tokens of a sign-in, and returns its claims as a `T`.
    pub async fn verify<T: DeserializeOwned>(
        &self,
        tokens: &Tokens,
        pending: &PendingSignIn,
    ) -> Result<T> {
        self.oauth.verify(tokens, pending.nonce()).await
    }

    /// Asks who the tokens are about.
    pub async fn user_info(&self, tokens: &Tokens) -> Result<UserInfo> {
        let user = self.client.as_user(tokens.token(LIFETIME)?);
        user.get_user_info().await
    }

    /// Gets new tokens from a refresh token, which the platform issues where the portal sets its
    /// validity. It may be replaced: keep the one among the new tokens.
    pub async fn refresh(&self, token: &RefreshToken) -> Result<Tokens> {
        self.oauth.refresh(token).send().await
    }

    /// The OAuth client itself, for what differs from the usual.
    pub fn oauth(&self) -> &OAuthClient {
        &self.oauth
    }
}

fn blame_the_code(error: Error) -> Error {
    let of_code = error.api().is_some_and(|api| {
        let text = api.message.to_ascii_lowercase();
        api.code == "invalid_client" && text.contains("authorization code")
    });
    if of_code {
        error.advise(Action::SignInAgain)
    } else {
        error
    }
}

/// How long an access token lives where the platform does not say.
const LIFETIME: Duration = Duration::from_secs(1800);
