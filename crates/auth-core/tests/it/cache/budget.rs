//! Promise 11: fetches are limited whatever the callers do.

use std::time::Duration;

use auth_core::Error;
use auth_core::testing::ManualClock;
use auth_core::{Action, Cached, ErrorKind, RetryPolicy};

use crate::cache::issuer::{Answer, HOUR, Issuer, SECOND, text};

/// A caller that throws every token away; returns how many it got.
async fn waste(cached: &Cached, times: usize) -> usize {
    let mut got = 0;
    for _ in 0..times {
        if let Ok(token) = cached.token().await {
            got += 1;
            cached.reject(&token);
        }
    }
    got
}

#[tokio::test(start_paused = true)]
async fn fetches_are_limited_whatever_the_callers_do() {
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    assert_eq!(waste(&cached, 1_500).await, 1_000);
    let error = cached.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(error.action(), Action::Backoff);
    clock.advance(SECOND * 299);
    assert!(cached.token().await.is_err());
    clock.advance(SECOND);
    assert_eq!(text(&cached.token().await.unwrap()), "token-1001");
    assert_eq!(issuer.calls(), 1_001);
}

#[tokio::test(start_paused = true)]
async fn the_budget_holds_over_any_span_and_can_be_set() {
    let issuer = Issuer::new(HOUR);
    let clock = ManualClock::new();
    let cached = issuer
        .builder(&clock)
        .budget(3, Duration::from_secs(10))
        .build();
    let mut got = Vec::new();
    for _ in 0..8 {
        got.push(waste(&cached, 2).await);
        clock.advance(SECOND * 4);
    }
    // At 0 two, at 4 one more; at 12 two again, at 16 the third.
    assert_eq!(got, [2, 1, 0, 2, 1, 0, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_used_up_budget_leaves_a_valid_token_in_use() {
    let issuer = Issuer::new(HOUR);
    let clock = ManualClock::new();
    let cached = issuer.builder(&clock).budget(1, HOUR * 2).build();
    cached.token().await.unwrap();
    clock.advance(HOUR * 57 / 60);
    for _ in 0..100 {
        assert_eq!(text(&cached.token().await.unwrap()), "token-1");
        clock.advance(SECOND);
    }
    assert_eq!(issuer.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn attempts_of_one_fetch_count_too() {
    let down = || Answer::Error(Error::transport("the platform is away"));
    let issuer = Issuer::new(HOUR).then((0..10).map(|_| down()));
    let clock = ManualClock::new();
    let cached = issuer
        .builder(&clock)
        .retry(RetryPolicy::default().attempts(10))
        .budget(4, HOUR)
        .build();
    let error = cached.token().await.unwrap_err();
    assert_eq!(error.to_string(), "the platform is away");
    assert_eq!(issuer.calls(), 4);
}
