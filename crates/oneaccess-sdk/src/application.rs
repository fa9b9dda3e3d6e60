//! The application of the portal: its id and secret, and the access tokens it obtains.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Api, Credential, Result, SecretSource, Token, TokenProvider};

use crate::Client;
use crate::model::GetAccessTokenOptions;

/// An application of the portal: its ClientId and ClientSecret.
///
/// The secret is sent by HTTP Basic alone, never in an address, where logs would keep it. The
/// [`Client`] obtains an access token when one is needed and renews it before it expires; a new
/// token does not end older ones ([access credentials][guide]).
///
/// [guide]: https://support.huaweicloud.com/api-oneaccess/ShowAuthToken.html
#[derive(Clone)]
pub struct Application {
    id: String,
    secret: Option<SecretSource>,
}

/// Obtains access tokens for management and tickets.
pub(crate) struct ApplicationTokens {
    client: Client,
}

impl Application {
    /// Makes a credential from the ClientId and ClientSecret that the portal shows. The secret may be
    /// a [`SecretSource`], which takes up a new one while the program runs.
    pub fn new(id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self {
            id: id.into(),
            secret: Some(secret.into()),
        }
    }

    /// An application that only logs users in on their devices: those calls send the ClientId and
    /// never the secret. Whatever needs the secret then fails before anything is sent.
    pub fn without_secret(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
        }
    }

    /// The ClientId.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn basic(&self) -> Option<Credential> {
        let secret = self.secret.clone()?;
        Some(Credential::client(&self.id, secret))
    }

    pub(crate) fn secret(&self) -> Option<&SecretSource> {
        self.secret.as_ref()
    }
}

impl ApplicationTokens {
    /// Obtains tokens over `api`, which must have the credential of the token call.
    pub(crate) fn new(api: Api, client: &Client) -> Self {
        Self {
            client: Client {
                api,
                ..client.clone()
            },
        }
    }
}

#[async_trait]
impl TokenProvider for ApplicationTokens {
    async fn token(&self) -> Result<Token> {
        let options = GetAccessTokenOptions::default();
        let answer = self.client.get_access_token(&options).await?;
        let lifetime = answer.expires_in.map(|seconds| {
            let seconds = u64::try_from(seconds).unwrap_or_default();
            Duration::from_secs(seconds)
        });
        Token::bearer(answer.access_token, lifetime.unwrap_or(LIFETIME))
    }
}

/// Shows the id only.
impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// How long a token lives where the portal sets nothing else and the answer says nothing.
const LIFETIME: Duration = Duration::from_secs(1800);
