//! When a request is sent again: by what may be repeated, what the platform asked for, and what is
//! left of time and budget.

use std::time::Duration;

use auth_core::testing::{ManualClock, Reply, Script};
use auth_core::{Action, Api, CallOptions, Error, ErrorKind, Request, RetryPolicy};
use http::Method;
use serde_json::json;
use tokio::time::Instant;

use super::{ADD_ITEM, add, get, scripted};

fn good() -> Reply {
    Reply::json(200, &json!({"code": "0"}))
}

/// Sends a call that may be repeated and one that must not, both answered first with this and then
/// with a success; returns how often each was sent.
async fn sent(first: Reply) -> (usize, usize) {
    let twice = || Script::new().reply(first.clone()).otherwise(good());
    let (repeatable, other) = (twice(), twice());
    let _ = get(&scripted(&repeatable).build().unwrap()).await;
    let _ = add(&scripted(&other).build().unwrap()).await;
    (repeatable.count(), other.count())
}

#[tokio::test(start_paused = true)]
async fn an_unclear_failure_is_repeated_only_where_a_repeat_does_no_harm() {
    assert_eq!(sent(Reply::status(500)).await, (2, 1));
    assert_eq!(sent(Reply::status(502)).await, (2, 1));
    assert_eq!(sent(Reply::status(503)).await, (2, 1));
    let broken = Reply::fail(Error::transport("the connection broke"));
    assert_eq!(sent(broken).await, (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_before_acting_is_repeated_for_every_operation() {
    assert_eq!(sent(Reply::status(429)).await, (2, 2));
    assert_eq!(
        sent(Reply::status(503).header("Retry-After", "1")).await,
        (2, 2)
    );
    assert_eq!(sent(Reply::json(200, &json!({"code": 2}))).await, (2, 2));
    let unsent = Reply::fail(Error::unsent("the connection could not be made"));
    assert_eq!(sent(unsent).await, (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_request_is_not_repeated() {
    assert_eq!(sent(Reply::status(400)).await, (1, 1));
    assert_eq!(sent(Reply::status(403)).await, (1, 1));
    assert_eq!(sent(Reply::json(200, &json!({"code": "4"}))).await, (1, 1));
    assert_eq!(sent(Reply::text(200, "no JSON")).await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_caller_decides_what_may_be_repeated() {
    let script = Script::new()
        .expect(Method::POST, "/base/items", Reply::status(500))
        .expect(Method::POST, "/base/items", good());
    let api = scripted(&script).build().unwrap();
    let request = Request::new(&ADD_ITEM).idempotent();
    request.send_empty(&api).await.unwrap();
    script.verify();
}

#[tokio::test(start_paused = true)]
async fn attempts_end_and_the_error_tells_how_many_there_were() {
    let script = Script::new().otherwise(Reply::status(500));
    let api = scripted(&script).build().unwrap();
    let error = get(&api).await.unwrap_err();
    assert_eq!((script.count(), error.attempts()), (3, 3));
    assert!(error.to_string().contains("; 3 attempts in "), "{error}");
    assert!(error.is_retryable());
    let once = api.with(CallOptions::new().retry(RetryPolicy::none()));
    assert_eq!(get(&once).await.unwrap_err().attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn retry_after_in_seconds_is_waited_for() {
    let script = Script::new()
        .reply(Reply::status(429).header("Retry-After", "3"))
        .reply(good());
    let api = scripted(&script).build().unwrap();
    let waited = timed(get(&api)).await;
    let bounds = Duration::from_secs(3)..Duration::from_millis(3300);
    assert!(bounds.contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_as_a_date_is_compared_with_the_date_of_the_answer() {
    let script = Script::new()
        .reply(
            Reply::status(503)
                .header("Date", "Fri, 02 Jan 2026 00:00:00 GMT")
                .header("Retry-After", "Fri, 02 Jan 2026 00:00:04 GMT"),
        )
        .reply(good());
    // This clock stands a day earlier.
    let api = scripted(&script)
        .clock(ManualClock::new().clock())
        .build()
        .unwrap();
    let waited = timed(get(&api)).await;
    let bounds = Duration::from_secs(4)..Duration::from_millis(4300);
    assert!(bounds.contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_as_a_date_alone_is_compared_with_the_clock() {
    let reply = Reply::status(503).header("Retry-After", "Thu, 01 Jan 2026 00:00:04 GMT");
    let script = Script::new().reply(reply).reply(good());
    let api = scripted(&script)
        .clock(ManualClock::new().clock())
        .build()
        .unwrap();
    let waited = timed(get(&api)).await;
    let bounds = Duration::from_secs(4)..Duration::from_millis(4300);
    assert!(bounds.contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_does_not_fit_into_the_call_is_not_begun() {
    for asked in ["10", "3600", "99999999999999999999999"] {
        let script = Script::new().reply(Reply::status(429).header("Retry-After", asked));
        let api = scripted(&script).build().unwrap();
        let start = now();
        let error = get(&api).await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(error.action(), Action::Backoff);
        assert!(error.api().unwrap().retry_after >= Some(Duration::from_secs(10)));
        script.verify();
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_that_asks_to_wait_is_not_sent_again_and_the_error_says_for_how_long() {
    let script = Script::new().otherwise(Reply::json(200, &json!({"code": "2"})));
    let quarter = Duration::from_secs(900);
    let api = scripted(&script).wait_after("2", quarter).build().unwrap();
    let error = get(&api).await.unwrap_err();
    assert_eq!(script.count(), 1);
    assert_eq!(error.api().unwrap().retry_after, Some(quarter));
    let text = error.to_string();
    assert!(
        text.ends_with("send it again; not before 900 s from now"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_ends_the_call_at_once() {
    let body = json!({"code": "2"});
    let script = Script::new().reply(Reply::json(200, &body).header("Retry-After", "86400"));
    let api = scripted(&script).build().unwrap();
    let error = get(&api).await.unwrap_err();
    let api_error = error.api().unwrap();
    assert_eq!(api_error.limit, Some(Duration::from_secs(60)));
    assert_eq!(api_error.retry_after, Some(Duration::from_secs(86_400)));
    script.verify();
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_time_of_the_call() {
    let script = Script::new().otherwise(Reply::hang());
    let api = scripted(&script)
        .timeout(Duration::from_secs(7))
        .build()
        .unwrap();
    let start = now();
    let error = get(&api).await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 7);
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.elapsed().as_secs(), 7);
    assert!(!error.may_have_taken_effect(), "it may be repeated");
    assert!(add(&api).await.unwrap_err().may_have_taken_effect());

    let brief = api.with(CallOptions::new().timeout(Duration::from_secs(1)));
    assert_eq!(get(&brief).await.unwrap_err().elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_not_answered_with_a_storm() {
    let script = Script::new().otherwise(Reply::status(500));
    let api = scripted(&script).build().unwrap();
    for _ in 0..500 {
        // Views and clones draw on the same budget.
        get(&api.with(CallOptions::new()).clone())
            .await
            .unwrap_err();
    }
    assert_eq!(script.count(), 500 + 100, "500 calls and 100 retries");
}

#[tokio::test(start_paused = true)]
async fn successes_refill_the_budget() {
    let script = Script::new().otherwise(Reply::status(500));
    let api = scripted(&script).build().unwrap();
    for _ in 0..100 {
        get(&api).await.unwrap_err();
    }
    let script = script.otherwise(good());
    for _ in 0..10 {
        get(&api).await.unwrap();
    }
    let before = script.count();
    let script = script.otherwise(Reply::status(500));
    get(&api).await.unwrap_err();
    assert_eq!(script.count() - before, 3, "two retries for ten successes");
}

#[tokio::test(start_paused = true)]
async fn observers_see_every_answer() {
    let script = Script::new()
        .reply(Reply::status(500).header("X-Trace", "a"))
        .reply(Reply::json(200, &json!({"code": "0", "requestId": "r-2"})));
    let api: Api = scripted(&script).build().unwrap();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let notes = seen.clone();
    let options = CallOptions::new()
        .header("X-Caller", "me")
        .observer(move |answer| {
            let id = answer.request_id.map(str::to_owned);
            let note = (answer.attempt, answer.status.as_u16(), id);
            notes.lock().unwrap().push(note);
        });
    get(&api.with(options)).await.unwrap();
    let expected = [(1, 500, None), (2, 200, Some("r-2".to_owned()))];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(script.requests()[1].headers()["x-caller"], "me");
}

/// How long a call took that succeeded, on tokio's clock.
async fn timed<T>(call: impl Future<Output = auth_core::Result<T>>) -> Duration {
    let start = now();
    call.await.unwrap();
    start.elapsed()
}

fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "measures what tokio's paused clock did"
    )]
    Instant::now()
}
