//! The typed handle to Push Kit of a space.

use std::sync::{Arc, MutexGuard};

use serde_json::Value;

use crate::platforms::{Platform, lock};
use crate::space::SpaceState;

use super::accounts::ServiceAccountSource;
use super::seed::{
    CLIENT_ID, CLIENT_SECRET, HMS_TOKEN, OTHER_CLIENT_ID, OTHER_PROJECT_ID, PROJECT_ID,
    SECOND_CLIENT_ID, TOKEN,
};
use super::{App, Device, ReceiptConfiguration, Received, State};

/// Push Kit of one space: what a console, the devices and their users would do.
///
/// A fresh space has two projects with a service account each, and three apps: two of the first
/// project and one of the other. Devices belong to the first app unless they say otherwise. A few
/// are there from the start, see `huawei-emulator init`.
#[derive(Clone)]
pub struct HarmonyPush {
    space: Arc<SpaceState>,
}

impl HarmonyPush {
    /// The id of the first project.
    pub const PROJECT_ID: &str = PROJECT_ID;
    /// The id of a project that the first one's tokens are worth nothing to.
    pub const OTHER_PROJECT_ID: &str = OTHER_PROJECT_ID;
    /// The client id of the first app.
    pub const CLIENT_ID: &str = CLIENT_ID;
    /// The client secret of the first app; holds characters that a form has to encode.
    pub const CLIENT_SECRET: &str = CLIENT_SECRET;
    /// The client id of the second app of the first project.
    pub const SECOND_CLIENT_ID: &str = SECOND_CLIENT_ID;
    /// The client id of the app of the other project.
    pub const OTHER_CLIENT_ID: &str = OTHER_CLIENT_ID;

    /// The token of a device of the first app that takes every message of v3.
    pub const TOKEN: &str = TOKEN;
    /// The token of a device of the first app that takes every message of v1 and v2.
    pub const HMS_TOKEN: &str = HMS_TOKEN;

    pub(crate) fn new(space: Arc<SpaceState>) -> Self {
        Self { space }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.space.platforms.harmony_push)
    }

    /// The key file of the first project's service account, as the console gives it out.
    pub fn service_account_key_json(&self) -> String {
        self.key_file(PROJECT_ID).unwrap_or_default()
    }

    /// The key file of a project's service account, if the emulator made its key.
    pub fn key_file(&self, project_id: &str) -> Option<String> {
        let file = self.state().accounts.key_file(project_id)?;
        Some(format!("{file:#}"))
    }

    /// Registers a service account by its key in PEM, public or private; one with the same key id
    /// is replaced.
    ///
    /// # Errors
    ///
    /// What is wrong with the PEM.
    pub fn add_service_account(
        &self,
        project_id: &str,
        key_id: &str,
        sub_account: &str,
        pem: &str,
    ) -> Result<(), &'static str> {
        self.state().accounts.add_account(ServiceAccountSource {
            project_id: project_id.to_owned(),
            key_id: key_id.to_owned(),
            sub_account: sub_account.to_owned(),
            pem: pem.to_owned(),
        })
    }

    /// Registers an app, or changes the one with the same client id.
    pub fn add_app(&self, app: App) {
        self.state().accounts.add_app(app);
    }

    /// How long access tokens live that are issued from now on, in seconds.
    pub fn set_token_lifetime(&self, seconds: i64) {
        self.state().accounts.token_lifetime_s = seconds;
    }

    /// Makes every access token issued so far worthless.
    pub fn revoke_access_tokens(&self) {
        self.state().accounts.revoke_tokens();
    }

    /// Adds a device and gives its push token.
    ///
    /// ```
    /// # async fn example() -> std::io::Result<()> {
    /// use huawei_emulator::harmony_push::Device;
    ///
    /// let emulator = huawei_emulator::Emulator::start().await?;
    /// let push = emulator.harmony_push();
    /// let well = push.device(Device::harmony());
    /// let gone = push.device(Device::harmony().uninstalled());
    /// let dead = push.device(Device::harmony().refused("tokenFormatError"));
    /// let foreign = push.device(Device::harmony().of(huawei_emulator::harmony_push::HarmonyPush::OTHER_CLIENT_ID));
    /// # Ok(())
    /// # }
    /// ```
    pub fn device(&self, device: Device) -> String {
        self.state().devices.add(device, CLIENT_ID)
    }

    /// Adds `count` devices alike that take no memory: their tokens are `prefix` followed by a
    /// number from 0.
    pub fn fleet(&self, prefix: &str, count: u64, like: Device) {
        self.state()
            .devices
            .add_fleet(prefix, count, like, CLIENT_ID);
    }

    /// Changes a device; false when there is none with this token.
    pub fn change_device(&self, token: &str, change: impl FnOnce(&mut Device)) -> bool {
        self.state().devices.get_mut(token).map(change).is_some()
    }

    /// Forgets a device: its token is unknown from now on.
    pub fn remove_device(&self, token: &str) {
        self.state().devices.remove(token);
    }

    /// What a device received, the oldest first.
    pub fn inbox(&self, token: &str) -> Vec<Received> {
        self.state().devices.inbox(token)
    }

    /// The newest deliveries to any device, with their tokens, the oldest first.
    pub fn recent(&self) -> Vec<(String, Received)> {
        self.state().devices.recent().cloned().collect()
    }

    /// How many messages reached a device, each counted once a device.
    pub fn delivered(&self) -> u64 {
        self.state().devices.delivered()
    }

    /// Sends receipts from now on, or no more.
    pub fn set_receipts(&self, configuration: Option<ReceiptConfiguration>) {
        self.state().receipts.configuration = configuration;
    }

    /// Sends the receipts of messages that choose this `receiptId` elsewhere.
    pub fn set_named_receipts(&self, receipt_id: &str, configuration: ReceiptConfiguration) {
        let mut state = self.state();
        state
            .receipts
            .named
            .insert(receipt_id.to_owned(), configuration);
    }

    /// Lets the app on an HMS device send data to its server, at the address of the receipts. Runs
    /// on the runtime of the caller.
    ///
    /// # Errors
    ///
    /// There is no such device, or no address.
    pub fn send_uplink(&self, token: &str, data: &[u8]) -> Result<(), &'static str> {
        let mut state = self.state();
        state.send_uplink(token, data, self.space.clock.now())?;
        let calls = state.take_callbacks();
        self.space.send_callbacks("harmony-push", calls);
        Ok(())
    }

    /// Whether messages may only carry images that were checked, as is the case in a fresh space.
    pub fn enforce_image_checks(&self, enforced: bool) {
        self.state().images.enforced = enforced;
    }

    /// Makes the check of an image fail with this code.
    pub fn refuse_image(&self, url: &str, code: &str) {
        let mut state = self.state();
        state.images.refused.insert(url.to_owned(), code.to_owned());
    }

    /// The newest subscription messages that were accepted, the oldest first.
    pub fn service_notifications(&self) -> Vec<Value> {
        self.state().services.notifications.clone()
    }

    /// Sets how many subscription messages of a template a user still takes.
    pub fn set_subscriptions(&self, open_id: &str, template_id: &str, left: u64) {
        let key = (open_id.to_owned(), template_id.to_owned());
        self.state().services.subscriptions.insert(key, left);
    }
}

impl std::fmt::Debug for HarmonyPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HarmonyPush").finish_non_exhaustive()
    }
}
