//! Login, refresh, and what happens when somebody else logs in.

use std::time::Duration;

use auth_core::testing::{ManualClock, Reply, Script};
use auth_core::{Action, Clock, Error, ErrorKind, MemoryStore, TokenPool};
use http::Method;
use huawei_emulator::Fault;
use huawei_emulator::iot_na::{App, IotNa};
use iot_na::model::{Device, GetDevice, ListDevices};
use iot_na::{Application, Client, Result};
use serde_json::{Value, json};

use crate::stage::{Stage, client, transport};

const LOGIN: &str = "/iocm/app/sec/v1.1.0/login";
const REFRESH: &str = "/iocm/app/sec/v1.1.0/refreshToken";
const DEVICE: &str = "/iocm/app/dm/v1.4.0/devices/1";

fn granted(number: u32) -> Reply {
    Reply::json(
        200,
        &json!({
            "accessToken": format!("access-{number}"), "tokenType": "bearer",
            "refreshToken": format!("refresh-{number}"), "expiresIn": 3600, "scope": "default",
        }),
    )
}

fn voided() -> Reply {
    Reply::json(
        403,
        &json!({"resultcode": "1010005", "resultmsg": "Invalid access token"}),
    )
}

fn device() -> Reply {
    Reply::json(200, &json!({"deviceId": "1"}))
}

fn scripted(script: &Script, clock: Clock) -> Client {
    Client::builder(Application::new("app", "s+c"), "https://site.test:8743")
        .transport(script.transport())
        .clock(clock)
        .build()
        .unwrap()
}

async fn get(client: &Client) -> Result<Device> {
    client.get_device("1", &GetDevice::default()).await
}

#[tokio::test(start_paused = true)]
async fn a_login_is_a_form_and_every_call_carries_id_and_token() {
    let script = Script::new()
        .expect(Method::POST, LOGIN, granted(1))
        .expect(Method::GET, DEVICE, device())
        .expect(Method::GET, DEVICE, device());
    let client = scripted(&script, Clock::system());
    get(&client).await.unwrap();
    get(&client).await.unwrap();
    script.verify();
    let sent = script.requests();
    assert_eq!(&sent[0].body()[..], b"appId=app&secret=s%2Bc");
    assert!(!sent[0].headers().contains_key("authorization"));
    assert_eq!(sent[1].headers()["app_key"], "app");
    assert_eq!(sent[1].headers()["authorization"], "Bearer access-1");
}

