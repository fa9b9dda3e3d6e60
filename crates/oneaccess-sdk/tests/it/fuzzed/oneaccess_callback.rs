//! What the fuzz target `oneaccess_callback` does with its input; the target includes this file.

use std::time::SystemTime;

use oneaccess_sdk::events::{Encryption, Receiver, Secrets};

/// A callback of any content: no panic, and nothing accepted that nobody signed. The same content
/// without signatures is read as far as it goes.
pub(crate) fn run(data: &[u8]) {
    let now = SystemTime::UNIX_EPOCH;
    let plain = Receiver::new(Secrets::new("token"));
    if let Ok(delivery) = plain.open(Some("Bearer token"), data, now) {
        let _ = (delivery.id(), delivery.sent_at(), delivery.echo());
    }
    let secrets = Secrets::new("token")
        .encryption_key("0123456789abcdef", Encryption::Gcm)
        .expect("a key of the right length");
    let text = String::from_utf8_lossy(data);
    assert!(secrets.decrypt(&text).is_err(), "a forged message passed");
    let signed = Receiver::new(secrets.signature_key("a key that the seeds do not know"));
    let opened = signed.open(Some("Bearer token"), data, now);
    assert!(opened.is_err(), "a forged signature passed");
}
