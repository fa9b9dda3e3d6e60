//! `init`: the files that a client of the emulator needs, and that the emulator starts from.

use std::fs;
use std::io;
use std::path::Path;

use crate::harmony_push::HarmonyPush;
use crate::iot_na::IotNa;
use crate::oneaccess_sdk::OneAccess;
use crate::platforms::Seeds;
use crate::platforms::harmony_push::{self, Service};
use crate::platforms::huawei_oauth;
use crate::welink_oauth::WelinkOauth;

/// Writes what a client needs into a directory, which is made if it is not there: the key file of
/// a service account, client ids and secrets, device tokens, and an `.env` that names them all.
/// Files that are there already are left as they are.
///
/// Gives the names of the files it wrote. The emulator started with that directory as its
/// [`state`](crate::EmulatorBuilder::state) knows the same accounts and devices, edited or not.
///
/// # Errors
///
/// A file could not be written.
pub fn init(folder: &Path, base_url: &str) -> io::Result<Vec<String>> {
    let seeds = read(folder)?;
    fs::create_dir_all(folder)?;
    let push = &seeds.harmony_push;
    let accounts = harmony_push::State::new(push.clone()).accounts;
    let project = push.service_accounts.first();
    let project = project.map_or(HarmonyPush::PROJECT_ID, |account| &*account.project_id);
    let key_file = accounts.key_file(project);
    let files = [
        (HARMONY_PUSH, push.write()),
        (HUAWEI_OAUTH, seeds.huawei_oauth.write()),
        (
            "service-account.json",
            key_file.map_or_else(String::new, |file| format!("{file:#}\n")),
        ),
        (".env", environment(&seeds, project, folder, base_url)),
        (".gitignore", "*\n".to_owned()),
    ];
    let mut written = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        if !path.exists() && !text.is_empty() {
            fs::write(path, text)?;
            written.push(name.to_owned());
        }
    }
    Ok(written)
}

/// Reads the files that fresh spaces are made from, each of which may be missing.
pub(crate) fn read(folder: &Path) -> io::Result<Seeds> {
    Ok(Seeds {
        harmony_push: file(&folder.join(HARMONY_PUSH), harmony_push::Seed::read)?,
        huawei_oauth: file(&folder.join(HUAWEI_OAUTH), huawei_oauth::Seed::read)?,
    })
}

/// Reads the file of one platform; without one it begins as it always does.
fn file<T: Default>(path: &Path, read: impl FnOnce(&str) -> Result<T, String>) -> io::Result<T> {
    if !path.exists() {
        return Ok(T::default());
    }
    read(&fs::read_to_string(path)?).map_err(|reason| {
        let path = path.display();
        io::Error::new(io::ErrorKind::InvalidData, format!("{path}: {reason}"))
    })
}

/// The variables with which a client finds the emulator.
fn environment(seeds: &Seeds, project: &str, folder: &Path, base_url: &str) -> String {
    let base_url = base_url.trim_end_matches('/');
    let push = &seeds.harmony_push;
    let site = seeds.huawei_oauth.0.apps.first();
    let of_site = |value: fn(&huawei_oauth::App) -> Option<&String>| {
        site.and_then(value).cloned().unwrap_or_default()
    };
    let app = push.apps.iter().find(|app| app.project_id == project);
    let tokens = |service: Service| {
        let devices = push
            .devices
            .iter()
            .filter(|device| device.service == service);
        let tokens: Vec<&str> = devices.map(|device| &*device.token).collect();
        tokens.join(",")
    };
    let key_file = folder.join("service-account.json");
    let lines = [
        ("HUAWEI_EMULATOR_URL", base_url.to_owned()),
        ("HARMONY_PUSH_URL", format!("{base_url}/harmony-push")),
        ("HARMONY_PUSH_PROJECT_ID", project.to_owned()),
        ("HARMONY_PUSH_KEY_FILE", key_file.display().to_string()),
        (
            "HARMONY_PUSH_CLIENT_ID",
            app.map_or_else(String::new, |app| app.client_id.clone()),
        ),
        (
            "HARMONY_PUSH_CLIENT_SECRET",
            app.map_or_else(String::new, |app| app.client_secret.clone()),
        ),
        ("HARMONY_PUSH_TOKENS", tokens(Service::Harmony)),
        ("HARMONY_PUSH_HMS_TOKENS", tokens(Service::Hms)),
        ("HUAWEI_OAUTH_URL", format!("{base_url}/huawei-oauth")),
        (
            "HUAWEI_OAUTH_CLIENT_ID",
            of_site(|app| Some(&app.client_id)),
        ),
        (
            "HUAWEI_OAUTH_CLIENT_SECRET",
            of_site(|app| Some(&app.client_secret)),
        ),
        (
            "HUAWEI_OAUTH_REDIRECT_URI",
            of_site(|app| app.redirect_uris.first()),
        ),
        ("WELINK_OAUTH_URL", format!("{base_url}/welink-oauth")),
        ("WELINK_OAUTH_CLIENT_ID", WelinkOauth::CLIENT_ID.to_owned()),
        (
            "WELINK_OAUTH_CLIENT_SECRET",
            WelinkOauth::CLIENT_SECRET.to_owned(),
        ),
        ("ONEACCESS_SDK_URL", format!("{base_url}/oneaccess-sdk")),
        ("ONEACCESS_SDK_CLIENT_ID", OneAccess::CLIENT_ID.to_owned()),
        (
            "ONEACCESS_SDK_CLIENT_SECRET",
            OneAccess::CLIENT_SECRET.to_owned(),
        ),
        ("IOT_NA_URL", format!("{base_url}/iot-na")),
        ("IOT_NA_APP_ID", IotNa::APP_ID.to_owned()),
        ("IOT_NA_SECRET", IotNa::SECRET.to_owned()),
    ];
    let quoted = |value: &str| format!("'{}'", value.replace('\'', "'\\''"));
    lines
        .map(|(name, value)| format!("{name}={}\n", quoted(&value)))
        .concat()
}

/// The file with the accounts, apps and devices of Push Kit.
const HARMONY_PUSH: &str = "harmony-push.json";

/// The file with the users and apps of HUAWEI ID.
const HUAWEI_OAUTH: &str = "huawei-oauth.json";
