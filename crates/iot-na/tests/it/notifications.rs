//! Every notification delivered once and decoded, and what a parser has to bear.

use std::collections::BTreeSet;

use contract::Document;
use contract::example::{self, Extent};
use huawei_emulator::Fault;
use iot_na::model::{
    Callback, CreateDeviceCommand, CreateDeviceCommandOptions, CreateSubscription,
    CreateSubscriptionOptions, DeviceCommandBody, ManagementNotifyType, NotifyType,
    SubscribeManagementData,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stage::{Receiver, Stage};

/// The bodies of notifications that the document makes, by their types.
fn bodies() -> Vec<(String, Value)> {
    let document = Document::open("iot-na");
    let mut bodies = Vec::new();
    for webhook in document.webhooks() {
        let kind = webhook.source["x-callback"]["dispatch"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for extent in [Extent::Full, Extent::Minimal] {
            let made = example::example(&document, &webhook, extent, 0);
            bodies.push((kind.clone(), made.body.expect("a notification has a body")));
        }
    }
    bodies
}

/// The word for the variant of a notification.
fn variant(notification: &Callback) -> String {
    let text = format!("{notification:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn every_type_is_subscribed_to_delivered_once_and_decoded() {
    let stage = Stage::new("all-notifications");
    let mut receiver = Receiver::start().await;
    let mut seen = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for (kind, body) in bodies() {
        if kind.is_empty() {
            continue;
        }
        if kinds.insert(kind.clone()) {
            subscribe(&stage, &kind, &receiver.url).await;
        }
        stage.iot.send_notification(&body).unwrap();
        let taken = receiver.next().await;
        let taken: Value = serde_json::from_slice(&taken).unwrap();
        assert_eq!(taken, body);
        let notification = Callback::parse(body.to_string().as_bytes()).unwrap();
        assert!(!matches!(notification, Callback::Other(_)), "{body}");
        seen.insert(variant(&notification));
    }
    assert_eq!(kinds.len(), 21, "{kinds:?}");
    assert_eq!(seen.len(), 21, "{seen:?}");
    // What has arrived is written down a moment later.
    while stage.space.sent_callbacks().len() < 42 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.space.sent_callbacks().len(), 42);
}

async fn subscribe(stage: &Stage, kind: &str, url: &str) {
    let done = if kind.contains("Upgrade") {
        let request = SubscribeManagementData::new(ManagementNotifyType::from(kind), url);
        stage.client.subscribe_management_data(&request).await
    } else {
        let request = CreateSubscription::new(NotifyType::from(kind), url);
        let options = CreateSubscriptionOptions::default();
        let created = stage.client.create_subscription(&request, &options).await;
        created.map(drop)
    };
    done.unwrap_or_else(|error| panic!("{kind}: {error:?}"));
}

#[tokio::test]
async fn the_states_of_a_command_are_pushed_in_order() {
    let stage = Stage::new("command-states");
    let mut receiver = Receiver::start().await;
    let device = stage.device("1").await;
    let command = DeviceCommandBody::new("Meter", "READ");
    let command = CreateDeviceCommand::new(&device, command).callback_url(&receiver.url);
    let options = CreateDeviceCommandOptions::default();
    let created = stage.client.create_device_command(&command, &options).await;
    let id = created.unwrap().command_id;
    stage.iot.connect(&device).unwrap();
    stage
        .iot
        .answer_command(&id, true, json!({"value": 12}))
        .unwrap();
    let mut keys = BTreeSet::new();
    for expected in ["SENT", "DELIVERED", "SUCCESSFUL"] {
        let notification = Callback::parse(&receiver.next().await).unwrap();
        let Callback::CommandStatusChanged(it) = &notification else {
            panic!("{notification:?}");
        };
        assert_eq!((&it.command_id, &it.device_id), (&id, &device));
        assert_eq!(it.result.result_code, expected);
        assert!(keys.insert(notification.redelivery_key()));
    }
}

#[test]
fn null_and_absence_are_no_errors() {
    for (kind, body) in bodies() {
        let mut body = body;
        let required = [
            "notifyType",
            "deviceId",
            "service",
            "services",
            "header",
            "commandId",
            "result",
        ];
        let names: Vec<String> = body.as_object().unwrap().keys().cloned().collect();
        for name in names
            .iter()
            .filter(|name| !required.contains(&name.as_str()))
        {
            body[name] = Value::Null;
        }
        body["somethingNew"] = json!([1]);
        let notification = Callback::parse(body.to_string().as_bytes()).unwrap();
        assert!(
            !matches!(notification, Callback::Other(_)),
            "{kind}: {body}"
        );
    }
}

#[test]
fn what_is_not_known_is_kept() {
    for body in [
        json!({"notifyType": "deviceTeleported", "deviceId": "1"}),
        json!({"notifyType": "deviceAdded"}),
        json!({"deviceId": "1"}),
        json!([]),
    ] {
        let notification = Callback::parse(body.to_string().as_bytes()).unwrap();
        let Callback::Other(other) = &notification else {
            panic!("{notification:?}");
        };
        assert_eq!(other.value(), &body);
        assert_eq!(notification.device_id(), body["deviceId"].as_str());
    }
    assert!(Callback::parse(b"no JSON").is_err());
}

#[test]
fn a_repeat_has_the_key_of_the_first_and_another_report_has_not() {
    let report = |time: &str, value: i64, request_id: Value| {
        let body = json!({
            "notifyType": "deviceDataChanged", "deviceId": "1", "gatewayId": "1",
            "requestId": request_id,
            "service": {"serviceId": "Meter", "eventTime": time, "data": {"value": value}},
        });
        Callback::parse(body.to_string().as_bytes())
            .unwrap()
            .redelivery_key()
    };
    let first = report("20260101T000000Z", 1, Value::Null);
    assert_eq!(report("20260101T000000Z", 1, json!("7")), first);
    assert_ne!(report("20260101T000001Z", 1, Value::Null), first);
    assert_ne!(report("20260101T000000Z", 2, Value::Null), first);
    let all: Vec<String> = bodies()
        .iter()
        .map(|(_, body)| {
            Callback::parse(body.to_string().as_bytes())
                .unwrap()
                .redelivery_key()
        })
        .collect();
    let different: BTreeSet<&String> = all.iter().collect();
    let made: BTreeSet<String> = bodies().iter().map(|(_, body)| body.to_string()).collect();
    // Two bodies are of one command in one state, with and without details.
    assert_eq!(different.len(), made.len() - 1);
}

#[tokio::test]
async fn a_fault_of_a_subscription_is_told() {
    let stage = Stage::new("subscription-refused");
    let url = "http://127.0.0.1/without-a-port";
    let request = CreateSubscription::new(NotifyType::DeviceAdded, url);
    let options = CreateSubscriptionOptions::default();
    let error = stage.client.create_subscription(&request, &options).await;
    assert_eq!(error.unwrap_err().api().unwrap().code, "100222");
    stage
        .space
        .fail_next(Fault::code("100227").on("create_subscription"));
    let error = stage.client.create_subscription(&request, &options).await;
    assert_eq!(error.unwrap_err().api().unwrap().code, "100227");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_member_may_be_anything(
        at in any::<prop::sample::Index>(),
        member in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let all = bodies();
        let (_, body) = &all[at.index(all.len())];
        let names: Vec<&String> = body.as_object().unwrap().keys().collect();
        let mut changed = body.clone();
        changed[names[member.index(names.len())]] = value;
        crate::fuzzed::iot_notification::run(changed.to_string().as_bytes());
        prop_assert!(Callback::parse(changed.to_string().as_bytes()).is_ok());
    }
}
