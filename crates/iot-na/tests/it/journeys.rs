//! What users do, from the first call to the last.

use std::time::Duration;

use auth_core::testing::ManualClock;
use iot_na::model::{
    AddDeviceGroupMembers, BatchDeviceCommandParam, BatchSubTaskStatus, BatchTargetType,
    BatchTaskParam, BatchTaskType, CommandCancelTaskStatus, CommandStatus, CreateBatchTask,
    CreateCommandCancelTask, CreateCommandCancelTaskOptions, CreateDeviceCommand,
    CreateDeviceCommandOptions, CreateDeviceGroup, CreateUpgradeTask, DeleteDevice,
    DeviceCommandBody, DeviceGroupMembers, DeviceStatus, GetBatchTask, GetDevice,
    InvokeDeviceService, InvokeDeviceServiceOptions, InvokeDeviceServiceParameters,
    InvokeServiceHeader, ListBatchTaskDetails, ListCommandCancelTasks, ListDeviceCapabilities,
    ListDeviceCommands, ListDeviceDataHistory, ListDeviceDataHistoryOptions,
    ListDeviceGroupMembers, ListDeviceGroups, ListDeviceShadowHistory,
    ListDeviceShadowHistoryOptions, ListDevices, ListUpgradeSubtasks, ModifyDevice,
    ModifyDeviceOptions, ModifyDeviceShadow, ModifyDeviceShadowOptions, RegisterDeviceBySecret,
    RegisterDeviceBySecretOptions, ServiceDesired, UpdateDeviceCommandOptions, UpgradeTargets,
    UpgradeTaskStatus,
};
use iot_na::{Registration, time};
use serde_json::json;

use crate::stage::{Stage, client};

fn read() -> DeviceCommandBody {
    DeviceCommandBody::new("Meter", "READ")
}

#[tokio::test]
async fn a_device_is_registered_completed_read_and_deleted() {
    let stage = Stage::new("life-of-a-device");
    let iot = &stage.client;
    let registration = Registration::permanent("866971030000017");
    let meter = iot.register_device(&registration).await.unwrap();
    assert!(meter.verify_code.is_some());
    assert_eq!(meter.timeout, Some(0));
    let again = iot.register_device(&registration).await.unwrap_err();
    assert_eq!(again.api().unwrap().code, "100426");

    let details = ModifyDevice::default()
        .manufacturer_id("m")
        .model("n001")
        .name("cellar");
    let options = ModifyDeviceOptions::default();
    iot.modify_device(&meter.device_id, &details, &options)
        .await
        .unwrap();
    stage
        .iot
        .report(&meter.device_id, "Meter", &json!({"value": 7, "unit": "l"}))
        .unwrap();
    let device = iot
        .get_device(&meter.device_id, &GetDevice::default())
        .await
        .unwrap();
    let info = device.device_info.unwrap();
    assert_eq!(info.status, Some(DeviceStatus::Online));
    assert_eq!(info.name.as_deref(), Some("cellar"));
    let reported = &device.services.unwrap()[0];
    assert_eq!(reported.data.as_ref().unwrap()["value"], 7);
    assert!(time::parse(reported.event_time.as_deref().unwrap()).is_some());

    iot.delete_device(&meter.device_id, &DeleteDevice::default())
        .await
        .unwrap();
    let gone = iot
        .delete_device(&meter.device_id, &DeleteDevice::default())
        .await;
    assert_eq!(gone.unwrap_err().action(), iot_na::Action::DropTarget);
}

#[tokio::test]
async fn a_device_that_does_not_connect_in_time_is_deleted() {
    let stage = Stage::new("expiring");
    let in_time = Duration::from_secs(600);
    let expiring = Registration::expiring("1", in_time);
    let device = stage.client.register_device(&expiring).await.unwrap();
    stage.device("2").await;
    stage.space.advance_clock(Duration::from_secs(599));
    stage.iot.tick();
    assert_eq!(stage.iot.devices().len(), 2);
    stage.space.advance_clock(Duration::from_secs(2));
    stage.iot.tick();
    assert!(!stage.iot.devices().contains(&device.device_id));
    assert_eq!(stage.iot.devices().len(), 1);
}

