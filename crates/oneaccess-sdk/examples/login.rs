//! Logs somebody in by WeChat and finds out who it is: `cargo run --example login`.
//!
//! It runs against an emulator in this process, or against the OneAccess of the environment
//! variables `ONEACCESS_SDK_DOMAIN`, `ONEACCESS_SDK_CLIENT_ID`, `ONEACCESS_SDK_CLIENT_SECRET` and
//! `ONEACCESS_SDK_WECHAT_CODE`.

#![expect(clippy::print_stdout, reason = "an example speaks on standard output")]

use std::env;
use std::error::Error;

use huawei_emulator::Emulator;
use huawei_emulator::oneaccess_sdk::OneAccess;
use oneaccess_sdk::{Application, Client, Device, Login};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let (client, code) = match env::var("ONEACCESS_SDK_DOMAIN") {
        Ok(domain) => {
            let application = Application::new(
                env::var("ONEACCESS_SDK_CLIENT_ID")?,
                env::var("ONEACCESS_SDK_CLIENT_SECRET")?,
            );
            let code = env::var("ONEACCESS_SDK_WECHAT_CODE")?;
            (Client::new(application, domain)?, code)
        }
        Err(_) => {
            let application = Application::new(OneAccess::CLIENT_ID, OneAccess::CLIENT_SECRET);
            let client = Client::builder(application, "acme.huaweioneaccess.com")
                .emulator(emulator.url("oneaccess-sdk"))
                .build()?;
            let code = emulator.oneaccess_sdk().social_code("weixin", "zhangsan");
            (client, code)
        }
    };
    let phone =
        client.on(Device::new("Android 10", "example-device", "example/1.0").ip("127.0.0.1"));
    match phone.login_by_wechat(code).await? {
        Login::Success(session) => {
            let user = session.user().await?;
            println!("{:?} ({:?}) is logged in", user.name, user.user_name);
            println!("for {:?}", session.expires_in());
        }
        other => println!("the login goes on with {other:?}"),
    }
    Ok(())
}
