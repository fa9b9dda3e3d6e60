//! The one door to the network.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::time::timeout;

use crate::{Error, Result};

/// Sends one HTTP request and returns the whole answer.
///
/// Everything that these crates say to a platform goes through here. Implement it to bring your
/// own HTTP client: no redirects followed, TLS verified, the body bounded. A failure is reported
/// with [`Error::transport`](crate::Error::transport).
#[async_trait]
pub trait HttpSend: Send + Sync {
    /// Sends the request and returns the answer, whatever its status.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>>;

    /// Sends the request and gives up after `limit`, which is what is left of the time of a call.
    ///
    /// It need not be written: without it, whatever `send` does is dropped in time. It is here for
    /// clients that have a timer of their own, so that one is enough.
    async fn send_within(
        &self,
        request: Request<Bytes>,
        limit: Duration,
    ) -> Result<Response<Bytes>> {
        match timeout(limit, self.send(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::transport(LATE)),
        }
    }
}

pub(crate) const LATE: &str = "no answer within the time of the call";
