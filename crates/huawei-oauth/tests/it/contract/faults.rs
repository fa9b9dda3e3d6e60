//! Each action by a fault, and faults of the connection.

use auth_core::{Action, ErrorKind};
use huawei_emulator::Fault;
use huawei_oauth::Result;
use huawei_oauth::model::GetUserInfo;

use super::Stage;

/// Makes one call of each of the four envelopes, by its operation.
async fn make(stage: &Stage, operation: &str) -> Result<()> {
    let client = stage.everybody();
    match operation {
        "get_app_token" => client.get_app_token().await.map(drop),
        "get_user_info" => client
            .get_user_info(&GetUserInfo::default())
            .await
            .map(drop),
        "get_phone_number" => client.quick_login("DwEE/+=").await.map(drop),
        "get_user_risk_level" => {
            let scene = huawei_oauth::model::RiskScene::Registration;
            client.risk_level(scene).await.map(drop)
        }
        other => panic!("no call for {other}"),
    }
}

/// Answers a call with a code, and expects the action that the table gives it.
async fn check(stage: &Stage, operation: &str, code: &str, action: Action) {
    stage.space.clear_faults();
    stage.space.fail_next(Fault::code(code).times(9));
    let error = make(stage, operation).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api, "{code}: {error:?}");
    assert_eq!(error.action(), action, "{code}: {error:?}");
    assert!(!error.api().unwrap().meaning.is_empty(), "{code}");
}

#[tokio::test]
async fn each_action_is_what_the_table_says_in_each_envelope() {
    let stage = Stage::new("actions");
    check(&stage, "get_app_token", "oauth:1203/500", Action::Backoff).await;
    check(
        &stage,
        "get_app_token",
        "oauth:1203/1203",
        Action::ContactProvider,
    )
    .await;
    check(
        &stage,
        "get_app_token",
        "oauth:1203/12304",
        Action::FixCredentials,
    )
    .await;
    check(
        &stage,
        "get_app_token",
        "oauth:1102/20181",
        Action::FixRequest,
    )
    .await;
    check(
        &stage,
        "get_app_token",
        "oauth:1101/20156",
        Action::SignInAgain,
    )
    .await;
    check(
        &stage,
        "get_phone_number",
        "result:60180008",
        Action::DropTarget,
    )
    .await;
    check(
        &stage,
        "get_phone_number",
        "result:60180005",
        Action::SignInAgain,
    )
    .await;
    check(&stage, "get_user_info", "nsp:6", Action::NewToken).await;
    check(&stage, "get_user_info", "nsp:105", Action::FixRequest).await;
    check(&stage, "get_user_risk_level", "risk:503", Action::Backoff).await;
    check(
        &stage,
        "get_user_risk_level",
        "risk:403",
        Action::ContactProvider,
    )
    .await;
}

#[tokio::test]
async fn an_app_token_that_is_refused_is_renewed_once() {
    let stage = Stage::new("renewed");
    let open_id = "AQAx".into();
    stage
        .space
        .fail_next(Fault::code("nsp:6").on("get_union_id"));
    let _ = stage.client.union_id(&open_id).await;
    let log = stage.space.log();
    let operations: Vec<_> = log.iter().filter_map(|entry| entry.operation).collect();
    let expected = [
        "create_token",
        "get_union_id",
        "create_token",
        "get_union_id",
    ];
    assert_eq!(operations, expected);
}

#[tokio::test]
async fn an_answer_that_is_lost_may_have_spent_a_code_but_no_refresh_token() {
    let stage = Stage::new("lost");
    let sign_in = stage.client.sign_in().unwrap();
    for fault in [
        Fault::reset().after_effect(),
        Fault::truncate(5),
        Fault::status(504),
    ] {
        stage.space.clear_faults();
        stage.space.fail_next(fault.times(9));
        let error = sign_in.app_code("DwEE/+=").send().await.unwrap_err();
        assert!(error.may_have_taken_effect(), "{error:?}");
        let token = huawei_oauth::RefreshToken::new("DAEC/+=");
        let error = sign_in.refresh(&token).await.unwrap_err();
        assert!(!error.may_have_taken_effect(), "{error:?}");
    }
}

#[tokio::test]
async fn a_call_without_its_credential_fails_before_any_request() {
    let stage = Stage::new("no-credential");
    let info = GetUserInfo::default();
    let error = stage.client.get_user_info(&info).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.to_string();
    assert!(
        text.contains("accessTokenForm") && text.contains("as_user"),
        "{text}"
    );
    assert_eq!(stage.space.request_count(), 0);
}
