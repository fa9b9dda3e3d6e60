//! Atomic services: subscription messages and service timelines, by openID.

use std::collections::HashMap;

use serde_json::Value;

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::{State, success};

/// What atomic services may still send, and how far their timelines are.
#[derive(Debug, Default)]
pub(crate) struct Services {
    /// How many messages are left, by openID and template; without end where nothing is set.
    pub subscriptions: HashMap<(String, String), u64>,
    /// The messages that were accepted.
    pub notifications: Vec<Value>,
    /// The last state, by app, openID and code.
    timelines: HashMap<(String, String, String), Timeline>,
}

#[derive(Clone, Copy, Debug)]
struct Timeline {
    status: i64,
    over: bool,
}

impl State {
    /// `send_service_notification`.
    pub(super) fn send_service_notification(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        self.atomic_service(call, "82500003")?;
        if text("toOpenId").is_empty() {
            return Err(Refusal::code("82500006"));
        }
        let key = (text("toOpenId"), text("templateId"));
        if let Some(left) = self.services.subscriptions.get_mut(&key) {
            if *left == 0 {
                return Err(Refusal::code("82500005").because("the subscriptions are used up"));
            }
            *left -= 1;
        }
        if self.services.notifications.len() >= KEPT {
            self.services.notifications.remove(0);
        }
        self.services.notifications.push(body.clone());
        Ok(success(call))
    }

    /// `send_service_timeline`.
    pub(super) fn send_service_timeline(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        self.atomic_service(call, "82600003")?;
        if text("sceneId") != "10001" {
            return Err(Refusal::code("82600007"));
        }
        let (cancelled, ends): (i64, &[i64]) = match &*text("subSceneId") {
            "100010001" => (6, &[5, 6]),
            "100010002" => (11, &[10, 11]),
            _ => return Err(Refusal::code("82600007")),
        };
        let status = body["content"]["status"].as_i64().unwrap_or_default();
        let (app, user) = (text("appId"), text("toOpenId"));
        let codes = self.services.timelines.keys();
        let codes = codes.filter(|(known_app, known, _)| *known == user && *known_app == app);
        let codes = codes.count();
        let key = (app, user, text("code"));
        match self.services.timelines.get(&key) {
            Some(timeline) if timeline.over => return Err(Refusal::code("82600018")),
            Some(timeline) if status <= timeline.status && status != cancelled => {
                let reason = format!("state {status} after state {}", timeline.status);
                return Err(Refusal::code("82600012").because(reason));
            }
            None if !(1..=2).contains(&status) => {
                let reason = "a timeline starts with state 1 or 2";
                return Err(Refusal::code("82600012").because(reason));
            }
            None if codes >= CODES_OF_A_USER => return Err(Refusal::code("82600019")),
            Some(_) | None => {}
        }
        let timeline = Timeline {
            status,
            over: ends.contains(&status),
        };
        self.services.timelines.insert(key, timeline);
        Ok(success(call))
    }

    /// Checks that the app of the body is one of the caller's project.
    fn atomic_service(&self, call: &Call<'_>, code: &str) -> Result<(), Refusal> {
        let app_id = call.body()["appId"].as_str().unwrap_or_default();
        let app = self.accounts.app(app_id);
        if app.is_some_and(|app| app.project_id == call.path("projectId")) {
            Ok(())
        } else {
            Err(Refusal::code(code).because("the project has no app with this appId"))
        }
    }
}

/// How many codes a user has at a time.
const CODES_OF_A_USER: usize = 20;

/// How many accepted messages are kept to be looked at.
const KEPT: usize = 500;
