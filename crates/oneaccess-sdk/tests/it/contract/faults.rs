//! What can go wrong: each action once, tokens that die, and what is sent again.

use std::time::Duration;

use auth_core::{Action, ErrorKind};
use huawei_emulator::Fault;
use huawei_emulator::oneaccess_sdk::OneAccess;
use oneaccess_sdk::model::ListUsers;
use oneaccess_sdk::{Application, Client, Error};

use super::Stage;

async fn list(stage: &Stage) -> Result<usize, Error> {
    let page = stage
        .client
        .list_users(0, 10, &ListUsers::default())
        .await?;
    Ok(page.users.len())
}

/// Has a call refused with a code and expects what to do about it.
async fn check(stage: &Stage, code: &str, action: Action) {
    let fault = Fault::code(code).on("get_user");
    stage.space.fail_next(fault.times(10));
    let error = stage.client.get_user("an-id").await.unwrap_err();
    stage.space.clear_faults();
    assert_eq!(error.action(), action, "{code}: {error}");
}

#[tokio::test]
async fn every_action_has_a_code() {
    let stage = Stage::new("actions");
    check(&stage, "USER.0001", Action::DropTarget).await;
    check(&stage, "COM.0601", Action::FixRequest).await;
    check(&stage, "SDK.COMMON.1012", Action::FixCredentials).await;
    check(&stage, "SDK.COMMON.1005", Action::SignInAgain).await;
    check(&stage, "APP.0003", Action::ContactProvider).await;
    check(&stage, "LOGIN.0001", Action::Backoff).await;
    // Refused again with a brand-new token, it is the credential that is wrong.
    check(&stage, "invalid_token", Action::FixCredentials).await;
}

#[tokio::test]
async fn a_token_is_fetched_once_and_again_when_refused() {
    let stage = Stage::new("tokens");
    assert_eq!(list(&stage).await.unwrap(), 5);
    assert_eq!(list(&stage).await.unwrap(), 5);
    let tokens = || {
        let log = stage.space.log();
        let all = log
            .iter()
            .filter(|it| it.operation == Some("get_access_token"));
        all.count()
    };
    assert_eq!(tokens(), 1);
    stage.platform.revoke_access_tokens();
    assert_eq!(list(&stage).await.unwrap(), 5);
    assert_eq!(tokens(), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_not_tried_again_and_again() {
    let stage = Stage::new("secret");
    let application = Application::new(OneAccess::CLIENT_ID, "wrong");
    let client = Client::builder(application, "acme.huaweioneaccess.com")
        .emulator(stage.space.url("oneaccess-sdk"))
        .build()
        .unwrap();
    for _ in 0..3 {
        let error = client
            .list_users(0, 10, &ListUsers::default())
            .await
            .unwrap_err();
        assert_eq!(error.action(), Action::FixCredentials);
    }
    assert_eq!(stage.space.request_count(), 1);
}

#[tokio::test]
async fn without_a_secret_management_fails_before_anything_is_sent() {
    let stage = Stage::new("public_client");
    let application = Application::without_secret(OneAccess::CLIENT_ID);
    let client = Client::builder(application, "acme.huaweioneaccess.com")
        .emulator(stage.space.url("oneaccess-sdk"))
        .build()
        .unwrap();
    let error = client.get_user("an-id").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("Application::new"), "{error}");
    let phone = client.on(crate::fake::device());
    let login = phone.login_by_wechat("emulated-zhangsan").await;
    login.unwrap().success().unwrap();
}

#[tokio::test]
async fn reads_are_repeated_and_logins_are_not() {
    let stage = Stage::new("repeats");
    stage.space.fail_next(Fault::status(503).on("list_users"));
    assert_eq!(list(&stage).await.unwrap(), 5);
    let before = stage.space.request_count();
    stage
        .space
        .fail_next(Fault::status(500).on("login_by_password"));
    let phone = stage.phone();
    let error = phone
        .login_by_password("zhangsan", OneAccess::PASSWORD)
        .await
        .unwrap_err();
    assert_eq!(stage.space.request_count(), before + 1);
    assert!(error.may_have_taken_effect(), "{error}");
}

#[tokio::test]
async fn a_token_lives_as_long_as_the_platform_says() {
    let stage = Stage::new("short");
    stage.platform.set_token_lifetime(1);
    assert_eq!(list(&stage).await.unwrap(), 5);
    stage.space.advance_clock(Duration::from_secs(2));
    assert_eq!(list(&stage).await.unwrap(), 5);
}
