//! A platform made of a function: what is sent goes in, what is answered comes out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Error, HttpSend, Result};
use bytes::Bytes;
use harmony_push::{Client, ClientBuilder, ServiceAccount};
use http::{HeaderMap, Request, Response};
use serde_json::{Value, json};

/// A request as the platform sees it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// The body as it travelled.
    pub(crate) raw: Bytes,
    /// How many came before.
    pub(crate) number: usize,
}

/// What the platform does with a request.
pub(crate) enum Reply {
    /// Answers with a status and a body.
    Answer(u16, String),
    /// Answers after a while.
    Later(Duration, Box<Self>),
    /// Takes the request and never answers.
    Lost,
    /// Cannot be reached.
    Unreachable,
}

pub(crate) struct Fake {
    answer: Box<dyn Fn(&Sent) -> Reply + Send + Sync>,
    sent: Mutex<Vec<Sent>>,
}

impl Fake {
    pub(crate) fn new(answer: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            sent: Mutex::default(),
        })
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// A client with a service account that talks to this platform.
    pub(crate) fn client(self: &Arc<Self>) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(self: &Arc<Self>) -> ClientBuilder {
        let transport = Arc::<Self>::clone(self);
        Client::builder(account()).transport(transport)
    }
}

#[async_trait]
impl HttpSend for Fake {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let sent = {
            let mut all = self.sent.lock().unwrap();
            let sent = Sent {
                path: request.uri().path().to_owned(),
                headers: request.headers().clone(),
                body: serde_json::from_slice(request.body()).unwrap_or(Value::Null),
                raw: request.body().clone(),
                number: all.len(),
            };
            all.push(sent.clone());
            sent
        };
        let mut reply = (self.answer)(&sent);
        loop {
            match reply {
                Reply::Answer(status, body) => {
                    let answer = Response::builder().status(status).body(body.into());
                    return Ok(answer.unwrap());
                }
                Reply::Later(wait, then) => {
                    tokio::time::sleep(wait).await;
                    reply = *then;
                }
                Reply::Lost => return Err(Error::transport("the answer was lost")),
                Reply::Unreachable => return Err(Error::unsent("nobody is there")),
            }
        }
    }
}

impl Sent {
    /// The tokens of a send.
    pub(crate) fn tokens(&self) -> Vec<&str> {
        let tokens = self.body.pointer("/target/token");
        let tokens = tokens.or_else(|| self.body.pointer("/message/token"));
        let tokens = tokens.or_else(|| self.body.get("token"));
        let tokens = tokens.and_then(Value::as_array).expect("tokens");
        tokens.iter().map(|token| token.as_str().unwrap()).collect()
    }
}

/// The throw-away key of the published test vectors.
pub(crate) fn account() -> ServiceAccount {
    let vector: Value =
        serde_json::from_str(include_str!("../samples/vector.jwt_ps256.1.json")).unwrap();
    ServiceAccount::parse(&vector["service_account_key_file"].to_string()).unwrap()
}

/// Every token was taken.
pub(crate) fn accepted(request_id: impl ToString) -> Reply {
    code(200, "80000000", "Success", request_id)
}

/// An answer with a code.
pub(crate) fn code(status: u16, code: &str, message: &str, request_id: impl ToString) -> Reply {
    let body = json!({"code": code, "msg": message, "requestId": request_id.to_string()});
    Reply::Answer(status, body.to_string())
}

/// Tokens were refused: `with` says whether some or all.
pub(crate) fn refused(status: u16, with: &str, reasons: Value, request_id: impl ToString) -> Reply {
    let detail = json!({"illegalTokens": reasons}).to_string();
    code(status, with, &detail, request_id)
}

/// The time on tokio's clock, which the tests stop.
pub(crate) fn now() -> tokio::time::Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock of a test stands still"
    )]
    tokio::time::Instant::now()
}
