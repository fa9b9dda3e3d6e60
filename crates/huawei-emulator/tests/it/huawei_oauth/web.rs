//! Sign-in on a website: the address, the way back, the code.

use std::time::Duration;

use huawei_emulator::huawei_oauth::{App, HuaweiOauth, User};
use huawei_emulator::{Consent, Emulator};

use super::{BACK, accept, authorize_url, exchange, refused, send, text, token};
use crate::client::get;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[tokio::test]
async fn an_address_that_asks_for_too_much_shows_no_page() {
    let emulator = Emulator::start().await.unwrap();
    let many = vec!["openid"; 151].join(" ");
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Pairs<'_>, i64, i64); 13] = [
        (&[("client_id", "")], 1102, 20001),
        (&[("client_id", "abc")], 1101, 20002),
        (&[("client_id", "999")], 1101, 20003),
        (&[("response_type", "token")], 1101, 20012),
        (&[("redirect_uri", "https://evil.test/")], 1101, 20023),
        (&[("scope", "openid nonsense")], 1101, 20042),
        (&[("scope", "profile")], 1101, 20042),
        (&[("scope", "openid, profile")], 1101, 20041),
        (&[("scope", &many)], 1101, 20041),
        (&[("access_type", "forever")], 1101, 20051),
        (&[("display", "wide")], 1101, 20071),
        (
            &[
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S512"),
            ],
            1101,
            20073,
        ),
        (&[("code_challenge", &"é".repeat(43))], 1101, 20074),
    ];
    for (query, error, sub_error) in cases {
        let answer = get(authorize_url(&emulator, query)).send().await;
        let body = answer.json();
        assert_eq!(
            (body["error"].as_i64(), body["sub_error"].as_i64()),
            (Some(error), Some(sub_error)),
            "{query:?}: {}",
            answer.verdict()
        );
        refused(&answer, error, sub_error);
    }
    // An app without any address, and one without a server.
    emulator.huawei_oauth().add_app(App::new("7", "s"));
    let answer = get(authorize_url(&emulator, &[("client_id", "7")]))
        .send()
        .await;
    refused(&answer, 1101, 22023);
    let apps = [("client_id", "7"), ("redirect_uri", "hms://redirect_url")];
    assert_eq!(
        get(authorize_url(&emulator, &apps)).send().await.status,
        200
    );
    // One more parameter is allowed.
    let more = format!("{BACK}?site=b");
    accept(&emulator, &[("redirect_uri", &more)]).await;
}

#[tokio::test]
async fn the_page_shows_the_app_its_wishes_and_every_user() {
    let emulator = Emulator::start().await.unwrap();
    emulator.huawei_oauth().add_user(User::new("eve", "<Eve>"));
    let page = get(authorize_url(&emulator, &[("scope", "openid email")]))
        .send()
        .await;
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    for shown in [
        "Sign in to Demo Shop",
        "李雷",
        "191******08",
        "Your e-mail address",
        "&lt;Eve&gt;",
    ] {
        assert!(page.contains(shown), "no {shown} in {page}");
    }
    assert!(page.contains("https://www.thirdwebdemo.com<"), "{page}");
    emulator.set_consent(Consent::accept_as("eve"));
    let answer = get(authorize_url(&emulator, &[])).send().await;
    assert_eq!(answer.status, 302);
}

#[tokio::test]
async fn a_code_is_good_once_for_five_minutes_with_the_address_it_was_issued_for() {
    let emulator = Emulator::start().await.unwrap();
    let with = async |code: &str, redirect_uri: &str| {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ];
        token(&emulator, &pairs).await
    };
    let code = accept(&emulator, &[]).await;
    refused(&exchange(&emulator, &code).await, 1101, 20024);
    refused(
        &with(&code, "https://www.thirdwebdemo.com/other").await,
        1101,
        20024,
    );
    let tokens = with(&code, BACK).await.json();
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "openid");
    assert!(
        tokens.get("refresh_token").is_none(),
        "offline was not asked for"
    );
    refused(&with(&code, BACK).await, 1101, 20156);
    refused(&with("DwEEforged", BACK).await, 1103, 20153);
    // Left URL-encoded, and encoded twice.
    refused(&with(&code.replace('+', "%2B"), BACK).await, 1101, 20152);
    let late = accept(&emulator, &[]).await;
    emulator.advance_clock(Duration::from_secs(300));
    refused(&with(&late, BACK).await, 1101, 20155);
    let offline = accept(&emulator, &[("access_type", "offline")]).await;
    assert!(text(&with(&offline, BACK).await.json(), "refresh_token").starts_with("DgEC"));
    for end in ["withdraw", "password"] {
        let code = accept(&emulator, &[]).await;
        match end {
            "withdraw" => emulator
                .huawei_oauth()
                .withdraw_consent(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER),
            _ => emulator.huawei_oauth().change_password(HuaweiOauth::USER),
        }
        refused(&with(&code, BACK).await, 1101, 20158);
    }
}

