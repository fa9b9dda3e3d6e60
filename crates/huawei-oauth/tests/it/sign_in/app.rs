//! From the code of an app: no redirect, no redirect_uri.

use auth_core::testing::{Reply, Script};
use auth_core::{Action, ErrorKind};
use huawei_oauth::OpenId;
use serde_json::json;

use crate::scripted::{CODE, answering, claims, client, form, tokens};

#[tokio::test]
async fn a_code_of_a_device_goes_without_redirect_uri() {
    let script = answering(&tokens(&claims(json!({"nonce": "n"}))));
    let sign_in = client(&script).sign_in().unwrap();
    let signed_in = sign_in.app_code(CODE).nonce("n").send().await.unwrap();
    assert_eq!(
        signed_in.user().open_id,
        Some(OpenId::from("AQAxrBzThFvDUMMYlv9tV_4rMCc"))
    );
    assert_eq!(signed_in.group_union_id(), None);
    let form = form(&script.requests()[0]);
    assert_eq!(form["code"], CODE);
    assert!(!form.contains_key("redirect_uri") && !form.contains_key("code_verifier"));
    assert!(!form.contains_key("need_group_union_id"));
}

#[tokio::test]
async fn the_id_in_the_account_group_comes_if_asked_for() {
    let mut answer = tokens(&claims(json!({})));
    answer["group_union_id"] = json!("AgAsmsA25yiLl");
    let script = answering(&answer);
    let sign_in = client(&script).sign_in().unwrap();
    let code = sign_in.app_code(CODE).with_group_union_id();
    let signed_in = code.send().await.unwrap();
    assert_eq!(
        signed_in.group_union_id().unwrap().as_str(),
        "AgAsmsA25yiLl"
    );
    assert_eq!(form(&script.requests()[0])["need_group_union_id"], "true");
}

#[tokio::test]
async fn an_answer_without_an_id_token_signs_nobody_in() {
    let answer = json!({"token_type": "Bearer", "access_token": "a", "expires_in": 3600});
    let script = Script::new().reply(Reply::json(200, &answer));
    let sign_in = client(&script).sign_in().unwrap();
    let error = sign_in.app_code(CODE).send().await.unwrap_err();
    assert!(error.to_string().contains("openid"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_code_is_never_sent_twice() {
    let script = Script::new()
        .reply(Reply::status(502))
        .otherwise(Reply::status(502));
    let sign_in = client(&script).sign_in().unwrap();
    let error = sign_in.app_code(CODE).send().await.unwrap_err();
    assert!(error.may_have_taken_effect());
    let error = client(&script).quick_login(CODE).await.unwrap_err();
    assert!(error.may_have_taken_effect());
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn one_click_login_sends_the_plain_code_as_json() {
    let number = json!({
        "openId": "O", "unionId": "U", "phoneNumber": "008611136000008",
        "phoneNumberValid": "1", "purePhoneNumber": "11136000008", "phoneCountryCode": "0086",
    });
    let script = Script::new()
        .reply(Reply::json(200, &number))
        .reply(Reply::json(
            200,
            &json!({"resultCode": 60_180_005, "resultDesc": "used"}),
        ))
        .reply(Reply::json(
            200,
            &json!({"resultCode": 60_180_008, "resultDesc": "none"}),
        ));
    let client = client(&script);
    let answer = client.quick_login(CODE).await.unwrap();
    assert_eq!(answer.number().unwrap().e164(), "+8611136000008");
    let sent: serde_json::Value = serde_json::from_slice(script.requests()[0].body()).unwrap();
    assert_eq!(sent["code"], CODE);
    assert_eq!(sent["clientId"], "107408391");
    let used = client.quick_login(CODE).await.unwrap_err();
    assert_eq!(used.action(), Action::SignInAgain);
    let none = client.quick_login(CODE).await.unwrap_err();
    assert_eq!(
        (none.kind(), none.action()),
        (ErrorKind::Api, Action::DropTarget)
    );
}
