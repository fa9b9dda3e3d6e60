//! Commands and service data by the older addresses, which carrier sites answer: the state is that
//! of the newer ones.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::State;
use super::pages::Page;

impl State {
    /// `post_device_command_legacy`.
    pub(super) fn post_command(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let command = self.take_command(call, call.path("deviceId"))?;
        Ok(Answer::json(&json!({ "commandId": command["commandId"] })))
    }

    /// `list_device_commands_legacy`.
    pub(super) fn list_commands_legacy(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let page = Page::of(call, self.chosen_commands(call)?, 1000);
        Ok(Answer::json(
            &json!({ "totalCount": page.total, "list": page.items }),
        ))
    }

    /// `cancel_device_commands_legacy`: what waits is cancelled at once.
    pub(super) fn cancel_commands(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let device_id = call.body()["deviceId"].as_str().unwrap_or_default();
        for at in 0..self.commands.len() {
            let command = &self.commands[at];
            let is_of_device = command.device_id == device_id && command.app_id == owner;
            if is_of_device && command.status == "PENDING" {
                self.change(at, "CANCELED", Value::Null);
            }
        }
        Ok(Answer::empty(StatusCode::OK))
    }

    /// `set_device_service_legacy`: what a service is told reaches the device like a desired
    /// property.
    pub(super) fn set_service(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.wish(call, [(call.path("serviceType"), &call.body()["data"])])?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }
}
