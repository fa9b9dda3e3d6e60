//! Several calls that make one story.

use std::collections::BTreeSet;
use std::time::Duration;

use auth_core::jwt::VerifyError;
use auth_core::{Action, HttpSend, ReqwestSend};
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use bytes::Bytes;
use huawei_emulator::Consent;
use huawei_emulator::huawei_oauth::{App, HuaweiOauth};
use huawei_oauth::account_events::Kind;
use huawei_oauth::model::{
    AgeRangeFlag, CreateDeviceCode, DisplayNameChoice, GetUserInfo, PollDeviceToken, RiskLevel,
    RiskScene, RiskTag, VerifyIdToken,
};
use huawei_oauth::sign_in::{Callback, Redirect};
use huawei_oauth::{OpenId, UnionId};
use tokio::sync::mpsc;

use super::Stage;

const BACK: &str = "https://www.thirdwebdemo.com/redirect_url";

/// Opens the consent page as a browser does, and gives the address it is sent to.
async fn browse(url: &str) -> String {
    let browser = ReqwestSend::builder().build().unwrap();
    let request = http::Request::get(url).body(Bytes::new()).unwrap();
    let answer = browser.send(request).await.unwrap();
    assert_eq!(answer.status(), 302, "{:?}", answer.body());
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn begin(stage: &Stage) -> Redirect {
    let sign_in = stage.client.sign_in().unwrap();
    let authorize = sign_in.authorize(BACK).scope("profile").scope("email");
    authorize.offline().begin().unwrap()
}

#[tokio::test]
async fn a_website_signs_a_user_in_and_out() {
    let stage = &Stage::new("website");
    stage.space.set_consent(Consent::accept());
    let sign_in = stage.client.sign_in().unwrap();
    let Redirect { url, pending } = begin(stage).await;
    let address = browse(&url).await;
    let Callback::Code(returned) = Callback::parse(&address) else {
        panic!("no code in {address}");
    };
    let signed_in = sign_in.finish(&pending, &returned).await.unwrap();
    stage.assert_accepted("list_signing_keys");
    let union_id = stage
        .users
        .union_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER);
    assert_eq!(signed_in.user().key(), Some(&UnionId::from(union_id)));
    assert_eq!(
        signed_in.claims().email.as_deref(),
        Some("lilei@example.com")
    );

    // The code serves once.
    let again = sign_in.finish(&pending, &returned).await.unwrap_err();
    assert_eq!(again.action(), Action::SignInAgain);

    let user = stage.client.as_user(signed_in.token().unwrap());
    let wanted = GetUserInfo::default().get_nick_name(DisplayNameChoice::Nickname);
    let info = user.get_user_info(&wanted).await.unwrap();
    assert_eq!(info.display_name.as_deref(), Some("李雷"));

    let refresh_token = signed_in.refresh_token().expect("offline was asked for");
    let refreshed = sign_in.refresh(refresh_token).await.unwrap();
    assert_eq!(refreshed.claims().unwrap().sub, signed_in.claims().sub);
    assert_eq!(refreshed.tokens().refresh_token(), Some(refresh_token));

    let access_token = refreshed.tokens().access_token().clone();
    let info = stage.client.check_access_token(access_token).await.unwrap();
    assert!(info.scope.unwrap().contains("profile"));

    // The platform's own check of the ID token agrees with ours.
    let id_token = VerifyIdToken::new(signed_in.tokens().id_token().unwrap().clone());
    let checked = stage.client.verify_id_token(&id_token).await.unwrap();
    assert_eq!(checked.sub, signed_in.claims().sub);

    for _ in 0..2 {
        stage.client.revoke(refresh_token.expose()).await.unwrap();
    }
    let dead = sign_in.refresh(refresh_token).await.unwrap_err();
    assert_eq!(dead.action(), Action::SignInAgain);
}

#[tokio::test]
async fn a_user_who_refuses_is_understood() {
    let stage = &Stage::new("refusal");
    stage.space.set_consent(Consent::Refuse);
    let Redirect { url, .. } = begin(stage).await;
    let address = browse(&url).await;
    assert!(Callback::parse(&address).is_refused_by_user());
    // What the server sees of it.
    let seen = address.split('#').next().unwrap();
    assert_eq!(Callback::parse(seen), Callback::Silent);
}

