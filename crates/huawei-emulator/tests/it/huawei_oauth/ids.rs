//! Ids turned into other ids, with tokens of the app.

use std::time::{Duration, UNIX_EPOCH};

use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::{Emulator, Space};
use serde_json::{Value, json};

use super::{coded, exchange, nsp, send, signed_in, text, token};
use crate::client::{Answer, post};

async fn app_token(space: &Space) -> String {
    let tokens = token(space, &[("grant_type", "client_credentials")])
        .await
        .json();
    text(&tokens, "access_token").to_owned()
}

async fn groups(space: &Space, token: Option<&str>, body: &Value) -> Answer {
    let url = format!(
        "{}/oauth2/v6/groupUnionId/batchGet",
        space.url("huawei-oauth")
    );
    let call = post(url).json(body);
    match token {
        Some(token) => call.bearer(token).send().await,
        None => call.send().await,
    }
}

#[tokio::test]
async fn an_open_id_becomes_a_union_id() {
    let emulator = Emulator::start().await.unwrap();
    let users = emulator.huawei_oauth();
    let ask = async |token: &str, open_id: &str| {
        let path = "/rest.php?nsp_svc=huawei.oauth2.app.openIdToUnionId";
        send(
            &emulator,
            path,
            &[("access_token", token), ("open_id", open_id)],
        )
        .await
    };
    let token = app_token(&emulator).await;
    let open_id = users.open_id(HuaweiOauth::CLIENT_ID, "anna");
    let answer = ask(&token, &open_id).await;
    assert_eq!(answer.headers["content-type"], "text/plain;charset=utf-8");
    assert_eq!(
        answer.json()["union_id"],
        users.union_id(HuaweiOauth::CLIENT_ID, "anna")
    );
    // Of another app, in other letters, of nobody.
    let foreign = users.open_id(HuaweiOauth::SECOND_CLIENT_ID, "anna");
    for wrong in [&foreign, &open_id.to_lowercase(), "nobody"] {
        nsp(&ask(&token, wrong).await, "150028");
    }
    nsp(&ask(&token, "").await, "150028");
    nsp(&ask("nobody", &open_id).await, "102");
    let user = signed_in(&emulator, "anna", "openid").await;
    nsp(&ask(text(&user, "access_token"), &open_id).await, "102");
    let mut last = None;
    // A hundred calls in one second of the emulator's clock, which is held back to its start.
    let second = u64::try_from(crate::push::now_s(&emulator)).unwrap();
    let moment = UNIX_EPOCH + Duration::from_secs(second);
    let mut offset = 0;
    for call in 0..=100 {
        let drift = emulator.now().duration_since(moment).unwrap_or_default();
        offset -= i64::try_from(drift.as_millis()).unwrap();
        emulator.set_clock_offset_ms(offset);
        let answer = ask(&token, &open_id).await;
        match call {
            // There were calls in the same second before.
            0..=90 => assert_eq!(answer.status, 200),
            _ => last = Some(answer),
        }
    }
    let last = last.expect("there were calls");
    nsp(&last, "1302");
}

#[tokio::test]
async fn a_hundred_ids_become_group_union_ids() {
    let emulator = Emulator::start().await.unwrap();
    let users = emulator.huawei_oauth();
    let token = app_token(&emulator).await;
    let id = HuaweiOauth::CLIENT_ID;
    let [first, second] = [HuaweiOauth::USER, "anna"].map(|user| users.open_id(id, user));
    let body = json!({"openIdList": [first, second, first, "nobody"]});
    let answer = groups(&emulator, Some(&token), &body).await.json();
    let list = answer["openIdToGroupUnionIdList"].as_array().unwrap();
    let found: Vec<&str> = list.iter().map(|pair| text(pair, "openId")).collect();
    assert_eq!(found, [&first, &second]);
    // The same user has the same group id, however one asks, and at a sign-in.
    let body = json!({"unionIdList": [users.union_id(id, "anna")]});
    let answer = groups(&emulator, Some(&token), &body).await.json();
    let group_union_id = &answer["unionIdToGroupUnionIdList"][0]["groupUnionId"];
    assert_eq!(*group_union_id, list[1]["groupUnionId"]);
    let code = users.app_code(id, "anna", "openid").unwrap();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("need_group_union_id", "true"),
    ];
    let tokens = super::token(&emulator, &pairs).await.json();
    assert_eq!(tokens["group_union_id"], *group_union_id);
    let plain = users.app_code(id, "anna", "openid").unwrap();
    assert!(
        exchange(&emulator, &plain)
            .await
            .json()
            .get("group_union_id")
            .is_none()
    );
}

#[tokio::test]
async fn group_union_ids_want_a_group_and_a_token_of_the_app() {
    let emulator = Emulator::start().await.unwrap();
    let id = HuaweiOauth::CLIENT_ID;
    let body = json!({"unionIdList": ["x"]});
    coded(
        &groups(&emulator, None, &body).await,
        "resultCode",
        60_010_003,
    );
    coded(
        &groups(&emulator, Some("nobody"), &body).await,
        "resultCode",
        60_010_003,
    );
    let user = signed_in(&emulator, "anna", "openid").await;
    let user = text(&user, "access_token");
    coded(
        &groups(&emulator, Some(user), &body).await,
        "resultCode",
        60_010_003,
    );
    let token = app_token(&emulator).await;
    let both = json!({"unionIdList": ["x"], "openIdList": ["x"]});
    coded(
        &groups(&emulator, Some(&token), &both).await,
        "resultCode",
        60_010_002,
    );
    let many = json!({"unionIdList": vec!["x"; 101]});
    coded(
        &groups(&emulator, Some(&token), &many).await,
        "resultCode",
        60_010_002,
    );
    let users = emulator.huawei_oauth();
    let mut alone = users.app(id).unwrap();
    alone.group = None;
    users.add_app(alone);
    coded(
        &groups(&emulator, Some(&token), &body).await,
        "resultCode",
        60_170_001,
    );
    let code = users.app_code(id, "anna", "openid").unwrap();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("need_group_union_id", "true"),
    ];
    super::refused(&super::token(&emulator, &pairs).await, 1203, 100_502);
}
