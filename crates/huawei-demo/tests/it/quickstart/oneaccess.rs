//! A login through OneAccess, as docs/quickstart.md shows it.

use oneaccess_sdk::{Application, Client, Device, Login};

pub(super) async fn log_in(wechat_code: &str) -> oneaccess_sdk::Result<()> {
    let id = "emulatedClient000000000000000001";
    let application = Application::new(id, "emulated+secret/with=&%:signs");
    let client = Client::builder(application, "acme.huaweioneaccess.com")
        .emulator(super::emulators_address())
        .build()?;
    let device = Device::new("Android 10", "device fingerprint", "MyApp/1.0").ip("10.10.10.1");
    match client.on(device).login_by_wechat(wechat_code).await? {
        Login::Success(session) => println!("{:?} is in", session.user().await?.user_name),
        Login::SecondFactor(step) => println!("a code goes to {}", step.mobile().await?),
        other => println!("{other:?}"),
    }
    Ok(())
}
