//! Many tenants in one process: a cache, or a client, for each, made when it is needed.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::available_parallelism;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, UnitWeighter};

use crate::{Cached, Error, Lockout, Result, SecretSource};

/// A bounded pool of what tenants need: [`Cached`] providers or whole clients, one for each tenant.
/// Clones are one pool.
///
/// Each tenant has a fetch, a back-off and a budget of its own, so one whose endpoint hangs or
/// refuses delays nobody else. There are never more than the bound. When the pool is full, the one
/// used least makes room; whoever has it goes on with it, and its next caller gets a new one. Tenants
/// are spread over parts of the pool by chance, so leave a tenth of room for those in use at a time.
///
/// There are two ways to fill it. A pool with a factory makes what a tenant needs when it is first
/// asked for:
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
///
/// A pool that is [`bounded`](TokenPool::bounded) is handed to the builders of clients, all of which
/// have `pool` for it: then a client may be built for every request of a tenant, and finds the
/// tenant's token there.
///
/// Such a pool is there for as long as somebody keeps it: the clients alone do not.
pub struct TokenPool<T = Cached>(Arc<Inner<T>>);

struct Inner<T> {
    tenants: Tenants<T>,
    /// Those of accounts that several tenants have in common, while anybody uses them.
    lockouts: Mutex<HashMap<String, Weak<Lockout>>>,
    factory: Box<Factory<T>>,
    capacity: usize,
}

/// A pool as its clients know it: what is in the pool holds clients, and must not keep it.
pub(crate) struct WeakPool(Weak<Inner<Cached>>);

type Tenants<T> = Cache<String, T, UnitWeighter, Keyed>;

type Factory<T> = dyn Fn(&str) -> Result<T> + Send + Sync;

impl TokenPool {
    /// A pool of the tokens of at most `capacity` tenants, to be filled by clients: give it to the
    /// builder of each.
    pub fn bounded(capacity: usize) -> Self {
        Self::new(capacity, |_| {
            Err(Error::config(
                "this pool has no factory: it is filled by the clients that are built with it",
            ))
        })
    }

    pub(crate) fn downgrade(&self) -> WeakPool {
        WeakPool(Arc::downgrade(&self.0))
    }

    /// The tokens known by this key, if they are fit, or those that `make` makes.
    pub(crate) fn entry(
        &self,
        key: &str,
        is_fit: impl Fn(&Cached) -> bool,
        make: impl FnOnce() -> Cached,
    ) -> Cached {
        let tenants = &self.0.tenants;
        match tenants.get(key) {
            Some(found) if is_fit(&found) => found,
            Some(_) => {
                let made = make();
                tenants.insert(key.to_owned(), made.clone());
                made
            }
            None => {
                let make = || Ok::<_, std::convert::Infallible>(make());
                let made = tenants.get_or_insert_with(key, make);
                made.unwrap_or_else(|never| match never {})
            }
        }
    }
}

impl TokenPool {
    /// The lockout known by this key, if it is about this secret, or the one that `make` makes.
    pub(crate) fn lockout(
        &self,
        key: &str,
        secret: &SecretSource,
        make: impl FnOnce() -> Lockout,
    ) -> Arc<Lockout> {
        let known = self.0.lockouts.lock();
        // No step in between leaves a state that the next cannot work with.
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        let found = known.get(key).and_then(Weak::upgrade);
        if let Some(found) = found.filter(|it| it.may_be_about(secret)) {
            return found;
        }
        known.retain(|_, lockout| lockout.strong_count() > 0);
        let made = Arc::new(make());
        known.insert(key.to_owned(), Arc::downgrade(&made));
        made
    }
}

impl<T: Clone> TokenPool<T> {
    /// A pool of at most `capacity` tenants. `factory` is handed the tenant's name; it should do no
    /// I/O, as no builder of these crates does.
    pub fn new(
        capacity: usize,
        factory: impl Fn(&str) -> Result<T> + Send + Sync + 'static,
    ) -> Self {
        let capacity = capacity.max(1);
        let mut parts = available_parallelism()
            .map_or(1, |threads| threads.get() * PARTS_PER_THREAD)
            .next_power_of_two();
        while parts > 1 && capacity / parts < SMALLEST_PART {
            parts /= 2;
        }
        // Every part has the same bound, and together they must not have more than was asked for.
        let bound = capacity - capacity % parts;
        let options = OptionsBuilder::new()
            .shards(parts)
            .estimated_items_capacity(bound)
            .weight_capacity(bound as u64)
            .build()
            .expect("both capacities are set");
        let lifecycle = DefaultLifecycle::default();
        Self(Arc::new(Inner {
            tenants: Cache::with_options(options, UnitWeighter, Keyed::new(), lifecycle),
            lockouts: Mutex::default(),
            factory: Box::new(factory),
            capacity,
        }))
    }

