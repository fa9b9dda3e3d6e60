//! Atomic services: subscription messages and the service timeline.

use std::collections::BTreeMap;

use auth_core::{Error, Result};
use serde_json::Value;

use crate::Client;
use crate::model::{
    PushAnswer, SendServiceNotification, SendServiceTimeline, TimelineClickAction, TimelineContent,
};

/// # Atomic services
impl Client {
    /// Sends a subscription message of an atomic service to one account.
    ///
    /// Each accepted call uses up one subscription of the account. There are no receipts; at most
    /// 100 calls a second and 100,000 a day for the project.
    pub async fn notify_subscriber(&self, message: &SendServiceNotification) -> Result<PushAnswer> {
        let action = message.click_action.as_ref();
        check_data(
            "clickAction",
            action.and_then(|action| action.data.as_ref()),
        )?;
        self.send_service_notification(self.project_id()?, message)
            .await
    }

    /// Reports the state of a running service of an atomic service.
    ///
    /// Begin with a start state and finish with an end state.
    pub async fn report_service(&self, state: &SendServiceTimeline) -> Result<PushAnswer> {
        check_timeline(state)?;
        self.send_service_timeline(self.project_id()?, state).await
    }
}

#[inline]
fn check_timeline(state: &SendServiceTimeline) -> Result<()> {
    let (tap, button, more, sub_scene) = match &state.content {
        TimelineContent::TimelinePickup(content) => (
            &content.click_action,
            &content.button,
            &content.append_buttons,
            PICKUP,
        ),
        TimelineContent::TimelineDelivery(content) => (
            &content.click_action,
            &content.button,
            &content.append_buttons,
            DELIVERY,
        ),
        _ => return Ok(()),
    };
    let other = [PICKUP, DELIVERY]
        .into_iter()
        .any(|known| known == state.sub_scene_id && known != sub_scene);
    if other {
        return Err(Error::config("`content` is that of another `subSceneId`"));
    }
    check_data("content.clickAction", tap.data.as_ref())?;
    for button in button.iter().chain(more.iter().flatten()) {
        check_button(button)?;
    }
    Ok(())
}

#[inline]
fn check_button(button: &TimelineClickAction) -> Result<()> {
    if button.text.is_none() {
        return Err(Error::config(
            "`content.button.text` is required on a button",
        ));
    }
    check_data("content.button", button.data.as_ref())
}

#[inline]
fn check_data(place: &str, data: Option<&BTreeMap<String, Value>>) -> Result<()> {
    let size = data.map_or(0, |data| {
        serde_json::to_vec(data).map_or(0, |text| text.len())
    });
    if size > LARGEST_DATA {
        return Err(Error::config(format!(
            "`{place}.data` has {size} bytes; at most {LARGEST_DATA} are allowed"
        )));
    }
    Ok(())
}

/// The sub-scene of an order that the user collects.
const PICKUP: &str = "100010001";
/// The sub-scene of an order that is delivered.
const DELIVERY: &str = "100010002";
/// The largest data of a tap, in bytes.
const LARGEST_DATA: usize = 1024;
