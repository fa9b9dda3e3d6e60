//! Promise 4: a token is renewed ahead of time, by one fetch that nobody waits for.

use std::sync::Arc;
use std::time::Duration;

use auth_core::Error;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::cache::issuer::{Answer, HOUR, Issuer, SECOND, now, ready, settle, text};

/// Within the window of a token of an hour, whatever its jitter, and before its end.
const LATE: Duration = Duration::from_secs(57 * 60);

#[tokio::test(start_paused = true)]
async fn inside_the_window_one_refresh_runs_and_callers_never_wait() {
    let gate = Arc::new(Notify::new());
    let issuer = Issuer::new(HOUR).then([
        Answer::Slow(Duration::ZERO),
        Answer::Gated(Arc::clone(&gate)),
    ]);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(LATE);

    let start = now();
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let cached = cached.clone();
        callers.spawn(async move { text(&cached.token().await.unwrap()).to_owned() });
    }
    let got = callers.join_all().await;
    assert!(got.iter().all(|got| got == "token-1"));
    assert_eq!(start.elapsed(), Duration::ZERO);

    issuer.called(2).await;
    gate.notify_one();
    settle().await;
    assert_eq!(ready(&cached).as_deref(), Some("token-2"));
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_look_starts_the_refresh_too() {
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(LATE);
    assert_eq!(ready(&cached).as_deref(), Some("token-1"));
    settle().await;
    assert_eq!(ready(&cached).as_deref(), Some("token-2"));
}

#[tokio::test(start_paused = true)]
async fn a_look_without_a_runtime_leaves_the_refresh_to_others() {
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(LATE);
    let elsewhere = cached.clone();
    let seen = std::thread::spawn(move || ready(&elsewhere))
        .join()
        .unwrap();
    assert_eq!(seen.as_deref(), Some("token-1"));
    assert_eq!(issuer.calls(), 1);
    assert_eq!(ready(&cached).as_deref(), Some("token-1"));
    settle().await;
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn callers_wait_for_a_running_refresh_once_the_token_has_expired() {
    let gate = Arc::new(Notify::new());
    let issuer = Issuer::new(HOUR).then([
        Answer::Slow(Duration::ZERO),
        Answer::Gated(Arc::clone(&gate)),
    ]);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(LATE);
    assert!(ready(&cached).is_some());
    issuer.called(2).await;
    clock.advance(HOUR);
    assert_eq!(ready(&cached), None);
    let (token, ()) = tokio::join!(cached.token(), async { gate.notify_one() });
    // Asked for more than its lifetime ago: the platform counts from then. It is asked once more.
    assert_eq!(text(&token.unwrap()), "token-3");
}

#[tokio::test(start_paused = true)]
async fn the_window_is_a_share_of_the_lifetime_that_varies_from_token_to_token() {
    let lifetime = Duration::from_secs(1_000);
    let mut starts = Vec::new();
    for _ in 0..100 {
        let issuer = Issuer::new(lifetime);
        let (cached, clock) = issuer.cached();
        cached.token().await.unwrap();
        let mut age = 0;
        while issuer.calls() == 1 {
            clock.advance(SECOND);
            age += 1;
            assert!(cached.cached().is_some(), "nobody waits at {age} s");
            tokio::task::yield_now().await;
        }
        starts.push(age);
    }
    // A tenth, varied by a quarter of itself, before the margin of 5 s.
    assert!(
        starts.iter().all(|age| (870..=920).contains(age)),
        "{starts:?}"
    );
    starts.sort_unstable();
    assert!(starts[99] - starts[0] > 15, "{starts:?}");
}

#[tokio::test(start_paused = true)]
async fn jitter_is_drawn_once_per_token_and_not_by_each_look() {
    let issuer = Issuer::new(Duration::from_secs(1_000));
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    // Drawn anew by each of so many looks, the largest window would be hit at once.
    clock.advance(Duration::from_secs(869));
    for _ in 0..10_000 {
        assert!(cached.cached().is_some());
    }
    settle().await;
    assert_eq!(issuer.calls(), 1);
    let mut age = 869;
    while issuer.calls() == 1 {
        clock.advance(SECOND);
        age += 1;
        for _ in 0..100 {
            assert!(cached.cached().is_some());
        }
        tokio::task::yield_now().await;
    }
    assert!(age <= 921, "{age}");
}

#[tokio::test(start_paused = true)]
async fn the_share_can_be_set() {
    let issuer = Issuer::new(HOUR);
    let clock = auth_core::testing::ManualClock::new();
    let cached = issuer.builder(&clock).refresh_ahead(0.0).build();
    cached.token().await.unwrap();
    clock.advance(HOUR - SECOND * 6);
    assert!(cached.cached().is_some());
    settle().await;
    assert_eq!(issuer.calls(), 1);

    let issuer = Issuer::new(HOUR);
    let cached = issuer.builder(&clock).refresh_ahead(0.5).build();
    cached.token().await.unwrap();
    clock.advance(HOUR * 2 / 3);
    assert!(cached.cached().is_some());
    settle().await;
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_is_tried_again_and_not_in_a_loop() {
    let failures = (0..1_000).map(|_| Answer::Error(Error::transport("the platform is away")));
    let issuer = Issuer::new(HOUR)
        .then([Answer::Slow(Duration::ZERO)])
        .then(failures);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(LATE);
    // Three minutes less the margin are left; looked at ten times a second.
    for _ in 0..1_740 {
        assert_eq!(ready(&cached).as_deref(), Some("token-1"));
        tokio::time::sleep(Duration::from_millis(100)).await;
        clock.advance(Duration::from_millis(100));
    }
    let tries = issuer.calls() - 1;
    assert!((10..=40).contains(&tries), "{tries}");
}

#[tokio::test(start_paused = true)]
async fn tokens_of_5_and_10_seconds_are_used_and_renewed_without_a_busy_loop() {
    for seconds in [5, 10] {
        let issuer = Issuer::new(Duration::from_secs(seconds));
        let (cached, clock) = issuer.cached();
        // A hundred seconds, looked at a hundred times a second.
        for _ in 0..10_000 {
            cached.token().await.unwrap();
            clock.advance(Duration::from_millis(10));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let calls = issuer.calls();
        let fewest = usize::try_from(100 / seconds).unwrap();
        assert!(
            (fewest..=fewest * 3 / 2).contains(&calls),
            "{seconds} s: {calls}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_without_a_lifetime_go_to_those_who_waited_and_no_faster_than_one_a_second() {
    let issuer = Issuer::new(Duration::ZERO);
    let (cached, clock) = issuer.cached();
    let start = now();
    for number in 1..=10 {
        let (one, other) = tokio::join!(cached.token(), cached.token());
        assert_eq!(text(&one.unwrap()), format!("token-{number}"));
        assert_eq!(text(&other.unwrap()), format!("token-{number}"));
        assert_eq!(ready(&cached), None);
        clock.advance(SECOND / 2);
    }
    assert_eq!(issuer.calls(), 10);
    // The clock moved half a second between calls; the other half was waited for.
    assert!(start.elapsed() >= SECOND * 9 / 2, "{:?}", start.elapsed());
}
