//! What the fuzz target `welink_events` does with its input; the target includes this file.

use std::time::SystemTime;

use welink_oauth::Secret;
use welink_oauth::events::{Receiver, Rejection};
use welink_oauth::sign_in::Callback;

/// An event, or the address of a browser that comes back, of any content: no panic, and nothing
/// taken that was not encrypted with the secret.
pub(crate) fn run(data: &[u8]) {
    let stranger = Receiver::new(Secret::new("a secret that no seed is encrypted with"));
    let opened = stranger.open(data, SystemTime::UNIX_EPOCH);
    assert!(
        matches!(opened, Err(Rejection::Malformed | Rejection::WrongKey)),
        "a forged event was taken"
    );
    // The secret of the published demonstration, which anybody can encrypt with.
    let receiver = Receiver::new(Secret::new("8cf860c0-30b7-4357-a104-fa627c59085d"));
    if let Ok(delivery) = receiver.open(data, SystemTime::UNIX_EPOCH) {
        let reply = delivery.reply(SystemTime::UNIX_EPOCH).expect("a reply");
        let own = receiver.open(reply.as_bytes(), SystemTime::UNIX_EPOCH);
        assert!(own.is_ok(), "our own reply does not open");
    }
    let _ = Callback::parse(&String::from_utf8_lossy(data));
}
