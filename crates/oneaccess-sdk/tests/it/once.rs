//! What is never sent again by itself: logins, and calls that a signature names.

use std::sync::atomic::{AtomicUsize, Ordering};

use oneaccess_sdk::{Action, Result};
use serde_json::json;

use crate::fake::Fake;

/// Too many calls: what is sent again whatever it does, because the platform has not acted.
fn busy() -> (u16, String) {
    (
        429,
        r#"{"error_code":"X.1","error_msg":"too many"}"#.to_owned(),
    )
}

#[tokio::test(start_paused = true)]
async fn no_login_is_sent_again() {
    let fake = Fake::new(|_| busy());
    let phone = fake.phone();
    let social = phone.bind_or_register("state");
    let outcomes: [Result<_>; 7] = [
        phone.login_by_password("zhangsan", "wrong").await,
        phone.login_by_mobile_code("13800000001", "123456").await,
        phone.login_by_wechat("code").await,
        phone.login_by_alipay("code").await,
        phone.password_expired("state").update("old", "new").await,
        phone
            .second_factor("state")
            .verify_sms("13800000001", "1")
            .await,
        social.bind_by_password("zhangsan", "wrong").await,
    ];
    for outcome in &outcomes {
        assert_eq!(outcome.as_ref().unwrap_err().action(), Action::Backoff);
    }
    assert_eq!(fake.sent().len(), outcomes.len());
    // What reads alone is.
    assert!(phone.list_country_codes().await.is_err());
    assert_eq!(fake.sent().len(), outcomes.len() + 3);
}

#[tokio::test(start_paused = true)]
async fn no_signature_is_sent_twice() {
    let key = include_str!("../../../auth-core/tests/data/rsa2048.public.pem");
    let calls = AtomicUsize::new(0);
    let fake = Fake::new(move |sent| match &*sent.path {
        "/api/v2/sdk/public-key" => (200, json!({"public_key": key}).to_string()),
        "/api/v2/sdk/server-date" => (200, json!({"timestamp": "1628496800000"}).to_string()),
        _ if calls.fetch_add(1, Ordering::Relaxed) == 0 => busy(),
        _ => (200, json!({"user_name": "zhangsan"}).to_string()),
    });
    let session = fake.phone().session("session", None);
    let signed_in = session.by_signature().await.unwrap();
    let error = signed_in.profile().await.unwrap_err();
    assert!(error.is_retryable());
    signed_in.profile().await.unwrap();
    let sent = fake.sent();
    let named = sent.iter().filter(|sent| sent.path.ends_with("/profile"));
    let signatures: Vec<_> = named.map(|sent| sent.header("x-signature")).collect();
    assert_eq!(signatures.len(), 2);
    assert_ne!(signatures[0], signatures[1]);
}
