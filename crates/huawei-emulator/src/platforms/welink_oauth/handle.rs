//! The typed handle to WeLink of a space.

use std::sync::{Arc, MutexGuard};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::Value;

use crate::clock::unix_s;
use crate::platforms::{Platform, lock};
use crate::space::SpaceState;

use super::apps::Caller;
use super::seed::{
    ADMINISTRATOR, CLIENT_ID, CLIENT_SECRET, ROBOT_TOKEN, SUBSCRIBER_ID, SUBSCRIBERS_USER,
    TENANT_ID, USER,
};
use super::{App, Received, State, Tenant};

/// WeLink of one space: what a console, the client on a phone and its users would do.
///
/// A fresh space has one app with its tenant, a second tenant that subscribed to it, and a few users
/// and departments in both. Who signs in decides on the page, or as
/// [`Space::set_consent`](crate::Space::set_consent) says.
#[derive(Clone)]
pub struct WelinkOauth {
    space: Arc<SpaceState>,
}

impl WelinkOauth {
    /// The client id of the app.
    pub const CLIENT_ID: &str = CLIENT_ID;
    /// The client secret of the app; holds characters that an address has to encode.
    pub const CLIENT_SECRET: &str = CLIENT_SECRET;
    /// The tenant that owns the app.
    pub const TENANT_ID: &str = TENANT_ID;
    /// A tenant that subscribed to the app.
    pub const SUBSCRIBER_ID: &str = SUBSCRIBER_ID;
    /// A user of the first tenant who administers it and the app.
    pub const ADMINISTRATOR: &str = ADMINISTRATOR;
    /// A user of the first tenant who administers nothing.
    pub const USER: &str = USER;
    /// A user of the tenant that subscribed.
    pub const SUBSCRIBERS_USER: &str = SUBSCRIBERS_USER;
    /// The token of a robot in a chat group.
    pub const ROBOT_TOKEN: &str = ROBOT_TOKEN;

