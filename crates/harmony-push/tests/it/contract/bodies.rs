//! Bodies with every field there is, and the proof that there is none they lack.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use harmony_push::Mdm;
use harmony_push::model::{
    ChangeHmsTopic, ImagePushType, MdmPayload, QueryHmsToken, RevocablePushType, RevokeMessage,
    SendHmsMessage, SendMessage, SendServiceNotification, SendServiceTimeline, VerifyImage,
};
use huawei_emulator::harmony_push::{Device, HarmonyPush};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Stage;
use crate::samples::front;

/// Every full body there is, with its name.
fn bodies() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bodies");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files
        .iter()
        .map(|path| {
            (
                name(path),
                serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap(),
            )
        })
        .collect()
}

/// Sends one full body to the operation that its name begins with.
async fn check(stage: &Stage, name: &str, body: &Value) {
    let operation = name.split('.').next().unwrap();
    let hms = operation.starts_with("send_hms")
        || ["subscribe_topic", "list_topics"].contains(&operation);
    let device = if hms {
        Device::hms()
    } else {
        Device::harmony()
    };
    let token = stage.push.device(device);
    let body = body.to_string().replace("TOKEN", &token);
    let (client, app) = (&stage.client, HarmonyPush::CLIENT_ID);
    let project = client.project_id().unwrap();
    let failed = |error| {
        let log = stage.space.log();
        let said = log.last().map_or("", |entry| entry.reason.as_str());
        panic!("{name}: {error}: {said}")
    };
    match operation {
        // What has members of its own is not told from other payloads by its form.
        "send_message" if name.contains(".11.") => {
            let whole: Value = serde_json::from_str(&body).unwrap();
            let payload: MdmPayload = typed(name, &whole["payload"].to_string());
            let outcome = client.send_one(&Mdm::from(payload), &token).await;
            assert!(outcome.unwrap().is_accepted());
        }
        "send_message" => {
            let message: SendMessage = typed(name, &body);
            let push_type: i64 = name.split('.').nth(1).unwrap().parse().unwrap();
            let push_type = push_type.into();
            client
                .send_message(project, push_type, &message)
                .await
                .map_or_else(failed, |answer| {
                    assert_eq!(answer.code, "80000000", "{name}")
                });
            stage.assert_accepted(operation);
            let outcome = client.send_one(&*front(message, &push_type), &token).await;
            outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        "revoke_message" => {
            let message: RevokeMessage = typed(name, &body);
            let answer = client
                .revoke_message(app, RevocablePushType::Alert, &message)
                .await;
            answer.map_or_else(failed, drop);
        }
        "verify_image" => {
            let image: VerifyImage = typed(name, &body);
            let answer = client
                .verify_image_by_client(app, ImagePushType::Alert, &image)
                .await;
            answer.map_or_else(failed, drop);
            stage.assert_accepted("verify_image_by_client");
            let answer = client
                .verify_image(project, ImagePushType::Alert, &image)
                .await;
            answer.map_or_else(failed, drop);
        }
        "send_service_notification" => {
            let message: SendServiceNotification = typed(name, &body);
            client
                .notify_subscriber(&message)
                .await
                .map_or_else(failed, drop);
        }
        "send_service_timeline" => {
            let state: SendServiceTimeline = typed(name, &body);
            client
                .report_service(&state)
                .await
                .map_or_else(failed, drop);
        }
        "send_hms_message" => {
            let message: SendHmsMessage = typed(name, &body);
            let answer = client.send_hms_message_by_project(project, &message).await;
            answer.map_or_else(failed, drop);
            stage.assert_accepted("send_hms_message_by_project");
            client
                .send_hms_message(app, &message)
                .await
                .map_or_else(failed, drop);
        }
        "subscribe_topic" => {
            let change: ChangeHmsTopic = typed(name, &body);
            client
                .unsubscribe_topic(app, &change)
                .await
                .map_or_else(failed, drop);
            stage.assert_accepted("unsubscribe_topic");
            client
                .subscribe_topic(app, &change)
                .await
                .map_or_else(failed, drop);
        }
        "list_topics" => {
            let query: QueryHmsToken = typed(name, &body);
            client
                .query_token_data(app, &query)
                .await
                .map_or_else(failed, drop);
            stage.assert_accepted("query_token_data");
            client
                .delete_token_data(app, &query)
                .await
                .map_or_else(failed, drop);
            stage.assert_accepted("delete_token_data");
            client
                .list_topics(app, &query)
                .await
                .map_or_else(failed, drop);
        }
        other => panic!("no operation {other}"),
    }
    stage.assert_accepted(operation);
}

/// Reads a body as its type, which must have a field for everything in it.
fn typed<T: DeserializeOwned + serde::Serialize>(name: &str, body: &str) -> T {
    let value: T = serde_json::from_str(body).unwrap_or_else(|error| panic!("{name}: {error}"));
    let whole: Value = serde_json::from_str(body).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), whole, "{name}");
    value
}

#[tokio::test]
async fn every_full_body_is_taken() {
    let stage = Stage::new("full-bodies");
    stage.push.enforce_image_checks(false);
    stage.push.set_subscriptions("open-1", "template-1", 10);
    for (name, body) in bodies() {
        check(&stage, &name, &body).await;
    }
}

#[test]
fn the_full_bodies_have_every_field_of_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../huawei-emulator/documents/harmony-push.json");
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut given = BTreeSet::new();
    for (_, body) in bodies() {
        collect(&body, &mut given);
    }
    let mut missing = Vec::new();
    let mut seen = BTreeSet::new();
    for operation in document["paths"].as_object().unwrap().values() {
        let content = &operation["post"]["requestBody"]["content"]["application/json"];
        let Some(root) = content["schema"]["$ref"].as_str() else {
            continue;
        };
        let mut waiting = vec![root.to_owned()];
        while let Some(reference) = waiting.pop() {
            let name = reference.rsplit('/').next().unwrap().to_owned();
            if !seen.insert(name.clone()) {
                continue;
            }
            let schema = &document["components"]["schemas"][&name];
            references(schema, &mut waiting);
            for property in schema["properties"].as_object().into_iter().flatten() {
                if !given.contains(property.0) {
                    missing.push(format!("{name}.{}", property.0));
                }
            }
        }
    }
    assert!(seen.len() > 50, "{} schemas", seen.len());
    missing.retain(|name| !INSIDE_TEXT.iter().any(|prefix| name.starts_with(prefix)));
    assert!(missing.is_empty(), "no body has {missing:?}");
}

/// The names of all members of a value.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                names.insert(name.clone());
                collect(value, names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}

/// The schemas that a schema refers to.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            found.extend(
                members
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Schemas of JSON inside of texts, and the members that only live there.
const INSIDE_TEXT: [&str; 3] = ["HmsQuickApp", "HmsQuickAppBody", "HmsQuickAppRingtone"];
