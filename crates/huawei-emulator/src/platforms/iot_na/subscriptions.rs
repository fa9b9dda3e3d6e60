//! Subscriptions: who wants to be told of what.

use http::{StatusCode, Uri};
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::State;
use super::pages::Page;

/// A subscription.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    id: String,
    app_id: String,
    notify_type: String,
    url: String,
}

impl Subscription {
    fn answer(&self) -> Value {
        json!({
            "subscriptionId": self.id,
            "notifyType": self.notify_type,
            "callbackUrl": self.url,
            "clientIds": [],
        })
    }
}

impl State {
    /// Sends a notification to those who have subscribed to its type.
    pub(super) fn notify(&mut self, app_id: &str, notify_type: &str, notice: Value) {
        let Some(operation) = operation_of(notify_type) else {
            return;
        };
        for subscription in &self.subscriptions {
            if subscription.app_id == app_id && subscription.notify_type == notify_type {
                self.outbox
                    .send(operation, &subscription.url, notice.clone());
            }
        }
    }

    /// Whether anybody has subscribed to a type.
    pub(super) fn is_subscribed(&self, app_id: &str, notify_type: &str) -> bool {
        let mut all = self.subscriptions.iter();
        all.any(|it| it.app_id == app_id && it.notify_type == notify_type)
    }

    /// Why an address cannot be called: it has to name its port, and all of one application have
    /// to share host and port.
    pub(super) fn check_address(&self, app_id: &str, url: &str) -> Result<(), &'static str> {
        let uri: Uri = url.parse().map_err(|_| "the address is none")?;
        let sound = matches!(uri.scheme_str(), Some("http" | "https"));
        if !sound || uri.port().is_none() {
            return Err("the address is not one of http or https with a port");
        }
        let mut others = self.subscriptions.iter().filter(|it| it.app_id == app_id);
        let differs = others.any(|it| {
            let other: Option<Uri> = it.url.parse().ok();
            other.is_none_or(|other| other.authority() != uri.authority())
        });
        match differs {
            true => Err("all addresses of an application have the same host and port"),
            false => Ok(()),
        }
    }

    fn subscribe(&mut self, owner: String, notify_type: &str, url: &str) -> Result<Value, Refusal> {
        self.check_address(&owner, url)
            .map_err(|reason| Refusal::code("100222").because(reason))?;
        let mut known = self.subscriptions.iter();
        if known.any(|it| it.app_id == owner && it.notify_type == notify_type) {
            return Err(Refusal::code("100227").because("there is a subscription of this type"));
        }
        let subscription = Subscription {
            id: format!("{:032x}", fastrand::u128(..)),
            app_id: owner,
            notify_type: notify_type.to_owned(),
            url: url.to_owned(),
        };
        let answer = subscription.answer();
        self.subscriptions.push(subscription);
        Ok(answer)
    }

    /// `create_subscription`.
    pub(super) fn create_subscription(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let answer = self.subscribe(owner, text("notifyType"), text("callbackUrl"))?;
        Ok(Answer::json(&answer).with_status(StatusCode::CREATED))
    }

    /// `subscribe_legacy`.
    pub(super) fn subscribe_legacy(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        self.subscribe(owner, text("notifyType"), text("callbackurl"))?;
        Ok(Answer::empty(StatusCode::CREATED))
    }

    /// `subscribe_management_data`: the newest address is the one that counts.
    pub(super) fn subscribe_management(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let body = call.body();
        let notify_type = body["notifyType"].as_str().unwrap_or_default();
        let url = body["callbackurl"]
            .as_str()
            .or_else(|| body["callbackUrl"].as_str())
            .unwrap_or_default();
        let before = self.subscriptions.clone();
        self.subscriptions
            .retain(|it| it.app_id != owner || it.notify_type != notify_type);
        if let Err(refusal) = self.subscribe(owner, notify_type, url) {
            self.subscriptions = before;
            return Err(refusal);
        }
        Ok(Answer::empty(StatusCode::OK))
    }

    /// `list_subscriptions`.
    pub(super) fn list_subscriptions(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let wanted = call.query("notifyType");
        let items = self
            .subscriptions
            .iter()
            .filter(|it| it.app_id == owner)
            .filter(|it| wanted.is_none_or(|wanted| wanted == it.notify_type))
            .map(Subscription::answer)
            .collect();
        Ok(Answer::json(
            &Page::of(call, items, 50).body("subscriptions"),
        ))
    }

    /// `get_subscription`.
    pub(super) fn get_subscription(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        Ok(Answer::json(&self.subscription(call)?.answer()))
    }

    /// `delete_subscription`.
    pub(super) fn delete_subscription(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = self.subscription(call)?.id.clone();
        self.subscriptions.retain(|it| it.id != id);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    fn subscription(&self, call: &Call<'_>) -> Result<&Subscription, Refusal> {
        let owner = self.owner(call)?;
        let id = call.path("subscriptionId");
        let mut all = self.subscriptions.iter();
        all.find(|it| it.id == id && it.app_id == owner)
            .ok_or_else(|| Refusal::code("100225").because("there is no such subscription"))
    }

    /// `delete_subscriptions`: all that fit.
    pub(super) fn delete_subscriptions(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let before = self.subscriptions.len();
        let (kind, url) = (call.query("notifyType"), call.query("callbackUrl"));
        self.subscriptions.retain(|it| {
            it.app_id != owner
                || kind.is_some_and(|kind| kind != it.notify_type)
                || url.is_some_and(|url| url != it.url)
        });
        match self.subscriptions.len() < before {
            true => Ok(Answer::empty(StatusCode::NO_CONTENT)),
            false => Err(Refusal::code("200001@404").because("nothing is subscribed like that")),
        }
    }
}

/// The operation of the document for a type of notification.
pub(super) fn operation_of(notify_type: &str) -> Option<&'static str> {
    let mut all = NOTIFICATIONS.iter();
    all.find(|(name, _)| *name == notify_type)
        .map(|(_, operation)| *operation)
}

/// The types that can be subscribed to.
const NOTIFICATIONS: [(&str, &str); 21] = [
    ("bindDevice", "on_bind_device"),
    ("commandRsp", "on_command_rsp"),
    ("deviceAdded", "on_device_added"),
    ("deviceCapabilitiesAdded", "on_device_capabilities_added"),
    (
        "deviceCapabilitiesChanged",
        "on_device_capabilities_changed",
    ),
    (
        "deviceCapabilitiesDeleted",
        "on_device_capabilities_deleted",
    ),
    ("deviceDataChanged", "on_device_data_changed"),
    ("deviceDatasChanged", "on_device_datas_changed"),
    ("deviceDeleted", "on_device_deleted"),
    (
        "deviceDesiredPropertiesModifyStatusChanged",
        "on_device_desired_status_changed",
    ),
    ("deviceEvent", "on_device_event"),
    ("deviceInfoChanged", "on_device_info_changed"),
    ("deviceModelAdded", "on_device_model_added"),
    ("deviceModelDeleted", "on_device_model_deleted"),
    ("fwUpgradeResultNotify", "on_fw_upgrade_result"),
    ("fwUpgradeStateChangeNotify", "on_fw_upgrade_state_changed"),
    ("messageConfirm", "on_message_confirm"),
    ("ruleEvent", "on_rule_event"),
    ("serviceInfoChanged", "on_service_info_changed"),
    ("swUpgradeResultNotify", "on_sw_upgrade_result"),
    ("swUpgradeStateChangeNotify", "on_sw_upgrade_state_changed"),
];
