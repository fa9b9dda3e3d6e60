//! Promises 2, 3 and 8: one fetch for everybody, which nobody can cancel, with its own deadline.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use auth_core::{Cached, Error, ErrorKind, RetryPolicy};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::cache::issuer::{Answer, HOUR, Issuer, LATENCY, SECOND, now, ready, settle, text};

fn down() -> Answer {
    Answer::Error(Error::transport("the platform is away"))
}

/// Starts so many callers and returns what they got: tokens or the texts of errors.
async fn stampede(cached: &Cached, callers: usize) -> Vec<Result<String, String>> {
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let cached = cached.clone();
        tasks.spawn(async move {
            let token = cached.token().await.map_err(|error| error.to_string())?;
            Ok(text(&token).to_owned())
        });
    }
    tasks.join_all().await
}

#[tokio::test(start_paused = true)]
async fn any_number_of_callers_make_one_call() {
    for callers in [1_000, 10_000] {
        let issuer = Issuer::new(HOUR);
        let (cached, _clock) = issuer.cached();
        let got = stampede(&cached, callers).await;
        assert_eq!(got.len(), callers);
        assert!(got.iter().all(|got| got.as_deref() == Ok("token-1")));
        assert_eq!(issuer.calls(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_number_of_callers_on_many_threads_make_one_call() {
    for callers in [1_000, 10_000] {
        let issuer = Issuer::new(HOUR);
        let (cached, _clock) = issuer.cached();
        let got = stampede(&cached, callers).await;
        assert!(got.iter().all(|got| got.as_deref() == Ok("token-1")));
        assert_eq!(issuer.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn callers_on_an_expired_token_make_one_call() {
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(HOUR);
    let got = stampede(&cached, 1_000).await;
    assert!(got.iter().all(|got| got.as_deref() == Ok("token-2")));
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_leader_costs_no_second_call_and_no_time() {
    for callers in [1_000, 10_000] {
        let issuer = Issuer::new(HOUR);
        let (cached, _clock) = issuer.cached();
        let start = now();
        let leader = tokio::spawn({
            let cached = cached.clone();
            async move { cached.token().await }
        });
        issuer.called(1).await;
        let others = stampede(&cached, callers);
        let (others, ()) = tokio::join!(others, async { leader.abort() });
        assert!(leader.await.unwrap_err().is_cancelled());
        assert!(others.iter().all(|got| got.as_deref() == Ok("token-1")));
        assert_eq!(issuer.calls(), 1);
        assert_eq!(start.elapsed(), LATENCY);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_endpoint_is_asked_by_one_policy_run_for_all_callers() {
    for callers in [1_000, 10_000] {
        let issuer = Issuer::new(HOUR).then([down(), down(), down()]);
        let clock = auth_core::testing::ManualClock::new();
        let cached = issuer
            .builder(&clock)
            .retry(RetryPolicy::default().attempts(3))
            .build();
        let start = now();
        let got = stampede(&cached, callers).await;
        assert!(got.iter().all(Result::is_err));
        assert_eq!(issuer.calls(), 3);
        // Three answers and two waits, not one of these per caller.
        assert!(start.elapsed() < LATENCY * 3 + Duration::from_millis(700));
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_caller_at_any_point_neither_cancels_nor_repeats_the_fetch() {
    for polls in 0..3 {
        let issuer = Issuer::new(HOUR);
        let (cached, _clock) = issuer.cached();
        {
            let mut caller = std::pin::pin!(cached.token());
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                assert!(caller.as_mut().poll(&mut context).is_pending());
                tokio::task::yield_now().await;
            }
        }
        settle().await;
        let expected = usize::from(polls > 0);
        assert_eq!(issuer.calls(), expected, "after {polls} polls");
        // What the platform has issued is there for the next caller.
        assert_eq!(ready(&cached).is_some(), polls > 0);
        assert_eq!(text(&cached.token().await.unwrap()), "token-1");
        assert_eq!(issuer.calls(), 1);
    }
}

#[test]
fn building_a_cache_needs_no_runtime() {
    let (cached, _clock) = Issuer::new(HOUR).cached();
    assert!(cached.cached().is_none());
}

#[test]
fn a_fetch_outside_a_runtime_is_a_config_error() {
    let issuer = Issuer::new(HOUR);
    let (cached, _clock) = issuer.cached();
    let mut caller = std::pin::pin!(cached.token());
    let mut context = Context::from_waker(Waker::noop());
    let std::task::Poll::Ready(Err(error)) = caller.as_mut().poll(&mut context) else {
        panic!("expected an error at once");
    };
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("runtime"), "{error}");

    // It is not remembered, and a token that is here needs no runtime.
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(cached.token()).unwrap();
    drop(runtime);
    let mut caller = std::pin::pin!(cached.token());
    assert!(caller.as_mut().poll(&mut context).is_ready());
    assert_eq!(ready(&cached).as_deref(), Some("token-1"));
}

#[test]
fn a_fetch_on_a_runtime_without_a_timer_is_a_config_error() {
    let (cached, _clock) = Issuer::new(HOUR).cached();
    let runtime = Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(cached.token()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("timer"), "{error}");
}

#[test]
fn a_flight_whose_runtime_went_away_is_started_again_by_the_next_caller() {
    let issuer = Issuer::new(HOUR).then([Answer::Nothing]);
    let (cached, _clock) = issuer.cached();
    let first = Builder::new_multi_thread().enable_all().build().unwrap();
    first.block_on(async {
        let caller = cached.clone();
        tokio::spawn(async move { caller.token().await });
        issuer.called(1).await;
    });
    first.shutdown_background();

    let second = Builder::new_current_thread().enable_all().build().unwrap();
    let token = second.block_on(cached.token()).unwrap();
    assert_eq!(text(&token), "token-2");
}

#[test]
fn callers_who_wait_when_the_flights_runtime_goes_away_start_another() {
    let issuer = Issuer::new(HOUR).then([Answer::Nothing]);
    let (cached, _clock) = issuer.cached();
    let first = Builder::new_multi_thread().enable_all().build().unwrap();
    first.block_on(async {
        let caller = cached.clone();
        tokio::spawn(async move { caller.token().await });
        issuer.called(1).await;
    });
    let second = Builder::new_current_thread().enable_all().build().unwrap();
    let token = second.block_on(async {
        let waiting = tokio::spawn({
            let cached = cached.clone();
            async move { cached.token().await }
        });
        tokio::task::yield_now().await;
        assert_eq!(issuer.calls(), 1);
        first.shutdown_background();
        waiting.await.unwrap()
    });
    assert_eq!(text(&token.unwrap()), "token-2");
    assert_eq!(issuer.calls(), 2);
}

#[test]
fn a_flight_on_a_runtime_that_nobody_runs_is_overtaken() {
    let issuer = Issuer::new(HOUR).then([Answer::Nothing]);
    let (cached, clock) = issuer.cached();
    // A thread that blocks on a runtime of its own, gives up, and keeps the runtime.
    let idle = Builder::new_current_thread().enable_all().build().unwrap();
    idle.block_on(async {
        let caller = cached.clone();
        tokio::spawn(async move { caller.token().await });
        issuer.called(1).await;
    });
    let other = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let token = other.block_on(async { timeout(HOUR, cached.token()).await });
    assert_eq!(text(&token.unwrap().unwrap()), "token-2");
    assert_eq!(issuer.calls(), 2);
    drop(clock);
}

#[test]
fn a_refresh_on_a_runtime_that_nobody_runs_is_overtaken() {
    let issuer = Issuer::new(HOUR).then([Answer::Slow(Duration::ZERO), Answer::Nothing]);
    let (cached, clock) = issuer.cached();
    let idle = Builder::new_current_thread().enable_all().build().unwrap();
    idle.block_on(async {
        cached.token().await.unwrap();
        clock.advance(SECOND * 57 * 60);
        assert!(cached.cached().is_some());
        issuer.called(2).await;
    });
    clock.advance(SECOND * 65);
    let other = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    other.block_on(async {
        assert_eq!(ready(&cached).as_deref(), Some("token-1"));
        settle().await;
        assert_eq!(ready(&cached).as_deref(), Some("token-3"));
    });
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_provider_is_an_error_for_all_and_the_cache_recovers() {
    let issuer = Issuer::new(HOUR).then([Answer::Panic]);
    let (cached, clock) = issuer.cached();
    let got = stampede(&cached, 100).await;
    assert!(
        got.iter()
            .all(|got| got.as_ref().is_err_and(|text| text.contains("panicked")))
    );
    assert_eq!(issuer.calls(), 1);
    clock.advance(SECOND * 2);
    assert_eq!(text(&cached.token().await.unwrap()), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_has_a_deadline_of_its_own() {
    let issuer = Issuer::new(HOUR).then([Answer::Nothing]);
    let clock = auth_core::testing::ManualClock::new();
    let cached = issuer.builder(&clock).timeout(SECOND * 7).build();
    let start = now();
    // A caller without patience does not shorten it, one with more does not stretch it.
    assert!(timeout(SECOND, cached.token()).await.is_err());
    let error = timeout(HOUR, cached.token()).await.unwrap().unwrap_err();
    assert_eq!(start.elapsed(), SECOND * 7);
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.to_string().contains("7 s"), "{error}");
    assert_eq!(issuer.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_has_a_retry_schedule_of_its_own() {
    let issuer = Issuer::new(HOUR).then([down(), down()]);
    let clock = auth_core::testing::ManualClock::new();
    let cached = issuer.builder(&clock).retry(RetryPolicy::default()).build();
    // The caller that set it off is gone before the second attempt.
    assert!(timeout(LATENCY / 2, cached.token()).await.is_err());
    assert_eq!(text(&cached.token().await.unwrap()), "token-3");
    assert_eq!(issuer.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_not_tried_again_within_a_fetch() {
    let issuer = Issuer::new(HOUR).then([Answer::Error(Error::credentials("wrong secret"))]);
    let clock = auth_core::testing::ManualClock::new();
    let cached = issuer.builder(&clock).retry(RetryPolicy::default()).build();
    assert!(cached.token().await.is_err());
    assert_eq!(issuer.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_outlives_the_cache_handles_that_wait_for_it() {
    let gate = Arc::new(Notify::new());
    let issuer = Issuer::new(HOUR).then([Answer::Gated(Arc::clone(&gate))]);
    let (cached, _clock) = issuer.cached();
    let clone = cached.clone();
    let caller = tokio::spawn(async move { clone.token().await });
    issuer.called(1).await;
    caller.abort();
    gate.notify_one();
    settle().await;
    assert_eq!(ready(&cached).as_deref(), Some("token-1"));
}
