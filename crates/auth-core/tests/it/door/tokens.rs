//! Refused tokens: one new one, then the credentials are at fault.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use auth_core::testing::{CountingProvider, ManualClock, Reply, Script};
use auth_core::{
    Action, Api, Cached, Credential, Error, ErrorKind, MemoryStore, Request, Secret, SecretSource,
    StoreKey, TokenStore,
};
use serde_json::json;

use super::{GET_TOKEN, HOUR, add, get, scripted};

fn client(script: &Script, provider: &CountingProvider) -> Api {
    scripted(script)
        .credential("bearer", Cached::new(provider.clone()))
        .build()
        .unwrap()
}

fn refused() -> Reply {
    Reply::json(200, &json!({"code": "7"}))
}

fn sent_tokens(script: &Script) -> Vec<String> {
    let requests = script.requests();
    let tokens = requests.iter().map(|request| {
        let value = request.headers()["authorization"].to_str().unwrap();
        value.to_owned()
    });
    tokens.collect()
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_even_where_a_repeat_could_act_twice() {
    let script = Script::new()
        .reply(refused())
        .reply(Reply::json(200, &json!({"code": "0"})));
    let provider = CountingProvider::new(HOUR);
    let api = client(&script, &provider);
    add(&api).await.unwrap();
    assert_eq!(sent_tokens(&script), ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(provider.count(), 2);
    script.verify();
}

#[tokio::test]
async fn a_client_is_warmed_before_its_first_call() {
    let script = Script::new().reply(Reply::json(200, &json!({"code": "0"})));
    let failure = Error::credentials("the secret is wrong");
    let provider = CountingProvider::new(HOUR).fail_next(failure);
    let error = client(&script, &provider).warm().await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);

    let api = client(&script, &provider);
    api.warm().await.unwrap();
    assert_eq!(provider.count(), 2);
    assert!(script.requests().is_empty());
    get(&api).await.unwrap();
    assert_eq!(provider.count(), 2, "the call found its token");
}

#[tokio::test]
async fn a_refused_new_token_means_wrong_credentials() {
    let script = Script::new().reply(refused()).reply(refused());
    let provider = CountingProvider::new(HOUR);
    let api = client(&script, &provider);
    let error = add(&api).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
    assert_eq!(error.attempts(), 2);
    assert!(!error.may_have_taken_effect());
    assert_eq!(provider.count(), 2);
    script.verify();
}

#[tokio::test]
async fn a_new_token_that_was_refused_costs_later_calls_one_fetch_each() {
    let script = Script::new().otherwise(refused());
    let provider = CountingProvider::new(HOUR);
    let api = client(&script, &provider);
    for _ in 0..3 {
        get(&api).await.unwrap_err();
    }
    assert_eq!(provider.count(), 4);
}

#[tokio::test]
async fn a_call_that_gets_no_token_tells_why_and_sends_nothing() {
    let script = Script::new();
    let provider = CountingProvider::new(HOUR).fail_next(Error::credentials("the secret is wrong"));
    let api = client(&script, &provider);
    let error = get(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(error.action(), Action::FixCredentials);
    assert_eq!(error.operation(), Some("get_item"));
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "the secret is wrong");
    assert_eq!(script.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_wait_for_a_token_beyond_its_own_time() {
    let script = Script::new();
    let provider = CountingProvider::new(HOUR).delay(HOUR);
    let api = client(&script, &provider);
    let error = get(&api).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(error.action(), Action::Backoff);
    assert_eq!(error.elapsed().as_secs(), 10);
    assert!(
        error.to_string().contains("waited for the platform"),
        "{error}"
    );
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn a_call_whose_secret_is_refused_is_sent_again_once_with_another() {
    let wrong = || Reply::json(200, &json!({"code": "5"}));
    let script = Script::new()
        .reply(wrong())
        .reply(Reply::json(200, &json!({"code": "0"})))
        .reply(wrong())
        .reply(wrong());
    let said = AtomicU32::new(0);
    let vault = SecretSource::vault(move || {
        let said = said.fetch_add(1, Ordering::SeqCst);
        async move { Ok(Secret::new(format!("secret-{said}"))) }
    });
    let api = scripted(&script)
        .credential("in_body", Credential::client("me", vault))
        .build()
        .unwrap();
    let call = || Request::new(&GET_TOKEN).json("application/json", &json!({}));
    call().send::<serde_json::Value>(&api).await.unwrap();
    let error = call().send::<serde_json::Value>(&api).await.unwrap_err();
    assert_eq!(
        (error.action(), error.attempts()),
        (Action::FixCredentials, 2)
    );
    let sent = script.requests();
    let secrets = sent.iter().map(|request| {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        body["secret"].as_str().unwrap().to_owned()
    });
    let secrets: Vec<_> = secrets.collect();
    assert_eq!(secrets, ["secret-0", "secret-1", "secret-1", "secret-2"]);
    script.verify();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_another_process_kept_waiting_says_so() {
    let (error, logins) = kept_waiting(&Script::new(), HOUR).await;
    let expected = "waited for another process, which has the lease on the token";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(logins, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_token_came_too_late_for_an_answer_says_what_it_waited_for() {
    let script = Script::new().reply(Reply::hang());
    let (error, logins) = kept_waiting(&script, Duration::from_secs(8)).await;
    let expected = "no answer within the time of the call: before it was sent it waited for another \
                    process, which has the lease on the token";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!((logins, script.count()), (1, 1));
}

/// What becomes of a call of 10 s while another process has the lease for so long.
async fn kept_waiting(script: &Script, lease: Duration) -> (Error, usize) {
    let clock = ManualClock::new();
    let store = MemoryStore::with_clock(clock.clock());
    let key = StoreKey::new("example", "token", "tenant");
    let provider = CountingProvider::new(HOUR);
    let tokens = Cached::builder(provider.clone())
        .clock(clock.clock())
        .store(store.clone(), key.clone());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(TICK).await;
            clock.advance(TICK);
        }
    });
    let api = scripted(script).credential("bearer", tokens.build());
    store.lease(&key, "another", lease).await.unwrap();
    let error = get(&api.build().unwrap()).await.unwrap_err();
    (error, provider.count())
}

const TICK: Duration = Duration::from_millis(10);
