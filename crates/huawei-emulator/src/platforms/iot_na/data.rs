//! What devices reported, what they are to become, and what they can do.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::State;
use super::devices::Status;
use super::pages::Page;
use super::time::{stamp, within, written};

/// Reports and wishes, the newest last.
#[derive(Debug, Default)]
pub(crate) struct History {
    reports: Vec<Entry>,
    wishes: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    device_id: String,
    app_id: String,
    service_id: String,
    data: Value,
    time_s: i64,
}

impl History {
    pub(super) fn push(
        &mut self,
        device_id: &str,
        app_id: &str,
        service_id: &str,
        data: &Value,
        now: SystemTime,
    ) {
        push(&mut self.reports, device_id, app_id, service_id, data, now);
    }
}

fn push(
    list: &mut Vec<Entry>,
    device_id: &str,
    app_id: &str,
    service_id: &str,
    data: &Value,
    now: SystemTime,
) {
    let now_s = unix_s(now);
    list.retain(|entry| entry.time_s > now_s - KEPT_S);
    if list.len() >= MOST {
        list.remove(0);
    }
    list.push(Entry {
        device_id: device_id.to_owned(),
        app_id: app_id.to_owned(),
        service_id: service_id.to_owned(),
        data: data.clone(),
        time_s: now_s,
    });
}

/// The entries that a call asks for, the newest first; `name` is what their data is called.
fn chosen(call: &Call<'_>, list: &[Entry], name: &str, owner: &str) -> Vec<Value> {
    let (from, to) = (call.query("startTime"), call.query("endTime"));
    let device_id = call.query("deviceId").unwrap_or_default();
    let property = call.query("property");
    let fits = |entry: &&Entry| {
        entry.device_id == device_id
            && entry.app_id == owner
            && call
                .query("serviceId")
                .is_none_or(|id| id == entry.service_id)
            && property.is_none_or(|name| entry.data.get(name).is_some())
            && within(&stamp(entry.time_s), from, to)
    };
    let found = list.iter().rev().filter(fits);
    found
        .map(|entry| {
            let mut item = json!({
                "deviceId": entry.device_id,
                "gatewayId": entry.device_id,
                "appId": entry.app_id,
                "serviceId": entry.service_id,
                "timestamp": stamp(entry.time_s),
            });
            item[name] = match property {
                Some(property) => json!({ property: entry.data[property] }),
                None => entry.data.clone(),
            };
            item
        })
        .collect()
}

impl State {
    /// `list_device_data_history`.
    pub(super) fn data_history(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let items = chosen(call, &self.history.reports, "data", &owner);
        let body = match items.is_empty() {
            // As captured: where nothing fits, nothing is counted.
            true => json!({
                "totalCount": 0, "pageNo": 0, "pageSize": 0, "deviceDataHistoryDTOs": [],
            }),
            false => Page::of(call, items, 250).body("deviceDataHistoryDTOs"),
        };
        Ok(Answer::json(&body))
    }

    /// `list_device_capabilities`: a service for each that has reported or been wished for.
    pub(super) fn capabilities(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let named = call.query("deviceId").or_else(|| call.query("gatewayId"));
        let device = self.device(call, named.unwrap_or_default())?;
        let services = device.services.iter().map(|service| {
            let names = service.data.keys().chain(service.desired.keys());
            let mut names: Vec<&String> = names.collect();
            names.sort();
            names.dedup();
            let properties: Vec<Value> = names
                .into_iter()
                .map(|name| {
                    let value = service.data.get(name).or_else(|| service.desired.get(name));
                    let kind = if value.is_some_and(Value::is_number) {
                        "decimal"
                    } else {
                        "string"
                    };
                    json!({
                        "propertyName": name, "dataType": kind, "required": true, "min": "0.0",
                        "max": "0.0", "step": 0.0, "maxLength": 0, "method": "RW", "unit": null,
                        "enumList": null,
                    })
                })
                .collect();
            json!({
                "serviceId": service.service_id,
                "serviceType": service.service_id,
                "option": "Optional",
                "description": null,
                "commands": null,
                "properties": properties,
            })
        });
        Ok(Answer::json(&json!({
            "deviceCapabilities": [{
                "deviceId": device.device_id,
                "serviceCapabilities": services.collect::<Vec<_>>(),
            }],
        })))
    }

