//! What workers tell the driver: one line of JSON for each event, on standard output.

use std::hash::{DefaultHasher, Hash, Hasher};

use auth_core::Clock;
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Line {
    /// When, in milliseconds since 1970 by the machine's clock.
    pub(crate) at: i64,
    pub(crate) said: Said,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Said {
    /// Calls that ended so far.
    Calls(u64),
    Failed(Failure),
    /// The lease is this worker's, for the first time or prolonged.
    Held,
    /// A login was answered with a token.
    Issued(u64),
    /// The lease was given up.
    LetGo,
    /// A login goes out next.
    Sending,
    /// A token was to be written, and the store failed.
    Unwritten(u64),
    /// A token was written.
    Wrote(u64),
}

/// A call that failed, after all that the client does about it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Failure {
    /// When the call began.
    pub(crate) began: i64,
    pub(crate) why: Why,
    pub(crate) text: String,
}

/// What a failed call names as its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) enum Why {
    /// Another process that has the lease and brings no token.
    Holder,
    /// No answer within the time of the call.
    Late,
    /// A login that the platform did not answer.
    Login,
    /// The platform's 503.
    Refused,
    /// The token store.
    Store,
    /// A token that is no longer valid, after the one repeat.
    Voided,
    /// Anything else.
    Unknown,
}

impl Why {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Holder => "waited for the lease's holder",
            Self::Late => "no answer in time",
            Self::Login => "waited for a login",
            Self::Refused => "503",
            Self::Store => "store",
            Self::Voided => "voided",
            Self::Unknown => "unknown",
        }
    }
}

/// Tells the driver.
pub(crate) fn say(said: Said) {
    let line = Line { at: now(), said };
    // Whoever cannot be told any more has ended.
    if let Ok(text) = serde_json::to_string(&line) {
        println!("{text}");
    }
}

/// The machine's time, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = Clock::system()
        .now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A number for a token, the same in all processes.
pub(crate) fn digest(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

/// The number of the token in a record of the store.
pub(crate) fn token_of(record: &[u8]) -> Option<u64> {
    let record: serde_json::Value = serde_json::from_slice(record).ok()?;
    record["token"]["value"].as_str().map(digest)
}
