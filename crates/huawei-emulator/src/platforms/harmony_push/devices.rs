//! Devices: their tokens, how they take a message, and what they received.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// A device with an app installed: a push token and how the platform and the device react to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Device {
    /// The push token; a fresh one when not set.
    #[serde(default)]
    pub token: String,
    /// The app it belongs to; the first app when not set.
    #[serde(default)]
    pub client_id: String,
    /// The push service that issued the token.
    #[serde(default)]
    pub service: Service,
    /// Why the platform refuses the token, one of the reasons of v3 answers; not refused when not
    /// set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The status code that receipts for it carry; 0, delivered, when not set.
    #[serde(default)]
    pub receipt: i64,
}

/// The two push services, whose tokens do not mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Service {
    /// Push Kit of HarmonyOS 5 and later, reached by v3.
    #[default]
    Harmony,
    /// HMS Core: HarmonyOS 2 to 4, Android and others, reached by v1 and v2.
    Hms,
}

impl Device {
    /// A device that takes every message of v3.
    pub fn harmony() -> Self {
        Self {
            token: String::new(),
            client_id: String::new(),
            service: Service::Harmony,
            refusal: None,
            receipt: 0,
        }
    }

    /// A device that takes every message of v1 and v2.
    pub fn hms() -> Self {
        Self {
            service: Service::Hms,
            ..Self::harmony()
        }
    }

    /// Gives it this token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// Puts it into the hands of another app.
    pub fn of(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// The platform refuses the token, for this reason.
    pub fn refused(mut self, reason: impl Into<String>) -> Self {
        self.refusal = Some(reason.into());
        self
    }

    /// Messages are accepted, and receipts carry this status code.
    pub fn receipt(mut self, status: i64) -> Self {
        self.receipt = status;
        self
    }

    /// The app was removed from the device: messages are accepted, receipts say 2.
    pub fn uninstalled(self) -> Self {
        self.receipt(2)
    }

    /// The device was not seen for a month: messages are accepted, receipts say 10.
    pub fn inactive(self) -> Self {
        self.receipt(10)
    }

    /// The user has turned notifications off: messages are accepted, receipts say 6.
    pub fn notifications_off(self) -> Self {
        self.receipt(6)
    }
}

/// A message as devices received it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// The id in the answer to the sender, on which receipts join.
    pub request_id: String,
    /// When it came, by the emulator's clock, in Unix milliseconds.
    pub time_ms: i64,
    /// The operation it was sent with.
    pub operation: &'static str,
    /// The scenario of v3.
    pub push_type: Option<i64>,
    /// The `payload` of v3, or the `message` of v1 and v2, without the tokens.
    pub payload: Value,
    /// The `pushOptions` of v3.
    pub options: Value,
}

/// A message on one device.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Received {
    /// The message.
    #[serde(serialize_with = "whole")]
    pub message: Arc<Message>,
    /// The status code of the receipt for it.
    pub receipt: i64,
    /// Whether it can still be seen: not replaced, taken back, or never shown.
    pub shown: bool,
}

/// Writes what is shared as if it were not.
fn whole<S: Serializer>(message: &Arc<Message>, serializer: S) -> Result<S::Ok, S::Error> {
    message.as_ref().serialize(serializer)
}

/// All devices of a space.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    devices: HashMap<String, Device>,
    fleets: Vec<Fleet>,
    inboxes: HashMap<String, VecDeque<Received>>,
    /// The newest deliveries to any device, for the page and the log of the space.
    recent: VecDeque<(String, Received)>,
    delivered: u64,
    named: u64,
}

/// Many devices without a place in memory: tokens of a prefix and a number.
#[derive(Clone, Debug)]
struct Fleet {
    prefix: String,
    count: u64,
    like: Device,
}

impl Devices {
    /// Adds a device and gives its token.
    pub(crate) fn add(&mut self, mut device: Device, client_id: &str) -> String {
        if device.client_id.is_empty() {
            client_id.clone_into(&mut device.client_id);
        }
        if device.token.is_empty() {
            self.named += 1;
            let kind = match device.service {
                Service::Harmony => "MAMzLg",
                Service::Hms => "IQAAAA",
            };
            let tail = fastrand::u64(..);
            device.token = format!("{kind}+{:05}/{tail:016x}_-=", self.named);
        }
        let token = device.token.clone();
        self.devices.insert(token.clone(), device);
        token
    }

