//! Each action by a fault, and faults of the connection.

use std::time::Duration;

use auth_core::{Action, ErrorKind};
use harmony_push::model::{ImagePushType, SendServiceNotification};
use harmony_push::{Outcome, Result};
use huawei_emulator::Fault;
use huawei_emulator::harmony_push::Device;

use super::Stage;
use crate::sending::{parcel, word};

async fn notify(stage: &Stage) -> Result<()> {
    let params = [("thing_0".to_owned(), "a".to_owned())]
        .into_iter()
        .collect();
    let message = SendServiceNotification::new("1", "open-1", "100000001", "template-1", params);
    stage.client.notify_subscriber(&message).await.map(drop)
}

#[tokio::test]
async fn each_action_is_what_the_table_says() {
    let stage = Stage::new("actions");
    for (code, action) in [
        ("81000001", Action::Backoff),
        ("80300037", Action::ContactProvider),
        ("82500006", Action::DropTarget),
        ("80300002", Action::FixCredentials),
        ("80100003", Action::FixRequest),
    ] {
        stage.space.clear_faults();
        stage.space.fail_next(Fault::code(code).times(9));
        let error = notify(&stage).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api);
        assert_eq!(error.api().unwrap().code, code);
        assert_eq!(error.action(), action, "{code}");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let stage = Stage::new("new-token");
    stage.push.set_subscriptions("open-1", "template-1", 10);
    stage.space.fail_next(Fault::code("80200005"));
    notify(&stage).await.unwrap();
    stage.space.fail_next(Fault::code("80200005").times(2));
    let error = notify(&stage).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
    assert_eq!(stage.space.request_count(), 4);
}

#[tokio::test]
async fn an_access_token_that_was_voided_is_renewed() {
    let stage = Stage::new("voided");
    let token = stage.push.device(Device::hms());
    let message = harmony_push::model::SendHmsMessage::data("x");
    for _ in 0..2 {
        let outcome = stage.client.send_hms_one(&message, &token).await.unwrap();
        assert!(outcome.is_accepted(), "{outcome:?}");
        stage.push.revoke_access_tokens();
    }
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_by_the_platform() {
    let stage = Stage::new("wrong-clock");
    stage.space.set_clock_offset_ms(-7_200_000);
    let token = stage.push.device(Device::harmony());
    let outcome = stage.client.send_one(&parcel(), &token).await.unwrap();
    assert!(outcome.is_accepted(), "{outcome:?}");
}

/// Sends to one device while `fault` is waiting, and expects this outcome.
async fn check(stage: &Stage, fault: Fault, expected: &str) {
    let token = stage.push.device(Device::harmony());
    stage.space.fail_next(fault);
    let outcome = stage.client.send_one(&parcel(), &token).await.unwrap();
    let word = word(&outcome);
    assert!(word.starts_with(expected), "{outcome:?}");
    if let Outcome::Unknown(error) = outcome {
        assert!(error.may_have_taken_effect() || error.kind() == ErrorKind::Decode);
    }
    stage.space.clear_faults();
}

#[tokio::test]
async fn answers_that_do_not_arrive_leave_the_outcome_unknown() {
    let stage = Stage::new("lost-answers");
    check(&stage, Fault::reset(), "unknown").await;
    check(&stage, Fault::reset().after_effect(), "unknown").await;
    check(&stage, Fault::truncate(10), "unknown").await;
    check(&stage, Fault::status(500), "unknown").await;
    check(&stage, Fault::status(502), "unknown").await;
    check(&stage, Fault::status(504), "unknown").await;
    check(&stage, Fault::body(200, "<html>"), "unknown").await;
    check(&stage, Fault::status(404), "not sent").await;
    check(&stage, Fault::code("80300029"), "not sent").await;
    check(&stage, Fault::status(503).retry_after(0), "accepted").await;
    check(&stage, Fault::delay(Duration::from_millis(20)), "accepted").await;
}

#[tokio::test]
async fn flow_control_is_met_and_survived() {
    let stage = Stage::new("flow-control");
    stage.push.fleet("fleet-", 5000, Device::harmony());
    stage
        .space
        .fail_next(Fault::status(503).on("send_message").times(2));
    let tokens: Vec<String> = (0..5000).map(|number| format!("fleet-{number}")).collect();
    let outcomes = stage.client.send(&parcel(), &tokens).await.unwrap();
    assert_eq!(outcomes.summary().accepted, 5000);
    assert_eq!(stage.space.request_count(), 7);
}

#[tokio::test]
async fn a_call_without_its_credential_fails_before_any_request() {
    let stage = Stage::new("no-credential");
    let client = harmony_push::Client::hms_builder(harmony_push::HmsClient::new("1", "s"))
        .emulator(stage.space.url("harmony-push"))
        .build()
        .unwrap();
    let error = client
        .verify_image(
            "1",
            ImagePushType::Alert,
            &harmony_push::model::VerifyImage::new("https://a"),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.to_string();
    assert!(text.contains("serviceAccountJwt"), "{text}");
    assert!(text.contains("Client::builder"), "{text}");
    let error = client.send(&parcel(), &["t"]).await.unwrap_err();
    assert!(error.to_string().contains("project"), "{error}");
    assert_eq!(stage.space.request_count(), 0);
}
