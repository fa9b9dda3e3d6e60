//! Push Kit: sending, what devices make of it, and who may call.

use std::time::Duration;

use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::{App, Device, HarmonyPush};
use serde_json::{Value, json};

use crate::push::{access_token, call, detail, expect, jwt, notification, now_s, send, signer};

#[tokio::test]
async fn every_token_gets_the_outcome_of_its_device() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let well = push.device(Device::harmony());
    let foreign = push.device(Device::harmony().of(HarmonyPush::OTHER_CLIENT_ID));
    let second = push.device(Device::harmony().of(HarmonyPush::SECOND_CLIENT_ID));
    let old = push.device(Device::hms());
    let jwt = jwt(&emulator);

    let answer = send(&emulator, &jwt, &notification(&[&well])).send().await;
    expect(&answer, 200, "80000000");
    assert_eq!(
        push.inbox(&well)[0].message.payload["notification"]["title"],
        "Parcel"
    );

    let mixed = notification(&[&well, &foreign, &old, "nonsense", &second]);
    let answer = send(&emulator, &jwt, &mixed).send().await;
    expect(&answer, 200, "80100000");
    assert_eq!(
        detail(&answer),
        json!({"success": 2, "failure": 3, "illegalTokens": {
            "noRight": [foreign],
            "tokenPlatformNotSupport": [old],
            "tokenFormatError": ["nonsense"],
        }})
    );

    let answer = send(&emulator, &jwt, &notification(&["nonsense"]))
        .send()
        .await;
    expect(&answer, 400, "80300007");
    assert_eq!(
        detail(&answer),
        json!({"failure": 1, "illegalTokens": {"tokenFormatError": ["nonsense"]}})
    );
    assert_eq!(push.inbox(&well).len(), 2);
}

#[tokio::test]
async fn a_broken_rule_is_named() {
    let emulator = Emulator::start().await.unwrap();
    let jwt = jwt(&emulator);
    let mut body = notification(&["t"]);
    body["payload"]["notification"]["badge"] = json!({"addNum": 100});
    let answer = send(&emulator, &jwt, &body).send().await;
    expect(&answer, 400, "80100003");
    assert_eq!(
        answer.verdict(),
        "refused send_message body /payload/notification/badge/addNum: must be 99 or less \
         (rule maximum)"
    );
    let log = emulator.log();
    assert_eq!(log[0].violations.len(), 1);
    assert_eq!(log[0].code.as_deref(), Some("80100003"));
}

#[tokio::test]
async fn limits_have_codes_of_their_own() {
    let emulator = Emulator::start().await.unwrap();
    let jwt = jwt(&emulator);
    let tokens = vec![HarmonyPush::TOKEN; 1001];
    let check = async |body: &Value, status: u16, code: &str| {
        let answer = send(&emulator, &jwt, body).send().await;
        expect(&answer, status, code);
    };
    check(&notification(&tokens[..1000]), 200, "80000000").await;
    check(&notification(&tokens), 400, "80300010").await;
    check(&notification(&[]), 400, "80300010").await;
    let mut long = notification(&tokens[..1000]);
    long["payload"]["notification"]["body"] = json!("x".repeat(4096));
    check(&long, 400, "80300008").await;
    let mut test = notification(&tokens[..11]);
    test["pushOptions"] = json!({"testMessage": true});
    check(&test, 400, "80300030").await;
    let mut voice = notification(&tokens[..1]);
    voice["payload"]["notification"]["category"] = json!("PLAY_VOICE");
    check(&voice, 400, "80100003").await;
}

