//! Messages with nothing but what their constructors ask for.

use harmony_push::model::{
    AlertBadge, BackgroundPayload, ClickAction, FormUpdatePayload, HmsClickAction, HmsMessage,
    LiveViewEvent, LiveViewLayout, LiveViewNotificationData, LiveViewRichText, LiveViewStatus,
    MdmPayload, NotificationCategory, SendHmsMessage,
};
use harmony_push::{
    Background, Badge, FormUpdate, InAppCall, LiveView, Mdm, Message, Notification, Voice,
};
use huawei_emulator::harmony_push::Device;

use super::Stage;

/// Sends a message to one device and expects the emulator to take it.
async fn check(stage: &Stage, message: &dyn Message) {
    let token = stage.push.device(Device::harmony());
    let outcome = stage.client.send_one(message, &token).await;
    let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(outcome.is_accepted(), "{outcome:?}");
    stage.assert_accepted("send_message");
    let received = stage.push.inbox(&token);
    assert_eq!(received.len(), 1);
    let push_type = received[0].message.push_type;
    assert_eq!(push_type, Some(message.push_type().number()));
}

pub(super) fn card() -> LiveViewNotificationData {
    LiveViewNotificationData::new(LiveViewLayout::Basic, ClickAction::home())
        .content_title("{{status}}")
        .content_text([LiveViewRichText::new("5 minutes")])
}

#[tokio::test]
async fn every_push_type_is_taken_with_what_its_constructor_asks_for() {
    let stage = Stage::new("minimal-messages");
    let (home, im) = (ClickAction::home(), NotificationCategory::Im);
    let form = FormUpdatePayload::new(7, 1, "entry", "parcel", "Ability", [].into());
    let status = LiveViewStatus::DriverOnTheWay;
    let messages: [Box<dyn Message>; 11] = [
        Box::new(Notification::new(im, "Hi", "there", home.clone())),
        Box::new(Badge::set(0)),
        Box::new(FormUpdate::from(form)),
        Box::new(Voice::new("Paid", "5 yuan", home, "")),
        Box::new(Background::new("")),
        Box::new(Background::from(BackgroundPayload::new("x")).cached_by_proxy()),
        Box::new(LiveView::create(
            1,
            LiveViewEvent::Taxi,
            status.clone(),
            card(),
        )),
        Box::new(
            LiveView::update(1, LiveViewEvent::Taxi, card())
                .status(status)
                .version(1),
        ),
        Box::new(LiveView::end(1, LiveViewEvent::Taxi, card()).version(2)),
        Box::new(InAppCall::new("")),
        Box::new(Mdm::from(MdmPayload::default())),
    ];
    for message in messages {
        check(&stage, &*message).await;
    }
}

#[tokio::test]
async fn every_setter_of_a_notification_is_taken() {
    let stage = Stage::new("notification-setters");
    stage.push.enforce_image_checks(false);
    let message = Notification::new(NotificationCategory::Im, "Hi", "there", ClickAction::home())
        .lines(["one", "two"])
        .image("https://example.com/a.png")
        .overlay_icon("https://example.com/b.png")
        .notify_id(1)
        .app_message_id("id 1")
        .profile_id("account-1")
        .badge(AlertBadge::default().add_num(1))
        .sound("alert.mp3")
        .sound_duration(10)
        .hidden_in_foreground()
        .ttl(std::time::Duration::from_secs(60))
        .bi_tag("spring")
        .receipt_id("1")
        .collapse_key(3);
    check(&stage, &message).await;
}

#[tokio::test]
async fn hms_messages_are_taken_with_what_their_constructors_ask_for() {
    let stage = Stage::new("minimal-hms");
    let token = stage.push.device(Device::hms());
    let actions = [
        HmsClickAction::start_app(),
        HmsClickAction::open_url("https://example.com"),
        HmsClickAction::open_intent("#Intent;end"),
        HmsClickAction::open_action("com.example.TRACK"),
    ];
    let mut messages: Vec<SendHmsMessage> = actions
        .map(|action| SendHmsMessage::notification("Hi", "there", action))
        .to_vec();
    messages.push(SendHmsMessage::data("x"));
    for message in messages {
        let outcome = stage.client.send_hms_one(&message, &token).await.unwrap();
        assert!(outcome.is_accepted(), "{outcome:?}");
        stage.assert_accepted("send_hms_message");
    }
    let topic = SendHmsMessage::new(HmsMessage::default().data("x").topic("weather"));
    let app = stage.client.hms_client_id().unwrap();
    let answer = stage.client.send_hms_message(app, &topic).await;
    assert!(!answer.unwrap().is_partial());
    stage.assert_accepted("send_hms_message");
}

#[tokio::test]
async fn without_an_app_hms_goes_over_the_project() {
    let stage = Stage::new("hms-by-project");
    let key = stage.push.service_account_key_json();
    let account = harmony_push::ServiceAccount::parse(&key).unwrap();
    let transport = auth_core::ReqwestSend::builder().build().unwrap();
    let client = harmony_push::Client::builder(account)
        .emulator(stage.space.url("harmony-push"))
        .transport(std::sync::Arc::new(transport))
        .build()
        .unwrap();
    let token = stage.push.device(Device::hms());
    let message = SendHmsMessage::data("x");
    let outcome = client.send_hms_one(&message, &token).await.unwrap();
    assert!(outcome.is_accepted(), "{outcome:?}");
    stage.assert_accepted("send_hms_message_by_project");
}