#[tokio::test]
async fn one_click_gives_the_phone_number_both_ways() {
    let stage = &Stage::new("one-click");
    let code = stage.users.quick_login_code(HuaweiOauth::USER).unwrap();
    let answer = stage.client.quick_login(code.as_str()).await.unwrap();
    assert_eq!(answer.number().unwrap().e164(), "+8619100000008");
    let used = stage.client.quick_login(code).await.unwrap_err();
    assert_eq!(used.action(), Action::SignInAgain);
    let masked = stage.users.prefetch_code(HuaweiOauth::USER).unwrap();
    let masked = stage.client.quick_login(masked).await.unwrap_err();
    assert_eq!(masked.api().unwrap().code, "60180007");

    // The older way.
    let signed_in = stage.signed_in("openid quickLoginMobilePhone").await;
    let user = stage.client.as_user(signed_in.token().unwrap());
    let info = user.get_user_info(&GetUserInfo::default()).await.unwrap();
    assert_eq!(info.login_number(), answer.number());
}

/// One poll by hand: the waiting between polls is tested on a clock that stands still.
#[tokio::test]
async fn a_qr_code_is_polled_for() {
    let stage = &Stage::new("qr-code");
    let client_id = HuaweiOauth::CLIENT_ID;
    let request = CreateDeviceCode::new(client_id).scope("openid profile");
    let codes = stage.client.create_device_code(&request).await.unwrap();
    let poll = PollDeviceToken::new(codes.device_code.clone());
    let pending = stage.client.poll_device_token(&poll).await.unwrap_err();
    assert_eq!(pending.api().unwrap().sub_code.as_deref(), Some("20411"));
    let user_code = codes.user_code.expose();
    stage
        .users
        .accept_device(user_code, HuaweiOauth::USER)
        .unwrap();
    let token = stage.client.poll_device_token(&poll).await.unwrap();
    let open_id = stage.users.open_id(client_id, HuaweiOauth::USER);
    assert_eq!(token.open_id, open_id);
    let sign_in = stage.client.sign_in().unwrap();
    let claims = sign_in.verify(token.id_token.unwrap(), None).await;
    assert_eq!(claims.unwrap().openid, Some(open_id));
}

#[tokio::test]
async fn questions_about_users_are_answered() {
    let stage = &Stage::new("questions");
    let scopes = "openid riskLevel realNameAgeRange";
    let signed_in = stage.signed_in(scopes).await;
    let user = stage.client.as_user(signed_in.token().unwrap());
    let risk = user.risk_level(RiskScene::Registration).await.unwrap();
    assert_eq!(risk.risk_level, Some(RiskLevel::Medium));
    assert_eq!(risk.risk_tag, Some(vec![RiskTag::SpamMailbox]));
    assert_eq!(user.age_range().await.unwrap(), AgeRangeFlag::Adult);

    let open_id = signed_in.user().open_id.clone().unwrap();
    let union_id = stage.client.union_id(&open_id).await.unwrap();
    assert_eq!(Some(&union_id), signed_in.user().key());
    let by_open = stage
        .client
        .group_union_ids_of_open_ids(std::slice::from_ref(&open_id))
        .await;
    let by_union = stage
        .client
        .group_union_ids_of_union_ids(std::slice::from_ref(&union_id))
        .await;
    assert_eq!(by_open.unwrap()[&open_id], by_union.unwrap()[&union_id]);
    stage.assert_accepted("batch_get_group_union_ids");
}

#[tokio::test]
async fn an_agent_acts_for_its_merchant_and_no_other() {
    let stage = &Stage::new("agent");
    let merchant = stage.client.for_merchant(HuaweiOauth::CLIENT_ID).unwrap();
    let token = merchant.client_token().await.unwrap();
    assert!(!token.access_token.expose().is_empty());
    let (client_id, user) = (HuaweiOauth::CLIENT_ID, HuaweiOauth::USER);
    let code = stage.users.app_code(client_id, user, "openid").unwrap();
    let tokens = merchant.access_token(code).await.unwrap();
    stage.assert_accepted("create_agent_access_token");
    merchant
        .refresh(tokens.refresh_token.unwrap())
        .await
        .unwrap();
    stage.assert_accepted("refresh_agent_access_token");
    let other = stage
        .client
        .for_merchant(HuaweiOauth::OTHER_CLIENT_ID)
        .unwrap();
    assert!(other.client_token().await.is_err());
}

#[tokio::test]
async fn lists_of_ids_are_asked_for_in_batches_of_a_hundred() {
    let stage = Stage::new("batches");
    let ids: Vec<OpenId> = (0..250).map(|n| OpenId::new(format!("AQAx{n}"))).collect();
    let found = stage.client.group_union_ids_of_open_ids(&ids).await;
    assert!(found.unwrap().is_empty(), "nobody has these ids");
    let log = stage.space.log();
    let calls = log
        .iter()
        .filter(|entry| entry.operation == Some("batch_get_group_union_ids"));
    assert_eq!(calls.count(), 3);
}

