//! Push Kit.

use std::time::UNIX_EPOCH;

use huawei_emulator::harmony_push::{Device, HarmonyPush};
use huawei_emulator::{Emulator, Space};
use serde_json::{Value, json};

use crate::client::{Answer, Call, Signer, post};

fn now_s(space: &Space) -> i64 {
    let since = space
        .now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970");
    i64::try_from(since.as_secs()).expect("it is before the end of time")
}

fn jwt(space: &Space) -> String {
    Signer::new(&space.harmony_push().service_account_key_json()).jwt(now_s(space))
}

fn notification(tokens: &[&str]) -> Value {
    json!({
        "payload": {"notification": {
            "category": "EXPRESS", "title": "Parcel", "body": "Arrives today",
            "clickAction": {"actionType": 0},
        }},
        "target": {"token": tokens},
    })
}

fn send(space: &Space, jwt: &str, body: &Value) -> Call {
    let url = space.url("harmony-push");
    post(format!(
        "{url}/v3/{}/messages:send",
        HarmonyPush::PROJECT_ID
    ))
    .bearer(jwt)
    .header("push-type", "0")
    .json(body)
}

async fn access_token(space: &Space) -> String {
    let url = space.base_url();
    let form = "grant_type=client_credentials&client_id=100000001\
                &client_secret=emulated%2Bsecret%2F1%26%3D%25";
    let answer = post(format!("{url}/oauth2/v3/token"))
        .form(form)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["expires_in"], 3600);
    answer.json()["access_token"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn detail(answer: &Answer) -> Value {
    let body = answer.json();
    let text = body["msg"].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn every_token_gets_the_outcome_of_its_device() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let well = push.device(Device::harmony());
    let foreign = push.device(Device::harmony().of(HarmonyPush::OTHER_CLIENT_ID));
    let old = push.device(Device::hms());
    let jwt = jwt(&emulator);

    let answer = send(&emulator, &jwt, &notification(&[&well])).send().await;
    assert_eq!((answer.status, answer.code()), (200, "80000000".to_owned()));
    assert_eq!(
        push.inbox(&well)[0].message.payload["notification"]["title"],
        "Parcel"
    );

    let mixed = notification(&[&well, &foreign, &old, "nonsense"]);
    let answer = send(&emulator, &jwt, &mixed).send().await;
    assert_eq!((answer.status, answer.code()), (200, "80100000".to_owned()));
    assert_eq!(
        detail(&answer),
        json!({"success": 1, "failure": 3, "illegalTokens": {
            "noRight": [foreign], "tokenPlatformNotSupport": [old], "tokenFormatError": ["nonsense"],
        }})
    );

    let answer = send(&emulator, &jwt, &notification(&["nonsense"]))
        .send()
        .await;
    assert_eq!((answer.status, answer.code()), (400, "80300007".to_owned()));
    assert_eq!(push.inbox(&well).len(), 2);
}

#[tokio::test]
async fn a_broken_rule_is_named() {
    let emulator = Emulator::start().await.unwrap();
    let jwt = jwt(&emulator);
    let mut body = notification(&["t"]);
    body["payload"]["notification"]["badge"] = json!({"addNum": 100});
    let answer = send(&emulator, &jwt, &body).send().await;
    assert_eq!((answer.status, answer.code()), (400, "80100003".to_owned()));
    assert_eq!(
        answer.verdict(),
        "refused send_message body /payload/notification/badge/addNum: must be 99 or less \
         (rule maximum)"
    );
    assert_eq!(emulator.log()[0].violations.len(), 1);
}

#[tokio::test]
async fn access_tokens_are_issued_and_checked() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let device = push.device(Device::hms());
    let token = access_token(&emulator).await;
    let url = emulator.url("harmony-push");
    let body = json!({"message": {"data": "x", "token": [device, "gone"]}});
    let send = |token: &str| {
        let url = format!("{url}/v1/{}/messages:send", HarmonyPush::CLIENT_ID);
        post(url).bearer(token).json(&body)
    };
    let answer = send(&token).send().await;
    assert_eq!(answer.code(), "80100000");
    assert_eq!(detail(&answer)["illegal_tokens"], json!(["gone"]));
    emulator.advance_clock(std::time::Duration::from_secs(3601));
    let answer = send(&token).send().await;
    assert_eq!((answer.status, answer.code()), (401, "80200003".to_owned()));
}
