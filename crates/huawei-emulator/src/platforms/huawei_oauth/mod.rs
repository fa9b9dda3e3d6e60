//! HUAWEI ID: what it does beyond its document.

use crate::answer::{Answer, Refusal};
use crate::platforms::{Call, Platform};
use crate::synth;

/// The state of HUAWEI ID in one space.
#[derive(Debug, Default)]
pub(crate) struct State {}

impl Platform for State {
    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        Ok(synth::success(call))
    }
}
