//! The one door to the network.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::Result;

/// Sends one HTTP request and returns the whole answer.
///
/// Everything that these crates say to a platform goes through here. Implement it to bring your
/// own HTTP client: no redirects followed, TLS verified, the body bounded. A failure is reported
/// with [`Error::transport`](crate::Error::transport).
#[async_trait]
pub trait HttpSend: Send + Sync {
    /// Sends the request and returns the answer, whatever its status.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>>;
}
