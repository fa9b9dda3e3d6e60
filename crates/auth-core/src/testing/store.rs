//! What every store of tokens has to do, as a suite that its author runs.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::{Lease, StoreKey, Stored, TokenStore};

/// Holds a store to the contract of [`TokenStore`]. Takes about a second, for leases have to end.
///
/// The keys it uses are its own in every run. `store` should be as it is in production; a second
/// handle to the same store stands for another process, and may be the same one.
///
/// ```
/// use auth_core::MemoryStore;
/// use auth_core::testing::conformance;
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() {
///     let store = MemoryStore::new();
///     conformance(store.clone(), store).await;
/// }
/// ```
///
/// # Panics
///
/// If the store does anything else; the message says what.
pub async fn conformance(store: impl TokenStore + 'static, other: impl TokenStore + 'static) {
    let suite = Suite {
        store: Arc::new(store),
        other: Arc::new(other),
        run: format!("{:016x}", fastrand::u64(..)),
    };
    suite.starts_empty().await;
    suite.writes_only_over_what_is_expected().await;
    suite.keeps_any_bytes_and_tells_keys_apart().await;
    suite.lets_one_of_many_writers_win().await;
    suite.gives_a_lease_to_one_until_it_ends().await;
    suite.lets_one_of_many_take_a_lease_that_ended().await;
    suite.tells_the_time().await;
    suite.returns_when_something_changed_or_time_is_up().await;
}

struct Suite {
    store: Arc<dyn TokenStore>,
    other: Arc<dyn TokenStore>,
    run: String,
}

impl Suite {
    fn key(&self, what: &str) -> StoreKey {
        StoreKey::new("conformance", &*self.run, what)
    }

    async fn write(&self, key: &StoreKey, expected: u64, generation: u64, record: &[u8]) -> bool {
        let new = Stored::new(generation, record.to_vec());
        let written = self.store.compare_and_set(key, expected, &new).await;
        written.expect("the store can be written to")
    }

    async fn read(&self, key: &StoreKey) -> Option<(u64, Vec<u8>)> {
        let snapshot = self.other.read(key).await.expect("the store can be read");
        let stored = snapshot.stored?;
        Some((stored.generation(), stored.record().to_vec()))
    }

    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> bool {
        let lease = self.store.lease(key, holder, span).await;
        match lease.expect("the store gives leases") {
            Lease::Granted => true,
            Lease::Held { left } => {
                assert!(
                    left <= LONG,
                    "a lease is held for {left:?} more, which nobody took"
                );
                false
            }
        }
    }

    async fn starts_empty(&self) {
        let key = self.key("empty");
        assert!(
            self.read(&key).await.is_none(),
            "a key that was never written holds nothing"
        );
        assert!(
            !self.write(&key, 1, 2, b"x").await,
            "a write that expects a generation fails where there is none"
        );
        assert!(
            self.read(&key).await.is_none(),
            "a write that failed leaves nothing"
        );
    }

    async fn writes_only_over_what_is_expected(&self) {
        let key = self.key("write");
        assert!(
            self.write(&key, 0, 5, b"five").await,
            "the first write expects 0"
        );
        assert_eq!(
            self.read(&key).await,
            Some((5, b"five".to_vec())),
            "what was written"
        );
        assert!(
            !self.write(&key, 0, 6, b"six").await,
            "0 stands for nothing there"
        );
        assert!(
            !self.write(&key, 4, 6, b"six").await,
            "4 is not what is there"
        );
        assert!(
            !self.write(&key, 6, 7, b"six").await,
            "6 is not what is there"
        );
        assert!(!self.write(&key, 5, 5, b"six").await, "generations grow");
        assert!(
            !self.write(&key, 5, 4, b"six").await,
            "generations do not fall"
        );
        assert_eq!(
            self.read(&key).await,
            Some((5, b"five".to_vec())),
            "refused writes do nothing"
        );
        assert!(
            self.write(&key, 5, 9, b"nine").await,
            "generations may be left out"
        );
        assert_eq!(self.read(&key).await, Some((9, b"nine".to_vec())));
        let large = 1 << 52;
        assert!(self.write(&key, 9, large, b"large").await);
        assert!(
            self.write(&key, large, large + 1, b"larger").await,
            "no digit is lost"
        );
        assert!(
            !self.write(&key, large, large + 2, b"x").await,
            "no digit is lost"
        );
    }

    async fn keeps_any_bytes_and_tells_keys_apart(&self) {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let keys =
            ["a", "a/b", "a%2Fb", "{a}", "A", "a:b", "租户", ""].map(|tenant| self.key(tenant));
        for (number, key) in (1..).zip(&keys) {
            assert!(
                self.write(key, 0, number, &bytes).await,
                "{key} is a key of its own"
            );
        }
        for (number, key) in (1..).zip(&keys) {
            assert_eq!(self.read(key).await, Some((number, bytes.clone())), "{key}");
        }
    }

    async fn lets_one_of_many_writers_win(&self) {
        let key = self.key("race");
        for round in 0..5_u64 {
            let mut writers = JoinSet::new();
            for number in 0..10_u8 {
                let store = Arc::clone(if number % 2 == 0 {
                    &self.store
                } else {
                    &self.other
                });
                let key = key.clone();
                writers.spawn(async move {
                    let new = Stored::new(round + 1, vec![number]);
                    let written = store.compare_and_set(&key, round, &new).await;
                    written
                        .expect("the store can be written to")
                        .then_some(number)
                });
            }
            let winners: Vec<u8> = writers.join_all().await.into_iter().flatten().collect();
            assert_eq!(
                winners.len(),
                1,
                "of many writes over one generation one succeeds"
            );
            assert_eq!(
                self.read(&key).await,
                Some((round + 1, winners)),
                "the winner's stands"
            );
        }
    }

    async fn gives_a_lease_to_one_until_it_ends(&self) {
        let key = self.key("lease");
        assert!(self.lease(&key, "a", LONG).await, "nobody had it");
        assert!(!self.lease(&key, "b", LONG).await, "`a` has it");
        assert!(self.lease(&key, "a", LONG).await, "`a` prolongs it");
        self.other
            .release(&key, "b")
            .await
            .expect("not having it is no error");
        assert!(
            !self.lease(&key, "b", LONG).await,
            "only `a` can give it up"
        );
        self.other.release(&key, "a").await.expect("it is given up");
        assert!(self.lease(&key, "b", SHORT).await, "`a` gave it up");
        assert!(!self.lease(&key, "a", LONG).await, "`b` has it");
        assert!(
            self.lease(&self.key("another lease"), "a", LONG).await,
            "each key has its own"
        );
        sleep(SHORT + SLACK).await;
        assert!(self.lease(&key, "a", LONG).await, "it has ended");
        self.store.release(&key, "a").await.expect("it is given up");
        assert_eq!(self.read(&key).await, None, "a lease is no record");
    }

    async fn lets_one_of_many_take_a_lease_that_ended(&self) {
        let key = self.key("takeover");
        assert!(self.lease(&key, "dead", SHORT).await);
        sleep(SHORT + SLACK).await;
        let mut takers = JoinSet::new();
        for number in 0..10 {
            let store = Arc::clone(if number % 2 == 0 {
                &self.store
            } else {
                &self.other
            });
            let key = key.clone();
            takers.spawn(async move {
                let lease = store.lease(&key, &format!("taker {number}"), LONG).await;
                lease.expect("the store gives leases") == Lease::Granted
            });
        }
        let granted = takers
            .join_all()
            .await
            .into_iter()
            .filter(|granted| *granted)
            .count();
        assert_eq!(granted, 1, "exactly one takes over");
    }

    async fn tells_the_time(&self) {
        let time = async || {
            let snapshot = self.store.read(&self.key("empty")).await;
            snapshot.expect("the store can be read").now
        };
        let (first, _, second) = (time().await, sleep(SLACK).await, time().await);
        assert!(second >= first, "the store's clock goes on");
        assert!(
            first > SystemTime::UNIX_EPOCH + A_YEAR,
            "the store's clock is set"
        );
    }

    async fn returns_when_something_changed_or_time_is_up(&self) {
        let key = self.key("changed");
        assert!(self.write(&key, 0, 1, b"x").await);
        // Both return; what would not is stopped by whoever runs the suite.
        self.store.changed(&key, 1, SLACK).await;
        self.store.changed(&key, 0, SLACK).await;
    }
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(250);
const SLACK: Duration = Duration::from_millis(100);
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
