//! Signing users in to a back end through their browser.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use auth_core::seal::Sealer;
//! use auth_core::sign_in::PendingSignIn;
//! use welink_oauth::sign_in::Callback;
//! use welink_oauth::{Client, Result};
//!
//! /// First request: where to send the browser, and the cookie to send along.
//! fn begin(client: &Client, sealer: &Sealer) -> Result<(String, String)> {
//!     let sign_in = client.sign_in()?;
//!     let redirect = sign_in.authorize("https://app.example/welink")?.begin()?;
//!     Ok((redirect.url, redirect.pending.seal(sealer)))
//! }
//!
//! /// Second request, on any replica: who came back, if the user is an administrator.
//! async fn finish(
//!     client: &Client,
//!     sealer: &Sealer,
//!     cookie: &str,
//!     address: &str,
//!     now: SystemTime,
//! ) -> Result<Option<String>> {
//!     let pending = PendingSignIn::open(sealer, cookie, now, PendingSignIn::MAX_AGE)?;
//!     let returned = match Callback::parse(address)? {
//!         Callback::Code(returned) => returned,
//!         Callback::Refused(refusal) => return Err(refusal.error()),
//!         _ => return Ok(None),
//!     };
//!     let token = client.sign_in()?.accept(&pending, &returned).await?;
//!     let user = client.as_user(&token);
//!     let administers = user.administration().await?.is_administrator;
//!     Ok(if administers { Some(user.id().await?) } else { None })
//! }
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth_core::sign_in::{
    Authorize, ClientAuth, Endpoints, OAuthClient, PendingSignIn, Placement, Returned,
};
use auth_core::wire::{Parameters, WayBack};
use auth_core::{Action, Error, Lockout, Result, Secret};

use crate::app_secret::LOCKED_FOR;
use crate::generated::oauth::{AUTHORIZE, CREATE_OAUTH_TOKEN};
use crate::generated::platform::PLATFORM;
use crate::{Client, UserToken};

/// Signs users of WeLink in to a back end. Cheap to make and to clone.
///
/// The platform knows neither PKCE nor nonce nor refresh tokens; the state is random, and checked
/// in constant time when the browser comes back.
#[derive(Clone, Debug)]
pub struct SignIn {
    oauth: OAuthClient,
    lockout: Arc<Lockout>,
}

/// What the browser brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callback {
    /// The user agreed.
    Code(Returned),
    /// The user, or the platform, refused.
    Refused(Refusal),
}

/// A refusal that came back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The number of the error.
    pub code: String,
    /// What the platform says of it. It is a text from an address, which anybody can write.
    pub message: Option<String>,
    /// The state, if it came back.
    pub state: Option<Secret>,
}

/// What all sign-ins of a client share.
pub(crate) struct Settings {
    form: bool,
    lockout: Arc<Lockout>,
}

impl Settings {
    pub(crate) fn new(form: bool, lockout: Arc<Lockout>) -> Self {
        Self { form, lockout }
    }
}

/// # Sign-in
impl Client {
    /// The sign-in of users to a back end, for an app that has registered for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](auth_core::ErrorKind::Config) for a client without an app.
    pub fn sign_in(&self) -> Result<SignIn> {
        let Some(app) = &self.shared.app else {
            return Err(Error::config(
                "there is no app to sign users in to: use `Client::builder`",
            ));
        };
        let endpoints = Endpoints {
            authorize: &AUTHORIZE,
            exchange: &CREATE_OAUTH_TOKEN,
            // There are no refresh tokens, so nothing is ever sent there.
            refresh: &CREATE_OAUTH_TOKEN,
        };
        let settings = &self.shared.sign_in;
        let placement = match settings.form {
            true => Placement::Form,
            false => Placement::Query,
        };
        let oauth = OAuthClient::builder(self.api.clone(), endpoints, app.client_id())
            .secret(app.secret().clone())
            .client_auth(ClientAuth::Parameters)
            .placement(placement)
            .build()?;
        Ok(SignIn {
            oauth,
            lockout: Arc::clone(&settings.lockout),
        })
    }
}

impl SignIn {
    /// Starts the address of the consent page, from which the browser comes back to `redirect_uri`.
    ///
    /// # Errors
    ///
    /// The platform takes no `redirect_uri` with a query or a fragment.
    pub fn authorize(&self, redirect_uri: &str) -> Result<Authorize<'_>> {
        if redirect_uri.contains(['?', '#']) {
            return Err(Error::config(
                "the platform takes no redirect_uri with a query or a fragment",
            ));
        }
        Ok(self
            .oauth
            .authorize(redirect_uri)
            .scope(SCOPE)
            .without_pkce()
            .without_nonce())
    }

    /// Exchanges the code that a browser came back with for the token of the user, if it came back
    /// to this sign-in.
    ///
    /// # Errors
    ///
    /// [`Action::SignInAgain`] where the browser did not come back
    /// to this sign-in, or the code has expired (it is valid for 5 minutes and serves once). After a
    /// wrong secret, and while the platform says that the account is locked, nothing is sent by any
    /// clone of the client, and the error tells for how long.
    pub async fn accept(&self, pending: &PendingSignIn, returned: &Returned) -> Result<UserToken> {
        let grant = self.oauth.accept(pending, returned)?;
        self.lockout.check()?;
        let tokens = match grant.send().await.map_err(judged) {
            Err(error) if !is_about_the_secret(&error) => return Err(error),
            answer => self.lockout.note(answer)?,
        };
        let stated = PLATFORM
            .token("user_access_token")
            .and_then(|policy| policy.lifetime);
        UserToken::new(
            tokens.access_token().clone(),
            tokens.expires_in().or(stated).unwrap_or(Duration::ZERO),
            tokens.obtained_at(),
        )
    }
}

