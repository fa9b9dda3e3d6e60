//! One login without a password.

use huawei_oauth::{App, Client, Result};

pub async fn call() -> Result<String> {
    let client = Client::new(App::new("client id", "client secret"))?;
    let answer = client.quick_login("code").await?;
    Ok(format!("{:?}", answer.number()))
}
