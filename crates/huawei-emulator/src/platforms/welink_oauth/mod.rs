//! WeLink: apps and their tokens, sign-in, the directory of tenants, messages, events.

mod apps;
mod cipher;
mod control;
mod departments;
mod directory;
mod events;
mod groups;
mod handle;
mod legacy;
mod messages;
mod office;
mod page;
mod roles;
mod scope;
mod seed;
mod sign_in;
mod users;

use std::collections::BTreeMap;

use serde_json::json;

pub use self::apps::{App, Tenant};
pub use self::handle::WelinkOauth;
pub use self::messages::Received;

use crate::answer::{Answer, Refusal};
use crate::callback::Callback;
use crate::control::Refused;
use crate::document::operation::Operation;
use crate::platforms::security::credentials_present;
use crate::platforms::{Call, ControlCall, Platform};

use self::apps::{Apps, success};
use self::directory::Directory;
use self::groups::Groups;
use self::messages::Messages;
use self::office::Office;

/// The state of WeLink in one space.
#[derive(Debug)]
pub(crate) struct State {
    pub apps: Apps,
    /// By the id of the tenant.
    pub directories: BTreeMap<String, Directory>,
    pub groups: Groups,
    pub messages: Messages,
    pub office: Office,
    callbacks: Vec<Callback>,
}

impl Default for State {
    fn default() -> Self {
        let apps = Apps::default();
        let tenants = apps.tenants.iter();
        let directories = tenants.map(|tenant| (tenant.id.clone(), seed::directory(tenant)));
        let group = "example group".to_owned();
        Self {
            directories: directories.collect(),
            groups: Groups::default(),
            messages: Messages {
                robots: vec![(seed::ROBOT_TOKEN.to_owned(), group)],
                ..Messages::default()
            },
            office: Office::default(),
            apps,
            callbacks: Vec::new(),
        }
    }
}

impl State {
    /// The directory of the tenant that a call acts for.
    fn directory(&mut self, call: &Call<'_>) -> Result<&mut Directory, Refusal> {
        let caller = self.apps.caller(call)?;
        let directory = self.directories.get_mut(&caller.tenant_id);
        directory.ok_or_else(|| Refusal::code("47006").because("there is no such tenant"))
    }

    fn of_directory(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let resource = resource(&call.operation.path);
        let directory = self.directory(call)?;
        let answer = match resource {
            Resource::Departments => departments::answer(directory, call),
            Resource::LegacyDepartments => legacy::departments(directory, call),
            Resource::LegacyUsers => legacy::users(directory, call),
            Resource::Roles => roles::answer(directory, call),
            Resource::Users => users::answer(directory, call),
        };
        self.send_changes(call.now);
        answer
    }

    fn get_tenant(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let directory = self.directory(call)?;
        let tenant = &directory.tenant;
        Ok(success(json!({ "data": {
            "tenantId": tenant.id,
            "companyNameCn": tenant.name,
            "companyNameEn": tenant.name,
            "companyDomainName": tenant.domain,
            "registeredNumbers": directory.users.len(),
        }})))
    }

    fn get_batch_result(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let directory = self.directory(call)?;
        let job = directory.jobs.get(call.query("jobId").unwrap_or_default());
        job.map(|job| success(job.clone()))
            .ok_or_else(|| Refusal::code("47012").because("there is no such job"))
    }
}

impl Platform for State {
    fn behaves(&self) -> &'static [&'static str] {
        BEHAVES
    }

    fn authenticate(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        credentials_present(call)?;
        let mut schemes = call.operation.security.iter().flatten();
        match schemes.any(|scheme| scheme.ends_with("AccessToken")) {
            true => {
                let caller = self.apps.caller(call).map(drop);
                match is_of_groups(call) {
                    true => caller.map_err(groups::unauthorised),
                    false => caller,
                }
            }
            false => Ok(()),
        }
    }

    fn takes_form(&self, operation: &Operation) -> bool {
        operation.id == "create_oauth_token"
    }

    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        match call.operation.id.as_str() {
            id if !BEHAVES.contains(&id) => Err(Refusal::no_behaviour(call)),
            "authorize" => self.authorize(call),
            "authorize_scan_login" => self.authorize_scan_login(call),
            "create_app_token" | "create_app_token_v1" => self.apps.create_token(call),
            "create_oauth_token" => self.create_oauth_token(call),
            "get_batch_result" => self.get_batch_result(call),
            "get_js_ticket" => self.apps.js_ticket(call),
            "get_tenant" => self.get_tenant(call),
            "get_user_id_by_code" => self.apps.user_by_code(call),
            "get_user_id_by_token" => self.user_by_token(call),
            "is_app_admin" => self.is_app_admin(call),
            "send_robot_message" => self.messages.robot(&self.groups, call),
            _ if is_of_groups(call) => self.of_group(call),
            _ if office::is_meant(call) => self.of_office(call),
            "get_admin_domain_scope"
            | "get_app"
            | "get_app_visible_scope"
            | "list_app_visible_users"
            | "list_apps"
            | "update_app" => self.of_app(call),
            id if id == "push_context_aware"
                || call.operation.path.starts_with("/api/messages/") =>
            {
                let caller = self.apps.caller(call)?;
                let directory = self.directories.get(&caller.tenant_id);
                let missing = || Refusal::code("47006").because("there is no such tenant");
                self.messages.answer(directory.ok_or_else(missing)?, call)
            }
            _ => self.of_directory(call),
        }
    }

    fn take_callbacks(&mut self) -> Vec<Callback> {
        std::mem::take(&mut self.callbacks)
    }

    fn page(&self) -> Option<String> {
        page::inboxes(&self.messages)
    }

    fn control(&mut self, call: &ControlCall<'_>) -> Result<Answer, Refused> {
        control::answer(self, call)
    }
}

