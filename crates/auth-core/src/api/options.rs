//! What one call may do differently.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::request::parse_header;
use crate::{Error, Result, RetryPolicy};

/// What one call may do differently from the rest of its client.
///
/// ```
/// use std::time::Duration;
///
/// use auth_core::CallOptions;
///
/// let options = CallOptions::new()
///     .timeout(Duration::from_secs(2))
///     .header("X-Trace", "8f14e45f")
///     .observer(|answer| println!("{} {:?}", answer.status, answer.request_id));
/// ```
#[derive(Clone, Default)]
#[must_use = "options do nothing until a client is given them"]
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) headers: HeaderMap,
    pub(crate) observer: Option<Arc<Observer>>,
    error: Option<Error>,
}

pub(crate) type Observer = dyn Fn(&Observed<'_>) + Send + Sync;

/// An answer as an observer sees it, whether or not it was a success. Retried calls have several.
#[derive(Debug)]
#[non_exhaustive]
pub struct Observed<'a> {
    /// The operation, by its id in the platform's document.
    pub operation: &'static str,
    /// Which attempt this answers, the first being 1.
    pub attempt: u32,
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The id under which the platform's support finds the call, where the body has one.
    pub request_id: Option<&'a str>,
}

impl CallOptions {
    /// Options that change nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the call may take in all, retries and waits included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets when the request is sent again.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Adds a header. Headers of the operation and its credential go before it.
    pub fn header(mut self, name: &str, value: impl Display) -> Self {
        match parse_header(name, &value) {
            Ok((name, _)) if FRAMING.contains(&name.as_str()) => {
                let message = format!("the header `{name}` is set by the HTTP client");
                self.error.get_or_insert(Error::config(message));
            }
            Ok((name, value)) => {
                self.headers.insert(name, value);
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
        self
    }

    /// Calls `observer` with every answer, before it is read.
    pub fn observer(mut self, observer: impl Fn(&Observed<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// These options, and `below` where they say nothing.
    pub(crate) fn over(mut self, below: &Self) -> Self {
        for (name, value) in &below.headers {
            if !self.headers.contains_key(name) {
                self.headers.insert(name.clone(), value.clone());
            }
        }
        Self {
            timeout: self.timeout.or(below.timeout),
            retry: self.retry.or_else(|| below.retry.clone()),
            headers: self.headers,
            observer: self.observer.or_else(|| below.observer.clone()),
            error: self.error.or_else(|| below.error.clone()),
        }
    }

    /// The mistake in them, if there is one.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

/// Shows no header's value.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("headers", &self.headers.keys())
            .finish_non_exhaustive()
    }
}

/// Headers that describe the connection and the body as they are sent.
const FRAMING: [&str; 5] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];
