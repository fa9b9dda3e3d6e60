//! Service providers that act for a merchant, with a signed assertion.

use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::{Emulator, Space};
use serde_json::{Value, json};

use super::{refused, text};
use crate::client::{Answer, Signer, post};
use crate::push::now_s;

const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/agent/token";
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn assertion(space: &Space, header: Value, change: Value) -> String {
    let signer = Signer::new(&space.huawei_oauth().agent_key_json());
    let now = now_s(space);
    let mut claims = json!({
        "iss": HuaweiOauth::AGENT_ID, "sub": HuaweiOauth::CLIENT_ID, "aud": AUDIENCE,
        "iat": now, "exp": now + 3600,
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    signer.jwt_with(header, claims)
}

async fn ask(space: &Space, path: &str, assertion: &str, mut body: Value) -> Answer {
    body["client_assertion_type"] = json!(KIND);
    body["client_assertion"] = json!(assertion);
    post(format!(
        "{}/oauth2/agent/v1/{path}",
        space.url("huawei-oauth")
    ))
    .header("x-client-id", HuaweiOauth::CLIENT_ID)
    .header("x-agent-client-id", HuaweiOauth::AGENT_ID)
    .json(&body)
    .send()
    .await
}

#[tokio::test]
async fn an_agent_gets_tokens_of_the_app_and_of_its_users() {
    let emulator = Emulator::start().await.unwrap();
    let good = assertion(&emulator, json!({}), json!({}));
    let app = json!({"grant_type": "client_credentials"});
    let tokens = ask(&emulator, "client-token", &good, app).await.json();
    assert!(text(&tokens, "access_token").starts_with("DgEA"));
    let users = emulator.huawei_oauth();
    let code = users
        .app_code(HuaweiOauth::CLIENT_ID, "anna", "openid")
        .unwrap();
    let by_code = json!({"grant_type": "authorization_code", "code": code});
    let tokens = ask(&emulator, "access-token", &good, by_code.clone())
        .await
        .json();
    refused(
        &ask(&emulator, "access-token", &good, by_code).await,
        1101,
        20156,
    );
    let refresh_token = text(&tokens, "refresh_token");
    let by_token = json!({"grant_type": "refresh_token", "refresh_token": refresh_token});
    let again = ask(&emulator, "access-token/refresh", &good, by_token)
        .await
        .json();
    assert_ne!(again["access_token"], tokens["access_token"]);
    let nobody = json!({"grant_type": "refresh_token", "refresh_token": "DgEC"});
    refused(
        &ask(&emulator, "access-token/refresh", &good, nobody).await,
        1203,
        31202,
    );
}

#[tokio::test]
async fn an_assertion_is_verified() {
    let emulator = Emulator::start().await.unwrap();
    let now = now_s(&emulator);
    let app = json!({"grant_type": "client_credentials"});
    let cases = [
        (json!({"alg": "RS256"}), json!({})),
        (json!({"alg": "none"}), json!({})),
        (json!({"kid": "unknown"}), json!({})),
        (json!({}), json!({"iss": "210000009"})),
        (json!({}), json!({"sub": HuaweiOauth::SECOND_CLIENT_ID})),
        (
            json!({}),
            json!({"aud": "https://oauth-login.cloud.huawei.com/oauth2/v3/token"}),
        ),
        (json!({}), json!({"iat": now - 3700, "exp": now - 100})),
        (json!({}), json!({"exp": now + 3700})),
        (json!({}), json!({"iat": now + 400, "exp": now + 500})),
        (json!({}), json!({"exp": null})),
    ];
    for (header, change) in cases {
        let token = assertion(&emulator, header.clone(), change.clone());
        let answer = ask(&emulator, "client-token", &token, app.clone()).await;
        assert_eq!(answer.status, 400, "{header} {change}");
        refused(&answer, 1203, 12304);
    }
    let forged = assertion(&emulator, json!({}), json!({}));
    let (head, _) = forged.rsplit_once('.').unwrap();
    refused(
        &ask(
            &emulator,
            "client-token",
            &format!("{head}.AAAA"),
            app.clone(),
        )
        .await,
        1203,
        12304,
    );
    refused(
        &ask(&emulator, "client-token", "nonsense", app.clone()).await,
        1203,
        12304,
    );
    let mut other = emulator.huawei_oauth().app(HuaweiOauth::CLIENT_ID).unwrap();
    other.client_id = "209".to_owned();
    emulator.huawei_oauth().add_app(other);
    let url = format!(
        "{}/oauth2/agent/v1/client-token",
        emulator.url("huawei-oauth")
    );
    let stranger = assertion(&emulator, json!({}), json!({"sub": "209"}));
    let body = json!({
        "grant_type": "client_credentials", "client_assertion_type": KIND,
        "client_assertion": stranger,
    });
    let call = post(url)
        .header("x-client-id", "209")
        .header("x-agent-client-id", HuaweiOauth::AGENT_ID);
    refused(&call.json(&body).send().await, 1203, 12304);
}
