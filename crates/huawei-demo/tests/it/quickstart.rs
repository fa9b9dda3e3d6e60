//! The five quick starts of the book, run against an emulator that began with what `init` wrote, with
//! the codes that their commands fetch.

#[expect(clippy::print_stdout, reason = "an example prints")]
mod push;

mod huawei_id;

mod welink;

#[expect(clippy::print_stdout, reason = "an example prints")]
mod oneaccess;

mod iot;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use auth_core::{HttpSend as _, ReqwestSend};
use bytes::Bytes;
use http::Request;
use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::HarmonyPush;
use huawei_emulator::welink_oauth::WelinkOauth;
use serde_json::Value;

#[tokio::test]
async fn the_quick_starts_do_what_the_page_says() {
    let tokens = setting("HARMONY_PUSH_TOKENS");
    let tokens: Vec<String> = tokens.split(',').map(str::to_owned).collect();
    push::parcel(&tokens).await.unwrap();
    let shown = EMULATOR.harmony_push().inbox(HarmonyPush::TOKEN);
    assert_eq!(shown.len(), 1);

    let code = fetched("huawei-oauth/codes").await;
    let number = huawei_id::one_click(&code).await.unwrap();
    assert!(number.is_some());

    let code = fetched("welink-oauth/free-login-codes").await;
    let (user, administers) = welink::who_is_it(&code).await.unwrap();
    assert_eq!(user, WelinkOauth::ADMINISTRATOR);
    assert!(administers);

    let code = fetched("oneaccess-sdk/social-codes").await;
    oneaccess::log_in(&code).await.unwrap();
    let again = oneaccess::log_in(&code).await;
    assert!(again.is_err(), "the code was not used");

    let device = iot::register("quick-start").await.unwrap();
    EMULATOR.iot_na().connect(&device).unwrap();
}

#[test]
fn the_page_shows_what_runs_here() {
    let sources = [
        include_str!("quickstart/push.rs"),
        include_str!("quickstart/huawei_id.rs"),
        include_str!("quickstart/welink.rs"),
        include_str!("quickstart/oneaccess.rs"),
        include_str!("quickstart/iot.rs"),
    ];
    let shown: Vec<&str> = PAGE
        .split("```rust\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(shown.len(), sources.len());
    for (shown, source) in shown.iter().zip(sources) {
        let (_, code) = source.split_once("\n\n").unwrap();
        let code = code
            .replace("super::emulators_address()", "\"http://127.0.0.1:8700\"")
            .replace("super::key_file()", "\"emulator/service-account.json\"")
            .replace("pub(super) async", "async");
        assert_eq!(*shown, code);
    }
}

/// The code that the page's command for this address of the control API prints.
async fn fetched(address: &str) -> String {
    let end = format!("http://127.0.0.1:8700/_emulator/{address}");
    let command = PAGE.lines().find(|line| line.ends_with(&end)).unwrap();
    let (_, rest) = command.split_once("curl -d '").unwrap();
    let (body, _) = rest.split_once("' ").unwrap();
    let request = Request::post(end.replace("http://127.0.0.1:8700", emulators_address()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(body))
        .unwrap();
    let door = ReqwestSend::builder().build().unwrap();
    let answer = door.send(request).await.unwrap();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    answer["code"].as_str().unwrap().to_owned()
}

/// A variable of the `.env` that `init` wrote.
fn setting(name: &str) -> String {
    let _ = emulators_address();
    let text = fs::read_to_string(folder().join(".env")).unwrap();
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    let (_, value) = lines.find(|(key, _)| *key == name).unwrap();
    value.trim_matches('\'').to_owned()
}

fn emulators_address() -> &'static str {
    EMULATOR.base_url()
}

fn key_file() -> PathBuf {
    let _ = emulators_address();
    folder().join("service-account.json")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("quickstart")
}

static EMULATOR: LazyLock<Emulator> = LazyLock::new(|| {
    let _ = fs::remove_dir_all(folder());
    huawei_emulator::init(&folder(), "http://127.0.0.1:8700").unwrap();
    Emulator::builder().state(folder()).start_thread().unwrap()
});

const PAGE: &str = include_str!("../../../../docs/quickstart.md");
