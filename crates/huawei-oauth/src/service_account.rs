//! The service account: the key file of the console, and what it signs.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use auth_core::jwt::{self, Algorithm, KeyFile, SigningKey};
use auth_core::{Clock, Error, Result, Secret, Token, TokenProvider};
use serde::Serialize;

use crate::model::AgentAssertionClaims;

/// A service account, read from the key file that the console hands out.
///
/// It signs tokens (PS256) that sibling services of HUAWEI ID take as they are: there is no grant
/// that exchanges them ([guide][guide]). As a [`TokenProvider`] it serves clients of those services.
/// A service provider that acts for merchants gives it to [`Client::agent_builder`].
///
/// [guide]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-jwt-token
/// [`Client::agent_builder`]: crate::Client::agent_builder
#[derive(Clone)]
pub struct ServiceAccount {
    key: Arc<Key>,
    clock: Clock,
}

struct Key {
    id: String,
    account_id: String,
    signing: SigningKey,
}

/// The claims of a token, in the order of the platform's own sample.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'static str,
    iss: &'a str,
    iat: u64,
    exp: u64,
}

impl ServiceAccount {
    /// Reads a key file from disk. Blocks the thread for as long as the disk takes.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_key_file(&KeyFile::from_file(path)?)
    }

    /// Reads the text of a key file, however it was pasted.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_key_file(&KeyFile::parse(text)?)
    }

    /// Reads the key file from an environment variable that holds its text, plain or in Base64, or
    /// its path.
    pub fn from_env(variable: &str) -> Result<Self> {
        Self::from_key_file(&KeyFile::from_env(variable)?)
    }

    fn from_key_file(file: &KeyFile) -> Result<Self> {
        let key = Key {
            id: file.require("key_id")?.to_owned(),
            account_id: file.require("sub_account")?.to_owned(),
            signing: file.signing_key("private_key", Algorithm::Ps256)?,
        };
        Ok(Self {
            key: Arc::new(key),
            clock: Clock::system(),
        })
    }

    /// The id of the account.
    pub fn account_id(&self) -> &str {
        &self.key.account_id
    }

    /// The id of the key.
    pub fn key_id(&self) -> &str {
        &self.key.id
    }

    /// Takes the times of tokens from another clock: that of a client, which learns the platform's
    /// time.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Signs a token at `now`, valid for an hour.
    pub fn sign(&self, now: SystemTime) -> Result<Token> {
        let iat = seconds(now)?;
        let claims = Claims {
            aud: AUDIENCE,
            iss: &self.key.account_id,
            iat,
            exp: iat + LIFETIME.as_secs(),
        };
        Token::bearer(self.signed(&claims)?, LIFETIME)
    }

    /// Signs the assertion by which an agent acts for a merchant at `now`, valid for an hour.
    pub fn sign_assertion(&self, merchant_client_id: &str, now: SystemTime) -> Result<Token> {
        let iat = i64::try_from(seconds(now)?).unwrap_or(i64::MAX);
        let exp = iat.saturating_add(LIFETIME.as_secs().cast_signed());
        let claims = AgentAssertionClaims::new(&*self.key.account_id, merchant_client_id, iat, exp);
        Token::bearer(self.signed(&claims)?, LIFETIME)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn signed(&self, claims: &impl Serialize) -> Result<Secret> {
        jwt::sign(&self.key.signing, self.key.id.as_str(), claims)
    }
}

#[async_trait]
impl TokenProvider for ServiceAccount {
    async fn token(&self) -> Result<Token> {
        self.sign(self.clock.now())
    }
}

fn seconds(now: SystemTime) -> Result<u64> {
    now.duration_since(SystemTime::UNIX_EPOCH)
        .map(|since| since.as_secs())
        .map_err(|error| Error::credentials("the clock stands before 1970").because(error))
}

/// Shows whose key it is, and nothing of the key.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("account", &self.key.account_id)
            .field("key_id", &self.key.id)
            .finish_non_exhaustive()
    }
}

/// Whom the platform expects a token to be for. The address is never called.
const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
/// How long what is signed is valid; the longest that agents may ask for.
const LIFETIME: Duration = Duration::from_secs(3600);
