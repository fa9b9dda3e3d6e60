//! Sending and taking back v3 messages.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_ms;
use crate::platforms::Call;

use super::devices::{Message, Service};
use super::live_view;
use super::{State, partial, success};

impl State {
    /// `send_message`.
    pub(super) fn send_message(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let push_type = call.parameter("push-type").and_then(|it| it.as_i64());
        let push_type = push_type.unwrap_or_default();
        let tokens = texts(&body["target"]["token"]);
        let test = body["pushOptions"]["testMessage"] == true;
        if push_type == 1 && tokens.len() > 1 {
            let code = if test { "80300030" } else { "80300010" };
            return Err(Refusal::code(code).because("a widget update takes one token"));
        }
        if test && tokens.len() > 10 {
            return Err(Refusal::code("80300030").because("a test message takes 10 tokens"));
        }
        self.check_scenario(call, push_type)?;
        self.check_images(call, push_type)?;

        let project = call.path("projectId");
        let mut refused: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut accepted = Vec::with_capacity(tokens.len());
        for &token in &tokens {
            match self.why_not(token, project, push_type) {
                Some(reason) => refused.entry(reason).or_default().push(token),
                None => accepted.push(token),
            }
        }
        if accepted.is_empty() {
            let detail = json!({"failure": tokens.len(), "illegalTokens": refused});
            let reason = format!("every token is refused: {}", reasons(&refused));
            return Err(Refusal {
                reason: Some(reason),
                ..Refusal::code("80300007").message(detail.to_string())
            });
        }
        self.deliver(call, push_type, &accepted);
        if refused.is_empty() {
            return Ok(success(call));
        }
        let failed = tokens.len() - accepted.len();
        let detail = json!({
            "success": accepted.len(),
            "failure": failed,
            "illegalTokens": refused,
        });
        Ok(partial(call, "80100000", &detail))
    }

    /// Why v3 refuses a token.
    fn why_not(&self, token: &str, project: &str, push_type: i64) -> Option<String> {
        let reason = |text: &str| Some(text.to_owned());
        let Some(device) = self.devices.get(token) else {
            return reason("tokenFormatError");
        };
        if device.service != Service::Harmony {
            return reason("tokenPlatformNotSupport");
        }
        let Some(app) = self.accounts.app(&device.client_id) else {
            return reason("appinfoError");
        };
        if app.project_id != project {
            return reason("noRight");
        }
        if app.without_right.contains(&push_type) {
            return reason("noPushTypeRight");
        }
        device.refusal.clone()
    }

    fn deliver(&mut self, call: &Call<'_>, push_type: i64, tokens: &[&str]) {
        let body = call.body();
        let message = Arc::new(Message {
            request_id: call.request_id.to_owned(),
            time_ms: unix_ms(call.now),
            operation: &call.operation.id,
            push_type: Some(push_type),
            payload: body["payload"].clone(),
            options: body["pushOptions"].clone(),
        });
        let receipted = self.receipts.of(&message).is_some();
        let mut receipts = Vec::new();
        for &token in tokens {
            let device = self.devices.get(token);
            let mut receipt = device.map_or(0, |device| device.receipt);
            if receipt == 0 && push_type == 7 {
                let payload = &message.payload;
                receipt = self.live_views.apply(token, payload, message.time_ms);
            }
            self.devices.deliver(token, &message, receipt);
            if receipted {
                let client = self.devices.get(token).map(|device| &device.client_id);
                let app = client.and_then(|client| self.accounts.app(client));
                let package = app.map(|app| app.package.clone()).unwrap_or_default();
                receipts.push((token.to_owned(), package, receipt));
            }
        }
        let calls = self.receipts.of_v3(&message, receipts);
        self.callbacks.extend(calls);
    }

    /// What depends on the scenario and is no rule of the document.
    fn check_scenario(&self, call: &Call<'_>, push_type: i64) -> Result<(), Refusal> {
        let payload = &call.body()["payload"];
        let wrong = |text: &str| Err(Refusal::code("80100003").because(text));
        let notification = &payload["notification"];
        let voice = notification["category"] == "PLAY_VOICE";
        match push_type {
            0 if voice => wrong("category PLAY_VOICE is for push-type 2"),
            2 if !voice => wrong("push-type 2 takes category PLAY_VOICE"),
            0 | 2
                if !matches!(
                    notification["clickAction"]["actionType"].as_i64(),
                    None | Some(0 | 1)
                ) =>
            {
                wrong("clickAction.actionType is 0 or 1 in a notification")
            }
            1 if has_null(&payload["formData"]) => wrong("formData takes no null"),
            7 => live_view::check(payload).map_or(Ok(()), wrong),
            _ => Ok(()),
        }
    }

    /// `revoke_message`.
    pub(super) fn revoke_message(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let client = call.path("clientId");
        let body = call.body();
        let tokens = texts(&body["token"]);
        let notify_id = body["notifyId"].as_i64().unwrap_or_default();
        let known = tokens.iter().filter_map(|token| self.devices.get(token));
        let apps: HashSet<&str> = known.map(|device| &*device.client_id).collect();
        if apps.len() > 1 {
            return Err(Refusal::code("80300017"));
        }
        if apps.iter().any(|app| *app != client) {
            return Err(Refusal::code("80300028"));
        }
        let (accepted, refused): (Vec<&str>, Vec<&str>) = tokens.iter().partition(|token| {
            let device = self.devices.get(token);
            device.is_some_and(|device| device.service == Service::Harmony)
        });
        let illegal = |refused: &[&str]| json!({"tokenFormatError": refused});
        if accepted.is_empty() {
            let detail = json!({"failure": refused.len(), "illegalTokens": illegal(&refused)});
            return Err(Refusal {
                reason: Some("every token is refused: tokenFormatError".to_owned()),
                ..Refusal::code("80300007").message(detail.to_string())
            });
        }
        for token in &accepted {
            self.devices.revoke(token, notify_id);
        }
        if refused.is_empty() {
            return Ok(success(call));
        }
        let detail = json!({
            "success": accepted.len(),
            "failure": refused.len(),
            "illegalTokens": illegal(&refused),
        });
        Ok(partial(call, "80100020", &detail))
    }
}

/// The texts of an array.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

fn reasons(refused: &BTreeMap<String, Vec<&str>>) -> String {
    refused.keys().cloned().collect::<Vec<_>>().join(", ")
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}
