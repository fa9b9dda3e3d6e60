//! The typed handle to HUAWEI ID of a space.

use std::sync::{Arc, MutexGuard};

use serde::Serialize;

use crate::clock::unix_s;
use crate::platforms::{Platform, lock};
use crate::space::SpaceState;

use super::accounts::{Agent, AgentSource};
use super::control::Kind;
use super::keys::{self, Purpose};
use super::seed::{AGENT_ID, CLIENT_ID, CLIENT_SECRET, OTHER_CLIENT_ID, SECOND_CLIENT_ID, USER};
use super::sign_ins::SignIn;
use super::{App, State, User};

/// HUAWEI ID of one space: what a console, the users and their devices would do.
///
/// A fresh space has three apps, two of one developer and one of another, and a few users: one who
/// has everything, one abroad, one without a nickname and one without a phone number.
#[derive(Clone)]
pub struct HuaweiOauth {
    space: Arc<SpaceState>,
}

/// A sign-in of a user to an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SignedIn {
    /// The client id of the app.
    pub client_id: String,
    /// The user, as the emulator calls it.
    pub user: String,
    /// The scopes that the user gave.
    pub scopes: Vec<String>,
    /// When, in Unix seconds.
    pub since_s: i64,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Whether a refresh token was issued.
    pub has_refresh_token: bool,
}

impl From<&SignIn> for SignedIn {
    fn from(sign_in: &SignIn) -> Self {
        Self {
            client_id: sign_in.client_id.clone(),
            user: sign_in.user.clone(),
            scopes: sign_in.scopes.clone(),
            since_s: sign_in.since_s,
            revoked: sign_in.revoked,
            has_refresh_token: sign_in.refresh_token.is_some(),
        }
    }
}

impl HuaweiOauth {
    /// The client id of the first app, which has every scope and is in an account group.
    pub const CLIENT_ID: &str = CLIENT_ID;
    /// The client secret of the first app; holds characters that a form has to encode.
    pub const CLIENT_SECRET: &str = CLIENT_SECRET;
    /// The client id of the second app of the first developer.
    pub const SECOND_CLIENT_ID: &str = SECOND_CLIENT_ID;
    /// The client id of the app of the other developer.
    pub const OTHER_CLIENT_ID: &str = OTHER_CLIENT_ID;
    /// The user who has everything: nickname, picture, e-mail address, phone number.
    pub const USER: &str = USER;
    /// The service account of the agent that may act for the first app.
    pub const AGENT_ID: &str = AGENT_ID;

