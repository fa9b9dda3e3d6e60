//! A warning says that something has changed for the worse. The same again is none; the next time,
//! after it was well in between, is one.

use auth_core::Error;
use auth_core::jwt::{self, Algorithm, KeySet, SigningKey, Verifier};
use auth_core::testing::{ManualClock, Reply, Script};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::cache::issuer::{Answer, HOUR, Issuer, SECOND};
use crate::capture::Capture;
use crate::fleet::world::World;

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_fetched_is_one_warning_until_one_is() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let issuer = Issuer::new(HOUR);
    let (cached, clock) = issuer.cached();
    for times in 1..=2 {
        issuer.queue((0..3).map(|_| Answer::Error(Error::transport("away"))));
        for _ in 0..3 {
            cached.token().await.unwrap_err();
            clock.advance(HOUR);
            sleep(HOUR).await;
        }
        assert_eq!(capture.warnings(), vec!["no token could be fetched"; times]);
        cached.token().await.unwrap();
        clock.advance(HOUR);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_set_that_cannot_be_fetched_is_one_warning() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let script = Script::new().otherwise(Reply::status(503));
    let clock = ManualClock::new();
    let keys = KeySet::builder("https://issuer.example/certs", script.transport())
        .clock(clock.clock())
        .build()
        .unwrap();
    let key = include_str!("../data/rsa2048.pkcs8.pem");
    let key = SigningKey::from_pem(Algorithm::Rs256, key).unwrap();
    let token = jwt::sign(&key, "a", &json!({"exp": 4_000_000_000_u64})).unwrap();
    let rules = Verifier::new([Algorithm::Rs256])
        .any_issuer()
        .any_audience();
    for _ in 0..3 {
        let refused = keys.verify::<Value>(&rules, token.expose(), clock.clock().now());
        refused.await.unwrap_err();
        clock.advance(60 * SECOND);
    }
    assert_eq!(script.requests().len(), 3, "it was tried each time");
    assert_eq!(capture.warnings(), ["the key set could not be fetched"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_one_warning_until_it_is_back() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let world = World::new();
    let process = world.builder().build();
    for times in 1..=2 {
        world.store.away(true);
        for _ in 0..3 {
            process.token().await.unwrap();
            world.clock.advance(HOUR);
            sleep(SECOND).await;
        }
        assert_eq!(capture.warnings(), vec!["the token store failed"; times]);
        assert!(
            capture
                .text()
                .contains("fetching a token without the store")
        );
        world.store.away(false);
        process.token().await.unwrap();
        world.clock.advance(HOUR);
        process.token().await.unwrap();
        world.clock.advance(HOUR);
    }
}