#[tokio::test]
async fn an_access_token_of_another_app_is_refused() {
    let stage = Stage::new("foreign-token");
    let code = stage
        .users
        .app_code(HuaweiOauth::SECOND_CLIENT_ID, HuaweiOauth::USER, "openid")
        .unwrap();
    let second = stage.users.app(HuaweiOauth::SECOND_CLIENT_ID).unwrap();
    let app = huawei_oauth::App::new(second.client_id.as_str(), second.client_secret.as_str());
    let other = huawei_oauth::Client::builder(app)
        .emulator(stage.space.url("huawei-oauth"))
        .transport(stage.tap.clone())
        .build()
        .unwrap();
    let signed_in = other
        .sign_in()
        .unwrap()
        .app_code(code)
        .send()
        .await
        .unwrap();
    let token = signed_in.tokens().access_token().clone();
    assert!(other.check_access_token(token.clone()).await.is_ok());
    let error = stage.client.check_access_token(token).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    // Nor does a token that stands for no user.
    let token = stage.client.get_app_token().await.unwrap().access_token;
    let error = stage.client.check_access_token(token).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    // Nor does its ID token sign in here.
    let id_token = signed_in.tokens().id_token().unwrap().clone();
    let error = stage
        .client
        .sign_in()
        .unwrap()
        .verify(id_token, None)
        .await
        .unwrap_err();
    assert_eq!(VerifyError::of(&error), Some(&VerifyError::Audience));
}

#[tokio::test]
async fn a_user_who_is_away_is_acted_for_until_consent_is_withdrawn() {
    let stage = Stage::new("away");
    let signed_in = stage.signed_in("openid profile").await;
    let refresh_token = signed_in.refresh_token().unwrap().clone();
    let tokens = stage.client.sign_in().unwrap().user_tokens(refresh_token);
    let user = stage.client.as_user(tokens);
    let info = GetUserInfo::default();
    user.get_user_info(&info).await.unwrap();
    stage
        .users
        .withdraw_consent(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER);
    let error = user.get_user_info(&info).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain, "{error:?}");
}

#[tokio::test]
async fn keys_of_the_next_day_are_found() {
    let stage = Stage::new("next-day");
    stage.signed_in("openid").await;
    stage.space.advance_clock(Duration::from_secs(86_400));
    stage.signed_in("openid").await;
}

/// Runs a receiver and returns its address and what it receives: header and body.
async fn receiver() -> (String, mpsc::UnboundedReceiver<(String, Bytes)>) {
    let (sender, received) = mpsc::unbounded_channel();
    let receive = move |headers: HeaderMap, body: Bytes| async move {
        let header = headers["authorization"].to_str().unwrap().to_owned();
        let _ = sender.send((header, body));
    };
    let router = Router::new().route("/events", post(receive));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/events"), received)
}

#[tokio::test]
async fn account_events_are_verified_and_arrive_once() {
    let stage = Stage::new("events");
    let (url, mut received) = receiver().await;
    let app: App = stage.users.app(HuaweiOauth::CLIENT_ID).unwrap();
    stage.users.add_app(app.events_url(url).events_as_list());
    let signed_in = stage.signed_in("openid profile").await;
    let events = stage.client.account_events().unwrap();

    stage
        .users
        .withdraw_consent(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER);
    let (header, body) = received.recv().await.unwrap();
    let told = events.receive(Some(&header), &body).await.unwrap();
    let [event] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(&event.user, signed_in.user());
    let Kind::TokensRevoked { scopes } = &event.kind else {
        panic!("{event:?}");
    };
    let scopes: BTreeSet<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    assert_eq!(scopes, BTreeSet::from(["openid", "profile"]));

    // The same once more, with a proof of its own.
    stage.users.redeliver_events();
    let (again, body) = received.recv().await.unwrap();
    assert_ne!(again, header);
    assert!(
        events
            .receive(Some(&again), &body)
            .await
            .unwrap()
            .is_empty()
    );
    // Handling failed, so it is let in again.
    events.forget(event);
    assert_eq!(events.receive(Some(&again), &body).await.unwrap().len(), 1);

    let error = events
        .receive(Some("Bearer a.b.c"), &body)
        .await
        .unwrap_err();
    assert!(VerifyError::of(&error).is_some());
    let log = stage.space.log();
    let fetched = log
        .iter()
        .filter(|entry| entry.operation == Some("get_risc_configuration"));
    assert_eq!(fetched.count(), 1);
}
