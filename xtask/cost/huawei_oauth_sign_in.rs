//! One sign-in in the browser.

use huawei_oauth::sign_in::Callback;
use huawei_oauth::{App, Client, Result};

pub async fn call() -> Result<String> {
    let client = Client::new(App::new("client id", "client secret"))?;
    let sign_in = client.sign_in()?;
    let redirect = sign_in.authorize("https://app.example/callback").begin()?;
    let Callback::Code(returned) = Callback::parse("https://app.example/callback?code=code") else {
        return Ok(redirect.url);
    };
    let signed_in = sign_in.finish(&redirect.pending, &returned).await?;
    Ok(format!("{signed_in:?}"))
}