    /// The cache or client of a tenant. An error of the factory is passed on and not remembered.
    #[inline]
    pub fn get(&self, tenant: &str) -> Result<T> {
        match self.0.tenants.get(tenant) {
            Some(found) => Ok(found),
            None => self.make(tenant),
        }
    }

    #[cold]
    fn make(&self, tenant: &str) -> Result<T> {
        let Inner {
            tenants, factory, ..
        } = &*self.0;
        tenants.get_or_insert_with(tenant, || factory(tenant))
    }

    /// Forgets a tenant: it left, or its credential is another one.
    pub fn remove(&self, tenant: &str) -> Option<T> {
        self.0.tenants.remove(tenant).map(|(_, found)| found)
    }

    /// How many tenants are in the pool.
    pub fn len(&self) -> usize {
        self.0.tenants.len()
    }

    /// Whether the pool holds no tenant.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many tenants there may be at most.
    pub fn capacity(&self) -> usize {
        self.0.capacity
    }
}

impl WeakPool {
    /// The pool, while somebody keeps it.
    pub(crate) fn upgrade(&self) -> Option<TokenPool> {
        self.0.upgrade().map(TokenPool)
    }
}

impl<T> Clone for TokenPool<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> fmt::Debug for TokenPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPool")
            .field("tenants", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// Hashes names by folded multiplications under two keys that each pool draws for itself: several
/// times as fast as the standard library's for names of some ten bytes, and still nothing that a
/// tenant who may choose a name can aim at.
#[derive(Clone)]
struct Keyed([u64; 2]);

impl Keyed {
    fn new() -> Self {
        let random = RandomState::new();
        Self([random.hash_one(1_u8), random.hash_one(2_u8)])
    }
}

impl BuildHasher for Keyed {
    type Hasher = Folding;

    #[inline]
    fn build_hasher(&self) -> Folding {
        let Self([state, key]) = *self;
        Folding {
            state,
            key: key | 1,
        }
    }
}

struct Folding {
    state: u64,
    key: u64,
}

impl Hasher for Folding {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        // The last eight bytes are read where they end, over what was read before: no copy.
        let last = match (bytes.last_chunk::<8>(), bytes) {
            (Some(last), _) => {
                let (words, _) = bytes[..bytes.len() - 1].as_chunks::<8>();
                for word in words {
                    self.write_u64(u64::from_le_bytes(*word));
                }
                u64::from_le_bytes(*last)
            }
            (None, short) => short
                .iter()
                .fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        // The length counts too, so that zeros at the beginning of a short one do.
        self.state ^= (bytes.len() as u64).wrapping_mul(ODD);
        self.write_u64(last);
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.state = folded(self.state ^ number, self.key).wrapping_add(self.key.rotate_left(17));
    }

    #[inline]
    fn finish(&self) -> u64 {
        folded(self.state, ODD)
    }
}

/// Both halves of the product, one over the other.
#[inline]
fn folded(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    #[expect(clippy::cast_possible_truncation, reason = "that is the lower half")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}

/// So many parts, each with a lock of its own, for every thread that can run at a time.
const PARTS_PER_THREAD: usize = 4;
/// A part below this would evict by chance alone.
const SMALLEST_PART: usize = 32;
/// The golden ratio in 64 bits, made odd.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_pool_lasts_as_long_as_somebody_keeps_it() {
        let pool = TokenPool::bounded(1);
        let weak = pool.downgrade();
        assert!(weak.upgrade().is_some());
        drop(pool);
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn names_spread_over_the_high_and_the_low_bits_of_the_hash() {
        let keyed = Keyed::new();
        let names = |number: u32| [format!("tenant-{number}"), format!("{number:032x}")];
        let hashes: Vec<u64> = (0..20_000)
            .flat_map(names)
            .map(|name| keyed.hash_one(name.as_str()))
            .collect();
        let distinct: HashSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
        for shift in [0, 56] {
            let mut buckets = [0_u32; 256];
            for hash in &hashes {
                buckets[usize::try_from((hash >> shift) & 255).unwrap()] += 1;
            }
            // 156 on average; a Poisson distribution has 85 and 240 further away than 5 sigma.
            assert!(buckets.iter().all(|count| (85..240).contains(count)));
        }
        let others = Keyed::new();
        assert_ne!(keyed.hash_one("tenant"), others.hash_one("tenant"));
    }
}
