//! What people do who are logged in, and what other servers learn of them.

use std::time::{Duration, SystemTime};

use auth_core::{Action, ErrorKind};
use huawei_emulator::oneaccess_sdk::{Application, OneAccess, TicketShape};
use oneaccess_sdk::model::{ChangePasswordByCode, EmailCodeType, SmsType, UpdateProfile};
use oneaccess_sdk::{Device, LoginTokens, SignatureKey, SignedIn};

use super::{Stage, success};

const MOBILE: &str = "13800000001";

/// What works by either proof.
async fn check(person: SignedIn) {
    let profile = person.profile().await.unwrap();
    assert_eq!(profile.user_name.as_deref(), Some("zhangsan"));
    let change = UpdateProfile::default().attr_nick_name("三哥");
    person.update_profile(&change).await.unwrap();
    let profile = person.profile().await.unwrap();
    assert_eq!(profile.attr_nick_name.as_deref(), Some("三哥"));
    assert_eq!(
        person.check_password_exists().await.unwrap().is_set_pwd,
        Some(true)
    );
    let accounts = person.social_accounts().await.unwrap().social;
    assert_eq!(accounts[0].social_uid.as_deref(), Some("zhangsan"));
    person
        .unbind_social_account(accounts[0].id.as_str())
        .await
        .unwrap();
    assert!(person.social_accounts().await.unwrap().social.is_empty());
    person.logout().await.unwrap();
}

#[tokio::test]
async fn an_id_token_names_the_person() {
    let stage = Stage::new("by_id_token");
    let session = stage.session().await;
    check(session.by_id_token().unwrap()).await;
    let ended = session.sso_ticket().await.unwrap_err();
    assert_eq!(ended.action(), Action::SignInAgain);
}

#[tokio::test]
async fn a_signature_names_the_person() {
    let stage = Stage::new("by_signature");
    let session = stage.session().await;
    let person = session.by_signature().await.unwrap();
    let id_token = person.refresh_id_token().await.unwrap();
    let tokens = LoginTokens::from_pem(&stage.platform.public_key_pem()).unwrap();
    let user = tokens.verify(id_token.expose(), stage.space.now()).unwrap();
    assert_eq!(user.user_name.as_deref(), Some("zhangsan"));
    check(person.clone()).await;
    let ended = person.profile().await.unwrap_err();
    assert_eq!(ended.action(), Action::SignInAgain);
}

#[tokio::test]
async fn a_signature_is_new_for_every_call_and_dies_with_its_minutes() {
    let stage = Stage::new("replay");
    let session = stage.session().await;
    let client = &stage.client;
    let phone = stage.phone();
    let key = client.get_public_key(phone.headers()).await.unwrap();
    let key = SignatureKey::parse(&key.public_key).unwrap();
    let time = client.get_server_time(phone.headers()).await.unwrap();
    let signature = key.sign(session.token(), &time.timestamp).unwrap();
    assert_eq!(signature.expose().len() % 4, 0);
    let view = client.with_signature(signature);
    view.get_profile(phone.headers()).await.unwrap();
    let replayed = view.get_profile(phone.headers()).await.unwrap_err();
    assert_eq!(replayed.api().unwrap().code, "SDK.COMMON.1006");

    let signature = key.sign(session.token(), &time.timestamp).unwrap();
    stage.space.advance_clock(Duration::from_secs(301));
    let old = client
        .with_signature(signature)
        .get_profile(phone.headers())
        .await;
    assert_eq!(old.unwrap_err().action(), Action::SignInAgain);
    let other = client.with_signature("bm90IGVuY3J5cHRlZA==");
    let error = other.get_profile(phone.headers()).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "SDK.COMMON.1004");
}

