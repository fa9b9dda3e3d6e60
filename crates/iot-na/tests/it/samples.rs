//! Every published sample: requests are what our types write, answers decode, errors classify.

use std::fs;
use std::path::Path;

use auth_core::testing::{Reply, Script};
use auth_core::{Action, ErrorKind};
use contract::Document;
use contract::sample::request;
use huawei_emulator::check;
use iot_na::model::*;
use iot_na::{Application, Client};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A sample file: an exchange as documents and client code show it.
struct Sample {
    name: String,
    operation: String,
    kind: String,
    content: Value,
}

impl Sample {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
            .iter()
            .map(|path| {
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                let mut parts = name.split('.');
                Self {
                    operation: parts.next().unwrap().to_owned(),
                    kind: parts.next().unwrap().to_owned(),
                    content: serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap(),
                    name,
                }
            })
            .collect()
    }

    /// Decodes the body, and expects the same when it is encoded again, but for nulls.
    fn round_trip<T: DeserializeOwned + Serialize>(&self) -> T {
        let body = &self.content["body"];
        let value: T = serde_json::from_value(body.clone())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let again = serde_json::to_value(&value).unwrap();
        if self.kind == "request" && !self.operation.starts_with("on_") {
            assert_eq!(&again, body, "{}", self.name);
        }
        let twice: T = serde_json::from_value(again.clone()).unwrap();
        assert_eq!(serde_json::to_value(twice).unwrap(), again, "{}", self.name);
        value
    }

    fn status(&self) -> u16 {
        let status = self.content["status"].as_u64().unwrap_or(200);
        u16::try_from(status).unwrap()
    }
}

/// The type of a request's or an answer's body.
fn check_body(sample: &Sample) {
    let id = sample.operation.as_str();
    if sample.kind == "request" {
        match id {
            "add_device_group_members" | "remove_device_group_members" => {
                drop(sample.round_trip::<DeviceGroupMembers>());
            }
            "create_batch_task" => drop(sample.round_trip::<CreateBatchTask>()),
            "create_command_cancel_task" => drop(sample.round_trip::<CreateCommandCancelTask>()),
            "create_device_command" => drop(sample.round_trip::<CreateDeviceCommand>()),
            "create_device_group" => drop(sample.round_trip::<CreateDeviceGroup>()),
            "create_firmware_upgrade_task" => drop(sample.round_trip::<CreateUpgradeTask>()),
            "create_rule" => drop(sample.round_trip::<Rule>()),
            "create_subscription" => drop(sample.round_trip::<CreateSubscription>()),
            "invoke_device_service" => drop(sample.round_trip::<InvokeDeviceService>()),
            "modify_device" | "modify_device_legacy" => drop(sample.round_trip::<ModifyDevice>()),
            "modify_device_group" => drop(sample.round_trip::<ModifyDeviceGroup>()),
            "modify_device_shadow" => drop(sample.round_trip::<ModifyDeviceShadow>()),
            "query_device_realtime_location" => {
                drop(sample.round_trip::<QueryRealtimeLocation>());
            }
            "refresh_device_verify_code" => drop(sample.round_trip::<RefreshDeviceVerifyCode>()),
            "register_device_by_verify_code" => {
                drop(sample.round_trip::<RegisterDeviceByVerifyCode>());
            }
            "register_device_legacy" => drop(sample.round_trip::<RegisterLegacyDevice>()),
            "register_lora_gateway" => drop(sample.round_trip::<RegisterLoraGateway>()),
            "subscribe_legacy" => drop(sample.round_trip::<SubscribeLegacy>()),
            "subscribe_management_data" => {
                let body = &sample.content["body"];
                drop(serde_json::from_value::<SubscribeManagementData>(body.clone()).unwrap());
            }
            "update_rules_status" => drop(sample.round_trip::<UpdateRulesStatus>()),
            _ => assert!(
                WITHOUT_OWN_BODY.contains(&id),
                "{}: nothing reads it",
                sample.name
            ),
        }
        return;
    }
    match id {
        "create_command_cancel_task" => drop(sample.round_trip::<CommandCancelTask>()),
        "create_device_command" | "update_device_command" => {
            drop(sample.round_trip::<DeviceCommand>());
        }
        "get_device_activation_status_legacy" => {
            drop(sample.round_trip::<DeviceActivationStatus>());
        }
        "get_device_legacy" => drop(sample.round_trip::<Device>()),
        "get_lora_gateway" => drop(sample.round_trip::<LoraGateway>()),
        "list_command_cancel_tasks" => drop(sample.round_trip::<CommandCancelTaskList>()),
        "list_data_history_legacy" => drop(sample.round_trip::<DataHistory>()),
        "list_device_capabilities" => drop(sample.round_trip::<DeviceCapabilityList>()),
        "list_device_commands" => drop(sample.round_trip::<DeviceCommandList>()),
        "list_devices_legacy" => drop(sample.round_trip::<DeviceList>()),
        "login" | "refresh_token" => drop(sample.round_trip::<Tokens>()),
        "register_device_legacy" => drop(sample.round_trip::<RegisteredByVerifyCode>()),
        _ => assert!(
            matches!(sample.content["body"], Value::Null | Value::String(_)),
            "{}: nothing reads it",
            sample.name
        ),
    }
}

