//! One login from a phone.

use oneaccess_sdk::{Application, Client, Device, Login, Result};

pub async fn call() -> Result<String> {
    let client = Client::new(Application::new("id", "secret"), "acme.huaweioneaccess.com")?;
    let phone = client.on(Device::new("Android 10", "156aysdna213sc50", "MyApp/1.0"));
    match phone.login_by_wechat("code").await? {
        Login::Success(session) => Ok(format!("{:?}", session.user().await?.user_name)),
        _ => Ok(String::new()),
    }
}
