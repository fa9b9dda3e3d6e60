//! Sign in with one click, as docs/quickstart.md shows it.

use huawei_oauth::{App, Client, PhoneNumber};

pub(super) async fn one_click(code: &str) -> huawei_oauth::Result<Option<PhoneNumber>> {
    let client = Client::builder(App::new("200000001", "emulated+secret/1=="))
        .emulator(super::emulators_address())
        .build()?;
    let answer = client.quick_login(code).await?;
    Ok(answer.number())
}
