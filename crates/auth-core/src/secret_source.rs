//! Where a secret comes from, and that it can change while the program runs.

mod file;

use std::env;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::secret_source::file::Watched;
use crate::{Clock, Error, Result, Secret, same_bytes};

/// Where a secret comes from: a value, an environment variable, a file that may be replaced, or a
/// vault. Clones are one source.
///
/// A [`Cached`](crate::Cached) provider that was [given](crate::CachedBuilder::secret) the source asks
/// it before every fetch, and once more after the platform has refused the credentials: a secret that
/// was changed is taken up without a restart. Callbacks are checked with
/// [`accepted`](Self::accepted), so that those signed with the secret before pass too.
///
/// ```
/// use auth_core::SecretSource;
///
/// let source = SecretSource::value("swordfish");
/// assert_eq!(source.current()?.expose(), "swordfish");
/// # Ok::<_, auth_core::Error>(())
/// ```
#[derive(Clone)]
pub struct SecretSource(Arc<Inner>);

struct Inner {
    kind: Kind,
    known: ArcSwapOption<Known>,
    valid: Option<fn(&str) -> bool>,
}

struct Known {
    current: Secret,
    previous: Option<Secret>,
}

type Vault = dyn Fn() -> Pin<Box<dyn Future<Output = Result<Secret>> + Send>> + Send + Sync;

enum Kind {
    Env(String),
    File(Watched),
    Value,
    Vault(Box<Vault>),
}

impl SecretSource {
    /// A secret that does not change.
    pub fn value(secret: impl Into<Secret>) -> Self {
        let source = Self::new(Kind::Value);
        source.put(secret.into());
        source
    }

    /// The value of an environment variable, which must be set.
    pub fn env(variable: impl Into<String>) -> Result<Self> {
        let source = Self::new(Kind::Env(variable.into()));
        source.put(source.look(Look::First)?.unwrap_or_default());
        Ok(source)
    }

    /// The content of a file, without white space at its ends. It must be there.
    ///
    /// The file is looked at before every fetch of a token, and read when it is another one or was
    /// written to: a mounted secret of Kubernetes, which is exchanged by way of a symbolic link, is
    /// taken up with the next look. A file that is empty, not text, or written to at this moment is
    /// not taken; the secret before stays in use and one warning says so. Blocks the thread for as
    /// long as the disk takes.
    pub fn file(path: impl Into<PathBuf>) -> Result<Self> {
        Self::file_if(path, None)
    }

    /// The same, where only some texts can be right: a file that is not `valid` is not taken. A
    /// half-written key is noticed by this.
    pub fn file_valid_if(path: impl Into<PathBuf>, valid: fn(&str) -> bool) -> Result<Self> {
        Self::file_if(path, Some(valid))
    }

    fn file_if(path: impl Into<PathBuf>, valid: Option<fn(&str) -> bool>) -> Result<Self> {
        let watched = Watched::new(path.into(), Clock::system());
        let source = Self(Arc::new(Inner {
            kind: Kind::File(watched),
            known: ArcSwapOption::empty(),
            valid,
        }));
        source.put(source.look(Look::First)?.unwrap_or_default());
        Ok(source)
    }

    /// What `fetch` returns: the client of a vault or of a key management service. It is called
    /// before every fetch of a token; what it returned last is used where it fails.
    pub fn vault<F>(fetch: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Secret>> + Send + 'static,
    {
        Self::new(Kind::Vault(Box::new(move || Box::pin(fetch()))))
    }

    fn new(kind: Kind) -> Self {
        Self(Arc::new(Inner {
            kind,
            known: ArcSwapOption::empty(),
            valid: None,
        }))
    }

    /// The secret as it was known last. Fails only where a vault has not been asked yet.
    pub fn current(&self) -> Result<Secret> {
        let known = self.0.known.load();
        known
            .as_ref()
            .map(|known| known.current.clone())
            .ok_or_else(|| {
                Error::credentials(
                    "the secret has not been fetched yet: `SecretSource::refresh` does",
                )
            })
    }

    /// The current secret and the one before it, for those who check signatures: what was signed
    /// just before the change is still on its way.
    ///
    /// Looks at a file or variable first, so that a receiver needs no token to hear of a change.
    pub fn accepted(&self) -> Vec<Secret> {
        self.look_now(Look::Again);
        let known = self.0.known.load();
        let known = known
            .as_ref()
            .map(|known| (known.current.clone(), known.previous.clone()));
        known.map_or(Vec::new(), |(current, previous)| {
            std::iter::once(current).chain(previous).collect()
        })
    }

    /// Asks the source; tells whether the secret is another one now.
    ///
    /// A source that fails keeps the secret known before, with one warning; it fails here only if
    /// there is none.
    pub async fn refresh(&self) -> Result<bool> {
        self.ask(Look::Again).await
    }

    /// The same after a refusal: also takes a file that was written to this very moment.
    pub(crate) async fn reread(&self) -> Result<bool> {
        self.ask(Look::First).await
    }

    async fn ask(&self, look: Look) -> Result<bool> {
        let Kind::Vault(fetch) = &self.0.kind else {
            return Ok(self.look_now(look));
        };
        match fetch().await {
            Ok(secret) => Ok(self.put(secret)),
            Err(error) if self.0.known.load().is_none() => Err(error),
            Err(error) => {
                tracing::warn!(%error, "the secret stays as it is: its source failed");
                Ok(false)
            }
        }
    }

    fn look_now(&self, look: Look) -> bool {
        match self.look(look) {
            Ok(Some(secret)) => self.put(secret),
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, "the secret stays as it is: its source failed");
                false
            }
        }
    }

    /// What the source says now; nothing where it says the same as before or should not be trusted.
    fn look(&self, look: Look) -> Result<Option<Secret>> {
        match &self.0.kind {
            Kind::Env(variable) => env::var(variable)
                .map(|value| Some(Secret::new(value)))
                .map_err(|error| {
                    let what = format!("the environment variable {variable} cannot be read");
                    match error {
                        // The other kind of error would print the value.
                        env::VarError::NotPresent => Error::credentials(what).because(error),
                        env::VarError::NotUnicode(_) => Error::credentials(what),
                    }
                }),
            Kind::File(watched) => watched.look(look, self.0.valid),
            Kind::Value | Kind::Vault(_) => Ok(None),
        }
    }

    /// Takes a secret; tells whether it is another one.
    fn put(&self, secret: Secret) -> bool {
        let known = self.0.known.load();
        let before = known.as_ref().map(|known| known.current.clone());
        if before.as_ref() == Some(&secret) {
            return false;
        }
        let changed = before.is_some();
        self.0.known.store(Some(Arc::new(Known {
            current: secret,
            previous: before,
        })));
        if changed {
            tracing::info!("a secret has changed and is taken up");
        }
        changed
    }
}

