//! What the fuzz target `iot_notification` does with its input; the target includes this file.

use iot_na::model::Callback;

/// A notification of any content: no panic, nothing is lost of what is not known, and what is
/// written again is read as the same, with the same key.
pub(crate) fn run(data: &[u8]) {
    let Ok(notification) = Callback::parse(data) else {
        return;
    };
    let key = notification.redelivery_key();
    assert_eq!(key.len(), 64);
    let _ = notification.device_id();
    let text = serde_json::to_vec(&notification).expect("what was read can be written");
    let again = Callback::parse(&text).expect("what was written can be read");
    assert_eq!(again.redelivery_key(), key);
    if let Callback::Other(other) = &notification {
        let whole: serde_json::Value = serde_json::from_slice(data).expect("it was read");
        assert_eq!(other.value(), &whole);
    }
}
