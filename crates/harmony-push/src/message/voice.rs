//! Voice announcements: push-type 2.

use auth_core::Result;

use crate::check::At;
use crate::message::notification;
use crate::message::options::{collapse_key, delivery_options};
use crate::message::{Draft, Message, Sealed};
use crate::model::{
    self, ClickAction, ExtensionPayload, NotificationCategory, PushOptions, PushType,
};

/// A voice announcement: push-type 2. It starts the notification extension of the app, which has
/// 10 seconds to say something before the notification is shown as it is.
///
/// Needs a right. If the app is in front, nothing is shown and the app gets the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Voice {
    payload: ExtensionPayload,
    options: PushOptions,
}

delivery_options!(Voice);
collapse_key!(Voice);

impl Voice {
    /// Creates an announcement: `extra_data` is any text for the extension, often JSON.
    pub fn new(
        title: impl Into<String>,
        body: impl Into<String>,
        click_action: ClickAction,
        extra_data: impl Into<String>,
    ) -> Self {
        let category = NotificationCategory::PlayVoice;
        let content = model::Notification::new(category, title, body, click_action);
        Self::from(ExtensionPayload::new(content, extra_data))
    }

    /// Sets the id on the device: a later one with the same id replaces this one, and
    /// [`revoke`](crate::Client::revoke) takes it back by this id. Not negative.
    pub fn notify_id(self, id: i32) -> Self {
        self.change(|content| content.notify_id(id))
    }

    /// Changes what the notification shows: its image, lines, badge or sound.
    pub fn change(
        mut self,
        change: impl FnOnce(model::Notification) -> model::Notification,
    ) -> Self {
        self.payload.notification = change(self.payload.notification);
        self
    }
}

impl From<ExtensionPayload> for Voice {
    fn from(payload: ExtensionPayload) -> Self {
        Self {
            payload,
            options: PushOptions::default(),
        }
    }
}

impl Message for Voice {}

impl Sealed for Voice {
    fn kind(&self) -> PushType {
        PushType::Extension
    }

    #[inline]
    fn prepare(&self) -> Result<Draft> {
        let content = &self.payload.notification;
        notification::check(content)?;
        let at = At("payload.notification");
        at.must(
            content.category == NotificationCategory::PlayVoice,
            "category",
            "must be PLAY_VOICE in a voice announcement",
        )?;
        at.must(
            content.foreground_show.is_none(),
            "foregroundShow",
            "is for notifications of push-type 0",
        )?;
        Draft::new(self.kind(), &self.payload, &self.options)
    }
}
