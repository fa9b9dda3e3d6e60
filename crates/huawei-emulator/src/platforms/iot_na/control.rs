//! The control API of the IoT platform, below `/_emulator/iot-na`.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::control::{Refused, done, list, not_found, parse};
use crate::platforms::ControlCall;

use super::State;
use super::apps::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRules {
    lifetime_s: Option<i64>,
    refresh_lifetime_s: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    calls_per_minute: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    online: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    service_id: String,
    data: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandAnswer {
    successful: bool,
    #[serde(default)]
    detail: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    app_id: Option<String>,
    body: Value,
}

/// Answers a request, if it is one of these.
pub(super) fn answer(state: &mut State, call: &ControlCall<'_>) -> Result<Answer, Refused> {
    let body = call.body;
    let answer = match (call.method.as_str(), call.path) {
        ("GET", ["apps"]) => list(&state.apps.apps),
        ("POST", ["apps"]) => {
            let app: App = parse(body)?;
            state.apps.add(app);
            done()
        }
        ("GET", ["access-tokens"]) => Answer::json(&json!({"issued": state.apps.issued})),
        ("PUT", ["access-tokens"]) => {
            let rules: TokenRules = parse(body)?;
            let apps = &mut state.apps;
            apps.token_lifetime_s = rules.lifetime_s.unwrap_or(apps.token_lifetime_s);
            let refresh = rules.refresh_lifetime_s.unwrap_or(apps.refresh_lifetime_s);
            apps.refresh_lifetime_s = refresh;
            done()
        }
        ("DELETE", ["access-tokens"]) => {
            state.apps.revoke();
            done()
        }
        ("PUT", ["rate-limit"]) => {
            let rate: Rate = parse(body)?;
            state.apps.rate = rate.calls_per_minute;
            done()
        }
        ("GET", ["devices"]) => list(&state.devices),
        ("PUT", ["devices", id, "status"]) => {
            let status: NewStatus = parse(body)?;
            state
                .set_status(id, status.online, call.now)
                .map_err(missing)?;
            done()
        }
        ("POST", ["devices", id, "data"]) => {
            let report: Report = parse(body)?;
            state
                .report(id, &report.service_id, &report.data, call.now)
                .map_err(missing)?;
            done()
        }
        ("GET", ["commands"]) => list(&state.commands),
        ("POST", ["commands", id, "answer"]) => {
            let answer: CommandAnswer = parse(body)?;
            state
                .answer_command(id, answer.successful, answer.detail, call.now)
                .map_err(|reason| (StatusCode::CONFLICT, reason.to_owned()))?;
            done()
        }
        ("GET", ["addresses"]) => list(state.outbox.list()),
        ("POST", ["notifications"]) => {
            let notice: Notice = parse(body)?;
            let app_id = notice.app_id.as_deref().unwrap_or(super::APP_ID);
            state
                .send_notification(app_id, notice.body)
                .map_err(|reason| (StatusCode::BAD_REQUEST, reason.to_owned()))?;
            done()
        }
        ("POST", ["tick"]) => done(),
        _ => return Err(not_found()),
    };
    Ok(answer)
}

fn missing(reason: &str) -> Refused {
    (StatusCode::NOT_FOUND, reason.to_owned())
}
