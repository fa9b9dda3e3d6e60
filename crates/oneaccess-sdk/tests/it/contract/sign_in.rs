//! The sign-in on the hosted page, with a person who accepts or refuses.

use std::time::Duration;

use auth_core::sign_in::{Callback, PendingSignIn, RefreshToken, Returned};
use auth_core::{Action, HttpSend, ReqwestSend};
use bytes::Bytes;
use huawei_emulator::oneaccess_sdk::{Application, OneAccess};
use oneaccess_sdk::model::{Authorize, AuthorizeResponseType, IntrospectToken, StartGlobalLogout};
use oneaccess_sdk::{Client, SignIn};
use serde::Deserialize;

use super::Stage;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    preferred_username: String,
}

/// Where a browser is sent from an address.
pub(crate) async fn redirected(address: &str) -> Option<String> {
    let browser = ReqwestSend::builder().build().unwrap();
    let request = http::Request::get(address).body(Bytes::new()).unwrap();
    let answer = browser.send(request).await.unwrap();
    let location = answer.headers().get("location")?;
    Some(location.to_str().unwrap().to_owned())
}

/// A person signs in; the code that came back.
async fn come_back(sign_in: &SignIn, consent: &str) -> (PendingSignIn, Callback) {
    let page = sign_in.authorize(BACK).begin().unwrap();
    let address = format!("{}&{consent}", page.url);
    let location = redirected(&address).await.expect("the person decided");
    (page.pending, Callback::parse(&location).unwrap())
}

async fn accepted(sign_in: &SignIn) -> (PendingSignIn, Returned) {
    match come_back(sign_in, ACCEPT).await {
        (pending, Callback::Code(returned)) => (pending, returned),
        (_, other) => panic!("{other:?}"),
    }
}

fn with_refresh_tokens(stage: &Stage) {
    let mut application: Application = stage.platform.application(OneAccess::CLIENT_ID).unwrap();
    application.refresh_token_s = 86_400;
    application.callbacks = vec![BACK.to_owned()];
    stage.platform.add_application(application);
}

#[tokio::test]
async fn a_user_signs_in_by_openid_connect() {
    let stage = Stage::new("openid");
    with_refresh_tokens(&stage);
    let sign_in = stage.client.openid_sign_in().await.unwrap();
    let (pending, returned) = accepted(&sign_in).await;
    let tokens = sign_in.exchange(&pending, &returned).await.unwrap();
    let claims: Claims = sign_in.verify(&tokens, &pending).await.unwrap();
    assert_eq!(claims.preferred_username, "lisi");
    let user = sign_in.user_info(&tokens).await.unwrap();
    assert_eq!(user.id.as_deref(), Some(&*claims.sub));
    assert_eq!(user.organization_code.as_deref(), Some("10000"));

    let refresh = tokens.refresh_token().unwrap().clone();
    let renewed = sign_in.refresh(&refresh).await.unwrap();
    assert_ne!(renewed.access_token(), tokens.access_token());
    let again = sign_in.refresh(&refresh).await.unwrap_err();
    assert_eq!(again.action(), Action::SignInAgain);

    let token = IntrospectToken::new(renewed.access_token().clone());
    let state = stage.client.introspect_token(&token).await.unwrap();
    assert_eq!(state.active, Some(true));
    stage.space.advance_clock(Duration::from_secs(1801));
    let expired = sign_in.user_info(&renewed).await.unwrap_err();
    assert_eq!(expired.api().unwrap().code, "unauthorized");
}

#[tokio::test]
async fn a_user_signs_in_by_plain_oauth() {
    let stage = Stage::new("oauth");
    let sign_in = stage.client.oauth_sign_in().unwrap();
    let (pending, returned) = accepted(&sign_in).await;
    assert!(pending.nonce().is_none());
    let tokens = sign_in.exchange(&pending, &returned).await.unwrap();
    assert!(tokens.id_token().is_none() && tokens.refresh_token().is_none());
    assert!(sign_in.verify::<Claims>(&tokens, &pending).await.is_err());
    let user = sign_in.user_info(&tokens).await.unwrap();
    assert_eq!(user.user_name.as_deref(), Some("lisi"));
}

