//! Receipts and uplink messages: what Push Kit tells the sender.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::{Device, HarmonyPush, ReceiptConfiguration};
use ring::hmac;
use serde_json::json;

use crate::push::{access_token, call, expect, jwt, notification, send};
use crate::receiver::{Receiver, Taken};

/// The parts of the header that proves who calls.
fn proof(taken: &Taken) -> (String, String, Vec<u8>) {
    let header = taken.headers["x-huawei-callback-id"].to_str().unwrap();
    let part = |name: &str| {
        let mut parts = header
            .split(';')
            .filter_map(|part| part.trim().split_once('='));
        let (_, value) = parts.find(|(key, _)| *key == name).unwrap();
        value.to_owned()
    };
    let value = STANDARD.decode(part("value")).unwrap();
    (part("timestamp"), part("nonce"), value)
}

#[tokio::test]
async fn receipts_say_what_became_of_each_token_and_are_signed() {
    let emulator = Emulator::start().await.unwrap();
    let mut receiver = Receiver::start().await;
    let push = emulator.harmony_push();
    let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    push.set_receipts(Some(
        ReceiptConfiguration::new(&receiver.url).signed("user", secret),
    ));
    let well = push.device(Device::harmony());
    let gone = push.device(Device::harmony().uninstalled());
    let mut body = notification(&[&well, &gone, "nonsense"]);
    body["pushOptions"] = json!({"biTag": "spring"});
    let answer = send(&emulator, &jwt(&emulator), &body).send().await;
    expect(&answer, 200, "80100000");

    let taken = receiver.next().await;
    let (timestamp, nonce, value) = proof(&taken);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret).unwrap());
    let signed = format!("{timestamp}{nonce}user");
    hmac::verify(&key, signed.as_bytes(), &value).unwrap();
    assert_eq!(nonce.len(), 36);
    let statuses = taken.body["statuses"].as_array().unwrap();
    assert_eq!(statuses.len(), 2, "a refused token has no receipt");
    for (status, (token, result)) in statuses.iter().zip([(&well, 0), (&gone, 2)]) {
        assert_eq!(status["token"], **token);
        assert_eq!(status["deliveryStatus"]["result"], result);
        assert_eq!(status["biTag"], "spring");
        assert_eq!(status["requestId"], answer.json()["requestId"]);
    }
}

#[tokio::test]
async fn receipts_of_hms_have_the_older_form_and_an_old_secret_is_the_key_itself() {
    let emulator = Emulator::start().await.unwrap();
    let mut receiver = Receiver::start().await;
    let configuration = ReceiptConfiguration::new(&receiver.url)
        .signed("user", "my-old-callback-secret")
        .raw_secret();
    emulator.harmony_push().set_receipts(Some(configuration));
    let token = access_token(&emulator).await;
    let body = json!({"message": {
        "android": {"bi_tag": "spring", "notification": {
            "title": "t", "body": "b", "click_action": {"type": 3},
        }},
        "token": [HarmonyPush::HMS_TOKEN],
    }});
    let call = call(&emulator, "/v1/{client}/messages:send").bearer(&token);
    expect(&call.json(&body).send().await, 200, "80000000");
    let taken = receiver.next().await;
    let (timestamp, nonce, value) = proof(&taken);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"my-old-callback-secret");
    hmac::verify(&key, format!("{timestamp}{nonce}user").as_bytes(), &value).unwrap();
    let status = &taken.body["statuses"][0];
    assert_eq!(status["appid"], HarmonyPush::CLIENT_ID);
    assert_eq!(
        (&status["status"], &status["biTag"]),
        (&json!(0), &json!("spring"))
    );
}

#[tokio::test]
async fn a_hundred_receipts_go_into_one_call() {
    let emulator = Emulator::start().await.unwrap();
    let mut receiver = Receiver::start().await;
    let push = emulator.harmony_push();
    push.set_receipts(Some(ReceiptConfiguration::new(&receiver.url)));
    push.fleet("t", 250, Device::harmony());
    let tokens: Vec<String> = (0..250).map(|number| format!("t{number}")).collect();
    let tokens: Vec<&str> = tokens.iter().map(|token| &**token).collect();
    send(&emulator, &jwt(&emulator), &notification(&tokens))
        .send()
        .await;
    let mut sizes = Vec::new();
    for _ in 0..3 {
        let taken = receiver.next().await;
        assert!(!taken.headers.contains_key("x-huawei-callback-id"));
        sizes.push(taken.body["statuses"].as_array().unwrap().len());
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
}

#[tokio::test]
async fn a_message_chooses_where_its_receipts_go() {
    let emulator = Emulator::start().await.unwrap();
    let [mut usual, mut chosen] = [Receiver::start().await, Receiver::start().await];
    let push = emulator.harmony_push();
    push.set_receipts(Some(ReceiptConfiguration::new(&usual.url)));
    push.set_named_receipts("other", ReceiptConfiguration::new(&chosen.url));
    let mut body = notification(&[HarmonyPush::TOKEN]);
    body["pushOptions"] = json!({"receiptId": "other", "biTag": "chosen"});
    send(&emulator, &jwt(&emulator), &body).send().await;
    body["pushOptions"] = json!({"receiptId": "unknown", "biTag": "usual"});
    send(&emulator, &jwt(&emulator), &body).send().await;
    assert_eq!(chosen.next().await.body["statuses"][0]["biTag"], "chosen");
    assert_eq!(usual.next().await.body["statuses"][0]["biTag"], "usual");
}

#[tokio::test]
async fn an_app_on_an_hms_device_talks_to_its_server() {
    let emulator = Emulator::start().await.unwrap();
    let mut receiver = Receiver::start().await;
    let push = emulator.harmony_push();
    assert!(
        push.send_uplink(HarmonyPush::HMS_TOKEN, b"hello").is_err(),
        "no address yet"
    );
    push.set_receipts(Some(
        ReceiptConfiguration::new(&receiver.url).signed("user", "c2VjcmV0"),
    ));
    push.send_uplink(HarmonyPush::HMS_TOKEN, b"hello").unwrap();
    let taken = receiver.next().await;
    let data = taken.body["data"].as_str().unwrap();
    assert_eq!(STANDARD.decode(data).unwrap(), b"hello");
    let time = taken.headers["x-hw-timestamp"].to_str().unwrap();
    let value = STANDARD.decode(&taken.headers["x-hw-signature"]).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
    hmac::verify(&key, format!("{time}:{data}").as_bytes(), &value).unwrap();
}
