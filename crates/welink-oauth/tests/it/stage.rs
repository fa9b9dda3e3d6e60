//! A client and the platform it talks to.

use std::sync::Arc;

use auth_core::{HttpSend, ReqwestSend};
use contract::Tap;
use huawei_emulator::welink_oauth::WelinkOauth;
use huawei_emulator::{Consent, Space, Verdict};
use welink_oauth::{AppSecret, Client, ClientBuilder};

/// A client and the platform it talks to, with a state of its own.
pub(crate) struct Stage {
    pub(crate) space: Space,
    pub(crate) welink: WelinkOauth,
    pub(crate) client: Client,
    pub(crate) tap: Arc<Tap>,
}

impl Stage {
    pub(crate) fn new(name: &str) -> Self {
        let space = contract::space(name);
        // A connection belongs to the runtime that opened it, and each test has its own.
        let transport: Arc<dyn HttpSend> = Arc::new(ReqwestSend::builder().build().unwrap());
        let tap = Tap::new(transport);
        let client = builder(&space, secret())
            .transport(tap.clone())
            .build()
            .unwrap();
        space.set_consent(Consent::accept_as(WelinkOauth::ADMINISTRATOR));
        Self {
            welink: space.welink_oauth(),
            space,
            client,
            tap,
        }
    }

    /// Expects that the last request kept to the document and was answered with success.
    #[track_caller]
    pub(crate) fn assert_accepted(&self, operation: &str) {
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

pub(crate) fn secret() -> AppSecret {
    AppSecret::new(WelinkOauth::CLIENT_ID, WelinkOauth::CLIENT_SECRET)
}

pub(crate) fn builder(space: &Space, app: AppSecret) -> ClientBuilder {
    Client::builder(app).emulator(space.url("welink-oauth"))
}
