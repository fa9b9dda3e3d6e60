//! The store in Redis, against a real server that the test starts, stops and starts again.

use std::time::Duration;

use auth_core::seal::Sealer;
use auth_core::testing::conformance;
use auth_core::{
    Action, Cached, RedisStore, RetryPolicy, SealedStore, StoreKey, Stored, TokenStore,
};
use tokio::time::sleep;

use crate::fleet::server::{Kind, Server, cluster};
use crate::fleet::world::{Platform, SECOND, all, key, ready, tokens};

/// A process of a fleet on this server.
fn process(store: impl TokenStore + 'static, platform: &Platform) -> Cached {
    Cached::builder(platform.clone())
        .retry(RetryPolicy::none())
        .store(store, key())
        .voids_previous()
        .lease(SECOND)
        .build()
}

#[tokio::test]
async fn the_store_in_redis_conforms() {
    let Some(server) = Server::start("redis-conforms").await else {
        return;
    };
    conformance(server.store(), server.store()).await;
    let sealer = || Sealer::new(&[7; 32]);
    conformance(
        SealedStore::new(server.store(), sealer()),
        SealedStore::new(server.store(), sealer()),
    )
    .await;
}

#[tokio::test]
async fn the_store_in_valkey_conforms() {
    let Some(server) = Server::start_as("valkey-server", Kind::Plain, "valkey").await else {
        return;
    };
    conformance(server.store(), server.store()).await;
}

