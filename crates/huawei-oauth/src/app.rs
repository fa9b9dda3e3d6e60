//! The credential of an app, and the app-level tokens it obtains.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Credential, Result, SecretSource, Token, TokenProvider};

use crate::Client;

/// The OAuth 2.0 client of an app, as AppGallery Connect shows it: client id and secret.
///
/// Not the API client of the console and not the client of the project, which are other credentials
/// with the same look.
#[derive(Clone)]
pub struct App {
    id: String,
    secret: SecretSource,
}

/// Obtains app-level tokens: an hour each, at most 1000 in 5 minutes.
pub(crate) struct AppTokens {
    client: Client,
}

impl App {
    /// Makes the credential from the client id, which is all digits, and the secret. The secret may
    /// be a [`SecretSource`], which takes up a new one while the program runs.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<SecretSource>) -> Self {
        Self {
            id: client_id.into(),
            secret: client_secret.into(),
        }
    }

    /// The client id.
    pub fn client_id(&self) -> &str {
        &self.id
    }

    pub(crate) fn credential(&self) -> Credential {
        Credential::client(&self.id, self.secret.clone())
    }

    pub(crate) fn secret(&self) -> &SecretSource {
        &self.secret
    }
}

impl AppTokens {
    /// Obtains tokens over `client`, which must have the credential of the app.
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl TokenProvider for AppTokens {
    async fn token(&self) -> Result<Token> {
        let answer = self.client.get_app_token().await?;
        let lifetime = u64::try_from(answer.expires_in).unwrap_or_default();
        Token::bearer(answer.access_token, Duration::from_secs(lifetime))
    }
}

/// Shows the id only.
impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("client_id", &self.id)
            .finish_non_exhaustive()
    }
}
