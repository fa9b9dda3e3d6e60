//! What devices do: connect, leave, report.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::clock::unix_s;

use super::State;
use super::devices::Status;
use super::time::written;

impl State {
    /// A device connects or leaves.
    pub(super) fn set_status(
        &mut self,
        device_id: &str,
        online: bool,
        now: SystemTime,
    ) -> Result<(), &'static str> {
        let device = self.known(device_id)?;
        let first = device.status == Status::Inactive && online;
        device.seen_s = Some(unix_s(now));
        device.status = match online {
            true => Status::Online,
            false => Status::Offline,
        };
        // Once it has connected it stays.
        device.deleted_s = None;
        let (app_id, info) = (device.app_id.clone(), device.info());
        if first {
            let notice = json!({
                "notifyType": "bindDevice",
                "deviceId": device_id,
                "resultCode": "succeeded",
                "deviceInfo": info,
            });
            self.notify(&app_id, "bindDevice", notice);
        }
        let status = if online { "ONLINE" } else { "OFFLINE" };
        self.info_changed(&app_id, device_id, json!({ "status": status }));
        if online {
            self.deliver_commands(device_id, now);
            self.deliver_desired(device_id);
        }
        Ok(())
    }

    /// A device reports the data of a service.
    pub(super) fn report(
        &mut self,
        device_id: &str,
        service_id: &str,
        data: &Value,
        now: SystemTime,
    ) -> Result<(), &'static str> {
        if self.known(device_id)?.status != Status::Online {
            self.set_status(device_id, true, now)?;
        }
        let device = self.known(device_id)?;
        device.seen_s = Some(unix_s(now));
        let app_id = device.app_id.clone();
        let service = device.service(service_id);
        for (name, value) in data.as_object().into_iter().flatten() {
            service.data.insert(name.clone(), value.clone());
        }
        service.event_time = written(now);
        let report = json!({
            "serviceId": service_id,
            "serviceType": service_id,
            "data": data,
            "eventTime": service.event_time,
        });
        self.history.push(device_id, &app_id, service_id, data, now);
        let notice = |kind: &str| {
            json!({
                "notifyType": kind,
                "deviceId": device_id,
                "gatewayId": device_id,
                "requestId": null,
            })
        };
        let mut one = notice("deviceDataChanged");
        one["service"] = report.clone();
        self.notify(&app_id, "deviceDataChanged", one);
        let mut many = notice("deviceDatasChanged");
        many["services"] = json!([report]);
        self.notify(&app_id, "deviceDatasChanged", many);
        Ok(())
    }

    /// Takes devices that were silent for long for what the platform takes them for.
    pub(super) fn age_devices(&mut self, now_s: i64) {
        let mut changed = Vec::new();
        for device in &mut self.devices {
            let silent = device.seen_s.map_or(0, |seen| now_s - seen);
            let aged = match device.status {
                Status::Abnormal | Status::Online if silent >= OFFLINE_AFTER_S => Status::Offline,
                Status::Online if silent >= ABNORMAL_AFTER_S => Status::Abnormal,
                _ => continue,
            };
            device.status = aged;
            changed.push((device.app_id.clone(), device.device_id.clone(), aged));
        }
        for (app_id, device_id, aged) in changed {
            self.info_changed(&app_id, &device_id, json!({ "status": aged.word() }));
        }
    }

    /// Tells of changed attributes; what did not change is null.
    pub(super) fn info_changed(&mut self, app_id: &str, device_id: &str, changed: Value) {
        let mut info = json!({
            "nodeId": null, "name": null, "manufacturerId": null, "manufacturerName": null,
            "deviceType": null, "model": null, "protocolType": null, "status": null,
            "statusDetail": null, "mute": null,
        });
        for (name, value) in changed.as_object().into_iter().flatten() {
            info[name] = value.clone();
        }
        let notice = json!({
            "notifyType": "deviceInfoChanged",
            "deviceId": device_id,
            "gatewayId": device_id,
            "networkStatus": null,
            "deviceInfo": info,
        });
        self.notify(app_id, "deviceInfoChanged", notice);
    }
}

/// From so much silence on a device is abnormal: 25 hours by default.
const ABNORMAL_AFTER_S: i64 = 25 * 3600;
/// From so much silence on it is offline: 49 hours by default.
const OFFLINE_AFTER_S: i64 = 49 * 3600;