#[tokio::test]
async fn the_verifier_has_to_fit_the_challenge() {
    let emulator = Emulator::start().await.unwrap();
    let s256 = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let plain = [
        ("code_challenge", VERIFIER),
        ("code_challenge_method", "plain"),
    ];
    for challenge in [s256, plain] {
        let code = accept(&emulator, &challenge).await;
        let exchange = async |verifier: Option<&str>| {
            let mut pairs = vec![
                ("grant_type", "authorization_code"),
                ("code", &*code),
                ("redirect_uri", BACK),
            ];
            pairs.extend(verifier.map(|verifier| ("code_verifier", verifier)));
            token(&emulator, &pairs).await
        };
        refused(&exchange(None).await, 1101, 20159);
        refused(&exchange(Some("short")).await, 1101, 20159);
        let other = VERIFIER.replace('d', "e");
        refused(&exchange(Some(&other)).await, 1101, 20159);
        assert_eq!(exchange(Some(VERIFIER)).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_proves_itself_with_its_secret_in_the_form() {
    let emulator = Emulator::start().await.unwrap();
    let code = accept(&emulator, &[]).await;
    let with = async |id: &str, secret: &str, more: &[(&str, &str)]| {
        let mut pairs = vec![("client_id", id), ("client_secret", secret)];
        pairs.extend(more);
        pairs.retain(|(_, value)| *value != "-");
        send(&emulator, "/oauth2/v3/token", &pairs).await
    };
    let id = HuaweiOauth::CLIENT_ID;
    let secret = HuaweiOauth::CLIENT_SECRET;
    let by_code = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", BACK),
    ];
    let app = [("grant_type", "client_credentials")];
    refused(&with(id, "wrong", &by_code).await, 1203, 12304);
    refused(&with(id, "wrong", &app).await, 1101, 12304);
    refused(&with("999", secret, &by_code).await, 1203, 12303);
    refused(&with("abc", secret, &by_code).await, 1101, 20002);
    refused(&with("-", secret, &by_code).await, 1102, 20001);
    refused(&with(id, "", &by_code).await, 1101, 20085);
    refused(&with(id, "-", &app).await, 1101, 20171);
    refused(&with(id, "not legal!", &app).await, 1101, 20172);
    let second = HuaweiOauth::SECOND_CLIENT_ID;
    refused(
        &with(second, "emulatedSecret2", &by_code).await,
        1101,
        20154,
    );
    refused(&with(id, secret, &[("grant_type", "-")]).await, 1102, 20181);
    refused(
        &with(id, secret, &[("grant_type", "password")]).await,
        1101,
        20182,
    );
    refused(
        &with(id, secret, &[("grant_type", "authorization_code")]).await,
        1102,
        20151,
    );
    refused(
        &with(id, secret, &[("grant_type", "refresh_token")]).await,
        1102,
        20191,
    );
    // HTTP Basic is no way in.
    let url = format!("{}/oauth2/v3/token", emulator.url("huawei-oauth"));
    let basic = crate::client::post(url).header("authorization", "Basic MjAwMDAwMDAxOng=");
    let answer = basic
        .form("grant_type=client_credentials&client_id=200000001")
        .send()
        .await;
    refused(&answer, 1101, 20171);
    assert_eq!(
        with(id, secret, &by_code).await.status,
        200,
        "no failure used up the code"
    );
}

#[tokio::test]
async fn two_platforms_share_the_token_address() {
    let emulator = Emulator::start().await.unwrap();
    let url = format!("{}/oauth2/v3/token", emulator.base_url());
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", HuaweiOauth::CLIENT_ID),
        ("client_secret", HuaweiOauth::CLIENT_SECRET),
    ];
    let answer = crate::client::post(url)
        .form(&super::form(&pairs))
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(emulator.log()[0].document, Some("huawei-oauth"));
}
