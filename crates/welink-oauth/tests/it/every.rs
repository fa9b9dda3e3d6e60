//! Every operation against the emulator, with full and minimal requests made from the document.

use contract::{Document, Exam, Tap, oracle};

use crate::generated::call;
use crate::stage::{Stage, exchanges};
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
    // Another reader of the documents judges the exchanges of all tests so far.
    if let Some(checker) = oracle::able() {
        let refused = oracle::run(&checker, &exchanges());
        assert!(refused.is_empty(), "{refused:#?}");
        let _ = std::fs::remove_dir_all(exchanges());
    }
}
