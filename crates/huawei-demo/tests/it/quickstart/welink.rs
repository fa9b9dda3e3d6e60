//! WeLink users in a back end, as docs/quickstart.md shows it.

use welink_oauth::{AppSecret, Client};

pub(super) async fn who_is_it(code: &str) -> welink_oauth::Result<(String, bool)> {
    let id = "20190828163922073733756";
    let app = AppSecret::new(id, "8cf8+60c0/30b7=4357&a104%fa627c59085d");
    let client = Client::builder(app)
        .emulator(super::emulators_address())
        .build()?;
    let user = client.free_login(code).await?;
    let administration = client.administration(&user.user_id).await?;
    Ok((user.user_id, administration.is_administrator))
}