/// How closely a source is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Only what looks settled counts.
    Again,
    /// Whatever is there counts.
    First,
}

impl From<Secret> for SecretSource {
    fn from(secret: Secret) -> Self {
        Self::value(secret)
    }
}

impl From<String> for SecretSource {
    fn from(secret: String) -> Self {
        Self::value(secret)
    }
}

impl From<&str> for SecretSource {
    fn from(secret: &str) -> Self {
        Self::value(secret)
    }
}

/// Shows where the secret comes from.
impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Env(variable) => write!(f, "SecretSource::env({variable:?})"),
            Kind::File(watched) => write!(f, "SecretSource::file({:?})", watched.path()),
            Kind::Value => f.write_str("SecretSource::value(..)"),
            Kind::Vault(_) => f.write_str("SecretSource::vault(..)"),
        }
    }
}

/// A mark by which a process tells whether a failure was about the secret it has: 16 bits of a hash
/// with salt. Enough to notice another secret, too little to check a guess against.
pub(crate) fn mark(secret: &Secret) -> String {
    marked(secret, fastrand::u32(..))
}

/// Whether `mark` was made of this secret, as far as 16 bits tell.
pub(crate) fn fits(secret: &Secret, mark: &str) -> bool {
    let salt = mark.split('-').next().unwrap_or_default();
    u32::from_str_radix(salt, 16)
        .is_ok_and(|salt| same_bytes(marked(secret, salt).as_bytes(), mark.as_bytes()))
}

fn marked(secret: &Secret, salt: u32) -> String {
    // FNV-1a: the same in every version of every program, which the standard library's is not.
    let bytes = salt.to_le_bytes();
    let sum = bytes.iter().chain(secret.expose().as_bytes());
    let sum = sum.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let folded = (sum >> 48) ^ (sum >> 32) ^ (sum >> 16) ^ sum;
    format!("{salt:08x}-{:04x}", folded & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_fits_its_secret_and_tells_little_about_it() {
        let secret = Secret::new("swordfish");
        let mark = mark(&secret);
        assert!(fits(&secret, &mark));
        assert_eq!(mark.len(), 13);
        let others = (0..65_536)
            .filter(|n| fits(&Secret::new(n.to_string()), &mark))
            .count();
        assert!(others < 20, "{others}");
        assert!(!fits(&secret, "") && !fits(&secret, "x-y"));
    }

    #[test]
    fn a_source_shows_where_the_secret_is_and_not_the_secret() {
        let source = SecretSource::value("swordfish");
        assert_eq!(format!("{source:?}"), "SecretSource::value(..)");
        let vault = SecretSource::vault(|| async { Ok(Secret::new("swordfish")) });
        assert!(!format!("{vault:?} {:?}", vault.current()).contains("swordfish"));
    }

    #[tokio::test]
    async fn a_vault_that_fails_keeps_the_secret_known_before() {
        use std::sync::atomic::{AtomicU32, Ordering};

        let calls = Arc::new(AtomicU32::new(0));
        let source = SecretSource::vault({
            let calls = Arc::clone(&calls);
            move || {
                let call = calls.fetch_add(1, Ordering::SeqCst);
                async move {
                    match call {
                        1 | 3 => Ok(Secret::new(format!("secret-{call}"))),
                        _ => Err(Error::transport("the vault is sealed")),
                    }
                }
            }
        });
        assert!(source.current().is_err());
        assert!(source.refresh().await.is_err());
        assert!(!source.refresh().await.unwrap());
        assert!(!source.refresh().await.unwrap());
        assert_eq!(source.current().unwrap().expose(), "secret-1");
        assert!(source.refresh().await.unwrap());
        let accepted = source.accepted();
        assert_eq!(accepted, [Secret::new("secret-3"), Secret::new("secret-1")]);
    }
}
