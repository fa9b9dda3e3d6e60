//! A key file and a secret that are exchanged while calls run.

use std::cell::Cell;
use std::sync::Arc;

use ::contract::rotation::{Load, Mount};
use auth_core::ReqwestSend;
use harmony_push::model::QueryHmsToken;
use harmony_push::{Client, HmsClient, ServiceAccount};
use huawei_emulator::harmony_push::{App, Device, HarmonyPush};
use serde_json::Value;

use super::Stage;
use crate::sending::parcel;

/// Other keys for the same project.
const KEYS: [&str; 2] = [
    include_str!("../../../../auth-core/tests/data/rsa4096.pkcs8.pem"),
    include_str!("../../../../huawei-emulator/keys/second.pem"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mounted_key_file_that_is_exchanged_under_load_fails_no_call() {
    let stage = Stage::new("rotation-key");
    let first = stage.push.service_account_key_json();
    let mount = Mount::new("push-key", &first);
    let source = mount.source();
    let account = ServiceAccount::from_source(source.clone()).unwrap();
    let client = Client::builder(account)
        .emulator(stage.space.url("harmony-push"))
        .transport(Arc::new(ReqwestSend::builder().build().unwrap()))
        .build()
        .unwrap();
    let device = stage.push.device(Device::harmony());
    let load = Load::start(move |_| {
        let (client, device) = (client.clone(), device.clone());
        async move {
            let outcome = client.send_one(&parcel(), &device).await?;
            assert!(outcome.is_accepted(), "{outcome:?}");
            Ok(())
        }
    });
    let file = |number: usize| {
        let mut file: Value = serde_json::from_str(&first).unwrap();
        file["key_id"] = format!("key-{number}").into();
        file["private_key"] = KEYS[number % KEYS.len()].into();
        file.to_string()
    };
    let register = |file: &str, pem: &str| {
        let file: Value = serde_json::from_str(file).unwrap();
        let text = |name: &str| file[name].as_str().unwrap();
        let (key_id, sub_account) = (text("key_id"), text("sub_account"));
        let (project, push) = (HarmonyPush::PROJECT_ID, &stage.push);
        push.add_service_account(project, key_id, sub_account, pem)
            .unwrap();
    };
    let files = [1, 2, 3, 4].map(file);
    let mut given: Vec<&str> = vec![&first];
    given.extend(files.iter().map(String::as_str));
    // The new key is registered beside the old one, which is deleted once the file is another one.
    let newest = Cell::new(0_usize);
    let change = |file: &str| {
        newest.set(newest.get() + 1);
        let key: Value = serde_json::from_str(file).unwrap();
        register(file, key["private_key"].as_str().unwrap());
    };
    let void = || {
        register(given[newest.get() - 1], OTHER);
    };
    load.exchange(mount, &source, &files, change, void).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mounted_secret_that_is_exchanged_under_load_fails_no_call() {
    let stage = Stage::new("rotation-secret");
    let mount = Mount::new("push-secret", HarmonyPush::CLIENT_SECRET);
    let source = mount.source();
    let account = ServiceAccount::parse(&stage.push.service_account_key_json()).unwrap();
    let client = Client::builder(account)
        .hms(HmsClient::new(HarmonyPush::CLIENT_ID, source.clone()))
        .emulator(stage.space.url("harmony-push"))
        .transport(Arc::new(ReqwestSend::builder().build().unwrap()))
        .build()
        .unwrap();
    let device = stage.push.device(Device::hms());
    let load = Load::start(move |_| {
        let (client, query) = (client.clone(), QueryHmsToken::new(device.as_str()));
        async move {
            let topics = client.list_topics(HarmonyPush::CLIENT_ID, &query).await;
            topics.map(drop)
        }
    });
    let change = |secret: &str| {
        let (client, project) = (HarmonyPush::CLIENT_ID, HarmonyPush::PROJECT_ID);
        stage.push.add_app(App::new(client, secret, project));
    };
    let void = || stage.push.revoke_access_tokens();
    let secrets = [1, 2, 3, 4].map(|number| format!("secret-{number}+&="));
    load.exchange(mount, &source, &secrets, change, void).await;
}

/// The key that a deleted one is replaced with.
const OTHER: &str = include_str!("../../../../auth-core/tests/data/rsa2048.pkcs8.pem");
