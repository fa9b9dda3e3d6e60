//! On websites: address, way back, exchange, refresh, revoke.

use std::time::Duration;

use auth_core::seal::Sealer;
use auth_core::testing::{Reply, Script};
use auth_core::{Action, ErrorKind, Secret};
use http::Method;
use huawei_oauth::model::DisplayMode;
use huawei_oauth::sign_in::{Callback, Redirect, Returned};
use huawei_oauth::{PendingSignIn, RefreshToken};
use proptest::prelude::*;
use serde_json::json;

use crate::scripted::{
    CLIENT_ID, CODE, SECRET, answering, claims, client, form, now, pairs, refusal, tokens,
};

const BACK: &str = "https://www.thirdwebdemo.com/redirect_url";

fn begin(script: &Script) -> Redirect {
    let sign_in = client(script).sign_in().unwrap();
    sign_in.authorize(BACK).scope("profile").begin().unwrap()
}

#[test]
fn the_address_asks_for_openid_and_carries_state_nonce_and_pkce() {
    let sign_in = client(&Script::new()).sign_in().unwrap();
    let redirect = sign_in
        .authorize(BACK)
        .scope("profile")
        .offline()
        .display(DisplayMode::Touch)
        .lang("zh-cn")
        .begin()
        .unwrap();
    let (base, query) = redirect.url.split_once('?').unwrap();
    assert_eq!(
        base,
        "https://oauth-login.cloud.huawei.com/oauth2/v3/authorize"
    );
    let query = pairs(query);
    assert_eq!(query["client_id"], CLIENT_ID);
    assert_eq!(query["scope"], "openid profile");
    assert_eq!(query["access_type"], "offline");
    assert_eq!(query["display"], "touch");
    assert_eq!(query["lang"], "zh-cn");
    assert_eq!(query["state"], redirect.pending.state());
    assert_eq!(Some(query["nonce"].as_str()), redirect.pending.nonce());
    assert_eq!(query["code_challenge_method"], "S256");
}

#[tokio::test]
async fn a_user_is_signed_in_on_another_replica() {
    let sealer = Sealer::new(&[7; 32]);
    let Redirect { pending, .. } = begin(&Script::new());
    let cookie = pending.seal(&sealer);
    let later = now() + Duration::from_secs(60);
    let pending = PendingSignIn::open(&sealer, &cookie, later, PendingSignIn::MAX_AGE).unwrap();

    let nonce = json!({"nonce": pending.nonce(), "display_name": "Jack"});
    let script = answering(&tokens(&claims(nonce)));
    let sign_in = client(&script).sign_in().unwrap();
    let address = format!(
        "/redirect_url?code=DwEEABlWuXdOMrHW%2Fzgbz%2BDUMMY%3D%3D&state={}",
        pending.state()
    );
    let Callback::Code(returned) = Callback::parse(&address) else {
        panic!("a code came back");
    };
    let signed_in = sign_in.finish(&pending, &returned).await.unwrap();
    assert_eq!(
        signed_in.user().key().unwrap().as_str(),
        "AQAxrB1HNADUMMYn-IfWRSUVq2M7xU"
    );
    assert_eq!(signed_in.claims().display_name.as_deref(), Some("Jack"));
    assert_eq!(
        signed_in.token().unwrap().lifetime(),
        Duration::from_secs(3600)
    );
    assert!(signed_in.refresh_token().is_some());
    script.verify();

    let form = form(&script.requests()[0]);
    assert_eq!(form["code"], CODE);
    assert_eq!(form["redirect_uri"], BACK);
    assert_eq!(form["client_secret"], SECRET);
    assert_eq!(form["code_verifier"], pending.verifier().unwrap().expose());
    assert_eq!(form["supportAlg"], "PS256");
}

#[tokio::test]
async fn another_state_or_nonce_is_another_sign_in() {
    let Redirect { pending, .. } = begin(&Script::new());
    let script = answering(&tokens(&claims(json!({"nonce": "another"}))));
    let sign_in = client(&script).sign_in().unwrap();

    let forged = Returned::new(CODE, Some(Secret::new("forged")));
    let error = sign_in.finish(&pending, &forged).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    assert_eq!(script.count(), 0, "a forged state spends no code");

    let returned = Returned::new(CODE, Some(Secret::new(pending.state())));
    let error = sign_in.finish(&pending, &returned).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
}

