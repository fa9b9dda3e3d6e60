//! Sign-in by QR code: what a server sees while it polls, and what a person sees on the phone.

use std::time::Duration;

use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::{Emulator, Space};
use serde_json::Value;

use super::{form, refused, send, text, token};
use crate::client::{Answer, get, post};

async fn begin(space: &Space) -> Value {
    let pairs = [
        ("client_id", HuaweiOauth::CLIENT_ID),
        ("scope", "openid profile"),
    ];
    let answer = send(space, "/oauth2/v3/device/code", &pairs).await;
    assert_eq!(answer.status, 200, "{}", answer.verdict());
    answer.json()
}

async fn poll(space: &Space, started: &Value) -> Answer {
    let code = text(started, "device_code");
    token(space, &[("grant_type", "device_code"), ("code", code)]).await
}

fn page(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.verdict());
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_person_scans_and_accepts_while_the_server_polls() {
    let emulator = Emulator::start().await.unwrap();
    let space = emulator.space("qr");
    let started = begin(&space).await;
    assert_eq!(
        (&started["interval"], &started["expire_in"]),
        (&3.into(), &1800.into())
    );
    let address = text(&started, "verification_url");
    assert_eq!(
        address,
        format!("{}/oauth2/v3/device", space.url("huawei-oauth"))
    );
    refused(&poll(&space, &started).await, 1101, 20411);
    let code = text(&started, "user_code");
    let address = format!("{address}?user_code={code}");
    let shown = page(&get(&address).send().await);
    assert!(shown.contains("Sign in on another device?") && shown.contains(code));
    assert!(shown.contains("Demo Shop"));
    refused(&poll(&space, &started).await, 1101, 20412);
    let (_, ticket) = shown.split_once("name=emulator_ticket value=\"").unwrap();
    let ticket = ticket.split('"').next().unwrap();
    let accept = [
        ("emulator_ticket", ticket),
        ("user", "anna"),
        ("decision", "accept"),
    ];
    let done = post(&address)
        .form(&form(&accept))
        .header("accept-language", "zh");
    assert!(page(&done.send().await).contains("已在另一台设备上登录"));
    let tokens = poll(&space, &started).await.json();
    let open_id = space.huawei_oauth().open_id(HuaweiOauth::CLIENT_ID, "anna");
    assert_eq!(tokens["open_id"], open_id);
    assert_eq!(tokens["scope"], "openid profile");
    assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
    refused(&poll(&space, &started).await, 1101, 20406);
    // The code on the phone is of no more use.
    assert!(page(&get(&address).send().await).contains("This code is not valid"));
}

#[tokio::test]
async fn a_person_may_cancel() {
    let emulator = Emulator::start().await.unwrap();
    let started = begin(&emulator).await;
    let users = emulator.huawei_oauth();
    users.cancel_device(text(&started, "user_code")).unwrap();
    refused(&poll(&emulator, &started).await, 1101, 20414);
    assert!(
        users
            .accept_device(text(&started, "user_code"), "anna")
            .is_err()
    );
    assert!(users.scan("NOTACODE").is_err());
    let other = begin(&emulator).await;
    assert!(
        users
            .accept_device(text(&other, "user_code"), "nobody")
            .is_err()
    );
}

#[tokio::test]
async fn a_code_has_two_minutes_to_be_scanned_and_half_an_hour_in_all() {
    let emulator = Emulator::start().await.unwrap();
    let users = emulator.huawei_oauth();
    let late = begin(&emulator).await;
    let scanned = begin(&emulator).await;
    users.scan(text(&scanned, "user_code")).unwrap();
    emulator.advance_clock(Duration::from_secs(120));
    refused(&poll(&emulator, &late).await, 1101, 20404);
    assert!(users.scan(text(&late, "user_code")).is_err());
    refused(&poll(&emulator, &scanned).await, 1101, 20412);
    emulator.advance_clock(Duration::from_secs(1680));
    refused(&poll(&emulator, &scanned).await, 1600, 16003);
    assert!(
        users
            .accept_device(text(&scanned, "user_code"), "anna")
            .is_err()
    );
}

#[tokio::test]
async fn a_server_polls_as_often_as_the_interval_goes_into_the_life_and_no_more() {
    let emulator = Emulator::start().await.unwrap();
    let started = begin(&emulator).await;
    for _ in 0..600 {
        refused(&poll(&emulator, &started).await, 1101, 20411);
    }
    refused(&poll(&emulator, &started).await, 1101, 20407);
}

#[tokio::test]
async fn what_is_wrong_with_a_code_or_a_request_for_one_is_said() {
    let emulator = Emulator::start().await.unwrap();
    let ask = async |id: &str, scope: &str| {
        let pairs = [("client_id", id), ("scope", scope)];
        send(&emulator, "/oauth2/v3/device/code", &pairs).await
    };
    refused(&ask("999", "openid").await, 1101, 20003);
    refused(&ask("abc", "openid").await, 1101, 20002);
    refused(&ask(HuaweiOauth::CLIENT_ID, "nonsense").await, 1101, 20042);
    refused(&ask(HuaweiOauth::CLIENT_ID, "a,b").await, 1101, 20041);
    let nothing = token(
        &emulator,
        &[("grant_type", "device_code"), ("code", "AgEA")],
    )
    .await;
    refused(&nothing, 1600, 16002);
    let started = begin(&emulator).await;
    let other = [
        ("grant_type", "device_code"),
        ("code", text(&started, "device_code")),
        ("client_id", HuaweiOauth::SECOND_CLIENT_ID),
        ("client_secret", "emulatedSecret2"),
    ];
    refused(
        &send(&emulator, "/oauth2/v3/token", &other).await,
        1101,
        20154,
    );
    let url = format!("{}/oauth2/v3/device", emulator.url("huawei-oauth"));
    let empty = get(&url).send().await;
    refused(&empty, 1102, 20001);
    assert_eq!(empty.json()["error_description"], "user code is empty");
}
