//! The IoT platform: one valid token, devices, commands, subscriptions that push.

mod apps;
mod batch;
mod commands;
mod control;
mod data;
mod devices;
mod groups;
mod handle;
mod legacy;
mod outbox;
mod page;
mod pages;
mod reports;
mod subscriptions;
mod time;
mod upgrades;

use std::time::SystemTime;

use serde_json::Value;

pub use self::apps::App;
pub use self::handle::IotNa;

use crate::answer::{Answer, Refusal};
use crate::callback::{Callback, SentCallback};
use crate::clock::unix_s;
use crate::control::Refused;
use crate::platforms::{Call, ControlCall, Platform};

use self::apps::{APP_ID, Apps, SECOND_APP_ID, SECRET};
use self::batch::Batch;
use self::commands::{CancelTask, Command};
use self::data::History;
use self::devices::Device;
use self::groups::Group;
use self::outbox::Outbox;
use self::subscriptions::{Subscription, operation_of};
use self::upgrades::Upgrades;

/// The state of the IoT platform in one space.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub apps: Apps,
    pub devices: Vec<Device>,
    pub commands: Vec<Command>,
    pub outbox: Outbox,
    cancel_tasks: Vec<CancelTask>,
    history: History,
    groups: Vec<Group>,
    subscriptions: Vec<Subscription>,
    batches: Vec<Batch>,
    upgrades: Upgrades,
    now_s: i64,
}

impl State {
    /// Does what is due at this moment.
    fn tick(&mut self, now: SystemTime) {
        let now_s = unix_s(now);
        self.now_s = now_s;
        self.run_cancel_tasks();
        self.expire_devices(now_s);
        self.age_devices(now_s);
        self.expire_commands(now_s);
        self.run_batches(now_s);
        self.run_upgrades(now_s);
    }

    /// Whose things a call is about.
    fn owner(&self, call: &Call<'_>) -> Result<String, Refusal> {
        let queries = ["appId", "accessAppId", "ownerAppId"];
        let named = queries.iter().find_map(|name| call.query(name));
        let named = named.or_else(|| call.body()["appId"].as_str());
        self.apps.owner(call, named)
    }

    /// Sends a notification of a subscribed type, as it is.
    fn send_notification(&mut self, app_id: &str, body: Value) -> Result<(), &'static str> {
        let kind = body["notifyType"].as_str().unwrap_or_default().to_owned();
        if operation_of(&kind).is_none() {
            return Err("the platform has no such notifyType");
        }
        if !self.is_subscribed(app_id, &kind) {
            return Err("nobody has subscribed to this notifyType");
        }
        self.notify(app_id, &kind, body);
        Ok(())
    }
}

