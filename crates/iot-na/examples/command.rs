//! Registers a device, sends it a command, and follows the command until it has ended.
//!
//! Without settings it starts an emulator, with a device that answers:
//!
//!     cargo run --example command
//!
//! With `IOT_NA_URL`, `IOT_NA_APP_ID` and `IOT_NA_SECRET` it does so at a site, or at an emulator in
//! another process.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::env;
use std::error::Error;
use std::time::Duration;

use huawei_emulator::Emulator;
use huawei_emulator::iot_na::IotNa;
use iot_na::model::{
    CommandStatus, CreateDeviceCommand, CreateDeviceCommandOptions, DeviceCommandBody,
    ListDeviceCommands,
};
use iot_na::{Application, Client, Registration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Ok(url) = env::var("IOT_NA_URL") {
        let application = Application::new(env::var("IOT_NA_APP_ID")?, env::var("IOT_NA_SECRET")?);
        return run(&Client::new(application, url)?, None).await;
    }
    println!("IOT_NA_URL is not set: starting an emulator");
    let emulator = Emulator::start().await?;
    let application = Application::new(IotNa::APP_ID, IotNa::SECRET);
    let client = Client::new(application, emulator.url("iot-na"))?;
    run(&client, Some(&emulator.iot_na())).await
}

async fn run(client: &Client, devices: Option<&IotNa>) -> Result<(), Box<dyn Error>> {
    let registration = Registration::expiring("866971030000017", Duration::from_secs(600));
    let device = client.register_device(&registration).await?;
    println!("registered {}", device.device_id);

    let command = DeviceCommandBody::new("WaterMeter", "READ");
    let command = CreateDeviceCommand::new(&device.device_id, command).expire_time(600);
    let options = CreateDeviceCommandOptions::default();
    let created = client.create_device_command(&command, &options).await?;
    println!("command {} is {}", created.command_id, created.status);
    if let Some(devices) = devices {
        devices.connect(&device.device_id)?;
        devices.answer_command(&created.command_id, true, serde_json::Value::Null)?;
    }

    let of_device = ListDeviceCommands::default().device_id(&device.device_id);
    for _ in 0..60 {
        let listed = client.list_device_commands(&of_device).await?;
        let commands = listed.data.unwrap_or_default();
        let Some(it) = commands.first() else { break };
        println!("command {} is {}", it.command_id, it.status);
        let waits = [
            CommandStatus::Pending,
            CommandStatus::Sent,
            CommandStatus::Delivered,
        ];
        if !waits.contains(&it.status) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    Ok(())
}