#[tokio::test]
async fn a_device_that_is_silent_goes_offline_and_then_takes_no_commands() {
    let stage = Stage::new("silent");
    let device = stage.device("1").await;
    stage.iot.connect(&device).unwrap();
    // The client has to see the days go by, too: its tokens end in them.
    let hand = ManualClock::at(stage.space.now());
    let iot = client(&stage.space, hand.clock());
    let command = CreateDeviceCommand::new(&device, read());
    let options = CreateDeviceCommandOptions::default();
    for (hours, status) in [
        (0, DeviceStatus::Online),
        (24, DeviceStatus::Online),
        (1, DeviceStatus::Abnormal),
        (24, DeviceStatus::Offline),
    ] {
        let passed = Duration::from_secs(hours * 3600);
        stage.space.advance_clock(passed);
        hand.advance(passed);
        let found = iot.get_device(&device, &GetDevice::default()).await;
        assert_eq!(found.unwrap().device_info.unwrap().status, Some(status));
    }
    iot.create_device_command(&command, &options).await.unwrap();
    let passed = Duration::from_secs(5 * 86_400);
    stage.space.advance_clock(passed);
    hand.advance(passed);
    let error = iot.create_device_command(&command, &options).await;
    let error = error.unwrap_err();
    assert_eq!(error.api().unwrap().code, "100612");
    assert_eq!(error.action(), iot_na::Action::DropTarget);
    // A report brings it back.
    stage
        .iot
        .report(&device, "Meter", &json!({"value": 1}))
        .unwrap();
    iot.create_device_command(&command, &options).await.unwrap();
}

#[tokio::test]
async fn an_mqtt_device_gets_a_secret() {
    let stage = Stage::new("mqtt");
    let device = RegisterDeviceBySecret::default()
        .node_id("1")
        .mqtt_connect(true);
    let options = RegisterDeviceBySecretOptions::default();
    let device = stage
        .client
        .register_device_by_secret(&device, &options)
        .await
        .unwrap();
    assert!(device.secret.is_some());
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let stage = Stage::new("lists");
    for number in 0..7 {
        stage.device(&number.to_string()).await;
    }
    let pages = ListDevices::default().page_size(3);
    let mut devices = stage.client.list_devices_stream(&pages);
    let mut nodes = Vec::new();
    while let Some(device) = devices.next().await {
        nodes.push(device.unwrap().device_info.unwrap().node_id.unwrap());
    }
    assert_eq!(nodes, ["0", "1", "2", "3", "4", "5", "6"]);
    let called = stage.called();
    assert_eq!(called.iter().filter(|id| **id == "list_devices").count(), 3);
}

#[tokio::test]
async fn data_is_kept_and_found_by_time() {
    let stage = Stage::new("history");
    let device = stage.device("1").await;
    for value in 0..3 {
        stage
            .iot
            .report(&device, "Meter", &json!({ "value": value }))
            .unwrap();
        stage.space.advance_clock(Duration::from_secs(60));
    }
    let since = stage.space.now() - Duration::from_secs(125);
    let of_device = || ListDeviceDataHistory {
        device_id: &device,
        gateway_id: &device,
    };
    let options = ListDeviceDataHistoryOptions::default().start_time(time::format(since));
    let history = stage
        .client
        .list_device_data_history(of_device(), &options)
        .await
        .unwrap();
    let found: Vec<_> = history
        .device_data_history_dt_os
        .unwrap()
        .into_iter()
        .map(|item| item.data.unwrap()["value"].clone())
        .collect();
    assert_eq!(found, [2, 1]);
    let options = ListDeviceDataHistoryOptions::default().service_id("Other");
    let none = stage
        .client
        .list_device_data_history(of_device(), &options)
        .await
        .unwrap();
    assert!(none.device_data_history_dt_os.unwrap().is_empty());
    let options = ListDeviceCapabilities::default().device_id(&device);
    let services = stage
        .client
        .list_device_capabilities(&options)
        .await
        .unwrap();
    let services = &services.device_capabilities.unwrap()[0];
    assert_eq!(services.service_capabilities.as_ref().unwrap().len(), 1);
}

