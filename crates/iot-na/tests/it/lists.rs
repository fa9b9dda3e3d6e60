//! Every paged list, read as one stream.

use std::collections::BTreeMap;

use auth_core::Clock;
use contract::{Tap, check_lists, check_own_lists};
use iot_na::model::{
    AddDeviceGroupMembers, CreateDeviceCommand, CreateDeviceCommandOptions, CreateDeviceGroup,
    CreateSubscription, CreateSubscriptionOptions, DeviceCommandBody, DeviceGroupMembers,
    ModifyDeviceShadow, ModifyDeviceShadowOptions, NotifyType, ServiceDesired,
};
use serde_json::json;

use crate::generated::list;
use crate::stage::{Stage, client_over, transport};

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let stage = Stage::new("every-list");
    let tap = Tap::new(transport());
    let client = client_over(&stage.space, Clock::system(), tap.clone());
    let list = async |example: &_| list(&client, example).await;
    assert_eq!(check_lists("iot-na", &stage.space, &tap, list).await, 15);
}

#[tokio::test]
async fn what_the_platform_has_is_read_whole_in_pages_of_any_size() {
    let stage = Stage::new("own-lists");
    let tap = Tap::new(transport());
    let client = client_over(&stage.space, Clock::system(), tap.clone());
    let mut devices = Vec::new();
    for number in 0..5 {
        devices.push(stage.device(&number.to_string()).await);
    }
    let meter = devices[0].as_str();
    let read = CreateDeviceCommand::new(meter, DeviceCommandBody::new("Meter", "READ"));
    let mut groups = Vec::new();
    for number in 0..4 {
        let group = CreateDeviceGroup::new(format!("group {number}"));
        groups.push(client.create_device_group(&group).await.unwrap().id);
        let options = CreateDeviceCommandOptions::default();
        client.create_device_command(&read, &options).await.unwrap();
        let wish = ServiceDesired::new("Lamp", [("on".to_owned(), json!(number))].into());
        let shadow = ModifyDeviceShadow::new([wish]);
        let options = ModifyDeviceShadowOptions::default();
        let changed = client.modify_device_shadow(meter, &shadow, &options).await;
        changed.unwrap();
    }
    for number in 0..7 {
        let data = json!({ "value": number });
        stage.iot.report(meter, "Meter", &data).unwrap();
    }
    let members = DeviceGroupMembers::new(&groups[0], devices.clone());
    let options = AddDeviceGroupMembers::default();
    client
        .add_device_group_members(&members, &options)
        .await
        .unwrap();
    for kind in [
        NotifyType::DeviceAdded,
        NotifyType::DeviceDeleted,
        NotifyType::BindDevice,
    ] {
        let subscription = CreateSubscription::new(kind, "http://127.0.0.1:9/notifications");
        let options = CreateSubscriptionOptions::default();
        let made = client.create_subscription(&subscription, &options).await;
        made.unwrap();
    }
    let wanted = BTreeMap::from(
        [
            ("list_data_history_legacy", 7),
            ("list_device_commands", 4),
            ("list_device_commands_legacy", 4),
            ("list_device_data_history", 7),
            ("list_device_group_members", 5),
            ("list_device_groups", 4),
            ("list_device_shadow_history", 4),
            ("list_devices", 5),
            ("list_devices_legacy", 5),
            ("list_subscriptions", 3),
        ]
        .map(|(list, count)| (list.to_owned(), count)),
    );
    let list = async |example: &_| list(&client, example).await;
    let given = |example: &mut contract::Example| {
        if example.operation.starts_with("list_devices") {
            // The stream names the page, so no gateway has to be named.
            example
                .parameters
                .retain(|(_, name, _)| name != "gatewayId");
        }
        for name in ["deviceId", "gatewayId"] {
            example.set(name, meter);
        }
        example.set("devGroupId", &*groups[0]);
        wanted.contains_key(&example.operation)
    };
    let counts = check_own_lists("iot-na", &stage.space, &tap, given, list).await;
    assert_eq!(counts, wanted);
}
