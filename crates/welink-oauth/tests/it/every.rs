//! Every operation against the emulator, with full and minimal requests made from the document.

use std::path::Path;

use contract::{Document, Exam, Tap, oracle};

use crate::generated::call;
use crate::stage::Stage;
use huawei_emulator::welink_oauth::WelinkOauth;
use welink_oauth::UserToken;

#[tokio::test]
async fn every_operation_is_taken_as_the_document_has_it() {
    let stage = Stage::new("every");
    let exam = Exam::new(
        Document::open("welink-oauth"),
        &stage.space.url("welink-oauth"),
        huawei_emulator::behaves("welink-oauth"),
    );
    let robot = stage.client.as_robot(WelinkOauth::ROBOT_TOKEN);
    let tap: &Tap = &stage.tap;
    let calls = exam
        .run(tap, async |given| match given.operation.as_str() {
            // The token of a user is no credential of a client: it has a front of its own.
            "get_user_id_by_token" => {
                let token = stage.welink.user_token(WelinkOauth::USER);
                let token = UserToken::new(
                    token,
                    std::time::Duration::from_secs(60),
                    std::time::SystemTime::UNIX_EPOCH,
                )?;
                stage.client.as_user(&token).id().await.map(|_| None)
            }
            _ => call(&robot, given).await,
        })
        .await;
    assert!(calls > 300, "{calls}");
}

#[test]
fn another_reader_of_the_documents_accepts_the_exchanges_of_all_tests() {
    oracle::judge(
        "another_reader",
        &[
            "apps",
            "back_office",
            "directory",
            "events",
            "every",
            "faults",
            "groups",
            "lockout",
            "office",
            "pages",
            "sign_in",
        ],
        Path::new(env!("CARGO_TARGET_TMPDIR")),
        &[],
    );
}