/// Whether a call is to the group services, which have codes of their own.
fn is_of_groups(call: &Call<'_>) -> bool {
    call.operation.path.starts_with("/api/welinkim/")
}

/// What of a directory a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource {
    Departments,
    LegacyDepartments,
    LegacyUsers,
    Roles,
    Users,
}

/// Told by the address: the newer calls have singular words and a verb at the end.
fn resource(path: &str) -> Resource {
    let words: Vec<&str> = path.split('/').skip(4).collect();
    match words.as_slice() {
        ["department", "parent"] if path.contains("/v1/") => Resource::LegacyDepartments,
        ["department", ..] => Resource::Departments,
        ["departments", ..] => Resource::LegacyDepartments,
        ["role" | "rolegroup", ..] => Resource::Roles,
        ["user", "users" | "userid" | "mobilenumber"] | ["users", ..] => Resource::LegacyUsers,
        _ => Resource::Users,
    }
}

/// The operations with behaviour of their own.
pub(crate) const BEHAVES: &[&str] = &[
    "add_article",
    "add_article_v1",
    "add_event",
    "add_group_members",
    "add_meeting",
    "add_todo",
    "add_todo_v1",
    "add_todo_v2",
    "assign_attendance_groups",
    "assign_shifts",
    "authorize",
    "authorize_scan_login",
    "batch_create_departments",
    "batch_create_departments_v1",
    "batch_create_users",
    "batch_delete_departments",
    "batch_delete_users",
    "batch_sync_departments",
    "batch_sync_role_groups",
    "batch_sync_roles",
    "batch_sync_users",
    "batch_update_department_corp_codes",
    "batch_update_departments",
    "batch_update_departments_v1",
    "batch_update_user_corp_ids",
    "batch_update_user_mobiles",
    "batch_update_users",
    "bulk_sync_departments",
    "bulk_sync_users",
    "bulk_sync_users_v2",
    "bulk_update_departments",
    "bulk_update_users",
    "bulk_update_users_v2",
    "create_app_token",
    "create_app_token_v1",
    "create_conference",
    "create_department",
    "create_group",
    "create_oauth_token",
    "create_role",
    "create_role_group",
    "create_share_link",
    "create_shifts",
    "create_user",
    "delete_article",
    "delete_conference",
    "delete_department",
    "delete_event",
    "delete_meeting",
    "delete_role",
    "delete_role_group",
    "delete_share_link",
    "delete_shift",
    "delete_todo",
    "delete_user",
    "disband_group",
    "get_admin_domain_scope",
    "get_app",
    "get_app_visible_scope",
    "get_batch_result",
    "get_conference",
    "get_department",
    "get_department_sync_status",
    "get_department_v1",
    "get_js_ticket",
    "get_legacy_department",
    "get_legacy_user",
    "get_legacy_user_v3",
    "get_past_conference",
    "get_role",
    "get_role_group",
    "get_tenant",
    "get_user",
    "get_user_email",
    "get_user_id_by_code",
    "get_user_id_by_token",
    "get_user_simple",
    "get_user_simple_v1",
    "get_user_sync_status",
    "get_user_v1",
    "is_app_admin",
    "list_app_visible_users",
    "list_applied_approvals",
    "list_approval_groups",
    "list_approval_templates",
    "list_apps",
    "list_attendance_groups",
    "list_conferences",
    "list_copied_approvals",
    "list_department_ancestors",
    "list_department_users",
    "list_department_users_isv",
    "list_department_users_simple",
    "list_departments",
    "list_departments_v1",
    "list_handled_approvals",
    "list_legacy_departments",
    "list_legacy_departments_v3",
    "list_parent_departments",
    "list_past_conferences",
    "list_punch_records",
    "list_punch_records_v2",
    "list_role_groups",
    "list_role_users",
    "list_roles",
    "list_share_links",
    "list_shifts",
    "list_user_accounts",
    "list_user_parent_departments",
    "list_users",
    "list_users_simple",
    "list_users_v1",
    "prepare_download",
    "prepare_upload",
    "push_context_aware",
    "recall_message",
    "remove_group_members",
    "rename_group",
    "send_app_card_message",
    "send_card_message",
    "send_card_message_v1",
    "send_group_message",
    "send_image_message",
    "send_news_message",
    "send_official_message",
    "send_official_message_v2",
    "send_robot_message",
    "set_group_capacity",
    "transfer_group_owner",
    "update_app",
    "update_article",
    "update_article_v1",
    "update_conference",
    "update_department",
    "update_event",
    "update_meeting",
    "update_message_status",
    "update_role",
    "update_role_group",
    "update_shift",
    "update_todo",
    "update_todo_v1",
    "update_user",
    "update_user_mobile",
];
