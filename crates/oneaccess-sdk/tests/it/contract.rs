//! The client against the emulator, over HTTP: every operation with every body, and the ways that
//! people go.

mod cas;
mod directory;
mod events;
mod faults;
mod lists;
mod logins;
#[cfg(unix)]
mod rotation;
mod sign_in;
mod signed_in;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::contract::{Document, Exam, Tap, oracle};
use auth_core::{ReqwestSend, Secret, Token};
use huawei_emulator::oneaccess_sdk::OneAccess;
use huawei_emulator::{Space, Verdict};
use oneaccess_sdk::model::SmsType;
use oneaccess_sdk::{Application, Client, DeviceClient, Login, Session};

use crate::fake::device;
use crate::generated::call;

/// A client and the platform it talks to, with a state of its own.
pub(crate) struct Stage {
    pub(crate) space: Space,
    pub(crate) platform: OneAccess,
    pub(crate) client: Client,
}

impl Stage {
    pub(crate) fn new(name: &str) -> Self {
        let space = ::contract::space(name);
        // A connection belongs to the runtime that opened it, and each test has its own.
        let transport = ReqwestSend::builder().build().unwrap();
        let client = client(&space, Arc::new(transport));
        Self {
            platform: space.oneaccess_sdk(),
            space,
            client,
        }
    }

    pub(crate) fn phone(&self) -> DeviceClient {
        self.client.on(device())
    }

    /// A code by SMS, with the puzzle solved for it.
    pub(crate) async fn sms(&self, mobile: &str, kind: SmsType) -> String {
        let phone = self.phone();
        let proof = self.proof(mobile).await;
        phone.send_sms_code(mobile, kind, proof).await.unwrap();
        self.platform.code(mobile).unwrap()
    }

    /// The proof that a puzzle was solved for this recipient.
    pub(crate) async fn proof(&self, recipient: &str) -> Secret {
        let puzzle = self.phone().captcha().await.unwrap();
        assert!(puzzle.picture().starts_with(b"\x89PNG") && puzzle.piece().starts_with(b"\x89PNG"));
        let x = self.platform.captcha_solution(puzzle.token().expose());
        puzzle.solve(x.unwrap() + 2.0, recipient).await.unwrap()
    }

    /// The session of the person whom the WeChat account of this name belongs to.
    pub(crate) async fn session(&self) -> Session {
        let code = self.platform.social_code("weixin", "zhangsan");
        let login = self.phone().login_by_wechat(code).await.unwrap();
        login.success().unwrap()
    }

    /// Expects that the last request kept to the document and was answered with success.
    #[track_caller]
    pub(crate) fn assert_accepted(&self, operation: &str) {
        let log = self.space.log();
        let entry = log.last().expect("a request");
        let violations = entry.violations.join(", ");
        assert_eq!(entry.operation, Some(operation), "{violations}");
        assert_eq!(entry.verdict, Verdict::Accepted, "{violations}");
    }
}

fn client(space: &Space, transport: Arc<dyn auth_core::HttpSend>) -> Client {
    let application = Application::new(OneAccess::CLIENT_ID, OneAccess::CLIENT_SECRET);
    Client::builder(application, "acme.huaweioneaccess.com")
        .emulator(space.url("oneaccess-sdk"))
        .transport(transport)
        .build()
        .unwrap()
}

#[track_caller]
pub(crate) fn success(login: Login) -> Session {
    login.success().unwrap()
}

#[tokio::test]
async fn every_operation_sends_full_and_minimal_requests_as_the_document_asks() {
    let space = ::contract::space("exam");
    let tap = Tap::new(Arc::new(ReqwestSend::builder().build().unwrap()));
    let token = || Token::bearer("a-token", Duration::from_secs(60)).unwrap();
    let client = client(&space, tap.clone())
        .as_user(token())
        .with_state_token("a-state-token")
        .with_id_token(token())
        .with_signature("a-signature");
    let document = Document::open("oneaccess-sdk");
    let behaves = huawei_emulator::behaves("oneaccess-sdk");
    let exam = Exam::new(document, &space.url("oneaccess-sdk"), behaves);
    let count = exam
        .run(&tap, async |example| call(&client, example).await)
        .await;
    assert!(count > 200, "{count}");
}

#[test]
fn another_reader_of_the_documents_accepts_the_exchanges_of_all_tests() {
    let nonce = oracle::Known {
        files: "oneaccess-sdk/authorize.request",
        says: "nonce",
        reason: "OpenID Connect's parameter, which the platform takes and its documents do not have",
    };
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    oracle::judge("another_reader", &["contract::"], scratch, &[nonce]);
}

#[test]
fn futures_can_be_spawned() {
    fn sendable<T: Send>(_: &T) {}
    let stage = Stage::new("spawned");
    let phone = stage.phone();
    sendable(&phone.login_by_wechat("code"));
    sendable(&phone.session("token", None).user());
    sendable(&stage.client.snapshot_app_accounts("application"));
    sendable(&stage.client.openid_sign_in());
}

/// What stands at an address.
async fn get_text(address: &str) -> String {
    use auth_core::HttpSend as _;
    let browser = ReqwestSend::builder().build().unwrap();
    let request = http::Request::get(address)
        .body(bytes::Bytes::new())
        .unwrap();
    let answer = browser.send(request).await.unwrap();
    String::from_utf8(answer.body().to_vec()).unwrap()
}
