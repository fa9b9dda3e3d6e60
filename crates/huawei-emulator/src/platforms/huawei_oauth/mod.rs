//! HUAWEI ID: sign-in of users on websites, in apps and by QR code, and what an app learns of them.

mod accounts;
mod agents;
mod authorize;
mod codes;
mod control;
mod device;
mod events;
mod handle;
mod id_token;
mod keys;
mod page;
mod rules;
mod seed;
mod sign_ins;
mod tokens;
mod users;

pub use self::accounts::{App, User};
pub use self::handle::{HuaweiOauth, SignedIn};

pub(crate) use self::seed::Seed;

use crate::answer::{Answer, Refusal};
use crate::callback::Callback;
use crate::clock::unix_s;
use crate::control::Refused;
use crate::platforms::{Call, ControlCall, Platform, security};
use crate::validate::{Violation, decode_pairs};

use self::accounts::Accounts;
use self::codes::Codes;
use self::device::Device;
use self::events::Sent;
use self::keys::Purpose;
use self::sign_ins::SignIns;

/// The state of HUAWEI ID in one space.
#[derive(Debug)]
pub(crate) struct State {
    pub accounts: Accounts,
    pub codes: Codes,
    pub sign_ins: SignIns,
    pub devices: Vec<Device>,
    sent_events: Vec<Sent>,
    callbacks: Vec<Callback>,
}

impl State {
    /// HUAWEI ID as a fresh space has it.
    pub(crate) fn new(seed: Seed) -> Self {
        Self {
            accounts: seed.0,
            codes: Codes::default(),
            sign_ins: SignIns::default(),
            devices: Vec::new(),
            sent_events: Vec::new(),
            callbacks: Vec::new(),
        }
    }
}

impl Platform for State {
    fn behaves(&self) -> &'static [&'static str] {
        BEHAVES
    }

    fn authenticate(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        security::credentials_present(call).map_err(|refusal| {
            // No token is answered like one that is worth nothing: with HTTP 200.
            let code = match &*call.operation.id {
                "batch_get_group_union_ids" => "result:60010003",
                "get_age_range" => "result:60010014",
                _ => return refusal,
            };
            Refusal {
                reason: refusal.reason,
                ..Refusal::code(code)
            }
        })
    }

    fn refuse(&self, call: &Call<'_>, violations: &[Violation]) -> Refusal {
        rules::refuse(call, violations)
    }

    fn claims(&self, call: &Call<'_>) -> bool {
        let form = decode_pairs(call.raw).unwrap_or_default();
        let mut clients = form.iter().chain(call.query);
        clients.any(|(name, client)| name == "client_id" && self.accounts.app(client).is_some())
    }

    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let now_s = unix_s(call.now);
        match &*call.operation.id {
            "authorize_user" => self.authorize(call),
            "batch_get_group_union_ids" => self.group_union_ids(call),
            "create_agent_access_token" => self.agent_access_token(call),
            "create_agent_client_token" => self.agent_client_token(call),
            "create_device_code" => self.create_device_code(call),
            "create_token" => self.create_token(call),
            "get_age_range" => self.age_range(call),
            "get_openid_configuration" => Ok(authorize::configuration(call)),
            "get_phone_number" => self.phone_number(call),
            "get_risc_configuration" => Ok(events::configuration(call)),
            "get_token_info" => self.token_info(call),
            "get_union_id" => self.union_id(call),
            "get_user_info" => self.user_info(call),
            "get_user_risk_level" => self.risk_level(call),
            "list_signing_keys" => Ok(Answer::json(&keys::key_set(Purpose::IdToken, now_s))),
            "open_device_page" => self.device_page(call),
            "refresh_agent_access_token" => self.refresh_agent_token(call),
            "revoke_token" => self.revoke(call),
            "verify_id_token" => id_token::verify(call),
            _ => Err(Refusal::no_behaviour(call)),
        }
    }

    fn take_callbacks(&mut self) -> Vec<Callback> {
        std::mem::take(&mut self.callbacks)
    }

    fn page(&self) -> Option<String> {
        page::sign_ins(self)
    }

    fn control(&mut self, call: &ControlCall<'_>) -> Result<Answer, Refused> {
        control::answer(self, call)
    }
}

/// A refusal: its row, the platform's words, and the emulator's for the log.
fn refused(code: &str, message: &str, reason: &str) -> Refusal {
    Refusal {
        reason: Some(reason.to_owned()),
        ..Refusal::code(code).message(message)
    }
}

/// The operations with behaviour of their own.
pub(crate) const BEHAVES: &[&str] = &[
    "authorize_user",
    "batch_get_group_union_ids",
    "create_agent_access_token",
    "create_agent_client_token",
    "create_device_code",
    "create_token",
    "get_age_range",
    "get_openid_configuration",
    "get_phone_number",
    "get_risc_configuration",
    "get_token_info",
    "get_union_id",
    "get_user_info",
    "get_user_risk_level",
    "list_signing_keys",
    "open_device_page",
    "refresh_agent_access_token",
    "revoke_token",
    "verify_id_token",
];
