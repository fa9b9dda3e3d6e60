//! What goes wrong because a test asks for it.

use std::time::Duration;

use huawei_emulator::harmony_push::HarmonyPush;
use huawei_emulator::{Emulator, Fault, Verdict};

use crate::client::Answer;
use crate::push::{expect, jwt, notification, send};

async fn push_once(emulator: &Emulator) -> std::io::Result<Answer> {
    let body = notification(&[HarmonyPush::TOKEN]);
    send(emulator, &jwt(emulator), &body).try_send().await
}

fn delivered(emulator: &Emulator) -> usize {
    emulator.harmony_push().inbox(HarmonyPush::TOKEN).len()
}

#[tokio::test]
async fn a_status_or_code_replaces_the_answer_and_the_request_has_no_effect() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fail_next(Fault::status(503).retry_after(7).times(2));
    emulator.fail_next(Fault::code("81000001").on("send_message"));
    emulator.fail_next(Fault::body(200, "<html>"));
    for _ in 0..2 {
        let answer = push_once(&emulator).await.unwrap();
        assert_eq!(answer.status, 503);
        assert_eq!(answer.headers["retry-after"], "7");
        assert!(answer.body.is_empty());
    }
    let answer = push_once(&emulator).await.unwrap();
    expect(&answer, 500, "81000001");
    assert_eq!(answer.json()["msg"], "Internal error.");
    let answer = push_once(&emulator).await.unwrap();
    assert_eq!((answer.status, &*answer.body), (200, &b"<html>"[..]));
    assert_eq!(delivered(&emulator), 0);
    expect(&push_once(&emulator).await.unwrap(), 200, "80000000");
    assert_eq!(delivered(&emulator), 1);
    assert_eq!(emulator.log()[0].fault.as_deref(), Some("status 503"));
    assert_eq!(emulator.log()[0].verdict, Verdict::Declined);
}

#[tokio::test]
async fn the_effect_can_remain_when_the_answer_is_lost() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fail_next(Fault::reset());
    assert!(push_once(&emulator).await.is_err());
    assert_eq!(delivered(&emulator), 0);
    emulator.fail_next(Fault::reset().after_effect());
    assert!(push_once(&emulator).await.is_err());
    assert_eq!(delivered(&emulator), 1);
    emulator.fail_next(Fault::status(502).after_effect());
    assert_eq!(push_once(&emulator).await.unwrap().status, 502);
    assert_eq!(delivered(&emulator), 2);
    emulator.fail_next(Fault::truncate(10));
    let error = push_once(&emulator).await.unwrap_err();
    assert!(
        error.to_string().contains("error reading a body"),
        "{error}"
    );
    assert_eq!(delivered(&emulator), 3);
    assert_eq!(emulator.log()[0].status, 0);
}

#[tokio::test(start_paused = true)]
async fn a_delay_follows_the_clock_of_the_runtime() {
    let emulator = Emulator::start().await.unwrap();
    let hour = Duration::from_secs(3600);
    emulator.fail_next(Fault::delay(hour));
    #[expect(clippy::disallowed_methods, reason = "the paused clock is meant")]
    let before = tokio::time::Instant::now();
    expect(&push_once(&emulator).await.unwrap(), 200, "80000000");
    assert!(before.elapsed() >= hour);
}

#[tokio::test]
async fn flow_control_answers_503_above_the_rate_until_it_ends() {
    let emulator = Emulator::start().await.unwrap();
    emulator.flow_control(2, Duration::from_secs(3600));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(push_once(&emulator).await.unwrap().status);
    }
    emulator.clear_flow_control();
    statuses.push(push_once(&emulator).await.unwrap().status);
    assert_eq!(statuses, [200, 200, 503, 200]);
}

#[tokio::test]
async fn the_date_header_follows_the_clock() {
    let emulator = Emulator::start().await.unwrap();
    emulator.set_clock_offset_ms(-86_400_000 * 365 * 20);
    let answer = push_once(&emulator).await.unwrap();
    expect(&answer, 200, "80000000");
    let date = answer.headers["date"].to_str().unwrap();
    let date = httpdate::parse_http_date(date).unwrap();
    let distance = emulator.now().duration_since(date).unwrap();
    assert!(distance < Duration::from_secs(60), "{distance:?}");
}
