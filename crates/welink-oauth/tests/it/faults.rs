//! Each action by a fault, and tokens that the platform refuses.

use auth_core::{Action, ErrorKind};
use huawei_emulator::Fault;
use huawei_emulator::welink_oauth::WelinkOauth;
use welink_oauth::model::GetUser;
use welink_oauth::{Error, Result};

use crate::stage::Stage;

async fn details(stage: &Stage) -> Result<()> {
    let who = GetUser::default().user_id(WelinkOauth::USER);
    let user = stage.client.get_user(&who, &Default::default()).await;
    user.map(drop)
}

#[tokio::test]
async fn each_action_is_what_the_table_says() {
    let stage = Stage::new("actions");
    for (code, action) in [
        ("43999", Action::Backoff),
        ("43012", Action::ContactProvider),
        ("47111", Action::DropTarget),
        ("47000", Action::FixCredentials),
        ("47003", Action::FixRequest),
        ("47012", Action::None),
        ("60008", Action::SignInAgain),
    ] {
        stage.space.clear_faults();
        stage
            .space
            .fail_next(Fault::code(code).on("get_user").times(9));
        let error = details(&stage).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api);
        assert_eq!(error.api().unwrap().code, code);
        assert_eq!(error.action(), action, "{code}");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let stage = Stage::new("new-token");
    details(&stage).await.unwrap();
    stage.welink.revoke_access_tokens();
    details(&stage).await.unwrap();
    stage
        .space
        .fail_next(Fault::code("47103").on("get_user").times(2));
    let error = details(&stage).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
}

#[tokio::test]
async fn a_permission_that_was_granted_needs_a_new_token() {
    let stage = Stage::new("permission");
    let deny = |denied: &[&str]| {
        let denied = denied.iter().map(|id| (*id).to_owned()).collect();
        stage
            .welink
            .change_app(WelinkOauth::CLIENT_ID, |app| app.denied = denied)
    };
    assert!(deny(&["get_user"]));
    let error = details(&stage).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "501");
    assert_eq!(error.action(), Action::FixCredentials);
    // The token from before the grant goes on failing; the one that is fetched then does not.
    assert!(deny(&[]));
    details(&stage).await.unwrap();
}

#[tokio::test]
async fn a_call_without_its_credential_fails_before_any_request() {
    let stage = Stage::new("no-credential");
    let check = |error: Error, scheme: &str, what: &str| {
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.to_string();
        assert!(text.contains(scheme) && text.contains(what), "{text}");
    };
    let client = welink_oauth::ClientBuilder::without_app()
        .emulator(stage.space.url("welink-oauth"))
        .build()
        .unwrap();
    let error = client.get_tenant().await.unwrap_err();
    check(error, "appAccessToken", "AppSecret");
    let error = stage.client.get_user_id_by_token().await.unwrap_err();
    check(error, "userAccessToken", "Client::as_user");
    check(
        client.as_tenant("T").unwrap_err(),
        "no app",
        "Client::builder",
    );
    check(client.sign_in().unwrap_err(), "no app", "Client::builder");
    assert_eq!(stage.space.request_count(), 0);
}
