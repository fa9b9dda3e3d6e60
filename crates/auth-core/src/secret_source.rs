//! Where a secret comes from, and that it can change while the program runs.

mod derived;
mod file;
mod followed;
mod vault;

use std::env;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;

use crate::secret_source::file::Watched;
use crate::secret_source::vault::Vault;
use crate::{Clock, Error, Result, Secret, same_bytes};

pub use derived::Derived;
pub(crate) use followed::Followed;

/// Where a secret comes from: a value, an environment variable, a file that may be replaced, or a
/// vault. Clones are one source.
///
/// Every credential and every receiver of callbacks in these crates takes a source where it takes a
/// secret; a text is a source that does not change. A secret that was changed is taken up without
/// a restart and without a failed call:
///
/// - The source is looked at before every fetch of a token, and before every call that carries the
///   secret itself. A vault is asked before every fetch.
/// - When the platform refuses the secret, the source is read again, once, and if it has another
///   secret the call is sent again. If not, the refusal is remembered, and the account is left
///   alone for ever longer, up to 15 minutes or until the secret is another one.
/// - Callbacks are checked with the secret and the one before it, so that those on their way pass.
/// - A source that fails, and a file that is half-written, keep the secret known before. One warning
///   says so, and one line when the source is well again.
///
/// ```
/// use auth_core::SecretSource;
///
/// # let path = std::env::temp_dir().join(format!("auth-core-doc-{}", std::process::id()));
/// # std::fs::write(&path, "swordfish\n")?;
/// // A mounted secret; give it to the credential of a client in place of the text.
/// let source = SecretSource::file(&path)?;
/// assert_eq!(source.current()?.expose(), "swordfish");
/// # std::fs::remove_file(&path)?;
///
/// let vault = SecretSource::vault(|| async {
///     // Ask your vault or key management service here.
///     Ok("swordfish".into())
/// });
/// assert!(vault.current().is_err(), "it has not been asked yet");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SecretSource(Arc<Inner>);

struct Inner {
    kind: Kind,
    known: ArcSwapOption<Known>,
    /// Held while another secret is put in.
    putting: Mutex<()>,
    /// Whether the source failed when it was looked at last.
    failing: AtomicBool,
}

/// What a source said last.
pub(crate) struct Known {
    pub(crate) current: Secret,
    previous: Option<Secret>,
    /// Counts the secrets of this source, from 1.
    pub(crate) version: u64,
}

enum Kind {
    Env(String),
    File(Watched),
    Value,
    Vault(Vault),
}

