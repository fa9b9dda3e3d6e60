//! A user who signed in: the token, and what it may ask for.

use std::fmt;
use std::time::{Duration, SystemTime};

use auth_core::{Action, Api, Error, Request, Result, Secret, Token};
use http::HeaderName;
use serde::de::DeserializeOwned;

use crate::Administration;
use crate::app_secret::HEADER;
use crate::generated::app::IS_APP_ADMIN;
use crate::generated::auth::GET_USER_ID_BY_TOKEN;
use crate::model::{AppAdmin, UserIdByToken};

/// The access token of a user who signed in. It is valid for 8 hours and cannot be renewed: after
/// that the user signs in again.
#[derive(Clone)]
pub struct UserToken {
    token: Token,
    expires_at: SystemTime,
}

/// What a user who signed in may ask for. Cheap to clone.
///
/// A token that the platform does not take any longer is [`Action::SignInAgain`]: nothing renews it.
#[derive(Clone, Debug)]
pub struct SignedInUser {
    api: Api,
}

impl UserToken {
    /// A token that was obtained at `now` and is valid for `lifetime`, or for what is left of it
    /// when it comes from a session.
    ///
    /// # Errors
    ///
    /// The token holds what no header can carry.
    pub fn new(token: impl Into<Secret>, lifetime: Duration, now: SystemTime) -> Result<Self> {
        Ok(Self {
            token: Token::in_header(HeaderName::from_static(HEADER), token, lifetime)?,
            expires_at: now + lifetime,
        })
    }

    /// The token itself, to keep it in a session. Keep it out of logs.
    pub fn secret(&self) -> &Secret {
        self.token.secret()
    }

    /// When it expires.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Whether it has expired at `now`.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at <= now
    }
}

impl SignedInUser {
    pub(crate) fn new(api: &Api, token: &UserToken) -> Self {
        Self {
            api: api.with_credential(SCHEME, token.token.clone()),
        }
    }

    /// The id of the user, unique in the tenant, for example `zhangsan@welink`.
    pub async fn id(&self) -> Result<String> {
        let answer: UserIdByToken = self.ask(Request::new(&GET_USER_ID_BY_TOKEN)).await?;
        answer
            .user_id
            .ok_or_else(|| Error::decode("the answer holds no user id"))
    }

    /// Whether the user administers the app or its tenant. That somebody does not is an answer
    /// here, not an error.
    pub async fn administration(&self) -> Result<Administration> {
        // A token of the app would answer for nobody.
        let request = Request::new(&IS_APP_ADMIN).schemes(&[SCHEME]);
        let answer: AppAdmin = self.ask(request).await?;
        Ok(Administration::from(answer))
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        let answer = request.send(&self.api).await;
        answer.map_err(|error| {
            let code = error.api().map(|api| api.code.as_str());
            match (error.action(), code) {
                // Another sign-in helps only after the app has been granted more.
                (Action::NewToken, Some(NOT_GRANTED)) => error.advise(Action::FixCredentials),
                (Action::NewToken, _) => error.advise(Action::SignInAgain),
                _ => error,
            }
        })
    }
}

/// Shows a fingerprint and when it expires.
impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserToken")
            .field("fingerprint", &format_args!("{}", self.token.fingerprint()))
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

const SCHEME: &str = "userAccessToken";

/// The code of an app that has no permission for a call.
const NOT_GRANTED: &str = "501";
