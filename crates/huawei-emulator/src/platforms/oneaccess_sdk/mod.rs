//! OneAccess: applications and their tokens, logins on devices and on the hosted page, the
//! directory behind them, and the events that tell of it.

mod accounts;
mod applications;
mod cas;
mod cipher;
mod codes;
mod control;
mod events;
mod handle;
mod ids;
mod keys;
mod login;
mod oauth;
mod organizations;
mod page;
mod paging;
mod people;
mod picture;
mod roles;
mod saml;
mod seed;
mod sessions;
mod sso;
mod steps;
mod users;

pub use self::applications::Application;
pub use self::codes::SentCode;
pub use self::events::{EventEncryption, EventSettings};
pub use self::handle::OneAccess;
pub use self::people::PasswordState;
pub use self::sso::TicketShape;

use std::time::SystemTime;

use crate::answer::{Answer, Refusal};
use crate::callback::{Callback, SentCallback};
use crate::control::Refused;
use crate::platforms::{Call, ControlCall, Platform, generic};
use crate::validate::{Part, Violation};

use self::accounts::Accounts;
use self::applications::Applications;
use self::cas::Tickets;
use self::codes::Codes;
use self::events::Events;
use self::ids::random_text;
use self::login::{Binding, Identifier, Logins};
use self::oauth::Grants;
use self::people::Directory;
use self::roles::Roles;

/// The state of OneAccess in one space.
#[derive(Debug)]
pub(crate) struct State {
    pub applications: Applications,
    pub directory: Directory,
    pub accounts: Accounts,
    pub roles: Roles,
    pub codes: Codes,
    pub logins: Logins,
    pub grants: Grants,
    pub tickets: Tickets,
    pub events: Events,
}

impl Default for State {
    fn default() -> Self {
        Self {
            applications: Applications::new(seed::applications()),
            directory: Directory {
                people: seed::people(),
                organizations: seed::organizations(),
            },
            accounts: Accounts::default(),
            roles: Roles::default(),
            codes: Codes::default(),
            logins: Logins::default(),
            grants: Grants::default(),
            tickets: Tickets::default(),
            events: Events::default(),
        }
    }
}

impl State {
    /// A code of a social platform that works once.
    fn social_code(&mut self, kind: &str, uid: &str) -> String {
        let code = random_text(24);
        let of = (kind.to_owned(), uid.to_owned());
        self.logins.social_codes.insert(code.clone(), of);
        code
    }

