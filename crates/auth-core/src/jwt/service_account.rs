//! The service account: the key file of the console, and what it signs.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde::Serialize;

use crate::jwt::{self, Algorithm, KeyFile, SigningKey};
use crate::{Clock, Derived, Error, Result, Secret, SecretSource, Token, TokenProvider};

/// A service account, read from the key file that the console hands out.
///
/// It signs its tokens itself (PS256), and they are used as they are: there is no grant that
/// exchanges them for others ([guide][guide]). A client keeps each token for its hour.
///
/// [guide]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-jwt-token
#[derive(Clone)]
pub struct ServiceAccount {
    key: Derived<ServiceKey>,
    clock: Clock,
}

/// What the key file of a [`ServiceAccount`] holds.
pub struct ServiceKey {
    project_id: Option<String>,
    id: String,
    account_id: String,
    signing: SigningKey,
}

/// The claims of a token, in the order of the platform's own sample.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'static str,
    iss: &'a str,
    exp: u64,
    iat: u64,
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
    /// A vault that was not asked yet tells no project id: a client that needs one is told it, or
    /// the source is [refreshed](SecretSource::refresh) first.
    ///
    /// ```no_run
    /// use auth_core::SecretSource;
    /// use auth_core::jwt::ServiceAccount;
    ///
    /// // A mounted secret of Kubernetes.
    /// let file = SecretSource::file("/etc/push/service-account.json")?;
    /// let account = ServiceAccount::from_source(file)?;
    /// # Ok::<_, auth_core::Error>(())
    /// ```
    pub fn from_source(source: impl Into<SecretSource>) -> Result<Self> {
        let read = |text: &Secret| ServiceKey::read(&KeyFile::parse(text.expose())?);
        let key = Derived::new(source, read);
        key.check()?;
        Ok(Self::with_key(key))
    }

    fn from_key_file(file: &KeyFile) -> Result<Self> {
        Ok(Self::with_key(Derived::fixed(ServiceKey::read(file)?)))
    }

    fn with_key(key: Derived<ServiceKey>) -> Self {
        Self {
            key,
            clock: Clock::system(),
        }
    }

    /// Takes the times of tokens from another clock: that of a client, which learns the platform's
    /// time.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where the key file comes from.
    pub fn source(&self) -> &SecretSource {
        self.key.source()
    }

    /// The key as it is now.
    ///
    /// # Errors
    ///
    /// The key file comes from a vault that was not asked yet.
    pub fn key(&self) -> Result<Arc<ServiceKey>> {
        self.key.current()
    }

    /// The key, once there is one: a vault is asked for it.
    pub async fn ready(&self) -> Result<Arc<ServiceKey>> {
        self.key.ready().await
    }

    /// The project of the key file; nothing if it names none, or while a vault was not asked.
    pub fn project_id(&self) -> Option<String> {
        self.key().ok()?.project_id.clone()
    }

    /// Signs a token at `now`, valid for an hour. Errors are those of [`key`](Self::key).
    pub fn sign(&self, now: SystemTime) -> Result<Token> {
        self.key()?.sign(now)
    }
}

impl ServiceKey {
    fn read(file: &KeyFile) -> Result<Self> {
        let project_id = file.get("project_id").map(str::trim);
        Ok(Self {
            project_id: project_id.filter(|id| !id.is_empty()).map(str::to_owned),
            id: file.require("key_id")?.to_owned(),
            account_id: file.require("sub_account")?.to_owned(),
            signing: file.signing_key("private_key", Algorithm::Ps256)?,
        })
    }

    /// The id of the account: `sub_account` of the file, `iss` of its tokens.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// What tells accounts and their keys apart.
    pub fn identity(&self) -> String {
        format!("{}/{}", self.account_id, self.id)
    }

    /// Signs a token at `now`, valid for an hour.
    pub fn sign(&self, now: SystemTime) -> Result<Token> {
        let claims = |iat, exp| Claims {
            aud: AUDIENCE,
            iss: &self.account_id,
            exp,
            iat,
        };
        self.sign_claims(now, claims)
    }

    /// Signs claims of another kind at `now`, valid for an hour; they are made of the times they
    /// are issued and expire, in seconds since 1970.
    pub fn sign_claims<C: Serialize>(
        &self,
        now: SystemTime,
        claims: impl FnOnce(u64, u64) -> C,
    ) -> Result<Token> {
        let iat = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|error| Error::credentials("the clock stands before 1970").because(error))?
            .as_secs();
        let claims = claims(iat, iat.saturating_add(LIFETIME.as_secs()));
        Token::bearer(
            jwt::sign(&self.signing, self.id.as_str(), &claims)?,
            LIFETIME,
        )
    }
}

#[async_trait]
impl TokenProvider for ServiceAccount {
    async fn token(&self) -> Result<Token> {
        self.ready().await?.sign(self.clock.now())
    }
}

/// Shows whose key it is, and nothing of the key.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key().ok();
        f.debug_struct("ServiceAccount")
            .field("key", &key)
            .finish_non_exhaustive()
    }
}

/// Shows whose key it is, and nothing of the key.
impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKey")
            .field("project_id", &self.project_id)
            .field("account_id", &self.account_id)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Whom the platforms expect a token to be for. The address is never called.
const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";

/// How long what is signed is valid. Push Kit refuses more than a day and advises an hour; agents
/// may not ask for more than an hour.
const LIFETIME: Duration = Duration::from_secs(3600);
