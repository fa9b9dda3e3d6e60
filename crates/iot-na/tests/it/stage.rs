//! A client, the emulator it talks to, and a receiver of notifications.

use std::sync::Arc;
use std::time::Duration;

use auth_core::{Clock, HttpSend, ReqwestSend};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use huawei_emulator::Space;
use huawei_emulator::iot_na::IotNa;
use iot_na::model::{GetDeviceShadow, ShadowService};
use iot_na::{Application, Client, Registration};
use tokio::sync::mpsc;

/// A client and the platform it talks to, with a state of its own.
pub(crate) struct Stage {
    pub(crate) space: Space,
    pub(crate) iot: IotNa,
    pub(crate) client: Client,
}

impl Stage {
    pub(crate) fn new(name: &str) -> Self {
        let space = contract::space(name);
        let client = client(&space, Clock::system());
        Self {
            iot: space.iot_na(),
            client,
            space,
        }
    }

    /// Registers a device that stays, and gives its id.
    pub(crate) async fn device(&self, node_id: &str) -> String {
        let registration = Registration::permanent(node_id);
        let device = self.client.register_device(&registration).await;
        device.unwrap_or_else(|error| panic!("{error}")).device_id
    }

    /// The first service in the shadow of a device.
    pub(crate) async fn shadow(&self, device_id: &str) -> ShadowService {
        let options = GetDeviceShadow::default();
        let shadow = self.client.get_device_shadow(device_id, &options).await;
        shadow.unwrap().services.unwrap().remove(0)
    }

    /// The operations that were called, the oldest first.
    pub(crate) fn called(&self) -> Vec<&'static str> {
        let log = self.space.log();
        log.iter().filter_map(|entry| entry.operation).collect()
    }
}

/// A client of the first application, with connections of its own: one belongs to the runtime that
/// opened it, and each test has its own.
pub(crate) fn client(space: &Space, clock: Clock) -> Client {
    client_over(space, clock, transport())
}

/// A client of the first application with this door to the network.
pub(crate) fn client_over(space: &Space, clock: Clock, transport: Arc<dyn HttpSend>) -> Client {
    Client::builder(application(), space.url("iot-na"))
        .transport(transport)
        .clock(clock)
        .build()
        .unwrap()
}

pub(crate) fn application() -> Application {
    Application::new(IotNa::APP_ID, IotNa::SECRET)
}

pub(crate) fn transport() -> Arc<dyn HttpSend> {
    Arc::new(ReqwestSend::builder().build().unwrap())
}

/// A server that takes notifications.
pub(crate) struct Receiver {
    pub(crate) url: String,
    taken: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let (sender, taken) = mpsc::unbounded_channel();
        let router = Router::new().route("/", post(take)).with_state(sender);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, taken }
    }

    /// The next notification.
    pub(crate) async fn next(&mut self) -> Vec<u8> {
        let waiting = tokio::time::timeout(Duration::from_secs(20), self.taken.recv());
        waiting.await.expect("a notification comes").unwrap()
    }
}

async fn take(State(sender): State<mpsc::UnboundedSender<Vec<u8>>>, body: Bytes) -> StatusCode {
    sender.send(body.to_vec()).unwrap();
    StatusCode::OK
}
