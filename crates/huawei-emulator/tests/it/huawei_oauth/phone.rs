//! What an app learns of a user: phone number both ways, profile, risk level, age range.

use std::time::Duration;

use huawei_emulator::huawei_oauth::{HuaweiOauth, User};
use huawei_emulator::{Emulator, Space};
use serde_json::{Value, json};

use super::{coded, exchange, nsp, refused, send, signed_in, text};
use crate::client::{Answer, post};

async fn phone_number(space: &Space, code: &str) -> Answer {
    with(
        space,
        code,
        HuaweiOauth::CLIENT_ID,
        HuaweiOauth::CLIENT_SECRET,
    )
    .await
}

async fn with(space: &Space, code: &str, id: &str, secret: &str) -> Answer {
    let url = format!(
        "{}/oauth2/v6/quickLogin/getPhoneNumber",
        space.url("huawei-oauth")
    );
    let body = json!({"code": code, "clientId": id, "clientSecret": secret});
    post(url).json(&body).send().await
}

async fn user_info(space: &Space, tokens: &Value, nickname: &str) -> Answer {
    let pairs = [
        ("access_token", text(tokens, "access_token")),
        ("getNickName", nickname),
    ];
    send(space, "/rest.php?nsp_svc=GOpen.User.getInfo", &pairs).await
}

#[tokio::test]
async fn the_code_of_the_quick_login_button_gives_the_phone_number_once() {
    let emulator = Emulator::start().await.unwrap();
    let users = emulator.huawei_oauth();
    let code = users.quick_login_code(HuaweiOauth::USER).unwrap();
    let answer = phone_number(&emulator, &code).await.json();
    assert_eq!(
        answer,
        json!({
            "openId": users.open_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER),
            "unionId": users.union_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER),
            "phoneNumber": "008619100000008",
            "phoneNumberValid": 1,
            "purePhoneNumber": "19100000008",
            "phoneCountryCode": "0086",
        })
    );
    coded(
        &phone_number(&emulator, &code).await,
        "resultCode",
        60_180_005,
    );
    refused(&exchange(&emulator, &code).await, 1101, 20156);
}

#[tokio::test]
async fn a_code_that_gives_no_phone_number_says_why() {
    let emulator = Emulator::start().await.unwrap();
    let users = emulator.huawei_oauth();
    let code = |user: &str| users.quick_login_code(user).unwrap();
    let prefetched = users.prefetch_code(HuaweiOauth::USER).unwrap();
    coded(
        &phone_number(&emulator, &prefetched).await,
        "resultCode",
        60_180_007,
    );
    // The code was not spent: it still gives the masked number in an ID token.
    assert_eq!(exchange(&emulator, &prefetched).await.status, 200);
    let of_app = users
        .app_code(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER, "openid")
        .unwrap();
    coded(
        &phone_number(&emulator, &of_app).await,
        "resultCode",
        60_180_007,
    );
    coded(
        &phone_number(&emulator, "DwEEforged").await,
        "resultCode",
        60_010_012,
    );
    coded(
        &phone_number(&emulator, &code("no-phone")).await,
        "resultCode",
        60_180_008,
    );
    coded(
        &phone_number(&emulator, &code("anna")).await,
        "resultCode",
        60_180_009,
    );
    let good = code(HuaweiOauth::USER);
    let (id, secret) = (HuaweiOauth::CLIENT_ID, HuaweiOauth::CLIENT_SECRET);
    coded(
        &with(&emulator, &good, id, "wrong").await,
        "resultCode",
        60_010_013,
    );
    coded(
        &with(&emulator, &good, "999", secret).await,
        "resultCode",
        60_010_002,
    );
    coded(
        &with(&emulator, "", id, secret).await,
        "resultCode",
        60_010_002,
    );
    let second = HuaweiOauth::SECOND_CLIENT_ID;
    let other = with(&emulator, &good, second, "emulatedSecret2").await;
    coded(&other, "resultCode", 60_180_003);
    emulator.advance_clock(Duration::from_secs(300));
    coded(
        &phone_number(&emulator, &good).await,
        "resultCode",
        60_180_004,
    );
    let void = code(HuaweiOauth::USER);
    users.change_password(HuaweiOauth::USER);
    coded(
        &phone_number(&emulator, &void).await,
        "resultCode",
        60_180_006,
    );
}

#[tokio::test]
async fn the_older_way_to_the_phone_number_goes_over_the_profile() {
    let emulator = Emulator::start().await.unwrap();
    let code = emulator
        .huawei_oauth()
        .quick_login_code("no-nickname")
        .unwrap();
    let tokens = exchange(&emulator, &code).await.json();
    let info = user_info(&emulator, &tokens, "0").await.json();
    assert_eq!(info["loginMobileNumber"], "18200000074");
    assert_eq!(
        (&info["loginMobileValid"], &info["phoneCountryCode"]),
        (&json!(0), &json!("0086"))
    );
    let code = emulator.huawei_oauth().quick_login_code("anna").unwrap();
    let tokens = exchange(&emulator, &code).await.json();
    let info = user_info(&emulator, &tokens, "0").await.json();
    assert!(text(&info, "warning").contains("quick login"));
    assert!(info.get("loginMobileNumber").is_none());
}

