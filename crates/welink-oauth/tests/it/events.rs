//! Events: the published vector, every event of the emulator once, and what must not be taken.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use auth_core::{Secret, SecretSource, Seen};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use huawei_emulator::welink_oauth::WelinkOauth;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use welink_oauth::events::{Event, Receiver, Rejection};
use welink_oauth::model::{DeleteUser, UpdateUser};

use crate::samples::sample;
use crate::stage::Stage;

/// The secret of the published demonstration.
const DEMO: &str = "8cf860c0-30b7-4357-a104-fa627c59085d";

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn body(name: &str) -> Vec<u8> {
    sample(name)["body"].to_string().into_bytes()
}

#[test]
fn the_published_event_is_opened_and_answered() {
    let receiver = Receiver::new(DEMO);
    let now = at(1_565_167_553 + 60);
    let delivery = receiver.open(&body("on_event.request"), now).unwrap();
    let Event::TenantAuthorized { tenant_id, .. } = &delivery.event else {
        panic!("{delivery:?}");
    };
    assert_eq!(tenant_id, "tenant");
    assert_eq!(delivery.timestamp, Some(at(1_565_167_553)));
    // What we reply opens with the same key, as the published reply does.
    let reply = delivery.reply(now).unwrap();
    for reply in [reply.into_bytes(), body("on_event.response")] {
        let opened = receiver.open(&reply, now).unwrap();
        let Event::Other { event, .. } = opened.event else {
            panic!("a reply is no event");
        };
        assert_eq!(event["msg"], "success");
        let time = event["timestamp"].to_string();
        assert_eq!(time.trim_matches('"'), "1565167553");
    }
    let (one, two) = (delivery.reply(now).unwrap(), delivery.reply(now).unwrap());
    assert_ne!(one, two, "each reply has a nonce of its own");
}

#[tokio::test]
async fn a_secret_that_changes_is_taken_up_and_the_one_before_still_opens() {
    let secrets = Arc::new(Mutex::new(vec!["third", DEMO, "first"]));
    let vault = SecretSource::vault(move || {
        let secret = secrets.lock().unwrap().pop().expect("another secret");
        async move { Ok(Secret::new(secret)) }
    });
    let receiver = Receiver::new(vault.clone());
    let now = at(1_565_167_553 + 60);
    let open = || receiver.open(&body("on_event.request"), now).map(drop);
    assert_eq!(open(), Err(Rejection::WrongKey), "not asked yet");
    let mut verdicts = Vec::new();
    for _ in 0..3 {
        vault.refresh().await.unwrap();
        verdicts.push(open());
    }
    assert_eq!(verdicts, [Err(Rejection::WrongKey), Ok(()), Ok(())]);
}

#[test]
fn what_is_not_from_the_platform_is_not_taken() {
    let receiver = Receiver::new("another");
    let event = body("on_event.request");
    let time = at(1_565_167_553);
    let open = |receiver: &Receiver, body: &[u8], now| receiver.open(body, now).map(|_| ());
    assert_eq!(open(&receiver, &event, time), Err(Rejection::WrongKey));
    let receiver = receiver.previous(DEMO);
    assert_eq!(open(&receiver, &event, time), Ok(()));
    let half = Duration::from_secs(1800);
    assert_eq!(open(&receiver, &event, time + half), Ok(()));
    assert_eq!(open(&receiver, &event, time - half), Ok(()));
    let late = time + half + Duration::from_secs(1);
    assert_eq!(open(&receiver, &event, late), Err(Rejection::Stale));
    assert_eq!(open(&receiver, b"{}", time), Err(Rejection::Malformed));
    assert_eq!(open(&receiver, b"", time), Err(Rejection::Malformed));
    let text = String::from_utf8(event).unwrap();
    let changed = text.replacen("3BWf", "3BWg", 1);
    assert_eq!(
        open(&receiver, changed.as_bytes(), time),
        Err(Rejection::WrongKey)
    );
    let cut = text.replace("PGkTPQrrTwlqBEu5pzPyxw==3BWf", "PGkT");
    assert_eq!(
        open(&receiver, cut.as_bytes(), time),
        Err(Rejection::Malformed)
    );
}

