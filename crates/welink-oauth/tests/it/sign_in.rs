//! Signing users in through their browser, step by step over HTTP.

use std::time::Duration;

use auth_core::seal::Sealer;
use auth_core::sign_in::{PendingSignIn, Redirect};
use auth_core::{Action, ErrorKind, HttpSend as _, ReqwestSend};
use httpmock::MockServer;
use huawei_emulator::welink_oauth::WelinkOauth;
use huawei_emulator::{Consent, Fault};
use serde_json::json;
use welink_oauth::model::GetUser;
use welink_oauth::sign_in::Callback;
use welink_oauth::{AppSecret, Client, Result, UserToken};

use crate::stage::{Stage, builder, secret};

const BACK: &str = "https://app.example/welink";

/// What a browser does: opens the address and follows it back.
async fn browse(url: &str) -> String {
    let request = http::Request::get(url).body(bytes::Bytes::new()).unwrap();
    let answer = ReqwestSend::builder()
        .build()
        .unwrap()
        .send(request)
        .await
        .unwrap();
    assert_eq!(answer.status(), 302, "{answer:?}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// The way to the consent page and back.
async fn round(client: &Client) -> (PendingSignIn, String) {
    let Redirect { url, pending, .. } = client
        .sign_in()
        .unwrap()
        .authorize(BACK)
        .unwrap()
        .begin()
        .unwrap();
    let address = browse(&url).await;
    (pending, address)
}

async fn accept(client: &Client, pending: &PendingSignIn, address: &str) -> Result<UserToken> {
    match Callback::parse(address)? {
        Callback::Code(returned) => client.sign_in()?.accept(pending, &returned).await,
        Callback::Refused(refusal) => Err(refusal.error()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_administrator_signs_in() {
    let stage = Stage::new("administrator");
    let (pending, address) = round(&stage.client).await;
    // The state survives the way through a cookie.
    let sealer = Sealer::new(&[7; 32]);
    let now = stage.space.now();
    let pending =
        PendingSignIn::open(&sealer, &pending.seal(&sealer), now, PendingSignIn::MAX_AGE).unwrap();
    let token = accept(&stage.client, &pending, &address).await.unwrap();
    stage.assert_accepted("create_oauth_token");
    let lifetime = token.expires_at().duration_since(now).unwrap();
    assert!(
        (28_790..=28_810).contains(&lifetime.as_secs()),
        "{lifetime:?}"
    );
    assert!(!token.is_expired(now));

    let user = stage.client.as_user(&token);
    assert_eq!(user.id().await.unwrap(), WelinkOauth::ADMINISTRATOR);
    let administration = user.administration().await.unwrap();
    assert!(administration.is_administrator);
    assert!(administration.has_role("enterpriseAdmin"));
    let who = GetUser::default().user_id(user.id().await.unwrap());
    let details = stage
        .client
        .get_user(&who, &Default::default())
        .await
        .unwrap();
    assert_eq!(details.user_name_en.as_deref(), Some("Zhang San"));
}

#[tokio::test]
async fn that_somebody_is_no_administrator_is_an_answer() {
    let stage = Stage::new("no-administrator");
    stage
        .space
        .set_consent(Consent::accept_as(WelinkOauth::USER));
    let (pending, address) = round(&stage.client).await;
    let token = accept(&stage.client, &pending, &address).await.unwrap();
    let administration = stage.client.as_user(&token).administration().await.unwrap();
    assert!(!administration.is_administrator);
    assert!(administration.roles.is_empty());
    let asked = stage
        .client
        .administration(WelinkOauth::USER)
        .await
        .unwrap();
    assert!(!asked.is_administrator);
    let asked = stage
        .client
        .administration(WelinkOauth::ADMINISTRATOR)
        .await;
    assert!(asked.unwrap().has_role("appAdmin"));
}

#[tokio::test]
async fn who_refuses_comes_back_with_a_number() {
    let stage = Stage::new("refusal");
    stage.space.set_consent(Consent::Refuse);
    let (pending, address) = round(&stage.client).await;
    let error = accept(&stage.client, &pending, &address).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    assert!(
        stage
            .space
            .log()
            .iter()
            .all(|it| it.operation != Some("create_oauth_token"))
    );
}

#[tokio::test]
async fn a_code_serves_once_and_for_five_minutes() {
    let stage = Stage::new("codes");
    let (pending, address) = round(&stage.client).await;
    accept(&stage.client, &pending, &address).await.unwrap();
    let error = accept(&stage.client, &pending, &address).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "60008");
    assert_eq!(error.action(), Action::SignInAgain);
    let (pending, address) = round(&stage.client).await;
    stage.space.advance_clock(Duration::from_secs(301));
    let error = accept(&stage.client, &pending, &address).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "60007");
    assert_eq!(error.api().unwrap().status, 400);
}

#[tokio::test]
async fn a_browser_with_another_state_gets_nowhere() {
    let stage = Stage::new("state");
    let (_, address) = round(&stage.client).await;
    let (other, _) = round(&stage.client).await;
    let before = stage.space.request_count();
    let error = accept(&stage.client, &other, &address).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    assert_eq!(stage.space.request_count(), before);
    for bad in ["https://app.example/back?x=1", "https://app.example/back#x"] {
        let error = stage.client.sign_in().unwrap().authorize(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn a_wrong_secret_stops_all_sign_ins_until_the_pause_is_over() {
    let stage = Stage::new("sign-in-lock");
    let wrong = builder(
        &stage.space,
        AppSecret::new(WelinkOauth::CLIENT_ID, "wrong"),
    )
    .build()
    .unwrap();
    let (pending, address) = round(&wrong).await;
    let error = accept(&wrong, &pending, &address).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials, "{error}");
    let before = stage.space.request_count();
    let other = wrong.clone();
    let error = accept(&other, &pending, &address).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
    assert_eq!(stage.space.request_count(), before);

    // The platform says that it is locked, which its own text can contradict.
    stage
        .space
        .fail_next(Fault::body(400, LOCKED).on("create_oauth_token"));
    let (pending, address) = round(&stage.client).await;
    let error = accept(&stage.client, &pending, &address).await.unwrap_err();
    assert_eq!(error.action(), Action::Backoff);
    assert_eq!(
        error.api().unwrap().retry_after,
        Some(Duration::from_secs(900))
    );
    let before = stage.space.request_count();
    let error = accept(&stage.client, &pending, &address).await.unwrap_err();
    assert!(error.to_string().contains("s from now"), "{error}");
    assert_eq!(stage.space.request_count(), before);
}

#[tokio::test]
async fn a_bad_code_that_is_answered_like_a_lock_stops_nobody_else() {
    let stage = Stage::new("bad-code");
    stage
        .space
        .fail_next(Fault::body(400, PARAMETER).on("create_oauth_token"));
    let (pending, address) = round(&stage.client).await;
    let error = accept(&stage.client, &pending, &address).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    let (pending, address) = round(&stage.client).await;
    accept(&stage.client, &pending, &address).await.unwrap();
}

#[tokio::test]
async fn the_parameters_travel_in_the_form_where_that_is_wanted() {
    let server = MockServer::start_async().await;
    let answer = json!({
        "code": "60001", "token_type": "bearer", "expires_in": "28800", "access_token": "token",
    });
    let mock = server
        .mock_async(|when, then| {
            when.method("POST")
                .path("/api/oauth2/v1/token")
                .header("content-type", "application/x-www-form-urlencoded")
                .form_urlencoded_tuple("grant_type", "authorization_code")
                .form_urlencoded_tuple("code", "a+b")
                .form_urlencoded_tuple("client_id", "id")
                .form_urlencoded_tuple("client_secret", "se+cret")
                .is_true(|request| request.uri().query().is_none());
            then.status(200).json_body(answer);
        })
        .await;
    let client = Client::builder(AppSecret::new("id", "se+cret"))
        .emulator(server.base_url())
        .form()
        .build()
        .unwrap();
    let sign_in = client.sign_in().unwrap();
    let Redirect { pending, .. } = sign_in.authorize(BACK).unwrap().begin().unwrap();
    let address = format!("{BACK}?code=a%2Bb&state={}", pending.state());
    let token = accept(&client, &pending, &address).await.unwrap();
    assert_eq!(token.secret().expose(), "token");
    mock.assert_async().await;
}

#[tokio::test]
async fn the_form_signs_in_like_the_query() {
    let stage = Stage::new("form");
    let client = builder(&stage.space, secret())
        .transport(stage.tap.clone())
        .form()
        .build()
        .unwrap();
    let (pending, address) = round(&client).await;
    let token = accept(&client, &pending, &address).await.unwrap();
    stage.assert_accepted("create_oauth_token");
    let sent = stage.tap.sent();
    let exchange = sent.last().unwrap();
    assert_eq!(exchange.uri().query(), None);
    assert!(!exchange.body().is_empty());
    let user = client.as_user(&token);
    assert_eq!(user.id().await.unwrap(), WelinkOauth::ADMINISTRATOR);
    // What is refused in the query is refused in the form: the code serves once.
    let error = accept(&client, &pending, &address).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "60008");
    let wrong = AppSecret::new(WelinkOauth::CLIENT_ID, "wrong");
    let wrong = builder(&stage.space, wrong).form().build().unwrap();
    let (pending, address) = round(&wrong).await;
    let error = accept(&wrong, &pending, &address).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
}

#[tokio::test]
async fn a_scan_login_ends_with_a_code_for_the_server() {
    let stage = Stage::new("scan");
    let scanned = stage.welink.login_code(WelinkOauth::USER).unwrap();
    let parameters = welink_oauth::model::AuthorizeScanLogin {
        client_id: WelinkOauth::CLIENT_ID,
        redirect_uri: BACK,
        code: &scanned.into(),
    };
    let options = welink_oauth::model::AuthorizeScanLoginOptions::default().state("s");
    let url = stage
        .client
        .authorize_scan_login(parameters, &options)
        .unwrap();
    let address = browse(&url).await;
    let Callback::Code(returned) = Callback::parse(&address).unwrap() else {
        panic!("{address}");
    };
    let login = stage.client.free_login(returned.code).await.unwrap();
    assert_eq!(login.user_id, WelinkOauth::USER);
}

const LOCKED: &str = r#"{"code":"60009","message":"The account is locked."}"#;
const PARAMETER: &str = r#"{"code":"60009","message":"code Parameter error."}"#;
