//! Account events: whom they are believed, and that each arrives once.

use std::time::{Duration, SystemTime};

use auth_core::jwt::{self, Algorithm, Jwks, VerifyError};
use auth_core::testing::{ManualClock, Reply, Script};
use auth_core::{Action, Error};
use http::Method;
use huawei_oauth::account_events::{AccountEvent, Kind, Receiver, Rules};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::scripted::{CLIENT_ID, client_with_clock, jwks, key, now};

const ISSUER: &str = "id.cloud.huawei.com";
const CONFIGURATION: &str = "/v1beta/public/risc/.well-known/risc-configuration";
const PURGED: &str = "https://schemas.openid.net/secevent/risc/event-type/account-purged";

/// The header of a call, with some claims replaced; `null` removes one.
pub(crate) fn bearer(change: Value) -> String {
    signed("k1", change)
}

/// The keys that verify it.
pub(crate) fn keys() -> Jwks {
    Jwks::parse(jwks("k1").to_string().as_bytes()).unwrap()
}

fn signed(kid: &str, change: Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": CLIENT_ID, "iat": 1_790_000_000, "exp": 1_790_003_600,
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    let token = jwt::sign(&key(Algorithm::Rs256), kid, &claims).unwrap();
    format!("Bearer {}", token.expose())
}

fn event(id: &str, kind: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT_ID, "iat": 1_727_619_834, "jti": id,
        "events": {kind: {"subject": {"iss": ISSUER, "sub": "U", "extra": "O"}}},
    })
}

fn check(header: Option<&str>, body: &Value) -> Result<Vec<AccountEvent>, Error> {
    let rules = Rules::new(CLIENT_ID, ISSUER);
    rules.check(header, body.to_string().as_bytes(), &keys(), now())
}

#[track_caller]
fn refused(change: Value, reason: VerifyError) {
    let error = check(Some(&bearer(change)), &event("1", PURGED)).unwrap_err();
    assert_eq!(VerifyError::of(&error), Some(&reason));
}

#[test]
fn a_call_for_others_or_of_other_times_is_refused() {
    refused(json!({"aud": "999"}), VerifyError::Audience);
    refused(
        json!({"iss": "https://accounts.huawei.com"}),
        VerifyError::Issuer,
    );
    let ago = Duration::from_secs(200);
    refused(json!({"exp": 1_789_999_900}), VerifyError::Expired { ago });
    // 60 s of skew, as the platform's own sample code has it.
    let skewed = bearer(json!({"exp": 1_790_000_041}));
    assert!(check(Some(&skewed), &event("1", PURGED)).is_ok());
    let without = bearer(json!({"exp": null}));
    assert!(check(Some(&without), &event("1", PURGED)).is_ok());
}

#[test]
fn a_call_without_a_proof_is_refused() {
    let body = event("1", PURGED);
    for header in [
        None,
        Some(""),
        Some("Basic a"),
        Some("Bearer"),
        Some("Bearer a.b.c"),
    ] {
        assert!(check(header, &body).is_err(), "{header:?}");
    }
    let sound = bearer(json!({}));
    let (front, signature) = sound.rsplit_once('.').unwrap();
    let other = bearer(json!({"aud": "999"}));
    let (_, foreign) = other.rsplit_once('.').unwrap();
    assert_ne!(signature, foreign);
    assert!(check(Some(&format!("{front}.{foreign}")), &body).is_err());
    assert!(check(Some(&sound.replacen("Bearer", "bearer", 1)), &body).is_ok());
}

#[test]
fn a_body_for_another_app_is_refused_whole() {
    let mut foreign = event("2", PURGED);
    foreign["aud"] = json!("999");
    let body = json!([event("1", PURGED), foreign]);
    assert!(check(Some(&bearer(json!({}))), &body).is_err());
}

#[test]
fn the_issuer_is_that_of_the_token_however_the_body_spells_it() {
    let mut event = event("1", PURGED);
    event["iss"] = json!("https://id.cloud.huawei.com/");
    assert_eq!(check(Some(&bearer(json!({}))), &event).unwrap().len(), 1);
}

#[test]
fn one_event_a_list_and_an_unknown_kind_are_read() {
    let header = bearer(json!({}));
    let one = check(Some(&header), &event("1", PURGED)).unwrap();
    assert_eq!((one.len(), &one[0].kind), (1, &Kind::AccountPurged));
    assert_eq!(one[0].user.key().unwrap().as_str(), "U");
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_727_619_834);
    assert_eq!(one[0].at, at);
    let list = json!([event("1", PURGED), event("2", "https://example.com/new")]);
    let list = check(Some(&header), &list).unwrap();
    let kinds: Vec<_> = list.iter().map(|event| &event.kind).collect();
    assert_eq!(kinds[1], &Kind::Other("https://example.com/new".to_owned()));
}

