//! ID tokens: keys that change daily, and whom they are fetched for.

use std::time::Duration;

use auth_core::Action;
use auth_core::jwt::VerifyError;
use auth_core::testing::{ManualClock, Reply, Script};
use http::Method;
use huawei_oauth::RefreshToken;
use serde_json::json;

use crate::scripted::{CODE, claims, client, client_with_clock, id_token, jwks, now, tokens};

const TOKEN: &str = "/oauth2/v3/token";
const CERTS: &str = "/oauth2/v3/certs";

fn serving(kid: &str) -> Reply {
    Reply::json(200, &jwks(kid))
}

#[tokio::test]
async fn keys_are_fetched_once_for_many_tokens() {
    let script = Script::new().expect(Method::GET, CERTS, serving("k1"));
    let sign_in = client(&script).sign_in().unwrap();
    let token = id_token("k1", &claims(json!({"nonce": "n"})));
    for _ in 0..50 {
        let claims = sign_in.verify(token.as_str(), Some("n")).await.unwrap();
        assert_eq!(claims.aud, "107408391");
    }
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn the_key_of_a_new_day_is_found() {
    let clock = ManualClock::at(now());
    let script = Script::new()
        .expect(Method::GET, CERTS, serving("today"))
        .expect(Method::GET, CERTS, serving("tomorrow"));
    let sign_in = client_with_clock(&script, &clock).sign_in().unwrap();
    let claims = claims(json!({"exp": 1_790_100_000}));
    let verify = async |kid: &str| sign_in.verify(id_token(kid, &claims), None).await;
    verify("today").await.unwrap();
    clock.advance(Duration::from_secs(600));
    verify("tomorrow").await.unwrap();
    // The key of the day before is gone by now.
    let error = verify("today").await.unwrap_err();
    assert_eq!(VerifyError::of(&error), Some(&VerifyError::UnknownKey));
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_fetches_them_once_in_a_while() {
    let clock = ManualClock::at(now());
    let script = Script::new().otherwise(serving("k1"));
    let sign_in = client_with_clock(&script, &clock).sign_in().unwrap();
    sign_in
        .verify(id_token("k1", &claims(json!({}))), None)
        .await
        .unwrap();
    for number in 0..100 {
        let token = id_token(&format!("forged-{number}"), &claims(json!({})));
        let error = sign_in.verify(token, None).await.unwrap_err();
        assert_eq!(VerifyError::of(&error), Some(&VerifyError::UnknownKey));
    }
    assert_eq!(
        script.count(),
        2,
        "once at first, once on the word of a token"
    );
    clock.advance(Duration::from_secs(31));
    for number in 0..100 {
        let token = id_token(&format!("forged-{number}"), &claims(json!({})));
        sign_in.verify(token, None).await.unwrap_err();
    }
    assert_eq!(script.count(), 3);
}

/// A clock that goes with that of the runtime.
fn running() -> ManualClock {
    let clock = ManualClock::at(now());
    let running = clock.clone();
    tokio::spawn(async move {
        let step = Duration::from_millis(500);
        loop {
            tokio::time::sleep(step).await;
            running.advance(step);
        }
    });
    clock
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_late_do_not_cost_a_sign_in() {
    let answer = tokens(&claims(json!({})));
    let script = Script::new()
        .expect(Method::POST, TOKEN, Reply::json(200, &answer))
        .expect(Method::GET, CERTS, Reply::status(503))
        .expect(Method::GET, CERTS, serving("k1"));
    let sign_in = client_with_clock(&script, &running()).sign_in().unwrap();
    assert!(sign_in.app_code(CODE).send().await.is_ok());
    script.verify();
}

#[tokio::test(start_paused = true)]
async fn a_code_that_was_spent_without_keys_asks_for_another_sign_in() {
    let answer = tokens(&claims(json!({})));
    let script = Script::new()
        .expect(Method::POST, TOKEN, Reply::json(200, &answer))
        .otherwise(Reply::status(503));
    let sign_in = client_with_clock(&script, &running()).sign_in().unwrap();
    let error = sign_in.app_code(CODE).send().await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    assert_eq!(script.count(), 1 + 3);
}

#[tokio::test]
async fn tokens_for_work_in_the_background_need_no_keys() {
    let answer = tokens(&claims(json!({})));
    let script = Script::new().expect(Method::POST, TOKEN, Reply::json(200, &answer));
    let sign_in = client(&script).sign_in().unwrap();
    let tokens = sign_in.user_tokens(RefreshToken::new("t"));
    assert!(tokens.token().await.is_ok());
    script.verify();
}

#[tokio::test]
async fn clients_share_their_keys_with_every_sign_in() {
    let script = Script::new().expect(Method::GET, CERTS, serving("k1"));
    let client = client(&script);
    let token = id_token("k1", &claims(json!({})));
    for _ in 0..3 {
        let sign_in = client.clone().sign_in().unwrap();
        sign_in.verify(token.as_str(), None).await.unwrap();
    }
    assert_eq!(script.count(), 1);
}