    pub(crate) fn new(space: Arc<SpaceState>) -> Self {
        Self { space }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.space.platforms.huawei_oauth)
    }

    fn now_s(&self) -> i64 {
        unix_s(self.space.clock.now())
    }

    /// Makes a change, and sends the events that follow from it on the runtime of the caller.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        let calls = state.take_callbacks();
        drop(state);
        self.space.send_callbacks("huawei-oauth", calls);
        result
    }

    /// Registers an app, or changes the one with the same client id.
    pub fn add_app(&self, app: App) {
        self.state().accounts.add_app(app);
    }

    /// The app with this client id.
    pub fn app(&self, client_id: &str) -> Option<App> {
        self.state().accounts.app(client_id).cloned()
    }

    /// Lets browsers come back to one more address of an app.
    pub fn add_redirect_uri(&self, client_id: &str, address: &str) {
        let mut state = self.state();
        let mut apps = state.accounts.apps.iter_mut();
        if let Some(app) = apps.find(|app| app.client_id == client_id) {
            app.redirect_uris.push(address.to_owned());
        }
    }

    /// Adds a user, or changes the one with the same id.
    pub fn add_user(&self, user: User) {
        self.state().accounts.add_user(user);
    }

    /// The user with this id.
    pub fn user(&self, id: &str) -> Option<User> {
        self.state().accounts.user(id).cloned()
    }

    /// The OpenID of a user in an app.
    pub fn open_id(&self, client_id: &str, user: &str) -> String {
        let state = self.state();
        let app = state.accounts.app(client_id);
        app.map_or_else(String::new, |app| app.open_id(user))
    }

    /// The UnionID of a user for the developer of an app.
    pub fn union_id(&self, client_id: &str, user: &str) -> String {
        let state = self.state();
        let app = state.accounts.app(client_id);
        app.map_or_else(String::new, |app| app.union_id(user))
    }

    /// The code that an app gets on its device by its sign-in button or panel, or silently.
    ///
    /// # Errors
    ///
    /// There is no such app or user, or the app was not granted the scopes.
    pub fn app_code(
        &self,
        client_id: &str,
        user: &str,
        scope: &str,
    ) -> Result<String, &'static str> {
        let now_s = self.now_s();
        let mut state = self.state();
        state.device_code_of(client_id, user, Kind::App, scope, now_s)
    }

    /// The code that the quick-login button of the first app gives when this user presses it.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub fn quick_login_code(&self, user: &str) -> Result<String, &'static str> {
        let now_s = self.now_s();
        let mut state = self.state();
        state.device_code_of(CLIENT_ID, user, Kind::QuickLogin, "", now_s)
    }

    /// The code that comes with the masked number before the quick-login button is pressed; it
    /// gives no phone number.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub fn prefetch_code(&self, user: &str) -> Result<String, &'static str> {
        let now_s = self.now_s();
        let mut state = self.state();
        state.device_code_of(CLIENT_ID, user, Kind::Prefetch, "", now_s)
    }

    /// Opens the page behind a QR code on a phone; nobody has decided yet.
    ///
    /// # Errors
    ///
    /// There is no such code, or it cannot be scanned any more.
    pub fn scan(&self, user_code: &str) -> Result<(), &'static str> {
        let now_s = self.now_s();
        match self.state().scan(user_code, now_s) {
            true => Ok(()),
            false => Err("no sign-in waits for a scan of this code"),
        }
    }

    /// Scans a QR code with the phone of a user, who accepts.
    ///
    /// # Errors
    ///
    /// There is no such user or code, or it cannot be scanned any more.
    pub fn accept_device(&self, user_code: &str, user: &str) -> Result<(), &'static str> {
        let now_s = self.now_s();
        self.state().decide_device(user_code, Some(user), now_s)
    }

    /// Scans a QR code with the phone of somebody who cancels.
    ///
    /// # Errors
    ///
    /// There is no such code, or it cannot be scanned any more.
    pub fn cancel_device(&self, user_code: &str) -> Result<(), &'static str> {
        let now_s = self.now_s();
        self.state().decide_device(user_code, None, now_s)
    }

    /// How long access tokens live that are issued from now on, in seconds.
    pub fn set_access_token_lifetime(&self, seconds: i64) {
        self.state().sign_ins.access_lifetime_s = seconds;
    }

    /// How long refresh tokens live that are issued from now on, in seconds.
    pub fn set_refresh_token_lifetime(&self, seconds: i64) {
        self.state().sign_ins.refresh_lifetime_s = seconds;
    }

    /// Makes every access token issued so far worthless.
    pub fn revoke_access_tokens(&self) {
        self.state().sign_ins.revoke_access_tokens();
    }

    /// The sign-ins, the newest first.
    pub fn sign_ins(&self) -> Vec<SignedIn> {
        self.state().sign_ins.list().map(SignedIn::from).collect()
    }

    /// Lets a user withdraw the consent to an app: its codes and tokens die, and the app is told if
    /// it has an address for events. Runs on the runtime of the caller.
    pub fn withdraw_consent(&self, client_id: &str, user: &str) {
        let now = self.space.clock.now();
        self.change(|state| state.withdraw(user, client_id, now));
    }

    /// Lets a user change the password: all codes and tokens die.
    pub fn change_password(&self, user: &str) {
        self.change(|state| state.change_password(user));
    }

    /// Gives a user another phone number; the apps that know the old one are told. Runs on the
    /// runtime of the caller.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub fn change_phone(&self, user: &str, phone: &str) -> Result<(), &'static str> {
        let now = self.space.clock.now();
        match self.change(|state| state.change_phone(user, phone, now)) {
            true => Ok(()),
            false => Err("there is no such user"),
        }
    }

    /// Lets a user close the account: everything dies, and the apps are told. Runs on the runtime
    /// of the caller.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub fn close_account(&self, user: &str) -> Result<(), &'static str> {
        let now = self.space.clock.now();
        match self.change(|state| state.purge(user, now)) {
            true => Ok(()),
            false => Err("there is no such user"),
        }
    }

    /// Sends the newest events once more, with the ids that they had. Runs on the runtime of the
    /// caller.
    pub fn redeliver_events(&self) {
        let now = self.space.clock.now();
        self.change(|state| state.redeliver(now));
    }

    /// The key set that verifies the proofs of events, as it is served.
    pub fn event_keys_json(&self) -> String {
        keys::key_set(Purpose::Event, self.now_s()).to_string()
    }

    /// The key file of the agent that may act for the first app, as the console gives it out.
    pub fn agent_key_json(&self) -> String {
        let file = self.state().agent_key_file(AGENT_ID);
        file.map_or_else(String::new, |file| format!("{file:#}"))
    }

    /// Registers an agent by the key of its service account in PEM, public or private, with the
    /// client ids of the merchants that it may act for.
    ///
    /// # Errors
    ///
    /// What is wrong with the PEM.
    pub fn add_agent(
        &self,
        sub_account: &str,
        key_id: &str,
        pem: &str,
        merchants: &[&str],
    ) -> Result<(), &'static str> {
        let agent = Agent::new(AgentSource {
            sub_account: sub_account.to_owned(),
            key_id: key_id.to_owned(),
            pem: pem.to_owned(),
            merchants: merchants
                .iter()
                .map(|&merchant| merchant.to_owned())
                .collect(),
        })?;
        self.state().accounts.agents.push(agent);
        Ok(())
    }
}

impl std::fmt::Debug for HuaweiOauth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HuaweiOauth").finish_non_exhaustive()
    }
}
