//! A wrong secret: tried no more than it has to be, by nobody, and told for how long.

use std::sync::Arc;
use std::time::Duration;

use auth_core::testing::{ManualClock, Reply, Script};
use auth_core::{Action, ErrorKind, ReqwestSend, TokenPool};
use huawei_emulator::welink_oauth::WelinkOauth;
use serde_json::json;
use welink_oauth::sign_in::Callback;
use welink_oauth::{AppSecret, Client};

use crate::stage::{Stage, builder, secret};

fn tickets(stage: &Stage) -> usize {
    let log = stage.space.log();
    let tickets = log
        .iter()
        .filter(|it| it.operation == Some("create_app_token"));
    tickets.count()
}

fn client_with(stage: &Stage, secret: &str) -> Client {
    let transport = Arc::new(ReqwestSend::builder().build().unwrap());
    builder(&stage.space, AppSecret::new(WelinkOauth::CLIENT_ID, secret))
        .transport(transport)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_wrong_secret_is_tried_once_whoever_asks() {
    let stage = Stage::new("wrong-secret");
    let client = client_with(&stage, "wrong");
    let error = client.get_tenant().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(error.action(), Action::FixCredentials);
    assert_eq!(error.api().unwrap().code, "411007");
    let tasks = (0..20).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            // Tenants have tokens of their own, and the same secret.
            let tenant = client.as_tenant(&format!("tenant-{number}")).unwrap();
            (client.get_tenant().await, tenant.get_tenant().await)
        })
    });
    for task in futures_util::future::join_all(tasks).await {
        let (own, tenants) = task.unwrap();
        assert_eq!(own.unwrap_err().action(), Action::FixCredentials);
        assert_eq!(tenants.unwrap_err().action(), Action::FixCredentials);
    }
    assert_eq!(tickets(&stage), 1);
    assert!(!stage.welink.is_locked());
}

#[tokio::test]
async fn a_locked_app_is_left_alone_and_the_error_says_for_how_long() {
    let stage = Stage::new("locked");
    for _ in 0..5 {
        let _ = client_with(&stage, "wrong").get_tenant().await;
    }
    assert!(stage.welink.is_locked());
    // The right secret is no help while the app is locked.
    let error = stage.client.get_tenant().await.unwrap_err();
    let api = error.api().unwrap();
    assert_eq!(api.code, "41403");
    assert_eq!(error.action(), Action::Backoff);
    assert!(api.retry_after > Some(Duration::from_secs(890)), "{error}");
    assert!(error.to_string().contains("s from now"), "{error}");
    for _ in 0..5 {
        let tenant = stage.client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
        let error = tenant.get_tenant().await.unwrap_err();
        assert_eq!(error.api().unwrap().code, "41403", "{error}");
        assert!(stage.client.get_tenant().await.is_err());
    }
    assert_eq!(tickets(&stage), 6);
}

#[tokio::test(start_paused = true)]
async fn after_a_quarter_of_an_hour_the_secret_is_tried_again() {
    let locked = Reply::json(200, &json!({"code": "41403", "message": "locked"}));
    let ticket = json!({"code": "0", "access_token": "t", "expires_in": 7200});
    let tenant = json!({"code": "0", "data": {"tenantId": "T"}});
    let script = Script::new()
        .reply(locked)
        .reply(Reply::json(200, &ticket))
        .reply(Reply::json(200, &tenant));
    let clock = ManualClock::new();
    let client = Client::builder(AppSecret::new("id", "secret"))
        .transport(script.transport())
        .clock(clock.clock())
        .build()
        .unwrap();
    assert!(client.get_tenant().await.is_err());
    clock.advance(Duration::from_secs(899));
    let error = client.get_tenant().await.unwrap_err();
    assert_eq!(
        error.api().unwrap().retry_after,
        Some(Duration::from_secs(1))
    );
    assert_eq!(script.count(), 1);
    clock.advance(Duration::from_secs(2));
    client.get_tenant().await.unwrap();
    script.verify();
}

#[tokio::test]
async fn clients_that_share_a_pool_share_the_tokens_of_the_app_and_its_tenants() {
    let stage = Stage::new("pool");
    let pool = TokenPool::bounded(100);
    for _ in 0..5 {
        let client = builder(&stage.space, secret())
            .transport(Arc::new(ReqwestSend::builder().build().unwrap()))
            .pool(pool.clone())
            .build()
            .unwrap();
        client.get_tenant().await.unwrap();
        for _ in 0..2 {
            let tenant = client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
            tenant.get_tenant().await.unwrap();
        }
    }
    assert_eq!((tickets(&stage), pool.len()), (2, 2));
}

#[tokio::test]
async fn a_secret_that_is_wrong_at_one_door_is_not_tried_at_the_other() {
    let stage = Stage::new("both-doors");
    let sign_in = async |client: &Client| {
        let sign_in = client.sign_in().unwrap();
        let back = sign_in.authorize("https://app.example/welink").unwrap();
        let pending = back.begin().unwrap().pending;
        let address = format!("code=c&state={}", pending.state());
        let Callback::Code(returned) = Callback::parse(&address).unwrap() else {
            panic!("{address}");
        };
        sign_in.accept(&pending, &returned).await.unwrap_err()
    };
    let client = client_with(&stage, "wrong");
    assert_eq!(sign_in(&client).await.api().unwrap().code, "60010");
    let error = client.get_tenant().await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials, "{error}");
    assert_eq!(stage.space.request_count(), 1);

    let client = client_with(&stage, "wrong");
    let error = client.get_tenant().await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "411007");
    let error = sign_in(&client).await;
    assert_eq!(error.action(), Action::FixCredentials, "{error}");
    assert_eq!(stage.space.request_count(), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_tried_once_by_all_clients_that_share_a_pool() {
    let stage = Stage::new("pool-wrong");
    let pool = TokenPool::bounded(100);
    let built = |secret: &str| {
        builder(&stage.space, AppSecret::new(WelinkOauth::CLIENT_ID, secret))
            .transport(Arc::new(ReqwestSend::builder().build().unwrap()))
            .pool(pool.clone())
            .build()
            .unwrap()
    };
    // As for every request of a tenant.
    for number in 0..8 {
        let tenant = built("wrong").as_tenant(&format!("tenant-{number}"));
        let error = tenant.unwrap().get_tenant().await.unwrap_err();
        assert_eq!(error.action(), Action::FixCredentials, "{error}");
    }
    assert_eq!(tickets(&stage), 1);
    assert!(!stage.welink.is_locked());
    // Whoever has another secret is not held up.
    built(WelinkOauth::CLIENT_SECRET)
        .get_tenant()
        .await
        .unwrap();
}
