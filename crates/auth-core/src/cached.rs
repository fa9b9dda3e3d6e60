//! The token cache.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Clock, Result, Token, TokenProvider};

/// A provider that keeps the token of another one and renews it ahead of time.
#[derive(Clone)]
pub struct Cached {
    provider: Arc<dyn TokenProvider>,
}

/// Settings of a [`Cached`] provider.
pub struct CachedBuilder {
    provider: Arc<dyn TokenProvider>,
    clock: Clock,
}

impl Cached {
    /// Caches the tokens of `provider` with the default settings.
    pub fn new(provider: impl TokenProvider + 'static) -> Self {
        Self::builder(provider).build()
    }

    /// Caches the tokens of `provider` with other settings.
    pub fn builder(provider: impl TokenProvider + 'static) -> CachedBuilder {
        CachedBuilder {
            provider: Arc::new(provider),
            clock: Clock::system(),
        }
    }

    /// Returns a valid token.
    pub async fn token(&self) -> Result<Token> {
        self.provider.token().await
    }

    /// Drops that very token and no newer one.
    pub fn reject(&self, token: &Token) {
        self.provider.reject(token);
    }
}

impl CachedBuilder {
    /// The clock to judge expiry by; share it with the [`Api`](crate::Api) that learns its offset.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Builds the cache. No runtime is needed yet.
    pub fn build(self) -> Cached {
        Cached {
            provider: self.provider,
        }
    }
}

#[async_trait]
impl TokenProvider for Cached {
    async fn token(&self) -> Result<Token> {
        Self::token(self).await
    }

    fn reject(&self, token: &Token) {
        Self::reject(self, token);
    }
}
