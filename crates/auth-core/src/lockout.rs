//! Keeps a credential that was refused from being tried again before its time.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cached::trouble::Trouble;
use crate::secret_source::Followed;
use crate::{Action, Clock, Error, Result, SecretSource};

/// Remembers that a credential was refused, for all who share it.
///
/// Some platforms lock an account after a few wrong secrets. A [`Cached`](crate::Cached) provider
/// stops by itself; this is for calls that use the same secret without a cache, or for several
/// caches of one account. Wrong credentials are remembered from 5 seconds, doubling to 15 minutes,
/// and a wait that the platform asked for as long as it asked, up to 15 minutes. Other failures are
/// not.
///
/// ```
/// use auth_core::{Clock, Error, Lockout, Result};
///
/// async fn exchange(lockout: &Lockout) -> Result<()> {
///     lockout.check()?;
///     let result: Result<()> = Err(Error::credentials("the secret is wrong"));
///     lockout.note(result)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let lockout = Lockout::new(Clock::system());
/// assert!(exchange(&lockout).await.is_err());
/// assert!(lockout.check().is_err());
/// lockout.clear();
/// assert!(lockout.check().is_ok());
/// # }
/// ```
pub struct Lockout {
    clock: Clock,
    secret: Option<Followed>,
    trouble: Mutex<Trouble>,
}

impl Lockout {
    /// Nothing has been refused yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            secret: None,
            trouble: Mutex::default(),
        }
    }

    /// The same, where refusals are about the secret of this source: they are forgotten once the
    /// source has another one.
    pub fn of(source: impl Into<SecretSource>, clock: Clock) -> Self {
        Self {
            secret: Some(Followed::new(source.into())),
            ..Self::new(clock)
        }
    }

    /// The refusal to answer with instead of trying, as long as trying does harm. It tells how long
    /// to wait if the platform did.
    pub fn check(&self) -> Result<()> {
        let now = self.clock.moment().steady;
        let remembered = self.trouble().remembered(now);
        match remembered {
            Some(_) if self.secret.as_ref().is_some_and(Followed::look) => {
                self.clear();
                Ok(())
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Takes note of how a try ended, and returns it. A success forgets all refusals.
    pub fn note<T>(&self, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_) => self.clear(),
            Err(error) if is_refusal(error) => {
                let now = self.clock.moment().steady;
                self.trouble().note(error.clone(), now);
            }
            Err(_) => {}
        }
        result
    }

    /// Whether it is about this secret, as far as can be told without asking a vault.
    #[cfg(feature = "pool")]
    pub(crate) fn may_be_about(&self, secret: &SecretSource) -> bool {
        let own = self.secret.as_ref();
        own.is_some_and(|own| own.source().may_be(secret))
    }

    /// Forgets all refusals: the secret is another one now.
    pub fn clear(&self) {
        self.trouble().clear();
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        // No step in between leaves a state that the next cannot work with.
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lockout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lockout")
            .field("is_locked", &self.check().is_err())
            .finish_non_exhaustive()
    }
}

/// Whether it is about the credential, and not about this one call.
fn is_refusal(error: &Error) -> bool {
    let asked = error.api().is_some_and(|api| api.retry_after.is_some());
    error.action() == Action::FixCredentials || error.action() == Action::Backoff && asked
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ApiError;

    #[test]
    fn only_what_is_about_the_credential_is_remembered() {
        let lockout = Lockout::new(Clock::system());
        for passing in [Error::transport("down"), Error::decode("what")] {
            assert!(lockout.note::<()>(Err(passing)).is_err());
            assert!(lockout.check().is_ok());
        }
        let busy = Error::answered(ApiError::without_answer("busy", Action::Backoff));
        assert!(lockout.note::<()>(Err(busy.clone())).is_err());
        assert!(lockout.check().is_ok());
        let locked = busy.after(Duration::from_secs(900));
        assert!(lockout.note::<()>(Err(locked)).is_err());
        let text = lockout.check().unwrap_err().to_string();
        assert!(text.contains("not before 900 s from now"), "{text}");
        assert!(lockout.note(Ok(())).is_ok());
        assert!(lockout.check().is_ok());
    }
}
