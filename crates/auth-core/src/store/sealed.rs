//! Records sealed with a key of the application: the store keeps what it cannot read.

use std::time::Duration;

use async_trait::async_trait;

use crate::seal::{Purpose, Sealer};
use crate::store::{Lease, Snapshot, StoreKey, Stored, TokenStore};
use crate::{Error, Result};

/// A store whose records are sealed with a key of the application (AES-256-GCM).
///
/// A record opens under its own key and generation alone: it cannot be moved to another tenant or
/// platform, and an older one cannot be put in the place of a newer one. To replace the key, see
/// [`Sealer::also_opens`]. A record that cannot be opened counts as a store that cannot be used: it
/// stays as it is.
///
/// ```
/// use auth_core::seal::Sealer;
/// use auth_core::{MemoryStore, SealedStore};
///
/// let store = SealedStore::new(MemoryStore::new(), Sealer::new(&[7; 32]));
/// ```
#[derive(Clone, Debug)]
pub struct SealedStore<S> {
    store: S,
    sealer: Sealer,
}

impl<S: TokenStore> SealedStore<S> {
    /// Seals what `store` keeps.
    pub fn new(store: S, sealer: Sealer) -> Self {
        Self { store, sealer }
    }

    fn open(&self, key: &StoreKey, stored: &Stored) -> Result<Stored> {
        let text = std::str::from_utf8(stored.record())
            .map_err(|_| Error::credentials("the record in the token store is not sealed"))?;
        let name = name(stored.generation());
        let record = self.sealer.open(purpose(&name, key), text)?;
        Ok(Stored::new(stored.generation(), record.to_vec()))
    }
}

#[async_trait]
impl<S: TokenStore> TokenStore for SealedStore<S> {
    fn name(&self) -> &'static str {
        self.store.name()
    }

    async fn read(&self, key: &StoreKey) -> Result<Snapshot> {
        let snapshot = self.store.read(key).await?;
        let stored = snapshot.stored.map(|stored| self.open(key, &stored));
        Ok(Snapshot {
            stored: stored.transpose()?,
            now: snapshot.now,
        })
    }

    async fn compare_and_set(&self, key: &StoreKey, expected: u64, new: &Stored) -> Result<bool> {
        let name = name(new.generation());
        let text = self.sealer.seal(purpose(&name, key), new.record());
        let sealed = Stored::new(new.generation(), text.into_bytes());
        self.store.compare_and_set(key, expected, &sealed).await
    }

    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> Result<Lease> {
        self.store.lease(key, holder, span).await
    }

    async fn release(&self, key: &StoreKey, holder: &str) -> Result<()> {
        self.store.release(key, holder).await
    }

    async fn changed(&self, key: &StoreKey, seen: u64, at_most: Duration) {
        self.store.changed(key, seen, at_most).await;
    }
}

fn name(generation: u64) -> String {
    format!("token-record {generation}")
}

fn purpose<'a>(name: &'a str, key: &'a StoreKey) -> Purpose<'a> {
    Purpose::new(name)
        .platform(key.platform())
        .tenant(key.path())
}
