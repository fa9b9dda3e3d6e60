//! The service account: the key file of the console, and what it signs.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use auth_core::jwt::{self, Algorithm, KeyFile, SigningKey};
use auth_core::{Clock, Derived, Error, Result, Secret, SecretSource, Token, TokenProvider};
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
    key: Derived<Key>,
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
    /// Reads a key file from disk, once. Blocks the thread for as long as the disk takes.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_key_file(&KeyFile::from_file(path)?)
    }

    /// Reads the text of a key file, however it was pasted.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_key_file(&KeyFile::parse(text)?)
    }

    /// Reads the key file, once, from an environment variable that holds its text, plain or in
    /// Base64, or its path.
    pub fn from_env(variable: &str) -> Result<Self> {
        Self::from_key_file(&KeyFile::from_env(variable)?)
    }

    /// Takes the text of the key file from a [`SecretSource`], and takes up a new key while the
    /// program runs. A text that is no key file leaves the key before in use.
    ///
    /// ```no_run
    /// use auth_core::SecretSource;
    /// use huawei_oauth::ServiceAccount;
    ///
    /// // A mounted secret of Kubernetes.
    /// let file = SecretSource::file("/etc/agent/service-account.json")?;
    /// let account = ServiceAccount::from_source(file)?;
    /// # Ok::<_, auth_core::Error>(())
    /// ```
    pub fn from_source(source: impl Into<SecretSource>) -> Result<Self> {
        let read = |text: &Secret| Key::read(&KeyFile::parse(text.expose())?);
        let key = Derived::new(source, read);
        key.check()?;
        Ok(Self::with_key(key))
    }

    fn from_key_file(file: &KeyFile) -> Result<Self> {
        Ok(Self::with_key(Derived::fixed(Key::read(file)?)))
    }

    fn with_key(key: Derived<Key>) -> Self {
        Self {
            key,
            clock: Clock::system(),
        }
    }

    /// Where the key file comes from.
    pub fn source(&self) -> &SecretSource {
        self.key.source()
    }

    /// The id of the account; nothing while a vault was not asked for it.
    pub fn account_id(&self) -> Option<String> {
        Some(self.key.current().ok()?.account_id.clone())
    }

    /// The id of the key; nothing while a vault was not asked for it.
    pub fn key_id(&self) -> Option<String> {
        Some(self.key.current().ok()?.id.clone())
    }

    /// The id of the account, once there is one.
    pub(crate) async fn ready_id(&self) -> Result<String> {
        Ok(self.key.ready().await?.account_id.clone())
    }

    /// Takes the times of tokens from another clock: that of a client, which learns the platform's
    /// time.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Signs a token at `now`, valid for an hour.
    ///
    /// # Errors
    ///
    /// The key file comes from a vault that was not asked yet.
    pub fn sign(&self, now: SystemTime) -> Result<Token> {
        self.key.current()?.sign(now)
    }

    /// Signs the assertion by which an agent acts for a merchant at `now`, valid for an hour. Errors
    /// are those of [`sign`](Self::sign).
    pub fn sign_assertion(&self, merchant_client_id: &str, now: SystemTime) -> Result<Token> {
        self.key.current()?.sign_assertion(merchant_client_id, now)
    }

    /// The assertion for a merchant, as of now.
    pub(crate) async fn assertion(&self, merchant_client_id: &str) -> Result<Token> {
        let key = self.key.ready().await?;
        key.sign_assertion(merchant_client_id, self.clock.now())
    }
}

impl Key {
    fn read(file: &KeyFile) -> Result<Self> {
        Ok(Self {
            id: file.require("key_id")?.to_owned(),
            account_id: file.require("sub_account")?.to_owned(),
            signing: file.signing_key("private_key", Algorithm::Ps256)?,
        })
    }

    fn sign(&self, now: SystemTime) -> Result<Token> {
        let iat = seconds(now)?;
        let claims = Claims {
            aud: AUDIENCE,
            iss: &self.account_id,
            iat,
            exp: iat + LIFETIME.as_secs(),
        };
        Token::bearer(self.signed(&claims)?, LIFETIME)
    }

    fn sign_assertion(&self, merchant_client_id: &str, now: SystemTime) -> Result<Token> {
        let iat = i64::try_from(seconds(now)?).unwrap_or(i64::MAX);
        let exp = iat.saturating_add(LIFETIME.as_secs().cast_signed());
        let claims = AgentAssertionClaims::new(&*self.account_id, merchant_client_id, iat, exp);
        Token::bearer(self.signed(&claims)?, LIFETIME)
    }

    fn signed(&self, claims: &impl Serialize) -> Result<Secret> {
        jwt::sign(&self.signing, self.id.as_str(), claims)
    }
}

#[async_trait]
impl TokenProvider for ServiceAccount {
    async fn token(&self) -> Result<Token> {
        self.key.ready().await?.sign(self.clock.now())
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
        let key = self.key.current().ok();
        let key = key.as_deref();
        f.debug_struct("ServiceAccount")
            .field("account", &key.map(|key| &key.account_id))
            .field("key_id", &key.map(|key| &key.id))
            .finish_non_exhaustive()
    }
}

/// Whom the platform expects a token to be for. The address is never called.
const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
/// How long what is signed is valid; the longest that agents may ask for.
const LIFETIME: Duration = Duration::from_secs(3600);
