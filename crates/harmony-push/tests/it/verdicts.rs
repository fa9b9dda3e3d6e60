//! What an answer means where its status, or the caller, says something else than usual.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::testing::ManualClock;
use auth_core::{Action, CallOptions, ErrorKind, RetryPolicy};
use harmony_push::model::SendHmsMessage;
use harmony_push::{Client, HmsClient, Outcome};

use crate::fake::{Fake, Reply, accepted, code, now};
use crate::sending::{parcel, tokens, words};

/// Sends to one token and expects this outcome of an answer, however often it has to be sent.
async fn check(status: u16, with: &'static str, expected: &str) {
    let fake = Fake::new(move |_| code(status, with, "", 1));
    let outcomes = fake.client().send(&parcel(), &["a"]).await.unwrap();
    assert_eq!(words(&outcomes), [expected], "{with} with HTTP {status}");
    assert_eq!(fake.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_internal_error_is_unknown_whatever_its_status() {
    // No table says which status comes with which code, and v1 answers 200 to everything.
    for internal in ["81000001", "80000001", "80600003"] {
        for status in [200, 400, 500] {
            check(status, internal, "unknown").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_that_nobody_knows_is_judged_by_its_status() {
    check(200, "89999999", "unknown").await;
    check(400, "89999999", "not sent").await;
    check(500, "89999999", "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn a_view_brings_its_own_patience_and_repeats() {
    let fake = Fake::new(|_| Reply::Unreachable);
    let once = CallOptions::new().retry(RetryPolicy::none());
    let outcomes = fake.client().with(once).send(&parcel(), &["a"]).await;
    assert_eq!(words(&outcomes.unwrap()), ["not sent"]);
    assert_eq!(fake.sent().len(), 1);

    let fake = Fake::new(|_| Reply::Answer(503, String::new()));
    let short = CallOptions::new().timeout(Duration::from_secs(2));
    let started = now();
    let outcomes = fake.client().with(short).send(&parcel(), &["a"]).await;
    assert_eq!(words(&outcomes.unwrap()), ["not sent"]);
    assert!(started.elapsed() <= Duration::from_secs(2));
}

/// A client whose clock goes with that of the runtime.
fn hms_client(fake: &Arc<Fake>) -> Client {
    let clock = ManualClock::new();
    let client = Client::hms_builder(HmsClient::new("1000", "s"))
        .transport(Arc::<Fake>::clone(fake))
        .clock(clock.clock())
        .build();
    tokio::spawn(async move {
        let step = Duration::from_millis(100);
        loop {
            tokio::time::sleep(step).await;
            clock.advance(step);
        }
    });
    client.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_campaign_waits_while_no_token_can_be_had() {
    let refusals = AtomicUsize::new(0);
    let fake = Fake::new(move |sent| match sent.path.as_str() {
        "/oauth2/v3/token" if refusals.fetch_add(1, Ordering::Relaxed) < 8 => {
            Reply::Answer(500, String::new())
        }
        "/oauth2/v3/token" => {
            Reply::Answer(200, r#"{"access_token":"t","expires_in":3600}"#.to_owned())
        }
        _ => accepted(sent.number),
    });
    let (client, list) = (hms_client(&fake), tokens(20_000));
    let outcomes = client.send_hms(&SendHmsMessage::data("x"), &list).await;
    assert_eq!(outcomes.unwrap().summary().accepted, list.len());
}

#[tokio::test(start_paused = true)]
async fn a_campaign_ends_where_no_token_can_be_had_for_long() {
    let fake = Fake::new(|_| Reply::Answer(500, String::new()));
    let (client, list) = (hms_client(&fake), tokens(20_000));
    let (started, message) = (now(), SendHmsMessage::data("x"));
    let outcomes = client.send_hms(&message, &list).await.unwrap();
    assert_eq!(outcomes.summary().not_sent, list.len());
    let error = outcomes.get(0).unwrap().error().unwrap();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(error.action(), Action::Backoff);
    assert!(started.elapsed() <= Duration::from_secs(100));
}

#[tokio::test(start_paused = true)]
async fn a_single_message_does_not_outlast_a_token_that_cannot_be_had() {
    let fake = Fake::new(|_| Reply::Answer(500, String::new()));
    let (client, message) = (hms_client(&fake), SendHmsMessage::data("x"));
    assert!(client.send_hms_one(&message, "a").await.is_ok());
    let started = now();
    let outcome = client.send_hms_one(&message, "a").await.unwrap();
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    assert_eq!(started.elapsed(), Duration::ZERO, "it is remembered");
}