    pub(crate) fn new(space: Arc<SpaceState>) -> Self {
        Self { space }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.space.platforms.welink_oauth)
    }

    /// Registers an app, or changes the one with the same client id.
    pub fn add_app(&self, app: App) {
        self.state().apps.add_app(app);
    }

    /// Changes an app; false when there is none with this client id.
    pub fn change_app(&self, client_id: &str, change: impl FnOnce(&mut App)) -> bool {
        let mut state = self.state();
        let mut apps = state.apps.apps.iter_mut();
        let app = apps.find(|app| app.client_id == client_id);
        app.map(change).is_some()
    }

    /// Adds a tenant with nobody in it yet.
    pub fn add_tenant(&self, tenant: Tenant) {
        self.state().add_tenant(tenant);
    }

    /// Issues a token of the app for its owner.
    pub fn app_token(&self) -> String {
        self.issue(None)
    }

    /// Issues a token for a user who signed in.
    pub fn user_token(&self, user_id: &str) -> String {
        self.issue(Some(user_id.to_owned()))
    }

    fn issue(&self, user_id: Option<String>) -> String {
        let caller = Caller {
            client_id: CLIENT_ID.to_owned(),
            tenant_id: TENANT_ID.to_owned(),
            user_id,
        };
        let now_s = unix_s(self.space.clock.now());
        self.state().apps.issue(caller, now_s).0
    }

    /// How long tokens live that are issued from now on, in seconds: those of apps, and those of
    /// users.
    pub fn set_token_lifetimes(&self, app_s: i64, user_s: i64) {
        let apps = &mut self.state().apps;
        (apps.token_lifetime_s, apps.user_token_lifetime_s) = (app_s, user_s);
    }

    /// Makes every token issued so far worthless.
    pub fn revoke_access_tokens(&self) {
        self.state().apps.revoke_tokens();
    }

    /// Whether the app is locked after too many wrong secrets.
    pub fn is_locked(&self) -> bool {
        let now_s = unix_s(self.space.clock.now());
        self.state().apps.is_locked(CLIENT_ID, now_s)
    }

    /// Forgets the wrong secrets of all apps.
    pub fn unlock(&self) {
        self.state().apps.unlock();
    }

    /// The code that a page in the client gets for its user, or the widget of a scan login; nothing
    /// when there is no such user.
    pub fn login_code(&self, user_id: &str) -> Option<String> {
        let now = self.space.clock.now();
        self.state().code_for(CLIENT_ID, user_id, now)
    }

    /// The users of a tenant, as they stand now.
    pub fn users(&self, tenant_id: &str) -> Vec<Value> {
        let state = self.state();
        let users = state.directories.get(tenant_id).map(|it| it.users.clone());
        users
            .unwrap_or_default()
            .into_iter()
            .map(Value::Object)
            .collect()
    }

    /// The departments of a tenant, as they stand now.
    pub fn departments(&self, tenant_id: &str) -> Vec<Value> {
        let state = self.state();
        let all = state
            .directories
            .get(tenant_id)
            .map(|it| it.departments.clone());
        all.unwrap_or_default()
            .into_iter()
            .map(Value::Object)
            .collect()
    }

    /// The chat groups of a tenant, each with its `members`, as they stand now.
    pub fn groups(&self, tenant_id: &str) -> Vec<Value> {
        self.state().groups.of_tenant(tenant_id)
    }

    /// The messages that a user got, alone or in a group, or that were said in a group, the oldest
    /// first.
    pub fn inbox(&self, receiver: &str) -> Vec<Received> {
        let state = self.state();
        let all = state.messages.received.iter();
        all.filter(|message| message.is_for(receiver))
            .cloned()
            .collect()
    }

    /// What lies on a shelf of a tenant, the oldest first: `approvals`, `articles`, `conferences`,
    /// `events`, `files`, `meetings`, `punches`, `shifts` or `todos`; nothing on any other.
    pub fn records(&self, tenant_id: &str, shelf: &str) -> Vec<Value> {
        let records = self.state().office.records(tenant_id, shelf);
        records.unwrap_or_default()
    }

    /// Puts a record on a shelf of a tenant, as people and devices do with approvals and punches,
    /// and gives its key; nothing where there is no such shelf.
    pub fn add_record(&self, tenant_id: &str, shelf: &str, record: Value) -> Option<String> {
        self.state().office.put(tenant_id, shelf, record)
    }

    /// Adds a robot that speaks in a group: the id of one, or any name.
    pub fn add_robot(&self, token: &str, group: &str) {
        let robot = (token.to_owned(), group.to_owned());
        self.state().messages.robots.push(robot);
    }

    /// Whether a page was signed with a ticket that was issued here.
    pub fn is_signed(&self, nonce: &str, timestamp: u64, page_url: &str, signature: &str) -> bool {
        let state = self.state();
        state.apps.js_tickets.iter().any(|ticket| {
            let plain = format!(
                "jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page_url}"
            );
            let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, plain.as_bytes());
            let hex: String = hash
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            hex == signature
        })
    }

    /// Sends the events of the app to this address from now on, and tries it out at once; or no
    /// more. Runs on the runtime of the caller.
    pub fn set_callback(&self, url: Option<String>) {
        let now = self.space.clock.now();
        self.act(|state| state.set_callback(CLIENT_ID, url, now));
    }

    /// Lets a tenant subscribe to the app. Runs on the runtime of the caller.
    pub fn authorize_tenant(&self, tenant_id: &str) {
        let now = self.space.clock.now();
        self.act(|state| state.subscribe(CLIENT_ID, tenant_id, true, now));
    }

    /// Lets a tenant cancel. Runs on the runtime of the caller.
    pub fn cancel_tenant(&self, tenant_id: &str) {
        let now = self.space.clock.now();
        self.act(|state| state.subscribe(CLIENT_ID, tenant_id, false, now));
    }

    /// Sends an event to every app that acts for a tenant. Runs on the runtime of the caller.
    pub fn send_event(&self, tenant_id: &str, event: &Value) {
        let now = self.space.clock.now();
        self.act(|state| state.send_event(tenant_id, event, now));
    }

    /// What was replied to the events sent so far, decrypted, the oldest first; nothing where the
    /// platform would not have taken it for an acknowledgement.
    pub fn event_replies(&self) -> Vec<Option<Value>> {
        let sent = lock(&self.space.callbacks).list();
        let now = self.space.clock.now();
        let state = self.state();
        let events = sent.iter().filter(|sent| sent.operation == "on_event");
        events.map(|sent| state.reply(sent, now)).collect()
    }

    fn act<T>(&self, act: impl FnOnce(&mut State) -> T) {
        let mut state = self.state();
        act(&mut state);
        let calls = state.take_callbacks();
        self.space.send_callbacks("welink-oauth", calls);
    }
}

impl std::fmt::Debug for WelinkOauth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WelinkOauth").finish_non_exhaustive()
    }
}
