//! A platform made of a function: what is sent goes in, what is answered comes out.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auth_core::{HttpSend, Result};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use oneaccess_sdk::{Application, Client, Device, DeviceClient};
use serde_json::{Value, json};

/// A request as the platform sees it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
}

impl Sent {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.raw).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// A parameter of the query.
    pub(crate) fn number(&self, name: &str) -> usize {
        let mut pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name).unwrap();
        value.parse().unwrap()
    }
}

/// An answer: status and body.
pub(crate) type Reply = (u16, String);

pub(crate) struct Fake {
    answer: Box<dyn Fn(&Sent) -> Reply + Send + Sync>,
    sent: Mutex<Vec<Sent>>,
}

impl Fake {
    /// A platform that answers tokens by itself, and everything else with this function.
    pub(crate) fn new(answer: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            sent: Mutex::default(),
        })
    }

    /// What was sent so far, tokens aside.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn client(self: &Arc<Self>) -> Client {
        let application = Application::new("dummy-client-id", "dummy-client-secret");
        Client::builder(application, "acme.huaweioneaccess.com")
            .transport(Arc::<Self>::clone(self))
            .build()
            .unwrap()
    }

    pub(crate) fn phone(self: &Arc<Self>) -> DeviceClient {
        self.client().on(device())
    }
}

#[async_trait]
impl HttpSend for Fake {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let sent = Sent {
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers: request.headers().clone(),
            raw: request.body().clone(),
        };
        let (status, body) = match &*sent.path {
            TOKEN if !sent.headers.contains_key("x-count-tokens") => {
                let token = json!({"access_token": "a-token", "expires_in": 1800});
                (200, token.to_string())
            }
            _ => {
                self.sent.lock().unwrap().push(sent.clone());
                (self.answer)(&sent)
            }
        };
        Ok(Response::builder()
            .status(status)
            .body(body.into())
            .unwrap())
    }
}

/// A device that has everything.
pub(crate) fn device() -> Device {
    Device::new(
        "Android 10",
        "156aysdna213sac",
        "Mozilla/5.0 (Linux; Android 10)",
    )
    .ip("10.10.10.1")
}

const TOKEN: &str = "/api/v2/tenant/token";
