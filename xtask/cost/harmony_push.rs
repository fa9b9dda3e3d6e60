//! One push.

use harmony_push::{Background, Client, Result, ServiceAccount};

pub async fn call() -> Result<String> {
    let account = ServiceAccount::from_file("service-account.json")?;
    let push = Client::new(account)?;
    let message = Background::new("{}");
    let outcomes = push.send(&message, &["token"]).await?;
    Ok(outcomes.summary().to_string())
}