#[tokio::test]
async fn test_messages_are_counted_by_the_day() {
    let emulator = Emulator::start().await.unwrap();
    let now_ms = now_s(&emulator) * 1000;
    // Midnight is far, whatever the time is now.
    emulator.set_clock_offset_ms(43_200_000 - now_ms.rem_euclid(86_400_000));
    let mut body = notification(&[HarmonyPush::TOKEN]);
    body["pushOptions"] = json!({"testMessage": true});
    let jwt = jwt(&emulator);
    for _ in 0..1000 {
        expect(&send(&emulator, &jwt, &body).send().await, 200, "80000000");
    }
    let mut refused = body.clone();
    refused["target"]["token"] = json!(["nonsense"]);
    expect(&send(&emulator, &jwt, &body).send().await, 503, "80300029");
    emulator.advance_clock(Duration::from_secs(86_400 / 2 + 1));
    let jwt = crate::push::jwt(&emulator);
    expect(
        &send(&emulator, &jwt, &refused).send().await,
        400,
        "80300007",
    );
    expect(&send(&emulator, &jwt, &body).send().await, 200, "80000000");
}

#[tokio::test]
async fn only_a_sound_jwt_of_the_project_is_let_in() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let body = notification(&[HarmonyPush::TOKEN]);
    let signer = signer(&emulator);
    let now = now_s(&emulator);
    let hour = json!({"iat": now, "exp": now + 3600});
    let check = async |jwt: &str, status: u16, code: &str, reason: &str| {
        let answer = send(&emulator, jwt, &body).send().await;
        expect(&answer, status, code);
        assert!(
            answer.verdict().contains(reason),
            "{} / {reason}",
            answer.verdict()
        );
    };
    let other = push.key_file(HarmonyPush::OTHER_PROJECT_ID).unwrap();
    let other = crate::client::Signer::new(&other).jwt(now);
    let good = signer.jwt(now);
    check(&good, 200, "80000000", "accepted").await;
    let (_, signature) = other.rsplit_once('.').unwrap();
    let (signed, _) = good.rsplit_once('.').unwrap();
    check(
        &format!("{signed}.{signature}"),
        401,
        "80200001",
        "signature",
    )
    .await;
    check("a.b.c", 401, "80200001", "not a JWT").await;
    let rs256 = signer.jwt_with(json!({"alg": "RS256"}), hour.clone());
    check(&rs256, 401, "80200001", "PS256").await;
    let stranger = signer.jwt_with(json!({"kid": "x"}), hour.clone());
    check(&stranger, 401, "80200001", "kid").await;
    let mut claims = hour.clone();
    claims["iss"] = json!("someone");
    check(&signer.jwt_with(json!({}), claims), 401, "80200001", "iss").await;
    let mut claims = hour.clone();
    claims["aud"] = json!("elsewhere");
    check(&signer.jwt_with(json!({}), claims), 401, "80200001", "aud").await;
    let long = json!({"iat": now, "exp": now + 86_401});
    check(&signer.jwt_with(json!({}), long), 400, "80300036", "day").await;
    check(&signer.jwt(now - 3601), 401, "80200005", "expired").await;
    check(&signer.jwt(now + 3600), 401, "80200001", "future").await;
    check(&other, 401, "80200001", "another project").await;
    check(
        &access_token(&emulator).await,
        401,
        "80200001",
        "JWT of a service account",
    )
    .await;

    let url = emulator.url("harmony-push");
    let nowhere = crate::client::post(format!("{url}/v3/1/messages:send"));
    let answer = nowhere
        .bearer(&good)
        .header("push-type", "0")
        .json(&body)
        .send()
        .await;
    expect(&answer, 400, "80300002");
    let answer = call(&emulator, "/v3/{project}/messages:send")
        .json(&body)
        .send()
        .await;
    expect(&answer, 401, "80200001");
}

