//! Promise 6: a refused token goes, a newer one stays.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auth_core::{Cached, Result, Token, TokenProvider};

use crate::cache::issuer::{Answer, HOUR, Issuer, ready, text};

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_dropped_and_the_next_caller_gets_another() {
    let issuer = Issuer::new(HOUR);
    let (cached, _clock) = issuer.cached();
    let token = cached.token().await.unwrap();
    cached.reject(&token);
    assert_eq!(ready(&cached), None);
    assert_eq!(text(&cached.token().await.unwrap()), "token-2");
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_leaves_a_newer_token_alone() {
    let issuer = Issuer::new(HOUR);
    let (cached, _clock) = issuer.cached();
    let old = cached.token().await.unwrap();
    cached.reject(&old);
    cached.token().await.unwrap();
    for _ in 0..10 {
        cached.reject(&old);
        assert_eq!(ready(&cached).as_deref(), Some("token-2"));
    }
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_refusals_of_one_token_cause_one_fetch() {
    let issuer = Issuer::new(HOUR);
    let (cached, _clock) = issuer.cached();
    let old = cached.token().await.unwrap();
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let (cached, old) = (cached.clone(), old.clone());
            tokio::spawn(async move {
                cached.reject(&old);
                text(&cached.token().await.unwrap()).to_owned()
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-2");
    }
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_fetch_from_before_the_refusal_is_not_taken_if_it_is_the_refused_token() {
    let issuer = Issuer::new(HOUR).then([Answer::Same("sticky"), Answer::Same("sticky")]);
    let (cached, clock) = issuer.cached();
    let token = cached.token().await.unwrap();
    clock.advance(HOUR * 57 / 60);
    assert!(cached.cached().is_some());
    issuer.called(2).await;
    // The refresh is under way, and the platform hands out the same token while it lasts.
    cached.reject(&token);
    assert_eq!(text(&cached.token().await.unwrap()), "token-3");
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_insists_on_a_refused_token_gets_its_way() {
    let issuer = Issuer::new(HOUR).then([Answer::Same("sticky"), Answer::Same("sticky")]);
    let (cached, _clock) = issuer.cached();
    let token = cached.token().await.unwrap();
    cached.reject(&token);
    assert_eq!(text(&cached.token().await.unwrap()), "sticky");
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_provider_below_is_told_of_the_refusal() {
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<String>>>);

    #[async_trait]
    impl TokenProvider for Told {
        async fn token(&self) -> Result<Token> {
            Token::bearer("t", HOUR)
        }

        fn reject(&self, token: &Token) {
            self.0.lock().unwrap().push(text(token).to_owned());
        }
    }

    let told = Told::default();
    let below: Arc<dyn TokenProvider> = Arc::new(told.clone());
    let cached = Cached::new(below);
    let token = cached.token().await.unwrap();
    TokenProvider::reject(&cached, &token);
    assert_eq!(*told.0.lock().unwrap(), ["t"]);
}
