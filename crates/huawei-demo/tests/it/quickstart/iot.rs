//! A device of the IoT platform, as docs/quickstart.md shows it.

use iot_na::{Application, Client, Registration, Site};

pub(super) async fn register(node_id: &str) -> iot_na::Result<String> {
    let site = Site::Host("iot.example.com".to_owned(), 8743);
    let application = Application::new("Zkxm4FNw5j0Hq1V2emulated0001", "emulated+secret/1&=%");
    let iot = Client::builder(application, site)
        .emulator(super::emulators_address())
        .build()?;
    let meter = Registration::permanent(node_id)
        .details(|device| device.product_id("5d1b0c").device_name("cellar"));
    Ok(iot.register_device(&meter).await?.device_id)
}
