//! HMS messages and those of atomic services that break one rule.

use harmony_push::Client;
use harmony_push::model::{
    HmsMessage, SendHmsMessage, SendServiceNotification, SendServiceTimeline,
};
use serde_json::json;

use super::changed;
use crate::fake::Fake;

/// A client whose platform must not be asked.
fn silent() -> Client {
    Fake::new(|_| panic!("nothing may be sent")).client()
}

#[tokio::test]
async fn hms_messages_are_checked() {
    let android = "/message/android";
    for (pointer, value, field) in [
        (format!("{android}/ttl"), json!("soon"), "ttl"),
        (
            format!("{android}/collapse_key"),
            json!(101),
            "collapse_key",
        ),
        (
            format!("{android}/notification/color"),
            json!("#ABC"),
            "color",
        ),
        (
            format!("{android}/notification/click_action/url"),
            json!("http://a"),
            "url",
        ),
        (
            format!("{android}/notification/click_action"),
            json!({"type": 1}),
            "intent",
        ),
        (
            format!("{android}/notification/badge/add_num"),
            json!(0),
            "add_num",
        ),
        (
            format!("{android}/notification/vibrate_config"),
            json!(["x"]),
            "vibrate_config",
        ),
        (
            format!("{android}/notification/light_settings/color/red"),
            json!(1.5),
            "red",
        ),
        (
            format!("{android}/notification/buttons/0/name"),
            json!("x".repeat(41)),
            "name",
        ),
        ("/message/topic".to_owned(), json!("weather"), "topic"),
    ] {
        let mut body = changed("send_hms_message.android", &pointer, Some(value));
        body["message"].as_object_mut().unwrap().remove("token");
        let message: SendHmsMessage = serde_json::from_value(body).unwrap();
        let error = silent()
            .send_hms_one(&message, "t")
            .await
            .expect_err(&pointer);
        assert!(error.to_string().contains(field), "{pointer}: {error}");
    }
    let empty = SendHmsMessage::new(HmsMessage::default());
    assert!(silent().send_hms_one(&empty, "t").await.is_err());
}

#[tokio::test]
async fn atomic_service_messages_are_checked() {
    let big = json!({"x": "x".repeat(1024)});
    for (pointer, value, field) in [
        ("/msgId", json!(""), "msgId"),
        ("/templateParams", json!({}), "templateParams"),
        ("/templateParams/thing_0", json!("x".repeat(129)), "thing_0"),
        ("/clickAction", json!({"actionType": 1}), "action"),
        ("/clickAction/data", big.clone(), "clickAction.data"),
    ] {
        let body = changed("send_service_notification", pointer, Some(value));
        let message: SendServiceNotification = serde_json::from_value(body).unwrap();
        let error = silent()
            .notify_subscriber(&message)
            .await
            .expect_err(pointer);
        assert!(error.to_string().contains(field), "{pointer}: {error}");
    }
    for (pointer, value, field) in [
        ("/content/amount", json!("x".repeat(17)), "amount"),
        ("/content/button/data", big, "button.data"),
        ("/content/button", json!({"type": 0}), "button.text"),
    ] {
        let body = changed("send_service_timeline.pickup", pointer, Some(value));
        let state: SendServiceTimeline = serde_json::from_value(body).unwrap();
        let error = silent().report_service(&state).await.expect_err(pointer);
        assert!(error.to_string().contains(field), "{pointer}: {error}");
    }
    let body = changed(
        "send_service_timeline.pickup",
        "/sceneId",
        Some(json!("10001")),
    );
    let mut state: SendServiceTimeline = serde_json::from_value(body).unwrap();
    state.sub_scene_id = "100010002".to_owned();
    let error = silent().report_service(&state).await.unwrap_err();
    assert!(error.to_string().contains("subSceneId"), "{error}");
}
