//! Push Kit: campaigns with an outcome for every device, live views, receipts, flow control.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use harmony_push::model::{ClickAction, NotificationCategory as Category};
use harmony_push::model::{
    HmsClickAction, LiveViewEvent, LiveViewLayout, LiveViewNotificationData, LiveViewRichText,
    LiveViewStatus, SendHmsMessage,
};
use harmony_push::receipts::Verifier;
use harmony_push::{Client, HmsClient, LiveView, Notification, Outcome, Outcomes, ServiceAccount};
use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::{Device, HarmonyPush, ReceiptConfiguration};

use crate::receiver::Receiver;
use crate::{say, step};

pub(crate) async fn run(emulator: &Emulator) -> Result<()> {
    let phones = emulator.harmony_push();
    let push = load_account(emulator, &phones)?;
    let tokens = register_devices(&phones);
    send_campaign(&push, &tokens).await?;
    follow_taxi(&push, &phones).await?;
    verify_receipt(&push, &phones).await?;
    send_over_hms(&push, &phones).await?;
    survive_flow_control(&push, emulator, &tokens).await
}

fn load_account(emulator: &Emulator, phones: &HarmonyPush) -> Result<Client> {
    step("A service account signs its own tokens");
    let account = ServiceAccount::parse(&phones.service_account_key_json())?;
    let push = Client::builder(account)
        .hms(HmsClient::new(
            HarmonyPush::CLIENT_ID,
            HarmonyPush::CLIENT_SECRET,
        ))
        .base_url(emulator.base_url())
        .login_url(emulator.base_url())
        .build()?;
    say("project, from the key file", push.project_id()?);
    Ok(push)
}

/// 2,500 devices: most are well, some are dead, one stands in the list twice.
fn register_devices(phones: &HarmonyPush) -> Vec<String> {
    let mut tokens: Vec<String> = (0..2_500)
        .map(|number| {
            phones.device(match number % 100 {
                7 => Device::harmony().refused("tokenFormatError"),
                33 => Device::harmony().of(HarmonyPush::OTHER_CLIENT_ID),
                _ => Device::harmony(),
            })
        })
        .collect();
    tokens[2_499] = tokens[0].clone();
    tokens
}

async fn send_campaign(push: &Client, tokens: &[String]) -> Result<()> {
    step("One notification to 2,500 devices, an outcome for each");
    let parcel = Notification::new(
        Category::Express,
        "Your parcel",
        "It arrives today before noon.",
        ClickAction::home(),
    );
    let outcomes = push.send(&parcel, tokens).await?;
    table(&outcomes);
    let summary = outcomes.summary();
    ensure!(summary.total() == 2_500, "an outcome is missing");
    ensure!(
        summary.accepted == 2_450 && summary.refused == 50,
        "unexpected: {summary}"
    );
    Ok(())
}

fn table(outcomes: &Outcomes<'_, String>) {
    let mut rows = BTreeMap::<(String, String), usize>::new();
    for (_, outcome) in outcomes {
        let row = match outcome {
            Outcome::Accepted { .. } => ("accepted".to_owned(), "keep".to_owned()),
            Outcome::Refused(refusal) => {
                let reason = refusal
                    .reason()
                    .map_or("no reason given".to_owned(), ToString::to_string);
                (
                    format!("refused: {reason}"),
                    format!("{:?}", refusal.disposition()).to_lowercase(),
                )
            }
            Outcome::NotSent(error) => (format!("not sent: {error}"), "send again".to_owned()),
            Outcome::Unknown(error) => (format!("unknown: {error}"), "decide".to_owned()),
        };
        *rows.entry(row).or_default() += 1;
    }
    println!(
        "   {:<34} {:>7}  what to do with the token",
        "outcome", "tokens"
    );
    for ((outcome, disposition), count) in rows {
        println!("   {outcome:<34} {count:>7}  {disposition}");
    }
}

