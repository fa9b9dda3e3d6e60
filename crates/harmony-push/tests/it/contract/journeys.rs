//! Several calls that make one story.

use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use harmony_push::model::{
    ChangeHmsTopic, HmsMessage, ImagePushType, LiveViewEvent, LiveViewStatus, QueryHmsToken,
    SendHmsMessage,
};
use harmony_push::receipts::{self, Receipt, Verifier};
use harmony_push::{Disposition, LiveView, Outcome, Revocation};
use huawei_emulator::harmony_push::{Device, HarmonyPush, ReceiptConfiguration};
use tokio::sync::mpsc;

use super::Stage;
use super::minimal::card;
use crate::sending::{parcel, word, words};

#[tokio::test]
async fn dead_tokens_are_told_from_living_ones() {
    let stage = Stage::new("dead-tokens");
    let push = &stage.push;
    let well = push.device(Device::harmony());
    let dead = push.device(Device::harmony().refused("tokenFormatError"));
    let foreign = push.device(Device::harmony().of(HarmonyPush::OTHER_CLIENT_ID));
    let old = push.device(Device::hms());
    let list = [&well, &dead, &foreign, &old, &well];
    let outcomes = stage.client.send(&parcel(), &list).await.unwrap();
    let words = words(&outcomes);
    assert!(words[0].starts_with("accepted"), "{words:?}");
    assert_eq!(words[1], "refused, delete");
    assert_eq!(words[2], "refused, requalify");
    assert!(words[3].starts_with("refused"), "{words:?}");
    assert_eq!(words[4], words[0]);
    assert_eq!(push.inbox(&well).len(), 1, "a duplicate is sent once");
}

#[tokio::test]
async fn hms_gives_no_reason() {
    let stage = Stage::new("dead-hms-tokens");
    let well = stage.push.device(Device::hms());
    let dead = stage.push.device(Device::hms().refused("tokenFormatError"));
    let message = SendHmsMessage::data("x");
    let list = [&well, &dead];
    let outcomes = stage.client.send_hms(&message, &list).await.unwrap();
    let Some(Outcome::Refused(refusal)) = outcomes.get(1) else {
        panic!("{outcomes:?}")
    };
    assert_eq!(refusal.reason(), None);
    assert_eq!(refusal.disposition(), Disposition::Requalify);
    let outcomes = stage.client.send_hms(&message, &list[1..]).await.unwrap();
    assert_eq!(word(outcomes.get(0).unwrap()), "refused, keep");
}

#[tokio::test]
async fn a_notification_is_taken_back() {
    let stage = Stage::new("revoke");
    let token = stage.push.device(Device::harmony());
    let outcome = stage
        .client
        .send_one(&parcel().notify_id(17), &token)
        .await
        .unwrap();
    assert!(outcome.is_accepted(), "{outcome:?}");
    assert!(stage.push.inbox(&token)[0].shown);
    let revocation = Revocation::notification(HarmonyPush::CLIENT_ID, 17);
    let tokens = [&token];
    let outcomes = stage.client.revoke(&revocation, &tokens).await.unwrap();
    assert_eq!(outcomes.summary().accepted, 1);
    assert!(!stage.push.inbox(&token)[0].shown);
}

#[tokio::test]
async fn an_image_is_checked_and_sent() {
    let stage = Stage::new("image");
    let token = stage.push.device(Device::harmony());
    let url = "https://example.com/parcel.png";
    let unchecked = parcel().image(url);
    let outcome = stage.client.send_one(&unchecked, &token).await.unwrap();
    assert_eq!(outcome.error().unwrap().api().unwrap().code, "80100022");
    let image = stage
        .client
        .check_image(ImagePushType::Alert, url)
        .await
        .unwrap();
    assert!(image.valid_until.unwrap() > stage.space.now());
    let outcome = stage
        .client
        .send_one(&parcel().image(image.url), &token)
        .await
        .unwrap();
    assert!(outcome.is_accepted(), "{outcome:?}");
}

