//! A source as one user of it follows its changes.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::secret_source::Look;
use crate::{Result, Secret, SecretSource};

/// A source, and which of its secrets this user has seen: several share a source, and each has to
/// hear of a change, whoever noticed it.
pub(crate) struct Followed {
    source: SecretSource,
    seen: AtomicU64,
}

impl Followed {
    pub(crate) fn new(source: SecretSource) -> Self {
        let seen = AtomicU64::new(source.version());
        Self { source, seen }
    }

    pub(crate) fn source(&self) -> &SecretSource {
        &self.source
    }

    pub(crate) fn version(&self) -> u64 {
        self.source.version()
    }

    pub(crate) fn current(&self) -> Option<Secret> {
        self.source.current().ok()
    }

    /// Asks the source, and tells whether the secret is another one than before.
    pub(crate) async fn refresh(&self, look: Look) -> Result<bool> {
        self.source.ask(look).await?;
        Ok(self.has_changed())
    }

    /// Looks at a file or variable, and tells whether the secret is another one than before.
    pub(crate) fn look(&self) -> bool {
        self.source.look_again();
        self.has_changed()
    }

    /// Whether the secret is another one than when this was asked last.
    pub(crate) fn has_changed(&self) -> bool {
        let version = self.source.version();
        let seen = self.seen.swap(version, Ordering::SeqCst);
        seen != 0 && seen != version
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