    /// `get_device_shadow`.
    pub(super) fn shadow(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let device = self.device(call, call.path("deviceId"))?;
        let services: Vec<Value> = device
            .services
            .iter()
            .map(|service| {
                let time = Some(&service.event_time).filter(|time| !time.is_empty());
                json!({
                    "serviceId": service.service_id,
                    "serviceType": service.service_id,
                    "reportedProps": service.data,
                    "desiredProps": service.desired,
                    "eventTime": time,
                })
            })
            .collect();
        let mut answer = device.answer();
        answer["services"] = Value::from(services);
        Ok(Answer::json(&answer))
    }

    /// `modify_device_shadow`: at once if the device is online, else when it comes.
    pub(super) fn modify_shadow(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let desireds = call.body()["serviceDesireds"].as_array();
        let wishes = desireds.into_iter().flatten().map(|wish| {
            let service_id = wish["serviceId"].as_str().unwrap_or_default();
            (service_id, &wish["desired"])
        });
        self.wish(call, wishes)?;
        Ok(Answer::empty(http::StatusCode::OK))
    }

    /// Wishes for data of services of the device in a call's path.
    pub(super) fn wish<'a>(
        &mut self,
        call: &Call<'_>,
        wishes: impl IntoIterator<Item = (&'a str, &'a Value)>,
    ) -> Result<(), Refusal> {
        let device_id = call.path("deviceId");
        let device = self.device(call, device_id)?;
        let (app_id, online) = (device.app_id.clone(), device.status == Status::Online);
        for (service_id, desired) in wishes {
            let service = self.device_mut(call, device_id)?.service(service_id);
            for (name, value) in desired.as_object().into_iter().flatten() {
                service.desired.insert(name.clone(), value.clone());
            }
            let list = &mut self.history.wishes;
            push(list, device_id, &app_id, service_id, desired, call.now);
        }
        if online {
            self.deliver_desired(device_id);
        }
        Ok(())
    }

    /// `list_device_shadow_history`.
    pub(super) fn shadow_history(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let items = chosen(call, &self.history.wishes, "desired", &owner);
        Ok(Answer::json(
            &Page::of(call, items, 25).body("deviceDesiredHistory"),
        ))
    }

    /// Hands what is wished for to a device that is online, which then reports it.
    pub(super) fn deliver_desired(&mut self, device_id: &str) {
        let Ok(device) = self.known(device_id) else {
            return;
        };
        let app_id = device.app_id.clone();
        let mut notices = Vec::new();
        for service in &mut device.services {
            let open: Vec<(String, Value)> = service
                .desired
                .iter()
                .filter(|(name, value)| service.data.get(*name) != Some(*value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if open.is_empty() {
                continue;
            }
            service.data.extend(open.iter().cloned());
            notices.push(json!({
                "notifyType": "deviceDesiredPropertiesModifyStatusChanged",
                "deviceId": device_id,
                "serviceId": service.service_id,
                "properties": serde_json::Map::from_iter(open),
                "status": "DELIVERED",
            }));
        }
        for notice in notices {
            self.notify(
                &app_id,
                "deviceDesiredPropertiesModifyStatusChanged",
                notice,
            );
        }
    }

    /// `query_device_realtime_location`: somewhere, as no carrier is here to ask.
    pub(super) fn location(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let device_id = call.body()["deviceId"].as_str().unwrap_or_default();
        let device = self.device(call, device_id)?;
        if device.status != Status::Online {
            return Err(Refusal::code("100418@404").because("the device is not online"));
        }
        Ok(Answer::json(&json!({
            "deviceId": device_id,
            "pd": {
                "time": written(call.now), "utcOff": "+0000", "srsName": "www.epsg.org#4326",
                "X": "30 16 28.308N", "Y": "45 15 33.444E", "radius": "200",
            },
            "poserr": null,
        })))
    }
}

/// How long history is kept: 7 days by default.
const KEPT_S: i64 = 7 * 86_400;
/// How many entries a space keeps.
const MOST: usize = 20_000;
