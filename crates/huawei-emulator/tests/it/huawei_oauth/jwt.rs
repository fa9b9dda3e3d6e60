//! ID tokens, checked as their receiver has to.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::{Emulator, Space};
use ring::digest::{SHA256, digest};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

use super::{accept, form, refused, send, signed_in, text, token};
use crate::client::{Answer, get};

pub(crate) fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The key with this id in a key set.
pub(crate) fn key<'a>(set: &'a Value, kid: &Value) -> Option<&'a Value> {
    set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == *kid)
}

/// Checks the signature of a token with a key of a key set, and gives the claims.
pub(crate) fn verified(token: &str, set: &Value) -> Value {
    let header = part(token, 0);
    let key = key(set, &header["kid"]).expect("the key is served");
    let component = |name: &str| URL_SAFE_NO_PAD.decode(text(key, name)).unwrap();
    let key = RsaPublicKeyComponents {
        n: component("n"),
        e: component("e"),
    };
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let algorithm = match text(&header, "alg") {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        other => panic!("{other}"),
    };
    key.verify(algorithm, signed.as_bytes(), &signature)
        .expect("the signature verifies");
    part(token, 1)
}

pub(crate) async fn key_set(space: &Space) -> Value {
    let url = format!("{}/oauth2/v3/certs", space.url("huawei-oauth"));
    get(url).send().await.json()
}

async fn check(space: &Space, id_token: &str) -> Answer {
    send(space, "/oauth2/v3/tokeninfo", &[("id_token", id_token)]).await
}

#[tokio::test]
async fn an_id_token_is_signed_by_a_served_key_and_holds_what_the_scopes_allow() {
    let emulator = Emulator::start().await.unwrap();
    let code = accept(
        &emulator,
        &[("scope", "openid profile email"), ("nonce", "n-1")],
    )
    .await;
    for algorithm in ["RS256", "PS256"] {
        let code = match algorithm {
            "RS256" => code.clone(),
            _ => {
                accept(
                    &emulator,
                    &[("scope", "openid profile email"), ("nonce", "n-1")],
                )
                .await
            }
        };
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", super::BACK),
            ("supportAlg", algorithm),
        ];
        let tokens = token(&emulator, &pairs).await.json();
        let id_token = text(&tokens, "id_token");
        assert_eq!(part(id_token, 0)["alg"], algorithm);
        let claims = verified(id_token, &key_set(&emulator).await);
        let hash = digest(&SHA256, text(&tokens, "access_token").as_bytes());
        let users = emulator.huawei_oauth();
        let (iat, exp) = (
            claims["iat"].as_i64().unwrap(),
            claims["exp"].as_i64().unwrap(),
        );
        assert_eq!(exp - iat, 3600);
        assert_eq!(iat / 10, crate::push::now_s(&emulator) / 10);
        assert_eq!(
            claims,
            json!({
                "iss": "https://accounts.huawei.com",
                "aud": HuaweiOauth::CLIENT_ID,
                "azp": HuaweiOauth::CLIENT_ID,
                "sub": users.union_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER),
                "openid": users.open_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER),
                "iat": iat,
                "exp": exp,
                "nonce": "n-1",
                "at_hash": URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]),
                "display_name": "李雷",
                "nickname": "李雷",
                "picture": "https://example.com/lilei.jpg",
                "email": "lilei@example.com",
                "email_verified": true,
            })
        );
    }
    // Fewer scopes, fewer claims; the masked number has a scope of its own.
    let little = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
    let claims = part(text(&little, "id_token"), 1);
    assert!(claims.get("email").is_none() && claims.get("display_name").is_none());
    assert!(claims.get("nonce").is_none());
    let scope = "openid quickLoginAnonymousPhone";
    let masked = signed_in(&emulator, HuaweiOauth::USER, scope).await;
    let claims = part(text(&masked, "id_token"), 1);
    assert_eq!(claims["anonymized_login_mobile_number"], "191******08");
    let none = signed_in(&emulator, HuaweiOauth::USER, "profile").await;
    assert!(none.get("id_token").is_none());
}

#[tokio::test]
async fn keys_change_at_midnight_and_those_of_yesterday_are_still_served() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
    let old = text(&tokens, "id_token");
    let kid = &part(old, 0)["kid"];
    assert_eq!(
        key_set(&emulator).await["keys"].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        key_set(&emulator).await["keys"][0]["kid"],
        *kid,
        "the newest comes first"
    );
    emulator.advance_clock(Duration::from_secs(86_400));
    let set = key_set(&emulator).await;
    assert_eq!(set["keys"][1]["kid"], *kid);
    verified(old, &set);
    let new = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
    assert_ne!(part(text(&new, "id_token"), 0)["kid"], *kid);
    emulator.advance_clock(Duration::from_secs(86_400));
    assert!(key(&key_set(&emulator).await, kid).is_none());
    refused(&check(&emulator, old).await, 1400, 14004);
    // POST works as well, says the document, yet it lists GET alone.
    let url = format!("{}/oauth2/v3/certs", emulator.url("huawei-oauth"));
    assert_eq!(crate::client::post(url).send().await.status, 405);
}

#[tokio::test]
async fn the_platform_checks_an_id_token_and_names_what_is_wrong() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid profile").await;
    let good = text(&tokens, "id_token").to_owned();
    let answer = check(&emulator, &good).await.json();
    assert_eq!(
        (&answer["typ"], &answer["alg"]),
        (&json!("JWT"), &json!("RS256"))
    );
    assert_eq!(answer["kid"], part(&good, 0)["kid"]);
    assert_eq!(answer["nickname"], "李雷");
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let [header, claims, signature] = {
        let mut parts = good.split('.').map(str::to_owned);
        [(); 3].map(|()| parts.next().unwrap())
    };
    let mut other = part(&good, 1);
    other["sub"] = json!("AQAxsomebody");
    let mut none = part(&good, 0);
    none["alg"] = json!("none");
    let cases = [
        (format!("{header}.{claims}"), 1203, 150_021),
        (format!("AAAA.{claims}.{signature}"), 1203, 100_305),
        (format!("{header}.AAAA.{signature}"), 1203, 100_306),
        (format!("{header}.{claims}.A"), 1203, 150_023),
        (format!("{}.{claims}.", encode(&none)), 1500, 15003),
        (
            format!("{header}.{}.{signature}", encode(&other)),
            1500,
            15004,
        ),
    ];
    for (token, error, sub_error) in cases {
        refused(&check(&emulator, &token).await, error, sub_error);
    }
    refused(&check(&emulator, "").await, 1500, 15007);
    refused(&check(&emulator, "a b").await, 1500, 15008);
    emulator.advance_clock(Duration::from_secs(3601));
    refused(&check(&emulator, &good).await, 1500, 15006);
}

#[tokio::test]
async fn the_discovery_document_leads_to_this_emulator_under_another_issuer() {
    let emulator = Emulator::start().await.unwrap();
    let space = emulator.space("discovery");
    let base = space.url("huawei-oauth");
    let url = format!("{base}/.well-known/openid-configuration");
    let found = get(url).send().await.json();
    assert_eq!(found["issuer"], "https://accounts.huawei.com");
    assert_eq!(found["jwks_uri"], format!("{base}/oauth2/v3/certs"));
    let token_endpoint = text(&found, "token_endpoint").to_owned();
    let app = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", HuaweiOauth::CLIENT_ID),
        ("client_secret", HuaweiOauth::CLIENT_SECRET),
    ]);
    assert_eq!(
        crate::client::post(token_endpoint)
            .form(&app)
            .send()
            .await
            .status,
        200
    );
}
