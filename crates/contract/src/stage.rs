//! The emulator that all contract tests of a process share.

use std::sync::LazyLock;

use huawei_emulator::{Builder, Emulator, Space};

use crate::oracle;

/// It writes the exchanges as samples where another reader of the documents is to judge them, too.
static EMULATOR: LazyLock<Emulator> = LazyLock::new(|| {
    let recorded = oracle::exchanges().into_iter();
    recorded
        .fold(Emulator::builder(), Builder::record)
        .start_thread()
        .expect("an emulator")
});

/// A part of the emulator for the test of this name, as it is when nothing has happened yet.
pub fn space(name: &str) -> Space {
    let space = EMULATOR.space(name);
    space.reset();
    space
}
