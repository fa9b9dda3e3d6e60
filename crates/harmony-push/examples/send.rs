//! Sends one notification and prints what became of it for each token.
//!
//! Without settings it starts an emulator and sends to it:
//!
//!     cargo run --example send
//!
//! With the key file of a service account it sends a test message to real devices, or, with an
//! address in `HARMONY_PUSH_URL`, to an emulator in another process:
//!
//!     HARMONY_PUSH_KEY_FILE=service-account.json cargo run --example send -- TOKEN...

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::error::Error;

use harmony_push::model::{ClickAction, NotificationCategory};
use harmony_push::{Client, Notification, Outcome, ServiceAccount};
use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::Device;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let tokens: Vec<String> = env::args().skip(1).collect();
    if env::var_os(KEY_FILE).is_some() {
        let mut client = Client::builder(ServiceAccount::from_env(KEY_FILE)?);
        if let Ok(url) = env::var("HARMONY_PUSH_URL") {
            client = client.emulator(url);
        }
        return send(&client.build()?, &tokens).await;
    }
    println!("{KEY_FILE} is not set: starting an emulator");
    let emulator = Emulator::start().await?;
    let push = emulator.harmony_push();
    let account = ServiceAccount::parse(&push.service_account_key_json())?;
    let client = Client::builder(account)
        .emulator(emulator.url("harmony-push"))
        .build()?;
    let tokens = [
        push.device(Device::harmony()),
        push.device(Device::harmony()),
        push.device(Device::harmony().refused("tokenFormatError")),
        push.device(Device::hms()),
    ];
    send(&client, &tokens).await?;
    for received in push.inbox(&tokens[0]) {
        println!("the first phone shows {}", received.message.payload);
    }
    Ok(())
}

async fn send(client: &Client, tokens: &[String]) -> Result<(), Box<dyn Error>> {
    let category = NotificationCategory::Express;
    let parcel = Notification::new(category, "Parcel", "Arrives today", ClickAction::home());
    let outcomes = client.send(&parcel.test_message(), tokens).await?;
    println!("{}", outcomes.summary());
    for (token, outcome) in &outcomes {
        match outcome {
            Outcome::Accepted { request_id } => println!("{token}: accepted as {request_id}"),
            Outcome::Refused(refusal) => println!("{token}: {refusal}: {}", refusal.disposition()),
            Outcome::NotSent(error) => println!("{token}: not sent: {error}"),
            Outcome::Unknown(error) => println!("{token}: unknown: {error}"),
        }
    }
    Ok(())
}

/// The variable with the key file, its text or its path.
const KEY_FILE: &str = "HARMONY_PUSH_KEY_FILE";
