//! Nothing that holds a secret shows it.

use auth_core::Secret;
use oneaccess_sdk::events::{Encryption, Receiver, Secrets};
use oneaccess_sdk::model::LoginByPassword;
use oneaccess_sdk::{Application, Client};
use serde_json::json;

use crate::fake::{Fake, device};

#[track_caller]
fn check(shown: &impl std::fmt::Debug) {
    let text = format!("{shown:?} {shown:#?}");
    assert!(!text.contains("hush"), "{text}");
}

#[tokio::test]
async fn nothing_shows_its_secret() {
    let application = Application::new("id", "hush");
    check(&application);
    check(&Client::builder(
        "acme.huaweioneaccess.com",
        application.clone(),
    ));
    let client = Client::new("acme.huaweioneaccess.com", application).unwrap();
    check(&client);
    let view = client.with_state_token("hush").with_signature("hush");
    check(&view.on(device()));
    check(&LoginByPassword::new("name", "hush"));
    let secrets = Secrets::new("hush")
        .signature_key("hush")
        .encryption_key("hushhushhushhush", Encryption::Gcm)
        .unwrap();
    check(&secrets);
    check(&Receiver::new(secrets));
    check(
        &client
            .on(device())
            .session("hush", Some(Secret::new("hush"))),
    );
    check(&client.on(device()).second_factor("hush"));
    check(&client.on(device()).password_expired("hush"));
    check(&client.on(device()).password_warning("hush"));
    check(&client.on(device()).bind_or_register("hush"));
}

#[tokio::test]
async fn logins_and_their_errors_show_no_token() {
    let statuses = [
        "SUCCESS",
        "PASSWORD_WARN",
        "PASSWORD_EXPIRED",
        "MFA_AUTH",
        "SOCIAL_BIND",
        "USER_REGISTER",
        "ACCESS_DENIED",
        "NEWER",
    ];
    for status in statuses {
        let answer = json!({
            "status": status, "session_token": "hush", "state_token": "hush", "id_token": "hush",
            "expire": 1,
        });
        let fake = Fake::new(move |_| (200, answer.to_string()));
        let login = fake
            .phone()
            .login_by_password("name", "hush")
            .await
            .unwrap();
        check(&login);
        let _ = login.success().map_err(|error| check(&error));
    }
    for (status, body) in [
        (200, r#"{"status":1,"session_token":"hush"}"#),
        (500, "hush"),
    ] {
        let fake = Fake::new(move |_| (status, body.to_owned()));
        let error = fake.phone().login_by_wechat("hush").await.unwrap_err();
        check(&error);
        assert!(!error.to_string().contains("hush"));
    }
}

#[tokio::test]
async fn the_secret_travels_by_basic_alone() {
    let sent = crate::samples::token_request().await;
    assert_eq!(sent.query, "");
    let text = String::from_utf8_lossy(&sent.raw).into_owned();
    assert_eq!(text, "grant_type=client_credentials");
    assert!(sent.header("authorization").starts_with("Basic "));
}
