//! Tokens, and where they come from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderName, HeaderValue};

use crate::{Result, Secret};

/// A short-lived credential with its ready header. Cheap to clone; printed as a fingerprint.
#[derive(Clone)]
pub struct Token(Arc<Inner>);

struct Inner {
    value: Secret,
    name: HeaderName,
    header: HeaderValue,
    lifetime: Duration,
}

/// Something that obtains tokens: a signed-in application, a service account, a cache of either.
#[async_trait]
pub trait TokenProvider: Send + Sync {
    /// Returns a token that is valid now.
    async fn token(&self) -> Result<Token>;

    /// Tells that the platform refused this very token. A provider that keeps tokens forgets it,
    /// unless it already holds a newer one.
    fn reject(&self, token: &Token) {
        let _ = token;
    }
}

impl Token {
    /// A token sent as `Authorization: Bearer …`, valid for `lifetime` from the moment it was asked for.
    pub fn bearer(value: impl Into<Secret>, lifetime: Duration) -> Result<Self> {
        Self::new(
            http::header::AUTHORIZATION,
            "Bearer ",
            value.into(),
            lifetime,
        )
    }

    /// A token sent as it is in a header of its own.
    pub fn in_header(
        name: HeaderName,
        value: impl Into<Secret>,
        lifetime: Duration,
    ) -> Result<Self> {
        Self::new(name, "", value.into(), lifetime)
    }

    fn new(name: HeaderName, prefix: &str, value: Secret, lifetime: Duration) -> Result<Self> {
        let text = zeroize::Zeroizing::new(format!("{prefix}{}", value.expose()));
        let mut header = HeaderValue::from_str(&text).map_err(|_| {
            crate::Error::credentials("the token holds bytes that no header can carry")
        })?;
        header.set_sensitive(true);
        Ok(Self(Arc::new(Inner {
            value,
            name,
            header,
            lifetime,
        })))
    }

    /// The token itself.
    pub fn secret(&self) -> &Secret {
        &self.0.value
    }

    /// The header the token travels in, ready and marked sensitive.
    pub fn header(&self) -> (&HeaderName, &HeaderValue) {
        (&self.0.name, &self.0.header)
    }

    /// How long the token is valid, counted from the moment it was asked for.
    pub fn lifetime(&self) -> Duration {
        self.0.lifetime
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("lifetime", &self.0.lifetime)
            .finish_non_exhaustive()
    }
}
