//! The way of a request: authenticated, sent, judged, sent again, and what is told of it.

mod actions;
mod allocations;
mod before;
mod carriers;
#[cfg(feature = "http2")]
mod http2;
mod outcomes;
mod properties;
mod proxy;
mod retries;
mod secrets;
mod tls;
mod tokens;
mod wire;

use std::time::Duration;

use auth_core::testing::Script;
use auth_core::{
    Action, Api, ApiBuilder, Carrier, Envelope, Error, Fields, KnownCode, Operation, Outcome,
    Platform, Request, Result, RetryPolicy, Scheme, Server, Token, Verdict,
};
use http::Method;
use serde_json::Value;

const HOUR: Duration = Duration::from_secs(3600);

static BASIC: Scheme = Scheme {
    name: "basic",
    carrier: Carrier::Basic,
};
static BEARER: Scheme = Scheme {
    name: "bearer",
    carrier: Carrier::Bearer,
};
static HEADER: Scheme = Scheme {
    name: "header",
    carrier: Carrier::Header("x-own-token"),
};
static IN_BODY: Scheme = Scheme {
    name: "in_body",
    carrier: Carrier::Body(Fields {
        client_id: Some("appId"),
        client_secret: Some("secret"),
        token: None,
    }),
};
static IN_QUERY: Scheme = Scheme {
    name: "in_query",
    carrier: Carrier::Query(Fields {
        client_id: None,
        client_secret: None,
        token: Some("access_token"),
    }),
};

static OUTCOME: Outcome = Outcome {
    verdict: Verdict::Body,
    success: &["0"],
    partial: &["1"],
    envelopes: &[Envelope {
        code: &[&["code"]],
        sub_code: Some(&["sub"]),
        message: Some(&["msg"]),
        request_id: Some(&["requestId"]),
        realm: None,
    }],
};

static PLATFORM: Platform = Platform {
    name: "example",
    servers: &[Server {
        role: "api",
        site: "global",
        url: "https://api.example.com/base",
    }],
    codes: &[
        row("2", Action::Backoff, Some(60)),
        row("3", Action::ContactProvider, None),
        row("4", Action::DropTarget, None),
        row("5", Action::FixCredentials, None),
        row("6", Action::FixRequest, None),
        row("7", Action::NewToken, None),
        row("8", Action::None, None),
        row("9", Action::SignInAgain, None),
    ],
    schemes: &[&BASIC, &BEARER, &HEADER, &IN_BODY, &IN_QUERY],
    security: &[],
    outcome: &OUTCOME,
    tokens: &[],
};

/// May be repeated.
static GET_ITEM: Operation = operation("get_item", Method::GET, true, &[&[&BEARER]]);
/// Must not be repeated.
static ADD_ITEM: Operation = operation("add_item", Method::POST, false, &[&[&BEARER]]);
/// Its answer can hold secrets.
static GET_TOKEN: Operation = Operation {
    platform: &PLATFORM,
    id: "get_token",
    method: Method::POST,
    path: "/token",
    query: &[],
    role: "api",
    idempotent: false,
    sensitive: true,
    security: &[&[&IN_BODY]],
    outcome: &OUTCOME,
};
/// Needs no credential.
static PING: Operation = operation("ping", Method::GET, true, &[]);

const fn operation(
    id: &'static str,
    method: Method,
    idempotent: bool,
    security: &'static [&'static [&'static Scheme]],
) -> Operation {
    Operation {
        platform: &PLATFORM,
        id,
        method,
        path: "/items",
        query: &[],
        role: "api",
        idempotent,
        sensitive: false,
        security,
        outcome: &OUTCOME,
    }
}

const fn row(code: &'static str, action: Action, limit_s: Option<u32>) -> KnownCode {
    KnownCode {
        realm: None,
        code,
        sub_code: None,
        status: None,
        action,
        limit_s,
        meaning: "a made-up code.",
    }
}

fn token(text: &str) -> Token {
    Token::bearer(text, HOUR).expect("a token of letters")
}

/// A client whose transport follows a script and whose token is ready.
fn scripted(script: &Script) -> ApiBuilder {
    Api::builder(&PLATFORM)
        .transport(script.transport())
        .credential("bearer", token("ready"))
}

/// A client of a real address that waits between attempts for no time.
fn at(url: &str) -> ApiBuilder {
    Api::builder(&PLATFORM)
        .server("api", url)
        .credential("bearer", token("ready"))
        .retry(RetryPolicy::default().base(Duration::ZERO))
}

async fn get(api: &Api) -> Result<Value> {
    Request::new(&GET_ITEM).send(api).await
}

async fn add(api: &Api) -> Result<Value> {
    Request::new(&ADD_ITEM).send(api).await
}

/// Everything that an error prints, its causes included.
fn printed(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}