#[tokio::test]
async fn a_shadow_is_taken_over_when_the_device_comes() {
    let stage = Stage::new("shadow");
    let device = stage.device("1").await;
    let wish = ServiceDesired::new("Lamp", [("brightness".to_owned(), json!(80))].into());
    let shadow = ModifyDeviceShadow::new([wish]);
    let options = ModifyDeviceShadowOptions::default();
    stage
        .client
        .modify_device_shadow(&device, &shadow, &options)
        .await
        .unwrap();
    let before = stage.shadow(&device).await;
    assert_eq!(before.desired_props.unwrap()["brightness"], 80);
    assert!(before.reported_props.unwrap().is_empty());
    stage.iot.connect(&device).unwrap();
    let after = stage.shadow(&device).await;
    assert_eq!(after.reported_props.unwrap()["brightness"], 80);
    let of_device = ListDeviceShadowHistory {
        device_id: &device,
        gateway_id: &device,
    };
    let options = ListDeviceShadowHistoryOptions::default();
    let mut wishes = stage
        .client
        .list_device_shadow_history_stream(of_device, &options);
    let wish = wishes.next().await.unwrap().unwrap();
    assert_eq!(wish.desired.unwrap()["brightness"], 80);
    assert!(wishes.next().await.is_none());
}

#[tokio::test]
async fn a_command_waits_is_delivered_and_answered() {
    let stage = Stage::new("command");
    let device = stage.device("1").await;
    let command = CreateDeviceCommand::new(&device, read());
    let options = CreateDeviceCommandOptions::default();
    let created = stage
        .client
        .create_device_command(&command, &options)
        .await
        .unwrap();
    assert_eq!(created.status, CommandStatus::Default);
    let of_device = ListDeviceCommands::default().device_id(&device);
    let state = || async {
        let listed = stage.client.list_device_commands(&of_device).await.unwrap();
        listed.data.unwrap()[0].status.clone()
    };
    assert_eq!(state().await, CommandStatus::Pending);
    stage.iot.connect(&device).unwrap();
    assert_eq!(state().await, CommandStatus::Delivered);
    stage
        .iot
        .answer_command(&created.command_id, false, json!(null))
        .unwrap();
    assert_eq!(state().await, CommandStatus::Failed);
    let options = UpdateDeviceCommandOptions::default();
    let late = stage
        .client
        .update_device_command(&created.command_id, &options)
        .await;
    assert_eq!(late.unwrap_err().api().unwrap().code, "100435");
}

#[tokio::test]
async fn twenty_commands_may_wait_and_are_cancelled_together() {
    let stage = Stage::new("cancel");
    let device = stage.device("1").await;
    let command = CreateDeviceCommand::new(&device, read());
    let options = CreateDeviceCommandOptions::default();
    for _ in 0..20 {
        stage
            .client
            .create_device_command(&command, &options)
            .await
            .unwrap();
    }
    let full = stage
        .client
        .create_device_command(&command, &options)
        .await
        .unwrap_err();
    assert_eq!(full.api().unwrap().code, "100223");
    assert_eq!(full.action(), iot_na::Action::Backoff);
    let now_or_never = command.clone().expire_time(0);
    let offline = stage
        .client
        .create_device_command(&now_or_never, &options)
        .await;
    assert_eq!(offline.unwrap_err().api().unwrap().code, "100428");

    let task = CreateCommandCancelTask::new(&device);
    let options = CreateCommandCancelTaskOptions::default();
    let task = stage
        .client
        .create_command_cancel_task(&task, &options)
        .await
        .unwrap();
    assert_eq!(task.status, CommandCancelTaskStatus::Running);
    let of_task = ListCommandCancelTasks::default().task_id(&task.task_id);
    let listed = stage
        .client
        .list_command_cancel_tasks(&of_task)
        .await
        .unwrap();
    let tasks = listed.data.unwrap();
    assert_eq!(tasks[0].status, CommandCancelTaskStatus::Success);
    assert_eq!(tasks[0].total_count, Some(20));
    let mut commands = stage
        .client
        .list_device_commands_stream(&ListDeviceCommands::default());
    while let Some(command) = commands.next().await {
        assert_eq!(command.unwrap().status, CommandStatus::Canceled);
    }
}

