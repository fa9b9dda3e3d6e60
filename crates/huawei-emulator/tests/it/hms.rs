//! HMS v1 and v2, and what is neither: images, subscription messages, timelines.

use std::time::Duration;

use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::{Device, HarmonyPush};
use serde_json::{Value, json};

use crate::push::{access_token, call, expect, jwt, notification, send};

#[tokio::test]
async fn topics_are_joined_listed_and_left() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let [one, two] = [0, 1].map(|_| push.device(Device::hms()));
    let token = access_token(&emulator).await;
    let ask = async |path: &str, body: Value| {
        let call = call(&emulator, &format!("/v1/{{client}}/{path}"));
        call.bearer(&token).json(&body).send().await
    };
    let join = json!({"topic": "news", "tokenArray": [one, two, "gone"]});
    let answer = ask("topic:subscribe", join).await;
    expect(&answer, 200, "80000000");
    let body = answer.json();
    assert_eq!(
        (&body["successCount"], &body["failureCount"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        body["errors"],
        json!([{"index": 2, "reason": "invalid token"}])
    );
    let leave = json!({"topic": "news", "tokenArray": [two]});
    expect(&ask("topic:unsubscribe", leave).await, 200, "80000000");
    let topics = ask("topic:list", json!({"token": one})).await.json()["topics"].clone();
    assert_eq!(topics[0]["name"], "news");
    let data = ask("token:query", json!({"token": one})).await.json();
    assert_eq!(data["topics"], json!(["news"]));

    let message = |target: Value| {
        let mut message = json!({"data": "x"});
        message
            .as_object_mut()
            .unwrap()
            .extend(target.as_object().unwrap().clone());
        json!({ "message": message })
    };
    let counts = || (push.inbox(&one).len(), push.inbox(&two).len());
    expect(
        &ask("messages:send", message(json!({"topic": "news"}))).await,
        200,
        "80000000",
    );
    assert_eq!(counts(), (1, 0));
    let condition = json!({"condition": "'news' in topics && !('sport' in topics)"});
    expect(
        &ask("messages:send", message(condition)).await,
        200,
        "80000000",
    );
    assert_eq!(counts(), (2, 0));
    let broken = json!({"condition": "news in topics"});
    expect(
        &ask("messages:send", message(broken)).await,
        400,
        "80100003",
    );
    let mut dry = message(json!({"token": [two]}));
    dry["validate_only"] = json!(true);
    expect(&ask("messages:send", dry).await, 200, "80000000");
    assert_eq!(counts(), (2, 0));

    expect(
        &ask("token:delete", json!({"token": one})).await,
        200,
        "80000000",
    );
    let topics = ask("topic:list", json!({"token": one})).await.json()["topics"].clone();
    assert_eq!(topics, json!([]));
    expect(&ask("topic:list", json!({})).await, 400, "82000011");
    let wrong = json!({"topic": "a b", "tokenArray": [one]});
    expect(&ask("topic:subscribe", wrong).await, 400, "82000007");
}

#[tokio::test]
async fn both_versions_take_both_credentials() {
    let emulator = Emulator::start().await.unwrap();
    let token = access_token(&emulator).await;
    let jwt = jwt(&emulator);
    let body = json!({"message": {"data": "x", "token": [HarmonyPush::HMS_TOKEN]}});
    let check = async |path: &str, credential: &str, status: u16, code: &str| {
        let call = call(&emulator, path).bearer(credential).json(&body);
        expect(&call.send().await, status, code);
    };
    check("/v1/{client}/messages:send", &token, 200, "80000000").await;
    check("/v1/{client}/messages:send", &jwt, 200, "80000000").await;
    check("/v2/{project}/messages:send", &token, 200, "80000000").await;
    check("/v2/{project}/messages:send", &jwt, 200, "80000000").await;
    let second = format!("/v1/{}/messages:send", HarmonyPush::SECOND_CLIENT_ID);
    check(&second, &token, 400, "80300002").await;
    let other = format!("/v2/{}/messages:send", HarmonyPush::OTHER_PROJECT_ID);
    check(&other, &token, 400, "80300002").await;
    check("/v1/{client}/topic:list", &jwt, 401, "80200001").await;
}

#[tokio::test]
async fn when_no_hms_token_is_good_the_status_is_still_200() {
    let emulator = Emulator::start().await.unwrap();
    let token = access_token(&emulator).await;
    let body = json!({"message": {"data": "x", "token": [HarmonyPush::TOKEN]}});
    let call = call(&emulator, "/v1/{client}/messages:send").bearer(&token);
    expect(&call.json(&body).send().await, 200, "80300007");
}

#[tokio::test]
async fn a_message_carries_only_images_that_were_checked() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let jwt_now = jwt(&emulator);
    let verify = async |url: &str, push_type: &str| {
        let call = call(&emulator, "/v2/{project}/images:verify").bearer(&jwt_now);
        let call = call
            .header("push-type", push_type)
            .json(&json!({ "imageUrl": url }));
        call.send().await
    };
    let with_image = |url: &str| {
        let mut body = notification(&[HarmonyPush::TOKEN]);
        body["payload"]["notification"]["image"] = json!(url);
        body
    };
    let url = "https://example.test/a.png";
    expect(
        &send(&emulator, &jwt_now, &with_image(url)).send().await,
        400,
        "80100022",
    );
    let answer = verify(url, "0").await;
    expect(&answer, 200, "83010000");
    let checked = answer.json()["downloadUrl"].as_str().unwrap().to_owned();
    assert!(
        checked.starts_with(url) && checked.contains("verifyKey=MEUC%2F"),
        "{checked}"
    );
    expect(
        &send(&emulator, &jwt_now, &with_image(&checked))
            .send()
            .await,
        200,
        "80000000",
    );
    let of_widget = verify(url, "1").await.json()["downloadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    expect(
        &send(&emulator, &jwt_now, &with_image(&of_widget))
            .send()
            .await,
        400,
        "80100022",
    );
    push.refuse_image("https://example.test/gone.png", "83010005");
    expect(
        &verify("https://example.test/gone.png", "0").await,
        400,
        "83010005",
    );
    expect(
        &verify("http://example.test/a.png", "0").await,
        400,
        "80100003",
    );
    expect(&verify(url, "7").await, 400, "83010007");

    let end = answer.json()["expireTime"]
        .as_str()
        .unwrap()
        .parse::<u64>()
        .unwrap();
    let now = u64::try_from(crate::push::now_s(&emulator)).unwrap();
    emulator.advance_clock(Duration::from_secs(end - now + 1));
    let later = jwt(&emulator);
    expect(
        &send(&emulator, &later, &with_image(&checked)).send().await,
        400,
        "80100022",
    );
    push.enforce_image_checks(false);
    expect(
        &send(&emulator, &later, &with_image(&checked)).send().await,
        200,
        "80000000",
    );
}

