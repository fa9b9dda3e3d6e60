//! Live views on the devices: created, updated, ended, and the receipts for doing so wrongly.

use std::collections::HashMap;

use serde_json::Value;

/// The live views of all devices.
#[derive(Debug, Default)]
pub(crate) struct LiveViews(HashMap<(String, i64), LiveView>);

#[derive(Debug)]
struct LiveView {
    created_ms: i64,
    blocked_until_ms: i64,
    version: Option<i64>,
    over: bool,
}

impl LiveViews {
    /// Does to a device what the payload asks, and gives the status code of the receipt.
    pub(crate) fn apply(&mut self, token: &str, payload: &Value, now_ms: i64) -> i64 {
        let Some(id) = payload["activityId"].as_i64() else {
            return OTHER_ERROR;
        };
        let version = payload["version"].as_i64();
        let operation = payload["operation"].as_i64().unwrap_or_default();
        if self.0.len() >= MOST {
            self.0.retain(|_, it| now_ms - it.created_ms < DAY_MS);
        }
        let key = (token.to_owned(), id);
        let known = self.0.get_mut(&key);
        match (operation, known) {
            (0 | 4, Some(known)) if now_ms - known.created_ms < 12 * HOUR_MS => CREATED_TWICE,
            (0 | 4, _) => {
                let created = LiveView {
                    created_ms: now_ms,
                    blocked_until_ms: 0,
                    version,
                    over: false,
                };
                self.0.insert(key, created);
                0
            }
            (_, None) => {
                let blocked = LiveView {
                    created_ms: i64::MIN / 2,
                    blocked_until_ms: now_ms + DAY_MS,
                    version: None,
                    over: true,
                };
                self.0.insert(key, blocked);
                UNKNOWN_ID
            }
            (_, Some(known)) if now_ms < known.blocked_until_ms => UNKNOWN_ID,
            (_, Some(known)) if known.over || now_ms - known.created_ms > 8 * HOUR_MS => EXPIRED,
            (_, Some(known)) if version.is_some() && version <= known.version => OLD_VERSION,
            (1, Some(_)) if payload["status"].is_null() => NO_STATUS,
            (_, Some(known)) => {
                known.version = version.or(known.version);
                known.over = operation == 2;
                0
            }
        }
    }
}

/// What is wrong with a payload, beyond the rules of the document.
pub(crate) fn check(payload: &Value) -> Option<&'static str> {
    if payload["operation"] != 0 {
        return None;
    }
    let event = payload["event"].as_str().unwrap_or_default();
    let keyword = match event {
        "FLIGHT" => "flightNo",
        "TRAIN" => "trainNo",
        _ => return None,
    };
    let data = &payload["activityData"]["notificationData"];
    if data["keywords"][keyword].is_null() {
        return Some("keywords need flightNo for FLIGHT and trainNo for TRAIN");
    }
    None
}

const OTHER_ERROR: i64 = 14;
const EXPIRED: i64 = 155;
const OLD_VERSION: i64 = 156;
const UNKNOWN_ID: i64 = 265;
const NO_STATUS: i64 = 268;
const CREATED_TWICE: i64 = 269;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// More live views than this are not kept: those of yesterday go first.
const MOST: usize = 100_000;
