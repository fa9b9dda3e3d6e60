//! Every operation of every platform over HTTP: good requests get an answer that the document
//! allows, bad ones a refusal in the platform's own form.

use std::fs;
use std::path::Path;

use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::HarmonyPush;
use huawei_emulator::iot_na::IotNa;
use huawei_emulator::welink_oauth::WelinkOauth;
use serde_json::Value;

use crate::client::{Answer, call};
use crate::mutations::document::{Document, Operation};
use crate::mutations::{example, oracle};
use crate::samples::{self, PLATFORMS};

/// Sends a sample with every credential that a platform could want.
async fn send(
    emulator: &Emulator,
    platform: &str,
    operation: &Operation<'_>,
    jwt: &str,
    sample: &Value,
) -> Answer {
    let wants = |scheme: &str| operation.source["security"].to_string().contains(scheme);
    let request = samples::request(sample);
    let method = match request.method().as_str() {
        "GET" => "GET",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        _ => "POST",
    };
    let mut uri = request.uri().to_string();
    if wants("robotToken") {
        let joint = if uri.contains('?') { '&' } else { '?' };
        uri = format!("{uri}{joint}token=t");
    }
    let mut call = call(method, format!("{}{uri}", emulator.url(platform)));
    for (name, value) in request.headers() {
        call = call.header(name.as_str(), value.to_str().unwrap());
    }
    if wants("appKey") {
        call = call.header("app_key", IotNa::APP_ID);
    }
    for name in ["x-client-id", "x-state-token", "x-signature"] {
        if !request.headers().contains_key(name) {
            call = call.header(name, "value");
        }
    }
    if platform == "welink-oauth" {
        let token = match wants("appAccessToken") {
            true => emulator.welink_oauth().app_token(),
            false => emulator.welink_oauth().user_token(WelinkOauth::USER),
        };
        call = call.header("x-wlk-authorization", &token);
    }
    if wants("clientBasic") {
        call = call.header("authorization", "Basic YTpi");
    } else if !request.headers().contains_key("authorization") {
        call = call.bearer(jwt);
    }
    call.body(request.into_body()).send().await
}

#[tokio::test]
async fn answers_and_refusals_of_all_operations_are_what_the_documents_allow() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("answers");
    let _ = fs::remove_dir_all(&folder);
    let emulator = Emulator::builder().record(&folder).start().await.unwrap();
    let jwt = crate::push::jwt(&emulator);
    let access_token = crate::push::access_token(&emulator).await;
    let iot_token = crate::iot_na::log_in(&emulator).await;
    let mut wrong = Vec::new();
    let mut count = 0;
    for platform in PLATFORMS {
        let document = Document::open(platform);
        for operation in document.operations() {
            let mut sample = example::sample(&document, &operation, 0);
            // What behaves has tests of its own.
            if !huawei_emulator::behaves(platform).contains(&operation.id) {
                let answer = send(&emulator, platform, &operation, &iot_token, &sample).await;
                count += 1;
                if !answer.verdict().starts_with("accepted") {
                    wrong.push(format!("{platform} {}: {}", operation.id, answer.verdict()));
                }
            }
            if !sample["body"].is_object() || samples::is(&sample, "form-urlencoded") {
                continue;
            }
            sample["body"] = Value::String("{".to_owned());
            let path = sample["path"].as_str().unwrap().to_owned();
            let place = if operation.path.contains("{projectId}") {
                HarmonyPush::PROJECT_ID
            } else {
                HarmonyPush::CLIENT_ID
            };
            if platform == "harmony-push" {
                sample["path"] = path.replacen("/1/", &format!("/{place}/"), 1).into();
            }
            let security = operation.source["security"].to_string();
            let by_jwt = security.contains("serviceAccountJwt");
            let credential = match platform {
                "iot-na" => &iot_token,
                _ if by_jwt => &jwt,
                _ => &access_token,
            };
            let answer = send(&emulator, platform, &operation, credential, &sample).await;
            if !answer.verdict().starts_with("refused") {
                wrong.push(format!(
                    "{platform} {} {{: {}",
                    operation.id,
                    answer.verdict()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "{count}");
    if let Some(checker) = oracle::able() {
        let refused = oracle::run(&checker, &folder);
        assert!(refused.is_empty(), "{refused:#?}");
    }
}
