//! Each action by a fault, both forms of errors, and failures inside of successes.

use std::time::Duration;

use auth_core::testing::{Reply, Script};
use auth_core::{Action, CallOptions, ErrorKind};
use huawei_emulator::Fault;
use iot_na::model::{
    CreateDeviceCommand, CreateDeviceCommandOptions, DeviceCommandBody, GetDevice,
};
use iot_na::{Application, Client, Result};
use serde_json::json;

use crate::stage::Stage;

async fn get(stage: &Stage) -> Result<()> {
    let options = GetDevice::default();
    stage.client.get_device("1", &options).await.map(drop)
}

#[tokio::test]
async fn each_action_is_what_the_table_says() {
    let stage = Stage::new("actions");
    for (code, action) in [
        ("50252", Action::Backoff),
        ("1010009", Action::Backoff),
        ("100247", Action::ContactProvider),
        ("100403@404", Action::DropTarget),
        ("100418@200", Action::DropTarget),
        ("100217@403", Action::FixCredentials),
        ("100405", Action::FixRequest),
    ] {
        stage.space.clear_faults();
        stage
            .space
            .fail_next(Fault::code(code).on("get_device").times(9));
        let error = get(&stage).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api);
        assert_eq!(error.action(), action, "{code}");
        let bare = code.split('@').next().unwrap();
        assert_eq!(error.api().unwrap().code, bare);
    }
}

#[tokio::test]
async fn a_refused_token_is_a_new_one_and_then_a_question_of_credentials() {
    let stage = Stage::new("new-token");
    let device = stage.device("1").await;
    let options = GetDevice::default();
    stage
        .space
        .fail_next(Fault::code("1010005").on("get_device"));
    let found = stage.client.get_device(&device, &options).await;
    found.unwrap();
    assert_eq!(stage.iot.tokens_issued(), 2);
    let refused = Fault::code("1005").on("get_device").times(2);
    stage.space.fail_next(refused);
    let error = stage.client.get_device(&device, &options).await;
    assert_eq!(error.unwrap_err().action(), Action::FixCredentials);
}

#[tokio::test]
async fn both_forms_of_errors_are_read_whatever_the_status() {
    let stage = Stage::new("envelopes");
    for (status, body, code, action) in [
        (
            200,
            r#"{"error_code":"100418","error_desc":"no data"}"#,
            "100418",
            Action::DropTarget,
        ),
        (
            200,
            r#"{"error_code":100418,"error_desc":"a number"}"#,
            "100418",
            Action::DropTarget,
        ),
        (
            403,
            r#"{"resultcode":"1010009","resultmsg":"slow"}"#,
            "1010009",
            Action::Backoff,
        ),
        (
            200,
            r#"{"resultcode":"1010009","resultmsg":"slow"}"#,
            "1010009",
            Action::Backoff,
        ),
        (
            404,
            r#"{"error_code":"100403","error_desc":"gone"}"#,
            "100403",
            Action::DropTarget,
        ),
        (
            200,
            r#"{"error_code":"777","error_desc":"new"}"#,
            "777",
            Action::ContactProvider,
        ),
        (
            400,
            r#"{"error_code":"777","error_desc":"new"}"#,
            "777",
            Action::FixRequest,
        ),
    ] {
        stage.space.clear_faults();
        let fault = Fault::body(status, body).on("get_device").times(9);
        stage.space.fail_next(fault);
        let error = get(&stage).await.unwrap_err();
        let api = error.api().unwrap_or_else(|| panic!("{body}: {error:?}"));
        assert_eq!((api.code.as_str(), api.status), (code, status));
        assert_eq!(error.action(), action, "{body}");
    }
}

#[tokio::test]
async fn what_looks_like_an_error_deeper_down_is_none() {
    let stage = Stage::new("nested");
    for body in [
        r#"{"deviceId":"1","error_code":null}"#,
        r#"{"deviceId":"1","services":[{"serviceId":"a","data":{"error_code":"1"}}]}"#,
    ] {
        stage
            .space
            .fail_next(Fault::body(200, body).on("get_device"));
        get(&stage).await.unwrap();
    }
}

#[tokio::test]
async fn a_command_whose_answer_is_lost_is_not_sent_twice() {
    let stage = Stage::new("lost-command");
    let device = stage.device("1").await;
    let fault = Fault::reset().after_effect().on("create_device_command");
    stage.space.fail_next(fault);
    let command = CreateDeviceCommand::new(device, DeviceCommandBody::new("Meter", "READ"));
    let options = CreateDeviceCommandOptions::default();
    let error = stage.client.create_device_command(&command, &options).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.may_have_taken_effect());
    let called = stage.called();
    let sent = called.iter().filter(|id| **id == "create_device_command");
    assert_eq!(sent.count(), 1);
}

#[tokio::test]
async fn calls_above_those_of_a_minute_are_not_sent_again_within_it() {
    let stage = Stage::new("throttled");
    stage.iot.set_rate_limit(Some(2));
    let device = stage.device("1").await;
    let options = GetDevice::default();
    stage.client.get_device(&device, &options).await.unwrap();
    let before = stage.space.request_count();
    let error = stage.client.get_device(&device, &options).await;
    let error = error.unwrap_err();
    let api = error.api().unwrap();
    assert_eq!(api.code, "1010009");
    assert_eq!(api.retry_after, Some(Duration::from_secs(60)));
    assert!(error.to_string().contains("60 s"), "{error}");
    assert_eq!(stage.space.request_count(), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_take_longer_waits_for_the_next_minute() {
    let throttled = json!({"resultcode": "1010009", "resultmsg": "throttled"});
    let script = Script::new()
        .reply(Reply::json(
            200,
            &json!({"accessToken": "a", "expiresIn": 3600}),
        ))
        .reply(Reply::json(403, &throttled))
        .reply(Reply::json(200, &json!({"deviceId": "1"})));
    let client = Client::builder(Application::new("app", "secret"), "https://site.test:8743")
        .transport(script.transport())
        .build()
        .unwrap();
    let patient = client.with(CallOptions::new().timeout(Duration::from_secs(90)));
    patient
        .get_device("1", &GetDevice::default())
        .await
        .unwrap();
    script.verify();
}
