//! Live views: push-type 7.

use auth_core::Result;

use crate::message::options::delivery_options;
use crate::message::{Draft, Message, Sealed, live_view_rules};
use crate::model::{
    LiveViewActivityData, LiveViewCapsuleData, LiveViewEvent, LiveViewExternalData,
    LiveViewNotificationData, LiveViewOperation, LiveViewPayload, LiveViewStatus, LiveViewTrigger,
    PushOptions, PushType,
};

/// A live view that is created, updated or ended: push-type 7. Each event needs a right.
///
/// An id that was created cannot be created again for 12 hours, and updating or ending one that
/// does not exist blocks it for 24. A live view lives 8 hours; without an update it vanishes from
/// capsule and lock screen after 2 and ends after 4 ([guide][guide]).
///
/// [guide]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-update-liveview
#[derive(Clone, Debug, PartialEq)]
pub struct LiveView {
    payload: LiveViewPayload,
    options: PushOptions,
}

delivery_options!(LiveView);

impl LiveView {
    /// Creates the live view `id` on the device, an id that you choose.
    ///
    /// The text of `status` replaces the placeholder `{{status}}`, which the card must hold at
    /// least once.
    pub fn create(
        id: i32,
        event: LiveViewEvent,
        status: LiveViewStatus,
        card: LiveViewNotificationData,
    ) -> Self {
        Self::new(id, LiveViewOperation::Create, event, card).status(status)
    }

    /// Updates the live view `id`. What is left out keeps its last value.
    ///
    /// One that was created by push needs [`status`](Self::status) and a rising
    /// [`version`](Self::version) here; one that the app created does not.
    pub fn update(id: i32, event: LiveViewEvent, card: LiveViewNotificationData) -> Self {
        Self::new(id, LiveViewOperation::Update, event, card)
    }

    /// Ends the live view `id`. The card says how long it stays in the notification centre.
    pub fn end(id: i32, event: LiveViewEvent, card: LiveViewNotificationData) -> Self {
        Self::new(id, LiveViewOperation::End, event, card)
    }

    /// Creates the live view `id` later, when the device enters or leaves a place.
    pub fn create_at(
        id: i32,
        event: LiveViewEvent,
        trigger: LiveViewTrigger,
        card: LiveViewNotificationData,
    ) -> Self {
        Self::new(id, LiveViewOperation::CreateByGeofence, event, card).trigger(trigger)
    }

    /// Ends the live view `id` later, when the device enters or leaves a place.
    pub fn end_at(
        id: i32,
        event: LiveViewEvent,
        trigger: LiveViewTrigger,
        card: LiveViewNotificationData,
    ) -> Self {
        Self::new(id, LiveViewOperation::EndByGeofence, event, card).trigger(trigger)
    }

    fn new(
        id: i32,
        operation: LiveViewOperation,
        event: LiveViewEvent,
        card: LiveViewNotificationData,
    ) -> Self {
        let data = LiveViewActivityData::new(card);
        Self::from(LiveViewPayload::new(id, operation, event, data))
    }

    /// Sets the stage of the scene.
    pub fn status(mut self, status: LiveViewStatus) -> Self {
        self.payload.status = Some(status);
        self
    }

    /// Sets the version of the update. It must exceed the last one, or the device drops the
    /// update (receipt status 156).
    pub fn version(mut self, version: i32) -> Self {
        self.payload.version = Some(version);
        self
    }

    /// Sets the capsule in the status bar.
    pub fn capsule(mut self, capsule: LiveViewCapsuleData) -> Self {
        self.payload.activity_data.capsule_data = Some(capsule);
        self
    }

    /// Sets what the outer screen of a small folding phone shows.
    pub fn outer_screen(mut self, screen: LiveViewExternalData) -> Self {
        self.payload.activity_data.external_data = Some(screen);
        self
    }

    /// Sets title and text of the ordinary notification that a device without live view shows.
    pub fn fallback(mut self, title: impl Into<String>, content: impl Into<String>) -> Self {
        self.payload = self.payload.title(title).content(content);
        self
    }

    /// Rings and vibrates; live views are silent when this is not called.
    pub fn audible(mut self) -> Self {
        self.payload.mute = Some(false);
        self
    }

    /// Sets the finer scene, for statistics: letters, digits and underscores.
    pub fn sub_event(mut self, scene: impl Into<String>) -> Self {
        self.payload = self.payload.sub_event(scene);
        self
    }

    /// Sets the page shared with others: an https address of at most 127 characters.
    pub fn share_url(mut self, address: impl Into<String>) -> Self {
        self.payload = self.payload.share_url(address);
        self
    }

    fn trigger(mut self, trigger: LiveViewTrigger) -> Self {
        self.payload.trigger = Some(trigger);
        self
    }
}

impl From<LiveViewPayload> for LiveView {
    fn from(payload: LiveViewPayload) -> Self {
        Self {
            payload,
            options: PushOptions::default(),
        }
    }
}

impl Message for LiveView {}

impl Sealed for LiveView {
    fn kind(&self) -> PushType {
        PushType::LiveView
    }

    #[inline]
    fn prepare(&self) -> Result<Draft> {
        live_view_rules::check(&self.payload)?;
        Draft::new(self.kind(), &self.payload, &self.options)
    }
}
