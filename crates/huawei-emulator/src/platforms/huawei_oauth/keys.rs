//! The keys that sign: a new one every day, the one of yesterday still served.

use std::sync::LazyLock;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::platforms::jws::SigningKey;

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The proof of who calls with an account event.
    Event,
    IdToken,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::IdToken => "id_token",
        }
    }
}

/// The key of a moment, and its id. A new one comes at 00:00 UTC; where the platform's midnight is,
/// no document says.
pub(super) fn today(purpose: Purpose, now_s: i64) -> (String, &'static SigningKey) {
    of_day(purpose, now_s.div_euclid(DAY_S))
}

/// The keys that are served at a moment: of that day and of the day before.
fn served(purpose: Purpose, now_s: i64) -> [(String, &'static SigningKey); 2] {
    let day = now_s.div_euclid(DAY_S);
    [of_day(purpose, day), of_day(purpose, day - 1)]
}

/// The served key with this id.
pub(super) fn named(purpose: Purpose, kid: &str, now_s: i64) -> Option<&'static SigningKey> {
    let mut all = served(purpose, now_s).into_iter();
    all.find(|(known, _)| known == kid).map(|(_, key)| key)
}

/// The key set that is served at a moment.
pub(super) fn key_set(purpose: Purpose, now_s: i64) -> Value {
    let keys = served(purpose, now_s).map(|(kid, key)| key.jwk(&kid));
    json!({ "keys": keys })
}

/// Few keys serve all days; what tells days apart is the id, as for who verifies.
fn of_day(purpose: Purpose, day: i64) -> (String, &'static SigningKey) {
    static KEYS: LazyLock<[SigningKey; 3]> = LazyLock::new(|| {
        [
            include_str!("../../../keys/daily-1.pem"),
            include_str!("../../../keys/daily-2.pem"),
            include_str!("../../../keys/daily-3.pem"),
        ]
        .map(|pem| SigningKey::from_pem(pem).expect("the keys of the crate are sound"))
    });
    let id = digest(&SHA256, format!("{} {day}", purpose.name()).as_bytes());
    let kid = id
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let turn = match purpose {
        Purpose::Event => day + 1,
        Purpose::IdToken => day,
    };
    let [first, second, third] = &*KEYS;
    let key = match turn.rem_euclid(3) {
        0 => first,
        1 => second,
        _ => third,
    };
    (kid, key)
}

const DAY_S: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::{DAY_S, Purpose, named, today};

    #[test]
    fn a_key_is_served_on_its_day_and_the_next() {
        let noon = 20_000 * DAY_S + DAY_S / 2;
        let (kid, _) = today(Purpose::IdToken, noon);
        assert_eq!(kid.len(), 64);
        let served = [-1, 0, 1, 2].map(|days| {
            let key = named(Purpose::IdToken, &kid, noon + days * DAY_S);
            key.is_some()
        });
        assert_eq!(served, [false, true, true, false]);
        assert!(named(Purpose::Event, &kid, noon).is_none());
    }
}