    /// Management: the directory and what applications have in it.
    fn manage(&mut self, call: &Call<'_>) -> Option<Result<Answer, Refusal>> {
        Some(match &*call.operation.id {
            "get_access_token" => self.applications.issue(call),
            "list_users" => self.list_users(call),
            "create_user" => self.create_user(call),
            "get_user" => self.get_user(call),
            "get_user_by_username" => self.get_user_by_username(call),
            "update_user" => self.update_user(call),
            "delete_user" => self.delete_user(call),
            "enable_user" => self.set_user_disabled(call, false),
            "disable_user" => self.set_user_disabled(call, true),
            "change_user_password" => self.change_user_password(call, false),
            "verify_and_change_user_password" => self.change_user_password(call, true),
            "list_organizations" => self.list_organizations(call),
            "create_organization" => self.create_organization(call),
            "get_organization" => self.get_organization(call),
            "update_organization" => self.update_organization(call),
            "delete_organization" => self.delete_organization(call),
            "list_app_organizations" => self.list_app_organizations(call),
            "create_app_organization" => self.create_app_organization(call),
            "get_app_organization" => self.get_app_organization(call),
            "update_app_organization" => self.update_app_organization(call),
            "delete_app_organization" => self.delete_app_organization(call),
            "authorize_app_account" => self.authorize_app_account(call),
            "list_user_app_accounts" => self.list_user_app_accounts(call),
            "list_app_accounts" => self.list_app_accounts(call),
            "create_app_account" => self.create_app_account(call),
            "create_public_app_account" => self.create_shared_account(call, "PUBLIC_ACCOUNT"),
            "create_orphan_app_account" => self.create_shared_account(call, "ORPHAN_ACCOUNT"),
            "get_app_account" => self.get_app_account(call),
            "update_app_account" => self.update_app_account(call),
            "delete_app_account" => self.delete_app_account(call),
            "enable_app_account" => self.set_account_disabled(call, false),
            "disable_app_account" => self.set_account_disabled(call, true),
            "list_public_account_users" => self.list_public_account_users(call),
            "bind_public_account_users" => self.change_public_account_users(call, true),
            "unbind_public_account_users" => self.change_public_account_users(call, false),
            "set_public_account_owner" => self.set_public_account_owner(call),
            "add_app_account_roles" => self.add_app_account_roles(call),
            "list_app_roles" => self.list_app_roles(call),
            "list_app_role_nodes" => self.list_app_role_nodes(call),
            "create_app_role" => self.create_app_role(call),
            "get_app_role" => self.get_app_role(call),
            "update_app_role" => self.update_app_role(call),
            "delete_app_role" => self.delete_app_role(call),
            "list_app_role_members" => self.list_app_role_members(call),
            "add_app_role_members" => self.change_role_members(call, true),
            "remove_app_role_members" => self.change_role_members(call, false),
            "list_job_positions" => self.list_job_positions(call),
            "create_job_position" | "update_job_position" => self.set_job_position(call),
            "delete_job_position" => self.delete_job_position(call),
            "get_job_title" => self.get_job_title(call),
            "create_job_title" | "update_job_title" => self.set_job_title(call),
            "delete_job_title" => self.delete_job_title(call),
            "create_sso_ticket" => self.create_sso_ticket(call),
            "verify_sso_ticket" => self.verify_sso_ticket(call),
            "refresh_session_token" => self.refresh_session_token(call),
            _ => return None,
        })
    }

    /// Logins on a device, and what comes before them.
    fn log_in(&mut self, call: &Call<'_>) -> Option<Result<Answer, Refusal>> {
        Some(match &*call.operation.id {
            "get_captcha" => self.get_captcha(call),
            "verify_captcha" => self.verify_captcha(call),
            "list_country_codes" => self.list_country_codes(call),
            "send_sms_code" => self.send_code(call, "mobile"),
            "send_email_code" => self.send_code(call, "email"),
            "login_by_password" => self.login_by_password(call, Identifier::UserName),
            "login_by_any_identifier" => self.login_by_password(call, Identifier::Any),
            "login_by_mobile_password" => self.login_by_password(call, Identifier::Mobile),
            "login_by_mobile_code" => self.login_by_code(call, "mobile", "LOGIN_SMS"),
            "login_by_email_code" => self.login_by_code(call, "email", "LOGIN_EMS"),
            "login_by_wechat" => self.login_by_social(call, "weixin"),
            "login_by_wechat_mini_program" => self.login_by_social(call, "weixinmp"),
            "login_by_wechat_mini_program_mobile" => self.login_by_social(call, "weixin_mobile"),
            "login_by_alipay" => self.login_by_social(call, "alipay"),
            "login_by_alipay_mini_program" => self.login_by_social(call, "alipay_mp"),
            "login_by_apple" => self.login_by_social(call, "apple"),
            "login_by_qq" => self.login_by_social(call, "qq"),
            "login_by_weibo" => self.login_by_social(call, "weibo"),
            "login_by_carrier_token" => self.login_by_social(call, "carrier"),
            "register_by_mobile" => self.register_by_mobile(call),
            "skip_password_update" => self.skip_password_update(call),
            "update_expired_password" => self.update_expired_password(call),
            "reset_password_by_mobile" => self.reset_password_by_mobile(call),
            "get_mobile_by_state_token" => self.get_mobile_by_state_token(call),
            "verify_mfa_by_sms" => {
                self.verify_second_factor(call, "mobile", &["OTP_REST_SMS", "MFA_AUTH_SMS"])
            }
            "verify_mfa_by_email" => self.verify_second_factor(call, "email", &["MFA_AUTH_EMS"]),
            "bind_social_account" => self.bind_social(call, Binding::Code { registers: false }),
            "register_and_bind_social_account" => {
                self.bind_social(call, Binding::Code { registers: true })
            }
            "bind_social_account_by_password" => self.bind_social(call, Binding::Password),
            "bind_social_account_by_alipay_mobile" => {
                self.bind_social(call, Binding::AlipayPhone { registers: false })
            }
            "register_and_bind_by_alipay_mobile" => {
                self.bind_social(call, Binding::AlipayPhone { registers: true })
            }
            _ => return None,
        })
    }

