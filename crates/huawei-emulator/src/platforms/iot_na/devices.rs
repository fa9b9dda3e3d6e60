//! Devices: registered, connected, changed, deleted.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::State;
use super::pages::Page;
use super::time::{stamp, within};

/// A device.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Device {
    pub device_id: String,
    pub app_id: String,
    pub node_id: String,
    #[serde(skip)]
    pub verify_code: String,
    #[serde(skip)]
    pub secret: String,
    #[serde(skip)]
    pub psk: String,
    pub created_s: i64,
    pub modified_s: i64,
    /// When it is deleted unless it has connected; never if there is none.
    pub deleted_s: Option<i64>,
    pub status: Status,
    /// When it was last heard of, in Unix seconds; nothing before it has connected.
    pub seen_s: Option<i64>,
    /// Members of `deviceInfo` that were set.
    pub info: Map<String, Value>,
    pub tags: Value,
    /// The newest report of each service: data and time.
    pub services: Vec<Service>,
}

/// What a service of a device reported last, and what it is to become.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Service {
    pub service_id: String,
    pub data: Map<String, Value>,
    pub desired: Map<String, Value>,
    pub event_time: String,
}

/// Whether a device is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Abnormal,
    Inactive,
    Offline,
    Online,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Abnormal => "ABNORMAL",
            Self::Inactive => "INACTIVE",
            Self::Offline => "OFFLINE",
            Self::Online => "ONLINE",
        }
    }
}

impl Device {
    pub(super) fn service(&mut self, service_id: &str) -> &mut Service {
        let at = self
            .services
            .iter()
            .position(|it| it.service_id == service_id);
        let at = at.unwrap_or_else(|| {
            self.services.push(Service {
                service_id: service_id.to_owned(),
                ..Service::default()
            });
            self.services.len() - 1
        });
        &mut self.services[at]
    }

    /// `deviceInfo`, with null for what was never set, as the platform writes it.
    pub(super) fn info(&self) -> Value {
        let mut info = json!({
            "nodeId": self.node_id,
            "name": null,
            "manufacturerId": null,
            "manufacturerName": null,
            "deviceType": null,
            "model": null,
            "protocolType": null,
            "mute": null,
            "status": self.status.word(),
            "statusDetail": if self.status == Status::Inactive { "NOT_ACTIVE" } else { "NONE" },
        });
        for (name, value) in &self.info {
            info[name] = value.clone();
        }
        info
    }

    /// The device as `get_device` answers it.
    pub(super) fn answer(&self) -> Value {
        let services: Vec<Value> = self.services.iter().filter_map(Service::report).collect();
        json!({
            "deviceId": self.device_id,
            "gatewayId": self.device_id,
            "nodeType": "GATEWAY",
            "createTime": stamp(self.created_s),
            "lastModifiedTime": stamp(self.modified_s),
            "deviceInfo": self.info(),
            "services": services,
            "connectionInfo": {"protocolType": null},
            "location": null,
            "devGroupIds": [],
        })
    }
}

impl Service {
    /// The newest report; nothing where the service is only wished for.
    pub(super) fn report(&self) -> Option<Value> {
        (!self.event_time.is_empty()).then(|| {
            json!({
                "serviceId": self.service_id,
                "serviceType": self.service_id,
                "serviceInfo": null,
                "data": self.data,
                "eventTime": self.event_time,
            })
        })
    }
}

impl State {
    /// A device that a call names, of the owner that it may act for.
    pub(super) fn device(&self, call: &Call<'_>, device_id: &str) -> Result<&Device, Refusal> {
        let owner = self.owner(call)?;
        let found = self.devices.iter().find(|it| it.device_id == device_id);
        found
            .filter(|device| device.app_id == owner)
            .ok_or_else(|| gone(call))
    }

    pub(super) fn device_mut(
        &mut self,
        call: &Call<'_>,
        device_id: &str,
    ) -> Result<&mut Device, Refusal> {
        let owner = self.owner(call)?;
        let mut found = self.devices.iter_mut();
        found
            .find(|it| it.device_id == device_id && it.app_id == owner)
            .ok_or_else(|| gone(call))
    }

