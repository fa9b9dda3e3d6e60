//! Device management commands: push-type 11.

use auth_core::Result;
use auth_core::wire::{Check, Place};

use crate::message::options::delivery_options;
use crate::message::{Draft, Message, Sealed};
use crate::model::{MdmPayload, PushOptions, PushType};

/// A command for a device management app: push-type 11, from API level 26.0.1. Needs a right.
///
/// The fields of its payload could not be read in the platform's documents. That it has
/// `extraData` is inferred from the background message, with which it shares its callback on the
/// device; corrections do not count as breaking.
#[derive(Clone, Debug, PartialEq)]
pub struct Mdm {
    payload: MdmPayload,
    options: PushOptions,
}

delivery_options!(Mdm);

impl Mdm {
    /// Creates a command that hands `extra_data` to the management app.
    pub fn new(extra_data: impl Into<String>) -> Self {
        Self::from(MdmPayload::default().extra_data(extra_data))
    }
}

impl From<MdmPayload> for Mdm {
    fn from(payload: MdmPayload) -> Self {
        Self {
            payload,
            options: PushOptions::default(),
        }
    }
}

/// The document states no limits.
impl Check for MdmPayload {
    fn check_at(&self, _: &Place<'_>) -> Result<()> {
        Ok(())
    }
}

impl Message for Mdm {}

impl Sealed for Mdm {
    fn kind(&self) -> PushType {
        PushType::Mdm
    }

    #[inline]
    fn prepare(&self) -> Result<Draft> {
        Draft::new(self.kind(), &self.payload, &self.options)
    }
}
