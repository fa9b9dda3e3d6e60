//! Signing in against scripted answers: what goes out, what is believed, what is never shown.

mod flow;
mod grants;
mod openid;
#[cfg(feature = "reqwest")]
mod peer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth_core::seal::Sealer;
use auth_core::sign_in::{Endpoints, OAuthClient, OAuthClientBuilder};
use auth_core::testing::{ManualClock, Script};
use auth_core::{
    Action, Api, Clock, Envelope, HttpSend, KnownCode, Operation, Outcome, Platform, Server,
    Verdict,
};
use bytes::Bytes;
use http::Method;

/// A platform with the habits of the real ones: integers for errors, a success code in the body.
static PLATFORM: Platform = Platform {
    name: "example",
    servers: &[Server {
        role: "api",
        site: "",
        url: "https://api.example",
    }],
    codes: &[KnownCode {
        realm: None,
        code: "1101",
        sub_code: Some("20155"),
        status: None,
        action: Action::SignInAgain,
        limit_s: None,
        meaning: "The code has expired.",
    }],
    schemes: &[],
    security: &[],
    outcome: &OUTCOME,
    tokens: &[],
};

static OUTCOME: Outcome = Outcome {
    verdict: Verdict::Body,
    success: &["60001"],
    partial: &[],
    envelopes: &[Envelope {
        code: &[&["error"], &["code"]],
        sub_code: Some(&["sub_error"]),
        message: Some(&["error_description"]),
        request_id: None,
        realm: None,
    }],
};

static AUTHORIZE: Operation = operation("authorize", Method::GET, "/authorize", true);
static EXCHANGE: Operation = operation("exchange_code", Method::POST, "/token", false);
static REFRESH: Operation = operation("refresh_token", Method::POST, "/token", true);

const fn operation(
    id: &'static str,
    method: Method,
    path: &'static str,
    idempotent: bool,
) -> Operation {
    Operation {
        platform: &PLATFORM,
        id,
        method,
        path,
        query: &[],
        role: "api",
        idempotent,
        sensitive: true,
        security: &[],
        outcome: &OUTCOME,
    }
}

fn builder(transport: Arc<dyn HttpSend>) -> OAuthClientBuilder {
    builder_at(transport, ManualClock::at(now()).clock())
}

fn builder_at(transport: Arc<dyn HttpSend>, clock: Clock) -> OAuthClientBuilder {
    let api = Api::builder(&PLATFORM)
        .transport(transport)
        .clock(clock)
        .build()
        .unwrap();
    let endpoints = Endpoints {
        authorize: &AUTHORIZE,
        exchange: &EXCHANGE,
        refresh: &REFRESH,
    };
    OAuthClient::builder(api, endpoints, "client-1")
}

fn client(script: &Script) -> OAuthClient {
    let builder = builder(script.transport()).secret("the/secret+");
    builder.build().unwrap()
}

fn sealer() -> Sealer {
    Sealer::new(&[7; 32])
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

/// The pairs of a query or form, decoded.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        let text = percent_encoding::percent_decode_str(&text);
        text.decode_utf8().unwrap().into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn form(request: &http::Request<Bytes>) -> BTreeMap<String, String> {
    pairs(std::str::from_utf8(request.body()).unwrap())
}

fn query(address: &str) -> BTreeMap<String, String> {
    pairs(address.split_once('?').map_or("", |(_, query)| query))
}
