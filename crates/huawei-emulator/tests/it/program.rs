//! The program: its files, and the life of its process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use huawei_emulator::Emulator;
use huawei_emulator::harmony_push::HarmonyPush;
use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::iot_na::IotNa;
use huawei_emulator::oneaccess_sdk::OneAccess;
use huawei_emulator::welink_oauth::WelinkOauth;
use serde_json::Value;

use crate::client::{Signer, get};
use crate::push::{expect, notification, now_s, send};

fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[tokio::test]
async fn init_writes_what_a_client_needs_and_the_emulator_begins_with_it() {
    let folder = fresh("init");
    let written = huawei_emulator::init(&folder, "http://localhost:8700/").unwrap();
    assert_eq!(
        written,
        [
            "harmony-push.json",
            "huawei-oauth.json",
            "service-account.json",
            ".env",
            ".gitignore"
        ]
    );
    let environment = fs::read_to_string(folder.join(".env")).unwrap();
    let line = |name: &str| {
        let mut lines = environment.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(key, _)| *key == name).unwrap();
        value.trim_matches('\'').to_owned()
    };
    assert_eq!(
        line("HARMONY_PUSH_URL"),
        "http://localhost:8700/harmony-push"
    );
    assert_eq!(line("HARMONY_PUSH_CLIENT_ID"), HarmonyPush::CLIENT_ID);
    assert_eq!(
        line("HARMONY_PUSH_CLIENT_SECRET"),
        HarmonyPush::CLIENT_SECRET
    );
    assert!(line("HARMONY_PUSH_TOKENS").starts_with(HarmonyPush::TOKEN));
    assert_eq!(
        line("HUAWEI_OAUTH_URL"),
        "http://localhost:8700/huawei-oauth"
    );
    assert_eq!(line("HUAWEI_OAUTH_CLIENT_ID"), HuaweiOauth::CLIENT_ID);
    assert_eq!(
        line("HUAWEI_OAUTH_CLIENT_SECRET"),
        HuaweiOauth::CLIENT_SECRET
    );
    assert_eq!(
        line("HUAWEI_OAUTH_REDIRECT_URI"),
        "http://127.0.0.1:3000/callback"
    );
    assert_eq!(
        line("WELINK_OAUTH_CLIENT_SECRET"),
        WelinkOauth::CLIENT_SECRET
    );
    assert_eq!(
        line("ONEACCESS_SDK_CLIENT_SECRET"),
        OneAccess::CLIENT_SECRET
    );
    assert_eq!(line("IOT_NA_SECRET"), IotNa::SECRET);

    let accounts = folder.join("huawei-oauth.json");
    let mut users: Value = serde_json::from_slice(&fs::read(&accounts).unwrap()).unwrap();
    users["users"][0]["nickname"] = "Somebody".into();
    fs::write(&accounts, users.to_string()).unwrap();

    // What a person changes in the files holds, in every space.
    let path = folder.join("harmony-push.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    state["devices"][0]["token"] = "mine".into();
    fs::write(&path, state.to_string()).unwrap();
    assert!(
        huawei_emulator::init(&folder, "http://x")
            .unwrap()
            .is_empty()
    );
    let emulator = Emulator::builder().state(&folder).start().await.unwrap();
    let key_file = fs::read_to_string(line("HARMONY_PUSH_KEY_FILE")).unwrap();
    let jwt = Signer::new(&key_file).jwt(now_s(&emulator));
    for space in [emulator.space("a"), emulator.space("b")] {
        let user = space.huawei_oauth().user(HuaweiOauth::USER).unwrap();
        assert_eq!(user.nickname.as_deref(), Some("Somebody"));
        expect(
            &send(&space, &jwt, &notification(&["mine"])).send().await,
            200,
            "80000000",
        );
        space.reset();
        expect(
            &send(&space, &jwt, &notification(&["mine"])).send().await,
            200,
            "80000000",
        );
    }
}

#[tokio::test]
async fn a_state_file_that_is_wrong_stops_the_start() {
    let folder = fresh("wrong-state");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("harmony-push.json"),
        r#"{"devices": [{"tokn": "x"}]}"#,
    )
    .unwrap();
    let error = Emulator::builder()
        .state(&folder)
        .start()
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("harmony-push.json") && text.contains("tokn"),
        "{text}"
    );
}

#[tokio::test]
async fn a_state_that_is_not_there_stops_the_start() {
    let start = Emulator::builder().state(fresh("no-state")).start();
    let text = start.await.unwrap_err().to_string();
    assert!(text.contains("no-state is no directory"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_program_prints_its_address_and_stops_when_it_is_told_to() {
    let program = env!("CARGO_BIN_EXE_huawei-emulator");
    let mut child = Command::new(program)
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    let answer = get(format!("{address}/_emulator/health")).send().await;
    assert_eq!(answer.json()["status"], "ok");
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(child.wait().unwrap().success());
}

#[test]
fn help_goes_to_the_output_and_mistakes_do_not_start_anything() {
    let program = env!("CARGO_BIN_EXE_huawei-emulator");
    let help = Command::new(program).arg("--help").output().unwrap();
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("init DIR"));
    let wrong = Command::new(program).arg("--prot").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("--prot"));
}
