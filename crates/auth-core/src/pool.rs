//! Many tenants in one process: a cache, or a client, for each, made when it is needed.

use std::fmt;
use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::{Cached, Result};

/// A bounded pool of what tenants need: [`Cached`] providers or whole clients, one for each tenant,
/// made by a factory when a tenant is first asked for. Clones are one pool.
///
/// Each tenant has a fetch, a back-off and a budget of its own, so one whose endpoint hangs or
/// refuses delays nobody else. When the pool is full, the one used least makes room; whoever has it
/// goes on with it, and its next caller gets a new one.
///
/// ```
/// use std::time::Duration;
///
/// use auth_core::testing::CountingProvider;
/// use auth_core::{Cached, TokenPool};
///
/// # async fn example() -> auth_core::Result<()> {
/// let pool = TokenPool::new(10_000, |tenant: &str| {
///     println!("the first call of {tenant}");
///     Ok(Cached::new(CountingProvider::new(Duration::from_secs(3600))))
/// });
/// let token = pool.get("tenant-7")?.token().await?;
/// # Ok(())
/// # }
/// ```
pub struct TokenPool<T = Cached> {
    tenants: Arc<Cache<String, T>>,
    factory: Arc<Factory<T>>,
}

type Factory<T> = dyn Fn(&str) -> Result<T> + Send + Sync;

impl<T: Clone> TokenPool<T> {
    /// A pool of at most `capacity` tenants. `factory` is handed the tenant's name; it should do no
    /// I/O, as no builder of these crates does.
    pub fn new(
        capacity: usize,
        factory: impl Fn(&str) -> Result<T> + Send + Sync + 'static,
    ) -> Self {
        Self {
            tenants: Arc::new(Cache::new(capacity)),
            factory: Arc::new(factory),
        }
    }

    /// The cache or client of a tenant. An error of the factory is passed on and not remembered.
    pub fn get(&self, tenant: &str) -> Result<T> {
        match self.tenants.get(tenant) {
            Some(found) => Ok(found),
            None => self
                .tenants
                .get_or_insert_with(tenant, || (self.factory)(tenant)),
        }
    }

    /// Forgets a tenant: it left, or its credential is another one.
    pub fn remove(&self, tenant: &str) -> Option<T> {
        self.tenants.remove(tenant).map(|(_, found)| found)
    }

    /// How many tenants are in the pool.
    pub fn len(&self) -> usize {
        self.tenants.len()
    }

    /// Whether the pool holds no tenant.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Clone for TokenPool<T> {
    fn clone(&self) -> Self {
        Self {
            tenants: Arc::clone(&self.tenants),
            factory: Arc::clone(&self.factory),
        }
    }
}

impl<T: Clone> fmt::Debug for TokenPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPool")
            .field("tenants", &self.len())
            .finish_non_exhaustive()
    }
}
