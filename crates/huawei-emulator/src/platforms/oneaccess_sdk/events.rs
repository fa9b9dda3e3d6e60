//! What the platform tells an application about its directory: signed and encrypted calls to the
//! address in the portal.

use std::collections::HashMap;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::callback::{Callback, SentCallback};
use crate::clock::unix_ms;

use super::State;
use super::cipher;
use super::ids::{random_digits, random_text, text};

/// The callback settings of the portal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EventSettings {
    /// The address of the receiver; plain http.
    pub url: String,
    /// The security token, sent as a bearer token.
    pub token: String,
    /// The signature key; unsigned when not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_key: Option<String>,
    /// The encryption key, of 16, 24 or 32 characters; not encrypted when not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_key: Option<String>,
    /// How messages are encrypted.
    #[serde(default)]
    pub encryption: EventEncryption,
}

/// How messages are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventEncryption {
    /// AES/ECB/PKCS5Padding.
    Ecb,
    /// AES/GCM/NoPadding, with 12 bytes of initialisation vector in front.
    #[default]
    Gcm,
}

impl EventSettings {
    /// Calls to this address, neither signed nor encrypted.
    pub fn new(url: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: token.into(),
            signature_key: None,
            encryption_key: None,
            encryption: EventEncryption::Gcm,
        }
    }

    /// Signs with this key.
    pub fn signed(mut self, key: impl Into<String>) -> Self {
        self.signature_key = Some(key.into());
        self
    }

    /// Encrypts with this key.
    pub fn encrypted(mut self, key: impl Into<String>, encryption: EventEncryption) -> Self {
        self.encryption_key = Some(key.into());
        self.encryption = encryption;
        self
    }
}

/// What became of an organization or user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Created,
    Deleted,
    Updated,
}

/// The events of a space.
#[derive(Debug, Default)]
pub(crate) struct Events {
    settings: Option<EventSettings>,
    /// Whether the check of the address was answered as it should be.
    pub checked: Option<bool>,
    /// The application's own ids, by the ids here: what replies told.
    pub remote_ids: HashMap<String, String>,
    /// What the calls under way are about, by their nonces.
    under_way: HashMap<String, About>,
    queue: Vec<Callback>,
}

#[derive(Debug)]
enum About {
    /// The check of the address, and the text that is to come back.
    Check(String),
    /// An organization or user by its id.
    Entry(String),
    Nothing,
}

impl Events {
    /// Saves the settings, which has the address checked.
    pub(super) fn configure(&mut self, settings: EventSettings, now: SystemTime) {
        self.settings = Some(settings);
        self.checked = None;
        let text = random_digits(19);
        self.send(
            "on_check_url",
            "CHECK_URL",
            &text,
            About::Check(text.clone()),
            now,
        );
    }

    pub(super) fn stop(&mut self) {
        self.settings = None;
    }

    /// The settings, where there are any.
    pub(super) fn settings(&self) -> Option<&EventSettings> {
        self.settings.as_ref()
    }

    pub(super) fn take(&mut self) -> Vec<Callback> {
        std::mem::take(&mut self.queue)
    }

    /// Reads the reply to a call: ids that the application gave, and the text of the check.
    pub(super) fn answered(&mut self, sent: &SentCallback) {
        let Some(about) = self.under_way.remove(text(&sent.body, "nonce")) else {
            return;
        };
        let reply: Value = serde_json::from_str(&sent.answer).unwrap_or_default();
        let done = sent.status == Some(200) && text(&reply, "code") == "200";
        let data = self.settings.as_ref().and_then(|settings| {
            let data = reply["data"].as_str()?;
            cipher::decrypt(settings, data)
        });
        match about {
            About::Check(text) => self.checked = Some(done && data.as_deref() == Some(&*text)),
            About::Entry(id) if done => {
                let data: Value = data
                    .and_then(|data| serde_json::from_str(&data).ok())
                    .unwrap_or_default();
                if let Some(remote) = data["id"].as_str() {
                    self.remote_ids.insert(id, remote.to_owned());
                }
            }
            About::Entry(_) | About::Nothing => {}
        }
    }