#[tokio::test]
async fn the_published_vectors_verify_and_the_negative_ones_do_not() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    for number in 1..=2 {
        let vector =
            crate::samples::of_client("harmony-push", &format!("vector.jwt_ps256.{number}.json"));
        let file = &vector["service_account_key_file"];
        let project = file["project_id"].as_str().unwrap();
        push.add_service_account(
            project,
            vector["header"]["kid"].as_str().unwrap(),
            vector["claims"]["iss"].as_str().unwrap(),
            vector["public_key_spki_pem"].as_str().unwrap(),
        )
        .unwrap();
        let iat = vector["claims"]["iat"].as_i64().unwrap();
        emulator.set_clock_offset_ms(0);
        emulator.set_clock_offset_ms((iat + 10 - now_s(&emulator)) * 1000);
        let body = notification(&["nonsense"]);
        let code = async |token: String| {
            let url = format!(
                "{}/v3/{project}/messages:send",
                emulator.url("harmony-push")
            );
            let call = crate::client::post(url)
                .bearer(&token)
                .header("push-type", "0");
            call.json(&body).send().await.code()
        };
        let token = vector["token"].as_str().unwrap();
        // Through to the tokens of the message: the JWT was good.
        assert_eq!(code(token.to_owned()).await, "80300007");
        let input = vector["signing_input"].as_str().unwrap();
        let also = vector["also_valid_signature_b64url"].as_str().unwrap();
        assert_eq!(code(format!("{input}.{also}")).await, "80300007");
        for wrong in vector["must_not_verify"].as_array().unwrap() {
            let signature = wrong["signature_b64url"].as_str().unwrap();
            assert_eq!(
                code(format!("{input}.{signature}")).await,
                "80200001",
                "{}",
                wrong["why"]
            );
        }
    }
}

#[tokio::test]
async fn access_tokens_are_issued_and_expire() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let device = push.device(Device::hms());
    let token = access_token(&emulator).await;
    assert!(token.contains('/') && token.ends_with('='), "{token}");
    let body = json!({"message": {"data": "x", "token": [device, "gone"]}});
    let send = |token: &str| {
        call(&emulator, "/v1/{client}/messages:send")
            .bearer(token)
            .json(&body)
    };
    let answer = send(&token).send().await;
    expect(&answer, 200, "80100000");
    assert_eq!(
        detail(&answer),
        json!({"success": 1, "failure": 1, "illegal_tokens": ["gone"]})
    );
    expect(&send("DQEB/made+up=").send().await, 401, "80200001");
    emulator.advance_clock(Duration::from_secs(3601));
    expect(&send(&token).send().await, 401, "80200003");
    let fresh = access_token(&emulator).await;
    expect(&send(&fresh).send().await, 200, "80100000");
    push.revoke_access_tokens();
    expect(&send(&fresh).send().await, 401, "80200001");
}

#[tokio::test]
async fn wrong_client_credentials_are_refused_with_numbers() {
    let emulator = Emulator::start().await.unwrap();
    let ask = async |form: &str| {
        let url = format!("{}/oauth2/v3/token", emulator.url("harmony-push"));
        let answer = crate::client::post(url).form(form).send().await;
        let body = answer.json();
        (
            answer.status,
            body["error"].as_i64(),
            body["sub_error"].as_i64(),
        )
    };
    // A plus sign that was not encoded is a space.
    let unencoded = "grant_type=client_credentials&client_id=100000001\
                     &client_secret=emulated+secret%2F1%26%3D%25";
    assert_eq!(ask(unencoded).await, (400, Some(1101), Some(12304)));
    let nobody = "grant_type=client_credentials&client_id=1&client_secret=x";
    assert_eq!(ask(nobody).await, (400, Some(1101), None));
    let missing = "grant_type=client_credentials&client_id=1";
    assert_eq!(ask(missing).await, (400, Some(1102), None));
    let other = "grant_type=password&client_id=1&client_secret=x";
    assert_eq!(ask(other).await, (400, Some(1105), None));
}

#[tokio::test]
async fn a_thousand_access_tokens_in_five_minutes_are_enough() {
    let emulator = Emulator::start().await.unwrap();
    let now_ms = now_s(&emulator) * 1000;
    emulator.set_clock_offset_ms(-now_ms.rem_euclid(300_000));
    for _ in 0..1000 {
        access_token(&emulator).await;
    }
    let form = "grant_type=client_credentials&client_id=100000001\
                &client_secret=emulated%2Bsecret%2F1%26%3D%25";
    let url = format!("{}/oauth2/v3/token", emulator.url("harmony-push"));
    let answer = crate::client::post(&url).form(form).send().await;
    assert_eq!(answer.status, 503);
    emulator.advance_clock(Duration::from_secs(300));
    access_token(&emulator).await;
}

