//! The credential of an app, and the tokens that are obtained with it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    Api, Credential, Error, Lockout, Request, Result, SecretSource, Token, TokenProvider,
};
use http::HeaderName;

use crate::generated::auth::CREATE_APP_TOKEN;
use crate::generated::platform::PLATFORM;
use crate::model::{CreateAppToken, CreatedAppToken};

/// The client id and client secret of an app, from the developer console.
///
/// The [`Client`](crate::Client) obtains a token with them when one is needed, for the owner of the
/// app and for each tenant that subscribed to it, and renews it before it expires ([page][page]).
///
/// **A wrong secret locks the app for 15 minutes.** It is not tried again by anybody who shares the
/// client, or its pool of tokens, before a wait of 5 seconds, which doubles up to 15 minutes, and not
/// at all while the platform says that the app is locked; until then every call fails at once, with
/// an error that tells for how long.
///
/// [page]: https://support.huaweicloud.com/devg-welink/start-09.html
#[derive(Clone)]
pub struct AppSecret {
    client_id: String,
    client_secret: SecretSource,
}

/// Obtains tokens: for the owner of the app, or for a tenant.
#[derive(Clone)]
pub(crate) struct Tickets {
    api: Api,
    tenant: Option<String>,
    lockout: Arc<Lockout>,
}

impl AppSecret {
    /// Makes a credential from what the console shows. The secret may be a [`SecretSource`], which
    /// takes up a new one while the program runs.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<SecretSource>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
        }
    }

    /// The client id, which is the id of the app.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn credential(&self) -> Credential {
        Credential::client(&self.client_id, self.client_secret.clone())
    }

    pub(crate) fn secret(&self) -> &SecretSource {
        &self.client_secret
    }
}

impl Tickets {
    /// Obtains tokens of the owner over `api`, which must have the credential of the app.
    pub(crate) fn new(api: Api, lockout: Arc<Lockout>) -> Self {
        Self {
            api,
            tenant: None,
            lockout,
        }
    }

    /// The tokens of a tenant, with the same secret: what is known of it holds for both.
    #[cfg(feature = "tenants")]
    pub(crate) fn tokens_of(&self, app: &AppSecret, tenant_id: &str) -> auth_core::Cached {
        let tickets = Self {
            tenant: Some(tenant_id.to_owned()),
            ..self.clone()
        };
        let tenant = format!("{}/{tenant_id}", app.client_id());
        let tokens = self.api.tokens("app_access_token", &tenant, tickets);
        tokens.secret(app.secret().clone()).build()
    }

    async fn ticket(&self) -> Result<CreatedAppToken> {
        let mut body = CreateAppToken::default();
        if let Some(tenant) = &self.tenant {
            body = body.tenant_id(tenant);
        }
        let request = Request::new(&CREATE_APP_TOKEN).json("application/json", &body);
        request.send(&self.api).await
    }
}

#[async_trait]
impl TokenProvider for Tickets {
    async fn token(&self) -> Result<Token> {
        self.lockout.check()?;
        let answer = match self.ticket().await {
            Err(error) if !is_about_the_secret(&error) => return Err(error),
            answer => self.lockout.note(answer)?,
        };
        let Some(token) = answer.access_token else {
            return Err(Error::decode("the answer holds no token"));
        };
        let stated = PLATFORM
            .token("app_access_token")
            .and_then(|policy| policy.lifetime);
        let lifetime = answer
            .expires_in
            .and_then(|seconds| u64::try_from(seconds).ok());
        let lifetime = lifetime.map(Duration::from_secs).or(stated);
        Token::in_header(
            HeaderName::from_static(HEADER),
            token,
            lifetime.unwrap_or_default(),
        )
    }
}

/// Shows the client id only.
impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppSecret")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Whether an error tells something of the secret, and not of a tenant or of the network.
fn is_about_the_secret(error: &Error) -> bool {
    let code = error.api().map(|api| api.code.as_str());
    code.is_some_and(|code| code == LOCKED || WRONG_SECRET.contains(&code))
}

/// The header that tokens travel in, without `Bearer`.
pub(crate) const HEADER: &str = "x-wlk-authorization";

/// The code of an app that is locked after too many wrong secrets.
pub(crate) const LOCKED: &str = "41403";

/// How long a lock lasts: the platform tells it for the code of its sign-in, 60009.
pub(crate) const LOCKED_FOR: Duration = Duration::from_secs(15 * 60);

/// The codes of a client id or secret that is wrong.
const WRONG_SECRET: [&str; 2] = ["10007", "411007"];
