//! Messages that break one rule: each is refused before it is sent, and the error names the field.

mod live_views;
mod others;

use std::fs;
use std::path::Path;

use harmony_push::model::SendMessage;
use harmony_push::{Background, Message as _, Revocation};
use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::samples::front;

/// A full body with one member changed, or removed where there is no value.
fn changed(name: &str, pointer: &str, value: Option<Value>) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/bodies/{name}.json"));
    let mut body: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = body
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{name} has no {parent}"));
    match (parent, value) {
        (Value::Array(items), Some(value)) => items[member.parse::<usize>().unwrap()] = value,
        (parent, Some(value)) => parent[member] = value,
        (parent, None) => drop(parent.as_object_mut().unwrap().remove(member).unwrap()),
    }
    body
}

/// Expects that a v3 message with this change is refused for `field`.
#[track_caller]
fn check(name: &str, pointer: &str, value: Option<Value>, field: &str) {
    let body = changed(name, pointer, value);
    let message: SendMessage = serde_json::from_value(body).unwrap();
    let push_type: i64 = name.split('.').nth(1).unwrap().parse().unwrap();
    let refused = front(message, &push_type.into()).check();
    let error = refused.expect_err(&format!("{pointer} of {name} is not checked"));
    let text = error.to_string();
    assert!(text.contains(&format!("{field}`")), "{pointer}: {text}");
}

#[test]
fn notifications_are_checked() {
    let check = |member: &str, value: Value, field: &str| {
        let pointer = format!("/payload/notification/{member}");
        check("send_message.0.notification", &pointer, Some(value), field);
    };
    let notification = |field: &str| format!("payload.notification.{field}");
    let many = "x".repeat(65);
    for (member, value, field) in [
        ("title", json!(""), "title"),
        ("body", json!(""), "body"),
        ("category", json!("PLAY_VOICE"), "overlayIcon"),
        ("category", json!("WORK"), "overlayIcon"),
        ("image", json!("http://example.com/a.png"), "image"),
        ("overlayIcon", json!("ftp://a"), "overlayIcon"),
        ("style", json!(1), "bigTitle"),
        ("inboxContent", json!(["1", "2", "3", "4"]), "inboxContent"),
        ("inboxContent", json!(["x".repeat(1025)]), "inboxContent[0]"),
        ("notifyId", json!(-2), "notifyId"),
        ("appMessageId", json!("a!"), "appMessageId"),
        ("appMessageId", json!(""), "appMessageId"),
        ("profileId", json!(many), "profileId"),
        ("soundDuration", json!(61), "soundDuration"),
        ("badge/addNum", json!(0), "badge.addNum"),
        ("badge/addNum", json!(100), "badge.addNum"),
        ("badge/setNum", json!(-1), "badge.setNum"),
        ("clickAction/actionType", json!(3), "clickAction.actionType"),
    ] {
        check(member, value, &notification(field));
    }
    let name = "send_message.0.notification";
    self::check(
        name,
        "/payload/notification/inboxContent",
        None,
        "inboxContent",
    );
    let page = json!({"actionType": 1});
    let refused = changed(name, "/payload/notification/clickAction", Some(page));
    let message: SendMessage = serde_json::from_value(refused).unwrap();
    let error = front(message, &0.into()).check().unwrap_err().to_string();
    assert!(error.contains("`action`, `uri`"), "{error}");
    self::check(
        "send_message.0.badge",
        "/payload/notification/badge/setNum",
        Some(json!(100)),
        "setNum",
    );
}

#[test]
fn options_are_checked() {
    for (member, value) in [
        ("ttl", json!(-1)),
        ("ttl", json!(1_296_001)),
        ("biTag", json!("ä".repeat(33))),
        ("collapseKey", json!(101)),
        ("collapseKey", json!(-2)),
    ] {
        let pointer = format!("/pushOptions/{member}");
        let field = format!("pushOptions.{member}");
        check("send_message.0.notification", &pointer, Some(value), &field);
    }
    // Only what is shown can be collapsed.
    for name in ["1.form", "6.background", "7.flight", "10.call"] {
        let (name, pointer) = (format!("send_message.{name}"), "/pushOptions/collapseKey");
        check(&name, pointer, Some(json!(0)), "pushOptions.collapseKey");
    }
}

#[test]
fn widgets_are_checked() {
    for (member, value, field) in [
        ("formId", json!(-1), "formId"),
        ("version", json!(-1), "version"),
        ("formData", json!({"datashareproxy://x": 1}), "formData"),
        ("formData", json!({"a": [{"b": null}]}), "formData"),
        (
            "formData",
            json!({"a": 9_007_199_254_740_992_u64}),
            "formData",
        ),
        ("formData", json!({"picture": 1}), "keyName"),
        ("images", json!([{}, {}]), "images"),
        ("images/0/url", json!("http://a"), "url"),
    ] {
        let pointer = format!("/payload/{member}");
        check("send_message.1.form", &pointer, Some(value), field);
    }
}

#[test]
fn voice_announcements_are_checked() {
    for (member, value, field) in [
        ("category", json!("IM"), "category"),
        ("foregroundShow", json!(false), "foregroundShow"),
        ("title", json!(""), "title"),
    ] {
        let pointer = format!("/payload/notification/{member}");
        check("send_message.2.voice", &pointer, Some(value), field);
    }
}

#[test]
fn a_message_may_have_4096_bytes_without_its_tokens() {
    let frame = r#"{"payload":{"extraData":""},"target":{"token":[]}}"#.len();
    assert!(Background::new("x".repeat(4096 - frame)).check().is_ok());
    let error = Background::new("x".repeat(4097 - frame))
        .check()
        .unwrap_err();
    assert!(
        error.to_string().contains("4097 bytes without the tokens"),
        "{error}"
    );
    let wide = "ä".repeat((4096 - frame) / 2 + 1);
    assert!(
        Background::new(wide).check().is_err(),
        "bytes count, not characters"
    );
}

#[tokio::test]
async fn a_widget_is_refreshed_on_one_device() {
    let body = changed("send_message.1.form", "/payload/version", Some(json!(1)));
    let message: SendMessage = serde_json::from_value(body).unwrap();
    let form = front(message, &1.into());
    let fake = Fake::new(|_| Reply::Lost);
    let error = fake.client().send(&*form, &["a", "b"]).await.unwrap_err();
    assert!(
        error.to_string().contains("`target.token` has 2 tokens"),
        "{error}"
    );
    let stream = futures_util::stream::iter(["a"]);
    assert!(fake.client().send_stream(&*form, stream).is_err());
    assert!(fake.sent().is_empty());
}

#[tokio::test]
async fn a_notify_id_to_revoke_is_not_negative() {
    let fake = Fake::new(|_| Reply::Lost);
    let revocation = Revocation::notification("app", -1);
    let error = fake.client().revoke(&revocation, &["a"]).await.unwrap_err();
    assert!(error.to_string().contains("`notifyId`"), "{error}");
}
