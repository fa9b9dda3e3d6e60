//! Notifications: push-type 0.

use auth_core::Result;

use crate::check::{At, click_action};
use crate::message::options::{collapse_key, delivery_options};
use crate::message::{Draft, Message, Sealed};
use crate::model::{
    self, AlertBadge, AlertPayload, ClickAction, NotificationCategory, NotificationStyle,
    PriorityScene, PushOptions, PushType,
};

/// A notification: push-type 0.
///
/// Without the right for its category the platform treats it as marketing, silently: two a day on
/// a device, without a sound ([rights][right]).
///
/// [right]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-apply-right
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    payload: AlertPayload,
    options: PushOptions,
}

delivery_options!(Notification);
collapse_key!(Notification);

impl Notification {
    /// Creates a notification from what every one has.
    pub fn new(
        category: NotificationCategory,
        title: impl Into<String>,
        body: impl Into<String>,
        click_action: ClickAction,
    ) -> Self {
        Self::from(model::Notification::new(
            category,
            title,
            body,
            click_action,
        ))
    }

    /// Shows several lines, at most three, instead of the text.
    pub fn lines<L: Into<String>>(self, lines: impl IntoIterator<Item = L>) -> Self {
        self.change(|content| {
            content
                .style(NotificationStyle::MultiLine)
                .inbox_content(lines)
        })
    }

    /// Sets the picture on the right: an https address that passed
    /// [`check_image`](crate::Client::check_image).
    pub fn image(self, address: impl Into<String>) -> Self {
        self.change(|content| content.image(address))
    }

    /// Sets the small picture over the icon of a chat or call: an https address.
    pub fn overlay_icon(self, address: impl Into<String>) -> Self {
        self.change(|content| content.overlay_icon(address))
    }

    /// Sets the id on the device: a later notification with the same id replaces this one, and
    /// [`revoke`](crate::Client::revoke) takes it back by this id. Not negative.
    pub fn notify_id(self, id: i32) -> Self {
        self.change(|content| content.notify_id(id))
    }

    /// Sets the id of the message across channels: for 24 hours the device shows only the first
    /// one with it, so that a repeat after a lost answer does no harm, and the sender repeats it.
    /// 1 to 64 letters, digits, `+ / = - _` and blanks.
    pub fn app_message_id(self, id: impl Into<String>) -> Self {
        self.change(|content| content.app_message_id(id))
    }

    /// Sets the account inside the app that the message is for, at most 64 characters.
    pub fn profile_id(self, id: impl Into<String>) -> Self {
        self.change(|content| content.profile_id(id))
    }

    /// Changes the badge of the app.
    pub fn badge(self, badge: AlertBadge) -> Self {
        self.change(|content| content.badge(badge))
    }

    /// Sets the ring tone: a file under `/resources/rawfile` of the app.
    pub fn sound(self, file: impl Into<String>) -> Self {
        self.change(|content| content.sound(file))
    }

    /// Sets how long the ring tone plays, 1 to 60 seconds.
    pub fn sound_duration(self, seconds: i32) -> Self {
        self.change(|content| content.sound_duration(seconds))
    }

    /// Hides the notification while the app is in the foreground; the app gets the data instead.
    pub fn hidden_in_foreground(self) -> Self {
        self.change(|content| content.foreground_show(false))
    }

    /// Marks it as a priority notification, which needs a right.
    pub fn priority_scene(self, scene: PriorityScene) -> Self {
        self.change(|content| content.priority_scene(scene))
    }

    fn change(mut self, change: impl FnOnce(model::Notification) -> model::Notification) -> Self {
        self.payload.notification = change(self.payload.notification);
        self
    }
}

impl From<model::Notification> for Notification {
    /// Takes the content with all its fields, the deprecated ones too.
    fn from(content: model::Notification) -> Self {
        Self {
            payload: AlertPayload::new(content),
            options: PushOptions::default(),
        }
    }
}

impl Message for Notification {}

impl Sealed for Notification {
    fn kind(&self) -> PushType {
        PushType::Alert
    }

    #[inline]
    fn prepare(&self) -> Result<Draft> {
        let content = &self.payload.notification;
        check(content)?;
        At("payload.notification").must(
            content.category != NotificationCategory::PlayVoice,
            "category",
            "PLAY_VOICE is for voice announcements",
        )?;
        let mut draft = Draft::new(self.kind(), &self.payload, &self.options)?;
        draft.deduplicated = content.app_message_id.is_some();
        Ok(draft)
    }
}

/// Checks the content of a notification, whatever its push-type.
pub(super) fn check(content: &model::Notification) -> Result<()> {
    let at = At("payload.notification");
    if content.overlay_icon.is_some() {
        use NotificationCategory::{Im, MissCall, Voip};
        let allowed = matches!(content.category, Im | MissCall | Voip);
        at.must(
            allowed,
            "overlayIcon",
            "needs category IM, VOIP or MISS_CALL",
        )?;
    }
    let message_id = content.app_message_id.as_deref().unwrap_or_default();
    at.must(
        message_id.chars().all(is_message_id),
        "appMessageId",
        "may hold letters, digits, + / = - _ and blanks",
    )?;
    click_action(
        At("payload.notification.clickAction"),
        &content.click_action,
    )
}

fn is_message_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_') || c.is_whitespace()
}