    /// Adds `count` devices alike, with the tokens `prefix` and a number from 0.
    pub(crate) fn add_fleet(
        &mut self,
        prefix: &str,
        count: u64,
        mut like: Device,
        client_id: &str,
    ) {
        if like.client_id.is_empty() {
            client_id.clone_into(&mut like.client_id);
        }
        self.fleets.retain(|fleet| fleet.prefix != prefix);
        self.fleets.push(Fleet {
            prefix: prefix.to_owned(),
            count,
            like,
        });
    }

    /// The device of a token.
    pub(crate) fn get(&self, token: &str) -> Option<&Device> {
        self.devices.get(token).or_else(|| {
            let member = |fleet: &&Fleet| {
                let number = token.strip_prefix(&*fleet.prefix);
                number
                    .filter(|number| !number.starts_with('+'))
                    .and_then(|number| number.parse::<u64>().ok())
                    .is_some_and(|number| number < fleet.count)
            };
            self.fleets.iter().find(member).map(|fleet| &fleet.like)
        })
    }

    /// Changes a device in place.
    pub(crate) fn get_mut(&mut self, token: &str) -> Option<&mut Device> {
        self.devices.get_mut(token)
    }

    pub(crate) fn remove(&mut self, token: &str) {
        self.devices.remove(token);
        self.inboxes.remove(token);
    }

    /// The devices with a place of their own.
    pub(crate) fn list(&self) -> Vec<&Device> {
        let mut all: Vec<&Device> = self.devices.values().collect();
        all.sort_by(|left, right| left.token.cmp(&right.token));
        all
    }

    /// Puts a message on a device, and says what the receipt for it says.
    pub(crate) fn deliver(&mut self, token: &str, message: &Arc<Message>, receipt: i64) {
        self.delivered += 1;
        let mut received = Received {
            message: Arc::clone(message),
            receipt,
            shown: receipt == 0,
        };
        if self.devices.contains_key(token) {
            let inbox = self.inboxes.entry(token.to_owned()).or_default();
            settle(inbox, &mut received);
            if inbox.len() >= INBOX {
                inbox.pop_front();
            }
            inbox.push_back(received.clone());
        }
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((token.to_owned(), received));
    }

    /// Takes back what was sent with a notifyId.
    pub(crate) fn revoke(&mut self, token: &str, notify_id: i64) {
        for received in self.inboxes.get_mut(token).into_iter().flatten() {
            if notify_id_of(&received.message) == Some(notify_id) {
                received.shown = false;
            }
        }
    }

    /// What a device received, the oldest first.
    pub(crate) fn inbox(&self, token: &str) -> Vec<Received> {
        let inbox = self.inboxes.get(token).into_iter().flatten();
        inbox.cloned().collect()
    }

    /// The newest deliveries to any device, the oldest first.
    pub(crate) fn recent(&self) -> impl DoubleEndedIterator<Item = &(String, Received)> {
        self.recent.iter()
    }

    /// How many deliveries there were.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered
    }
}

/// What a device does with a message beside earlier ones: the first of an appMessageId stays for a
/// day, the last of a notifyId replaces the others.
fn settle(inbox: &mut VecDeque<Received>, received: &mut Received) {
    let id = app_message_id(&received.message);
    let day_ago = received.message.time_ms - DAY_MS;
    let repeated = id.is_some()
        && inbox.iter().any(|earlier| {
            earlier.message.time_ms > day_ago && app_message_id(&earlier.message) == id
        });
    if repeated {
        received.shown = false;
        return;
    }
    let notify_id = notify_id_of(&received.message).filter(|&id| id >= 0);
    if notify_id.is_some() {
        for earlier in inbox.iter_mut() {
            if notify_id_of(&earlier.message) == notify_id {
                earlier.shown = false;
            }
        }
    }
}

fn app_message_id(message: &Message) -> Option<&str> {
    message.payload["notification"]["appMessageId"].as_str()
}

fn notify_id_of(message: &Message) -> Option<i64> {
    let harmony = message.payload["notification"]["notifyId"].as_i64();
    harmony.or_else(|| message.payload["android"]["notification"]["notify_id"].as_i64())
}

/// How many messages a device remembers.
const INBOX: usize = 200;

/// How many deliveries the space remembers.
const RECENT: usize = 200;

const DAY_MS: i64 = 86_400_000;