#[tokio::test]
async fn passwords_numbers_and_addresses_are_changed() {
    let stage = Stage::new("changes");
    let person = stage.session().await.by_id_token().unwrap();
    person
        .change_password(OneAccess::PASSWORD, "Better-than-1")
        .await
        .unwrap();
    let code = stage.sms(MOBILE, SmsType::ChangePwdSms).await;
    let change = ChangePasswordByCode::new(code, "Better-than-2");
    person.change_password_by_mobile(&change).await.unwrap();

    let mail = async |email: &str, kind| {
        let proof = stage.proof(email).await;
        stage
            .phone()
            .send_email_code(email, kind, proof)
            .await
            .unwrap();
        stage.platform.code(email).unwrap()
    };
    let code = mail("zhangsan@example.com", EmailCodeType::ChangePwdEms).await;
    let change = ChangePasswordByCode::new(code, "Better-than-3");
    person.change_password_by_email(&change).await.unwrap();
    let login = stage
        .phone()
        .login_by_password("zhangsan", "Better-than-3")
        .await;
    success(login.unwrap());

    let code = mail("new@example.com", EmailCodeType::UpdateEmailEms).await;
    person.update_email("new@example.com", code).await.unwrap();
    let code = stage.sms("13900000001", SmsType::UpdateMobileSms).await;
    person.update_mobile("13900000001", code).await.unwrap();
    let profile = person.profile().await.unwrap();
    assert_eq!(profile.email.as_deref(), Some("new@example.com"));
    assert_eq!(profile.mobile.as_deref(), Some("13900000001"));
}

#[tokio::test]
async fn a_proof_that_a_call_does_not_take_is_refused_before_anything_is_sent() {
    let stage = Stage::new("proofs");
    let session = stage.session().await;
    let person = session.by_id_token().unwrap();
    let before = stage.space.request_count();
    let error = person.refresh_id_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("by_signature"), "{error}");
    assert_eq!(stage.space.request_count(), before);
}

#[tokio::test]
async fn a_ticket_names_the_person_once_whatever_its_shape() {
    let stage = Stage::new("tickets");
    let session = stage.session().await;
    for shape in [TicketShape::Nested, TicketShape::Data, TicketShape::Flat] {
        stage.platform.set_ticket_shape(shape);
        let user = session.user().await.unwrap();
        assert_eq!(user.user_name.as_deref(), Some("zhangsan"), "{shape:?}");
        assert_eq!(user.mobile.as_deref(), Some(MOBILE));
        assert!(user.id.is_some());
    }
    let ticket = session.sso_ticket().await.unwrap();
    assert_eq!(ticket.expires_in, Some(Duration::from_secs(300)));
    let phone = stage.phone();
    phone.verify_sso_ticket(&ticket.ticket).await.unwrap();
    let again = phone.verify_sso_ticket(&ticket.ticket).await.unwrap_err();
    assert_eq!(again.action(), Action::SignInAgain);
}

#[tokio::test]
async fn a_ticket_is_bound_to_the_device_of_the_login() {
    let stage = Stage::new("devices");
    let session = stage.session().await;
    let other = stage
        .client
        .on(Device::new("iOS 17", "another", "agent").ip("10.0.0.1"));
    assert!(other.create_sso_ticket(session.token()).await.is_err());
    let without_ip = stage.client.on(Device::new("iOS 17", "another", "agent"));
    let error = without_ip
        .create_sso_ticket(session.token())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("Device::ip"), "{error}");
}

#[tokio::test]
async fn a_session_is_renewed_and_ends_in_time() {
    let stage = Stage::new("renewal");
    let session = stage.session().await;
    let renewed = session.refresh().await.unwrap();
    assert_ne!(renewed.token(), session.token());
    assert!(session.refresh().await.is_err());
    renewed.user().await.unwrap();
    let kept = stage.phone().session(renewed.token().clone(), None);
    kept.user().await.unwrap();
    stage.space.advance_clock(Duration::from_secs(43_201));
    assert_eq!(kept.user().await.unwrap_err().action(), Action::SignInAgain);
}

#[tokio::test]
async fn a_login_may_give_no_id_token() {
    let stage = Stage::new("without");
    let mut application: Application = stage.platform.application(OneAccess::CLIENT_ID).unwrap();
    application.gives_id_tokens = false;
    stage.platform.add_application(application);
    let session = stage.session().await;
    assert!(session.id_token().is_none());
    assert_eq!(session.by_id_token().unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn the_id_token_of_a_login_is_read_through_its_text() {
    let stage = Stage::new("claims");
    let session = stage.session().await;
    let tokens = LoginTokens::from_pem(&stage.platform.public_key_pem()).unwrap();
    let id_token = session.id_token().unwrap().expose();
    let person = tokens.verify(id_token, stage.space.now()).unwrap();
    assert_eq!(person.mobile.as_deref(), Some(MOBILE));
    assert_eq!(person.name.as_deref(), Some("张三"));
    let late = stage.space.now() + Duration::from_secs(3 * 3600);
    assert_eq!(
        tokens.verify(id_token, late).unwrap_err().action(),
        Action::SignInAgain
    );
    assert!(tokens.verify(id_token, SystemTime::UNIX_EPOCH).is_err());
}