#[tokio::test]
async fn the_store_in_redis_conforms_over_tls_with_an_authority_of_its_own() {
    let Some(server) = Server::start_as("redis-server", Kind::Tls, "redis-tls").await else {
        return;
    };
    let url = format!("rediss://127.0.0.1:{}", server.port);
    let store = || RedisStore::new(&url).unwrap();
    let trusting = || store().root_certificate(include_str!("../../data/tls/authority.pem"));
    conformance(trusting(), trusting()).await;
    let error = store().read(&key()).await.unwrap_err();
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    let unprotected = server.store().read(&key()).await;
    assert!(unprotected.is_err(), "it speaks TLS alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_a_cluster_conforms_and_tells_those_who_wait() {
    let Some(nodes) = cluster("redis-cluster").await else {
        return;
    };
    let urls = nodes.each_ref().map(Server::url);
    let store = |node: usize| RedisStore::cluster([&*urls[node]]).unwrap();
    conformance(store(0), store(1)).await;
    // Some keys are on every node, so one that is told is told by another node at least once.
    for tenant in ["a", "b", "c", "d", "e"] {
        let key = StoreKey::new("platform", "access_token", tenant);
        let (one, other) = (store(0), store(2));
        assert!(
            one.compare_and_set(&key, 0, &Stored::new(1, vec![1]))
                .await
                .unwrap()
        );
        is_told(&one, other, &key).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_login_serves_a_fleet_on_redis_and_its_restart_costs_none() {
    let Some(mut server) = Server::start("redis-restart").await else {
        return;
    };
    let platform = Platform::default();
    let processes: Vec<_> = (0..10)
        .map(|_| process(server.store(), &platform))
        .collect();
    assert_eq!(tokens(&processes).await, vec!["token-1"; 10]);

    server.kill();
    let old = processes[0].cached().unwrap().clone();
    assert_eq!(
        tokens(&processes).await,
        vec!["token-1"; 10],
        "the token here is good"
    );
    for process in &processes {
        process.reject(&old);
    }
    for got in all(&processes).await {
        let error = got.unwrap_err();
        assert_eq!(error.action(), Action::Backoff);
        assert!(error.to_string().contains("`redis`"), "{error}");
    }
    assert_eq!(platform.logins(), 1, "nobody logs in without the store");

    server.restart().await;
    sleep(SECOND * 3).await;
    assert_eq!(tokens(&processes).await, vec!["token-2"; 10]);
    assert_eq!(platform.logins(), 2);
    // One that starts now finds what the server kept.
    assert_eq!(
        tokens(&[process(server.store(), &platform)]).await,
        ["token-2"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_an_outage_is_not_told_after_it() {
    let Some(mut server) = Server::start("redis-stale").await else {
        return;
    };
    let store = server.store();
    assert!(store.read(&key()).await.is_ok());
    server.kill();
    for _ in 0..3 {
        assert!(store.read(&key()).await.is_err());
    }
    server.restart().await;
    store.read(&key()).await.unwrap();
    // One that nobody noticed, because nobody asked.
    server.kill();
    server.restart().await;
    store.read(&key()).await.unwrap();
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_has_succeeded_when_it_comes_again() {
    let Some(server) = Server::start("redis-again").await else {
        return;
    };
    let store = server.store();
    let write = async |generation, record: &[u8]| {
        let new = Stored::new(generation, record.to_vec());
        store.compare_and_set(&key(), 0, &new).await.unwrap()
    };
    assert!(write(1, b"mine").await);
    assert!(write(1, b"mine").await);
    assert!(!write(1, b"another's").await);
    assert!(!write(2, b"mine").await);
}

#[tokio::test]
async fn those_who_wait_are_told_by_the_server() {
    let Some(server) = Server::start("redis-told").await else {
        return;
    };
    let (one, other) = (server.store(), server.store());
    assert!(
        one.compare_and_set(&key(), 0, &Stored::new(1, vec![1]))
            .await
            .unwrap()
    );
    is_told(&one, other, &key()).await;
}

/// Waits for the other store to be told of what is written over generation 1.
async fn is_told(one: &RedisStore, other: RedisStore, key: &StoreKey) {
    let waiting = tokio::spawn({
        let key = key.clone();
        async move { other.changed(&key, 1, SECOND * 600).await }
    });
    // Written until it is heard: the wait may begin a little later than the first write.
    let mut generation = 1;
    while !waiting.is_finished() {
        let next = Stored::new(generation + 1, vec![2]);
        assert!(one.compare_and_set(key, generation, &next).await.unwrap());
        generation += 1;
        sleep(Duration::from_millis(20)).await;
    }
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_sealed_record_opens_under_its_own_key_and_generation_alone() {
    let Some(server) = Server::start("redis-sealed").await else {
        return;
    };
    let raw = server.store();
    let sealed = SealedStore::new(raw.clone(), Sealer::new(&[7; 32]));
    assert!(
        sealed
            .compare_and_set(&key(), 0, &Stored::new(5, b"swordfish".to_vec()))
            .await
            .unwrap()
    );
    let stored = raw.read(&key()).await.unwrap().stored.unwrap();
    let text = String::from_utf8(stored.record().to_vec()).unwrap();
    assert!(!text.contains("swordfish"), "{text}");
    let other = StoreKey::new("platform", "access_token", "another");
    assert!(raw.compare_and_set(&other, 0, &stored).await.unwrap());
    assert!(
        sealed.read(&other).await.is_err(),
        "moved to another tenant"
    );
    let newer = Stored::new(6, stored.record().to_vec());
    assert!(raw.compare_and_set(&key(), 5, &newer).await.unwrap());
    assert!(
        sealed.read(&key()).await.is_err(),
        "put in the place of a newer one"
    );
    // A new key is taken up without losing what the old one sealed.
    let rotated = Sealer::new(&[8; 32]).also_opens(Sealer::new(&[7; 32]));
    let third = StoreKey::new("platform", "access_token", "third");
    let new = Stored::new(1, b"trout".to_vec());
    assert!(sealed.compare_and_set(&third, 0, &new).await.unwrap());
    let read = SealedStore::new(raw, rotated).read(&third).await.unwrap();
    assert_eq!(read.stored.unwrap().record(), b"trout");
}

#[tokio::test]
async fn two_record_formats_side_by_side_share_one_login_for_each_generation() {
    let Some(server) = Server::start("redis-formats").await else {
        return;
    };
    let platform = Platform::default();
    let store = server.store();
    let half: Vec<_> = (0..4).map(|_| process(store.clone(), &platform)).collect();
    for round in 1..=5 {
        let expected = format!("token-{round}");
        assert_eq!(tokens(&half).await, vec![expected.clone(); 4]);
        // What a later version writes: the same token, and members that this one does not know.
        let stored = store.read(&key()).await.unwrap().stored.unwrap();
        let mut record: serde_json::Value = serde_json::from_slice(stored.record()).unwrap();
        record["mood"] = "good".into();
        let newer = Stored::new(
            stored.generation() + 1,
            serde_json::to_vec(&record).unwrap(),
        );
        assert!(
            store
                .compare_and_set(&key(), stored.generation(), &newer)
                .await
                .unwrap()
        );
        let late = process(store.clone(), &platform);
        assert_eq!(tokens(std::slice::from_ref(&late)).await, [&*expected]);
        let old = late.cached().unwrap().clone();
        for process in &half {
            process.reject(&old);
            assert_eq!(ready(process), None);
        }
    }
    assert_eq!(platform.logins(), 5);
}