proptest! {
    #[test]
    fn whatever_arrives_is_taken_or_rejected(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let receiver = Receiver::new(DEMO);
        let _ = receiver.open(&body, at(0));
        let text = String::from_utf8_lossy(&body).into_owned();
        let wrapped = json!({ "encrypt": text }).to_string();
        prop_assert!(receiver.open(wrapped.as_bytes(), at(0)).is_err());
    }
}

/// A service that takes events as a team would run it.
#[derive(Clone)]
struct Desk {
    receiver: Receiver,
    seen: Arc<Seen>,
    now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    events: Arc<Mutex<Vec<Event>>>,
}

async fn take(State(desk): State<Desk>, body: String) -> (StatusCode, String) {
    let now = (desk.now)();
    let delivery = match desk.receiver.open(body.as_bytes(), now) {
        Ok(delivery) => delivery,
        Err(rejection) => return (StatusCode::BAD_REQUEST, rejection.to_string()),
    };
    if desk.seen.insert(delivery.id(), now) {
        desk.events.lock().unwrap().push(delivery.event.clone());
    }
    (StatusCode::OK, delivery.reply(now).unwrap())
}

/// Waits until so many events were answered.
async fn replies(stage: &Stage, count: usize) -> Vec<Option<Value>> {
    loop {
        let replies = stage.welink.event_replies();
        if replies.len() >= count {
            return replies;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_event_is_delivered_decoded_and_acknowledged() {
    let stage = Stage::new("events");
    let space = stage.space.clone();
    let desk = Desk {
        receiver: Receiver::new(WelinkOauth::CLIENT_SECRET),
        seen: Arc::new(Seen::new(100, Duration::from_secs(3600))),
        now: Arc::new(move || space.now()),
        events: Arc::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let routes = Router::new()
        .route("/events", post(take))
        .with_state(desk.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });

    stage.welink.set_callback(Some(url));
    replies(&stage, 1).await;
    stage.welink.authorize_tenant("NEW");
    replies(&stage, 2).await;
    stage.welink.cancel_tenant("NEW");
    replies(&stage, 3).await;
    let change = UpdateUser::default()
        .user_id(WelinkOauth::USER)
        .remark("new");
    stage
        .client
        .update_user(&change, &Default::default())
        .await
        .unwrap();
    replies(&stage, 4).await;
    let gone = DeleteUser::default().user_id(WelinkOauth::USER);
    stage
        .client
        .delete_user(&gone, &Default::default())
        .await
        .unwrap();
    replies(&stage, 5).await;
    for (number, event) in ["corpEditDept", "corpDelDept"].into_iter().enumerate() {
        let subject = json!([{ "deptCode": "10001", "tenantId": WelinkOauth::TENANT_ID }]);
        let event = json!({ "eventType": event, "data": subject });
        stage.welink.send_event(WelinkOauth::TENANT_ID, &event);
        replies(&stage, 6 + number).await;
    }
    // One that is new to this crate, and one that is sent twice.
    let unknown = json!({ "eventType": "appEnabled" });
    stage.welink.send_event(WelinkOauth::TENANT_ID, &unknown);
    let all = replies(&stage, 8).await;
    assert!(all.iter().all(Option::is_some), "{all:?}");

    let events = desk.events.lock().unwrap().clone();
    let types: Vec<&str> = events.iter().map(Event::event_type).collect();
    let expected = [
        "verifyUrl",
        "corpAuth",
        "corpCancelAuth",
        "corpEditUser",
        "corpDelUser",
        "corpEditDept",
        "corpDelDept",
        "appEnabled",
    ];
    assert_eq!(types, expected);
    let Event::UsersDeleted(users) = &events[4] else {
        panic!("{:?}", events[4]);
    };
    assert_eq!(users[0].user_id, WelinkOauth::USER);
    let Event::DepartmentsChanged(departments) = &events[5] else {
        panic!("{:?}", events[5]);
    };
    assert_eq!(departments[0].dept_code, "10001");
}
