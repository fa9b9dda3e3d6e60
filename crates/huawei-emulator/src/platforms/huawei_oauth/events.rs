//! Account events: what HUAWEI ID tells an app about its users, at the address that the app set.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::callback::Callback;
use crate::clock::unix_s;
use crate::platforms::Call;
use crate::platforms::jws::Algorithm;

use super::State;
use super::accounts::App;
use super::keys::{self, Purpose};

/// What happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    AccountPurged,
    PhoneModified,
    TokensRevoked,
}

impl Event {
    fn kind(self) -> &'static str {
        match self {
            Self::AccountPurged => {
                "https://schemas.openid.net/secevent/risc/event-type/account-purged"
            }
            Self::PhoneModified => {
                "https://schemas.openid.net/secevent/oauth/event-type/phone-modified"
            }
            Self::TokensRevoked => {
                "https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked"
            }
        }
    }
}

/// A body that was sent, to be sent again.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    client_id: String,
    url: String,
    body: Value,
}

impl State {
    /// The user withdraws the consent to an app: its tokens and codes die, and it is told.
    pub(super) fn withdraw(&mut self, user: &str, client_id: &str, now: SystemTime) {
        let scopes = self.scopes_of(user, client_id);
        self.sign_ins.end(user, Some(client_id));
        self.codes.void(user, Some(client_id));
        self.tell(user, client_id, Event::TokensRevoked, scopes, now);
    }

    /// The user changes the password: all tokens and codes die, and nobody is told.
    pub(super) fn change_password(&mut self, user: &str) {
        self.sign_ins.end(user, None);
        self.codes.void(user, None);
    }

    /// The user takes another phone number; apps that know the old one are told.
    pub(super) fn change_phone(&mut self, user: &str, phone: &str, now: SystemTime) -> bool {
        let mut users = self.accounts.users.iter_mut();
        let Some(known) = users.find(|known| known.id == user) else {
            return false;
        };
        known.phone = Some(phone.to_owned());
        for client_id in self.apps_of(user) {
            let scopes = self.scopes_of(user, &client_id);
            let knows = |scope: &String| {
                let scope = scope.to_ascii_lowercase();
                scope.contains("phone") || scope.ends_with("mobile.number")
            };
            if scopes.iter().any(knows) {
                self.tell(user, &client_id, Event::PhoneModified, Vec::new(), now);
            }
        }
        true
    }

    /// The user closes the account: everything dies, and the apps are told.
    pub(super) fn purge(&mut self, user: &str, now: SystemTime) -> bool {
        if self.accounts.user(user).is_none() {
            return false;
        }
        for client_id in self.apps_of(user) {
            self.tell(user, &client_id, Event::AccountPurged, Vec::new(), now);
        }
        self.change_password(user);
        self.accounts.users.retain(|known| known.id != user);
        true
    }

    /// Sends the newest events once more, with the ids that they had.
    pub(super) fn redeliver(&mut self, now: SystemTime) {
        for sent in self.sent_events.clone() {
            self.callbacks.push(callback(&sent, now));
        }
    }

    /// The apps that a user ever signed in to.
    fn apps_of(&self, user: &str) -> Vec<String> {
        let of_user = self.sign_ins.list().filter(|sign_in| sign_in.user == user);
        let mut apps: Vec<String> = of_user.map(|sign_in| sign_in.client_id.clone()).collect();
        apps.sort();
        apps.dedup();
        apps
    }

    /// The scopes that a user ever gave to an app.
    fn scopes_of(&self, user: &str, client_id: &str) -> Vec<String> {
        let mut scopes: Vec<String> = Vec::new();
        for sign_in in self.sign_ins.list() {
            if sign_in.user == user && sign_in.client_id == client_id {
                scopes.extend(sign_in.scopes.iter().cloned());
            }
        }
        scopes.sort();
        scopes.dedup();
        scopes
    }

    fn tell(
        &mut self,
        user: &str,
        client_id: &str,
        event: Event,
        scopes: Vec<String>,
        now: SystemTime,
    ) {
        let Some(app) = self.accounts.app(client_id) else {
            return;
        };
        let Some(url) = app.events_url.clone() else {
            return;
        };
        let one = body(app, user, event, scopes, now);
        let sent = Sent {
            client_id: client_id.to_owned(),
            url,
            body: match app.events_as_list {
                true => json!([one]),
                false => one,
            },
        };
        self.callbacks.push(callback(&sent, now));
        if self.sent_events.len() >= KEPT {
            self.sent_events.remove(0);
        }
        self.sent_events.push(sent);
    }
}

fn body(app: &App, user: &str, event: Event, scopes: Vec<String>, now: SystemTime) -> Value {
    let mut detail = json!({
        "subject": {
            "subject_type": "iss_sub",
            "iss": ISSUER,
            "sub": app.union_id(user),
            "extra": app.open_id(user),
        },
    });
    if event == Event::TokensRevoked {
        detail["scopes"] = json!(scopes);
    }
    let mut events = Map::new();
    events.insert(event.kind().to_owned(), detail);
    json!({
        "iss": ISSUER,
        "aud": app.client_id,
        "iat": unix_s(now),
        "jti": format!("{:032x}", fastrand::u128(..)),
        "events": events,
    })
}

/// The call, with a proof of who makes it. Nothing binds the proof to the body.
fn callback(sent: &Sent, now: SystemTime) -> Callback {
    let now_s = unix_s(now);
    let claims = json!({
        "iss": ISSUER,
        "aud": sent.client_id,
        "iat": now_s,
        "exp": now_s + LIFETIME_S,
        "jti": format!("{:032x}", fastrand::u128(..)),
    });
    let (kid, key) = keys::today(Purpose::Event, now_s);
    let token = key.sign(Algorithm::Rs256, &kid, &claims);
    Callback {
        operation: "on_account_events",
        url: sent.url.clone(),
        headers: vec![("authorization", format!("Bearer {token}"))],
        body: sent.body.to_string(),
    }
}

/// Where the keys of events are: the emulator's control API, as no document gives the address.
pub(super) fn configuration(call: &Call<'_>) -> Answer {
    let root = call.base.strip_suffix("/huawei-oauth").unwrap_or(call.base);
    Answer::json(&json!({
        "issuer": ISSUER,
        "jwks_uri": format!("{root}/_emulator/huawei-oauth/event-keys"),
    }))
}

/// The issuer of events and of the proof that comes with them.
const ISSUER: &str = "id.cloud.huawei.com";

/// How long the proof is good, in seconds.
const LIFETIME_S: i64 = 3600;

/// How many events can be sent again.
const KEPT: usize = 100;
