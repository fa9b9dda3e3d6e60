//! Calls that a platform makes to the address its user has configured.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;

/// A call to be made.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    pub operation: &'static str,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// A call that was made, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SentCallback {
    /// The operation of the document.
    pub operation: &'static str,
    /// Where it went.
    pub url: String,
    /// The headers that prove who called.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: serde_json::Value,
    /// The HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    /// The body of the answer, or why there was none.
    pub answer: String,
}

/// The newest calls that were made.
#[derive(Debug, Default)]
pub(crate) struct SentCallbacks {
    sent: VecDeque<Arc<SentCallback>>,
}

impl SentCallbacks {
    /// Adds a call, and drops the oldest above the bound.
    pub(crate) fn add(&mut self, call: SentCallback) {
        const KEEP: usize = 1000;
        if self.sent.len() >= KEEP {
            self.sent.pop_front();
        }
        self.sent.push_back(Arc::new(call));
    }

    /// The calls kept, the oldest first.
    pub(crate) fn list(&self) -> Vec<Arc<SentCallback>> {
        self.sent.iter().cloned().collect()
    }
}

/// Makes a call.
pub(crate) async fn deliver(call: Callback) -> SentCallback {
    let waiting = tokio::time::timeout(TIMEOUT, send(&call));
    let (status, answer) = match waiting.await {
        Ok(Ok((status, answer))) => (Some(status), answer),
        Ok(Err(error)) => (None, error.to_string()),
        Err(_) => (None, "no answer in time".to_owned()),
    };
    SentCallback {
        operation: call.operation,
        body: serde_json::from_str(&call.body).unwrap_or_default(),
        url: call.url,
        headers: call.headers,
        status,
        answer,
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn send(call: &Callback) -> Result<(u16, String), Failure> {
    let uri: Uri = call.url.parse()?;
    if uri.scheme_str() != Some("http") {
        return Err("the emulator calls plain http addresses only".into());
    }
    let host = uri.host().ok_or("the address has no host")?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((bare, uri.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(
            HOST,
            uri.authority().map_or(host, |authority| authority.as_str()),
        )
        .header(CONTENT_TYPE, "application/json; charset=utf-8");
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(Bytes::from(call.body.clone())))?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER);
        let body = body.collect().await?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    };
    tokio::select! {
        done = exchange => done,
        closed = connection => Err(closed.err().map_or_else(
            || Failure::from("the connection was closed before an answer"),
            Failure::from,
        )),
    }
}

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;