#[tokio::test]
async fn a_refusal_comes_back_as_one() {
    let stage = Stage::new("refusal");
    let sign_in = stage.client.oauth_sign_in().unwrap();
    let (_, back) = come_back(&sign_in, "emulator_consent=refuse").await;
    let Callback::Refused(refusal) = back else {
        panic!("{back:?}");
    };
    assert_eq!(refusal.error, "access_denied");
}

#[tokio::test]
async fn a_used_code_asks_for_another_sign_in_and_a_wrong_secret_for_another_secret() {
    let stage = Stage::new("used");
    let sign_in = stage.client.oauth_sign_in().unwrap();
    let (pending, returned) = accepted(&sign_in).await;
    sign_in.exchange(&pending, &returned).await.unwrap();
    let used = sign_in.exchange(&pending, &returned).await.unwrap_err();
    assert_eq!(used.api().unwrap().code, "invalid_client");
    assert_eq!(used.action(), Action::SignInAgain);

    let application = oneaccess_sdk::Application::new(OneAccess::CLIENT_ID, "wrong");
    let wrong = Client::builder(application, "acme.huaweioneaccess.com")
        .emulator(stage.space.url("oneaccess-sdk"))
        .build()
        .unwrap();
    let sign_in = wrong.oauth_sign_in().unwrap();
    let (pending, returned) = accepted(&sign_in).await;
    let error = sign_in.exchange(&pending, &returned).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
}

#[tokio::test]
async fn a_state_of_another_sign_in_is_not_accepted() {
    let stage = Stage::new("state");
    let sign_in = stage.client.oauth_sign_in().unwrap();
    let (_, returned) = accepted(&sign_in).await;
    let other = sign_in.authorize(BACK).begin().unwrap().pending;
    let before = stage.space.request_count();
    let error = sign_in.exchange(&other, &returned).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    assert_eq!(stage.space.request_count(), before);
}

#[tokio::test]
async fn codes_die_and_the_implicit_flow_is_off() {
    let stage = Stage::new("dead");
    let sign_in = stage.client.oauth_sign_in().unwrap();
    let (pending, returned) = accepted(&sign_in).await;
    stage.space.advance_clock(Duration::from_secs(301));
    let error = sign_in.exchange(&pending, &returned).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    let options = Authorize::default()
        .redirect_uri(BACK)
        .scope("openid")
        .state("abc");
    let implicit = AuthorizeResponseType::IdToken;
    let address = stage
        .client
        .authorize(&implicit, OneAccess::CLIENT_ID, &options);
    let location = redirected(&address.unwrap()).await.unwrap();
    assert!(location.contains("unsupported_response_type"), "{location}");
}

#[tokio::test]
async fn a_refresh_token_of_nobody_asks_for_another_sign_in() {
    let stage = Stage::new("nobody");
    let sign_in = stage.client.oauth_sign_in().unwrap();
    let error = sign_in
        .refresh(&RefreshToken::new("unknown"))
        .await
        .unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    let before = format!("{error:?}");
    assert!(!before.contains("unknown"), "{before}");
}

#[tokio::test]
async fn logging_out_everywhere_ends_what_tokens_are_worth() {
    let stage = Stage::new("everywhere");
    let sign_in = stage.client.oauth_sign_in().unwrap();
    let (pending, returned) = accepted(&sign_in).await;
    let tokens = sign_in.exchange(&pending, &returned).await.unwrap();
    let options = StartGlobalLogout::default().redirect_url(BACK);
    let address = stage.client.start_global_logout(&options).unwrap();
    assert_eq!(redirected(&address).await.as_deref(), Some(BACK));
    assert!(sign_in.user_info(&tokens).await.is_err());
}

const BACK: &str = "https://app.example/back";
const ACCEPT: &str = "emulator_consent=accept&emulator_user=lisi";