#[tokio::test]
async fn a_command_whose_time_is_over_expires() {
    let stage = Stage::new("expire");
    let device = stage.device("1").await;
    let command = CreateDeviceCommand::new(&device, read()).expire_time(60);
    let options = CreateDeviceCommandOptions::default();
    stage
        .client
        .create_device_command(&command, &options)
        .await
        .unwrap();
    stage.space.advance_clock(Duration::from_secs(61));
    let of_device = ListDeviceCommands::default();
    let listed = stage.client.list_device_commands(&of_device).await.unwrap();
    assert_eq!(listed.data.unwrap()[0].status, CommandStatus::Expired);
}

#[tokio::test]
async fn a_service_is_invoked_on_a_device_that_is_online() {
    let stage = Stage::new("invoke");
    let device = stage.device("1").await;
    let invoke = || {
        let to = InvokeDeviceServiceParameters {
            device_id: &device,
            service_id: "Camera",
        };
        let request = InvokeDeviceService::new(InvokeServiceHeader::new("MUTE"));
        let client = stage.client.clone();
        let to = (to.device_id.to_owned(), to.service_id.to_owned());
        async move {
            let to = InvokeDeviceServiceParameters {
                device_id: &to.0,
                service_id: &to.1,
            };
            let options = InvokeDeviceServiceOptions::default();
            client.invoke_device_service(to, &request, &options).await
        }
    };
    assert_eq!(invoke().await.unwrap_err().api().unwrap().code, "100428");
    stage.iot.connect(&device).unwrap();
    assert_eq!(invoke().await.unwrap().status.as_deref(), Some("delivered"));
}

#[tokio::test]
async fn groups_hold_devices() {
    let stage = Stage::new("groups");
    let devices = [stage.device("1").await, stage.device("2").await];
    let group = CreateDeviceGroup::new("cellar").max_dev_num(2);
    let group = stage.client.create_device_group(&group).await.unwrap();
    let taken = stage
        .client
        .create_device_group(&CreateDeviceGroup::new("cellar"))
        .await;
    assert_eq!(taken.unwrap_err().api().unwrap().code, "100602");
    let members = DeviceGroupMembers::new(&group.id, devices.clone());
    let options = AddDeviceGroupMembers::default();
    stage
        .client
        .add_device_group_members(&members, &options)
        .await
        .unwrap();
    let third = DeviceGroupMembers::new(&group.id, [stage.device("3").await]);
    let full = stage
        .client
        .add_device_group_members(&third, &options)
        .await;
    assert_eq!(full.unwrap_err().api().unwrap().code, "100601");
    for number in 0..12 {
        let group = CreateDeviceGroup::new(format!("group {number}"));
        stage.client.create_device_group(&group).await.unwrap();
    }
    // One on a page is what the platform takes for granted; the stream asks for more.
    let mut groups = stage
        .client
        .list_device_groups_stream(&ListDeviceGroups::default());
    let mut count = 0;
    while let Some(group) = groups.next().await {
        group.unwrap();
        count += 1;
    }
    assert_eq!(count, 13);
    let called = stage.called();
    assert_eq!(
        called
            .iter()
            .filter(|id| **id == "list_device_groups")
            .count(),
        1
    );
    let options = ListDeviceGroupMembers::default();
    let listed = stage
        .client
        .list_device_group_members(&group.id, &options)
        .await
        .unwrap();
    assert_eq!(listed.device_ids.unwrap(), devices);
}