/// Calls without a body, or with one of nothing but credentials and constants.
const WITHOUT_OWN_BODY: &[&str] = &[
    "delete_device_legacy",
    "get_device_activation_status_legacy",
    "get_device_legacy",
    "list_command_cancel_tasks",
    "list_data_history_legacy",
    "list_device_capabilities",
    "list_device_commands",
    "list_devices_legacy",
    "login",
    "refresh_token",
    "update_device_command",
    "update_rule_status",
];

#[test]
fn every_sample_is_read_and_written() {
    let document = Document::open("iot-na");
    let ids: Vec<String> = document
        .operations()
        .iter()
        .map(|operation| operation.id.to_owned())
        .collect();
    let samples = Sample::all();
    assert!(samples.len() > 55, "{}", samples.len());
    for sample in samples {
        match sample.kind.as_str() {
            "request" if sample.operation.starts_with("on_") => {
                let notification: Callback = sample.round_trip();
                assert!(
                    !matches!(notification, Callback::Other(_)),
                    "{}",
                    sample.name
                );
            }
            "error" => {}
            _ => {
                assert!(ids.contains(&sample.operation), "{}", sample.name);
                check_body(&sample);
            }
        }
    }
}

#[test]
fn every_request_keeps_to_the_document() {
    for sample in Sample::all() {
        if sample.kind != "request" || sample.operation.starts_with("on_") {
            continue;
        }
        let checked = check("iot-na", &request(&sample.content));
        let checked = checked.unwrap_or_else(|| panic!("{}: no operation", sample.name));
        assert_eq!(checked.operation, sample.operation);
        assert!(
            checked.violations.is_empty(),
            "{}: {checked:?}",
            sample.name
        );
    }
}

#[tokio::test]
async fn every_error_is_told_by_its_code() {
    let mut count = 0;
    for sample in Sample::all() {
        if sample.kind != "error" {
            continue;
        }
        count += 1;
        let body = &sample.content["body"];
        let script = Script::new().otherwise(Reply::json(sample.status(), body));
        let client = Client::builder(Application::new("app", "secret"), "https://site.test:8743")
            .transport(script.transport())
            .build()
            .unwrap();
        let error = client.login().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api, "{}", sample.name);
        let api = error.api().unwrap();
        assert_eq!(Some(api.code.as_str()), body["error_code"].as_str());
        assert!(!api.meaning.is_empty());
        assert!(
            [Action::FixCredentials, Action::FixRequest].contains(&error.action()),
            "{}: {error:?}",
            sample.name
        );
    }
    assert!(count > 1);
}

#[tokio::test]
async fn an_answer_labelled_as_html_is_read_by_what_it_is() {
    let login = Reply::json(
        200,
        &serde_json::json!({"accessToken": "a", "expiresIn": 1}),
    );
    let empty = Reply::text(204, "").header("content-type", "text/html");
    let script = Script::new().reply(login).reply(empty);
    let client = Client::builder(Application::new("app", "secret"), "https://site.test:8743")
        .transport(script.transport())
        .build()
        .unwrap();
    client
        .delete_device("1", &DeleteDevice::default())
        .await
        .unwrap();
}
