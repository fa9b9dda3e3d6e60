//! The control API of Push Kit, below `/_emulator/harmony-push`.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use http::StatusCode;

use crate::answer::Answer;
use crate::control::{Refused, done, list, not_found, parse};
use crate::platforms::ControlCall;

use super::accounts::ServiceAccountSource;
use super::receipts::Receipts;
use super::seed::{CLIENT_ID, PROJECT_ID};
use super::{App, Device, ReceiptConfiguration, State};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFleet {
    prefix: String,
    count: u64,
    #[serde(default = "Device::harmony")]
    device: Device,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageRules {
    enforced: Option<bool>,
    #[serde(default)]
    refused: std::collections::HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscriptions {
    open_id: String,
    template_id: String,
    left: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRules {
    lifetime_s: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Uplink {
    token: String,
    data: String,
}

/// Answers a request, if it is one of these.
pub(super) fn answer(state: &mut State, call: &ControlCall<'_>) -> Result<Answer, Refused> {
    let body = call.body;
    let answer = match (call.method.as_str(), call.path) {
        ("GET", ["key-file"]) => {
            let project = call.query("project_id").unwrap_or(PROJECT_ID);
            let file = state.accounts.key_file(project);
            Answer::json(&file.ok_or_else(|| missing("no key file of such a project"))?)
        }
        ("GET", ["apps"]) => list(&state.accounts.apps),
        ("POST", ["apps"]) => {
            let app: App = parse(body)?;
            state.accounts.add_app(app);
            done()
        }
        ("POST", ["service-accounts"]) => {
            let source: ServiceAccountSource = parse(body)?;
            let added = state.accounts.add_account(source);
            added.map_err(|reason| (StatusCode::BAD_REQUEST, reason.to_owned()))?;
            done()
        }
        ("PUT", ["access-tokens"]) => {
            let rules: TokenRules = parse(body)?;
            state.accounts.token_lifetime_s = rules.lifetime_s;
            done()
        }
        ("DELETE", ["access-tokens"]) => {
            state.accounts.revoke_tokens();
            done()
        }
        ("GET", ["devices"]) => list(state.devices.list()),
        ("POST", ["devices"]) => {
            let device: Device = parse(body)?;
            let token = state.devices.add(device, CLIENT_ID);
            Answer::json(&json!({ "token": token })).with_status(StatusCode::CREATED)
        }
        ("POST", ["fleets"]) => {
            let fleet: NewFleet = parse(body)?;
            let NewFleet {
                prefix,
                count,
                device,
            } = fleet;
            state.devices.add_fleet(&prefix, count, device, CLIENT_ID);
            done()
        }
        ("GET", ["devices", token, "inbox"]) => list(state.devices.inbox(&decode(token))),
        ("GET", ["devices", token]) => {
            let device = state.devices.get(&decode(token));
            let device = device.ok_or_else(|| missing("no device has this token"))?;
            Answer::json(&serde_json::to_value(device).unwrap_or_default())
        }
        ("DELETE", ["devices", token]) => {
            state.devices.remove(&decode(token));
            done()
        }
        ("GET", ["recent"]) => list(
            state
                .devices
                .recent()
                .map(|(token, received)| json!({ "token": token, "received": received })),
        ),
        ("GET", ["counts"]) => Answer::json(&json!({ "delivered": state.devices.delivered() })),
        ("PUT", ["receipts"]) => {
            let configuration: ReceiptConfiguration = parse(body)?;
            match call.query("receipt_id") {
                Some(id) => {
                    state.receipts.named.insert(id.to_owned(), configuration);
                }
                None => state.receipts.configuration = Some(configuration),
            }
            done()
        }
        ("DELETE", ["receipts"]) => {
            state.receipts = Receipts::default();
            done()
        }
        ("POST", ["uplink"]) => {
            let uplink: Uplink = parse(body)?;
            let sent = state.send_uplink(&uplink.token, uplink.data.as_bytes(), call.now);
            sent.map_err(|reason| (StatusCode::CONFLICT, reason.to_owned()))?;
            done()
        }
        ("PUT", ["images"]) => {
            let rules: ImageRules = parse(body)?;
            state.images.enforced = rules.enforced.unwrap_or(state.images.enforced);
            state.images.refused.extend(rules.refused);
            done()
        }
        ("PUT", ["subscriptions"]) => {
            let new: Subscriptions = parse(body)?;
            let key = (new.open_id, new.template_id);
            state.services.subscriptions.insert(key, new.left);
            done()
        }
        ("GET", ["service-notifications"]) => {
            Answer::json(&Value::from(state.services.notifications.clone()))
        }
        _ => return Err(not_found()),
    };
    Ok(answer)
}

fn missing(reason: &str) -> Refused {
    (StatusCode::NOT_FOUND, reason.to_owned())
}

/// A segment of the path as text: tokens hold slashes, which come encoded.
fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
