//! A platform as one client sees it: addresses, credentials, transport, policy.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{Error, HttpSend, Platform, Request, Result};

/// A platform as one client sees it. Cheap to clone; views share everything.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    platform: &'static Platform,
    transport: Arc<dyn HttpSend>,
}

/// Settings of an [`Api`].
pub struct ApiBuilder {
    platform: &'static Platform,
    transport: Option<Arc<dyn HttpSend>>,
}

/// What one call may do differently.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CallOptions {}

impl Api {
    /// Starts a client of `platform`.
    pub fn builder(platform: &'static Platform) -> ApiBuilder {
        ApiBuilder {
            platform,
            transport: None,
        }
    }

    pub(crate) async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        let _ = (request, &self.inner.transport);
        Err(Error::transport(self.inner.platform.name))
    }

    pub(crate) async fn text(&self, request: Request) -> Result<String> {
        let _ = request;
        Err(Error::transport(self.inner.platform.name))
    }

    pub(crate) async fn empty(&self, request: Request) -> Result<()> {
        let _ = request;
        Err(Error::transport(self.inner.platform.name))
    }
}

impl ApiBuilder {
    /// The HTTP client.
    pub fn transport(mut self, transport: Arc<dyn HttpSend>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Builds the client.
    pub fn build(self) -> Result<Api> {
        let transport = self
            .transport
            .ok_or_else(|| Error::config("no transport"))?;
        Ok(Api {
            inner: Arc::new(Inner {
                platform: self.platform,
                transport,
            }),
        })
    }
}