/// What a look at a source finds.
enum Found {
    /// A secret, which may be another one.
    Secret(Secret),
    /// The same as before.
    Same,
    /// Something that may change at this very moment.
    Unsettled,
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
        Self::new(Kind::Env(variable.into())).opened()
    }

    /// The content of a file, without white space at its ends. It must be there.
    ///
    /// It is read when it is another one or was written to: a mounted secret of Kubernetes, which is
    /// exchanged by way of a symbolic link, is taken up with the next look. A file that is empty, not
    /// text, or written to at this moment is not taken; the secret before stays in use, unless the
    /// platform has just refused what was made of that. Blocks the thread for as long as the disk
    /// takes.
    pub fn file(path: impl Into<PathBuf>) -> Result<Self> {
        Self::new(Kind::File(Watched::new(path.into(), Clock::system(), None))).opened()
    }

    /// The same, where only some texts can be right: a file that is not `valid` is not taken. A
    /// half-written key is noticed by this.
    pub fn file_valid_if(path: impl Into<PathBuf>, valid: fn(&str) -> bool) -> Result<Self> {
        let watched = Watched::new(path.into(), Clock::system(), Some(valid));
        Self::new(Kind::File(watched)).opened()
    }

    /// What `fetch` returns: the client of a vault or of a key management service. What it returned
    /// last is used where it fails or takes longer than 10 seconds.
    ///
    /// It is asked before every fetch of a token, once for all who need it at a time, and after a
    /// refusal. Receivers of callbacks do not ask it: where no client does, call
    /// [`refresh`](Self::refresh) before the receiver is built, and as often as a change may wait.
    pub fn vault<F>(fetch: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Secret>> + Send + 'static,
    {
        Self::new(Kind::Vault(Vault::new(fetch)))
    }

    fn new(kind: Kind) -> Self {
        Self(Arc::new(Inner {
            kind,
            known: ArcSwapOption::empty(),
            putting: Mutex::default(),
            failing: AtomicBool::new(false),
        }))
    }

    /// Looks for the first time, when a failure is the caller's.
    fn opened(self) -> Result<Self> {
        match self.look(Look::First)? {
            Found::Secret(secret) => {
                self.put(secret);
                Ok(self)
            }
            Found::Same | Found::Unsettled => Err(unknown()),
        }
    }

    /// The secret as it was known last. Fails only where a vault has not been asked yet.
    pub fn current(&self) -> Result<Secret> {
        self.known().map(|known| known.current.clone())
    }

    /// The current secret and the one before it, for those who check signatures: what was signed
    /// just before the change is still on its way.
    ///
    /// Looks at a file or variable first, so that a receiver needs no token to hear of a change.
    pub fn accepted(&self) -> Vec<Secret> {
        self.look_now(Look::Again);
        let Ok(known) = self.known() else {
            return Vec::new();
        };
        let previous = known.previous.iter().cloned();
        std::iter::once(known.current.clone())
            .chain(previous)
            .collect()
    }

    /// Asks the source; tells whether the secret is another one now.
    ///
    /// A source that fails keeps the secret known before; it fails here only if there is none.
    pub async fn refresh(&self) -> Result<bool> {
        let before = self.version();
        self.ask(Look::Again).await?;
        Ok(before != 0 && self.version() != before)
    }

    /// Whether it never changes.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.0.kind, Kind::Value)
    }

    /// What is known now. A file or variable is looked at first; a vault is asked if it never was.
    pub(crate) async fn ready(&self) -> Result<Arc<Known>> {
        match &self.0.kind {
            Kind::Value => {}
            Kind::Vault(_) if self.version() != 0 => {}
            Kind::Env(_) | Kind::File(_) | Kind::Vault(_) => self.ask(Look::Again).await?,
        }
        self.known()
    }

    /// Whether the secret is another one than that of `version`, which the platform has refused: if
    /// need be it is read again, and a file counts that was written to this very moment.
    pub(crate) async fn changed_since(&self, version: u64) -> bool {
        if self.version() == version {
            // Whoever asks has an error to tell already.
            let _ = self.ask(Look::First).await;
        }
        self.version() != version
    }

    /// What is known, without a look.
    pub(crate) fn known(&self) -> Result<Arc<Known>> {
        self.0.known.load_full().ok_or_else(unknown)
    }

    /// Which of the source's secrets is known; 0 where there is none yet.
    pub(crate) fn version(&self) -> u64 {
        let known = self.0.known.load();
        known.as_ref().map_or(0, |known| known.version)
    }

    /// Whether it has the secret of another source, as far as can be told without asking a vault.
    #[cfg(feature = "pool")]
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        self.look_now(Look::First);
        match (self.known(), other.known()) {
            (Ok(own), Ok(other)) => own.current == other.current,
            _ => true,
        }
    }

    /// Looks at a file or variable; a vault is not asked.
    pub(crate) fn look_again(&self) {
        self.look_now(Look::Again);
    }

    pub(crate) async fn ask(&self, look: Look) -> Result<()> {
        let Kind::Vault(vault) = &self.0.kind else {
            self.look_now(look);
            return Ok(());
        };
        match vault.ask().await {
            // Somebody else has just been told, and has put it in.
            None if self.version() != 0 => Ok(()),
            None => Err(unknown()),
            Some(Ok(secret)) => {
                self.is_well();
                self.put(secret);
                Ok(())
            }
            Some(Err(error)) if self.version() == 0 => Err(error),
            Some(Err(error)) => {
                self.is_failing(&error);
                Ok(())
            }
        }
    }

    fn look_now(&self, look: Look) {
        match self.look(look) {
            Ok(Found::Secret(secret)) => {
                self.is_well();
                self.put(secret);
            }
            Ok(Found::Same) => self.is_well(),
            Ok(Found::Unsettled) => {}
            Err(error) => self.is_failing(&error),
        }
    }

    /// What the source says now.
    fn look(&self, look: Look) -> Result<Found> {
        match &self.0.kind {
            Kind::Env(variable) => env::var(variable)
                .map(|value| Found::Secret(Secret::new(value)))
                .map_err(|error| {
                    let what = format!("the environment variable {variable} cannot be read");
                    match error {
                        // The other kind of error would print the value.
                        env::VarError::NotPresent => Error::credentials(what).because(error),
                        env::VarError::NotUnicode(_) => Error::credentials(what),
                    }
                }),
            Kind::File(watched) => watched.look(look),
            Kind::Value | Kind::Vault(_) => Ok(Found::Same),
        }
    }

    fn is_failing(&self, error: &Error) {
        if !self.0.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(source = ?self, %error, "a secret stays as it is: its source failed");
        }
    }

    fn is_well(&self) {
        if self.0.failing.load(Ordering::Relaxed) && self.0.failing.swap(false, Ordering::Relaxed) {
            tracing::info!(source = ?self, "the source of a secret is well again");
        }
    }

    /// Takes a secret, which may be the one known.
    fn put(&self, secret: Secret) {
        let _putting = self
            .0
            .putting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = self.0.known.load();
        if before
            .as_ref()
            .is_some_and(|before| before.current == secret)
        {
            return;
        }
        let version = before.as_ref().map_or(0, |before| before.version);
        self.0.known.store(Some(Arc::new(Known {
            current: secret,
            previous: before.as_ref().map(|before| before.current.clone()),
            version: version + 1,
        })));
        if version > 0 {
            tracing::info!(source = ?self, "a secret has changed and is taken up");
        }
    }
}

fn unknown() -> Error {
    Error::credentials("the secret has not been fetched yet: `SecretSource::refresh` does")
}

/// How closely a source is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Only what looks settled counts.
    Again,
    /// Whatever is there counts.
    First,
}

impl From<&Secret> for SecretSource {
    fn from(secret: &Secret) -> Self {
        Self::value(secret.clone())
    }
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