#[tokio::test]
async fn a_batch_of_commands_ends_as_its_commands_do() {
    let stage = Stage::new("batch");
    let (first, second) = (stage.device("1").await, stage.device("2").await);
    let targets = [first.clone(), second.clone(), "nobody".to_owned()];
    let param =
        BatchDeviceCommandParam::new(BatchTargetType::DeviceList, read()).device_list(targets);
    let param = BatchTaskParam::BatchDeviceCommand(Box::new(param));
    let task = CreateBatchTask::new("app", "read", BatchTaskType::DeviceCmd, 10, param);
    let mut task = task;
    task.app_id = huawei_emulator::iot_na::IotNa::APP_ID.to_owned();
    let created = stage.client.create_batch_task(&task).await.unwrap();
    let busy = stage.client.create_batch_task(&task).await.unwrap_err();
    assert_eq!(busy.api().unwrap().code, "105001");
    stage.iot.connect(&first).unwrap();
    let of_first = ListDeviceCommands::default().device_id(&first);
    let command = stage.client.list_device_commands(&of_first).await.unwrap();
    let command = &command.data.unwrap()[0].command_id.clone();
    stage.iot.answer_command(command, true, json!({})).unwrap();
    stage.space.advance_clock(Duration::from_secs(601));
    let options = GetBatchTask::default();
    let done = stage
        .client
        .get_batch_task(&created.task_id, &options)
        .await
        .unwrap();
    let counts = (
        done.success_cnt,
        done.fail_cnt,
        done.timeout_cnt,
        done.progress,
    );
    assert_eq!(counts, (Some(1), Some(1), Some(1), Some(100)));
    let options = ListBatchTaskDetails::default().status(BatchSubTaskStatus::Fail);
    let failed = stage
        .client
        .list_batch_task_details(&created.task_id, &options)
        .await;
    let failed = failed.unwrap().task_details.unwrap();
    // An error inside of an answer is not the answer's error.
    assert!(failed[0].error.as_ref().unwrap().contains("100403"));
}

#[tokio::test]
async fn an_upgrade_moves_on_with_the_clock() {
    let stage = Stage::new("upgrade");
    let device = stage.device("1").await;
    let targets = UpgradeTargets::default().devices([device]);
    let task = CreateUpgradeTask::new("firmware-2", targets);
    let created = stage
        .client
        .create_firmware_upgrade_task(&task)
        .await
        .unwrap();
    let state = || async {
        let task = stage.client.get_upgrade_task(&created.operation_id).await;
        task.unwrap().status
    };
    assert_eq!(state().await, Some(UpgradeTaskStatus::Wait));
    stage.space.advance_clock(Duration::from_secs(7));
    assert_eq!(state().await, Some(UpgradeTaskStatus::Processing));
    stage.space.advance_clock(Duration::from_secs(20));
    assert_eq!(state().await, Some(UpgradeTaskStatus::Success));
    let options = ListUpgradeSubtasks::default();
    let parts = stage
        .client
        .list_upgrade_subtasks(&created.operation_id, &options)
        .await;
    assert_eq!(parts.unwrap().data.unwrap().len(), 1);
}

#[tokio::test]
async fn an_application_acts_for_one_that_lets_it() {
    let stage = Stage::new("authorised");
    let device = stage.device("1").await;
    let own = GetDevice::default().app_id(huawei_emulator::iot_na::IotNa::APP_ID);
    stage.client.get_device(&device, &own).await.unwrap();
    let other = GetDevice::default().app_id("nobody");
    let error = stage.client.get_device(&device, &other).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "100203");
}
