//! What a provider is handed to renew: the last token, whatever became of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::testing::ManualClock;
use auth_core::{Cached, Error, Result, RetryPolicy, Token, TokenProvider};

use crate::cache::issuer::{HOUR, settle, text};

/// Issues a refresh token with each token, and writes down which one it was handed.
#[derive(Clone, Default)]
struct Rotating(Arc<Mutex<Calls>>);

#[derive(Default)]
struct Calls {
    handed: Vec<String>,
    fail_next: bool,
}

#[async_trait]
impl TokenProvider for Rotating {
    async fn token(&self) -> Result<Token> {
        self.renew(None).await
    }

    async fn renew(&self, last: Option<&Token>) -> Result<Token> {
        let mut calls = self.0.lock().unwrap();
        let refresh = last.and_then(Token::refresh_token);
        let handed = refresh.map_or("login", |refresh| refresh.expose());
        calls.handed.push(handed.to_owned());
        if std::mem::take(&mut calls.fail_next) {
            return Err(Error::transport("the platform is away"));
        }
        let number = calls.handed.len();
        let token = Token::bearer(format!("token-{number}"), HOUR)?;
        Ok(token.with_refresh_token(format!("refresh-{number}")))
    }
}

impl Rotating {
    fn cached(&self) -> (Cached, ManualClock) {
        let clock = ManualClock::new();
        let cached = Cached::builder(self.clone())
            .clock(clock.clock())
            .retry(RetryPolicy::none())
            .build();
        (cached, clock)
    }

    fn handed(&self) -> Vec<String> {
        self.0.lock().unwrap().handed.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_token_is_renewed_ahead_of_its_end_after_it_and_after_a_refusal() {
    let provider = Rotating::default();
    let (cached, clock) = provider.cached();
    cached.token().await.unwrap();
    clock.advance(HOUR * 57 / 60);
    assert!(cached.cached().is_some());
    settle().await;
    clock.advance(HOUR);
    let token = cached.token().await.unwrap();
    cached.reject(&token);
    cached.token().await.unwrap();
    assert_eq!(
        provider.handed(),
        ["login", "refresh-1", "refresh-2", "refresh-3"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_between_loses_no_refresh_token() {
    let provider = Rotating::default();
    let (cached, clock) = provider.cached();
    cached.token().await.unwrap();
    clock.advance(HOUR);
    provider.0.lock().unwrap().fail_next = true;
    assert!(cached.token().await.is_err());
    clock.advance(Duration::from_secs(2));
    cached.credential_changed();
    cached.token().await.unwrap();
    assert_eq!(provider.handed(), ["login", "refresh-1", "refresh-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_behind_a_pointer_renews_as_well() {
    let provider = Rotating::default();
    let shared: Arc<dyn TokenProvider> = Arc::new(provider.clone());
    let clock = ManualClock::new();
    let cached = Cached::builder(Arc::clone(&shared))
        .clock(clock.clock())
        .build();
    cached.token().await.unwrap();
    clock.advance(HOUR);
    assert_eq!(text(&cached.token().await.unwrap()), "token-2");
    assert_eq!(provider.handed(), ["login", "refresh-1"]);
}
