//! Receipts and uplink messages against the published samples and vectors.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use auth_core::{Secret, SecretSource};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harmony_push::receipts::{self, Rejection, SecretForm, Verifier};
use harmony_push::{Disposition, uplink};
use serde_json::{Value, json};

fn sample(name: &str) -> Value {
    let path = format!("{}/tests/samples/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn body(name: &str) -> Vec<u8> {
    sample(name)["body"].to_string().into_bytes()
}

fn milliseconds(count: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(count)
}

#[test]
fn a_delivery_receipt_is_read() {
    let receipts = receipts::read(&body("on_delivery_receipts.request.delivery_guide"))
        .unwrap()
        .receipts;
    let [receipt] = &receipts[..] else {
        panic!("one receipt")
    };
    assert!(receipt.status.is_delivered());
    assert_eq!(receipt.status.disposition(), Disposition::Keep);
    assert_eq!(receipt.at, Some(milliseconds(1_697_741_455_082)));
    assert_eq!(receipt.request_id.as_str(), "169802**1701");
    assert_eq!(receipt.bi_tag.as_deref(), Some("bi**62"));
    assert_eq!(receipt.push_type, Some(0));
    assert!(receipt.token.expose().contains('+'));
    assert!(!format!("{receipt:?}").contains(receipt.token.expose()));
}

#[test]
fn a_widget_receipt_is_read() {
    let receipts = receipts::read(&body("on_delivery_receipts.request.form_guide"))
        .unwrap()
        .receipts;
    assert_eq!(receipts[0].form_id, Some(10086));
    assert!(receipts[0].status.is_delivered());
}

#[test]
fn an_hms_receipt_is_read() {
    let receipts = receipts::read_hms(&body("on_hms_receipts.request.reference"))
        .unwrap()
        .receipts;
    assert!(receipts[0].status.is_delivered());
    assert_eq!(receipts[0].app.as_deref(), Some("0000000013"));
    assert_eq!(receipts[0].request_id.as_str(), "1234567890");
}

#[test]
fn the_cause_of_a_message_that_was_held_back_is_read_in_any_form() {
    for (sent, read) in [
        (json!(4), Some("4")),
        (json!("4"), Some("4")),
        (json!("dnd"), Some("dnd")),
        (json!(""), None),
        (Value::Null, None),
    ] {
        let body = json!({"statuses": [{"token": "t", "status": 201, "subStatus": sent}]});
        let receipts = receipts::read_hms(body.to_string().as_bytes())
            .unwrap()
            .receipts;
        assert_eq!(receipts[0].sub_status.as_deref(), read, "{body}");
    }
}

#[test]
fn the_answer_to_a_receipt_is_the_documented_one() {
    let answer: Value = serde_json::from_str(receipts::ACK).unwrap();
    assert_eq!(answer, sample("on_delivery_receipts.response.ack")["body"]);
}

#[test]
fn the_vectors_of_the_callback_signature_hold() {
    let vector = sample("vector.callback_hmac.1");
    let now = milliseconds(vector["timestamp"].as_str().unwrap().parse().unwrap());
    let user = vector["user_name"].as_str().unwrap();
    let build = |case: &Value, form| {
        Verifier::builder(user, case["secret"].as_str().unwrap())
            .form(form)
            .build()
            .unwrap()
    };
    let cases = vector["cases"].as_array().unwrap();
    for (case, form) in cases.iter().zip([SecretForm::Base64, SecretForm::Text]) {
        let header = case["header"].as_str().unwrap();
        for form in [form, SecretForm::Either] {
            let id = build(case, form).verify(Some(header), now).unwrap();
            assert_eq!(id.nonce, vector["nonce"].as_str().unwrap());
            assert_eq!(id.timestamp, now);
        }
        if let Some(header) = case["header_without_spaces"].as_str() {
            assert!(build(case, form).verify(Some(header), now).is_ok());
        }
    }
    let verifier = build(&cases[0], SecretForm::Base64);
    let bad = vector["must_not_verify"].as_array().unwrap();
    for case in bad {
        let good = cases[0]["value"].as_str().unwrap();
        let header = cases[0]["header"].as_str().unwrap();
        let header = header.replace(good, case["value"].as_str().unwrap());
        let verdict = verifier.verify(Some(&header), now);
        assert_eq!(verdict, Err(Rejection::WrongSignature), "{case}");
    }
}

#[test]
fn an_uplink_message_is_read() {
    let message = uplink::read(&body("on_hms_uplink_message.request.reference")).unwrap();
    assert_eq!(message.data, br#"{"key1":"value1"}"#);
    assert_eq!(message.message_id, "12345");
}

#[tokio::test]
async fn a_secret_that_changes_is_taken_up_and_the_one_before_still_passes() {
    let secrets = Arc::new(Mutex::new(vec!["dGhpcmQ=", "c2Vjb25k", "Zmlyc3Q="]));
    let vault = SecretSource::vault(move || {
        let secret = secrets.lock().unwrap().pop().expect("another secret");
        async move { Ok(Secret::new(secret)) }
    });
    let build = || Verifier::builder("user", vault.clone()).build();
    assert!(build().is_err(), "not asked yet");
    vault.refresh().await.unwrap();
    let verifier = build().unwrap();
    let now = SystemTime::UNIX_EPOCH;
    let signed = |key: &[u8]| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
        let tag = ring::hmac::sign(&key, b"0nuser");
        format!("timestamp=0;nonce=n;value={}", BASE64_STANDARD.encode(tag))
    };
    let passing = || {
        let secrets = ["first", "second", "third"];
        let pass = |secret: &&str| {
            verifier
                .verify(Some(&signed(secret.as_bytes())), now)
                .is_ok()
        };
        secrets.into_iter().filter(pass).collect::<Vec<_>>()
    };
    assert_eq!(passing(), ["first"]);
    vault.refresh().await.unwrap();
    assert_eq!(passing(), ["first", "second"]);
    vault.refresh().await.unwrap();
    assert_eq!(passing(), ["second", "third"]);
}

#[test]
fn verifiers_hide_their_secrets() {
    let secret = "aHVzaC1odXNo";
    let builder = Verifier::builder("user", secret).previous("b2xkLWh1c2g=");
    let uplink = uplink::Verifier::new(secret, SecretForm::Base64).unwrap();
    let verifier = builder.clone().build().unwrap();
    let shown = format!("{builder:?} {verifier:?} {uplink:?}");
    for secret in [secret, "hush-hush", "b2xkLWh1c2g=", "old-hush"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