    /// `register_device_by_verify_code`, `register_device_by_secret` and their older versions.
    pub(super) fn register(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let body = call.body();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let within_info = body["deviceInfo"]["nodeId"].as_str().map(str::to_owned);
        let node_id = text("nodeId").or(within_info).unwrap_or_default();
        let of_owner = self.devices.iter().filter(|it| it.app_id == owner);
        if of_owner.clone().any(|it| it.node_id == node_id) {
            return Err(Refusal::code("100426@400").because("the nodeId is taken"));
        }
        let limit = self.apps.get(&owner).map_or(0, |app| app.device_limit);
        if of_owner.count() >= limit {
            return Err(Refusal::code("100412@500").because("the limit of devices is reached"));
        }
        let mut info = Map::new();
        for (name, value) in body["deviceInfo"].as_object().into_iter().flatten() {
            info.insert(name.clone(), value.clone());
        }
        if let Some(name) = text("deviceName") {
            info.insert("name".to_owned(), Value::from(name));
        }
        let by_secret = body["mqttConnect"] == true;
        let now_s = unix_s(call.now);
        // The default that catches those who do not say.
        let timeout = match body["timeout"].as_i64() {
            Some(timeout) => timeout,
            None if call.operation.id == "register_device_by_secret" => 0,
            None => DEFAULT_TIMEOUT_S,
        };
        let device = Device {
            device_id: uuid(),
            app_id: owner.clone(),
            verify_code: text("verifyCode").unwrap_or_else(|| node_id.clone()),
            secret: text("secret").unwrap_or_else(|| format!("{:020x}", fastrand::u64(..))),
            psk: text("psk").unwrap_or_else(|| format!("{:032x}", fastrand::u128(..))),
            node_id,
            created_s: now_s,
            modified_s: now_s,
            deleted_s: (timeout > 0).then_some(now_s + timeout),
            status: Status::Inactive,
            seen_s: None,
            info,
            tags: body["tags"].clone(),
            services: Vec::new(),
        };
        let mut answer = json!({"deviceId": device.device_id, "psk": device.psk});
        if by_secret {
            answer["secret"] = Value::from(device.secret.clone());
        } else if call.operation.id == "register_device_by_secret" {
            // The platform falls back to the other mode, and this answer has no such member.
            answer["secret"] = Value::Null;
        } else {
            answer["verifyCode"] = Value::from(device.verify_code.clone());
            answer["timeout"] = Value::from(timeout);
        }
        let notice = json!({
            "notifyType": "deviceAdded",
            "deviceId": device.device_id,
            "gatewayId": device.device_id,
            "nodeType": "GATEWAY",
            "deviceInfo": device.info(),
        });
        self.devices.push(device);
        self.notify(&owner, "deviceAdded", notice);
        Ok(Answer::json(&answer))
    }

    /// `get_device_activation_status`.
    pub(super) fn activation(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let device = self.device(call, call.path("deviceId"))?;
        Ok(Answer::json(&json!({
            "deviceId": device.device_id,
            "activated": device.status != Status::Inactive,
            "name": device.info.get("name"),
        })))
    }

    /// `refresh_device_verify_code` and `refresh_device_secret`: only while it is offline.
    pub(super) fn refresh_key(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let by_secret = call.operation.id == "refresh_device_secret";
        let now_s = unix_s(call.now);
        let body = call.body();
        let node_id = body["nodeId"].as_str();
        let device_id = call.path("deviceId");
        let taken = self
            .devices
            .iter()
            .any(|it| Some(&*it.node_id) == node_id && it.device_id != device_id);
        let device = self.device_mut(call, device_id)?;
        if device.status == Status::Online {
            return Err(Refusal::code("100611@400").because("the device is online"));
        }
        if taken {
            return Err(Refusal::code("100426@400").because("the nodeId is taken"));
        }
        if let Some(node_id) = node_id {
            node_id.clone_into(&mut device.node_id);
        }
        device.modified_s = now_s;
        if by_secret {
            device.secret = match body["secret"].as_str() {
                Some(secret) => secret.to_owned(),
                None => format!("{:020x}", fastrand::u64(..)),
            };
            let answer = json!({"secret": device.secret, "deviceId": device.device_id});
            return Ok(Answer::json(&answer));
        }
        device.verify_code = match body["verifyCode"].as_str() {
            Some(code) => code.to_owned(),
            None => format!("{:08}", fastrand::u32(..100_000_000)),
        };
        let timeout = body["timeout"].as_i64().unwrap_or(DEFAULT_TIMEOUT_S);
        if device.status == Status::Inactive {
            device.deleted_s = (timeout > 0).then_some(now_s + timeout);
        }
        Ok(Answer::json(
            &json!({"verifyCode": device.verify_code, "timeout": timeout}),
        ))
    }

