//! What a scripted transport does with a request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde::Serialize;
use tokio::time::sleep;

use crate::{Error, Result};

/// What a [`Script`](super::Script) does with one request: answer, fail, be slow, or be silent.
///
/// ```
/// use std::time::Duration;
///
/// use auth_core::Error;
/// use auth_core::testing::Reply;
///
/// let throttled = Reply::status(429).header("Retry-After", "2");
/// let slow = Reply::json(200, &["a"]).after(Duration::from_secs(3));
/// let refused = Reply::fail(Error::unsent("the connection could not be made"));
/// let silent = Reply::hang();
/// println!("{throttled:?} {slow:?} {refused:?} {silent:?}");
/// ```
#[derive(Clone)]
pub struct Reply {
    delay: Duration,
    headers: HeaderMap,
    kind: Kind,
}

type Answer = dyn Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync;

#[derive(Clone)]
enum Kind {
    Answer(StatusCode, Bytes),
    Compute(Arc<Answer>),
    Fail(Error),
    Hang,
}

impl Reply {
    /// Answers with a status and no body.
    ///
    /// # Panics
    ///
    /// If `status` is none, as 0 or 1000.
    pub fn status(status: u16) -> Self {
        Self::text(status, "")
    }

    /// Answers with a status and a JSON body.
    ///
    /// # Panics
    ///
    /// If `status` is none, or `body` cannot be written.
    pub fn json(status: u16, body: &(impl Serialize + ?Sized)) -> Self {
        let body = serde_json::to_vec(body).expect("a scripted body can be written");
        Self::text(status, body).header(header::CONTENT_TYPE.as_str(), "application/json")
    }

    /// Answers with a status and a body of any kind, without a content type.
    ///
    /// # Panics
    ///
    /// If `status` is none.
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).expect("a scripted status is one");
        Self::new(Kind::Answer(status, body.into()))
    }

    /// Answers with what `answer` makes of the request.
    pub fn with(
        answer: impl Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self::new(Kind::Compute(Arc::new(answer)))
    }

    /// Fails: [`Error::unsent`] before anything was sent, [`Error::transport`] after.
    pub fn fail(error: Error) -> Self {
        Self::new(Kind::Fail(error))
    }

    /// Never answers; the caller's timeout decides.
    pub fn hang() -> Self {
        Self::new(Kind::Hang)
    }

    /// Adds a header to the answer.
    ///
    /// # Panics
    ///
    /// If it is no header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a scripted header has a name");
        let value = HeaderValue::try_from(value).expect("a scripted header has a value");
        self.headers.append(name, value);
        self
    }

    /// Waits before the answer or failure, on tokio's clock.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    fn new(kind: Kind) -> Self {
        Self {
            delay: Duration::ZERO,
            headers: HeaderMap::new(),
            kind,
        }
    }

    /// Does it.
    pub(super) async fn play(self, request: &Request<Bytes>) -> Result<Response<Bytes>> {
        if !self.delay.is_zero() {
            sleep(self.delay).await;
        }
        let mut answer = match self.kind {
            Kind::Answer(status, body) => {
                let mut answer = Response::new(body);
                *answer.status_mut() = status;
                answer
            }
            Kind::Compute(answer) => answer(request),
            Kind::Fail(error) => return Err(error),
            Kind::Hang => std::future::pending().await,
        };
        answer.headers_mut().extend(self.headers);
        Ok(answer)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Answer(status, _) => status.as_str(),
            Kind::Compute(_) => "computed",
            Kind::Fail(_) => "fail",
            Kind::Hang => "hang",
        };
        f.debug_struct("Reply")
            .field("kind", &kind)
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}
