//! Pages and mini programs inside the WeLink client: codes, tickets, signatures.

use auth_core::Action;
use huawei_emulator::welink_oauth::WelinkOauth;
use welink_oauth::model::GetUser;

use crate::stage::Stage;

#[tokio::test]
async fn a_code_of_the_client_tells_who_the_user_is() {
    let stage = Stage::new("free-login");
    let code = stage.welink.login_code(WelinkOauth::USER).unwrap();
    assert!(code.contains('+') && code.contains('='), "{code}");
    let login = stage.client.free_login(code.clone()).await.unwrap();
    assert_eq!(login.user_id, WelinkOauth::USER);
    assert_eq!(login.tenant_id.as_deref(), Some(WelinkOauth::TENANT_ID));
    let error = stage.client.free_login(code).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain, "{error}");
    assert_eq!(error.api().unwrap().code, "41504");
    let late = stage.welink.login_code(WelinkOauth::USER).unwrap();
    stage
        .space
        .advance_clock(std::time::Duration::from_secs(121));
    let error = stage.client.free_login(late).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "41503");
}

#[tokio::test]
async fn a_vendor_acts_for_the_tenant_of_the_user() {
    let stage = Stage::new("vendor");
    let code = stage
        .welink
        .login_code(WelinkOauth::SUBSCRIBERS_USER)
        .unwrap();
    let login = stage.client.free_login(code).await.unwrap();
    let tenant = stage.client.as_tenant(&login.tenant_id.unwrap()).unwrap();
    let who = GetUser::default().user_id(&login.user_id);
    let user = tenant.get_user(&who, &Default::default()).await.unwrap();
    assert_eq!(user.user_id.as_deref(), Some(WelinkOauth::SUBSCRIBERS_USER));
    let company = tenant.get_tenant().await.unwrap().data.unwrap();
    assert_eq!(
        company.tenant_id.as_deref(),
        Some(WelinkOauth::SUBSCRIBER_ID)
    );
    // The view for the owner does not know the user, nor does a tenant that cancelled get a token.
    let error = stage.client.get_user(&who, &Default::default()).await;
    assert_eq!(error.unwrap_err().action(), Action::DropTarget);
    stage.welink.cancel_tenant(WelinkOauth::SUBSCRIBER_ID);
    stage.welink.revoke_access_tokens();
    let error = tenant.get_tenant().await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials, "{error}");
    assert_eq!(error.api().unwrap().code, "47006");
    // One tenant's trouble is not that of others.
    stage.client.get_tenant().await.unwrap();
}

#[tokio::test]
async fn tokens_are_fetched_once_for_each_tenant() {
    let stage = Stage::new("tenants");
    for _ in 0..3 {
        stage.client.get_tenant().await.unwrap();
        let tenant = stage.client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
        tenant.get_tenant().await.unwrap();
    }
    let log = stage.space.log();
    let tickets = log
        .iter()
        .filter(|it| it.operation == Some("create_app_token"));
    assert_eq!(tickets.count(), 2);
    assert!(stage.client.as_tenant("").is_err());
}

#[tokio::test]
async fn a_page_is_signed_with_a_ticket_of_the_platform() {
    let stage = Stage::new("pages");
    let url = "https://app.example/page?from=%E5%BC%A0#top";
    let signed = stage.client.sign_page(url).await.unwrap();
    assert_eq!(signed.client_id, WelinkOauth::CLIENT_ID);
    let page = "https://app.example/page?from=张";
    let is_signed = |page| {
        let (nonce, signature) = (&signed.nonce, &signed.signature);
        stage
            .welink
            .is_signed(nonce, signed.timestamp, page, signature)
    };
    assert!(is_signed(page));
    assert!(!is_signed(url));
}
