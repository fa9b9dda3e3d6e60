//! Background messages: push-type 6.

use auth_core::Result;

use crate::message::options::delivery_options;
use crate::message::{Draft, Message, Sealed};
use crate::model::{BackgroundPayload, PushOptions, PushType};

/// Data for the app, without a notification: push-type 6. The device keeps only the newest, for
/// at most 7 days, until the app runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    payload: BackgroundPayload,
    options: PushOptions,
}

delivery_options!(Background);

impl Background {
    /// Creates a message that hands `extra_data`, any text, to the app.
    pub fn new(extra_data: impl Into<String>) -> Self {
        Self::from(BackgroundPayload::new(extra_data))
    }

    /// Writes the data to the cache of the app while it is not in the foreground.
    pub fn cached_by_proxy(mut self) -> Self {
        self.payload = self.payload.proxy_data();
        self
    }
}

impl From<BackgroundPayload> for Background {
    fn from(payload: BackgroundPayload) -> Self {
        Self {
            payload,
            options: PushOptions::default(),
        }
    }
}

impl Message for Background {}

impl Sealed for Background {
    fn kind(&self) -> PushType {
        PushType::Background
    }

    #[inline]
    fn prepare(&self) -> Result<Draft> {
        Draft::new(self.kind(), &self.payload, &self.options)
    }
}