    /// `get_device`.
    pub(super) fn get_device(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let device = self.device(call, call.path("deviceId"))?;
        let mut answer = device.answer();
        answer["devGroupIds"] = Value::from_iter(self.groups_of(&device.device_id));
        Ok(Answer::json(&answer))
    }

    /// `modify_device`.
    pub(super) fn modify_device(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let now_s = unix_s(call.now);
        let owner = self.owner(call)?;
        let device = self.device_mut(call, call.path("deviceId"))?;
        device.modified_s = now_s;
        let mut changed = Map::new();
        for (name, value) in call.body().as_object().into_iter().flatten() {
            match name.as_str() {
                "tags" => device.tags = value.clone(),
                "psk" | "customFields" | "deviceConfig" => {}
                _ => {
                    device.info.insert(name.clone(), value.clone());
                    changed.insert(name.clone(), value.clone());
                }
            }
        }
        let device_id = device.device_id.clone();
        self.info_changed(&owner, &device_id, Value::Object(changed));
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// `delete_device`.
    pub(super) fn delete_device(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let device_id = self.device(call, call.path("deviceId"))?.device_id.clone();
        self.remove(&device_id);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// Deletes a device and tells who wants to know.
    pub(super) fn remove(&mut self, device_id: &str) {
        let Some(at) = self.devices.iter().position(|it| it.device_id == device_id) else {
            return;
        };
        let device = self.devices.remove(at);
        self.forget_member(device_id);
        self.commands.retain(|it| it.device_id != device_id);
        let notice = json!({
            "notifyType": "deviceDeleted",
            "deviceId": device_id,
            "gatewayId": device_id,
        });
        self.notify(&device.app_id, "deviceDeleted", notice);
    }

    /// Deletes the devices that took too long to connect.
    pub(super) fn expire_devices(&mut self, now_s: i64) {
        let late: Vec<String> = self
            .devices
            .iter()
            .filter(|it| it.deleted_s.is_some_and(|at| at <= now_s))
            .map(|it| it.device_id.clone())
            .collect();
        for device_id in late {
            self.remove(&device_id);
        }
    }

    /// `list_devices`.
    pub(super) fn list_devices(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let (from, to) = (call.query("startTime"), call.query("endTime"));
        let member = |device: &Device, name: &str, query: &str| {
            call.query(query)
                .is_none_or(|wanted| device.info.get(name).is_some_and(|it| it == wanted))
        };
        let mut found: Vec<&Device> = self
            .devices
            .iter()
            .filter(|it| it.app_id == owner)
            .filter(|it| call.query("gatewayId").is_none_or(|id| id == it.device_id))
            .filter(|it| {
                call.query("status")
                    .is_none_or(|status| status == it.status.word())
            })
            .filter(|_| call.query("nodeType").is_none_or(|kind| kind == "GATEWAY"))
            .filter(|it| member(it, "deviceType", "deviceType") && member(it, "name", "name"))
            .filter(|it| member(it, "location", "location"))
            .filter(|it| within(&stamp(it.created_s), from, to))
            .collect();
        if call.query("sort") == Some("DESC") {
            found.reverse();
        }
        let items = found.into_iter().map(Device::answer).collect();
        Ok(Answer::json(&Page::of(call, items, 25).body("devices")))
    }

    pub(super) fn known(&mut self, device_id: &str) -> Result<&mut Device, &'static str> {
        let mut devices = self.devices.iter_mut();
        devices
            .find(|it| it.device_id == device_id)
            .ok_or("no device has this id")
    }
}

/// The refusal of a device that is not there, with the code that the operation has for it.
fn gone(call: &Call<'_>) -> Refusal {
    let known = |code: &&&str| call.operation.errors.iter().any(|row| row == **code);
    let codes = ["100403@404", "100418@404", "100418@200"];
    let code = codes.iter().find(known).unwrap_or(&"100403@404");
    Refusal::code(*code).because("there is no such device")
}

/// A random UUID of version 4.
pub(super) fn uuid() -> String {
    let random = fastrand::u128(..);
    let version = (random & !(0xf << 76)) | (0x4 << 76);
    let uuid = (version & !(0x3 << 62)) | (0x2 << 62);
    let hex = format!("{uuid:032x}");
    let cuts = [0..8, 8..12, 12..16, 16..20, 20..32];
    cuts.map(|cut| hex[cut].to_owned()).join("-")
}

/// What the platform takes for granted where a registration does not say.
const DEFAULT_TIMEOUT_S: i64 = 180;
