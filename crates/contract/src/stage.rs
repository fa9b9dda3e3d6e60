//! The emulator that all contract tests of a process share.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use huawei_emulator::{Emulator, EmulatorBuilder, Fault, Space, Verdict};

use crate::listing::{self, Listed, Scripted};
use crate::{Document, Example, Tap, oracle};

/// It writes the exchanges as samples where another reader of the documents is to judge them, too.
static EMULATOR: LazyLock<Emulator> = LazyLock::new(|| {
    let recorded = oracle::exchanges().into_iter();
    recorded
        .fold(Emulator::builder(), EmulatorBuilder::record)
        .start_thread()
        .expect("an emulator")
});

/// A part of the emulator for the test of this name, as it is when nothing has happened yet.
pub fn space(name: &str) -> Space {
    let space = EMULATOR.space(name);
    space.reset();
    space
}

/// Reads every paged list of a platform as [`listing::check`] does, with the emulator judging the
/// requests, and gives how many there are. `list` reads the list of an example.
///
/// # Panics
///
/// As [`listing::check`], and if the emulator refuses a request.
pub async fn check_lists(
    platform: &str,
    space: &Space,
    tap: &Tap,
    list: impl AsyncFn(&Example) -> Listed,
) -> usize {
    let script = |page: Scripted| {
        let fault = Fault::body(page.status, page.body).on(page.operation);
        space.fail_next(fault.after_effect());
    };
    let count = listing::check(&Document::open(platform), tap, script, list).await;
    assert_none_refused(space);
    count
}

/// Reads lists of what the emulator has of its own as [`listing::check_own`] does, and gives how many
/// elements they have.
///
/// # Panics
///
/// As [`listing::check_own`], and if the emulator refuses a request.
pub async fn check_own_lists(
    platform: &str,
    space: &Space,
    tap: &Tap,
    given: impl Fn(&mut Example) -> bool,
    list: impl AsyncFn(&Example) -> Listed,
) -> BTreeMap<String, usize> {
    let counts = listing::check_own(&Document::open(platform), tap, given, list).await;
    assert_none_refused(space);
    counts
}

fn assert_none_refused(space: &Space) {
    let log = space.log();
    let refused = log.iter().find(|entry| entry.verdict == Verdict::Refused);
    assert!(refused.is_none(), "{refused:?}");
}