    /// The application's id of an entry; the one here while it has given none.
    fn remote(&self, id: &str) -> String {
        let remote = self.remote_ids.get(id);
        remote.map_or_else(|| id.to_owned(), Clone::clone)
    }

    fn send(
        &mut self,
        operation: &'static str,
        event: &str,
        message: &str,
        about: About,
        now: SystemTime,
    ) {
        let Some(settings) = &self.settings else {
            return;
        };
        let data = cipher::encrypt(settings, message);
        let nonce = random_text(16);
        // The platform's own samples disagree about the type of the time, and two of its events
        // have a blank at their end.
        let timestamp = unix_ms(now);
        let (event, timestamp, signed_time) = match event {
            "DELETE_USER" => (event.to_owned(), json!(timestamp.to_string()), timestamp),
            "UPDATE_ORGANIZATION" | "DELETE_ORGANIZATION" => {
                (format!("{event} "), json!(timestamp), timestamp)
            }
            _ => (event.to_owned(), json!(timestamp), timestamp),
        };
        let signature = settings.signature_key.as_ref().map(|key| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
            let text = format!("{nonce}&{signed_time}&{event}&{data}");
            STANDARD.encode(hmac::sign(&key, text.as_bytes()))
        });
        let body = json!({
            "nonce": nonce,
            "timestamp": timestamp,
            "eventType": event,
            "data": data,
            "signature": signature.unwrap_or_default(),
        });
        self.queue.push(Callback {
            operation,
            url: settings.url.clone(),
            headers: vec![("authorization", format!("Bearer {}", settings.token))],
            body: body.to_string(),
        });
        self.under_way.insert(nonce, about);
    }
}

impl State {
    /// Tells the application about a user.
    pub(super) fn user_changed(&mut self, change: Change, id: &str, now: SystemTime) {
        let remote = self.events.remote(id);
        if change == Change::Deleted {
            let message = json!({ "id": remote }).to_string();
            self.events.remote_ids.remove(id);
            let (operation, event) = ("on_delete_user", "DELETE_USER");
            return self
                .events
                .send(operation, event, &message, About::Nothing, now);
        }
        let Some(person) = self.directory.person(id) else {
            return;
        };
        let mut message = json!({
            "username": person.user_name,
            "name": person.attribute("name").unwrap_or(&person.user_name),
            "mobile": person.mobile,
            "disabled": person.disabled,
        });
        if let Some(organization) = &person.org_id {
            message["organizationId"] = self.events.remote(organization).into();
        }
        if let Some(email) = person.attribute("email") {
            message["email"] = email.into();
        }
        let (operation, event) = match change {
            Change::Created => ("on_create_user", "CREATE_USER"),
            _ => ("on_update_user", "UPDATE_USER"),
        };
        self.tell(operation, event, message, change, id, now);
    }

    /// Tells the application about an organization.
    pub(super) fn organization_changed(&mut self, change: Change, id: &str, now: SystemTime) {
        let remote = self.events.remote(id);
        if change == Change::Deleted {
            let message = json!({ "id": remote }).to_string();
            self.events.remote_ids.remove(id);
            let (operation, event) = ("on_delete_organization", "DELETE_ORGANIZATION");
            return self
                .events
                .send(operation, event, &message, About::Nothing, now);
        }
        let Some(organization) = self.directory.organization(id) else {
            return;
        };
        let mut message = json!({ "code": organization.code, "name": organization.name });
        if let Some(parent) = &organization.parent_id {
            message["parentId"] = self.events.remote(parent).into();
        }
        let (operation, event) = match change {
            Change::Created => ("on_create_organization", "CREATE_ORGANIZATION"),
            _ => ("on_update_organization", "UPDATE_ORGANIZATION"),
        };
        self.tell(operation, event, message, change, id, now);
    }

    fn tell(
        &mut self,
        operation: &'static str,
        event: &str,
        mut message: Value,
        change: Change,
        id: &str,
        now: SystemTime,
    ) {
        if change == Change::Updated {
            message["id"] = self.events.remote(id).into();
        }
        let about = About::Entry(id.to_owned());
        self.events
            .send(operation, event, &message.to_string(), about, now);
    }
}
