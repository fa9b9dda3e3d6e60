//! A store in the memory of the process: for several caches of one credential, and for tests.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::store::slot::Slot;
use crate::store::{Lease, Snapshot, StoreKey, Stored, TokenStore};
use crate::{Clock, Result};

/// A store in the memory of this process. Clones are one store.
///
/// One [`Cached`](crate::Cached) provider needs none: it and its clones are their own memory. This is
/// for several that stand for one credential, and for tests.
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    clock: Clock,
    slots: Mutex<HashMap<StoreKey, Slot>>,
    written: Notify,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// An empty store whose leases end by this clock.
    pub fn with_clock(clock: Clock) -> Self {
        Self(Arc::new(Inner {
            clock,
            slots: Mutex::default(),
            written: Notify::new(),
        }))
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<StoreKey, Slot>> {
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step<T>(&self, key: &StoreKey, step: impl FnOnce(&mut Slot) -> T) -> T {
        step(self.slots().entry(key.clone()).or_default())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("keys", &self.slots().len())
            .finish()
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn read(&self, key: &StoreKey) -> Result<Snapshot> {
        Ok(Snapshot {
            stored: self.slots().get(key).and_then(|slot| slot.stored.clone()),
            now: self.0.clock.local_now(),
        })
    }

    async fn compare_and_set(&self, key: &StoreKey, expected: u64, new: &Stored) -> Result<bool> {
        let written = self.step(key, |slot| slot.compare_and_set(expected, new));
        if written {
            self.0.written.notify_waiters();
        }
        Ok(written)
    }

    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> Result<Lease> {
        let now = self.0.clock.local_millis();
        Ok(self.step(key, |slot| slot.lease(now, holder, span)))
    }

    async fn release(&self, key: &StoreKey, holder: &str) -> Result<()> {
        self.step(key, |slot| slot.release(holder));
        self.0.written.notify_waiters();
        Ok(())
    }

    async fn changed(&self, key: &StoreKey, seen: u64, at_most: Duration) {
        let mut written = std::pin::pin!(self.0.written.notified());
        // Registered before the look, so that a write in between is not missed.
        written.as_mut().enable();
        if self.step(key, |slot| slot.generation()) == seen {
            let _ = timeout(at_most, written).await;
        }
    }
}
