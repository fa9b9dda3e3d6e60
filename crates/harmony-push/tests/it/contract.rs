//! Every operation against the emulator, over HTTP: full and minimal bodies, and what can go wrong.

mod bodies;
mod faults;
mod journeys;
mod minimal;
#[cfg(unix)]
mod rotation;

use std::path::Path;
use std::sync::Arc;

use ::contract::oracle;
use auth_core::ReqwestSend;
use harmony_push::{Client, HmsClient, ServiceAccount};
use huawei_emulator::harmony_push::HarmonyPush;
use huawei_emulator::{Space, Verdict};

/// A client and the platform it talks to, with a state of its own.
struct Stage {
    space: Space,
    push: HarmonyPush,
    client: Client,
}

impl Stage {
    fn new(name: &str) -> Self {
        let space = ::contract::space(name);
        let push = space.harmony_push();
        let account = ServiceAccount::parse(&push.service_account_key_json()).unwrap();
        // A connection belongs to the runtime that opened it, and each test has its own.
        let transport = ReqwestSend::builder().build().unwrap();
        let client = Client::builder(account)
            .hms(HmsClient::new(
                HarmonyPush::CLIENT_ID,
                HarmonyPush::CLIENT_SECRET,
            ))
            .emulator(space.url("harmony-push"))
            .transport(Arc::new(transport))
            .build()
            .unwrap();
        Self {
            space,
            push,
            client,
        }
    }

    /// Expects that the last request kept to the document and was answered with success.
    #[track_caller]
    fn assert_accepted(&self, operation: &str) {
        let log = self.space.log();
        let entry = log.last().expect("a request");
        let violations = entry.violations.join(", ");
        assert_eq!(entry.operation, Some(operation), "{violations}");
        assert_eq!(
            entry.verdict,
            Verdict::Accepted,
            "{operation}: {violations}"
        );
    }
}

#[test]
fn another_reader_of_the_documents_accepts_the_exchanges_of_all_tests() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    oracle::judge("another_reader", &["contract::"], scratch, &[]);
}
