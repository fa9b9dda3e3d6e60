//! One device registered.

use iot_na::{Application, Client, Registration, Result, Site};

pub async fn call() -> Result<String> {
    let site = Site::Host("iot.example.com".to_owned(), 8743);
    let client = Client::new(Application::new("app id", "secret"), site)?;
    let meter = Registration::permanent("866971030000017");
    Ok(client.register_device(&meter).await?.device_id)
}
