//! Key sets fetched, kept and renewed. Time is moved by hand, answers are let go by hand.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::jwt::{self, Algorithm, Jwks, KeySet, Verifier, VerifyError};
use auth_core::testing::ManualClock;
use auth_core::{Action, Error, ErrorKind, HttpSend, Result};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{NOW, key, now};

const URL: &str = "https://issuer.example/certs";

/// A platform that answers with a script, each answer once it is let go, the last one for ever.
struct Platform {
    script: Mutex<VecDeque<Answer>>,
    calls: AtomicUsize,
    gate: Semaphore,
}

#[derive(Clone)]
enum Answer {
    Keys(&'static [&'static str], Option<&'static str>),
    Body(u16, Bytes),
    Lost,
    Never,
    Panic,
}

#[async_trait]
impl HttpSend for Platform {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        assert_eq!(
            (request.method(), request.uri().to_string()),
            (&http::Method::GET, URL.to_owned())
        );
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.expect("open").forget();
        let answer = {
            let mut script = self.script.lock().expect("no panic");
            match script.len() {
                1 => script[0].clone(),
                _ => script.pop_front().expect("an answer"),
            }
        };
        let answered = |status, cache: Option<&str>, body: Bytes| {
            let mut answer = Response::builder().status(status);
            if let Some(cache) = cache {
                answer = answer.header("cache-control", cache);
            }
            Ok(answer.body(body).expect("a response"))
        };
        match answer {
            Answer::Keys(kids, cache) => answered(200, cache, jwks(kids)),
            Answer::Body(status, body) => answered(status, None, body),
            Answer::Lost => Err(Error::transport("the network is down")),
            Answer::Never => pending().await,
            Answer::Panic => panic!("the transport panics"),
        }
    }
}

fn jwks(kids: &[&str]) -> Bytes {
    let mut set = Jwks::default();
    for kid in kids {
        set.insert(*kid, key(Algorithm::Rs256).public_key());
    }
    serde_json::to_vec(&set).expect("it is written").into()
}

struct Stage {
    platform: Arc<Platform>,
    time: ManualClock,
    keys: KeySet,
}

impl Stage {
    /// A stage whose platform answers at once.
    fn new(script: impl IntoIterator<Item = Answer>) -> Self {
        let stage = Self::closed(script);
        stage.platform.gate.add_permits(1000);
        stage
    }

    /// A stage whose platform answers when its gate is opened.
    fn closed(script: impl IntoIterator<Item = Answer>) -> Self {
        let platform = Arc::new(Platform {
            script: Mutex::new(script.into_iter().collect()),
            calls: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        });
        let time = ManualClock::at(now());
        let keys = KeySet::builder(URL, Arc::clone(&platform) as Arc<dyn HttpSend>)
            .clock(time.clock())
            .build()
            .expect("good settings");
        Self {
            platform,
            time,
            keys,
        }
    }

    fn calls(&self) -> usize {
        self.platform.calls.load(Ordering::SeqCst)
    }

    fn pass(&self, seconds: u64) {
        self.time.advance(Duration::from_secs(seconds));
    }

    async fn verify(&self, kid: &str) -> Result<Value> {
        verify(&self.keys, kid).await
    }

