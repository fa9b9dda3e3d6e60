//! Promise 5: a failure keeps the good token, is shared and remembered, and is never final.

use std::time::Duration;

use auth_core::testing::ManualClock;
use auth_core::{Action, Cached, Error};

use crate::cache::issuer::{Answer, HOUR, Issuer, SECOND, now, ready, settle, text};

fn down() -> Answer {
    Answer::Error(Error::transport("the platform is away"))
}

fn wrong() -> Answer {
    Answer::Error(Error::credentials("the secret is wrong"))
}

#[tokio::test(start_paused = true)]
async fn an_error_does_not_replace_a_good_token() {
    let issuer = Issuer::new(HOUR).then([Answer::Slow(Duration::ZERO), wrong()]);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(Duration::from_secs(57 * 60));
    for _ in 0..10 {
        assert_eq!(text(&cached.token().await.unwrap()), "token-1");
        settle().await;
    }
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn once_the_good_token_has_expired_the_failure_of_the_refresh_is_told() {
    let issuer = Issuer::new(HOUR).then([Answer::Slow(Duration::ZERO), wrong()]);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(HOUR - SECOND * 6);
    assert!(ready(&cached).is_some());
    settle().await;
    clock.advance(SECOND * 2);
    assert_eq!(ready(&cached), None);
    let error = cached.token().await.unwrap_err();
    assert_eq!(error.to_string(), "the secret is wrong");
    assert_eq!(issuer.calls(), 2);
}

/// How long a failure is remembered, to the tenth of a second.
async fn remembered(cached: &Cached, clock: &ManualClock, issuer: &Issuer) -> Duration {
    let calls = issuer.calls();
    let tenth = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    loop {
        let start = now();
        assert!(cached.token().await.is_err());
        if issuer.calls() > calls {
            return waited;
        }
        assert_eq!(
            start.elapsed(),
            Duration::ZERO,
            "a remembered failure is told at once"
        );
        clock.advance(tenth);
        waited += tenth;
    }
}

#[tokio::test(start_paused = true)]
async fn passing_failures_are_remembered_for_two_seconds_at_most() {
    let issuer = Issuer::new(HOUR).then((0..8).map(|_| down()));
    let (cached, clock) = issuer.cached();
    let mut windows = Vec::new();
    assert!(cached.token().await.is_err());
    for _ in 0..6 {
        windows.push(remembered(&cached, &clock, &issuer).await.as_millis());
    }
    assert_eq!(windows, [300, 500, 1000, 2000, 2000, 2000]);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_remembered_doubling_to_fifteen_minutes() {
    let issuer = Issuer::new(HOUR).then((0..12).map(|_| wrong()));
    let (cached, clock) = issuer.cached();
    let mut windows = Vec::new();
    assert!(cached.token().await.is_err());
    for _ in 0..10 {
        windows.push(remembered(&cached, &clock, &issuer).await.as_secs());
    }
    assert_eq!(windows, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
}

#[tokio::test(start_paused = true)]
async fn a_success_makes_failures_forgotten() {
    let issuer = Issuer::new(HOUR).then([wrong(), wrong()]);
    let (cached, clock) = issuer.cached();
    assert!(cached.token().await.is_err());
    clock.advance(SECOND * 5);
    assert!(cached.token().await.is_err());
    clock.advance(SECOND * 10);
    cached.token().await.unwrap();
    clock.advance(HOUR);
    issuer.queue([wrong(), wrong()]);
    assert!(cached.token().await.is_err());
    assert_eq!(remembered(&cached, &clock, &issuer).await, SECOND * 5);
}

#[tokio::test(start_paused = true)]
async fn a_changed_credential_is_tried_at_once() {
    let issuer = Issuer::new(HOUR).then([wrong(), wrong()]);
    let (cached, clock) = issuer.cached();
    assert!(cached.token().await.is_err());
    clock.advance(SECOND * 5);
    assert!(cached.token().await.is_err());
    assert!(cached.token().await.is_err());
    assert_eq!(issuer.calls(), 2);
    cached.credential_changed();
    assert_eq!(text(&cached.token().await.unwrap()), "token-3");
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_old_credential_is_not_held_against_the_new_one() {
    let issuer = Issuer::new(HOUR).then([wrong()]);
    let (cached, _clock) = issuer.cached();
    let caller = tokio::spawn({
        let cached = cached.clone();
        async move { cached.token().await }
    });
    issuer.called(1).await;
    cached.credential_changed();
    assert_eq!(text(&caller.await.unwrap().unwrap()), "token-2");
}

#[tokio::test(start_paused = true)]
async fn no_kind_of_error_is_final() {
    let actions = [
        Action::Backoff,
        Action::ContactProvider,
        Action::DropTarget,
        Action::FixCredentials,
        Action::FixRequest,
        Action::NewToken,
        Action::None,
        Action::SignInAgain,
    ];
    for action in actions {
        let errors = [
            Error::config("x"),
            Error::credentials("x"),
            Error::decode("x"),
            Error::transport("x"),
        ];
        for error in errors {
            let issuer = Issuer::new(HOUR).then([Answer::Error(error.advise(action))]);
            let (cached, clock) = issuer.cached();
            assert!(cached.token().await.is_err());
            clock.advance(Duration::from_secs(15 * 60));
            assert_eq!(
                text(&cached.token().await.unwrap()),
                "token-2",
                "{action:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_misclassified_error_does_not_end_the_refreshing_for_good() {
    let misjudged = Answer::Error(Error::credentials("x").advise(Action::FixRequest));
    let issuer = Issuer::new(HOUR).then([Answer::Slow(Duration::ZERO), misjudged]);
    let (cached, clock) = issuer.cached();
    cached.token().await.unwrap();
    clock.advance(Duration::from_secs(57 * 60));
    assert!(cached.cached().is_some());
    settle().await;
    clock.advance(Duration::from_secs(60));
    assert_eq!(ready(&cached).as_deref(), Some("token-1"));
    settle().await;
    assert_eq!(ready(&cached).as_deref(), Some("token-3"));
}
