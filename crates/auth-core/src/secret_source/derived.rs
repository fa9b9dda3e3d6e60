//! What is made of a secret, made once for each value that its source has.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;

use crate::{Error, Result, Secret, SecretSource};

/// What is made of a secret that may change: the key parsed from a key file, the key of a cipher. It
/// is made once for each value of the source, and shared by clones.
///
/// For provider crates. A value of which nothing can be made, as of a file that is half-written,
/// leaves what there is in use; one warning says so.
///
/// ```
/// use auth_core::{Derived, Error, SecretSource};
///
/// let source = SecretSource::value("1729");
/// let number = Derived::new(source, |secret| {
///     let number: u32 = secret.expose().parse().map_err(|_| Error::credentials("no number"))?;
///     Ok(number)
/// });
/// assert_eq!(*number.current()?, 1729);
/// # Ok::<_, Error>(())
/// ```
pub struct Derived<T>(Arc<Inner<T>>);

struct Inner<T> {
    source: SecretSource,
    make: Box<Make<T>>,
    made: ArcSwapOption<Made<T>>,
    /// Held while something is made.
    making: Mutex<()>,
}

type Make<T> = dyn Fn(&Secret) -> Result<T> + Send + Sync;

struct Made<T> {
    /// The version of the source's secret that was looked at last.
    version: u64,
    /// Whether nothing could be made of that one.
    failed: bool,
    current: Arc<T>,
    previous: Option<Arc<T>>,
}

impl<T> Derived<T> {
    /// Makes things of the secrets of `source` by `make`, when they are needed.
    pub fn new(
        source: impl Into<SecretSource>,
        make: impl Fn(&Secret) -> Result<T> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            source: source.into(),
            make: Box::new(make),
            made: ArcSwapOption::empty(),
            making: Mutex::default(),
        }))
    }

    /// What is here already, and does not change.
    pub fn fixed(value: T) -> Self {
        let derived = Self::new(SecretSource::value(Secret::default()), |_| {
            Err(Error::config("there is nothing to make this of"))
        });
        derived.0.made.store(Some(Arc::new(Made {
            version: derived.0.source.version(),
            failed: false,
            current: Arc::new(value),
            previous: None,
        })));
        derived
    }

    /// Whether something can be made of the secret, as far as one is known: a builder's check.
    pub fn check(&self) -> Result<()> {
        match self.0.source.version() {
            0 => Ok(()),
            _ => self.current().map(drop),
        }
    }

    /// What is made of the secret as it was known last.
    ///
    /// # Errors
    ///
    /// A vault has not been asked yet, or nothing can be made of the secret and there is no other.
    pub fn current(&self) -> Result<Arc<T>> {
        self.made().map(|made| Arc::clone(&made.current))
    }

    /// The same; a file or variable is looked at first, and a vault is asked if it never was.
    pub async fn ready(&self) -> Result<Arc<T>> {
        self.0.source.ready().await?;
        self.current()
    }

    /// What is made of the current secret and of the one before it, as
    /// [`SecretSource::accepted`] has it. Nothing where [`current`](Self::current) fails.
    pub fn accepted(&self) -> Vec<Arc<T>> {
        self.0.source.look_again();
        let Ok(made) = self.made() else {
            return Vec::new();
        };
        let previous = made.previous.iter().map(Arc::clone);
        std::iter::once(Arc::clone(&made.current))
            .chain(previous)
            .collect()
    }

    /// Where the secret comes from.
    pub fn source(&self) -> &SecretSource {
        &self.0.source
    }

    fn made(&self) -> Result<Arc<Made<T>>> {
        let this = &*self.0;
        let version = this.source.version();
        if let Some(made) = this.made.load_full().filter(|made| made.version == version) {
            return Ok(made);
        }
        let _making = this.making.lock().unwrap_or_else(PoisonError::into_inner);
        let known = this.source.known()?;
        let before = this.made.load_full();
        if let Some(made) = before.as_ref().filter(|made| made.version == known.version) {
            return Ok(Arc::clone(made));
        }
        let (current, failed) = match ((this.make)(&known.current), &before) {
            (Ok(made), _) => (Arc::new(made), false),
            (Err(error), None) => return Err(error),
            (Err(error), Some(before)) => {
                if !before.failed {
                    let source = &this.source;
                    tracing::warn!(?source, %error, "a secret stays as it is: the new one is unfit");
                }
                (Arc::clone(&before.current), true)
            }
        };
        if !failed && before.as_ref().is_some_and(|before| before.failed) {
            tracing::info!(source = ?this.source, "a secret is fit for use again");
        }
        let previous = match before {
            Some(before) if failed => before.previous.clone(),
            Some(before) => Some(Arc::clone(&before.current)),
            None => {
                let previous = known.previous.as_ref();
                previous.and_then(|secret| (this.make)(secret).ok().map(Arc::new))
            }
        };
        let made = Arc::new(Made {
            version: known.version,
            failed,
            current,
            previous,
        });
        this.made.store(Some(Arc::clone(&made)));
        Ok(made)
    }
}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Shows where the secret comes from.
impl<T> fmt::Debug for Derived<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Derived").field(&self.0.source).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Says one text after the other, each time it is asked.
    fn saying(texts: &'static [&'static str]) -> SecretSource {
        let asked = AtomicU32::new(0);
        SecretSource::vault(move || {
            let asked = asked.fetch_add(1, Ordering::SeqCst) as usize;
            async move { Ok(Secret::new(texts[asked.min(texts.len() - 1)])) }
        })
    }

    fn numbers(source: &SecretSource, made: &Arc<AtomicU32>) -> Derived<u32> {
        let made = Arc::clone(made);
        Derived::new(source.clone(), move |secret| {
            made.fetch_add(1, Ordering::SeqCst);
            let number = secret.expose().parse();
            number.map_err(|_| Error::credentials("no number"))
        })
    }

    fn accepted(derived: &Derived<u32>) -> Vec<u32> {
        derived.accepted().iter().map(|number| **number).collect()
    }

    #[tokio::test]
    async fn it_is_made_once_for_each_value() {
        let (source, made) = (saying(&["1", "1", "2"]), Arc::default());
        let derived = numbers(&source, &made);
        assert!(derived.current().is_err() && derived.accepted().is_empty());
        for _ in 0..3 {
            assert_eq!(*derived.ready().await.unwrap(), 1);
        }
        assert!(!source.refresh().await.unwrap());
        assert_eq!(*derived.clone().current().unwrap(), 1);
        assert_eq!(made.load(Ordering::SeqCst), 1);
        assert!(source.refresh().await.unwrap());
        for _ in 0..3 {
            assert_eq!(accepted(&derived), [2, 1]);
        }
        assert_eq!(made.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn an_unfit_value_leaves_the_two_before_it_in_use() {
        let (source, made) = (saying(&["1", "2", "{", "[", "3"]), Arc::default());
        let derived = numbers(&source, &made);
        derived.ready().await.unwrap();
        let mut seen = Vec::new();
        for _ in 0..4 {
            assert!(source.refresh().await.unwrap());
            seen.push(accepted(&derived));
        }
        assert_eq!(seen, [[2, 1], [2, 1], [2, 1], [3, 2]]);
    }

    #[test]
    fn what_is_fixed_is_there() {
        let derived = Derived::fixed(7);
        assert_eq!(
            (*derived.current().unwrap(), accepted(&derived)),
            (7, vec![7])
        );
    }

    #[test]
    fn the_first_value_must_be_fit() {
        let derived = numbers(&SecretSource::value("one"), &Arc::default());
        assert!(derived.current().is_err() && derived.accepted().is_empty());
    }
}
