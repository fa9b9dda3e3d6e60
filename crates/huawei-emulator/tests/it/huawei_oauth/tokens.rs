//! Access and refresh tokens: their lives, what is said about them, their end.

use std::time::Duration;

use huawei_emulator::Emulator;
use huawei_emulator::huawei_oauth::HuaweiOauth;

use super::jwt::part;
use super::{nsp, refresh, refused, send, signed_in, text, token};
use crate::client::Answer;

async fn info(space: &huawei_emulator::Space, access_token: &str) -> Answer {
    let path = "/rest.php?nsp_fmt=JSON&nsp_svc=huawei.oauth2.user.getTokenInfo";
    send(
        space,
        path,
        &[("access_token", access_token), ("open_id", "OPENID")],
    )
    .await
}

async fn revoke(space: &huawei_emulator::Space, token: &str) -> Answer {
    send(space, "/oauth2/v3/revoke", &[("token", token)]).await
}

#[tokio::test]
async fn a_refresh_token_gives_new_access_tokens_for_half_a_year_and_stays_the_same() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid profile").await;
    let refresh_token = text(&tokens, "refresh_token");
    emulator.advance_clock(Duration::from_secs(179 * 86_400));
    let again = refresh(&emulator, refresh_token).await.json();
    assert!(again.get("refresh_token").is_none(), "it is not rotated");
    assert_ne!(again["access_token"], tokens["access_token"]);
    assert_eq!(again["scope"], "openid profile");
    let claims = part(text(&again, "id_token"), 1);
    assert_eq!(claims["sub"], part(text(&tokens, "id_token"), 1)["sub"]);
    // Fewer scopes on request, no id_token without openid; never more.
    let with = async |scope: &str| {
        let grant = ("grant_type", "refresh_token");
        token(
            &emulator,
            &[grant, ("refresh_token", refresh_token), ("scope", scope)],
        )
        .await
    };
    let narrow = with("profile").await.json();
    assert_eq!(narrow["scope"], "profile");
    assert!(narrow.get("id_token").is_none());
    refused(&with("openid email").await, 1101, 20042);
    emulator.advance_clock(Duration::from_secs(2 * 86_400));
    refused(&refresh(&emulator, refresh_token).await, 1203, 11205);
    refused(&refresh(&emulator, "DgECnobody").await, 1203, 31202);
    refused(&refresh(&emulator, "not a token").await, 1101, 20192);
}

#[tokio::test]
async fn a_refresh_token_belongs_to_one_client() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("client_id", HuaweiOauth::SECOND_CLIENT_ID),
        ("client_secret", "emulatedSecret2"),
    ];
    refused(
        &send(&emulator, "/oauth2/v3/token", &pairs).await,
        1101,
        20154,
    );
}

#[tokio::test]
async fn revoking_one_token_of_a_sign_in_ends_all_of_them() {
    let emulator = Emulator::start().await.unwrap();
    for by in ["access_token", "refresh_token"] {
        let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
        let refresh_token = text(&tokens, "refresh_token");
        let second = refresh(&emulator, refresh_token).await.json();
        let other = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
        let answer = revoke(&emulator, text(&tokens, by)).await;
        assert_eq!((answer.status, answer.json()), (200, serde_json::json!({})));
        refused(&revoke(&emulator, text(&tokens, by)).await, 1203, 31204);
        refused(&revoke(&emulator, refresh_token).await, 1203, 31204);
        refused(&refresh(&emulator, refresh_token).await, 1203, 31204);
        for token in [text(&tokens, "access_token"), text(&second, "access_token")] {
            nsp(&info(&emulator, token).await, "31204");
        }
        // Another sign-in of the same user is another matter.
        assert_eq!(
            info(&emulator, text(&other, "access_token")).await.json()["type"],
            0
        );
    }
    refused(&revoke(&emulator, "").await, 1102, 20221);
    refused(&revoke(&emulator, "a b").await, 1101, 20222);
    refused(&revoke(&emulator, "DgEAnobody").await, 1203, 17009);
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
    emulator.advance_clock(Duration::from_secs(3600));
    refused(
        &revoke(&emulator, text(&tokens, "access_token")).await,
        1203,
        11205,
    );
    let ended = emulator.huawei_oauth().sign_ins();
    assert_eq!(ended.iter().filter(|sign_in| sign_in.revoked).count(), 2);
}

#[tokio::test]
async fn an_access_token_says_whose_it_is_until_it_expires() {
    let emulator = Emulator::start().await.unwrap();
    let users = emulator.huawei_oauth();
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid profile").await;
    emulator.advance_clock(Duration::from_secs(600));
    let answer = info(&emulator, text(&tokens, "access_token")).await;
    assert_eq!(answer.headers["content-type"], "text/plain;charset=utf-8");
    let found = answer.json();
    assert_eq!(found["client_id"], HuaweiOauth::CLIENT_ID);
    assert_eq!(
        found["open_id"],
        users.open_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER)
    );
    assert_eq!(
        found["union_id"],
        users.union_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER)
    );
    assert_eq!(found["scope"], "openid profile");
    assert_eq!(found["type"], 0);
    let left = found["expire_in"].as_i64().unwrap();
    assert!((2990..=3000).contains(&left), "{left}");
    emulator.advance_clock(Duration::from_secs(3000));
    let answer = info(&emulator, text(&tokens, "access_token")).await;
    nsp(&answer, "6");
    assert_eq!(answer.json()["error"], "session timeout");
    assert_eq!(answer.headers["content-type"], "text/plain;charset=utf-8");
    nsp(&info(&emulator, "DgEAnobody").await, "102");
    // A form that was not encoded: the plus became a space.
    let url = format!(
        "{}/rest.php?nsp_fmt=JSON&nsp_svc=huawei.oauth2.user.getTokenInfo",
        emulator.url("huawei-oauth")
    );
    let form = format!("access_token={}", text(&tokens, "access_token"));
    nsp(&crate::client::post(url).form(&form).send().await, "102");
}

#[tokio::test]
async fn a_token_of_the_app_alone_has_no_user_and_is_limited() {
    let emulator = Emulator::start().await.unwrap();
    let app = async || token(&emulator, &[("grant_type", "client_credentials")]).await;
    let tokens = app().await.json();
    assert!(tokens.get("scope").is_none() && tokens.get("refresh_token").is_none());
    let found = info(&emulator, text(&tokens, "access_token")).await.json();
    assert_eq!(found["type"], 1);
    assert!(found.get("union_id").is_none() && found.get("open_id").is_none());
    emulator.huawei_oauth().set_access_token_lifetime(5);
    assert_eq!(app().await.json()["expires_in"], 5);
}
