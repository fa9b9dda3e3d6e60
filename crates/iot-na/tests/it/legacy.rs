//! The older addresses act on the same state as the newer ones.

#![expect(
    deprecated,
    reason = "the platform advises against the older addresses"
)]

use std::collections::BTreeMap;

use iot_na::model::{
    CancelLegacyCommands, CommandStatus, LegacyCommandBody, ListDeviceCommands,
    ListDeviceCommandsLegacy, PostDeviceCommandLegacy, PostLegacyCommand, SetDeviceServiceLegacy,
    SetLegacyServiceData,
};
use serde_json::{Value, json};

use crate::stage::{Receiver, Stage};

fn read() -> PostLegacyCommand {
    PostLegacyCommand::new(LegacyCommandBody::new("Meter", "READ"))
}

async fn post(stage: &Stage, device: &str, command: &PostLegacyCommand) -> iot_na::Result<String> {
    let options = PostDeviceCommandLegacy::default();
    let posted = stage
        .client
        .post_device_command_legacy(device, command, &options);
    Ok(posted.await?.command_id.unwrap())
}

/// The status of a device's commands by the newer address, the newest first.
async fn statuses(stage: &Stage, device: &str) -> Vec<CommandStatus> {
    let of_device = ListDeviceCommands::default().device_id(device);
    let listed = stage.client.list_device_commands(&of_device).await.unwrap();
    let commands = listed.data.unwrap().into_iter();
    commands.map(|command| command.status).collect()
}

#[tokio::test]
async fn a_command_of_the_older_address_is_delivered_and_reported() {
    let stage = Stage::new("legacy-command");
    let mut receiver = Receiver::start().await;
    let device = stage.device("1").await;
    let command = read().callback_url(&receiver.url);
    let id = post(&stage, &device, &command).await.unwrap();
    assert_eq!(statuses(&stage, &device).await, [CommandStatus::Pending]);
    stage.iot.connect(&device).unwrap();
    stage
        .iot
        .answer_command(&id, true, json!({"value": 7}))
        .unwrap();
    for expected in ["SENT", "DELIVERED", "SUCCESSFUL"] {
        let notice: Value = serde_json::from_slice(&receiver.next().await).unwrap();
        assert_eq!(notice["commandId"], *id);
        assert_eq!(notice["result"]["resultCode"], expected);
    }
    let options = ListDeviceCommandsLegacy::default();
    let listed = stage
        .client
        .list_device_commands_legacy(&device, &options)
        .await
        .unwrap();
    assert_eq!(listed.total_count, Some(1));
    let listed = &listed.list.unwrap()[0];
    assert_eq!(listed["commandId"], *id);
    assert_eq!(listed["result"]["resultDetail"]["value"], 7);
}

#[tokio::test]
async fn waiting_commands_are_cancelled_at_once() {
    let stage = Stage::new("legacy-cancel");
    let (one, other) = (stage.device("1").await, stage.device("2").await);
    for device in [&one, &one, &other] {
        post(&stage, device, &read()).await.unwrap();
    }
    let cancel = CancelLegacyCommands::new(&one);
    stage
        .client
        .cancel_device_commands_legacy(&cancel)
        .await
        .unwrap();
    let canceled = [CommandStatus::Canceled, CommandStatus::Canceled];
    assert_eq!(statuses(&stage, &one).await, canceled);
    assert_eq!(statuses(&stage, &other).await, [CommandStatus::Pending]);
}

#[tokio::test]
async fn the_rules_of_commands_hold_for_the_older_address() {
    let stage = Stage::new("legacy-rules");
    let device = stage.device("1").await;
    let code = |result: iot_na::Result<String>| result.unwrap_err().api().unwrap().code.clone();
    let mut now = read();
    now.expire_time = Some(0);
    assert_eq!(code(post(&stage, &device, &now).await), "100428");
    assert_eq!(code(post(&stage, "unknown", &read()).await), "100418");
    for _ in 0..20 {
        post(&stage, &device, &read()).await.unwrap();
    }
    assert_eq!(code(post(&stage, &device, &read()).await), "100223");
}

#[tokio::test]
async fn what_a_service_is_told_is_in_the_shadow() {
    let stage = Stage::new("legacy-service");
    let device = stage.device("1").await;
    let data = BTreeMap::from([("key".to_owned(), json!("k"))]);
    let data = SetLegacyServiceData::default().data(data);
    let service = |device_id| SetDeviceServiceLegacy {
        device_id,
        service_type: "carEncrypt",
    };
    stage
        .client
        .set_device_service_legacy(service(&*device), &data)
        .await
        .unwrap();
    let waiting = stage.shadow(&device).await;
    assert_eq!(waiting.service_id, "carEncrypt");
    assert_eq!(waiting.desired_props.unwrap()["key"], "k");
    assert!(
        waiting
            .reported_props
            .is_none_or(|reported| reported.is_empty())
    );
    stage.iot.connect(&device).unwrap();
    let reported = stage.shadow(&device).await.reported_props;
    assert_eq!(reported.unwrap()["key"], "k");
    let unknown = stage
        .client
        .set_device_service_legacy(service("unknown"), &data)
        .await;
    assert_eq!(unknown.unwrap_err().api().unwrap().code, "100403");
}
