//! The service account: the key file of the console, and the tokens it signs.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use auth_core::jwt::{self, Algorithm, KeyFile, SigningKey};
use auth_core::{Clock, Derived, Error, Result, Secret, SecretSource, Token, TokenProvider};
use serde::Serialize;

/// A service account, read from the key file that the console hands out.
///
/// It signs its tokens itself, with RSASSA-PSS, and they are used as they are: nothing is exchanged
/// for another token ([guide][guide]). One key serves every app of its project. The
/// [`Client`](crate::Client) keeps each token for its hour.
///
/// [guide]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-jwt-token
#[derive(Clone)]
pub struct ServiceAccount {
    key: Derived<Key>,
    clock: Clock,
}

struct Key {
    project_id: Option<String>,
    key_id: String,
    account: String,
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
    /// A vault that was not asked yet tells no project id: set it in the client's builder, or
    /// [`refresh`](SecretSource::refresh) the source first.
    ///
    /// ```no_run
    /// use auth_core::SecretSource;
    /// use harmony_push::ServiceAccount;
    ///
    /// // A mounted secret of Kubernetes.
    /// let file = SecretSource::file("/etc/push/service-account.json")?;
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

    /// The project of the key file, which the platform's addresses name.
    pub fn project_id(&self) -> Option<String> {
        self.key.current().ok()?.project_id.clone()
    }

    /// Where the key file comes from.
    pub fn source(&self) -> &SecretSource {
        self.key.source()
    }

    /// Signs a token at `now`, valid for an hour.
    ///
    /// # Errors
    ///
    /// The key file comes from a vault that was not asked yet.
    pub fn sign(&self, now: SystemTime) -> Result<Token> {
        self.key.current()?.sign(now)
    }

    /// What tells accounts and their keys apart, if it is known.
    pub(crate) fn identity(&self) -> Option<String> {
        let key = self.key.current().ok()?;
        Some(format!("{}/{}", key.account, key.key_id))
    }

    /// Takes the times of tokens from another clock: one that learns the platform's time.
    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

#[async_trait]
impl TokenProvider for ServiceAccount {
    async fn token(&self) -> Result<Token> {
        self.key.ready().await?.sign(self.clock.now())
    }
}

impl Key {
    fn read(file: &KeyFile) -> Result<Self> {
        let project_id = file.get("project_id").map(str::trim);
        Ok(Self {
            project_id: project_id.filter(|id| !id.is_empty()).map(str::to_owned),
            key_id: file.require("key_id")?.to_owned(),
            account: file.require("sub_account")?.to_owned(),
            signing: file.signing_key("private_key", Algorithm::Ps256)?,
        })
    }

    fn sign(&self, now: SystemTime) -> Result<Token> {
        let iat = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|error| Error::credentials("the clock stands before 1970").because(error))?
            .as_secs();
        let claims = Claims {
            aud: AUDIENCE,
            iss: &self.account,
            exp: iat + LIFETIME.as_secs(),
            iat,
        };
        let token = jwt::sign(&self.signing, self.key_id.as_str(), &claims)?;
        Token::bearer(token, LIFETIME)
    }
}

/// Shows whose key it is, and nothing of the key.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.current().ok();
        let key = key.as_deref();
        f.debug_struct("ServiceAccount")
            .field("project_id", &key.map(|key| &key.project_id))
            .field("account", &key.map(|key| &key.account))
            .field("key_id", &key.map(|key| &key.key_id))
            .finish_non_exhaustive()
    }
}

/// Whom the platform expects a token to be for. The address is never called.
const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
/// How long a token is valid. The platform refuses more than a day and advises an hour.
const LIFETIME: Duration = Duration::from_secs(3600);
