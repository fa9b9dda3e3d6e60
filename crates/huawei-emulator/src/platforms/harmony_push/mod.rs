//! Push Kit: v3 for HarmonyOS 5 and later, HMS v1 and v2 for what came before.

mod accounts;
mod condition;
mod control;
mod devices;
mod handle;
mod hms;
mod images;
mod live_view;
mod page;
mod receipts;
mod rules;
mod seed;
mod send;
mod services;
mod topics;

use serde_json::{Value, json};

pub use self::accounts::App;
pub use self::devices::{Device, Message, Received, Service};
pub use self::handle::HarmonyPush;
pub use self::receipts::ReceiptConfiguration;

pub(crate) use self::seed::Seed;

use crate::answer::{Answer, Refusal};
use crate::callback::Callback;
use crate::control::Refused;
use crate::platforms::{Call, ControlCall, Platform};
use crate::validate::{Violation, decode_pairs};

use self::accounts::{Accounts, Caller};
use self::devices::Devices;
use self::images::Images;
use self::live_view::LiveViews;
use self::receipts::Receipts;
use self::seed::CLIENT_ID;
use self::services::Services;
use self::topics::Topics;

/// The state of Push Kit in one space.
#[derive(Debug)]
pub(crate) struct State {
    pub accounts: Accounts,
    pub devices: Devices,
    pub topics: Topics,
    pub images: Images,
    pub receipts: Receipts,
    services: Services,
    live_views: LiveViews,
    callbacks: Vec<Callback>,
}

impl State {
    /// Push Kit as a fresh space has it.
    pub(crate) fn new(seed: Seed) -> Self {
        let mut devices = Devices::default();
        for device in seed.devices {
            devices.add(device, CLIENT_ID);
        }
        Self {
            accounts: Accounts::new(seed.service_accounts, seed.apps),
            devices,
            topics: Topics::default(),
            images: Images::default(),
            receipts: Receipts {
                configuration: seed.receipts,
                ..Receipts::default()
            },
            services: Services::default(),
            live_views: LiveViews::default(),
            callbacks: Vec::new(),
        }
    }

    /// Checks that the caller may speak for the project or app in the address.
    fn authorise(&self, call: &Call<'_>, caller: &Caller) -> Result<(), Refusal> {
        let project = call.path("projectId");
        let client = call.path("clientId");
        let no_right = |reason: &str| Err(Refusal::code("80300002").because(reason));
        if !project.is_empty() && !self.accounts.has_project(project) {
            return no_right("there is no such project");
        }
        let app = self.accounts.app(client);
        if !client.is_empty() && app.is_none() {
            return no_right("there is no app with this client id");
        }
        match caller {
            Caller::Project(own) if !project.is_empty() && own != project => {
                Err(Refusal::code("80200001").because("the JWT is of another project"))
            }
            Caller::Project(own) if app.is_some_and(|app| app.project_id != *own) => {
                no_right("the app belongs to another project than the JWT")
            }
            Caller::Client(own) if !client.is_empty() && own != client => {
                no_right("the access token is of another client")
            }
            Caller::Client(own) if !project.is_empty() => {
                let of_project = self.accounts.app(own);
                if of_project.is_some_and(|app| app.project_id == project) {
                    Ok(())
                } else {
                    no_right("the client of the access token belongs to another project")
                }
            }
            Caller::Project(_) | Caller::Client(_) => Ok(()),
        }
    }
}

impl Platform for State {
    fn behaves(&self) -> &'static [&'static str] {
        BEHAVES
    }

    fn authenticate(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        if call.operation.id == "obtain_access_token" {
            return Ok(());
        }
        let caller = self.accounts.caller(call)?;
        self.authorise(call, &caller)
    }

    fn refuse(&self, call: &Call<'_>, violations: &[Violation]) -> Refusal {
        rules::refuse(call, violations)
    }

    fn claims(&self, call: &Call<'_>) -> bool {
        let form = decode_pairs(call.raw).unwrap_or_default();
        let mut clients = form.iter().filter(|(name, _)| name == "client_id");
        clients.any(|(_, client)| self.accounts.app(client).is_some())
    }

    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        match &*call.operation.id {
            "send_message" => self.send_message(call),
            "revoke_message" => self.revoke_message(call),
            "verify_image" | "verify_image_by_client" => self.verify_image(call),
            "send_service_notification" => self.send_service_notification(call),
            "send_service_timeline" => self.send_service_timeline(call),
            "send_hms_message" | "send_hms_message_by_project" => self.send_hms_message(call),
            "subscribe_topic" => self.change_topic(call, true),
            "unsubscribe_topic" => self.change_topic(call, false),
            "list_topics" => self.list_topics(call),
            "query_token_data" => self.query_token_data(call),
            "delete_token_data" => self.delete_token_data(call),
            "obtain_access_token" => self.accounts.obtain_access_token(call),
            _ => Err(Refusal::no_behaviour(call)),
        }
    }

    fn take_callbacks(&mut self) -> Vec<Callback> {
        std::mem::take(&mut self.callbacks)
    }

    fn page(&self) -> Option<String> {
        page::phones(&self.devices)
    }

    fn control(&mut self, call: &ControlCall<'_>) -> Result<Answer, Refused> {
        control::answer(self, call)
    }
}

/// The members that every success has.
fn ok_body(call: &Call<'_>, message: &str) -> Value {
    json!({"code": "80000000", "msg": message, "requestId": call.request_id})
}

/// A success that says nothing more.
fn success(call: &Call<'_>) -> Answer {
    Answer::json(&ok_body(call, "Success")).with_code("80000000")
}

/// A success for some of the tokens, with the others in the message.
fn partial(call: &Call<'_>, code: &str, detail: &Value) -> Answer {
    let mut body = ok_body(call, &detail.to_string());
    body["code"] = Value::from(code);
    Answer::json(&body).with_code(code)
}

/// The operations with behaviour of their own.
pub(crate) const BEHAVES: &[&str] = &[
    "delete_token_data",
    "list_topics",
    "obtain_access_token",
    "query_token_data",
    "revoke_message",
    "send_hms_message",
    "send_hms_message_by_project",
    "send_message",
    "send_service_notification",
    "send_service_timeline",
    "subscribe_topic",
    "unsubscribe_topic",
    "verify_image",
    "verify_image_by_client",
];
