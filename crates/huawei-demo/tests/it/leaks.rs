//! The whole demonstration runs with everything logged, and its output is searched for the secrets
//! that it uses, however they are written.

use std::error::Error as _;
use std::process::Command;

use auth_core::testing::Canary;
use harmony_push::model::{ClickAction, NotificationCategory};
use harmony_push::{Notification, Outcome};
use huawei_emulator::harmony_push::{Device, HarmonyPush};
use huawei_emulator::iot_na::IotNa;
use huawei_emulator::oneaccess_sdk::OneAccess;
use huawei_emulator::welink_oauth::WelinkOauth;
use huawei_emulator::{Emulator, Fault};
use iot_na::Application;
use iot_na::model::ListDevices;
use oneaccess_sdk::model::GetUserByUsername;
use welink_oauth::AppSecret;
use welink_oauth::model::GetUser;

use crate::incidents::service_account;
use crate::record::Record;

/// Personal data is treated as secrets are: a device token leads to a person.
#[tokio::test]
async fn device_tokens_are_in_no_log_and_in_no_error() {
    let emulator = Emulator::start_thread().unwrap();
    let (push, mut tokens) = service_account(&emulator, 1);
    tokens.push(
        emulator
            .harmony_push()
            .device(Device::harmony().refused("tokenFormatError")),
    );
    let category = NotificationCategory::Express;
    let message = Notification::new(category, "Parcel", "Arrives today", ClickAction::home());
    let record = Record::at(tracing::Level::TRACE);

    let mut told = String::new();
    for fault in [None, Some(Fault::status(502)), Some(Fault::reset())] {
        if let Some(fault) = fault {
            emulator.fail_next(fault.on("send_message").times(3));
        }
        for (_, outcome) in &push.send(&message, &tokens).await.unwrap() {
            match outcome {
                Outcome::Refused(refusal) => told.push_str(&format!("{refusal} {refusal:?}\n")),
                Outcome::NotSent(error) | Outcome::Unknown(error) => {
                    told.push_str(&format!("{error} {error:?}\n"));
                }
                _ => {}
            }
        }
        emulator.clear_faults();
    }

    assert!(told.lines().count() >= 5, "{told}");
    let log = record.text();
    assert!(log.contains("answered"), "nothing was logged");
    for token in &tokens {
        let canary = Canary::new(token);
        canary.assert_absent(&log);
        canary.assert_absent(&told);
    }
}

/// An answer that nobody expected may hold anything about anybody.
#[tokio::test]
async fn people_are_in_no_log_and_in_no_error() {
    let emulator = Emulator::start_thread().unwrap();
    let (phone, token) = ("+8613812345678", "IQAAAACy0kYwAADWsJ-_kEJ");
    let person = format!(r#"{{"mobile":"{phone}","name":"Ouyang Xiadan","token":"{token}"}}"#);
    let strange = [
        Fault::body(200, format!("[{person}]")),
        Fault::body(200, &person[..person.len() - 3]),
        Fault::body(400, &*person),
        Fault::body(500, format!("<p>{phone} {token}</p>")),
    ];
    let iot = Application::new(IotNa::APP_ID, IotNa::SECRET);
    let iot = iot_na::Client::new(iot, emulator.url("iot-na")).unwrap();
    let people = oneaccess_sdk::Application::new(OneAccess::CLIENT_ID, OneAccess::CLIENT_SECRET);
    let people = oneaccess_sdk::Client::builder(people, "acme.huaweioneaccess.com")
        .emulator(emulator.url("oneaccess-sdk"))
        .build()
        .unwrap();
    let team = AppSecret::new(WelinkOauth::CLIENT_ID, WelinkOauth::CLIENT_SECRET);
    let team = welink_oauth::Client::builder(team).emulator(emulator.url("welink-oauth"));
    let team = team.build().unwrap();
    let record = Record::at(tracing::Level::TRACE);

    let mut told = String::new();
    for fault in strange {
        for operation in ["list_devices", "get_user_by_username", "get_user"] {
            emulator.fail_next(fault.clone().on(operation).times(9));
        }
        let errors = [
            iot.list_devices(&ListDevices::default().page_no(0))
                .await
                .map(drop)
                .unwrap_err(),
            (people
                .get_user_by_username(&GetUserByUsername::new("anna"))
                .await)
                .map(drop)
                .unwrap_err(),
            (team
                .get_user(&GetUser::default().user_id("anna"), &Default::default())
                .await)
                .map(drop)
                .unwrap_err(),
        ];
        for error in errors {
            told.push_str(&format!("{error} {error:?} {:?}\n", error.source()));
        }
        emulator.clear_faults();
    }

    let log = record.text();
    for operation in ["list_devices", "get_user_by_username", "get_user"] {
        assert!(
            told.contains(operation) && log.contains(operation),
            "{told}"
        );
    }
    for text in [phone, token, "Ouyang Xiadan"] {
        let canary = Canary::new(text);
        canary.assert_absent(&log);
        canary.assert_absent(&told);
    }
}

#[test]
fn no_secret_is_in_the_output_of_the_demonstration() {
    let output = Command::new(env!("CARGO_BIN_EXE_huawei-demo"))
        .env("DEMO_TRACE", "1")
        .output()
        .expect("the demonstration starts");
    let text = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    for logged in [
        "answered",
        "fetched a token",
        "send_message",
        "obtain_access_token",
    ] {
        assert!(text.contains(logged), "nothing of `{logged}` was logged");
    }
    for (name, secret) in secrets() {
        let found = Canary::new(&secret).find(&text);
        assert_eq!(found, None, "{name} is in the output");
    }
    assert_eq!(tokens(&text), 0, "a signed token is in the output");
}

/// What the emulator takes as credentials.
fn secrets() -> Vec<(&'static str, String)> {
    let emulator = Emulator::start_thread().unwrap();
    let key_file = emulator.harmony_push().service_account_key_json();
    let key: serde_json::Value = serde_json::from_str(&key_file).unwrap();
    let key = key["private_key"].as_str().unwrap().to_owned();
    // However it is broken into lines, parts of it stay whole.
    let body: String = key
        .split("-----")
        .filter(|part| !part.contains("PRIVATE"))
        .collect();
    let body: Vec<char> = body.chars().filter(|c| !c.is_whitespace()).collect();
    let parts = body.chunks_exact(32).map(String::from_iter);
    let mut secrets = vec![("the client secret", HarmonyPush::CLIENT_SECRET.to_owned())];
    secrets.extend(parts.map(|part| ("a part of the private key", part)));
    assert!(secrets.len() > 20, "the key has parts");
    secrets
}

/// How many signed tokens are in a text, whatever they say.
fn tokens(text: &str) -> usize {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    words
        .filter(|word| {
            word.starts_with("eyJ") && word.split('.').filter(|part| part.len() > 15).count() == 3
        })
        .count()
}

#[test]
fn a_signed_token_would_be_found() {
    let part = "eyJhbGciOiJQUzI1NiJ9";
    assert_eq!(
        tokens(&format!("authorization: Bearer {part}.{part}.{part}, more")),
        1
    );
    assert_eq!(tokens(part), 0);
}
