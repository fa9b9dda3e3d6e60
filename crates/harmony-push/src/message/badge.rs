//! Badge updates: push-type 0 without a notification.

use auth_core::Result;

use crate::message::options::{collapse_key, delivery_options};
use crate::message::{Draft, Message, Sealed};
use crate::model::{BadgeNotification, BadgePayload, BadgeUpdate, PushOptions, PushType};

/// A new number on the badge of the app, without a notification: push-type 0.
///
/// Needs the right for category IM; phones, tablets and PCs only.
#[derive(Clone, Debug, PartialEq)]
pub struct Badge {
    payload: BadgePayload,
    options: PushOptions,
}

delivery_options!(Badge);
collapse_key!(Badge);

impl Badge {
    /// Creates an update that sets the badge to `number`, 0 to 99.
    pub fn set(number: i32) -> Self {
        Self {
            payload: BadgePayload::new(BadgeNotification::new(BadgeUpdate::new(number))),
            options: PushOptions::default(),
        }
    }
}

impl Message for Badge {}

impl Sealed for Badge {
    fn kind(&self) -> PushType {
        PushType::Alert
    }

    #[inline]
    fn prepare(&self) -> Result<Draft> {
        Draft::new(self.kind(), &self.payload, &self.options)
    }
}
