//! HUAWEI ID over HTTP: what each call does, with the clock moved through the emulator's.

mod agents;
mod device;
mod events;
mod ids;
mod jwt;
mod phone;
mod tokens;
mod web;

use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::{Consent, Space};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::client::{Answer, get, post};

pub(crate) const BACK: &str = "https://www.thirdwebdemo.com/redirect_url";

/// Names and values as a form or query.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Sends a form to a path of HUAWEI ID.
pub(crate) async fn send(space: &Space, path: &str, pairs: &[(&str, &str)]) -> Answer {
    let call = post(format!("{}{path}", space.url("huawei-oauth")));
    call.form(&form(pairs)).send().await
}

/// Asks for tokens as the first app.
pub(crate) async fn token(space: &Space, pairs: &[(&str, &str)]) -> Answer {
    let client = [
        ("client_id", HuaweiOauth::CLIENT_ID),
        ("client_secret", HuaweiOauth::CLIENT_SECRET),
    ];
    let pairs: Vec<(&str, &str)> = client.into_iter().chain(pairs.iter().copied()).collect();
    send(space, "/oauth2/v3/token", &pairs).await
}

/// Exchanges a code that came from a device.
pub(crate) async fn exchange(space: &Space, code: &str) -> Answer {
    token(
        space,
        &[("grant_type", "authorization_code"), ("code", code)],
    )
    .await
}

/// Signs a user in to the first app as on a device, and gives the tokens.
pub(crate) async fn signed_in(space: &Space, user: &str, scope: &str) -> Value {
    let code = space
        .huawei_oauth()
        .app_code(HuaweiOauth::CLIENT_ID, user, scope)
        .unwrap();
    let answer = exchange(space, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.verdict());
    answer.json()
}

/// Refreshes as the first app.
pub(crate) async fn refresh(space: &Space, refresh_token: &str) -> Answer {
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    token(space, &pairs).await
}

/// A text of an answer.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// An authorize address of the first app.
pub(crate) fn authorize_url(space: &Space, more: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", HuaweiOauth::CLIENT_ID),
        ("redirect_uri", BACK),
    ];
    if !more.iter().any(|(name, _)| *name == "scope") {
        pairs.push(("scope", "openid"));
    }
    pairs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    pairs.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    format!(
        "{}/oauth2/v3/authorize?{}",
        space.url("huawei-oauth"),
        form(&pairs)
    )
}

/// Lets the first user accept at an address, and gives the code.
pub(crate) async fn accept(space: &Space, more: &[(&str, &str)]) -> String {
    space.set_consent(Consent::accept());
    let answer = get(authorize_url(space, more)).send().await;
    assert_eq!(answer.status, 302, "{}", answer.verdict());
    let location = answer.headers["location"].to_str().unwrap();
    let (_, query) = location.split_once("code=").unwrap();
    let code = query.split('&').next().unwrap();
    percent_decode_str(code).decode_utf8().unwrap().into_owned()
}

/// Checks an answer of `/oauth2`: status, code and detail code.
#[track_caller]
pub(crate) fn refused(answer: &Answer, error: i64, sub_error: i64) {
    let body = answer.json();
    let found = (
        answer.status,
        body["error"].as_i64(),
        body["sub_error"].as_i64(),
    );
    assert_eq!(
        found,
        (400, Some(error), Some(sub_error)),
        "{}",
        answer.verdict()
    );
}

/// Checks the code of an answer of `rest.php`, which comes in a header with HTTP 200.
#[track_caller]
pub(crate) fn nsp(answer: &Answer, code: &str) {
    assert_eq!(
        (answer.status, answer.headers["nsp_status"].to_str().ok()),
        (200, Some(code)),
        "{}",
        answer.verdict()
    );
    assert!(answer.json()["error"].is_string());
}

/// Checks the code of an answer that carries it in a member of the body, with HTTP 200.
#[track_caller]
pub(crate) fn coded(answer: &Answer, member: &str, code: i64) {
    let found = (answer.status, answer.json()[member].as_i64());
    assert_eq!(found, (200, Some(code)), "{}", answer.verdict());
}
