//! What the tests of Push Kit share.

use std::time::UNIX_EPOCH;

use huawei_emulator::Space;
use huawei_emulator::harmony_push::HarmonyPush;
use serde_json::{Value, json};

use crate::client::{Answer, Call, Signer, post};

pub(crate) fn now_s(space: &Space) -> i64 {
    let since = space
        .now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970");
    i64::try_from(since.as_secs()).expect("it is before the end of time")
}

pub(crate) fn signer(space: &Space) -> Signer {
    Signer::new(&space.harmony_push().service_account_key_json())
}

pub(crate) fn jwt(space: &Space) -> String {
    signer(space).jwt(now_s(space))
}

pub(crate) fn notification(tokens: &[&str]) -> Value {
    json!({
        "payload": {"notification": {
            "category": "EXPRESS", "title": "Parcel", "body": "Arrives today",
            "clickAction": {"actionType": 0},
        }},
        "target": {"token": tokens},
    })
}

/// A call to an operation of the first project, or of the first app.
pub(crate) fn call(space: &Space, path: &str) -> Call {
    let path = path
        .replace("{project}", HarmonyPush::PROJECT_ID)
        .replace("{client}", HarmonyPush::CLIENT_ID);
    post(format!("{}{path}", space.url("harmony-push")))
}

pub(crate) fn send(space: &Space, jwt: &str, body: &Value) -> Call {
    call(space, "/v3/{project}/messages:send")
        .bearer(jwt)
        .header("push-type", "0")
        .json(body)
}

/// Gets an access token of the first app, over the address that two platforms share.
pub(crate) async fn access_token(space: &Space) -> String {
    let form = "grant_type=client_credentials&client_id=100000001\
                &client_secret=emulated%2Bsecret%2F1%26%3D%25";
    let url = format!("{}/oauth2/v3/token", space.base_url());
    let answer = post(url).form(form).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["expires_in"], 3600);
    answer.json()["access_token"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The JSON inside the message of an answer.
pub(crate) fn detail(answer: &Answer) -> Value {
    let body = answer.json();
    let text = body["msg"].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Checks status and code of an answer.
#[track_caller]
pub(crate) fn expect(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, &*answer.code()),
        (status, code),
        "{}",
        answer.verdict()
    );
}