#[tokio::test]
async fn a_code_that_was_decoded_wrongly_is_not_spent() {
    let script = Script::new();
    let sign_in = client(&script).sign_in().unwrap();
    let Redirect { pending, .. } = begin(&script);
    for code in ["DwEE%2Fzgbz", "DwEE zgbz"] {
        let returned = Returned::new(code, Some(Secret::new(pending.state())));
        let error = sign_in.finish(&pending, &returned).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn what_is_used_up_asks_for_another_sign_in() {
    for sub_error in [20_152, 20_155, 20_156, 20_158] {
        let script = Script::new().reply(refusal(1101, sub_error));
        let sign_in = client(&script).sign_in().unwrap();
        let error = sign_in.app_code(CODE).send().await.unwrap_err();
        let expected = match sub_error {
            // Altered on its way, most likely by a wrong encoding.
            20_152 => Action::FixRequest,
            _ => Action::SignInAgain,
        };
        assert_eq!(error.action(), expected, "{sub_error}");
    }
    for sub_error in [11_205, 31_202, 31_204] {
        let script = Script::new().reply(refusal(1203, sub_error));
        let sign_in = client(&script).sign_in().unwrap();
        let error = sign_in.refresh(&RefreshToken::new("t")).await.unwrap_err();
        assert_eq!(error.action(), Action::SignInAgain, "{sub_error}");
        assert_eq!(
            script.count(),
            1,
            "a dead sign-in is not asked for in a loop"
        );
    }
}

#[tokio::test]
async fn a_wrong_secret_is_told_by_its_finer_code() {
    for error in [1101, 1203] {
        let script = Script::new().reply(refusal(error, 12_304));
        let sign_in = client(&script).sign_in().unwrap();
        let error = sign_in.app_code(CODE).send().await.unwrap_err();
        assert_eq!(error.action(), Action::FixCredentials);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_kept_and_its_grant_repeated() {
    let mut answer = tokens(&claims(json!({})));
    answer.as_object_mut().unwrap().remove("refresh_token");
    let script = Script::new()
        .reply(Reply::status(503))
        .expect(Method::POST, "/oauth2/v3/token", Reply::json(200, &answer))
        .expect(
            Method::GET,
            "/oauth2/v3/certs",
            Reply::json(200, &crate::scripted::jwks("k1")),
        );
    let token = RefreshToken::new("DAECANR5/8Iyc+DUMMY=");
    let refreshed = client(&script)
        .sign_in()
        .unwrap()
        .refresh(&token)
        .await
        .unwrap();
    assert_eq!(refreshed.tokens().refresh_token(), Some(&token));
    assert_eq!(refreshed.claims().unwrap().aud, CLIENT_ID);
    assert_eq!(form(&script.requests()[1])["refresh_token"], token.expose());
    script.verify();
}

#[tokio::test]
async fn a_refresh_without_openid_has_no_claims() {
    let answer = json!({"token_type": "Bearer", "access_token": "a", "expires_in": 3600});
    let script = Script::new().reply(Reply::json(200, &answer));
    let sign_in = client(&script).sign_in().unwrap();
    let refreshed = sign_in.refresh(&RefreshToken::new("t")).await.unwrap();
    assert!(refreshed.claims().is_none());
}

#[tokio::test]
async fn work_in_the_background_acts_as_the_user() {
    let answer = json!({"token_type": "Bearer", "access_token": "a/b", "expires_in": 3600});
    let info = json!({"openID": "O", "unionID": "U", "displayName": "Jack"});
    let script = Script::new()
        .expect(Method::POST, "/oauth2/v3/token", Reply::json(200, &answer))
        .expect(
            Method::POST,
            "/rest.php?nsp_svc=GOpen.User.getInfo",
            Reply::json(200, &json!({"error": "session timeout"})).header("NSP_STATUS", "6"),
        )
        .expect(Method::POST, "/oauth2/v3/token", Reply::json(200, &answer))
        .expect(Method::POST, "/rest.php", Reply::json(200, &info));
    let client = client(&script);
    let tokens = client
        .sign_in()
        .unwrap()
        .user_tokens(RefreshToken::new("t"));
    let user = client.as_user(tokens);
    let info = user
        .get_user_info(&huawei_oauth::model::GetUserInfo::default())
        .await;
    assert_eq!(info.unwrap().display_name.as_deref(), Some("Jack"));
    assert_eq!(form(&script.requests()[3])["access_token"], "a/b");
    script.verify();
}

#[tokio::test]
async fn a_repeated_sign_out_is_no_error() {
    let script = Script::new()
        .reply(Reply::json(200, &json!({})))
        .reply(refusal(1203, 31_204))
        .reply(refusal(1203, 11_205))
        .reply(refusal(1101, 20_222));
    let client = client(&script);
    for _ in 0..3 {
        client.revoke("DgEA/+=").await.unwrap();
    }
    assert!(client.revoke("DgEA/+=").await.is_err());
    assert_eq!(form(&script.requests()[0])["token"], "DgEA/+=");
}

#[test]
fn calls_may_run_in_any_task() {
    fn check<T: Send>(value: T) {
        drop(value);
    }
    let client = client(&Script::new());
    let sign_in = client.sign_in().unwrap();
    let Redirect { pending, .. } = begin(&Script::new());
    let (returned, token) = (Returned::new(CODE, None), RefreshToken::new("t"));
    check(sign_in.finish(&pending, &returned));
    check(sign_in.app_code(CODE).send());
    check(sign_in.refresh(&token));
    check(sign_in.verify("t", None));
    check(sign_in.device().begin());
    check(client.revoke("t"));
    check(client.check_access_token("t"));
    check(client.quick_login("t"));
    let events = client.account_events().unwrap();
    check(events.receive(None, b""));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_code_comes_back_as_it_was_issued(
        code in "[0-9a-zA-Z=/+]{1,80}", state in "[!-~ ]{0,40}", front in "(https://app\\.example)?/[a-z/]{0,10}",
    ) {
        let encode = |text: &str| -> String {
            text.bytes().map(|byte| format!("%{byte:02X}")).collect()
        };
        let address = format!("{front}?code={}&state={}", encode(&code), encode(&state));
        let Callback::Code(returned) = Callback::parse(&address) else {
            panic!("a code came back");
        };
        prop_assert_eq!(returned.code.expose(), &code);
        prop_assert_eq!(returned.state.as_ref().map(Secret::expose), Some(state.as_str()));
    }

    #[test]
    fn addresses_of_any_content_are_read(address in "[!-~ ]{0,120}") {
        if let Callback::Code(returned) = Callback::parse(&address) {
            prop_assert!(!returned.code.expose().is_empty());
        }
    }
}
