//! OneAccess: what it does beyond its document.

use crate::answer::{Answer, Refusal};
use crate::platforms::{Call, Platform};

/// The state of OneAccess in one space.
#[derive(Debug, Default)]
pub(crate) struct State {}

impl Platform for State {
    fn behaves(&self) -> &'static [&'static str] {
        BEHAVES
    }

    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        Err(Refusal::no_behaviour(call))
    }
}

/// The operations with behaviour of their own.
pub(crate) const BEHAVES: &[&str] = &[];
