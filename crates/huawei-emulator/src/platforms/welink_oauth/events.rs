//! Events: sent to the apps of a tenant, encrypted, and their replies opened again.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::callback::{Callback, SentCallback};
use crate::clock::unix_s;

use super::{State, cipher};

impl State {
    /// Sends an event to every app that acts for a tenant and has an address.
    pub(super) fn send_event(&mut self, tenant_id: &str, event: &Value, now: SystemTime) {
        let apps = self.apps.apps.iter().filter(|app| app.serves(tenant_id));
        for app in apps {
            if let Some(url) = &app.callback_url {
                self.callbacks
                    .push(call(url, &app.client_secret, event, now));
            }
        }
    }

    /// Sends what has changed in the directories.
    pub(super) fn send_changes(&mut self, now: SystemTime) {
        let mut events = Vec::new();
        for (tenant_id, directory) in &mut self.directories {
            for (event, subject) in directory.changes.drain(..) {
                events.push((
                    tenant_id.clone(),
                    json!({ "eventType": event, "data": [subject] }),
                ));
            }
        }
        for (tenant_id, event) in events {
            self.send_event(&tenant_id, &event, now);
        }
    }

    /// Sets where the events of an app go, and tries the address out. False when there is no such
    /// app.
    ///
    /// The platform does try addresses out; the type of its event is not known, this one is made up.
    pub(super) fn set_callback(
        &mut self,
        client_id: &str,
        url: Option<String>,
        now: SystemTime,
    ) -> bool {
        let mut apps = self.apps.apps.iter_mut();
        let Some(app) = apps.find(|app| app.client_id == client_id) else {
            return false;
        };
        if let Some(url) = &url {
            let event = json!({ "eventType": VERIFICATION });
            self.callbacks
                .push(call(url, &app.client_secret, &event, now));
        }
        app.callback_url = url;
        true
    }

    /// Lets a tenant subscribe to an app, or cancel. False when there is no such app.
    pub(super) fn subscribe(
        &mut self,
        client_id: &str,
        tenant_id: &str,
        wanted: bool,
        now: SystemTime,
    ) -> bool {
        let mut apps = self.apps.apps.iter_mut();
        let Some(app) = apps.find(|app| app.client_id == client_id) else {
            return false;
        };
        app.subscribers.retain(|known| known != tenant_id);
        if wanted {
            app.subscribers.push(tenant_id.to_owned());
        }
        let event = if wanted { "corpAuth" } else { "corpCancelAuth" };
        let event = json!({ "eventType": event, "tenantId": tenant_id });
        if let Some(url) = &app.callback_url {
            self.callbacks
                .push(call(url, &app.client_secret, &event, now));
        }
        true
    }

    /// What was replied to an event, decrypted; nothing if it does not open, or says no success
    /// within 30 minutes.
    pub(super) fn reply(&self, sent: &SentCallback, now: SystemTime) -> Option<Value> {
        let body: Value = serde_json::from_str(&sent.answer).ok()?;
        let sealed = body["encrypt"].as_str()?;
        let mut apps = self.apps.apps.iter();
        let text = apps.find_map(|app| cipher::decrypt(&app.client_secret, sealed))?;
        let reply: Value = serde_json::from_str(&text).ok()?;
        let time = match &reply["timestamp"] {
            Value::String(text) => text.parse().ok(),
            number => number.as_i64(),
        };
        let distance = (time? - unix_s(now)).abs();
        let good = sent.status == Some(200) && reply["msg"] == "success" && distance <= LATEST_S;
        good.then_some(reply)
    }
}

fn call(url: &str, secret: &str, event: &Value, now: SystemTime) -> Callback {
    let mut event = event.clone();
    // A number on the wire, whatever the prose says.
    event["timestamp"] = json!(unix_s(now));
    let sealed = cipher::encrypt(secret, &event.to_string());
    Callback {
        operation: "on_event",
        url: url.to_owned(),
        headers: Vec::new(),
        body: json!({ "encrypt": sealed }).to_string(),
    }
}

/// The type of the event with which an address is tried out.
const VERIFICATION: &str = "verifyUrl";

/// How far the time of a reply may be away, in seconds.
const LATEST_S: i64 = 1800;
