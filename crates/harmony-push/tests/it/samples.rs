//! Every published sample: requests are what our types write, answers decode, errors classify.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auth_core::{Action, Error};
use harmony_push::model::{
    HmsReceiptCallback, HmsUplinkMessage, ImagePushType, MessagePayload, PushType, QueryHmsToken,
    ReceiptAck, ReceiptCallback, RevokeMessage, SendHmsMessage, SendMessage,
    SendServiceNotification, SendServiceTimeline, VerifyImage,
};
use harmony_push::{
    Background, Badge, Client, FormUpdate, HmsClient, InAppCall, LiveView, Mdm, Message,
    Notification, Outcome, Revocation, Voice,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fake::{Fake, Reply, accepted};
use crate::sending::parcel;

/// A sample file: an exchange as the platform's documents print it.
struct Sample {
    name: String,
    content: Value,
}

impl Sample {
    fn read(path: &Path) -> Self {
        let name = path.file_name().unwrap().to_str().unwrap();
        Self {
            name: name.trim_end_matches(".json").to_owned(),
            content: serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap(),
        }
    }

    fn body(&self) -> &Value {
        &self.content["body"]
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.content["headers"][name].as_str()
    }

    /// Decodes the body, and expects the same when it is encoded again.
    fn round_trip<T: DeserializeOwned + Serialize>(&self) -> T {
        let value: T = serde_json::from_value(self.body().clone())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        assert_eq!(
            &serde_json::to_value(&value).unwrap(),
            self.body(),
            "{}",
            self.name
        );
        value
    }

    /// A platform that answers with the body.
    fn platform(&self) -> Arc<Fake> {
        let (status, body) = (self.content["status"].as_u64(), self.body().to_string());
        let default = if self.name.contains(".error.") {
            400
        } else {
            200
        };
        let status = u16::try_from(status.unwrap_or(default)).unwrap();
        let gives_tokens = self.name.starts_with("obtain_access_token");
        Fake::new(move |sent| match sent.path.as_str() {
            TOKEN_PATH if !gives_tokens => token(),
            _ => Reply::Answer(status, body.clone()),
        })
    }
}

fn client(fake: &Arc<Fake>) -> Client {
    let hms = HmsClient::new("12345", "dummy-secret-bKaZ0VE3EYrXaXCdCe3d2k9few");
    fake.builder().hms(hms).build().unwrap()
}

/// Sends `message` to the tokens of a sample, and expects the sample on the wire.
async fn sends(sample: &Sample, message: &(impl Message + ?Sized)) {
    let fake = Fake::new(|_| accepted("1"));
    let tokens: Vec<String> =
        serde_json::from_value(sample.body()["target"]["token"].clone()).unwrap();
    let outcomes = fake.client().send(message, &tokens).await;
    if NOT_SOUND.contains(&sample.name.as_str()) {
        let error = outcomes.unwrap_err();
        assert!(
            error.to_string().contains("data.tel"),
            "{}: {error}",
            sample.name
        );
        return;
    }
    outcomes
        .unwrap_or_else(|error| panic!("{}: {error}", sample.name))
        .summary();
    let sent = fake.sent().pop().expect("a request");
    assert_eq!(&sent.body, sample.body(), "{}", sample.name);
    assert_eq!(
        sent.headers.get("push-type").unwrap(),
        sample.header("push-type").unwrap()
    );
}

/// The type of this crate for a message that was read.
pub(crate) fn front(message: SendMessage, push_type: &PushType) -> Box<dyn Message> {
    let options = message.push_options.unwrap_or_default();
    match (push_type, message.payload) {
        (PushType::Alert, MessagePayload::Alert(payload)) => {
            Box::new(Notification::from(payload.notification).options(options))
        }
        (PushType::Alert, MessagePayload::Badge(payload)) => {
            Box::new(Badge::set(payload.notification.badge.set_num).options(options))
        }
        (PushType::FormUpdate, MessagePayload::FormUpdate(payload)) => {
            Box::new(FormUpdate::from(*payload).options(options))
        }
        (PushType::Extension, MessagePayload::Extension(payload)) => {
            Box::new(Voice::from(*payload).options(options))
        }
        (PushType::LiveView, MessagePayload::LiveView(payload)) => {
            Box::new(LiveView::from(*payload).options(options))
        }
        (PushType::Background, MessagePayload::Background(payload)) => {
            Box::new(Background::from(*payload).options(options))
        }
        // These three look alike: the header alone tells them apart.
        (PushType::Background, MessagePayload::VoipCall(payload)) => {
            Box::new(Background::new(payload.extra_data).options(options))
        }
        (PushType::VoipCall, MessagePayload::Background(payload)) => {
            Box::new(InAppCall::new(payload.extra_data).options(options))
        }
        (PushType::VoipCall, MessagePayload::VoipCall(payload)) => {
            Box::new(InAppCall::new(payload.extra_data).options(options))
        }
        (PushType::Mdm, MessagePayload::Mdm(payload)) => {
            Box::new(Mdm::from(*payload).options(options))
        }
        (push_type, payload) => panic!("push-type {push_type} does not take {payload:?}"),
    }
}

async fn request(sample: &Sample, operation: &str) {
    match operation {
        "send_message" => {
            let message: SendMessage = sample.round_trip();
            let number: i64 = sample.header("push-type").unwrap().parse().unwrap();
            sends(sample, &*front(message, &PushType::from(number))).await;
        }
        "revoke_message" => {
            let message: RevokeMessage = sample.round_trip();
            let fake = Fake::new(|_| accepted("1"));
            let revocation = Revocation::notification("app", message.notify_id);
            let tokens: Vec<&str> = message.token.iter().map(|token| token.expose()).collect();
            let outcomes = fake.client().revoke(&revocation, &tokens).await.unwrap();
            assert_eq!(outcomes.summary().accepted, tokens.len());
            let sent = fake.sent().pop().expect("a request");
            assert_eq!(&sent.body, sample.body());
            assert_eq!(sent.path, "/v1/app/messages:revoke");
            assert_eq!(sent.headers["push-type"], "0");
        }
        "send_hms_message" | "send_hms_message_by_project" => {
            let message: SendHmsMessage = sample.round_trip();
            message
                .check()
                .unwrap_or_else(|error| panic!("{}: {error}", sample.name));
            hms(sample, message).await;
        }
        "send_service_notification" => {
            let message: SendServiceNotification = sample.round_trip();
            message.check().unwrap();
        }
        "send_service_timeline" => {
            let state: SendServiceTimeline = sample.round_trip();
            state.check().unwrap();
        }
        "subscribe_topic" | "unsubscribe_topic" => {
            let change: harmony_push::model::ChangeHmsTopic = sample.round_trip();
            change.check().unwrap();
        }
        "verify_image" | "verify_image_by_client" => {
            let image: VerifyImage = sample.round_trip();
            image.check().unwrap();
        }
        "obtain_access_token" => {
            let fake = Fake::new(|_| token());
            client(&fake).obtain_access_token().await.unwrap();
            let sent = fake.sent().pop().expect("a request");
            let sent = std::str::from_utf8(&sent.raw).unwrap();
            let mut pairs: Vec<&str> = sent.split('&').collect();
            let mut expected: Vec<&str> = sample.body().as_str().unwrap().split('&').collect();
            pairs.sort_unstable();
            expected.sort_unstable();
            assert_eq!(pairs, expected);
        }
        "on_delivery_receipts" => drop(sample.round_trip::<ReceiptCallback>()),
        "on_hms_receipts" => drop(sample.round_trip::<HmsReceiptCallback>()),
        "on_hms_uplink_message" => drop(sample.round_trip::<HmsUplinkMessage>()),
        other => panic!("no test for requests of {other}"),
    }
}

/// Sends an HMS message to the tokens of a sample, and expects the sample on the wire.
async fn hms(sample: &Sample, mut message: SendHmsMessage) {
    let Some(tokens) = message.message.token.take() else {
        return;
    };
    let fake = Fake::new(|sent| match sent.path.as_str() {
        TOKEN_PATH => token(),
        _ => accepted("1"),
    });
    let tokens: Vec<&str> = tokens.iter().map(|token| token.expose()).collect();
    let outcomes = client(&fake).send_hms(&message, &tokens).await;
    outcomes
        .unwrap_or_else(|error| panic!("{}: {error}", sample.name))
        .summary();
    let sent = fake.sent().pop().expect("a request");
    assert_eq!(&sent.body, sample.body(), "{}", sample.name);
    assert_eq!(sent.headers["authorization"], "Bearer t");
}

async fn response(sample: &Sample, operation: &str) {
    let fake = sample.platform();
    let push = client(&fake);
    match operation {
        "send_message" | "send_hms_message" => {
            let refused: Vec<&str> = match sample.name.as_str() {
                "send_message.response.partial_success" => vec!["MAAALgE4G98BAAAAst*******jg"],
                "send_hms_message.response.partial_success" => vec!["xxx"],
                _ => Vec::new(),
            };
            let others = ["a", "b", "c"];
            let count = if operation == "send_hms_message" {
                3
            } else {
                1
            };
            let tokens: Vec<&str> = others[..count]
                .iter()
                .copied()
                .chain(refused.clone())
                .collect();
            let outcomes = fake.client().send(&parcel(), &tokens).await.unwrap();
            for (token, outcome) in &outcomes {
                match outcome {
                    Outcome::Accepted { request_id } => {
                        assert_eq!(request_id.as_str(), sample.body()["requestId"]);
                        assert!(!refused.contains(token));
                    }
                    Outcome::Refused(_) => assert!(refused.contains(token)),
                    other => panic!("{}: {other:?}", sample.name),
                }
            }
        }
        "delete_token_data" => {
            let answer = push.delete_token_data("1", &QueryHmsToken::new("t")).await;
            assert_eq!(answer.unwrap().code, "80000000");
        }
        "list_topics" => {
            let list = push
                .list_topics("1", &QueryHmsToken::new("t"))
                .await
                .unwrap();
            assert_eq!(list.topics.unwrap()[0].name, "sports");
        }
        "query_token_data" => {
            let data = push.query_token_data("1", &QueryHmsToken::new("t")).await;
            assert_eq!(data.unwrap().topics.unwrap(), ["sports"]);
        }
        "subscribe_topic" => {
            let change = harmony_push::model::ChangeHmsTopic::new("weather", ["a", "b"]);
            let answer = push.subscribe_topic("1", &change).await.unwrap();
            assert_eq!(answer.failure_count, Some(1));
            assert_eq!(answer.errors.unwrap()[0].index, Some(1));
        }
        "obtain_access_token" => {
            let token = push.obtain_access_token().await.unwrap();
            assert_eq!(token.expires_in, 3600);
            assert!(token.access_token.expose().contains('/'));
        }
        "verify_image" => {
            let url = "https://example.com/image.png";
            let image = push
                .check_image(ImagePushType::FormUpdate, url)
                .await
                .unwrap();
            assert_eq!(image.url, sample.body()["downloadUrl"]);
            assert!(image.valid_until.is_some());
        }
        "on_delivery_receipts" => drop(sample.round_trip::<ReceiptAck>()),
        other => panic!("no test for answers of {other}"),
    }
}

async fn error(sample: &Sample, operation: &str) {
    let fake = sample.platform();
    let push = client(&fake);
    let error: Error = match operation {
        "send_message" => {
            let listed = ["MAAALgE4G98BAAAAst*******jg", "MAAALgE4G98BAAAAst*******re"];
            let masked = ["MAM0Ku.........jixTSG"];
            let tokens = if sample.name.contains("push_type") {
                &masked[..]
            } else {
                &listed
            };
            let outcomes = fake.client().send(&parcel(), tokens).await.unwrap();
            if sample.body()["code"] == "80300007" {
                for (_, outcome) in &outcomes {
                    let Outcome::Refused(refusal) = outcome else {
                        panic!("{}: {outcome:?}", sample.name)
                    };
                    let reason = refusal.reason().unwrap().as_str().to_owned();
                    assert!(sample.body()["msg"].as_str().unwrap().contains(&reason));
                    assert_eq!(refusal.disposition().to_string(), "keep");
                }
                let message = SendMessage::new(
                    harmony_push::model::MdmPayload::default(),
                    harmony_push::model::Target::new(["t"]),
                );
                push.send_message("1", PushType::Mdm, &message)
                    .await
                    .unwrap_err()
            } else {
                outcomes.get(0).unwrap().error().unwrap().clone()
            }
        }
        "revoke_message" => {
            let push_type = harmony_push::model::RevocablePushType::Alert;
            push.revoke_message("1", push_type, &RevokeMessage::new(1, ["t"]))
                .await
                .unwrap_err()
        }
        "send_service_notification" => {
            let params = [("thing_0".to_owned(), "a".to_owned())]
                .into_iter()
                .collect();
            let message = SendServiceNotification::new("1", "2", "3", "4", params);
            push.notify_subscriber(&message).await.unwrap_err()
        }
        "send_service_timeline" => {
            let path = samples().join("send_service_timeline.request.preparing.json");
            let state: SendServiceTimeline = Sample::read(&path).round_trip();
            push.report_service(&state).await.unwrap_err()
        }
        "verify_image" => {
            let url = "https://example.com/image.png";
            push.check_image(ImagePushType::Alert, url)
                .await
                .unwrap_err()
        }
        "obtain_access_token" => push.obtain_access_token().await.unwrap_err(),
        other => panic!("no test for errors of {other}"),
    };
    let api = error
        .api()
        .unwrap_or_else(|| panic!("{}: {error:?}", sample.name));
    let code = &sample.body()[if operation == "obtain_access_token" {
        "error"
    } else {
        "code"
    }];
    let code = code
        .as_str()
        .map_or_else(|| code.to_string(), str::to_owned);
    assert_eq!(api.code, code, "{}", sample.name);
    let expected = match (code.as_str(), api.sub_code.as_deref()) {
        ("82500003", _) | ("1101", Some("12304")) => Action::FixCredentials,
        ("80100003" | "80300007" | "82600010" | "83010005", _) => Action::FixRequest,
        other => panic!("no action for {other:?}"),
    };
    assert_eq!(error.action(), expected, "{}", sample.name);
    assert!(!api.meaning.is_empty());
}

/// Checks one sample file.
async fn check(path: &Path) {
    let sample = Sample::read(path);
    let name = sample.name.clone();
    let mut parts = name.split('.');
    let (operation, kind) = (parts.next().unwrap(), parts.next().unwrap());
    match kind {
        "request" => request(&sample, operation).await,
        "response" => response(&sample, operation).await,
        "error" => error(&sample, operation).await,
        other => panic!("{name} is a {other}"),
    }
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

#[tokio::test(start_paused = true)]
async fn every_sample_is_what_our_types_say() {
    let mut checked = 0;
    for file in fs::read_dir(samples()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("vector.") {
            // Those have tests of their own.
            continue;
        }
        check(&path).await;
        checked += 1;
    }
    assert_eq!(checked, 60);
}

/// Where access tokens come from.
const TOKEN_PATH: &str = "/oauth2/v3/token";

fn token() -> Reply {
    Reply::Answer(200, r#"{"access_token":"t","expires_in":3600}"#.to_owned())
}

/// Samples that break a rule because their telephone number was masked.
const NOT_SOUND: [&str; 1] = ["send_message.request.liveview_create_taxi"];