impl Callback {
    /// Reads the address that the browser came back to, or only its query. Values are decoded here,
    /// once; do not decode what a web framework has decoded.
    ///
    /// The platform puts the number of an error where the code would be. Five digits that begin with
    /// 600 are one, and so are digits that come with a message.
    pub fn parse(address: &str) -> Result<Self> {
        let back = WayBack::parse(address);
        let text = |part: &Parameters, name| {
            let value: &Secret = part.get(name)?;
            Some(value.expose().to_owned()).filter(|value| !value.is_empty())
        };
        let query = back.query();
        let Some(code) = text(query, "code") else {
            return Err(Error::decode("the address carries no code and no error"));
        };
        let message = text(query, "message");
        let state = query.get("state").cloned();
        let digits = code.bytes().all(|byte| byte.is_ascii_digit());
        let known = code.len() == 5 && code.starts_with("600");
        Ok(match digits && (known || message.is_some()) {
            true => Self::Refused(Refusal {
                code,
                message,
                state,
            }),
            false => Self::Code(Returned::new(code, state)),
        })
    }
}

impl Refusal {
    /// The refusal as an error, with what the platform's documents say to do.
    ///
    /// It stops no other sign-in, even where it says that an account is locked: anybody can write
    /// such an address.
    pub fn error(&self) -> Error {
        let message = self.message.clone().unwrap_or_default();
        judged(Error::reported(&PLATFORM, None, &self.code, message))
    }
}

/// Shows the number alone.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// An error with what its number alone does not say: 60009 locks an account for 15 minutes, unless
/// its text says that it is about the code that was sent.
fn judged(error: Error) -> Error {
    let Some(api) = error.api().filter(|api| api.code == LOCKED) else {
        return error;
    };
    match api.message.contains("code Parameter") {
        true => error.advise(Action::SignInAgain),
        false => error.after(LOCKED_FOR),
    }
}

/// Whether an error tells something of the secret, and not of a code or of the network.
fn is_about_the_secret(error: &Error) -> bool {
    let code = error.api().map(|api| api.code.as_str());
    let locked = code == Some(LOCKED) && error.action() == Action::Backoff;
    locked || code == Some(WRONG_SECRET)
}

/// The one scope there is.
const SCOPE: &str = "backendlogin";

/// The code of an account that is locked for 15 minutes.
const LOCKED: &str = "60009";

/// The code of a client id and secret that do not match.
const WRONG_SECRET: &str = "60010";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<&str>) {
        let got = Callback::parse(address)
            .ok()
            .map(|callback| match callback {
                Callback::Code(returned) => format!("code {}", returned.code.expose()),
                Callback::Refused(refusal) => format!("error {}", refusal.code),
            });
        assert_eq!(got.as_deref(), expected);
    }

    #[test]
    fn a_number_in_the_place_of_the_code_is_an_error() {
        check(
            "https://app.example/back?code=a%2Bb&state=s",
            Some("code a+b"),
        );
        check("/back?code=60009&message=locked", Some("error 60009"));
        check("/back?code=60006", Some("error 60006"));
        check("/back?code=47001&message=no", Some("error 47001"));
        check("/back?code=600071&state=s", Some("code 600071"));
        check("/back?code=61009&state=s", Some("code 61009"));
        check("/back?code=a60009&message=x", Some("code a60009"));
        check("/back?code=&state=s", None);
        check("/back?state=s", None);
        check("/back#code=a", None);
    }

    #[test]
    fn a_refusal_is_judged_by_its_number_and_its_text() {
        let error = |query: &str| match Callback::parse(query) {
            Ok(Callback::Refused(refusal)) => refusal.error(),
            other => panic!("{other:?}"),
        };
        let locked = error("code=60009&message=locked");
        assert_eq!(locked.action(), Action::Backoff);
        assert_eq!(locked.api().unwrap().retry_after, Some(LOCKED_FOR));
        let text = locked.to_string();
        assert!(text.contains("not before 900 s"), "{text}");
        assert!(!text.contains("HTTP"), "{text}");
        let wrong = error("code=60009&message=code+Parameter+error.");
        assert_eq!(wrong.action(), Action::SignInAgain);
        assert_eq!(error("code=60010").action(), Action::FixCredentials);
        assert_eq!(error("code=60099").action(), Action::ContactProvider);
    }

    #[test]
    fn debug_shows_no_code_and_no_free_text() {
        let code = Callback::parse("/back?code=hush&state=hush").unwrap();
        let refusal = Callback::parse("/back?code=60010&message=hush&state=hush").unwrap();
        let text = format!("{code:?} {refusal:?}");
        assert!(!text.contains("hush"), "{text}");
    }
}
