//! Account events: what HUAWEI ID tells an app, and how the app knows who tells it.

use std::time::Duration;

use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::{Emulator, Space};
use serde_json::Value;

use super::jwt::{part, verified};
use super::{nsp, refresh, refused, send, signed_in, text};
use crate::client::{call, get};
use crate::receiver::{Receiver, Taken};

const REVOKED: &str = "https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked";
const PURGED: &str = "https://schemas.openid.net/secevent/risc/event-type/account-purged";
const PHONE: &str = "https://schemas.openid.net/secevent/oauth/event-type/phone-modified";

/// Checks who called as a receiver has to: by the configuration, the keys, issuer and audience.
async fn proven(space: &Space, taken: &Taken) {
    let url = space.url("huawei-oauth");
    let found = get(format!(
        "{url}/v1beta/public/risc/.well-known/risc-configuration"
    ))
    .send()
    .await;
    let found = found.json();
    let keys = get(text(&found, "jwks_uri")).send().await.json();
    let header = taken.headers["authorization"].to_str().unwrap();
    let claims = verified(header.strip_prefix("Bearer ").unwrap(), &keys);
    assert_eq!(claims["iss"], found["issuer"]);
    assert_eq!(claims["aud"], HuaweiOauth::CLIENT_ID);
    assert!(claims["exp"].as_i64().unwrap() > crate::push::now_s(space));
}

async fn listening(space: &Space, as_list: bool) -> Receiver {
    let receiver = Receiver::start().await;
    let users = space.huawei_oauth();
    let mut app = users
        .app(HuaweiOauth::CLIENT_ID)
        .unwrap()
        .events_url(&receiver.url);
    if as_list {
        app = app.events_as_list();
    }
    users.add_app(app);
    receiver
}

#[tokio::test]
async fn a_withdrawn_consent_ends_the_tokens_and_is_told_to_the_app() {
    let emulator = Emulator::start().await.unwrap();
    let space = emulator.space("events");
    let mut receiver = listening(&space, false).await;
    let tokens = signed_in(&space, "anna", "openid email").await;
    let users = space.huawei_oauth();
    users.withdraw_consent(HuaweiOauth::CLIENT_ID, "anna");
    let taken = receiver.next().await;
    proven(&space, &taken).await;
    let event = &taken.body;
    assert_eq!(
        (text(event, "iss"), text(event, "aud")),
        ("id.cloud.huawei.com", HuaweiOauth::CLIENT_ID)
    );
    let subject = &event["events"][REVOKED]["subject"];
    assert_eq!(
        subject["sub"],
        users.union_id(HuaweiOauth::CLIENT_ID, "anna")
    );
    assert_eq!(
        subject["extra"],
        users.open_id(HuaweiOauth::CLIENT_ID, "anna")
    );
    assert_eq!(
        event["events"][REVOKED]["scopes"],
        serde_json::json!(["email", "openid"])
    );
    refused(
        &refresh(&space, text(&tokens, "refresh_token")).await,
        1203,
        31204,
    );
    let pairs = [("access_token", text(&tokens, "access_token"))];
    nsp(
        &send(&space, "/rest.php?nsp_svc=GOpen.User.getInfo", &pairs).await,
        "6",
    );
    // The same event once more has the same id, and a proof of its own.
    users.redeliver_events();
    let again = receiver.next().await;
    assert_eq!(again.body["jti"], event["jti"]);
    assert_ne!(
        again.headers["authorization"],
        taken.headers["authorization"]
    );
    // The other app of the developer was told nothing: it has no address, and no sign-in.
    let sent = space.sent_callbacks();
    assert!(
        sent.iter()
            .all(|sent| sent.operation == "on_account_events")
    );
}

#[tokio::test]
async fn a_closed_account_and_a_new_phone_number_are_told_as_a_list_if_wished() {
    let emulator = Emulator::start().await.unwrap();
    let mut receiver = listening(&emulator, true).await;
    signed_in(&emulator, HuaweiOauth::USER, "openid quickLoginMobilePhone").await;
    signed_in(&emulator, "anna", "openid").await;
    let users = emulator.huawei_oauth();
    // Anna never gave her number to the app.
    users.change_phone("anna", "9000000044").unwrap();
    users
        .change_phone(HuaweiOauth::USER, "19100000009")
        .unwrap();
    let taken = receiver.next().await;
    proven(&emulator, &taken).await;
    let one = |taken: &Taken, kind: &str| -> Value {
        let events = taken.body.as_array().expect("a list was wished for");
        assert_eq!(events.len(), 1);
        events[0]["events"][kind]["subject"].clone()
    };
    let union_id = users.union_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER);
    assert_eq!(one(&taken, PHONE)["sub"], union_id);
    users.close_account("anna").unwrap();
    let purged = one(&receiver.next().await, PURGED);
    assert_eq!(
        purged["sub"],
        users.union_id(HuaweiOauth::CLIENT_ID, "anna")
    );
    assert!(users.user("anna").is_none());
    assert!(users.close_account("anna").is_err());
}

