//! What holds for every wait and every answer.

use std::time::Duration;

use auth_core::testing::{Reply, Script};
use auth_core::{ErrorKind, RetryPolicy};
use proptest::prelude::*;

use super::{get, scripted};

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0..100_000_u64).prop_map(Duration::from_millis),
        Just(Duration::MAX),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_wait_lies_between_what_was_asked_for_and_its_bound(
        attempts in 0..10_u32,
        sent in prop_oneof![0..12_u32, Just(u32::MAX)],
        random in 0.0..=1.0,
        base in (0..10_000_u64).prop_map(Duration::from_millis),
        cap in (0..60_000_u64).prop_map(Duration::from_millis),
        asked in proptest::option::of(duration()),
        remaining in duration(),
    ) {
        let policy = RetryPolicy::default().attempts(attempts).base(base).cap(cap);
        let wait = policy.wait(sent, random, asked, remaining);
        let asked = asked.unwrap_or_default();
        match wait {
            Some(wait) => {
                prop_assert!(sent < attempts);
                prop_assert!(wait >= asked);
                prop_assert!(wait <= asked.saturating_add(cap));
                prop_assert!(wait < remaining);
                let doubled = base.saturating_mul(1 << sent.saturating_sub(1));
                prop_assert!(wait <= asked.saturating_add(doubled));
            }
            None => prop_assert!(sent >= attempts || asked.saturating_add(cap) >= remaining),
        }
    }

    #[test]
    fn whatever_is_answered_gives_a_value_or_an_error(
        status in 100..1000_u16,
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..64),
            "[\\[{\"code:0-9a,}\\] ]{0,40}".prop_map(String::into_bytes),
            r#"\{"(code|sub|msg|x)": ?("?[0-9]"?|null|true|\[\]|\{\}|"\\u00e9")\}"#
                .prop_map(String::into_bytes),
        ],
        after in "[ -~]{0,30}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let reply = Reply::text(status, body).header("Retry-After", after.trim());
        let script = Script::new().otherwise(reply);
        let api = scripted(&script).build().unwrap();
        if let Err(error) = runtime.block_on(get(&api)) {
            let kind = error.kind();
            prop_assert!(matches!(kind, ErrorKind::Api | ErrorKind::Decode), "{}", error);
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }
}
