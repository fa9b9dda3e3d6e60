//! What must not be seen: not in `Debug`, not in errors.

use std::time::{Duration, SystemTime};

use auth_core::testing::{Reply, Script};
use serde_json::json;
use welink_oauth::events::Receiver;
use welink_oauth::sign_in::Callback;
use welink_oauth::{AppSecret, Client, UserToken};

const HUSH: &str = "hush-hush";

#[track_caller]
fn assert_hidden(shown: &str) {
    assert!(!shown.contains(HUSH), "{shown}");
}

#[test]
fn credentials_hide_in_debug() {
    let app = AppSecret::new("id", HUSH);
    let builder = Client::builder(app.clone());
    let token = UserToken::new(HUSH, Duration::from_secs(60), SystemTime::UNIX_EPOCH).unwrap();
    let receiver = Receiver::new(HUSH).previous(HUSH);
    assert_hidden(&format!("{app:?} {builder:?} {token:?} {receiver:?}"));
    let client = builder.build().unwrap();
    let sign_in = client.sign_in().unwrap();
    let user = client.as_user(&token);
    let robot = client.as_robot(HUSH);
    assert_hidden(&format!("{client:?} {sign_in:?} {user:?} {robot:?}"));
    let redirect = sign_in
        .authorize("https://a.example")
        .unwrap()
        .begin()
        .unwrap();
    let state = redirect.pending.state().to_owned();
    assert!(!format!("{:?}", redirect.pending).contains(&state));
    let error = UserToken::new("hush-hush\n", Duration::ZERO, SystemTime::UNIX_EPOCH).unwrap_err();
    assert_hidden(&format!("{error} {error:?}"));
}

#[tokio::test(start_paused = true)]
async fn errors_of_a_sign_in_show_neither_address_nor_token() {
    for answer in [
        Reply::json(400, &json!({"code": "60010", "message": HUSH})),
        Reply::text(
            200,
            format!("{{\"code\":\"60001\",\"access_token\":[\"{HUSH}\"]}}"),
        ),
        Reply::text(200, format!("{{\"code\":\"60001\",\"token\":\"{HUSH}\"}}")),
        Reply::text(500, HUSH),
        Reply::fail(auth_core::Error::transport("the connection broke")),
    ] {
        let script = Script::new().otherwise(answer);
        let client = Client::builder(AppSecret::new("id", HUSH))
            .transport(script.transport())
            .build()
            .unwrap();
        let sign_in = client.sign_in().unwrap();
        let redirect = sign_in
            .authorize("https://a.example")
            .unwrap()
            .begin()
            .unwrap();
        let query = format!("code={HUSH}&state={}", redirect.pending.state());
        let Callback::Code(returned) = Callback::parse(&query).unwrap() else {
            panic!("a code");
        };
        let error = sign_in
            .accept(&redirect.pending, &returned)
            .await
            .unwrap_err();
        assert_hidden(&format!("{error} {error:?}"));
        let sent = script.requests().pop().unwrap();
        let query = sent.uri().query().unwrap().to_owned();
        assert!(query.contains(HUSH) && sent.body().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_tickets_show_no_secret() {
    for body in [
        json!({"code": "0", "access_token": {"a": HUSH}}),
        json!({"code": "411007", "message": HUSH}),
        json!({"code": "0"}),
    ] {
        let script = Script::new().otherwise(Reply::json(200, &body));
        let client = Client::builder(AppSecret::new("id", HUSH))
            .transport(script.transport())
            .build()
            .unwrap();
        let error = client.get_tenant().await.unwrap_err();
        assert_hidden(&format!("{error} {error:?}"));
    }
}
