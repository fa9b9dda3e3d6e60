//! The check of ID tokens: signature and claims, then what OpenID Connect adds.

use serde::de::DeserializeOwned;

use crate::jwt::{Expected, KeySet, Verifier};
use crate::{Result, Secret};

/// The rules and keys by which the ID tokens of one client are checked. Cheap to clone; clones share
/// the keys.
#[derive(Clone, Debug)]
pub struct IdTokens {
    keys: KeySet,
    rules: Verifier,
    client_id: String,
}

impl IdTokens {
    /// Checks by `rules`, which name the issuer, with the keys of `keys`. The audience is the client.
    pub fn new(keys: KeySet, rules: Verifier, client_id: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self {
            keys,
            rules: rules.audience(client_id.as_str()),
            client_id,
        }
    }

    /// Checks an ID token and returns its claims as a `T`.
    ///
    /// Besides what the [verifier](Verifier) checks: the token must have been asked for by this client
    /// (`azp`), which one for several audiences must say and any other may; and an `at_hash` must be
    /// that of the access token, if that is given.
    pub async fn verify<'a, T: DeserializeOwned>(
        &self,
        id_token: &str,
        expected: impl Into<Expected<'a>> + Send,
        access_token: Option<&Secret>,
    ) -> Result<T> {
        let expected = expected.into().id_token(&self.client_id, access_token);
        self.keys.verify(&self.rules, id_token, expected).await
    }
}