fn configuration() -> Reply {
    let body = json!({
        "issuer": ISSUER, "jwks_uri": "https://risc.cloud.huawei.com/certs", "more": 1,
    });
    Reply::json(200, &body)
}

fn receiving(script: &Script, clock: &ManualClock) -> Receiver {
    client_with_clock(script, clock).account_events().unwrap()
}

async fn receive(events: &Receiver, header: &str, body: &Value) -> Vec<AccountEvent> {
    let body = body.to_string();
    events.receive(Some(header), body.as_bytes()).await.unwrap()
}

#[tokio::test]
async fn each_event_arrives_once_however_it_is_delivered() {
    let script = Script::new()
        .expect(Method::GET, CONFIGURATION, configuration())
        .expect(Method::GET, "/certs", Reply::json(200, &jwks("k1")));
    let events = receiving(&script, &ManualClock::at(now()));
    let header = bearer(json!({}));
    let (one, two) = (event("1", PURGED), event("2", PURGED));
    assert_eq!(receive(&events, &header, &json!([one, one])).await.len(), 1);
    assert_eq!(receive(&events, &header, &json!([one, two])).await.len(), 1);
    assert_eq!(receive(&events.clone(), &header, &two).await.len(), 0);
    script.verify();
}

#[tokio::test]
async fn a_flood_of_forged_calls_fetches_keys_once_in_a_while() {
    let script = Script::new()
        .expect(Method::GET, CONFIGURATION, configuration())
        .otherwise(Reply::json(200, &jwks("k1")));
    let events = receiving(&script, &ManualClock::at(now()));
    receive(&events, &bearer(json!({})), &event("1", PURGED)).await;
    for number in 0..100 {
        let header = signed(&format!("forged-{number}"), json!({}));
        let body = event("2", PURGED).to_string();
        let error = events
            .receive(Some(&header), body.as_bytes())
            .await
            .unwrap_err();
        assert_eq!(VerifyError::of(&error), Some(&VerifyError::UnknownKey));
    }
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_is_away_is_asked_again_after_a_while() {
    let clock = ManualClock::at(now());
    let script = Script::new().otherwise(Reply::status(404));
    let events = receiving(&script, &clock);
    for _ in 0..50 {
        let error = events
            .receive(Some(&bearer(json!({}))), b"{}")
            .await
            .unwrap_err();
        assert_eq!(error.action(), Action::FixRequest);
    }
    assert_eq!(script.count(), 1);
    clock.advance(Duration::from_secs(31));
    events
        .receive(Some(&bearer(json!({}))), b"{}")
        .await
        .unwrap_err();
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_at_hand_serves_on_while_the_platform_is_away() {
    let clock = ManualClock::at(now());
    let script = Script::new()
        .expect(Method::GET, CONFIGURATION, configuration())
        .expect(Method::GET, "/certs", Reply::json(200, &jwks("k1")))
        .otherwise(Reply::status(404));
    let events = receiving(&script, &clock);
    let lasting = bearer(json!({"exp": null}));
    receive(&events, &lasting, &event("1", PURGED)).await;
    clock.advance(Duration::from_secs(24 * 3600 - 60));
    receive(&events, &lasting, &event("2", PURGED)).await;
}

#[tokio::test(start_paused = true)]
async fn a_renewed_configuration_keeps_the_keys_it_has() {
    let clock = ManualClock::at(now());
    let script = Script::new()
        .expect(Method::GET, CONFIGURATION, configuration())
        .expect(Method::GET, "/certs", Reply::json(200, &jwks("k1")))
        .expect(Method::GET, "/certs", Reply::json(200, &jwks("k1")))
        .expect(Method::GET, CONFIGURATION, configuration())
        .otherwise(Reply::status(404));
    let events = receiving(&script, &clock);
    let lasting = bearer(json!({"exp": null}));
    receive(&events, &lasting, &event("1", PURGED)).await;
    clock.advance(Duration::from_secs(23 * 3600));
    receive(&events, &lasting, &event("2", PURGED)).await;
    // The configuration is due, and the keys, an hour older than they may be, cannot be fetched.
    clock.advance(Duration::from_secs(2 * 3600));
    receive(&events, &lasting, &event("3", PURGED)).await;
}

#[test]
fn a_body_that_cannot_be_read_is_not_quoted() {
    let body = json!([{"jti": "hush"}]);
    let error = check(Some(&bearer(json!({}))), &body).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn no_header_that_nobody_signed_is_believed(header in "(Bearer )?[!-~ ]{0,200}") {
        prop_assert!(check(Some(&header), &event("1", PURGED)).is_err());
    }

    #[test]
    fn bodies_of_any_content_are_read_or_refused(body in "[\\[\\]{}\":,a-z0-9]{0,200}") {
        let header = bearer(json!({}));
        let rules = Rules::new(CLIENT_ID, ISSUER);
        let _ = rules.check(Some(&header), body.as_bytes(), &keys(), now());
    }
}
