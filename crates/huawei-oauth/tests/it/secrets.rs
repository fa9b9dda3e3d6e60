//! Nothing that is secret is printed, by whatever holds it.

use auth_core::testing::{Reply, Script};
use huawei_oauth::model::{CreateDeviceCode, ExchangeCode, GetPhoneNumber, RevokeToken};
use huawei_oauth::{App, Client, ServiceAccount};
use serde_json::json;

use crate::scripted::{answering, claims, client, refusal, tokens};

const PEM: &str = include_str!("../data/rsa2048.pkcs8.pem");

#[tokio::test]
async fn credentials_clients_and_tokens_hide_their_secrets() {
    let file = json!({"key_id": "k", "sub_account": "100000002", "private_key": PEM});
    let account = ServiceAccount::parse(&file.to_string()).unwrap();
    let app = App::new("107408391", "hush-hush");
    let builder = Client::builder(app.clone()).agent(account.clone());
    let mut shown = format!("{app:?} {account:?} {builder:?}");
    let made = builder.build().unwrap();
    let merchant = made.for_merchant("1").unwrap();
    shown += &format!("{made:?} {merchant:?} {:?}", made.sign_in().unwrap());

    let answer = tokens(&claims(json!({})));
    let script = answering(&answer);
    let sign_in = client(&script).sign_in().unwrap();
    let code = sign_in.app_code("DwEEhush-hush");
    shown += &format!("{code:?}");
    let signed_in = sign_in.app_code("DwEE").send().await.unwrap();
    shown += &format!("{signed_in:?} {:?}", signed_in.token().unwrap());

    assert!(shown.contains("107408391"), "{shown}");
    for hidden in ["hush-hush", "DgEAAN7q", "DgECAL", "eyJ"] {
        assert!(!shown.contains(hidden), "{hidden}: {shown}");
    }
    for line in PEM.lines().filter(|line| line.len() > 30) {
        assert!(!shown.contains(line), "{shown}");
    }
}

#[test]
fn models_hide_their_secrets() {
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        ExchangeCode::new("hush").code_verifier("hush"),
        GetPhoneNumber::new("hush"),
        RevokeToken::new("hush"),
        CreateDeviceCode::new("1"),
    );
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn errors_of_token_calls_show_nothing_of_the_answer() {
    let odd = Reply::json(
        200,
        &json!({"access_token": ["hush"], "refresh_token": "hush"}),
    );
    let told = json!({"error": 1101, "sub_error": 20156, "error_description": "hush"});
    for reply in [
        odd,
        Reply::json(400, &told),
        Reply::text(200, "hush"),
        refusal(1, 2),
    ] {
        let script = Script::new().otherwise(reply);
        let client = client(&script);
        let sign_in = client.sign_in().unwrap();
        let by_oauth2 = sign_in.app_code("DwEE").send().await.unwrap_err();
        let generated = client
            .exchange_code(&ExchangeCode::new("DwEE"))
            .await
            .unwrap_err();
        for error in [by_oauth2, generated] {
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("hush") && !shown.contains("104, 117, 115"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_client_id_that_is_not_one_is_refused_before_anything_is_sent() {
    for id in ["", "my-app", " 107408391"] {
        assert!(Client::new(App::new(id, "s")).is_err(), "{id}");
    }
}