    /// Waits until everything that can happen has happened.
    async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

async fn verify(keys: &KeySet, kid: &str) -> Result<Value> {
    let token = jwt::sign(
        &key(Algorithm::Rs256),
        kid,
        &json!({"exp": NOW + 1_000_000}),
    )?;
    verify_token(keys, token.expose()).await
}

async fn verify_token(keys: &KeySet, token: &str) -> Result<Value> {
    let rules = Verifier::new([Algorithm::Rs256])
        .any_issuer()
        .any_audience();
    keys.verify(&rules, token, now()).await
}

fn reason(result: Result<Value>) -> VerifyError {
    let error = result.expect_err("refused");
    VerifyError::of(&error).expect("a refusal").clone()
}

const A: Answer = Answer::Keys(&["a"], None);
const AB: Answer = Answer::Keys(&["a", "b"], None);

#[tokio::test]
async fn keys_are_fetched_once_and_kept_for_their_time() {
    let stage = Stage::new([A]);
    assert_eq!(stage.calls(), 0);
    for _ in 0..3 {
        stage.verify("a").await.expect("it verifies");
    }
    stage.pass(2600);
    stage.verify("a").await.expect("it verifies");
    stage.settle().await;
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn any_number_of_callers_cause_one_fetch() {
    let stage = Stage::closed([A]);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let keys = stage.keys.clone();
            tokio::spawn(async move { verify(&keys, "a").await })
        })
        .collect();
    stage.settle().await;
    stage.platform.gate.add_permits(1000);
    for caller in callers {
        caller.await.expect("no panic").expect("it verifies");
    }
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn one_failure_is_told_to_all_and_soon_forgotten() {
    let stage = Stage::closed([Answer::Lost, A]);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let keys = stage.keys.clone();
            tokio::spawn(async move { verify(&keys, "a").await })
        })
        .collect();
    stage.settle().await;
    stage.platform.gate.add_permits(1000);
    for caller in callers {
        let error = caller.await.expect("no panic").expect_err("no keys");
        assert_eq!(
            (error.kind(), error.action()),
            (ErrorKind::Transport, Action::Backoff)
        );
    }
    stage.verify("a").await.expect_err("remembered");
    assert_eq!(stage.calls(), 1);
    stage.pass(2);
    stage.verify("a").await.expect("it verifies");
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_cancel_the_fetch() {
    let stage = Stage::closed([A]);
    let keys = stage.keys.clone();
    let leaver = tokio::spawn(async move { verify(&keys, "a").await });
    stage.settle().await;
    leaver.abort();
    stage.settle().await;
    stage.platform.gate.add_permits(1000);
    stage.verify("a").await.expect("it verifies");
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn an_unknown_key_id_has_the_keys_fetched_again() {
    let stage = Stage::new([A, AB]);
    stage.verify("a").await.expect("it verifies");
    stage.verify("b").await.expect("it verifies");
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn the_first_fetch_is_not_repeated_for_an_unknown_key_id() {
    let stage = Stage::new([A]);
    assert_eq!(reason(stage.verify("b").await), VerifyError::UnknownKey);
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_fetches_once_in_a_while() {
    let stage = Stage::new([A]);
    stage.verify("a").await.expect("it verifies");
    for round in 2..5 {
        for _ in 0..100 {
            assert_eq!(reason(stage.verify("x").await), VerifyError::UnknownKey);
        }
        assert_eq!(stage.calls(), round);
        stage.pass(30);
    }
}

#[tokio::test]
async fn a_flood_at_one_time_fetches_once() {
    let stage = Stage::new([A]);
    stage.verify("a").await.expect("it verifies");
    let callers: Vec<_> = (0..100)
        .map(|caller| {
            let keys = stage.keys.clone();
            tokio::spawn(async move { verify(&keys, &format!("x{caller}")).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(
            reason(caller.await.expect("no panic")),
            VerifyError::UnknownKey
        );
    }
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn a_key_changed_under_its_id_is_noticed() {
    let pem = include_str!("../../data/rsa4096.pkcs8.pem");
    let old = jwt::SigningKey::from_pem(Algorithm::Rs256, pem).expect("the key is good");
    let mut set = Jwks::default();
    set.insert("a", old.public_key());
    let body = serde_json::to_vec(&set).expect("it is written");

    let stage = Stage::new([Answer::Body(200, body.into()), A]);
    let token = jwt::sign(&old, "a", &json!({"exp": NOW + 1})).expect("it signs");
    verify_token(&stage.keys, token.expose())
        .await
        .expect("it verifies");
    stage.verify("a").await.expect("it verifies");
    assert_eq!(stage.calls(), 2);
    for _ in 0..10 {
        let refused = verify_token(&stage.keys, token.expose()).await;
        assert_eq!(reason(refused), VerifyError::Signature);
    }
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn other_refusals_fetch_nothing() {
    let stage = Stage::new([A]);
    stage.verify("a").await.expect("it verifies");
    let expired = jwt::sign(&key(Algorithm::Rs256), "a", &json!({"exp": NOW - 100}));
    for token in ["a.b.c", "", expired.expect("it signs").expose()] {
        reason(verify_token(&stage.keys, token).await);
    }
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn an_unknown_key_id_while_the_platform_is_away_is_not_a_refusal() {
    let stage = Stage::new([A, Answer::Lost]);
    stage.verify("a").await.expect("it verifies");
    for _ in 0..10 {
        let error = stage.verify("b").await.expect_err("nobody can tell");
        assert_eq!(
            (error.kind(), error.action()),
            (ErrorKind::Transport, Action::Backoff)
        );
    }
    stage.verify("a").await.expect("it verifies");
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn keys_are_renewed_ahead_of_time_and_nobody_waits() {
    let stage = Stage::closed([A, AB]);
    stage.platform.gate.add_permits(1);
    stage.verify("a").await.expect("it verifies");
    stage.pass(2701);
    for _ in 0..10 {
        stage.verify("a").await.expect("it verifies at once");
    }
    stage.settle().await;
    assert_eq!(stage.calls(), 2);
    stage.platform.gate.add_permits(1);
    stage.settle().await;
    stage.pass(2600);
    stage.verify("b").await.expect("it verifies");
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn keys_that_are_due_are_renewed_before_they_are_used() {
    let stage = Stage::new([A, Answer::Keys(&["b"], None)]);
    stage.verify("a").await.expect("it verifies");
    stage.pass(3600);
    assert_eq!(reason(stage.verify("a").await), VerifyError::UnknownKey);
    stage.verify("b").await.expect("it verifies");
    assert_eq!(stage.calls(), 2);
}

#[tokio::test]
async fn old_keys_stay_in_use_while_the_platform_is_away_but_not_for_ever() {
    let stage = Stage::new([A, Answer::Lost]);
    stage.verify("a").await.expect("it verifies");
    stage.pass(3600);
    for _ in 0..10 {
        stage.verify("a").await.expect("old keys verify");
    }
    assert_eq!(stage.calls(), 2);
    stage.pass(30);
    stage.verify("a").await.expect("old keys verify");
    stage.settle().await;
    assert_eq!(stage.calls(), 3);
    stage.pass(23 * 3600 - 31);
    stage.verify("a").await.expect("old keys verify");
    stage.pass(2);
    let error = stage.verify("a").await.expect_err("too old");
    assert_eq!(error.kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn nobody_waits_for_a_platform_that_is_known_to_be_away() {
    let stage = Stage::closed([A, Answer::Lost, AB]);
    stage.platform.gate.add_permits(2);
    stage.verify("a").await.expect("it verifies");
    stage.pass(3600);
    stage.verify("a").await.expect("old keys verify");
    stage.pass(30);
    // The gate is closed: this would wait for ever.
    stage.verify("a").await.expect("old keys verify at once");
    stage.settle().await;
    assert_eq!(stage.calls(), 3);
    stage.platform.gate.add_permits(1);
    stage.settle().await;
    stage.verify("b").await.expect("the new keys are there");
    assert_eq!(stage.calls(), 3);
}

#[tokio::test]
async fn keys_age_while_the_machine_is_suspended() {
    let stage = Stage::new([A, Answer::Keys(&["b"], None)]);
    stage.verify("a").await.expect("it verifies");
    stage.time.suspend(Duration::from_secs(7200));
    assert_eq!(reason(stage.verify("a").await), VerifyError::UnknownKey);
}

#[tokio::test]
async fn the_platform_may_shorten_the_time_within_bounds() {
    for (cache, seconds) in [
        ("max-age=600", 600),
        ("public, Max-Age=\"600\", must-revalidate", 600),
        ("max-age=0", 60),
        ("no-store", 60),
        ("private, no-cache", 60),
        ("max-age=99999999", 3600),
        ("max-age=soon", 3600),
        ("public", 3600),
    ] {
        let stage = Stage::new([
            Answer::Keys(&["a"], Some(cache)),
            Answer::Keys(&["b"], None),
        ]);
        stage.verify("a").await.expect("it verifies");
        stage.pass(seconds - 1);
        stage.verify("a").await.expect(cache);
        let stage = Stage::new([
            Answer::Keys(&["a"], Some(cache)),
            Answer::Keys(&["b"], None),
        ]);
        stage.verify("a").await.expect("it verifies");
        stage.pass(seconds);
        assert_eq!(
            reason(stage.verify("a").await),
            VerifyError::UnknownKey,
            "{cache}"
        );
    }
}

#[tokio::test]
async fn answers_that_are_no_keys_are_failures() {
    let long = vec![b' '; 600 * 1024];
    for (answer, kind) in [
        (Answer::Body(500, jwks(&["a"])), ErrorKind::Transport),
        (Answer::Body(302, Bytes::new()), ErrorKind::Transport),
        (
            Answer::Body(200, Bytes::from_static(b"<html>")),
            ErrorKind::Decode,
        ),
        (
            Answer::Body(200, Bytes::from_static(b"{\"keys\":[]}")),
            ErrorKind::Decode,
        ),
        (Answer::Body(200, long.into()), ErrorKind::Decode),
    ] {
        let stage = Stage::new([answer.clone()]);
        let error = stage.verify("a").await.expect_err("no keys");
        assert_eq!(error.kind(), kind);

        let stage = Stage::new([A, answer]);
        stage.verify("a").await.expect("it verifies");
        stage.pass(3600);
        stage.verify("a").await.expect("old keys verify");
    }
}

#[tokio::test]
async fn a_fetch_that_panics_is_followed_by_another() {
    let stage = Stage::new([Answer::Panic, A]);
    let error = stage.verify("a").await.expect_err("a panic");
    assert_eq!(error.kind(), ErrorKind::Transport);
    stage.verify("a").await.expect("it verifies");
}

#[test]
fn a_fetch_whose_runtime_went_away_is_followed_by_another() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
    };
    let stage = Stage::closed([A]);
    let first = runtime().expect("a runtime");
    let keys = stage.keys.clone();
    let caller = first.spawn(async move { verify(&keys, "a").await });
    first.block_on(stage.settle());
    assert_eq!(stage.calls(), 1);
    drop((first, caller));

    stage.platform.gate.add_permits(1000);
    let second = runtime().expect("a runtime");
    second.block_on(stage.verify("a")).expect("it verifies");
    assert_eq!(stage.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_hangs_ends() {
    let stage = Stage::new([Answer::Never]);
    let early = tokio::time::timeout(Duration::from_secs(9), stage.verify("a")).await;
    assert!(early.is_err(), "it ended too early");
    let error = tokio::time::timeout(Duration::from_secs(2), stage.verify("a")).await;
    let error = error.expect("it ends").expect_err("no keys");
    assert_eq!(error.action(), Action::Backoff);
    assert_eq!(stage.calls(), 1);
}

#[test]
fn outside_of_a_runtime_the_error_says_so() {
    let stage = Stage::new([A]);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut call = Box::pin(stage.verify("a"));
    match call.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Err(error)) => assert_eq!(error.kind(), ErrorKind::Config),
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_http_is_for_this_machine_and_hosts_that_are_named() {
    let stage = Stage::new([A]);
    let transport = || Arc::clone(&stage.platform) as Arc<dyn HttpSend>;
    for url in [
        "https://a.example/x?y=z",
        "http://127.0.0.1:8080/",
        "http://[::1]/",
        "http://localhost:1/certs",
    ] {
        KeySet::builder(url, transport()).build().expect(url);
    }
    for url in [
        "http://a.example/",
        "ftp://a.example/",
        "/certs",
        "a.example",
        "",
        "http://127.0.0.1.a.example/",
    ] {
        let error = KeySet::builder(url, transport()).build().expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
    }
    let named = KeySet::builder("http://a.example/", transport()).allow_http("a.example");
    named.build().expect("it was named");
}