impl Platform for State {
    fn behaves(&self) -> &'static [&'static str] {
        BEHAVES
    }

    fn authenticate(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        self.tick(call.now);
        if ["login", "logout", "refresh_token"].contains(&&*call.operation.id) {
            return Ok(());
        }
        self.apps.caller(call)
    }

    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        match &*call.operation.id {
            "login" => self.apps.login(call),
            "refresh_token" => self.apps.refresh(call),
            "logout" => self.apps.logout(call),
            "register_device_by_verify_code"
            | "register_device_by_secret"
            | "register_device_legacy"
            | "register_device_legacy_v1_2" => self.register(call),
            "get_device_activation_status" | "get_device_activation_status_legacy" => {
                self.activation(call)
            }
            "refresh_device_verify_code"
            | "refresh_device_secret"
            | "refresh_device_verify_code_legacy" => self.refresh_key(call),
            "get_device" | "get_device_legacy" => self.get_device(call),
            "modify_device" | "modify_device_legacy" => self.modify_device(call),
            "delete_device" | "delete_device_legacy" => self.delete_device(call),
            "list_devices" | "list_devices_legacy" => self.list_devices(call),
            "query_device_realtime_location" => self.location(call),
            "get_device_shadow" => self.shadow(call),
            "modify_device_shadow" => self.modify_shadow(call),
            "list_device_shadow_history" => self.shadow_history(call),
            "list_device_data_history" | "list_data_history_legacy" => self.data_history(call),
            "list_device_capabilities" => self.capabilities(call),
            "create_device_command" => self.create_command(call),
            "list_device_commands" => self.list_commands(call),
            "update_device_command" => self.cancel_command(call),
            "create_command_cancel_task" => self.create_cancel_task(call),
            "list_command_cancel_tasks" => self.list_cancel_tasks(call),
            "invoke_device_service" => self.invoke_service(call),
            "post_device_command_legacy" => self.post_command(call),
            "list_device_commands_legacy" => self.list_commands_legacy(call),
            "cancel_device_commands_legacy" => self.cancel_commands(call),
            "set_device_service_legacy" => self.set_service(call),
            "create_subscription" => self.create_subscription(call),
            "subscribe_legacy" => self.subscribe_legacy(call),
            "subscribe_management_data" => self.subscribe_management(call),
            "list_subscriptions" => self.list_subscriptions(call),
            "get_subscription" => self.get_subscription(call),
            "delete_subscription" => self.delete_subscription(call),
            "delete_subscriptions" => self.delete_subscriptions(call),
            "create_batch_task" => self.create_batch(call),
            "get_batch_task" => self.get_batch(call),
            "list_batch_task_details" => self.list_batch_details(call),
            "create_device_group" => self.create_group(call),
            "list_device_groups" => self.list_groups(call),
            "get_device_group" => self.get_group(call),
            "modify_device_group" => self.modify_group(call),
            "delete_device_group" => self.delete_group(call),
            "list_device_group_members" => self.list_members(call),
            "add_device_group_members" => self.add_members(call),
            "remove_device_group_members" => self.remove_members(call),
            "list_upgrade_packages" => self.list_packages(call),
            "get_upgrade_package" => self.get_package(call),
            "delete_upgrade_package" => self.delete_package(call),
            "create_firmware_upgrade_task" | "create_software_upgrade_task" => {
                self.create_upgrade(call)
            }
            "get_upgrade_task" => self.get_upgrade(call),
            "list_upgrade_tasks" => self.list_upgrades(call),
            "list_upgrade_subtasks" => self.list_upgrade_parts(call),
            _ => Err(Refusal::no_behaviour(call)),
        }
    }

    fn take_callbacks(&mut self) -> Vec<Callback> {
        self.outbox.due(self.now_s)
    }

    fn called(&mut self, sent: &SentCallback, now: SystemTime) {
        self.now_s = unix_s(now);
        self.outbox.ended(sent, self.now_s);
    }

    fn page(&self) -> Option<String> {
        page::show(self)
    }

    fn control(&mut self, call: &ControlCall<'_>) -> Result<Answer, Refused> {
        self.tick(call.now);
        control::answer(self, call)
    }
}

/// The operations with behaviour of their own.
pub(crate) const BEHAVES: &[&str] = &[
    "add_device_group_members",
    "cancel_device_commands_legacy",
    "create_batch_task",
    "create_command_cancel_task",
    "create_device_command",
    "create_device_group",
    "create_firmware_upgrade_task",
    "create_software_upgrade_task",
    "create_subscription",
    "delete_device",
    "delete_device_group",
    "delete_device_legacy",
    "delete_subscription",
    "delete_subscriptions",
    "delete_upgrade_package",
    "get_batch_task",
    "get_device",
    "get_device_activation_status",
    "get_device_activation_status_legacy",
    "get_device_group",
    "get_device_legacy",
    "get_device_shadow",
    "get_subscription",
    "get_upgrade_package",
    "get_upgrade_task",
    "invoke_device_service",
    "list_batch_task_details",
    "list_command_cancel_tasks",
    "list_data_history_legacy",
    "list_device_capabilities",
    "list_device_commands",
    "list_device_commands_legacy",
    "list_device_data_history",
    "list_device_group_members",
    "list_device_groups",
    "list_device_shadow_history",
    "list_devices",
    "list_devices_legacy",
    "list_subscriptions",
    "list_upgrade_packages",
    "list_upgrade_subtasks",
    "list_upgrade_tasks",
    "login",
    "logout",
    "modify_device",
    "modify_device_group",
    "modify_device_legacy",
    "modify_device_shadow",
    "post_device_command_legacy",
    "query_device_realtime_location",
    "refresh_device_secret",
    "refresh_device_verify_code",
    "refresh_device_verify_code_legacy",
    "refresh_token",
    "register_device_by_secret",
    "register_device_by_verify_code",
    "register_device_legacy",
    "register_device_legacy_v1_2",
    "remove_device_group_members",
    "set_device_service_legacy",
    "subscribe_legacy",
    "subscribe_management_data",
    "update_device_command",
];
