//! The IoT platform: log in, register a device, send a command, receive the command's status.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use huawei_emulator::Emulator;
use huawei_emulator::iot_na::IotNa;
use iot_na::model::{
    Callback, CreateDeviceCommand, CreateDeviceCommandOptions, CreateSubscription,
    CreateSubscriptionOptions, DeviceCommandBody, GetDevice, NotifyType,
};
use iot_na::{Application, Client, Registration};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::{say, step};

pub(crate) async fn run(emulator: &Emulator) -> Result<()> {
    let devices = emulator.iot_na();
    let mut desk = Desk::start().await?;
    let iot = log_in(emulator)?;
    let device = register(&iot, &mut desk).await?;
    receive_data(&iot, &devices, &device, &mut desk).await?;
    send_command(&iot, &devices, &device, &mut desk).await?;
    survive_another_login(emulator, &iot, &device).await
}

fn log_in(emulator: &Emulator) -> Result<Client> {
    step("IoT: an application, which logs in when it is first needed");
    let application = Application::new(IotNa::APP_ID, IotNa::SECRET);
    say("application", application.id());
    Ok(Client::new(application, emulator.url("iot-na"))?)
}

async fn register(iot: &Client, desk: &mut Desk) -> Result<String> {
    step("IoT: two subscriptions, and a device that has ten minutes to connect");
    for kind in [NotifyType::DeviceAdded, NotifyType::DeviceDataChanged] {
        say("subscribed to", &kind);
        let subscription = CreateSubscription::new(kind, &desk.url);
        let options = CreateSubscriptionOptions::default();
        iot.create_subscription(&subscription, &options).await?;
    }
    let meter = Registration::expiring("866971030000017", Duration::from_secs(600))
        .details(|device| device.device_name("cellar"));
    let meter = iot.register_device(&meter).await?;
    say("registered", &meter.device_id);
    let told = desk.next().await?;
    ensure!(matches!(told, Callback::DeviceAdded(_)), "{told:?}");
    ensure!(
        told.device_id() == Some(&meter.device_id),
        "another device was added"
    );
    say("pushed", "deviceAdded");
    Ok(meter.device_id)
}

async fn receive_data(iot: &Client, devices: &IotNa, device: &str, desk: &mut Desk) -> Result<()> {
    step("IoT: the device reports");
    let report = devices.report(device, "WaterMeter", &json!({ "litres": 1204 }));
    report.map_err(anyhow::Error::msg)?;
    let Callback::DeviceDataChanged(told) = desk.next().await? else {
        bail!("something else was pushed");
    };
    let data = told.service.data.context("the report has no data")?;
    ensure!(data["litres"] == 1204, "{data:?}");
    say("pushed: litres", &data["litres"]);
    let shown = iot.get_device(device, &GetDevice::default()).await?;
    let status = shown.device_info.and_then(|info| info.status);
    say("asked: the device is", status.context("no status")?);
    Ok(())
}

async fn send_command(iot: &Client, devices: &IotNa, device: &str, desk: &mut Desk) -> Result<()> {
    step("IoT: a command to a sleeping device, and what becomes of it");
    devices.disconnect(device).map_err(anyhow::Error::msg)?;
    let valve = DeviceCommandBody::new("WaterMeter", "CLOSE_VALVE");
    let command = CreateDeviceCommand::new(device, valve).callback_url(&desk.url);
    let options = CreateDeviceCommandOptions::default();
    let created = iot.create_device_command(&command, &options).await?;
    say("created", &created.command_id);
    devices.connect(device).map_err(anyhow::Error::msg)?;
    for status in ["SENT", "DELIVERED"] {
        desk.expect_status(&created.command_id, status).await?;
    }
    let answer = devices.answer_command(&created.command_id, true, Value::Null);
    answer.map_err(anyhow::Error::msg)?;
    desk.expect_status(&created.command_id, "SUCCESSFUL").await
}

async fn survive_another_login(emulator: &Emulator, iot: &Client, device: &str) -> Result<()> {
    step("IoT: a login elsewhere voids the token; the call goes on with a new one");
    let application = Application::new(IotNa::APP_ID, IotNa::SECRET);
    let elsewhere = Client::new(application, emulator.url("iot-na"))?;
    elsewhere.get_device(device, &GetDevice::default()).await?;
    iot.get_device(device, &GetDevice::default()).await?;
    let logins = emulator.iot_na().tokens_issued();
    ensure!(logins == 3, "{logins} logins");
    say("logins", logins);
    Ok(())
}

/// The small web service that takes notifications, as a team would run it.
struct Desk {
    url: String,
    arrived: mpsc::UnboundedReceiver<Callback>,
}

impl Desk {
    async fn start() -> Result<Self> {
        let (sender, arrived) = mpsc::unbounded_channel();
        let routes = Router::new()
            .route("/notifications", post(take))
            .with_state(sender);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/notifications", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, arrived })
    }

    /// Waits for the next notification.
    async fn next(&mut self) -> Result<Callback> {
        let waiting = tokio::time::timeout(PATIENCE, self.arrived.recv());
        waiting
            .await
            .context("no notification came")?
            .context("the desk is closed")
    }

    /// Waits for a status of a command.
    async fn expect_status(&mut self, command_id: &str, status: &str) -> Result<()> {
        let Callback::CommandStatusChanged(told) = self.next().await? else {
            bail!("something else was pushed");
        };
        ensure!(told.command_id == command_id, "another command");
        ensure!(told.result.result_code == status, "{told:?}");
        say("pushed: the command is", status);
        Ok(())
    }
}

async fn take(State(sender): State<mpsc::UnboundedSender<Callback>>, body: Bytes) -> StatusCode {
    match Callback::parse(&body) {
        Ok(notification) => {
            // The demonstration may have ended; the platform gets its answer all the same.
            let _ = sender.send(notification);
            StatusCode::OK
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// How long a notification may take.
const PATIENCE: Duration = Duration::from_secs(30);
