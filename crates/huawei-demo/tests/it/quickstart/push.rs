//! Push to HarmonyOS, as docs/quickstart.md shows it.

use harmony_push::model::{ClickAction, NotificationCategory};
use harmony_push::{Client, Disposition, Notification, Outcome, ServiceAccount};

pub(super) async fn parcel(tokens: &[String]) -> harmony_push::Result<()> {
    let push = Client::builder(ServiceAccount::from_file(super::key_file())?)
        .emulator(super::emulators_address())
        .build()?;
    let category = NotificationCategory::Express;
    let message = Notification::new(category, "Parcel", "Arrives today", ClickAction::home());
    for (token, outcome) in &push.send(&message, tokens).await? {
        match outcome {
            Outcome::Accepted { request_id } => println!("{token}: accepted as {request_id}"),
            Outcome::Refused(refusal) if refusal.disposition() == Disposition::Delete => {
                println!("{token}: forget it");
            }
            other => println!("{token}: {other:?}"),
        }
    }
    Ok(())
}
