//! Five incidents, each brought about and recorded: what an operator sees is what
//! `docs/runbooks.md` shows.

use std::time::Duration;

use harmony_push::model::{ClickAction, HmsClickAction, NotificationCategory, SendHmsMessage};
use harmony_push::{Client, HmsClient, Notification, Outcome, ServiceAccount};
use huawei_emulator::harmony_push::{Device, HarmonyPush};
use huawei_emulator::iot_na::IotNa;
use huawei_emulator::{Emulator, Fault};
use iot_na::Application;
use iot_na::model::ListDeviceCommands;

use crate::record::Record;

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn a_wrong_clock_corrects_itself() {
    let emulator = Emulator::start_thread().unwrap();
    let (push, tokens) = service_account(&emulator, 1);
    emulator.set_clock_offset_ms(2 * HOUR_MS);
    let record = Record::start();

    send(&push, &tokens).await;

    record.is_that_of("Wrong clock");
}

#[tokio::test]
async fn a_revoked_key_is_named() {
    let emulator = Emulator::start_thread().unwrap();
    let client = HmsClient::new(HarmonyPush::CLIENT_ID, "rotated-away-yesterday");
    let push = Client::hms_builder(client)
        .emulator(emulator.url("harmony-push"))
        .build()
        .unwrap();
    let tokens = [emulator.harmony_push().device(Device::hms())];
    let record = Record::start();

    send_hms(&push, &tokens).await;

    record.is_that_of("Revoked key");
}

#[tokio::test]
async fn a_contested_token_is_told() {
    let emulator = Emulator::start_thread().unwrap();
    let client = || {
        let application = Application::new(IotNa::APP_ID, IotNa::SECRET);
        iot_na::Client::new(application, emulator.url("iot-na")).unwrap()
    };
    let (first, second) = (client(), client());
    let record = Record::start();

    read(&first).await;
    read(&second).await;
    read(&first).await;

    record.is_that_of("Contested IoT token");
}

/// Who fights on is warned of that once, and once more when the client gives up for a while.
#[tokio::test]
async fn a_fight_for_a_token_is_two_warnings() {
    let emulator = Emulator::start_thread().unwrap();
    let application = Application::new(IotNa::APP_ID, IotNa::SECRET);
    let mine = iot_na::Client::new(application, emulator.url("iot-na")).unwrap();
    read(&mine).await;
    let record = Record::start();
    for _ in 0..5 {
        emulator.iot_na().revoke_tokens();
        read(&mine).await;
    }

    let log = record.text();
    let warnings: Vec<_> = log
        .lines()
        .filter(|line| line.contains("WARN iot_na"))
        .collect();
    assert_eq!(warnings.len(), 2, "{log}");
    assert!(warnings[0].ends_with("in_a_row=1"), "{log}");
    assert!(warnings[1].ends_with("in_a_row=3"), "{log}");
    assert!(
        log.contains("the access token was voided again in_a_row=2"),
        "{log}"
    );
}

/// What an application does at an IoT platform.
async fn read(iot: &iot_na::Client) {
    match iot
        .list_device_commands(&ListDeviceCommands::default())
        .await
    {
        Ok(_) => tracing::info!("commands: read"),
        Err(error) => tracing::error!("commands: {error}"),
    }
}

#[tokio::test]
async fn flow_control_slows_a_campaign_down() {
    let emulator = Emulator::start_thread().unwrap();
    let (push, tokens) = service_account(&emulator, 2_001);
    emulator.flow_control(1, Duration::from_secs(1));
    let record = Record::start();

    send(&push, &tokens).await;

    record.is_that_of("Flow control at 09:00");
}

#[tokio::test]
async fn an_outage_of_the_platform_is_told_once() {
    let emulator = Emulator::start_thread().unwrap();
    let client = HmsClient::new(HarmonyPush::CLIENT_ID, HarmonyPush::CLIENT_SECRET);
    let push = Client::hms_builder(client)
        .emulator(emulator.url("harmony-push"))
        .build()
        .unwrap();
    let tokens = [emulator.harmony_push().device(Device::hms())];
    emulator.fail_next(Fault::status(502).on("obtain_access_token").times(100));
    let record = Record::start();

    send_hms(&push, &tokens).await;
    send_hms(&push, &tokens).await;

    record.is_that_of("Platform outage");
}

pub(crate) fn service_account(emulator: &Emulator, devices: usize) -> (Client, Vec<String>) {
    let phones = emulator.harmony_push();
    let account = ServiceAccount::parse(&phones.service_account_key_json()).unwrap();
    let push = Client::builder(account)
        .emulator(emulator.url("harmony-push"))
        .build()
        .unwrap();
    let tokens = (0..devices)
        .map(|_| phones.device(Device::harmony()))
        .collect();
    (push, tokens)
}

/// What an application does: it logs what became of a send, in one line.
async fn send(push: &Client, tokens: &[String]) {
    let category = NotificationCategory::Express;
    let message = Notification::new(category, "Parcel", "Arrives today", ClickAction::home());
    match push.send(&message, tokens).await {
        Err(error) => tracing::error!("push: {error}"),
        Ok(outcomes) => {
            let summary = outcomes.summary();
            match outcomes.iter().find_map(|(_, outcome)| reason(outcome)) {
                Some(error) => tracing::error!("push: {summary}; {error}"),
                None => tracing::info!("push: {summary}"),
            }
        }
    }
}

async fn send_hms(push: &Client, tokens: &[String]) {
    let message =
        SendHmsMessage::notification("Parcel", "Arrives today", HmsClickAction::start_app());
    match push.send_hms(&message, tokens).await {
        Err(error) => tracing::error!("push: {error}"),
        Ok(outcomes) => {
            let summary = outcomes.summary();
            match outcomes.iter().find_map(|(_, outcome)| reason(outcome)) {
                Some(error) => tracing::error!("push: {summary}; {error}"),
                None => tracing::info!("push: {summary}"),
            }
        }
    }
}

fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::NotSent(error) | Outcome::Unknown(error) => Some(error.to_string()),
        Outcome::Refused(refusal) => Some(refusal.to_string()),
        _ => None,
    }
}
