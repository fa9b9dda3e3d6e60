//! A platform that follows a script, and signs ID tokens with a key of the tests.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use auth_core::jwt::{self, Algorithm, Jwks, SigningKey};
use auth_core::testing::{ManualClock, Reply, Script};
use bytes::Bytes;
use http::Method;
use huawei_oauth::{App, Client};
use serde_json::{Value, json};

pub(crate) const CLIENT_ID: &str = "107408391";
pub(crate) const SECRET: &str = "dummysecret00000000000000000000000000000000000000000000000000000";
pub(crate) const CODE: &str = "DwEEABlWuXdOMrHW/zgbz+DUMMY==";
const KEY: &str = include_str!("../data/rsa2048.pkcs8.pem");

/// The time of the test vectors.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_100)
}

pub(crate) fn client(script: &Script) -> Client {
    client_with_clock(script, &ManualClock::at(now()))
}

pub(crate) fn client_with_clock(script: &Script, clock: &ManualClock) -> Client {
    Client::builder(App::new(CLIENT_ID, SECRET))
        .transport(script.transport())
        .clock(clock.clock())
        .build()
        .unwrap()
}

pub(crate) fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::from_pem(algorithm, KEY).unwrap()
}

/// The key set with the key of the tests under this id.
pub(crate) fn jwks(kid: &str) -> Value {
    let mut keys = Jwks::default();
    keys.insert(kid, key(Algorithm::Rs256).public_key());
    serde_json::to_value(keys).unwrap()
}

/// The claims of an ID token as it should be, with some replaced; `null` removes one.
pub(crate) fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": "https://accounts.huawei.com", "aud": CLIENT_ID, "azp": CLIENT_ID,
        "sub": "AQAxrB1HNADUMMYn-IfWRSUVq2M7xU", "openid": "AQAxrBzThFvDUMMYlv9tV_4rMCc",
        "iat": 1_790_000_000, "exp": 1_790_003_600,
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

pub(crate) fn id_token(kid: &str, claims: &Value) -> String {
    let token = jwt::sign(&key(Algorithm::Ps256), kid, claims).unwrap();
    token.expose().to_owned()
}

/// The answer to a grant, with an ID token of these claims.
pub(crate) fn tokens(claims: &Value) -> Value {
    json!({
        "token_type": "Bearer", "access_token": "DgEAAN7qdDUMMYU0TvQ/eXpE4x+gvhoYh5/UuzL=",
        "refresh_token": "DgECAL++vCnDUMMY", "expires_in": 3600, "scope": "openid profile",
        "id_token": id_token("k1", claims),
    })
}

/// A platform that answers one grant, and serves its keys.
pub(crate) fn answering(answer: &Value) -> Script {
    Script::new()
        .expect(Method::POST, "/oauth2/v3/token", Reply::json(200, answer))
        .expect(
            Method::GET,
            "/oauth2/v3/certs",
            Reply::json(200, &jwks("k1")),
        )
}

/// A refusal of `/oauth2`.
pub(crate) fn refusal(error: u32, sub_error: u32) -> Reply {
    let body = json!({"error": error, "sub_error": sub_error, "error_description": "d"});
    Reply::json(400, &body)
}

/// The pairs of a query or form, decoded.
pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    let back = auth_core::wire::WayBack::parse(&format!("?{text}"));
    let pairs = back.query().iter();
    pairs
        .map(|(name, value)| (name.clone(), value.expose().to_owned()))
        .collect()
}

pub(crate) fn form(request: &http::Request<Bytes>) -> BTreeMap<String, String> {
    pairs(std::str::from_utf8(request.body()).unwrap())
}
