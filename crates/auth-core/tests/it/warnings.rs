//! A warning says that something has changed for the worse. The same again is none; the next time,
//! after it was well in between, is one.

use std::sync::atomic::{AtomicU32, Ordering};

use auth_core::jwt::{self, Algorithm, KeySet, SigningKey, Verifier};
use auth_core::testing::{ManualClock, Reply, Script};
use auth_core::{Derived, Error, Secret, SecretSource};
#[cfg(unix)]
use auth_core::{FileStore, Stored, TokenStore as _};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::cache::issuer::{Answer, HOUR, Issuer, SECOND};
use crate::capture::Capture;
#[cfg(unix)]
use crate::fleet::secrets::Directory;
use crate::fleet::world::{World, key};

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

#[cfg(unix)]
#[tokio::test]
async fn a_damaged_file_is_one_warning_each_time_it_is_damaged() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let directory = Directory::new("damage-told");
    let store = FileStore::new(&directory.0).unwrap();
    let write = async |generation| {
        let new = Stored::new(generation, vec![1]);
        assert!(store.compare_and_set(&key(), 0, &new).await.unwrap());
        let entries = std::fs::read_dir(&directory.0).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|end| end == "token"))
    };
    for times in 1..=2 {
        let record = write(times).await.unwrap();
        std::fs::write(record, "a letter to a friend").unwrap();
        store.read(&key()).await.unwrap_err();
        for _ in 0..5 {
            assert!(store.read(&key()).await.unwrap().stored.is_none());
        }
        let times = usize::try_from(times).unwrap();
        let expected = vec!["a file of the token store is damaged"; times];
        assert_eq!(capture.warnings(), expected);
    }
}

#[tokio::test]
async fn a_secret_that_is_unfit_is_one_warning_until_one_is_fit() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let asked = AtomicU32::new(0);
    let source = SecretSource::vault(move || {
        // Every fourth is a number.
        let asked = asked.fetch_add(1, Ordering::SeqCst);
        let text = if asked.is_multiple_of(4) {
            ""
        } else {
            "no number "
        };
        async move { Ok(Secret::new(format!("{text}{asked}"))) }
    });
    let derived = Derived::new(source.clone(), |secret| {
        let number: Option<u32> = secret.expose().parse().ok();
        number.ok_or_else(|| Error::credentials("no number"))
    });
    for times in 0..3 {
        let told = "a secret stays as it is: the new one is unfit";
        assert_eq!(capture.warnings(), vec![told; times]);
        for _ in 0..4 {
            source.refresh().await.unwrap();
            assert_eq!(*derived.current().unwrap() as usize, times * 4);
            derived.accepted();
        }
    }
}
