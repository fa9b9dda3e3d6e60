//! Notifications: what tells a repeat, and whom it is about.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::model::{Callback, DeviceService};

/// # Notifications
///
/// Answer 200 within 15 seconds and do the work afterwards: a site that waits longer, or gets 501
/// to 504, sends the notification again; after ten failures in a row it only tries the address now
/// and then, until one is answered.
///
/// Notifications carry no signature and no secret. What proves them is the connection: TLS with a
/// certificate of the platform, rules of the network, an address that cannot be guessed.
impl Callback {
    /// The device that it is about, if it is about one.
    #[inline]
    pub fn device_id(&self) -> Option<&str> {
        match self {
            Self::BindDevice(it) => Some(&it.device_id),
            Self::CommandRsp(it) => it.header.device_id.as_deref(),
            Self::CommandStatusChanged(it) => Some(&it.device_id),
            Self::DeviceAdded(it) => Some(&it.device_id),
            Self::DeviceDataChanged(it) => Some(&it.device_id),
            Self::DeviceDatasChanged(it) => Some(&it.device_id),
            Self::DeviceDeleted(it) => Some(&it.device_id),
            Self::DeviceDesiredStatusChanged(it) => Some(&it.device_id),
            Self::DeviceEvent(it) => it.header.as_ref()?.device_id.as_deref(),
            Self::DeviceInfoChanged(it) => Some(&it.device_id),
            Self::FwUpgradeResult(it) => Some(&it.device_id),
            Self::FwUpgradeStateChanged(it) => Some(&it.device_id),
            Self::ServiceInfoChanged(it) => it.device_id.as_deref(),
            Self::SwUpgradeResult(it) => Some(&it.device_id),
            Self::SwUpgradeStateChanged(it) => Some(&it.device_id),
            Self::Other(it) => it.value().get("deviceId").and_then(Value::as_str),
            Self::DeviceCapabilitiesAdded(_)
            | Self::DeviceCapabilitiesChanged(_)
            | Self::DeviceCapabilitiesDeleted(_)
            | Self::DeviceModelAdded(_)
            | Self::DeviceModelDeleted(_)
            | Self::MessageConfirm(_)
            | Self::RuleEvent(_) => None,
        }
    }

    /// A key that a notification and its repeats have in common, and no other: 64 hexadecimal
    /// digits. The same in every process, so that it can stand in a table or in
    /// [`auth_core::Seen`].
    ///
    /// The platform numbers nothing, and sends again when in doubt. So reports are told apart by
    /// device, service, time and data; states of commands by command and state; everything else by
    /// all there is in it, so that a device which is deleted, registered and deleted once more
    /// within the memory's window looks like a repeat. Subscribed to both, `deviceDataChanged` and
    /// `deviceDatasChanged` bring one report under two keys.
    #[inline]
    pub fn redelivery_key(&self) -> String {
        let service = |it: &DeviceService| json!([it.service_id, it.event_time, it.data]);
        let told = match self {
            Self::CommandStatusChanged(it) => {
                json!(["command", it.command_id, it.result.result_code])
            }
            Self::DeviceDataChanged(it) => {
                json!([it.notify_type, it.device_id, service(&it.service)])
            }
            Self::DeviceDatasChanged(it) => {
                let services: Vec<Value> = it.services.iter().map(service).collect();
                json!([it.notify_type, it.device_id, services])
            }
            other => serde_json::to_value(other).unwrap_or_default(),
        };
        let mut key = String::with_capacity(64);
        for byte in digest(&SHA256, told.to_string().as_bytes()).as_ref() {
            let _ = write!(key, "{byte:02x}");
        }
        key
    }
}
