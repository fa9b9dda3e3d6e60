//! In-app calls: push-type 10.

use std::time::Duration;

use auth_core::Result;
use auth_core::wire::{Check, Place};

use crate::message::options::{delivery_options, seconds};
use crate::message::{Draft, Message, Sealed};
use crate::model::{PushOptions, PushType, VoipCallPayload};

/// An incoming call inside the app: push-type 10. Needs a right.
///
/// It wakes the app and hands it the data, nothing more: hang up over a connection of your own,
/// and follow a missed call with a [`Notification`](crate::Notification) of category `MISS_CALL`
/// ([guide][guide]).
///
/// [guide]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-voip
#[derive(Clone, Debug, PartialEq)]
pub struct InAppCall {
    payload: VoipCallPayload,
    options: PushOptions,
}

delivery_options!(InAppCall);

impl InAppCall {
    /// Creates a call from `extra_data`, any text, from which the app shows it. It is not
    /// delivered later than 60 seconds from now, as the platform advises (30 to 60), unless
    /// [`ttl`](Self::ttl) is set.
    pub fn new(extra_data: impl Into<String>) -> Self {
        Self {
            payload: VoipCallPayload::new(extra_data),
            options: PushOptions::default().ttl(seconds(RINGING)),
        }
    }
}

/// The document states no limits.
impl Check for VoipCallPayload {
    fn check_at(&self, _: &Place<'_>) -> Result<()> {
        Ok(())
    }
}

impl Message for InAppCall {}

impl Sealed for InAppCall {
    fn kind(&self) -> PushType {
        PushType::VoipCall
    }

    #[inline]
    fn prepare(&self) -> Result<Draft> {
        Draft::new(self.kind(), &self.payload, &self.options)
    }
}

/// How long a call rings.
const RINGING: Duration = Duration::from_secs(60);