#[tokio::test]
async fn a_live_view_is_created_updated_and_ended() {
    let stage = Stage::new("live-view");
    let token = stage.push.device(Device::harmony());
    let taxi = || LiveViewEvent::Taxi;
    let waiting = LiveView::create(7, taxi(), LiveViewStatus::Calling, card());
    let coming = LiveView::update(7, taxi(), card())
        .status(LiveViewStatus::DriverOnTheWay)
        .version(1);
    let over = LiveView::end(7, taxi(), card())
        .status(LiveViewStatus::Completed)
        .version(2);
    for view in [waiting, coming, over] {
        let outcome = stage.client.send_one(&view, &token).await.unwrap();
        assert!(outcome.is_accepted(), "{outcome:?}");
    }
    let receipts: Vec<i64> = stage.push.inbox(&token).iter().map(|r| r.receipt).collect();
    assert_eq!(receipts, [0, 0, 0]);
}

#[tokio::test]
async fn a_topic_is_subscribed_listed_and_reached() {
    let stage = Stage::new("topics");
    let (client, app) = (&stage.client, HarmonyPush::CLIENT_ID);
    let token = stage.push.device(Device::hms());
    let change = ChangeHmsTopic::new("weather", [token.as_str()]);
    client.subscribe_topic(app, &change).await.unwrap();
    let query = QueryHmsToken::new(token.as_str());
    let list = client.list_topics(app, &query).await.unwrap();
    assert_eq!(list.topics.unwrap()[0].name, "weather");
    let message = SendHmsMessage::new(HmsMessage::default().data("x").topic("weather"));
    let answer = client.send_hms_message(app, &message).await.unwrap();
    assert!(!answer.is_partial());
    assert_eq!(stage.push.inbox(&token).len(), 1);
}

/// Runs a receiver and returns its address and what it receives: header and body.
async fn receiver() -> (String, mpsc::UnboundedReceiver<(Option<String>, Bytes)>) {
    let (sender, received) = mpsc::unbounded_channel();
    let receive = move |headers: HeaderMap, body: Bytes| async move {
        let header = headers.get(receipts::HEADER);
        let header = header.map(|value| value.to_str().unwrap().to_owned());
        let _ = sender.send((header, body));
        receipts::ACK
    };
    let router = Router::new().route("/receipts", post(receive));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/receipts"), received)
}

#[tokio::test]
async fn a_receipt_joins_the_outcome_of_its_message() {
    let stage = Stage::new("receipts");
    let (url, mut received) = receiver().await;
    let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let configuration = ReceiptConfiguration::new(url).signed("receipt-user", secret);
    stage.push.set_receipts(Some(configuration));
    let token = stage.push.device(Device::harmony().uninstalled());
    let outcome = stage
        .client
        .send_one(&parcel().bi_tag("spring"), &token)
        .await
        .unwrap();
    let Outcome::Accepted { request_id } = outcome else {
        panic!("{outcome:?}")
    };
    let (header, body) = received.recv().await.unwrap();
    let verifier = Verifier::builder("receipt-user", secret).build().unwrap();
    verifier
        .verify(header.as_deref(), stage.space.now())
        .unwrap();
    let later = stage.space.now() + std::time::Duration::from_secs(600);
    assert!(verifier.verify(header.as_deref(), later).is_err());
    let receipts = receipts::read(&body).unwrap().receipts;
    let [receipt]: &[Receipt; 1] = receipts.as_slice().try_into().unwrap();
    assert_eq!(receipt.request_id, request_id);
    assert_eq!(receipt.token.expose(), token);
    assert_eq!(receipt.status.disposition(), Disposition::Delete);
    assert_eq!(receipt.bi_tag.as_deref(), Some("spring"));
    assert!(receipt.at.unwrap() > SystemTime::UNIX_EPOCH);
}