#[tokio::test]
async fn sixty_image_checks_a_minute_are_enough() {
    let emulator = Emulator::start().await.unwrap();
    let now_ms = crate::push::now_s(&emulator) * 1000;
    emulator.set_clock_offset_ms(-now_ms.rem_euclid(60_000));
    let jwt = jwt(&emulator);
    let verify = async || {
        let call = call(&emulator, "/v2/{project}/images:verify").bearer(&jwt);
        let body = json!({"imageUrl": "https://example.test/a.png"});
        call.header("push-type", "0").json(&body).send().await
    };
    for _ in 0..60 {
        expect(&verify().await, 200, "83010000");
    }
    expect(&verify().await, 400, "83010002");
}

#[tokio::test]
async fn subscriptions_are_used_up() {
    let emulator = Emulator::start().await.unwrap();
    emulator
        .harmony_push()
        .set_subscriptions("open-id", "template", 1);
    let jwt = jwt(&emulator);
    let mut body = json!({
        "msgId": "1", "toOpenId": "open-id", "appId": HarmonyPush::CLIENT_ID,
        "templateId": "template", "templateParams": {"thing_0": "x"},
    });
    let check = async |body: &Value, status: u16, code: &str| {
        let call = call(&emulator, "/v1/{project}/service_notification/send");
        expect(&call.bearer(&jwt).json(body).send().await, status, code);
    };
    check(&body, 200, "80000000").await;
    check(&body, 400, "82500005").await;
    assert_eq!(
        emulator.harmony_push().service_notifications(),
        [body.clone()]
    );
    body["templateParams"]["car_number_1"] = json!("much too long");
    check(&body, 400, "82500001").await;
    body["templateParams"] = json!({"thing_0": "x"});
    body["appId"] = json!("1");
    check(&body, 400, "82500003").await;
}

#[tokio::test]
async fn a_timeline_moves_on_and_ends() {
    let emulator = Emulator::start().await.unwrap();
    let jwt = jwt(&emulator);
    let check = async |status: i64, http: u16, code: &str| {
        let body = json!({
            "toOpenId": "open-id", "appId": HarmonyPush::CLIENT_ID, "sceneId": "10001",
            "subSceneId": "100010001", "code": "order", "content": {
                "status": status, "orderTime": 1, "amount": "1", "productCount": 1,
                "productName": "tea", "productImg": "i", "merchantName": "m",
                "clickAction": {"type": 0, "data": {"a": 1}}, "pickupTime": "16:08",
                "pickupNumber": "1", "remainOrders": "2", "paymentEndTime": "16:00",
                "cancelReason": "r", "cancelTime": 1,
            },
        });
        let call = call(&emulator, "/v1/{project}/service_timeline/send");
        expect(&call.bearer(&jwt).json(&body).send().await, http, code);
    };
    check(3, 400, "82600012").await;
    check(1, 200, "80000000").await;
    check(3, 200, "80000000").await;
    check(2, 400, "82600012").await;
    check(9, 400, "82600009").await;
    check(5, 200, "80000000").await;
    check(6, 400, "82600018").await;
}

#[tokio::test]
async fn a_live_view_lives_by_its_rules() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let token = push.device(Device::harmony());
    let jwt = jwt(&emulator);
    let file = "send_message.request.liveview_create_taxi.json";
    let samples = crate::samples::requests("harmony-push");
    let (_, sample) = samples.into_iter().find(|(name, _)| name == file).unwrap();
    let step = async |id: i64, operation: i64, version: i64| {
        let mut body = sample["body"].clone();
        body["target"]["token"] = json!([token]);
        body["payload"]["activityId"] = json!(id);
        body["payload"]["operation"] = json!(operation);
        body["payload"]["version"] = json!(version);
        let call = call(&emulator, "/v3/{project}/messages:send").bearer(&jwt);
        let answer = call.header("push-type", "7").json(&body).send().await;
        expect(&answer, 200, "80000000");
        push.inbox(&token).last().unwrap().receipt
    };
    assert_eq!(step(1, 0, 1).await, 0, "created");
    assert_eq!(step(1, 0, 1).await, 269, "created twice");
    assert_eq!(step(1, 1, 2).await, 0, "updated");
    assert_eq!(step(1, 1, 2).await, 156, "the version did not rise");
    assert_eq!(step(1, 2, 3).await, 0, "ended");
    assert_eq!(step(1, 1, 4).await, 155, "over");
    assert_eq!(step(2, 1, 1).await, 265, "never created");
    assert_eq!(step(2, 1, 2).await, 265, "held back");
}
