//! The OAuth client of an HMS app, and the access tokens it obtains.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Credential, Result, SecretSource, Token, TokenProvider};

use crate::Client;

/// The OAuth 2.0 client of an HMS app: its client id, which in practice is the app id, and secret.
///
/// HMS v1 and v2 take access tokens of the client credentials grant, v3 refuses them
/// ([guide][guide]). The [`Client`] obtains a token when one is needed and renews it before it
/// expires.
///
/// [guide]: https://developer.huawei.com/consumer/cn/doc/HMSCore-Guides/oauth2-0000001212610981
#[derive(Clone)]
pub struct HmsClient {
    id: String,
    secret: SecretSource,
}

/// Obtains access tokens for HMS calls.
pub(crate) struct HmsTokens {
    client: Client,
}

impl HmsClient {
    /// Makes a credential from the client id and secret that the console shows. The secret may be a
    /// [`SecretSource`], which takes up a new one while the program runs.
    pub fn new(id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
        }
    }

    /// The client id.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn secret(&self) -> &SecretSource {
        &self.secret
    }

    pub(crate) fn credential(&self) -> Credential {
        Credential::client(&self.id, self.secret.clone())
    }
}

impl HmsTokens {
    /// Obtains tokens over `client`, which must have the credential of the token call.
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl TokenProvider for HmsTokens {
    async fn token(&self) -> Result<Token> {
        let answer = self.client.obtain_access_token().await?;
        let lifetime = u64::try_from(answer.expires_in).unwrap_or_default();
        Token::bearer(answer.access_token, Duration::from_secs(lifetime))
    }
}

/// Shows the id only.
impl fmt::Debug for HmsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmsClient")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
