//! A platform on which a login voids the token before, as on the IoT platform; and its document.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use auth_core::{
    Action, Carrier, Clock, Envelope, KnownCode, Mark, Operation, Outcome, Platform, Scheme,
    Server, TokenPolicy, Verdict,
};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::Method;
use serde_json::json;
use tokio::net::TcpListener;

/// The platform as it runs.
#[derive(Clone)]
pub(crate) struct Issuer(Arc<Mutex<Inner>>);

struct Inner {
    clock: Clock,
    lifetime: Duration,
    /// The token that is valid, and since when.
    current: Option<(String, Mark)>,
    /// Who logged in for which token.
    logins: BTreeMap<u64, String>,
    /// Which share of the calls fails.
    failing: f64,
    calls: u64,
}

impl Issuer {
    /// Serves it on a port of its own; returns its address.
    pub(crate) async fn serve(lifetime: Duration) -> Result<(Self, String)> {
        let issuer = Self(Arc::new(Mutex::new(Inner {
            clock: Clock::system(),
            lifetime,
            current: None,
            logins: BTreeMap::new(),
            failing: 0.0,
            calls: 0,
        })));
        let router = Router::new()
            .route("/login", post(login))
            .route("/call", get(call))
            .with_state(issuer.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((issuer, url))
    }

    pub(crate) fn set_failing(&self, share: f64) {
        self.inner().failing = share;
    }

    /// Who logged in for which token.
    pub(crate) fn logins(&self) -> BTreeMap<u64, String> {
        self.inner().logins.clone()
    }

    pub(crate) fn calls(&self) -> u64 {
        self.inner().calls
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn login(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    // A login takes a while, so that others have time to come in between.
    tokio::time::sleep(Duration::from_millis(20 + fastrand::u64(..80))).await;
    let mut inner = issuer.inner();
    if fastrand::f64() < inner.failing {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let number = inner.logins.len() as u64 + 1;
    let who = headers.get("x-process").and_then(|who| who.to_str().ok());
    inner.logins.insert(number, who.unwrap_or("?").to_owned());
    let token = format!("fleet-token-{number}");
    inner.current = Some((token.clone(), inner.clock.mark()));
    Json(json!({"token": token, "expires_in": inner.lifetime.as_secs()})).into_response()
}

async fn call(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    let mut inner = issuer.inner();
    inner.calls += 1;
    if fastrand::f64() < inner.failing {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let shown = headers.get(header::AUTHORIZATION);
    let shown = shown.and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer "));
    let valid = inner.current.as_ref().is_some_and(|(token, since)| {
        shown == Some(token) && inner.clock.elapsed(*since) < inner.lifetime
    });
    match valid {
        true => Json(json!({})).into_response(),
        false => (StatusCode::UNAUTHORIZED, Json(json!({"code": VOIDED}))).into_response(),
    }
}

pub(crate) static PLATFORM: Platform = Platform {
    name: "fleet",
    servers: &[Server {
        role: "platform",
        site: "here",
        url: "{host}",
    }],
    codes: &[KnownCode {
        realm: None,
        code: VOIDED,
        sub_code: None,
        status: None,
        action: Action::NewToken,
        limit_s: None,
        meaning: "the token is not valid any more",
    }],
    schemes: &[&TOKEN],
    security: &[&[&TOKEN]],
    outcome: &OUTCOME,
    tokens: &[TokenPolicy {
        name: "access_token",
        lifetime: None,
        renew_before: None,
        refresh_lifetime: None,
        rotates: None,
        voids_previous: Some(true),
        single_use: false,
        max_per_window: None,
    }],
};

static TOKEN: Scheme = Scheme {
    name: "token",
    carrier: Carrier::Bearer,
};

static OUTCOME: Outcome = Outcome {
    verdict: Verdict::Status,
    success: &[],
    partial: &[],
    envelopes: &[Envelope {
        code: &[&["code"]],
        sub_code: None,
        message: None,
        request_id: None,
        realm: None,
    }],
};

pub(crate) static LOGIN: Operation = Operation {
    platform: &PLATFORM,
    id: "login",
    method: Method::POST,
    path: "/login",
    query: &[],
    role: "platform",
    idempotent: false,
    sensitive: true,
    security: &[],
    outcome: &OUTCOME,
};

pub(crate) static CALL: Operation = Operation {
    platform: &PLATFORM,
    id: "call",
    method: Method::GET,
    path: "/call",
    query: &[],
    role: "platform",
    idempotent: true,
    sensitive: false,
    security: &[&[&TOKEN]],
    outcome: &OUTCOME,
};

/// The code of a token that is not valid any more.
pub(crate) const VOIDED: &str = "1010005";
