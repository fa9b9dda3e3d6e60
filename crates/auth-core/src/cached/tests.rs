//! Tests that need to see inside the cache.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Cached, Result, Token, TokenProvider};

struct Issuer;

#[async_trait]
impl TokenProvider for Issuer {
    async fn token(&self) -> Result<Token> {
        Token::bearer("t", Duration::from_secs(3600))
    }
}

#[tokio::test]
async fn a_hit_takes_no_lock() {
    let cached = Cached::new(Issuer);
    cached.token().await.unwrap();
    let lock = cached.0.machine.lock().unwrap();
    assert!(cached.cached().is_some());
    assert!(cached.ready().is_some());
    drop(lock);
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn a_hit_in_the_window_takes_no_lock_either() {
    let clock = crate::testing::ManualClock::new();
    let cached = Cached::builder(Issuer).clock(clock.clock()).build();
    cached.token().await.unwrap();
    clock.advance(Duration::from_secs(3500));
    let lock = cached.0.machine.lock().unwrap();
    assert!(cached.cached().is_some());
    drop(lock);
}

#[test]
fn what_callers_await_can_move_between_threads() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let cached = Cached::new(Issuer);
    drop(assert_send(cached.token()));
    drop(assert_send(cached.cached()));
}