async fn follow_taxi(push: &Client, phones: &HarmonyPush) -> Result<()> {
    step("A live view: created, updated, ended");
    let token = [phones.device(Device::harmony())];
    let card = |title: &str| {
        LiveViewNotificationData::new(LiveViewLayout::Basic, ClickAction::home())
            .content_title(title)
            .content_text(vec![LiveViewRichText::new("B 1234 EV, silver")])
    };
    let steps = [
        (
            "created",
            LiveView::create(
                7,
                LiveViewEvent::Taxi,
                LiveViewStatus::DriverOnTheWay,
                card("{{status}}: 3 minutes"),
            ),
        ),
        (
            "updated",
            LiveView::update(7, LiveViewEvent::Taxi, card("On your way"))
                .status(LiveViewStatus::HeadingToDestination)
                .version(1),
        ),
        (
            "ended",
            LiveView::end(7, LiveViewEvent::Taxi, card("You have arrived"))
                .status(LiveViewStatus::Completed)
                .version(2),
        ),
    ];
    for (number, (what, live_view)) in steps.into_iter().enumerate() {
        for (_, outcome) in &push.send(&live_view, &token).await? {
            let Outcome::Accepted { request_id } = &outcome else {
                anyhow::bail!("the live view was not {what}: {outcome:?}");
            };
            say(what, format_args!("request {request_id}"));
        }
        ensure!(
            phones.inbox(&token[0]).len() == number + 1,
            "the phone got nothing"
        );
    }
    Ok(())
}

async fn verify_receipt(push: &Client, phones: &HarmonyPush) -> Result<()> {
    step("A receipt, its signature verified");
    let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let verifier = Verifier::builder("receipt-user", secret).build()?;
    let mut receiver = Receiver::start(verifier).await?;
    phones.set_receipts(Some(
        ReceiptConfiguration::new(&receiver.url).signed("receipt-user", secret),
    ));
    let tokens = [phones.device(Device::harmony().notifications_off())];
    let message = Notification::new(
        Category::Work,
        "Minutes",
        "They are ready.",
        ClickAction::home(),
    );
    let outcomes = push.send(&message, &tokens).await?;
    ensure!(
        outcomes.summary().accepted == 1,
        "the push was not accepted"
    );
    let receipt = tokio::time::timeout(Duration::from_secs(10), receiver.next()).await??;
    ensure!(
        receipt.token.expose() == tokens[0],
        "the receipt is for another device"
    );
    say("status", receipt.status.code());
    say("meaning", receipt.status.meaning().unwrap_or("unknown"));
    say(
        "what to do with the token",
        format!("{:?}", receipt.status.disposition()).to_lowercase(),
    );
    phones.set_receipts(None);
    Ok(())
}

async fn send_over_hms(push: &Client, phones: &HarmonyPush) -> Result<()> {
    step("The same over HMS v2, for Android and HarmonyOS 2 to 4");
    let tokens: Vec<String> = (0..1_200)
        .map(|number| {
            phones.device(match number % 100 {
                7 => Device::hms().refused("tokenFormatError"),
                _ => Device::hms(),
            })
        })
        .collect();
    let message = SendHmsMessage::notification(
        "Your parcel",
        "It arrives today.",
        HmsClickAction::start_app(),
    );
    let outcomes = push.send_hms(&message, &tokens).await?;
    table(&outcomes);
    let summary = outcomes.summary();
    ensure!(
        summary.accepted == 1_188 && summary.refused == 12,
        "unexpected: {summary}"
    );
    Ok(())
}

async fn survive_flow_control(push: &Client, emulator: &Emulator, tokens: &[String]) -> Result<()> {
    step("Flow control: the platform slows the sender down, and nothing is lost");
    emulator.flow_control(1, Duration::from_millis(500));
    let before = emulator.request_count();
    let news = Notification::new(
        Category::Subscription,
        "News",
        "There is some.",
        ClickAction::home(),
    );
    let summary = push.send(&news, tokens).await?.summary();
    emulator.clear_flow_control();
    let requests = emulator.request_count() - before;
    say("outcomes", summary);
    say("requests, the refused ones included", requests);
    ensure!(requests > 3, "flow control never happened");
    ensure!(
        summary.accepted == 2_450 && summary.refused == 50,
        "unexpected: {summary}"
    );
    Ok(())
}
