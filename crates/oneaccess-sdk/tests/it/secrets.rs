//! Nothing that holds a secret shows it.

use std::sync::Mutex;
use std::time::SystemTime;

use auth_core::{Secret, SecretSource};
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
        application.clone(),
        "acme.huaweioneaccess.com",
    ));
    let client = Client::new(application, "acme.huaweioneaccess.com").unwrap();
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

/// A vault that has the secrets one after the other.
fn vault(mut secrets: Vec<&'static str>) -> SecretSource {
    secrets.reverse();
    let secrets = Mutex::new(secrets);
    SecretSource::vault(move || {
        let secret = secrets.lock().unwrap().pop().expect("another secret");
        async move { Ok(Secret::new(secret)) }
    })
}

#[tokio::test]
async fn event_secrets_that_change_are_taken_up_and_those_before_still_pass() {
    const TOKENS: [&str; 3] = ["token-1", "token-2", "token-3"];
    const SIGNATURES: [&str; 3] = ["signature-1", "signature-2", "signature-3"];
    const KEYS: [&str; 3] = ["0123456789abcde1", "0123456789abcde2", "0123456789abcde3"];
    let sources = [TOKENS, SIGNATURES, KEYS].map(|secrets| vault(secrets.to_vec()));
    let [token, signature, key] = &sources;
    let secrets = Secrets::new(token.clone()).signature_key(signature.clone());
    let secrets = secrets
        .encryption_key(key.clone(), Encryption::Gcm)
        .unwrap();
    let receiver = Receiver::new(secrets);
    let opens = |version: usize| {
        let sender = Secrets::new(TOKENS[version]).signature_key(SIGNATURES[version]);
        let sender = sender
            .encryption_key(KEYS[version], Encryption::Gcm)
            .unwrap();
        let data = sender.encrypt("a text").unwrap();
        let body = json!({
            "nonce": "n", "timestamp": "1", "eventType": "CHECK_URL", "data": data,
            "signature": sender.sign("n", "1", "CHECK_URL", &data),
        });
        let authorization = format!("Bearer {}", TOKENS[version]);
        let body = body.to_string();
        let opened = receiver.open(
            Some(&authorization),
            body.as_bytes(),
            SystemTime::UNIX_EPOCH,
        );
        let Ok(delivery) = opened else { return false };
        // The reply is encrypted with the key that the event came with.
        let echo = delivery.echo().unwrap().unwrap().data.unwrap();
        assert_eq!(sender.decrypt(&echo).unwrap(), "a text");
        true
    };
    let passing = || (0..3).filter(|version| opens(*version)).collect::<Vec<_>>();
    assert!(passing().is_empty(), "not asked yet");
    for expected in [vec![0], vec![0, 1], vec![1, 2]] {
        for source in &sources {
            source.refresh().await.unwrap();
        }
        assert_eq!(passing(), expected);
    }
}
