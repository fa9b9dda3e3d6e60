//! The id token of a login, whose claims hold a JSON document as a text.

use std::fmt;
use std::time::SystemTime;

use auth_core::jwt::{Algorithm, Jwks, PublicKey, Verifier, VerifyError};
use auth_core::{Result, wire};
use serde::Deserialize;

/// Verifies the id tokens of logins, with the public key that the portal shows.
///
/// Issuer, audience and subject of these tokens are constants: the person stands in the claim
/// `api`, a JSON document inside a text, which this reads. Nothing in a token says which application
/// the login was for, so one that was issued to another with the same key passes, too: take it from the
/// answer to a login, and let nobody in who only brings one along. Id tokens of the sign-in by the hosted
/// page are others; see the feature `sign-in`.
///
/// ```
/// use std::time::SystemTime;
///
/// use oneaccess_sdk::{LoginTokens, Result};
///
/// fn who(pem: &str, id_token: &str, now: SystemTime) -> Result<Option<String>> {
///     let person = LoginTokens::from_pem(pem)?.verify(id_token, now)?;
///     Ok(person.user_name)
/// }
/// ```
#[derive(Clone)]
pub struct LoginTokens {
    rules: Verifier,
    keys: Jwks,
}

/// The person that an id token of a login is about.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct LoginPerson {
    /// The id of the user in the directory.
    pub id: Option<String>,
    /// The login name.
    pub user_name: Option<String>,
    /// The real name.
    pub name: Option<String>,
    /// The mobile number.
    pub mobile: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    api: Api,
}

/// A document as a text, as the platform writes it, or as itself, should that ever change.
#[derive(Deserialize)]
#[serde(untagged)]
enum Api {
    Text(String),
    Object(LoginPerson),
}

impl LoginTokens {
    /// Verifies with this key.
    pub fn new(key: PublicKey) -> Self {
        Self {
            rules: Verifier::new([Algorithm::Rs256])
                .issuer("Issuer")
                .audience("Audience"),
            keys: Jwks::from(key),
        }
    }

    /// Verifies with the key in this PEM.
    pub fn from_pem(pem: &str) -> Result<Self> {
        Ok(Self::new(PublicKey::from_pem(pem)?))
    }

    /// Checks an id token at `now` and returns the person it is about.
    ///
    /// # Errors
    ///
    /// The reason of a refusal is found with [`VerifyError::of`].
    #[inline]
    pub fn verify(&self, id_token: &str, now: SystemTime) -> Result<LoginPerson> {
        let claims: Claims = self.rules.verify(id_token, &self.keys, now)?;
        let person = match claims.api {
            Api::Object(person) => Some(person),
            Api::Text(text) => wire::json_in(&text),
        };
        person.ok_or_else(|| {
            VerifyError::Claims {
                path: "api".to_owned(),
            }
            .into()
        })
    }
}

impl fmt::Debug for LoginTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginTokens").finish_non_exhaustive()
    }
}
