#![doc = include_str!("../README.md")]

mod answer;
mod callback;
mod check;
mod clock;
mod consent;
mod control;
mod document;
mod emulator;
mod engine;
mod fault;
mod init;
mod limits;
mod log;
mod page;
mod platforms;
mod recorder;
mod redact;
mod server;
mod space;
mod synth;
mod validate;

use std::io::Write;

pub use crate::callback::SentCallback;
pub use crate::check::{Checked, check};
pub use crate::consent::Consent;
pub use crate::emulator::{Emulator, EmulatorBuilder, Space};
pub use crate::fault::Fault;
pub use crate::init::init;
pub use crate::log::{Entry, Verdict};
pub use crate::platforms::{
    behaves, harmony_push, huawei_oauth, iot_na, oneaccess_sdk, welink_oauth,
};
pub use crate::validate::{Part, Rule, Violation};

/// Tells the person who runs the emulator of something that no answer can tell.
fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "huawei-emulator: {message}");
}
