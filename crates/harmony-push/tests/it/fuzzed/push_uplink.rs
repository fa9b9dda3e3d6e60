//! What the fuzz target `push_uplink` does with its input; the target includes this file.

use std::time::SystemTime;

use harmony_push::receipts::SecretForm;
use harmony_push::uplink::{self, Verifier};

/// An uplink message of any content, its signature in the first line: no panic, and nothing
/// accepted that nobody signed.
pub(crate) fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (signature, body) = data.split_at(end.unwrap_or(0));
    let Ok(message) = uplink::read(body) else {
        return;
    };
    let verifier = Verifier::new("c2VjcmV0", SecretForm::Either).expect("a sound secret");
    let signature = String::from_utf8_lossy(signature);
    let now = SystemTime::UNIX_EPOCH;
    let verdict = verifier.verify(&message, Some(&signature), Some("0"), now);
    assert!(verdict.is_err(), "a forged signature passed");
}
