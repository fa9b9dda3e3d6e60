//! The typed handle to the IoT platform of a space.

use std::sync::{Arc, MutexGuard};

use serde_json::Value;

use crate::platforms::{Platform, lock};
use crate::space::SpaceState;

use super::{APP_ID, App, SECOND_APP_ID, SECRET, State};

/// The IoT platform of one space: what the portal and the devices would do.
///
/// A fresh space has two applications, of which the second may act on what is the first one's, and
/// no device. What depends on time, like the deletion of devices that never connect, happens by the
/// clock of the space, at the next request, or at [`tick`](Self::tick).
///
/// Methods that make the platform call an address run on the runtime of the caller.
#[derive(Clone)]
pub struct IotNa {
    space: Arc<SpaceState>,
}

impl IotNa {
    /// The id of the first application.
    pub const APP_ID: &str = APP_ID;
    /// Its secret; holds characters that a form has to encode.
    pub const SECRET: &str = SECRET;
    /// The id of an application that the first one has authorised.
    pub const SECOND_APP_ID: &str = SECOND_APP_ID;

    pub(crate) fn new(space: Arc<SpaceState>) -> Self {
        Self { space }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.space.platforms.iot_na)
    }

    /// Changes the state at the space's time, and makes the calls that come of it.
    fn act<T>(&self, act: impl FnOnce(&mut State, std::time::SystemTime) -> T) -> T {
        let now = self.space.clock.now();
        let mut state = self.state();
        state.tick(now);
        let result = act(&mut state, now);
        let calls = state.take_callbacks();
        drop(state);
        self.space.send_callbacks("iot-na", calls);
        result
    }

    /// Registers an application, or changes the one with the same id.
    pub fn add_app(&self, app: App) {
        self.state().apps.add(app);
    }

    /// How long access tokens live that are issued from now on, in seconds.
    pub fn set_token_lifetime(&self, seconds: i64) {
        self.state().apps.token_lifetime_s = seconds;
    }

    /// How long refresh tokens live that are issued from now on, in seconds.
    pub fn set_refresh_lifetime(&self, seconds: i64) {
        self.state().apps.refresh_lifetime_s = seconds;
    }

    /// Makes every token issued so far worthless.
    pub fn revoke_tokens(&self) {
        self.state().apps.revoke();
    }

    /// How many pairs of tokens were issued, by login and by refresh.
    pub fn tokens_issued(&self) -> u64 {
        self.state().apps.issued
    }

    /// Refuses the calls of an application above this many in a minute, as the platform does above
    /// 100; `None` counts nothing, as in a fresh space.
    pub fn set_rate_limit(&self, calls_per_minute: Option<u64>) {
        self.state().apps.rate = calls_per_minute;
    }

    /// Does what is due by the clock: deletes, expires, moves on, calls again.
    pub fn tick(&self) {
        self.act(|_, _| ());
    }

    /// The ids of the devices, the oldest first.
    pub fn devices(&self) -> Vec<String> {
        let state = self.state();
        state
            .devices
            .iter()
            .map(|it| it.device_id.clone())
            .collect()
    }

    /// A device comes online; commands that wait for it are delivered.
    ///
    /// # Errors
    ///
    /// There is no such device.
    pub fn connect(&self, device_id: &str) -> Result<(), &'static str> {
        self.act(|state, now| state.set_status(device_id, true, now))
    }

    /// A device goes offline.
    ///
    /// # Errors
    ///
    /// There is no such device.
    pub fn disconnect(&self, device_id: &str) -> Result<(), &'static str> {
        self.act(|state, now| state.set_status(device_id, false, now))
    }

    /// A device reports the data of a service, and comes online for it.
    ///
    /// # Errors
    ///
    /// There is no such device.
    pub fn report(
        &self,
        device_id: &str,
        service_id: &str,
        data: &Value,
    ) -> Result<(), &'static str> {
        self.act(|state, now| state.report(device_id, service_id, data, now))
    }

    /// A device answers a command that was delivered to it, with details or null.
    ///
    /// # Errors
    ///
    /// There is no such command, or it was not delivered, or has ended.
    pub fn answer_command(
        &self,
        command_id: &str,
        successful: bool,
        detail: Value,
    ) -> Result<(), &'static str> {
        self.act(|state, now| state.answer_command(command_id, successful, detail, now))
    }

    /// Sends a notification of any type to those of the first application's subscriptions that its
    /// `notifyType` fits: types that nothing here brings about, like rule events.
    ///
    /// # Errors
    ///
    /// The platform has no such type, or nobody has subscribed to it.
    pub fn send_notification(&self, body: &Value) -> Result<(), &'static str> {
        self.act(|state, _| state.send_notification(APP_ID, body.clone()))
    }
}

impl std::fmt::Debug for IotNa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IotNa").finish_non_exhaustive()
    }
}
