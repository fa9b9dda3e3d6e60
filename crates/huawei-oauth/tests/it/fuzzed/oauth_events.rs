//! What the fuzz target `oauth_events` does with its input; the target includes this file.

use std::time::SystemTime;

use auth_core::jwt::Jwks;
use huawei_oauth::account_events::Rules;
use huawei_oauth::model::SecurityEvent;

/// A callback of any content, its header in the first line: no panic, and nothing accepted that
/// nobody signed.
pub(crate) fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (header, body) = data.split_at(end.unwrap_or(0));
    if let Ok(events) = SecurityEvent::parse_all(body) {
        let again = serde_json::to_vec(&events).expect("what was read can be written");
        let again = SecurityEvent::parse_all(&again).expect("and read again");
        assert_eq!(again, events);
    }
    let rules = Rules::new("107408391", "id.cloud.huawei.com");
    let header = String::from_utf8_lossy(header);
    let verdict = rules.check(
        Some(&header),
        body,
        &Jwks::default(),
        SystemTime::UNIX_EPOCH,
    );
    assert!(verdict.is_err(), "a forged call passed");
}
