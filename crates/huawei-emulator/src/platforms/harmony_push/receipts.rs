//! Receipts: what the platform tells the sender about delivery, signed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::callback::Callback;
use crate::clock::unix_ms;

use super::State;
use super::devices::Message;

/// Where receipts go and how they are signed: the receipt configuration of the console.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReceiptConfiguration {
    /// The address of the receiver; plain http.
    pub url: String,
    /// The user name that is signed; unsigned when not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The secret: Base64 of the key, or the key itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether the secret is the key as it stands, as in old configurations.
    #[serde(default)]
    pub raw_secret: bool,
}

impl ReceiptConfiguration {
    /// Unsigned receipts to this address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            user_name: None,
            secret: None,
            raw_secret: false,
        }
    }

    /// Signs with the Base64 of a key, as configurations made today do.
    pub fn signed(mut self, user_name: impl Into<String>, secret: impl Into<String>) -> Self {
        self.user_name = Some(user_name.into());
        self.secret = Some(secret.into());
        self
    }

    /// Takes the secret as the key itself, as old configurations do.
    pub fn raw_secret(mut self) -> Self {
        self.raw_secret = true;
        self
    }

    /// What is signed with.
    fn key(&self) -> Option<hmac::Key> {
        let secret = self.secret.as_ref()?;
        let key = match STANDARD.decode(secret) {
            Ok(key) if !self.raw_secret => key,
            _ => secret.clone().into_bytes(),
        };
        Some(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }
}

/// The receipt configurations of a space.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    /// The one that counts where a message chooses none.
    pub configuration: Option<ReceiptConfiguration>,
    /// Those that a message chooses by its `receiptId`.
    pub named: HashMap<String, ReceiptConfiguration>,
}

/// A token, the package of its app, and the status code.
pub(crate) type Delivery = (String, String, i64);

impl Receipts {
    /// The configuration for a message.
    pub(crate) fn of(&self, message: &Message) -> Option<&ReceiptConfiguration> {
        let chosen = message.options["receiptId"]
            .as_str()
            .or_else(|| message.payload["android"]["receipt_id"].as_str());
        let named = chosen.and_then(|id| self.named.get(id));
        named.or(self.configuration.as_ref())
    }

    /// The calls for a message of v3.
    pub(crate) fn of_v3(&self, message: &Arc<Message>, deliveries: Vec<Delivery>) -> Vec<Callback> {
        let statuses = deliveries.into_iter().map(|(token, package, result)| {
            let mut status = json!({
                "token": token,
                "pushType": message.push_type,
                "appPackageName": package,
                "biTag": message.options["biTag"].as_str().unwrap_or_default(),
                "requestId": message.request_id,
            });
            let timestamp = message.time_ms;
            if message.push_type == Some(1) {
                let form = &message.payload["formId"];
                status["formStatus"] =
                    json!({"formId": form, "result": result, "timestamp": timestamp});
            } else {
                status["deliveryStatus"] = json!({"result": result, "timestamp": timestamp});
            }
            status
        });
        self.calls("on_delivery_receipts", message, statuses.collect())
    }

    /// The calls for a message of v1 or v2; the second part of a delivery is the app id here.
    pub(crate) fn of_hms(
        &self,
        message: &Arc<Message>,
        deliveries: Vec<Delivery>,
    ) -> Vec<Callback> {
        let tag = message.payload["android"]["bi_tag"].as_str();
        let statuses = deliveries.into_iter().map(|(token, app_id, result)| {
            json!({
                "token": token,
                "biTag": tag.unwrap_or_default(),
                "appid": app_id,
                "status": result,
                "timestamp": message.time_ms,
                "requestId": message.request_id,
            })
        });
        self.calls("on_hms_receipts", message, statuses.collect())
    }

    fn calls(
        &self,
        operation: &'static str,
        message: &Message,
        statuses: Vec<Value>,
    ) -> Vec<Callback> {
        let Some(configuration) = self.of(message) else {
            return Vec::new();
        };
        statuses
            .chunks(AT_ONCE)
            .map(|statuses| Callback {
                operation,
                url: configuration.url.clone(),
                headers: signature(configuration, message.time_ms),
                body: json!({ "statuses": statuses }).to_string(),
            })
            .collect()
    }
}

impl State {
    /// Sends what an app on an HMS device wants to tell its server.
    pub(super) fn send_uplink(
        &mut self,
        token: &str,
        data: &[u8],
        now: SystemTime,
    ) -> Result<(), &'static str> {
        let configuration = self.receipts.configuration.as_ref();
        let configuration = configuration.ok_or("no address is configured for receipts")?;
        let device = self.devices.get(token).ok_or("no device has this token")?;
        let app = self.accounts.app(&device.client_id);
        let now_ms = unix_ms(now);
        let data = STANDARD.encode(data);
        let key = configuration.key().map(|key| {
            let value = hmac::sign(&key, format!("{now_ms}:{data}").as_bytes());
            ("X-HW-SIGNATURE", STANDARD.encode(value))
        });
        let stamp = ("X-HW-TIMESTAMP", now_ms.to_string());
        self.callbacks.push(Callback {
            operation: "on_hms_uplink_message",
            url: configuration.url.clone(),
            headers: key.into_iter().chain([stamp]).collect(),
            body: json!({
                "from": token,
                "category": app.map(|app| &app.package),
                "message_id": format!("{now_ms}{:06}", fastrand::u32(..1_000_000)),
                "data": data,
            })
            .to_string(),
        });
        Ok(())
    }
}

/// The header that proves who calls.
fn signature(configuration: &ReceiptConfiguration, now_ms: i64) -> Vec<(&'static str, String)> {
    let (Some(user), Some(key)) = (&configuration.user_name, configuration.key()) else {
        return Vec::new();
    };
    let nonce = nonce();
    let value = hmac::sign(&key, format!("{now_ms}{nonce}{user}").as_bytes());
    let value = STANDARD.encode(value);
    let header = format!("timestamp={now_ms}; nonce={nonce}; value={value}");
    vec![("X-HUAWEI-CALLBACK-ID", header)]
}

/// A random UUID of version 4.
fn nonce() -> String {
    let random = fastrand::u128(..);
    let version = (random & !(0xf << 76)) | (0x4 << 76);
    let uuid = (version & !(0x3 << 62)) | (0x2 << 62);
    let hex = format!("{uuid:032x}");
    let cuts = [0..8, 8..12, 12..16, 16..20, 20..32];
    cuts.map(|cut| hex[cut].to_owned()).join("-")
}

/// How many receipts go into one call.
const AT_ONCE: usize = 100;
