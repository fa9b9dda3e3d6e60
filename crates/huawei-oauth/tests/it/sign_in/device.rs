//! By QR code, on a clock that stands still until it is waited for.

use std::time::Duration;

use auth_core::testing::{ManualClock, Reply, Script};
use auth_core::{Action, Error};
use http::Method;
use huawei_oauth::sign_in::{DeviceSignIn, Progress};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::scripted::{claims, client, client_with_clock, form, jwks, now, refusal, tokens};

const TOKEN: &str = "/oauth2/v3/token";

/// The codes of the platform's own sample, their times replaced.
fn codes(interval: i32, expire_in: i32, scan_expire_in: i32) -> Value {
    json!({
        "create_time": 1_569_813_512, "device_code": "AgEAAN7qdDUMMYU0TvQ",
        "user_code": "ABCDEFGH", "interval": interval, "expire_in": expire_in,
        "scan_expire_in": scan_expire_in,
        "verification_url": "https://oauth-login1.cloud.huawei.com/oauth2/v3/device",
    })
}

fn polled(script: Script, replies: impl IntoIterator<Item = Reply>) -> Script {
    replies.into_iter().fold(script, |script, reply| {
        script.expect(Method::POST, TOKEN, reply)
    })
}

fn starting(codes: &Value) -> Script {
    Script::new().expect(
        Method::POST,
        "/oauth2/v3/device/code",
        Reply::json(200, codes),
    )
}

async fn begin(script: &Script) -> DeviceSignIn {
    let sign_in = client(script).sign_in().unwrap();
    sign_in.device().scope("profile").begin().await.unwrap()
}

fn not_scanned() -> Reply {
    refusal(1101, 20_411)
}

fn scanned() -> Reply {
    refusal(1101, 20_412)
}

fn done() -> Reply {
    let mut answer = tokens(&claims(json!({})));
    answer["open_id"] = json!("AQAxrBzThFvDUMMYlv9tV_4rMCc");
    Reply::json(200, &answer)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock of a test stands still"
)]
fn start() -> Instant {
    Instant::now()
}

#[tokio::test(start_paused = true)]
async fn a_user_scans_decides_and_is_signed_in() {
    let script = polled(
        starting(&codes(3, 1800, 120)),
        [not_scanned(), scanned(), scanned(), done()],
    )
    .expect(
        Method::GET,
        "/oauth2/v3/certs",
        Reply::json(200, &jwks("k1")),
    );
    let mut device = begin(&script).await;
    assert_eq!(
        device.qr_text().expose(),
        "https://oauth-login1.cloud.huawei.com/oauth2/v3/device?user_code=ABCDEFGH"
    );
    let start = start();
    let signed_in = device.wait().await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(12));
    assert!(signed_in.refresh_token().is_some());
    script.verify();

    let requests = script.requests();
    let start = form(&requests[0]);
    assert_eq!(start["scope"], "openid profile");
    assert!(!start.contains_key("client_secret"));
    let poll = form(&requests[1]);
    assert_eq!(poll["grant_type"], "device_code");
    assert_eq!(poll["code"], "AgEAAN7qdDUMMYU0TvQ");
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_step_by_step() {
    let script = polled(starting(&codes(3, 1800, 120)), [not_scanned(), scanned()]);
    let mut device = begin(&script).await;
    assert!(matches!(device.poll().await, Ok(Progress::NotScanned)));
    assert!(matches!(device.poll().await, Ok(Progress::Scanned)));
}

/// Waits for a sign-in to fail, and gives the error, the polls and the time it took.
async fn fails(codes: Value, reply: Reply) -> (Error, usize, Duration) {
    let script = starting(&codes).otherwise(reply);
    let mut device = begin(&script).await;
    let start = start();
    let error = device.wait().await.unwrap_err();
    (error, script.count() - 1, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_code_that_nobody_scans_is_polled_for_no_longer_than_it_can_be_scanned() {
    let (error, polls, time) = fails(codes(3, 1800, 120), not_scanned()).await;
    assert_eq!(error.action(), Action::SignInAgain);
    assert_eq!((polls, time), (40, Duration::from_secs(120)));
}

#[tokio::test(start_paused = true)]
async fn polls_never_exceed_what_fits_into_the_life_of_the_code() {
    let (error, polls, time) = fails(codes(3, 1800, 120), scanned()).await;
    assert_eq!(error.action(), Action::SignInAgain);
    assert_eq!((polls, time), (600, Duration::from_secs(1800)));
}

#[tokio::test(start_paused = true)]
async fn a_code_whose_time_is_over_is_not_polled_for_however_few_polls_there_were() {
    let clock = ManualClock::at(now());
    let script = polled(starting(&codes(3, 1800, 120)), [scanned()]);
    let sign_in = client_with_clock(&script, &clock).sign_in().unwrap();
    let mut device = sign_in.device().begin().await.unwrap();
    clock.advance(Duration::from_secs(1799));
    assert!(matches!(device.poll().await, Ok(Progress::Scanned)));
    clock.advance(Duration::from_secs(1));
    let error = device.wait().await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    script.verify();
}

#[tokio::test(start_paused = true)]
async fn an_interval_of_nothing_makes_no_busy_loop() {
    let (_, polls, time) = fails(codes(0, 10, 10), not_scanned()).await;
    assert_eq!((polls, time), (10, Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn a_user_who_refuses_and_a_code_that_is_gone_end_it_at_once() {
    for (error, sub_error) in [
        (1101, 20_414),
        (1101, 20_406),
        (1101, 20_407),
        (1600, 16_003),
    ] {
        let reply = refusal(error, sub_error);
        let (error, polls, _) = fails(codes(3, 1800, 120), reply).await;
        assert_eq!(error.action(), Action::SignInAgain, "{sub_error}");
        assert_eq!(polls, 1);
    }
    let (error, polls, _) = fails(codes(3, 1800, 120), refusal(1203, 12_304)).await;
    assert_eq!((error.action(), polls), (Action::FixCredentials, 1));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_fails_for_a_passing_reason_is_followed_by_the_next() {
    let lost = Reply::fail(Error::transport("lost"));
    let script = polled(
        starting(&codes(3, 1800, 120)),
        [Reply::status(503), lost, refusal(1203, 500), done()],
    )
    .expect(
        Method::GET,
        "/oauth2/v3/certs",
        Reply::json(200, &jwks("k1")),
    );
    let mut device = begin(&script).await;
    let start = start();
    assert!(device.wait().await.is_ok());
    assert_eq!(start.elapsed(), Duration::from_secs(12));
    script.verify();
}

#[tokio::test(start_paused = true)]
async fn nothing_secret_of_it_is_printed() {
    let script = starting(&codes(3, 1800, 120));
    let device = begin(&script).await;
    let text = format!("{device:?}");
    assert!(
        !text.contains("ABCDEFGH") && !text.contains("AgEAAN7"),
        "{text}"
    );
}