#[tokio::test]
async fn the_scopes_decide_what_the_profile_holds() {
    let emulator = Emulator::start().await.unwrap();
    let users = emulator.huawei_oauth();
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
    let bare = json!({
        "openID": users.open_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER),
        "unionID": users.union_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER),
    });
    assert_eq!(user_info(&emulator, &tokens, "0").await.json(), bare);
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid profile").await;
    let info = user_info(&emulator, &tokens, "0").await.json();
    let name = (&info["displayName"], &info["displayNameFlag"]);
    assert_eq!(name, (&json!("191******08"), &json!(1)));
    assert_eq!(info["headPictureURL"], "https://example.com/lilei.jpg");
    let info = user_info(&emulator, &tokens, "1").await.json();
    assert_eq!(
        (&info["displayName"], &info["displayNameFlag"]),
        (&json!("李雷"), &json!(0))
    );
    let tokens = signed_in(&emulator, "no-nickname", "openid profile").await;
    let info = user_info(&emulator, &tokens, "1").await.json();
    assert_eq!(info["displayNameFlag"], 1, "there is no nickname to show");
    assert!(info.get("headPictureURL").is_none());
    // Abroad the number has its country; at home it stands alone.
    for (user, mobile, code) in [
        (HuaweiOauth::USER, "19100000008", "0086"),
        ("anna", "0079000000043", "007"),
    ] {
        let tokens = signed_in(&emulator, user, "openid phone").await;
        let info = user_info(&emulator, &tokens, "0").await.json();
        assert_eq!(
            (text(&info, "mobileNumber"), text(&info, "phoneCountryCode")),
            (mobile, code)
        );
    }
    emulator.advance_clock(Duration::from_secs(3600));
    let answer = user_info(&emulator, &tokens, "0").await;
    nsp(&answer, "6");
    assert_eq!(answer.headers["content-type"], "application/json");
    let app = super::token(&emulator, &[("grant_type", "client_credentials")])
        .await
        .json();
    nsp(&user_info(&emulator, &app, "0").await, "6");
    nsp(&user_info(&emulator, &app, "2").await, "70001201");
}

#[tokio::test]
async fn the_risk_level_wants_its_scope_its_client_and_a_plain_token() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = signed_in(&emulator, HuaweiOauth::USER, "openid riskLevel").await;
    let ask = async |client: &str, token: &str, media: &str| {
        let url = format!(
            "{}/user/getuserrisklevel?clientID={client}&transactionID=202502121546232352164151",
            emulator.url("huawei-oauth")
        );
        let body = json!({"accessToken": token, "scene": "registration"});
        post(url)
            .header("content-type", media)
            .body(body.to_string())
            .send()
            .await
    };
    let (id, json_type) = (HuaweiOauth::CLIENT_ID, "application/json;charset=utf-8");
    let token = text(&tokens, "access_token");
    let answer = ask(id, token, json_type).await.json();
    let expected = json!({"errCode": 0, "errMsg": "", "riskLevel": 2, "riskTag": ["spamMailbox"]});
    assert_eq!(answer, expected);
    let encoded = super::form(&[("t", token)]);
    coded(&ask(id, &encoded[2..], json_type).await, "errCode", 6);
    coded(&ask("5", token, json_type).await, "errCode", 70_001_201);
    assert_eq!(ask(id, token, "text/plain").await.status, 415);
    let without = signed_in(&emulator, HuaweiOauth::USER, "openid").await;
    coded(
        &ask(id, text(&without, "access_token"), json_type).await,
        "errCode",
        403,
    );
    let calm = signed_in(&emulator, "anna", "riskLevel").await;
    let answer = ask(id, text(&calm, "access_token"), json_type).await.json();
    assert!(answer.get("riskTag").is_none());
}

#[tokio::test]
async fn the_age_range_wants_its_scope_and_its_client() {
    let emulator = Emulator::start().await.unwrap();
    emulator
        .huawei_oauth()
        .add_user(User::new("child", "Kid").age_range(2));
    let ask = async |client: &str, token: Option<&str>| {
        let url = format!(
            "{}/openrealname/v6/realname-info/get",
            emulator.url("huawei-oauth")
        );
        let call = post(url).json(&json!({ "clientId": client }));
        match token {
            Some(token) => call.bearer(token).send().await,
            None => call.send().await,
        }
    };
    let id = HuaweiOauth::CLIENT_ID;
    for (user, range) in [("child", 2), ("no-phone", 3), (HuaweiOauth::USER, 4)] {
        let tokens = signed_in(&emulator, user, "realNameAgeRange").await;
        let answer = ask(id, Some(text(&tokens, "access_token"))).await.json();
        assert_eq!(answer["ageRangeFlag"], range);
    }
    let tokens = signed_in(&emulator, "child", "openid").await;
    let token = text(&tokens, "access_token");
    coded(&ask(id, Some(token)).await, "resultCode", 61_110_002);
    coded(&ask("5", Some(token)).await, "resultCode", 61_110_003);
    coded(&ask(id, Some("nobody")).await, "resultCode", 60_010_014);
    coded(&ask(id, None).await, "resultCode", 60_010_014);
}
