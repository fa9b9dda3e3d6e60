//! The check of ID tokens: signature and claims, then what OpenID Connect adds.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::jwt::{Expected, KeySet, Verifier, VerifyError, read};
use crate::{Result, Secret, same_bytes};

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
    /// Besides what the [verifier](Verifier) checks: a token for several audiences must have been
    /// asked for by this client (`azp`), and an `at_hash` must be that of the access token, if that
    /// is given.
    pub async fn verify<'a, T: DeserializeOwned>(
        &self,
        id_token: &str,
        expected: impl Into<Expected<'a>> + Send,
        access_token: Option<&Secret>,
    ) -> Result<T> {
        let claims = self.keys.claims(&self.rules, id_token, expected.into());
        let claims = claims.await?;
        let further: Further = read(&claims)?;
        if let Audiences::List(audiences) = &further.aud
            && audiences.len() > 1
            && further.azp.as_deref() != Some(&self.client_id)
        {
            return Err(VerifyError::AuthorizedParty.into());
        }
        if let (Some(stated), Some(token)) = (&further.at_hash, access_token)
            && !same_bytes(stated.as_bytes(), at_hash(token).as_bytes())
        {
            return Err(VerifyError::AccessTokenHash.into());
        }
        Ok(read(&claims)?)
    }
}

/// What is checked of an ID token beyond any other token.
#[derive(Deserialize)]
struct Further {
    aud: Audiences,
    azp: Option<String>,
    at_hash: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    List(Vec<IgnoredAny>),
    One(IgnoredAny),
}

/// The left half of the SHA-256 of an access token, as OpenID Connect has it for the algorithms over
/// SHA-256.
fn at_hash(token: &Secret) -> String {
    let hash = digest::digest(&digest::SHA256, token.expose().as_bytes());
    let half = digest::SHA256.output_len() / 2;
    BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..half])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_access_token_is_its_left_half() {
        // Computed with Python's hashlib.
        let token = Secret::new("DgEAAN7qdDUMMYU0TvQ/eXpE4x+gvhoYh5/UuzL=");
        assert_eq!(at_hash(&token), "aEv7QW2A_H2QHauw55v6zw");
    }
}