    /// What people do who are logged in on a device.
    fn serve_signed_in(&mut self, call: &Call<'_>) -> Option<Result<Answer, Refusal>> {
        Some(match &*call.operation.id {
            "get_server_time" => self.get_server_time(call),
            "get_public_key" => self.get_public_key(call),
            "logout" => self.logout(call),
            "refresh_id_token" => self.refresh_id_token(call),
            "get_profile" => self.get_profile(call),
            "update_profile" => self.update_profile(call),
            "update_profile_email" => self.update_contact(call, "email", "UPDATE_EMAIL_EMS"),
            "update_profile_mobile" => self.update_contact(call, "mobile", "UPDATE_MOBILE_SMS"),
            "list_social_accounts" => self.list_social_accounts(call),
            "unbind_social_account" => self.unbind_social_account(call),
            "change_password" => self.change_password(call),
            "change_password_by_mobile" => self.change_password_by_code(call, "CHANGE_PWD_SMS"),
            "change_password_by_email" => self.change_password_by_code(call, "CHANGE_PWD_EMS"),
            "check_password_exists" => self.check_password_exists(call),
            _ => return None,
        })
    }

    /// The hosted page, and what applications ask about those who came from it.
    fn integrate(&mut self, call: &Call<'_>) -> Option<Result<Answer, Refusal>> {
        Some(match &*call.operation.id {
            "authorize" => self.authorize(call),
            "exchange_token" => self.exchange_token(call),
            "get_user_info" => self.get_user_info(call),
            "introspect_token" => self.introspect_token(call),
            "get_openid_configuration" => Ok(oauth::configuration(call)),
            "start_cas_login" => self.start_cas_login(call),
            "submit_login_form" => self.submit_login_form(call),
            "validate_cas_ticket_v1" => Ok(self.validate_cas_ticket_v1(call)),
            "validate_cas_ticket_v2" => self.validate_cas_ticket(call, false),
            "validate_cas_ticket_v3" => self.validate_cas_ticket(call, true),
            "start_cas_logout" => Ok(self.start_logout(call, "service")),
            "start_global_logout" => Ok(self.start_logout(call, "redirect_url")),
            "get_saml_metadata" => Ok(saml::metadata(call)),
            "start_idp_initiated_sso" => self.start_idp_initiated_sso(call),
            _ => return None,
        })
    }
}

impl Platform for State {
    fn behaves(&self) -> &'static [&'static str] {
        BEHAVES
    }

    fn refuse(&self, call: &Call<'_>, violations: &[Violation]) -> Refusal {
        let of_device = ["X-operating-sys-version", "X-device-fingerprint", "X-agent"];
        let names = |name: &str| {
            let mut all = violations.iter();
            all.any(|it| it.to_string().contains(name))
        };
        let in_body = violations.iter().any(|it| it.part == Part::Body);
        let path = &call.operation.path;
        let code = if of_device.iter().any(|name| names(name)) {
            "SDK.COMMON.1003"
        } else if names("limit") && !in_body {
            "OAP.PAGE.0002"
        } else if names("offset") && !in_body {
            "OAP.PAGE.0003"
        } else if path.contains("/sdk/") {
            "SDK.COMMON.1006"
        } else if path.contains("/tenant/") && call.operation.id != "get_access_token" {
            "COM.0601"
        } else {
            return generic::refuse(call, violations);
        };
        Refusal {
            violations: violations.to_vec(),
            ..Refusal::code(code)
        }
    }

    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let answer = self
            .manage(call)
            .or_else(|| self.log_in(call))
            .or_else(|| self.serve_signed_in(call))
            .or_else(|| self.integrate(call));
        answer.unwrap_or_else(|| Err(Refusal::no_behaviour(call)))
    }

    fn take_callbacks(&mut self) -> Vec<Callback> {
        self.events.take()
    }

    fn called(&mut self, sent: &SentCallback, _now: SystemTime) {
        self.events.answered(sent);
    }

    fn page(&self) -> Option<String> {
        page::show(self)
    }

    fn control(&mut self, call: &ControlCall<'_>) -> Result<Answer, Refused> {
        control::answer(self, call)
    }
}

