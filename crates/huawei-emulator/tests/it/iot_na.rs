//! The IoT platform over HTTP and its control API, as clients in other languages use them.

use std::time::Duration;

use huawei_emulator::iot_na::IotNa;
use huawei_emulator::{Emulator, Space};
use serde_json::{Value, json};

use crate::client::{Answer, Call, call, get, post};
use crate::receiver::Receiver;

/// Logs the first application in, and gives its access token.
pub(crate) async fn log_in(space: &Space) -> String {
    let answer = login(space).await;
    let token = &answer.json()["accessToken"];
    token.as_str().expect("a login gives a token").to_owned()
}

async fn login(space: &Space) -> Answer {
    let url = format!("{}/iocm/app/sec/v1.1.0/login", space.url("iot-na"));
    let form = format!(
        "appId={}&secret=emulated%2Bsecret%2F1%26%3D%25",
        IotNa::APP_ID
    );
    post(url).form(&form).send().await
}

/// A call of the first application.
fn signed(call: Call, token: &str) -> Call {
    call.header("app_key", IotNa::APP_ID).bearer(token)
}

/// A call to an operation.
fn at(space: &Space, method: &'static str, path: &str, token: &str) -> Call {
    signed(
        call(method, format!("{}{path}", space.url("iot-na"))),
        token,
    )
}

async fn control(space: &Space, method: &'static str, path: &str, body: Value) -> Answer {
    let url = format!("{}/_emulator/iot-na/{path}", space.base_url());
    call(method, url).json(&body).send().await
}

const DEVICES: &str = "/iocm/app/dm/v1.4.0/devices?pageNo=0";
const REGISTER: &str = "/iocm/app/reg/v1.1.0/deviceCredentials";

#[tokio::test]
async fn a_login_voids_the_token_of_the_login_before() {
    let emulator = Emulator::start().await.unwrap();
    let first = log_in(&emulator).await;
    assert_eq!(
        at(&emulator, "GET", DEVICES, &first).send().await.status,
        200
    );
    let second = log_in(&emulator).await;
    let refused = at(&emulator, "GET", DEVICES, &first).send().await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["resultcode"], "1010005");
    let taken = at(&emulator, "GET", DEVICES, &second).send().await;
    assert_eq!(taken.status, 200, "{}", taken.verdict());
}

#[tokio::test]
async fn tokens_live_as_long_as_they_are_told_to() {
    let emulator = Emulator::start().await.unwrap();
    let rules = json!({"lifetime_s": 5, "refresh_lifetime_s": 8});
    control(&emulator, "PUT", "access-tokens", rules).await;
    let granted = login(&emulator).await.json();
    assert_eq!(granted["expiresIn"], 5);
    let token = granted["accessToken"].as_str().unwrap();
    emulator.advance_clock(Duration::from_secs(6));
    assert_eq!(
        at(&emulator, "GET", DEVICES, token).send().await.status,
        403
    );
    let url = format!(
        "{}/iocm/app/sec/v1.1.0/refreshToken",
        emulator.url("iot-na")
    );
    let body = json!({
        "appId": IotNa::APP_ID, "secret": IotNa::SECRET, "refreshToken": granted["refreshToken"],
    });
    let refreshed = post(&url).json(&body).send().await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.verdict());
    let used_up = post(&url).json(&body).send().await;
    assert_eq!(used_up.json()["error_code"], "100006");
    emulator.advance_clock(Duration::from_secs(9));
    let body = json!({
        "appId": IotNa::APP_ID, "secret": IotNa::SECRET,
        "refreshToken": refreshed.json()["refreshToken"],
    });
    assert_eq!(post(&url).json(&body).send().await.status, 401);
    let wrong = json!({"appId": IotNa::APP_ID, "secret": "x", "refreshToken": "y"});
    let wrong = post(&url).json(&wrong).send().await;
    assert_eq!(wrong.json()["error_code"], "100208");
}

#[tokio::test]
async fn the_rate_of_an_application_can_be_limited() {
    let emulator = Emulator::start().await.unwrap();
    let token = log_in(&emulator).await;
    // Early in a minute, so that all calls are in one.
    let now = emulator
        .now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    emulator.advance_clock(Duration::from_secs(60 - now.as_secs() % 60));
    control(
        &emulator,
        "PUT",
        "rate-limit",
        json!({"calls_per_minute": 3}),
    )
    .await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(at(&emulator, "GET", DEVICES, &token).send().await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 403]);
    emulator.advance_clock(Duration::from_secs(60));
    assert_eq!(
        at(&emulator, "GET", DEVICES, &token).send().await.status,
        200
    );
}

