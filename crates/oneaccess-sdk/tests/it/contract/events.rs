//! Every event, sent by the emulator in every form, and what the receiver makes of it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use huawei_emulator::oneaccess_sdk::{EventEncryption, EventSettings, OneAccess};
use oneaccess_sdk::events::{Encryption, Handled, Receiver, Refused, Secrets};
use oneaccess_sdk::model::{CreateOrganization, CreateUser, Event, UpdateOrganization, UpdateUser};
use tokio::sync::mpsc;

use super::Stage;

/// An application that takes events.
struct App {
    receiver: Receiver,
    /// What it was told, in order.
    told: mpsc::UnboundedSender<Event>,
    /// The bodies that came, for sending one again.
    bodies: Mutex<Vec<(String, Bytes)>>,
}

async fn take(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> String {
    let authorization = headers
        .get("authorization")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    app.bodies
        .lock()
        .unwrap()
        .push((authorization.clone(), body.clone()));
    answer(&app, &authorization, &body).await
}

async fn answer(app: &App, authorization: &str, body: &[u8]) -> String {
    let now = auth_core::Clock::system().now();
    let reply = app
        .receiver
        .handle(Some(authorization), body, now, async |event| {
            app.told.send(event.clone()).unwrap();
            match event {
                Event::CreateOrganization(it) => Ok(Handled::Id(format!("o-{}", it.code.unwrap()))),
                Event::CreateUser(it) => Ok(Handled::Id(format!("u-{}", it.username.unwrap()))),
                Event::UpdateOrganization(it) => Ok(Handled::Id(it.id.unwrap())),
                // What keeps its id need not be named.
                Event::UpdateUser(_) | Event::DeleteOrganization(_) | Event::DeleteUser(_) => {
                    Ok(Handled::Done)
                }
                other => Err(Refused::later(format!("{other:?}"))),
            }
        });
    reply.await.body()
}

/// Starts an application; where it listens, and what it is told.
async fn start(secrets: Secrets) -> (String, Arc<App>, mpsc::UnboundedReceiver<Event>) {
    let (told, events) = mpsc::unbounded_channel();
    let app = Arc::new(App {
        receiver: Receiver::new(Secrets::new("not this one")).previous(secrets),
        told,
        bodies: Mutex::default(),
    });
    let routes = Router::new()
        .route("/events", post(take))
        .with_state(Arc::clone(&app));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (url, app, events)
}

/// Waits until the platform has read so many replies.
async fn settled(stage: &Stage, count: usize) {
    while stage.space.sent_callbacks().len() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Has everything happen that there is an event for, in the forms that these settings ask for.
async fn check(
    name: &str,
    secrets: Secrets,
    settings: impl FnOnce(EventSettings) -> EventSettings,
) {
    let stage = Stage::new(name);
    let (url, app, mut events) = start(secrets).await;
    stage
        .platform
        .set_events(settings(EventSettings::new(url, TOKEN)));
    settled(&stage, 1).await;
    assert_eq!(stage.platform.events_checked(), Some(true), "{name}");

    let client = &stage.client;
    let organization = CreateOrganization::new("30000", "新组织").parent_id(OneAccess::ORG_ID);
    let org = client
        .create_organization(&organization)
        .await
        .unwrap()
        .org_id;
    let Some(Event::CreateOrganization(told)) = events.recv().await else {
        panic!("an organization was added");
    };
    assert_eq!(told.name.as_deref(), Some("新组织"));
    settled(&stage, 2).await;
    let user = CreateUser::new("newcomer", "13900000001")
        .name("a&b")
        .org_code("30000");
    let user = client.create_user(&user).await.unwrap().user_id;
    let Some(Event::CreateUser(told)) = events.recv().await else {
        panic!("a user was added");
    };
    assert_eq!(told.organization_id.as_deref(), Some("o-30000"));
    assert_eq!(told.name.as_deref(), Some("a&b"));
    settled(&stage, 3).await;
    assert_eq!(stage.platform.remote_ids()[&user], "u-newcomer");

    let change = UpdateOrganization::default().name("改名");
    client.update_organization(&org, &change).await.unwrap();
    let Some(Event::UpdateOrganization(told)) = events.recv().await else {
        panic!("an organization was changed");
    };
    assert_eq!(told.id.as_deref(), Some("o-30000"));
    settled(&stage, 4).await;
    client
        .update_user(&user, &UpdateUser::default().name("改名"))
        .await
        .unwrap();
    let Some(Event::UpdateUser(told)) = events.recv().await else {
        panic!("a user was changed");
    };
    assert_eq!(told.id.as_deref(), Some("u-newcomer"));
    settled(&stage, 5).await;
    assert_eq!(stage.platform.remote_ids()[&user], "u-newcomer");
    client.delete_user(&user).await.unwrap();
    let Some(Event::DeleteUser(told)) = events.recv().await else {
        panic!("a user was deleted");
    };
    assert_eq!(told.id, "u-newcomer");
    settled(&stage, 6).await;
    client.delete_organization(&org).await.unwrap();
    let Some(Event::DeleteOrganization(told)) = events.recv().await else {
        panic!("an organization was deleted");
    };
    assert_eq!(told.id, "o-30000");
    settled(&stage, 7).await;

    let sent = stage.space.sent_callbacks();
    let operations: HashSet<_> = sent.iter().map(|it| it.operation).collect();
    assert_eq!(operations.len(), 7);
    assert!(
        sent.iter().all(|it| it.answer.contains(r#""code":"200""#)),
        "{sent:?}"
    );

    // The platform sends one again: the reply is the one it got, and nobody is told.
    let (authorization, body) = app.bodies.lock().unwrap()[2].clone();
    let again = answer(&app, &authorization, &body).await;
    assert!(
        again.contains(r#""code":"200""#) && again.contains("data"),
        "{again}"
    );
    assert!(events.try_recv().is_err());
}

fn secrets() -> Secrets {
    Secrets::new(TOKEN).signature_key(SIGNATURE)
}

#[tokio::test]
async fn events_come_in_clear() {
    check("events_clear", Secrets::new(TOKEN), |settings| settings).await;
}

#[tokio::test]
async fn events_come_signed() {
    check("events_signed", secrets(), |settings| {
        settings.signed(SIGNATURE)
    })
    .await;
}

#[tokio::test]
async fn events_come_signed_and_encrypted_in_both_modes_with_all_keys() {
    for (mode, encryption) in [
        (Encryption::Gcm, EventEncryption::Gcm),
        (Encryption::Ecb, EventEncryption::Ecb),
    ] {
        for length in [16, 24, 32] {
            let key = "k".repeat(length);
            let secrets = secrets().encryption_key(key.as_str(), mode).unwrap();
            let name = format!("events_{mode:?}_{length}");
            check(&name, secrets, |settings| {
                settings.signed(SIGNATURE).encrypted(key, encryption)
            })
            .await;
        }
    }
}

#[tokio::test]
async fn an_address_with_other_secrets_does_not_pass_the_check() {
    let stage = Stage::new("events_other");
    let (url, _, _) = start(secrets()).await;
    stage
        .platform
        .set_events(EventSettings::new(url, TOKEN).signed("another key"));
    settled(&stage, 1).await;
    assert_eq!(stage.platform.events_checked(), Some(false));
    assert!(
        stage.space.sent_callbacks()[0]
            .answer
            .contains(r#""code":"401""#)
    );
}

const TOKEN: &str = "dummy-security-token";
const SIGNATURE: &str = "dummy-signature-key";
