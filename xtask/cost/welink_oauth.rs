//! One user looked up.

use welink_oauth::model::GetUser;
use welink_oauth::{AppSecret, Client, Result};

pub async fn call() -> Result<String> {
    let client = Client::new(AppSecret::new("client id", "client secret"))?;
    let login = client.free_login("code").await?;
    let user = GetUser::default().user_id(&login.user_id);
    let details = client.get_user(&user, &Default::default()).await?;
    Ok(format!("{details:?}"))
}