#[tokio::test]
async fn the_keys_of_events_are_not_those_of_id_tokens_and_change_every_day() {
    let emulator = Emulator::start().await.unwrap();
    let mut receiver = listening(&emulator, false).await;
    signed_in(&emulator, "anna", "openid").await;
    emulator
        .huawei_oauth()
        .withdraw_consent(HuaweiOauth::CLIENT_ID, "anna");
    let taken = receiver.next().await;
    let kid = |taken: &Taken| {
        let header = taken.headers["authorization"].to_str().unwrap().to_owned();
        part(header.strip_prefix("Bearer ").unwrap(), 0)["kid"].clone()
    };
    let first = kid(&taken);
    assert!(super::jwt::key(&super::jwt::key_set(&emulator).await, &first).is_none());
    emulator.advance_clock(Duration::from_secs(86_400));
    emulator.huawei_oauth().redeliver_events();
    assert_ne!(kid(&receiver.next().await), first);
}

#[tokio::test]
async fn other_programs_have_the_control_api() {
    let emulator = Emulator::start().await.unwrap();
    let mut receiver = Receiver::start().await;
    let root = format!("{}/_emulator/huawei-oauth", emulator.base_url());
    let send = async |method: &'static str, path: &str, body: Value| {
        call(method, format!("{root}/{path}"))
            .json(&body)
            .send()
            .await
    };
    let app = serde_json::json!({
        "client_id": "77", "client_secret": "s", "redirect_uris": [super::BACK],
        "events_url": receiver.url,
    });
    assert_eq!(send("POST", "apps", app).await.status, 204);
    let user = serde_json::json!({"id": "bob", "nickname": "Bob", "phone": "19200000000"});
    assert_eq!(send("POST", "users", user).await.status, 204);
    let code = serde_json::json!({"client_id": "77", "user": "bob", "kind": "quick_login"});
    let code = send("POST", "codes", code).await.json();
    let url = format!(
        "{}/oauth2/v6/quickLogin/getPhoneNumber",
        emulator.url("huawei-oauth")
    );
    let body = serde_json::json!({"code": code["code"], "clientId": "77", "clientSecret": "s"});
    let answer = crate::client::post(url).json(&body).send().await;
    assert_eq!(answer.json()["purePhoneNumber"], "19200000000");
    let code = serde_json::json!({"client_id": "77", "user": "bob", "scope": "openid phone"});
    let code = send("POST", "codes", code).await.json();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", text(&code, "code")),
        ("client_id", "77"),
        ("client_secret", "s"),
    ];
    assert_eq!(
        super::send(&emulator, "/oauth2/v3/token", &pairs)
            .await
            .status,
        200
    );
    let lists = ["users", "apps", "sign-ins"];
    for (list, count) in lists.into_iter().zip([5, 4, 1]) {
        let list = get(format!("{root}/{list}")).send().await.json();
        assert_eq!(list.as_array().unwrap().len(), count);
    }
    let phone = serde_json::json!({"phone": "19200000001"});
    assert_eq!(send("PUT", "users/bob/phone", phone).await.status, 204);
    assert!(receiver.next().await.body["events"].get(PHONE).is_some());
    let withdraw = serde_json::json!({"client_id": "77"});
    assert_eq!(
        send("POST", "users/bob/withdraw", withdraw).await.status,
        204
    );
    assert!(receiver.next().await.body["events"].get(REVOKED).is_some());
    assert_eq!(
        call("DELETE", format!("{root}/users/bob"))
            .send()
            .await
            .status,
        204
    );
    assert!(receiver.next().await.body["events"].get(PURGED).is_some());
    assert_eq!(
        call("DELETE", format!("{root}/users/bob"))
            .send()
            .await
            .status,
        404
    );
    let lives = serde_json::json!({"access_token_s": 7});
    assert_eq!(send("PUT", "lifetimes", lives).await.status, 204);
    assert_eq!(
        signed_in(&emulator, "anna", "openid").await["expires_in"],
        7
    );
    let scan = serde_json::json!({"decision": "scan"});
    assert_eq!(send("POST", "device/NOTACODE", scan).await.status, 409);
    assert_eq!(
        send("POST", "codes", serde_json::json!({"user": "nobody"}))
            .await
            .status,
        409
    );
    let page = get(emulator.base_url()).send().await;
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(
        page.contains("<h2>huawei-oauth</h2>") && page.contains("Anna"),
        "{page}"
    );
    let tokens = signed_in(&emulator, "anna", "openid").await;
    assert!(!page.contains(text(&tokens, "access_token")));
}
