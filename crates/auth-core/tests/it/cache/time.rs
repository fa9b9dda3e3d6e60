//! Promise 7: no clock that lies makes the cache hand out a dead token.

use std::sync::Arc;
use std::time::Duration;

use auth_core::Clock;
use auth_core::testing::ManualClock;
use http::{HeaderMap, HeaderValue, header};
use httpdate::fmt_http_date;
use tokio::sync::Notify;

use crate::cache::issuer::{Answer, HOUR, Issuer, SECOND, ready, text};

/// An answer of a platform whose clock is `ahead` of the local one, or behind it.
fn answer(clock: &Clock, ahead: Duration, behind: Duration) -> HeaderMap {
    let offset = clock.offset_millis();
    let local = clock.now();
    let local = match offset < 0 {
        true => local + Duration::from_millis(offset.unsigned_abs()),
        false => local - Duration::from_millis(offset.unsigned_abs()),
    };
    let date = fmt_http_date(local + ahead - behind);
    HeaderMap::from_iter([(header::DATE, HeaderValue::try_from(date).unwrap())])
}

#[tokio::test(start_paused = true)]
async fn a_token_dies_with_its_lifetime() {
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(HOUR - SECOND * 6);
    assert_eq!(ready(&cached).as_deref(), Some("token-1"));
    // Five seconds early, for it has a way to go.
    clock.advance(SECOND * 2);
    assert_eq!(ready(&cached), None);
}

#[tokio::test(start_paused = true)]
async fn the_lifetime_counts_from_the_question_and_not_from_the_answer() {
    let gate = Arc::new(Notify::new());
    let issuer = Issuer::new(HOUR).then([Answer::Gated(Arc::clone(&gate))]);
    let (cached, clock) = issuer.cached();
    let caller = tokio::spawn({
        let cached = cached.clone();
        async move { cached.token().await }
    });
    issuer.called(1).await;
    clock.advance(SECOND * 20);
    gate.notify_one();
    caller.await.unwrap().unwrap();
    clock.advance(HOUR - SECOND * 24);
    assert_eq!(ready(&cached), None);
}

#[tokio::test(start_paused = true)]
async fn a_suspend_of_two_hours_serves_no_dead_token() {
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.suspend(HOUR * 2);
    assert_eq!(ready(&cached), None);
    assert_eq!(text(&cached.token().await.unwrap()), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_suspend_during_the_fetch_serves_no_dead_token() {
    let gate = Arc::new(Notify::new());
    let issuer = Issuer::new(HOUR).then([Answer::Gated(Arc::clone(&gate))]);
    let (cached, clock) = issuer.cached();
    let caller = tokio::spawn({
        let cached = cached.clone();
        async move { cached.token().await }
    });
    issuer.called(1).await;
    clock.suspend(HOUR * 2);
    gate.notify_one();
    assert_eq!(text(&caller.await.unwrap().unwrap()), "token-2");
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_forward_serves_no_dead_token() {
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.step_forward(HOUR);
    // It cannot be told from a suspend, so the token is not trusted.
    assert_eq!(ready(&cached), None);
    assert_eq!(text(&cached.token().await.unwrap()), "token-2");
    clock.advance(HOUR);
    assert_eq!(ready(&cached), None);
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_back_serves_no_dead_token() {
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.step_back(HOUR);
    assert_eq!(ready(&cached).as_deref(), Some("token-1"));
    clock.advance(HOUR);
    assert_eq!(ready(&cached), None);
    assert_eq!(text(&cached.token().await.unwrap()), "token-2");
}

#[test]
fn the_platforms_time_is_learnt_from_its_answers_and_shared_by_clones() {
    let hand = ManualClock::new();
    let (clock, clone) = (hand.clock(), hand.clock());
    let local = clock.now();
    clock.observe(clock.mark(), &answer(&clock, HOUR, Duration::ZERO));
    assert_eq!(clone.now(), local + HOUR);
    assert_eq!(clone.offset_millis(), 3_600_000);
    clock.observe(clock.mark(), &answer(&clock, Duration::ZERO, HOUR));
    // To the second that the header is cut to, and one more for servers that renew it once a second.
    let off = local.duration_since(clone.now()).unwrap();
    assert!((HOUR - SECOND * 2..=HOUR).contains(&off), "{off:?}");
}

#[test]
fn answers_that_prove_nothing_teach_nothing() {
    let hand = ManualClock::new();
    let clock = hand.clock();
    let check = |why: &str| assert_eq!(clock.offset_millis(), 0, "{why}");

    clock.observe(clock.mark(), &HeaderMap::new());
    check("no date");
    let mut headers = answer(&clock, HOUR, Duration::ZERO);
    headers.insert(header::AGE, HeaderValue::from_static("60"));
    clock.observe(clock.mark(), &headers);
    check("out of a cache");
    let text = HeaderValue::from_static("yesterday");
    clock.observe(clock.mark(), &HeaderMap::from_iter([(header::DATE, text)]));
    check("no valid date");
    clock.observe(clock.mark(), &answer(&clock, HOUR * 48, Duration::ZERO));
    check("too far off");
    let sent = clock.mark();
    hand.advance(SECOND * 11);
    clock.observe(sent, &answer(&clock, HOUR, Duration::ZERO));
    check("too slow");
    let sent = clock.mark();
    hand.step_back(HOUR);
    clock.observe(sent, &answer(&clock, HOUR, Duration::ZERO));
    check("stepped in between");
    clock.observe(clock.mark(), &answer(&clock, SECOND / 2, Duration::ZERO));
    check("no difference");
}

#[tokio::test(start_paused = true)]
async fn an_offset_learnt_later_ends_a_token_made_with_the_wrong_time() {
    let issuer = Issuer::new(HOUR);
    let (cached, hand) = issuer.cached();
    cached.token().await.unwrap();
    hand.advance(SECOND * 60);
    let clock = hand.clock();
    // The local clock is 59 minutes slow: a token signed with its time ends that much earlier.
    clock.observe(
        clock.mark(),
        &answer(&clock, SECOND * 59 * 60, Duration::ZERO),
    );
    assert_eq!(ready(&cached), None);
}

#[tokio::test(start_paused = true)]
async fn an_offset_learnt_by_the_fetch_itself_costs_no_second_fetch() {
    let gate = Arc::new(Notify::new());
    let issuer = Issuer::new(HOUR).then([Answer::Gated(Arc::clone(&gate))]);
    let (cached, hand) = issuer.cached();
    let caller = tokio::spawn({
        let cached = cached.clone();
        async move { cached.token().await }
    });
    issuer.called(1).await;
    let clock = hand.clock();
    clock.observe(clock.mark(), &answer(&clock, HOUR * 2, Duration::ZERO));
    gate.notify_one();
    assert_eq!(text(&caller.await.unwrap().unwrap()), "token-1");
    assert_eq!(ready(&cached).as_deref(), Some("token-1"));
    assert_eq!(issuer.calls(), 1);
}