#[tokio::test(start_paused = true)]
async fn a_login_may_say_its_lifetime_as_text_or_not_at_all() {
    for (said, seconds) in [(json!("300"), 300), (json!(null), 3600)] {
        let answer = json!({"accessToken": "a", "refreshToken": null, "expiresIn": said});
        let script = Script::new()
            .expect(Method::POST, LOGIN, Reply::json(200, &answer))
            .expect(Method::GET, DEVICE, device())
            .expect(Method::POST, LOGIN, Reply::json(200, &answer))
            .expect(Method::GET, DEVICE, device());
        let hand = ManualClock::new();
        let client = scripted(&script, hand.clock());
        get(&client).await.unwrap();
        hand.advance(Duration::from_secs(seconds + 1));
        get(&client).await.unwrap();
        script.verify();
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_token_is_refreshed_and_a_refused_refresh_token_is_a_login() {
    let refused = Reply::json(
        401,
        &json!({"error_code": "100006", "error_desc": "expired"}),
    );
    let script = Script::new()
        .expect(Method::POST, LOGIN, granted(1))
        .expect(Method::GET, DEVICE, device())
        .expect(Method::POST, REFRESH, granted(2))
        .expect(Method::GET, DEVICE, device())
        .expect(Method::POST, REFRESH, refused)
        .expect(Method::POST, LOGIN, granted(3))
        .expect(Method::GET, DEVICE, device());
    let hand = ManualClock::new();
    let client = scripted(&script, hand.clock());
    for _ in 0..3 {
        get(&client).await.unwrap();
        hand.advance(Duration::from_secs(3601));
    }
    script.verify();
    let sent = script.requests();
    let body: Value = serde_json::from_slice(sent[2].body()).unwrap();
    let expected = json!({"appId": "app", "secret": "s+c", "refreshToken": "refresh-1"});
    assert_eq!(body, expected);
    assert_eq!(sent[3].headers()["authorization"], "Bearer access-2");
    assert_eq!(sent[6].headers()["authorization"], "Bearer access-3");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_does_not_arrive_is_not_answered_with_a_login() {
    let lost = || Reply::fail(Error::transport("the connection broke"));
    let script = Script::new()
        .expect(Method::POST, LOGIN, granted(1))
        .expect(Method::GET, DEVICE, device())
        .expect(Method::POST, REFRESH, lost())
        .otherwise(lost());
    let hand = ManualClock::new();
    let client = scripted(&script, hand.clock());
    get(&client).await.unwrap();
    hand.advance(Duration::from_secs(3601));
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.action(), Action::Backoff, "{error:?}");
    let paths = script.requests();
    assert!(paths[2..].iter().all(|sent| sent.uri().path() == REFRESH));
}

#[tokio::test(start_paused = true)]
async fn a_voided_token_is_replaced_by_a_login_and_the_call_repeated_once() {
    let script = Script::new()
        .expect(Method::POST, LOGIN, granted(1))
        .expect(Method::GET, DEVICE, voided())
        .expect(Method::POST, LOGIN, granted(2))
        .expect(Method::GET, DEVICE, device());
    get(&scripted(&script, Clock::system())).await.unwrap();
    script.verify();
    let script = Script::new()
        .expect(Method::POST, LOGIN, granted(1))
        .expect(Method::GET, DEVICE, voided())
        .expect(Method::POST, LOGIN, granted(2))
        .expect(Method::GET, DEVICE, voided());
    let error = get(&scripted(&script, Clock::system())).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
    script.verify();
}

#[tokio::test(start_paused = true)]
async fn a_fight_is_reported_instead_of_fought() {
    let hand = ManualClock::new();
    let number = std::sync::atomic::AtomicU32::new(0);
    // Whatever is issued is voided at once by somebody else.
    let script = Script::new().otherwise(Reply::with(move |request| {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (status, body) = match request.uri().path() {
            LOGIN => (
                200,
                json!({"accessToken": format!("access-{number}"), "expiresIn": 3600}),
            ),
            _ => (
                403,
                json!({"resultcode": "1010005", "resultmsg": "Invalid access token"}),
            ),
        };
        let body = body.to_string().into();
        http::Response::builder().status(status).body(body).unwrap()
    }));
    let client = scripted(&script, hand.clock());
    let logins = || {
        let sent = script.requests();
        sent.iter()
            .filter(|sent| sent.uri().path() == LOGIN)
            .count()
    };
    let mut last = None;
    for _ in 0..20 {
        last = get(&client).await.err();
    }
    let error = last.unwrap();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error:?}");
    assert_eq!(error.action(), Action::FixCredentials);
    let text = error.to_string();
    assert!(text.contains("logs in as the same application"), "{text}");
    let first = logins();
    assert!((3..=4).contains(&first), "{first} logins");
    // Quiet for as long as the pause lasts, then one more try, then quiet for longer.
    hand.advance(Duration::from_secs(20));
    get(&client).await.unwrap_err();
    assert_eq!(logins(), first);
    hand.advance(Duration::from_secs(120));
    for _ in 0..5 {
        get(&client).await.unwrap_err();
    }
    let second = logins();
    assert_eq!(second, first + 1);
    hand.advance(Duration::from_secs(35));
    get(&client).await.unwrap_err();
    assert_eq!(logins(), second);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lives_its_life_ends_the_suspicion() {
    let mut script = Script::new();
    let hand = ManualClock::new();
    for number in 0..5 {
        script = script
            .expect(
                Method::POST,
                if number == 0 { LOGIN } else { REFRESH },
                granted(2 * number),
            )
            .expect(Method::GET, DEVICE, voided())
            .expect(Method::POST, LOGIN, granted(2 * number + 1))
            .expect(Method::GET, DEVICE, device());
    }
    let client = scripted(&script, hand.clock());
    for _ in 0..5 {
        get(&client).await.unwrap();
        hand.advance(Duration::from_secs(3601));
    }
    script.verify();
}

#[tokio::test]
async fn many_callers_log_in_once() {
    let stage = Stage::new("one-login");
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = stage.client.clone();
            tokio::spawn(async move {
                client
                    .list_devices(&ListDevices::default().page_no(0))
                    .await
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(stage.iot.tokens_issued(), 1);
}

#[tokio::test]
async fn tokens_of_five_seconds_are_renewed_under_calls() {
    let stage = Stage::new("short-lives");
    stage.iot.set_token_lifetime(5);
    let hand = ManualClock::at(stage.space.now());
    let client = client(&stage.space, hand.clock());
    for _ in 0..6 {
        client
            .list_devices(&ListDevices::default().page_no(0))
            .await
            .unwrap();
        hand.advance(Duration::from_secs(3));
        stage.space.advance_clock(Duration::from_secs(3));
    }
    let called = stage.called();
    let logins = called.iter().filter(|id| **id == "login").count();
    assert_eq!(logins, 1, "{called:?}");
    assert!(called.contains(&"refresh_token"), "{called:?}");
}

#[tokio::test]
async fn another_process_that_logs_in_is_noticed_and_let_go_on() {
    let stage = Stage::new("two-processes");
    let hand = ManualClock::at(stage.space.now());
    let (one, other) = (
        client(&stage.space, hand.clock()),
        client(&stage.space, hand.clock()),
    );
    let list = ListDevices::default().page_no(0);
    let mut errors = Vec::new();
    for _ in 0..10 {
        for client in [&one, &other] {
            errors.extend(client.list_devices(&list).await.err());
        }
    }
    assert!(!errors.is_empty());
    for error in errors {
        assert_eq!(error.action(), Action::FixCredentials, "{error:?}");
    }
    let fought = stage.iot.tokens_issued();
    assert!(fought <= 8, "{fought} logins");
}

#[tokio::test]
async fn processes_that_share_a_store_share_one_token() {
    let stage = Stage::new("shared-token");
    let store = MemoryStore::new();
    let list = ListDevices::default().page_no(0);
    for _ in 0..5 {
        let client = Client::builder(crate::stage::application(), stage.space.url("iot-na"))
            .transport(crate::stage::transport())
            .store(store.clone())
            .build()
            .unwrap();
        client.list_devices(&list).await.unwrap();
    }
    assert_eq!(stage.iot.tokens_issued(), 1);
}

#[tokio::test]
async fn a_token_voided_while_calls_are_under_way_costs_one_login() {
    let stage = Stage::new("voided-under-way");
    let device = stage.device("1").await;
    stage.iot.revoke_tokens();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (client, device) = (stage.client.clone(), device.clone());
            tokio::spawn(async move { client.get_device(&device, &GetDevice::default()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(stage.iot.tokens_issued(), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_not_tried_over_and_over() {
    let stage = Stage::new("wrong-secret");
    let client = Client::builder(Application::new("nobody", "x"), stage.space.url("iot-na"))
        .transport(crate::stage::transport())
        .build()
        .unwrap();
    for _ in 0..5 {
        let error = get(&client).await.unwrap_err();
        assert_eq!(error.action(), Action::FixCredentials);
        assert_eq!(error.api().unwrap().code, "100208");
    }
    assert_eq!(stage.space.request_count(), 1);
}

#[tokio::test]
async fn a_login_that_the_platform_cannot_serve_now_is_tried_again_by_the_next_call() {
    let stage = Stage::new("busy-login");
    let hand = ManualClock::at(stage.space.now());
    let client = client(&stage.space, hand.clock());
    let list = ListDevices::default().page_no(0);
    stage.space.fail_next(Fault::status(503).on("login"));
    let error = client.list_devices(&list).await.unwrap_err();
    assert_eq!(error.action(), Action::Backoff);
    hand.advance(Duration::from_secs(1));
    client.list_devices(&list).await.unwrap();
    assert_eq!(stage.called(), ["login", "login", "list_devices"]);
}

#[tokio::test]
async fn clients_that_share_a_pool_share_the_login_of_their_application() {
    let stage = Stage::new("pool");
    let pool = TokenPool::bounded(100);
    let built = |id: &str, secret: &str| {
        Client::builder(Application::new(id, secret), stage.space.url("iot-na"))
            .transport(transport())
            .pool(pool.clone())
            .build()
            .unwrap()
    };
    let logins = || {
        let called = stage.called().into_iter();
        called.filter(|operation| *operation == "login").count()
    };
    let first = ListDevices::default().page_no(0);
    // As for every request of a tenant: the second one would void the token of the first.
    for _ in 0..5 {
        let client = built(IotNa::APP_ID, IotNa::SECRET);
        client.list_devices(&first).await.unwrap();
    }
    assert_eq!((logins(), pool.len()), (1, 1));
    // Another tenant fails by itself, and its failure is remembered for its next client.
    for _ in 0..5 {
        let client = built("another", "secret");
        assert!(client.list_devices(&first).await.is_err());
    }
    assert_eq!((logins(), pool.len()), (2, 2));
    // One with another secret does not get what the old one obtained.
    stage.iot.add_app(App::new(IotNa::APP_ID, "new"));
    let client = built(IotNa::APP_ID, "new");
    client.list_devices(&first).await.unwrap();
    assert_eq!((logins(), pool.len()), (3, 2));
}
