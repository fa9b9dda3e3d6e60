//! What an emulator made from the same document could hide: bytes on the wire, as they are.

use std::sync::Arc;

use futures_util::stream;
use harmony_push::model::{
    AtomicServiceAction, ChangeHmsTopic, ClickAction, HmsClickAction, NotificationCategory,
    QueryHmsToken, ReceiptCallback, RevokeMessage, SendHmsMessage, SendServiceTimeline, Target,
    TimelineClickAction, TimelinePickupContent, TimelinePickupStatus,
};
use harmony_push::{Background, Client, HmsClient, Notification, Outcome};

use crate::fake::{Fake, Reply, accepted, code};
use crate::sending::{parcel, tokens, words};

/// A platform that gives this access token and takes every message.
fn hms(token: &'static str) -> Arc<Fake> {
    Fake::new(move |sent| match sent.path.as_str() {
        "/oauth2/v3/token" => Reply::Answer(200, token.to_owned()),
        _ => accepted("1"),
    })
}

fn hms_client(fake: &Arc<Fake>, secret: &str) -> Client {
    Client::hms_builder(HmsClient::new("1000", secret))
        .transport(Arc::<Fake>::clone(fake))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_access_token_is_read_as_json_and_sent_as_it_is() {
    let fake =
        hms(r#"{"access_token":"CgB6e3x9\/AAAA+b==","expires_in":3600,"token_type":"Bearer"}"#);
    let client = hms_client(&fake, "s");
    let message = SendHmsMessage::data("x");
    for _ in 0..2 {
        assert!(
            client
                .send_hms_one(&message, "t")
                .await
                .unwrap()
                .is_accepted()
        );
    }
    let sent = fake.sent();
    assert_eq!(sent.len(), 3, "one token serves both messages");
    assert_eq!(sent[1].headers["authorization"], "Bearer CgB6e3x9/AAAA+b==");
    assert_eq!(sent[1].path, "/v1/1000/messages:send");
    assert!(!sent[1].headers.contains_key("push-type"));
}

#[tokio::test(start_paused = true)]
async fn a_topic_is_sent_to_over_either_api_and_checked_as_a_list_is() {
    let fake = hms(r#"{"access_token":"t","expires_in":3600}"#);
    let mut message = SendHmsMessage::notification("T", "B", HmsClickAction::start_app());
    message.message.topic = Some("weather".to_owned());
    let (app, project) = (hms_client(&fake, "s"), fake.client());
    for client in [&app, &project] {
        assert_eq!(
            client.send_hms_topic(&message).await.unwrap().code,
            "80000000"
        );
    }
    let sent = fake.sent();
    assert_eq!(sent[1].path, "/v1/1000/messages:send");
    assert_eq!(sent[2].path, "/v2/101653523863000000/messages:send");
    assert_eq!(sent[2].body["message"]["topic"], "weather");

    let android = message.message.android.as_mut().unwrap();
    android.ttl = Some("1d".to_owned());
    let error = app.send_hms_topic(&message).await.unwrap_err();
    assert!(
        error.to_string().contains("`message.android.ttl`"),
        "{error}"
    );
    let mut message = SendHmsMessage::data("x");
    assert!(app.send_hms_topic(&message).await.is_err(), "to nobody");
    message.message.token = Some(vec!["t".into()]);
    let error = app.send_hms_topic(&message).await.unwrap_err();
    assert!(error.to_string().contains("send_hms"), "{error}");
    assert_eq!(fake.sent().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_percent_encoded_in_the_form() {
    let fake = hms(r#"{"access_token":"t","expires_in":"3600"}"#);
    let client = hms_client(&fake, "a+b&c=d%e/f");
    let message = SendHmsMessage::data("x");
    let _ = client.send_hms_one(&message, "t").await.unwrap();
    let form = &fake.sent()[0];
    let text = std::str::from_utf8(&form.raw).unwrap();
    assert!(
        text.contains("client_secret=a%2Bb%26c%3Dd%25e%2Ff"),
        "{text}"
    );
    assert!(text.contains("grant_type=client_credentials"), "{text}");
    assert_eq!(
        form.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_of_hms_are_no_outcome_of_a_token() {
    let refused = r#"{"sub_error":12304,"error_description":"invalid client_secret","error":1101}"#;
    for status in [200, 400] {
        let fake = Fake::new(move |_| Reply::Answer(status, refused.to_owned()));
        let client = hms_client(&fake, "s");
        let outcome = client
            .send_hms_one(&SendHmsMessage::data("x"), "t")
            .await
            .unwrap();
        let Outcome::NotSent(error) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(error.action(), auth_core::Action::FixCredentials);
        assert!(!format!("{error} {error:?}").contains("invalid client_secret"));
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_travel_as_they_are() {
    let fake = Fake::new(|_| accepted("1"));
    let odd = [
        "a+/=-_",
        "quote\"",
        "back\\slash",
        "täg",
        "line\nfeed",
        "\u{1}",
    ];
    let outcomes = fake.client().send(&parcel(), &odd).await.unwrap();
    assert_eq!(outcomes.summary().accepted, odd.len());
    assert_eq!(fake.sent()[0].tokens(), odd);
}

#[tokio::test(start_paused = true)]
async fn texts_that_json_escapes_travel_as_they_are() {
    let fake = Fake::new(|_| accepted("1"));
    let data = "{\"target\":{\"token\":[]}}\u{0}\n\"\\";
    let outcome = fake.client().send_one(&Background::new(data), "t").await;
    assert!(outcome.unwrap().is_accepted());
    assert_eq!(fake.sent()[0].body["payload"]["extraData"], data);
}

#[tokio::test(start_paused = true)]
async fn codes_are_compared_as_trimmed_text() {
    for answer in [
        r#"{"code":" 80000000 ","msg":"Success","requestId":"7"}"#,
        r#"{"code":"80000000","requestId":"7","new":{"member":[1]}}"#,
        r#"{"code":"80000000","msg":null,"requestId":"7"}"#,
    ] {
        let fake = Fake::new(move |_| Reply::Answer(200, answer.to_owned()));
        let outcomes = fake.client().send(&parcel(), &["t"]).await.unwrap();
        assert_eq!(words(&outcomes), ["accepted 7"], "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_without_a_request_id_is_still_one() {
    let fake = Fake::new(|_| Reply::Answer(200, r#"{"code":"80000000"}"#.to_owned()));
    let outcomes = fake.client().send(&parcel(), &["t"]).await.unwrap();
    assert_eq!(words(&outcomes), ["accepted "]);
}

#[tokio::test(start_paused = true)]
async fn errors_and_outcomes_do_not_show_tokens() {
    let fake = Fake::new(|sent| {
        let listed = sent.tokens().join("\",\"");
        let detail = format!(r#"{{"failure":1,"illegalTokens":{{"noRight":["{listed}"]}}}}"#);
        match sent.number {
            0 => code(400, "80300007", &detail, 1),
            1 => code(400, "80100001", &detail, 1),
            _ => Reply::Lost,
        }
    });
    let client = fake.client();
    for _ in 0..3 {
        let list = ["very-secret-device-token"];
        let outcomes = client.send(&parcel(), &list).await.unwrap();
        let mut shown = format!("{outcomes:?}");
        for (_, outcome) in &outcomes {
            shown.push_str(&format!(" {outcome:?}"));
            if let Some(error) = outcome.error() {
                shown.push_str(&format!(" {error} {error:?}"));
            }
        }
        assert!(!shown.contains("very-secret"), "{shown}");
    }
    let stream = client
        .send_stream(&parcel(), stream::iter(["very-secret"]))
        .unwrap();
    assert!(!format!("{stream:?}").contains("very-secret"));
}

#[test]
fn models_hide_their_secrets() {
    let secret = "very-secret";
    let content = TimelinePickupContent::new(
        TimelinePickupStatus::Placed,
        1,
        "1",
        1,
        "tea",
        "image",
        "shop",
        TimelineClickAction::new(AtomicServiceAction::HomePage),
    );
    let state = SendServiceTimeline::new("open", "app", "10001", "100010001", secret, content);
    let receipt = br#"{"statuses":[{"token":"very-secret","pushType":0,"appPackageName":"a",
        "requestId":"1","deliveryStatus":{"result":0,"timestamp":1}}]}"#;
    let uplink =
        br#"{"from":"very-secret","category":"c","message_id":"1","data":"dmVyeS1zZWNyZXQ="}"#;
    let shown = format!(
        "{:?} {:?} {:?} {:?} {state:?} {:?} {:?} {:?}",
        RevokeMessage::new(1, [secret]),
        Target::new([secret]),
        ChangeHmsTopic::new("weather", [secret]),
        QueryHmsToken::new(secret),
        ReceiptCallback::parse(receipt).unwrap(),
        harmony_push::receipts::read(receipt).unwrap(),
        harmony_push::uplink::read(uplink).unwrap(),
    );
    assert!(!shown.contains(secret), "{shown}");
    assert!(!shown.contains("dmVyeS1z"), "{shown}");
}

#[test]
fn futures_are_send() {
    fn check<T: Send>(_: T) {}
    let fake = Fake::new(|_| accepted("1"));
    let client = fake.client();
    let (message, list) = (parcel(), tokens(1));
    let hms = SendHmsMessage::data("x");
    check(client.send(&message, &list));
    check(client.send_one(&message, "t"));
    check(client.send_hms(&hms, &list));
    check(
        client
            .send_stream(&message, stream::iter(tokens(1)))
            .unwrap(),
    );
    check(
        client
            .send_hms_stream(&hms, stream::iter(tokens(1)))
            .unwrap(),
    );
    check(client.revoke(&harmony_push::Revocation::voice("1", 1), &list));
    check(client.sender().send(&message, &list));
    let boxed: Box<dyn harmony_push::Message + Send> = Box::new(Notification::new(
        NotificationCategory::Im,
        "a",
        "b",
        ClickAction::home(),
    ));
    check(boxed);
}