#[tokio::test]
async fn a_device_that_nobody_said_how_long_to_keep_is_deleted_after_three_minutes() {
    let emulator = Emulator::start().await.unwrap();
    let token = log_in(&emulator).await;
    let register = |node: &str, timeout: Option<i64>| {
        let mut body = json!({ "nodeId": node });
        if let Some(timeout) = timeout {
            body["timeout"] = timeout.into();
        }
        at(&emulator, "POST", REGISTER, &token).json(&body).send()
    };
    let silent = register("1", None).await.json();
    assert_eq!(silent["timeout"], 180);
    register("2", Some(0)).await;
    let third = register("3", Some(60)).await.json();
    let id = third["deviceId"].as_str().unwrap().to_owned();
    let status = format!("devices/{id}/status");
    control(&emulator, "PUT", &status, json!({"online": true})).await;
    emulator.advance_clock(Duration::from_secs(181));
    let listed = at(&emulator, "GET", DEVICES, &token).send().await.json();
    let nodes: Vec<&str> = listed["devices"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|device| device["deviceInfo"]["nodeId"].as_str())
        .collect();
    assert_eq!(nodes, ["2", "3"]);
}

#[tokio::test]
async fn notifications_come_in_order_and_again_after_a_failure() {
    let emulator = Emulator::start().await.unwrap();
    let token = log_in(&emulator).await;
    let mut receiver = Receiver::start().await;
    let url = receiver.url.clone();
    for kind in ["deviceAdded", "deviceDataChanged"] {
        let body = json!({"notifyType": kind, "callbackUrl": url});
        let path = "/iocm/app/sub/v1.2.0/subscriptions";
        let answer = at(&emulator, "POST", path, &token).json(&body).send().await;
        assert_eq!(answer.status, 201, "{}", answer.verdict());
        let again = at(&emulator, "POST", path, &token).json(&body).send().await;
        assert_eq!(again.json()["error_code"], "100227");
    }
    receiver.answer_next(503);
    let body = json!({"nodeId": "1", "timeout": 0});
    let device = at(&emulator, "POST", REGISTER, &token)
        .json(&body)
        .send()
        .await;
    let id = device.json()["deviceId"].as_str().unwrap().to_owned();
    assert_eq!(receiver.next().await.body["notifyType"], "deviceAdded");
    for number in 0..3 {
        let body = json!({"service_id": "Meter", "data": {"value": number}});
        control(&emulator, "POST", &format!("devices/{id}/data"), body).await;
    }
    // What failed is sent again after ten minutes, and what came later after it.
    emulator.advance_clock(Duration::from_secs(601));
    control(&emulator, "POST", "tick", json!({})).await;
    assert_eq!(receiver.next().await.body["notifyType"], "deviceAdded");
    for number in 0..3 {
        let notice = receiver.next().await.body;
        assert_eq!(notice["notifyType"], "deviceDataChanged");
        assert_eq!(notice["service"]["data"]["value"], number);
    }
    let url = format!("{}/_emulator/iot-na/addresses", emulator.base_url());
    assert_eq!(get(url).send().await.json()[0]["failures"], 0);
}

#[tokio::test]
async fn a_person_sees_devices_and_commands() {
    let emulator = Emulator::start().await.unwrap();
    let token = log_in(&emulator).await;
    let body = json!({"nodeId": "<b>1", "timeout": 0});
    let device = at(&emulator, "POST", REGISTER, &token)
        .json(&body)
        .send()
        .await;
    let command = json!({
        "deviceId": device.json()["deviceId"],
        "command": {"serviceId": "Meter", "method": "READ", "paras": {}},
    });
    let path = "/iocm/app/cmd/v1.4.0/deviceCommands";
    let answer = at(&emulator, "POST", path, &token)
        .json(&command)
        .send()
        .await;
    assert_eq!(answer.status, 201, "{}", answer.verdict());
    assert_eq!(answer.json()["status"], "DEFAULT");
    let page = get(format!("{}/", emulator.base_url())).send().await;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    assert!(
        page.contains("&lt;b&gt;1") && page.contains("PENDING"),
        "{page}"
    );
}