#[tokio::test]
async fn rights_and_reasons_are_settings_of_app_and_device() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let mut app = App::new("100000009", "s", HarmonyPush::PROJECT_ID);
    app.without_right = vec![0];
    push.add_app(app);
    let poor = push.device(Device::harmony().of("100000009"));
    let abroad = push.device(Device::harmony().refused("countryNotSupport"));
    let jwt = jwt(&emulator);
    let answer = send(&emulator, &jwt, &notification(&[&poor, &abroad]))
        .send()
        .await;
    expect(&answer, 400, "80300007");
    let illegal = detail(&answer)["illegalTokens"].clone();
    assert_eq!(
        illegal,
        json!({"noPushTypeRight": [poor], "countryNotSupport": [abroad]})
    );
    assert!(push.change_device(&abroad, |device| device.refusal = None));
    expect(
        &send(&emulator, &jwt, &notification(&[&abroad]))
            .send()
            .await,
        200,
        "80000000",
    );
}

#[tokio::test]
async fn the_phone_replaces_drops_and_forgets_messages() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let token = push.device(Device::harmony());
    let jwt = jwt(&emulator);
    let with = |name: &str, value: Value| {
        let mut body = notification(&[&token]);
        body["payload"]["notification"][name] = value;
        body
    };
    let shown = || -> Vec<bool> { push.inbox(&token).iter().map(|it| it.shown).collect() };
    for _ in 0..2 {
        send(&emulator, &jwt, &with("appMessageId", json!("order-1")))
            .send()
            .await;
    }
    assert_eq!(
        shown(),
        [true, false],
        "the repeat of an appMessageId is dropped"
    );
    for _ in 0..2 {
        send(&emulator, &jwt, &with("notifyId", json!(7)))
            .send()
            .await;
    }
    assert_eq!(
        shown(),
        [true, false, false, true],
        "the last of a notifyId replaces"
    );
    let revoke = json!({"notifyId": 7, "token": [token]});
    let answer = call(&emulator, "/v1/{client}/messages:revoke")
        .bearer(&jwt)
        .header("push-type", "0")
        .json(&revoke)
        .send()
        .await;
    expect(&answer, 200, "80000000");
    assert_eq!(
        shown(),
        [true, false, false, false],
        "what was sent with it is taken back"
    );
}

#[tokio::test]
async fn revoking_has_codes_of_its_own() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    let own = push.device(Device::harmony());
    let second = push.device(Device::harmony().of(HarmonyPush::SECOND_CLIENT_ID));
    let jwt = jwt(&emulator);
    let check = async |tokens: Value, status: u16, code: &str| {
        let answer = call(&emulator, "/v1/{client}/messages:revoke")
            .bearer(&jwt)
            .header("push-type", "0")
            .json(&json!({"notifyId": 7, "token": tokens}))
            .send()
            .await;
        expect(&answer, status, code);
    };
    check(json!([own, second]), 400, "80300017").await;
    check(json!([second]), 400, "80300028").await;
    check(json!([own, "nonsense"]), 200, "80100020").await;
    check(json!(["nonsense"]), 400, "80300007").await;
    check(Value::Null, 400, "80100003").await;
}

#[tokio::test]
async fn fleets_take_no_memory_and_every_message() {
    let emulator = Emulator::start().await.unwrap();
    let push = emulator.harmony_push();
    push.fleet("campaign-", 1_000_000, Device::harmony());
    let jwt = jwt(&emulator);
    let tokens = [
        "campaign-0",
        "campaign-999999",
        "campaign-1000000",
        "campaign-+1",
    ];
    let answer = send(&emulator, &jwt, &notification(&tokens)).send().await;
    expect(&answer, 200, "80100000");
    let illegal = detail(&answer)["illegalTokens"].clone();
    assert_eq!(
        illegal,
        json!({"tokenFormatError": ["campaign-1000000", "campaign-+1"]})
    );
    assert_eq!(push.delivered(), 2);
    assert_eq!(push.recent()[1].0, "campaign-999999");
}
