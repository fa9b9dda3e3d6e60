//! Exchanges written as samples.

use std::fs;
use std::path::Path;

use huawei_emulator::harmony_push::{HarmonyPush, ReceiptConfiguration};
use huawei_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::client::post;
use crate::mutations::oracle;
use crate::push::{access_token, call, jwt, notification, send};
use crate::receiver::Receiver;

#[tokio::test]
async fn exchanges_become_samples_without_secrets() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded");
    let _ = fs::remove_dir_all(&folder);
    let emulator = Emulator::builder().record(&folder).start().await.unwrap();
    let mut receiver = Receiver::start().await;
    let push = emulator.harmony_push();
    push.set_receipts(Some(
        ReceiptConfiguration::new(&receiver.url).signed("u", "c2VjcmV0"),
    ));
    let jwt = jwt(&emulator);
    send(
        &emulator,
        &jwt,
        &notification(&[HarmonyPush::TOKEN, "secret-token"]),
    )
    .send()
    .await;
    send(&emulator, &jwt, &notification(&["secret-token"]))
        .send()
        .await;
    send(&emulator, &jwt, &json!({"payload": 5})).send().await;
    emulator.fail_next(Fault::status(503));
    send(&emulator, &jwt, &notification(&[HarmonyPush::TOKEN]))
        .send()
        .await;
    let token = access_token(&emulator).await;
    let topic = json!({"topic": "news", "tokenArray": [HarmonyPush::HMS_TOKEN, "secret-token"]});
    call(&emulator, "/v1/{client}/topic:subscribe")
        .bearer(&token)
        .json(&topic)
        .send()
        .await;
    let list = json!({"token": HarmonyPush::HMS_TOKEN});
    call(&emulator, "/v1/{client}/topic:list")
        .bearer(&token)
        .json(&list)
        .send()
        .await;
    receiver.next().await;

    let url = emulator.base_url();
    let form = "open_id=OPENID&access_token=secret-token";
    let address = "rest.php?nsp_fmt=JSON&nsp_svc=huawei.oauth2.user.getTokenInfo";
    post(format!("{url}/huawei-oauth/{address}"))
        .form(form)
        .send()
        .await;

    let mut names = Vec::new();
    for platform in ["harmony-push", "huawei-oauth"] {
        for entry in fs::read_dir(folder.join(platform)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let sample: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(sample["source"], "recorded by huawei-emulator");
            for secret in [
                "secret-token",
                "secret-key",
                HarmonyPush::TOKEN,
                &jwt,
                &token,
            ] {
                assert!(!text.contains(secret), "{secret} in {path:?}: {text}");
            }
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    names.sort();
    let expected = [
        "get_token_info.error.1.json",
        "get_token_info.request.1.json",
        "list_topics.request.1.json",
        "list_topics.response.1.json",
        "obtain_access_token.request.1.json",
        "obtain_access_token.response.1.json",
        "on_delivery_receipts.request.1.json",
        "send_message.error.1.json",
        "send_message.error.2.json",
        "send_message.request.1.json",
        "send_message.request.2.json",
        "send_message.response.1.json",
        "subscribe_topic.request.1.json",
        "subscribe_topic.response.1.json",
    ];
    assert_eq!(names, expected);
    let Some(checker) = oracle::able() else {
        return;
    };
    let refused = oracle::run(&checker, &folder);
    assert!(refused.is_empty(), "{refused:#?}");
}
