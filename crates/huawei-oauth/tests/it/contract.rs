//! Every operation against the emulator, over HTTP: full and minimal bodies, and what can go wrong.

mod faults;
mod journeys;
#[cfg(unix)]
mod rotation;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{ReqwestSend, Token};
use contract::{Document, Exam, Tap, oracle};
use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::{Space, Verdict};
use huawei_oauth::{App, Client, ServiceAccount, SignedIn};

use crate::generated::call;

/// A client, the platform it talks to, and what passes between them.
pub(crate) struct Stage {
    pub(crate) space: Space,
    users: HuaweiOauth,
    tap: Arc<Tap>,
    pub(crate) client: Client,
}

impl Stage {
    pub(crate) fn new(name: &str) -> Self {
        let space = ::contract::space(name);
        // A connection belongs to the runtime that opened it, and each test has its own.
        let tap = Tap::new(Arc::new(ReqwestSend::builder().build().unwrap()));
        let users = space.huawei_oauth();
        let app = App::new(HuaweiOauth::CLIENT_ID, HuaweiOauth::CLIENT_SECRET);
        let client = Client::builder(app)
            .agent(ServiceAccount::parse(&users.agent_key_json()).unwrap())
            .emulator(space.url("huawei-oauth"))
            .transport(tap.clone())
            .build()
            .unwrap();
        Self {
            space,
            users,
            tap,
            client,
        }
    }

    /// Signs the user who has everything in, as an app on a device does.
    pub(crate) async fn signed_in(&self, scope: &str) -> SignedIn {
        let (client_id, user) = (HuaweiOauth::CLIENT_ID, HuaweiOauth::USER);
        let code = self.users.app_code(client_id, user, scope).unwrap();
        let sign_in = self.client.sign_in().unwrap();
        sign_in.app_code(code).send().await.unwrap()
    }

    /// Expects that the last request kept to the document and was answered with success.
    #[track_caller]
    fn assert_accepted(&self, operation: &str) {
        let log = self.space.log();
        let entry = log.last().expect("a request");
        let told = format!("{} {}", entry.reason, entry.violations.join(", "));
        assert_eq!(entry.operation, Some(operation), "{told}");
        assert_eq!(entry.verdict, Verdict::Accepted, "{operation}: {told}");
    }

    /// A client that acts as a user, and for a merchant.
    fn everybody(&self) -> Client {
        let user = Token::bearer("DgEA/+user=", Duration::from_secs(3600)).unwrap();
        let merchant = self.client.for_merchant(HuaweiOauth::CLIENT_ID).unwrap();
        merchant.client().as_user(user)
    }
}

fn document() -> Document {
    Document::parse(include_str!(
        "../../../huawei-emulator/documents/huawei-oauth.json"
    ))
}

#[tokio::test]
async fn every_operation_sends_what_the_document_asks_for_and_is_taken() {
    let stage = Stage::new("every");
    let client = stage.everybody();
    let behaves = huawei_emulator::behaves("huawei-oauth");
    let exam = Exam::new(document(), &stage.space.url("huawei-oauth"), behaves);
    let calls = exam
        .run(&stage.tap, async |example| call(&client, example).await)
        .await;
    assert!(calls >= 22, "{calls} calls");
}

#[test]
fn another_reader_of_the_documents_accepts_the_exchanges_of_all_tests() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    oracle::judge("another_reader", &["contract::"], scratch, &[]);
}
