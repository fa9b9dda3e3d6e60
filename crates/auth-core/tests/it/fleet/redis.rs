//! The store in Redis, against a real server that the test starts, stops and starts again.
//!
//! Without a `redis-server` on this machine they do nothing but say so; `cargo xtask test` brings one
//! where it can, and reports what was not run.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use auth_core::seal::Sealer;
use auth_core::testing::conformance;
use auth_core::{
    Action, Cached, RedisStore, RetryPolicy, SealedStore, StoreKey, Stored, TokenStore,
};
use tokio::time::sleep;

use crate::fleet::secrets::Directory;
use crate::fleet::world::{Platform, SECOND, all, key, ready, tokens};

/// A server on a port of its own, which keeps what it is told on disk.
struct Server {
    directory: Directory,
    port: u16,
    child: Child,
}

impl Server {
    async fn start(name: &str) -> Option<Self> {
        let directory = Directory::new(name);
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = spawn(&directory, port)?;
        let server = Self {
            directory,
            port,
            child,
        };
        server.answers().await;
        Some(server)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn store(&self) -> RedisStore {
        RedisStore::new(&self.url()).unwrap()
    }

    async fn answers(&self) {
        let probe = self.store();
        for _ in 0..200 {
            if probe.read(&key()).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(25)).await;
        }
        panic!("the server does not answer");
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn restart(&mut self) {
        self.child = spawn(&self.directory, self.port).unwrap();
        self.answers().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::print_stderr, reason = "a test that was not run says so")]
fn spawn(directory: &Directory, port: u16) -> Option<Child> {
    let started = Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
        .arg(&directory.0)
        .stdout(Stdio::null())
        .spawn();
    if started.is_err() {
        eprintln!("NOT RUN: there is no redis-server on this machine");
    }
    started.ok()
}

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
    let waiting = tokio::spawn({
        let other = other.clone();
        async move { other.changed(&key(), 1, SECOND * 600).await }
    });
    // Written until it is heard: the wait may begin a little later than the first write.
    let mut generation = 1;
    while !waiting.is_finished() {
        let next = Stored::new(generation + 1, vec![2]);
        assert!(
            one.compare_and_set(&key(), generation, &next)
                .await
                .unwrap()
        );
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
