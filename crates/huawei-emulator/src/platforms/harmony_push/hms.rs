//! HMS v1 and v2: messages to tokens, topics and conditions.

use std::sync::Arc;

use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_ms;
use crate::platforms::Call;

use super::condition;
use super::devices::{Message, Service};
use super::send::texts;
use super::{State, partial, success};

impl State {
    /// `send_hms_message` and `send_hms_message_by_project`.
    pub(super) fn send_hms_message(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let message = &body["message"];
        let apps = self.hms_apps(call);
        let dry_run = body["validate_only"] == true;
        if let Some(topic) = message["topic"].as_str() {
            let members = self.topics.members(&apps, |name| name == topic);
            self.deliver_hms(call, &members, dry_run);
            return Ok(success(call));
        }
        if let Some(text) = message["condition"].as_str() {
            let condition = condition::parse(text)
                .map_err(|detail| Refusal::code("80100003").because(detail))?;
            let members = self.topics.matching(&apps, &condition);
            self.deliver_hms(call, &members, dry_run);
            return Ok(success(call));
        }
        let tokens = texts(&message["token"]);
        let (accepted, refused): (Vec<&str>, Vec<&str>) = tokens.iter().partition(|token| {
            let device = self.devices.get(token);
            device.is_some_and(|device| {
                device.service == Service::Hms
                    && device.refusal.is_none()
                    && apps.contains(&device.client_id)
            })
        });
        if accepted.is_empty() {
            let refusal = Refusal::code("80300007").because("every token is refused");
            return Err(Refusal {
                message: Some("All the tokens are invalid".to_owned()),
                // Seen on v1; v3 answers with status 400.
                status: Some(200),
                ..refusal
            });
        }
        let owned: Vec<String> = accepted.iter().map(|&token| token.to_owned()).collect();
        self.deliver_hms(call, &owned, dry_run);
        if refused.is_empty() {
            return Ok(success(call));
        }
        let detail = json!({
            "success": accepted.len(),
            "failure": refused.len(),
            "illegal_tokens": refused,
        });
        Ok(partial(call, "80100000", &detail))
    }

    /// The apps that the address of a call stands for.
    pub(super) fn hms_apps(&self, call: &Call<'_>) -> Vec<String> {
        let client = call.path("clientId");
        if !client.is_empty() {
            return vec![client.to_owned()];
        }
        let project = call.path("projectId");
        let apps = self.accounts.apps.iter();
        apps.filter(|app| app.project_id == project)
            .map(|app| app.client_id.clone())
            .collect()
    }

    fn deliver_hms(&mut self, call: &Call<'_>, tokens: &[String], dry_run: bool) {
        if dry_run {
            return;
        }
        let body = call.body();
        let mut payload = body["message"].clone();
        if let Some(members) = payload.as_object_mut() {
            members.remove("token");
        }
        let message = Arc::new(Message {
            request_id: call.request_id.to_owned(),
            time_ms: unix_ms(call.now),
            operation: &call.operation.id,
            push_type: None,
            payload,
            options: serde_json::Value::Null,
        });
        let receipted = self.receipts.of(&message).is_some();
        let mut receipts = Vec::new();
        for token in tokens {
            let Some(device) = self.devices.get(token) else {
                continue;
            };
            let receipt = device.receipt;
            if receipted {
                receipts.push((token.clone(), device.client_id.clone(), receipt));
            }
            self.devices.deliver(token, &message, receipt);
        }
        let calls = self.receipts.of_hms(&message, receipts);
        self.callbacks.extend(calls);
    }
}