/// The operations with behaviour of their own.
pub(crate) const BEHAVES: &[&str] = &[
    "add_app_account_roles",
    "add_app_role_members",
    "authorize",
    "authorize_app_account",
    "bind_public_account_users",
    "bind_social_account",
    "bind_social_account_by_alipay_mobile",
    "bind_social_account_by_password",
    "change_password",
    "change_password_by_email",
    "change_password_by_mobile",
    "change_user_password",
    "check_password_exists",
    "create_app_account",
    "create_app_organization",
    "create_app_role",
    "create_job_position",
    "create_job_title",
    "create_organization",
    "create_orphan_app_account",
    "create_public_app_account",
    "create_sso_ticket",
    "create_user",
    "delete_app_account",
    "delete_app_organization",
    "delete_app_role",
    "delete_job_position",
    "delete_job_title",
    "delete_organization",
    "delete_user",
    "disable_app_account",
    "disable_user",
    "enable_app_account",
    "enable_user",
    "exchange_token",
    "get_access_token",
    "get_app_account",
    "get_app_organization",
    "get_app_role",
    "get_captcha",
    "get_job_title",
    "get_mobile_by_state_token",
    "get_openid_configuration",
    "get_organization",
    "get_profile",
    "get_public_key",
    "get_saml_metadata",
    "get_server_time",
    "get_user",
    "get_user_by_username",
    "get_user_info",
    "introspect_token",
    "list_app_accounts",
    "list_app_organizations",
    "list_app_role_members",
    "list_app_role_nodes",
    "list_app_roles",
    "list_country_codes",
    "list_job_positions",
    "list_organizations",
    "list_public_account_users",
    "list_social_accounts",
    "list_user_app_accounts",
    "list_users",
    "login_by_alipay",
    "login_by_alipay_mini_program",
    "login_by_any_identifier",
    "login_by_apple",
    "login_by_carrier_token",
    "login_by_email_code",
    "login_by_mobile_code",
    "login_by_mobile_password",
    "login_by_password",
    "login_by_qq",
    "login_by_wechat",
    "login_by_wechat_mini_program",
    "login_by_wechat_mini_program_mobile",
    "login_by_weibo",
    "logout",
    "refresh_id_token",
    "refresh_session_token",
    "register_and_bind_by_alipay_mobile",
    "register_and_bind_social_account",
    "register_by_mobile",
    "remove_app_role_members",
    "reset_password_by_mobile",
    "send_email_code",
    "send_sms_code",
    "set_public_account_owner",
    "skip_password_update",
    "start_cas_login",
    "start_cas_logout",
    "start_global_logout",
    "start_idp_initiated_sso",
    "submit_login_form",
    "unbind_public_account_users",
    "unbind_social_account",
    "update_app_account",
    "update_app_organization",
    "update_app_role",
    "update_expired_password",
    "update_job_position",
    "update_job_title",
    "update_organization",
    "update_profile",
    "update_profile_email",
    "update_profile_mobile",
    "update_user",
    "validate_cas_ticket_v1",
    "validate_cas_ticket_v2",
    "validate_cas_ticket_v3",
    "verify_and_change_user_password",
    "verify_captcha",
    "verify_mfa_by_email",
    "verify_mfa_by_sms",
    "verify_sso_ticket",
];
