//! Where processes share a token: the trait, and what it speaks of.

#[cfg(all(unix, feature = "file"))]
mod file;
mod memory;
pub(crate) mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "seal")]
mod sealed;
pub(crate) mod slot;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::Result;

#[cfg(all(unix, feature = "file"))]
pub use file::FileStore;
pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
#[cfg(feature = "seal")]
pub use sealed::SealedStore;

/// Where processes share a token, so that one fetch serves them all.
///
/// A [`Cached`](crate::Cached) provider with a store goes by it: the process that finds the token
/// stale takes the lease, looks again, fetches and writes; the others wait for what it writes. What
/// a record holds is none of the store's business, and it changes from version to version.
///
/// To keep tokens in a database of your own, implement the four operations, each as one atomic
/// statement, and hold them to the conformance suite, `testing::conformance`. In SQL a row of
/// `key, generation, record, holder, lease_end` does:
///
/// | operation | statement |
/// |---|---|
/// | `read` | `SELECT generation, record, now() … WHERE key = ?` |
/// | `compare_and_set` | `UPDATE … SET generation = ?, record = ? WHERE key = ? AND generation = ?`; where the key is new, an `INSERT` that fails if it is there |
/// | `lease` | `UPDATE … SET holder = ?, lease_end = now() + ? WHERE key = ? AND (holder = ? OR lease_end <= now())` |
/// | `release` | `UPDATE … SET lease_end = now() WHERE key = ? AND holder = ?` |
///
/// Time is the store's own, so that hosts whose clocks differ agree on it. A record holds secrets:
/// keep it where only the application can read it, or seal it.
///
/// An operation that takes longer than 2 seconds counts as failed; each can be repeated without
/// harm. Implementations may assume tokio.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The word for it in errors and logs: `redis`, `file`.
    fn name(&self) -> &'static str;

    /// Returns what stands under `key`, and the store's time.
    async fn read(&self, key: &StoreKey) -> Result<Snapshot>;

    /// Writes `new` if the generation that stands there is `expected` (0 where nothing does) and
    /// `new` has a greater one; tells whether it did. Once this has returned `true`, the record
    /// must survive a crash of the process.
    async fn compare_and_set(&self, key: &StoreKey, expected: u64, new: &Stored) -> Result<bool>;

    /// Gives the lease on `key` to `holder` for `span` from now, if nobody else has it. Whoever has
    /// it already prolongs it. It is given by the store's own time and ends by itself.
    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> Result<Lease>;

    /// Gives up the lease, if `holder` has it.
    async fn release(&self, key: &StoreKey, holder: &str) -> Result<()>;

    /// Returns when the generation is no longer `seen`, or may be, and after `at_most` in any case.
    ///
    /// Where the store cannot tell, just wait, as this does unless written otherwise: the caller
    /// looks again, in steps that grow to a second.
    async fn changed(&self, key: &StoreKey, seen: u64, at_most: Duration) {
        let _ = (key, seen);
        tokio::time::sleep(at_most).await;
    }
}

/// A store that others use too, or whose type is not known here.
#[async_trait]
impl<S: TokenStore + ?Sized> TokenStore for Arc<S> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    async fn read(&self, key: &StoreKey) -> Result<Snapshot> {
        (**self).read(key).await
    }

    async fn compare_and_set(&self, key: &StoreKey, expected: u64, new: &Stored) -> Result<bool> {
        (**self).compare_and_set(key, expected, new).await
    }

    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> Result<Lease> {
        (**self).lease(key, holder, span).await
    }

    async fn release(&self, key: &StoreKey, holder: &str) -> Result<()> {
        (**self).release(key, holder).await
    }

    async fn changed(&self, key: &StoreKey, seen: u64, at_most: Duration) {
        (**self).changed(key, seen, at_most).await;
    }
}

/// Under which name a credential's tokens are kept: platform, credential and tenant.
///
/// The tenant is what tells accounts apart on the platform: an app id, a client id, a domain. Never
/// put a secret into it: keys show in logs and in the store's own tools.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoreKey {
    platform: String,
    credential: String,
    tenant: String,
    path: String,
}

/// A record and its generation, as a store keeps them.
#[derive(Clone)]
pub struct Stored {
    generation: u64,
    record: Zeroizing<Vec<u8>>,
}

/// What a store answers to a reader.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "stores of users make it")]
pub struct Snapshot {
    /// What stands under the key, if anything does.
    pub stored: Option<Stored>,
    /// The time on the store's own clock.
    pub now: SystemTime,
}

/// The answer to somebody who asks for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "stores of users make it")]
pub enum Lease {
    /// It is theirs.
    Granted,
    /// Somebody else has it.
    Held {
        /// For so long yet, unless prolonged or given up.
        left: Duration,
    },
}

impl StoreKey {
    /// The name for the tokens of one credential.
    pub fn new(
        platform: impl Into<String>,
        credential: impl Into<String>,
        tenant: impl Into<String>,
    ) -> Self {
        let (platform, credential, tenant) = (platform.into(), credential.into(), tenant.into());
        let path = [&platform, &credential, &tenant]
            .map(|part| utf8_percent_encode(part, UNSAFE).to_string())
            .join("/");
        Self {
            platform,
            credential,
            tenant,
            path,
        }
    }

    /// The platform, as its crate is called.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// The kind of token.
    pub fn credential(&self) -> &str {
        &self.credential
    }

    /// Whose tokens they are.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The three as one text of letters, digits, `-`, `_`, `.`, `%` and two `/`; what else they
    /// hold is percent-encoded. Different keys have different paths.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

impl Stored {
    /// A record with its generation.
    pub fn new(generation: u64, record: Vec<u8>) -> Self {
        Self {
            generation,
            record: Zeroizing::new(record),
        }
    }

    /// The number of the write that made it; each write has a greater one.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The record. It holds secrets.
    pub fn record(&self) -> &[u8] {
        &self.record
    }
}

/// Shows the generation and how long the record is.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("generation", &self.generation)
            .field("bytes", &self.record.len())
            .finish_non_exhaustive()
    }
}

/// What could end a part of a path, or mean something to a file system or a Redis cluster.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_keys_have_different_paths_without_dangerous_characters() {
        let key = |tenant: &str| {
            StoreKey::new("iot-na", "access_token", tenant)
                .path()
                .to_owned()
        };
        assert_eq!(key("app_1"), "iot-na/access_token/app_1");
        assert_eq!(key("a/b"), "iot-na/access_token/a%2Fb");
        assert_eq!(key("{a}"), "iot-na/access_token/%7Ba%7D");
        assert_eq!(key("a%2Fb"), "iot-na/access_token/a%252Fb");
        assert_eq!(key("租户"), "iot-na/access_token/%E7%A7%9F%E6%88%B7");
    }

    #[test]
    fn a_record_shows_nowhere() {
        let stored = Stored::new(7, b"swordfish".to_vec());
        let text = format!("{stored:?}");
        assert!(text.contains('7') && !text.contains("swordfish"), "{text}");
        assert!(!text.contains("115, 119"), "{text}");
    }
}
