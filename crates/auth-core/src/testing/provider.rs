//! A provider that counts.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use crate::{Error, Result, Token, TokenProvider};

/// A provider that counts: its tokens are `token-1`, `token-2` and so on. Clones count together.
///
/// ```
/// use std::time::Duration;
///
/// use auth_core::testing::CountingProvider;
/// use auth_core::{Cached, Error};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() {
///     let provider = CountingProvider::new(Duration::from_secs(3600))
///         .fail_next(Error::credentials("the secret is wrong"));
///     let cached = Cached::new(provider.clone());
///
///     assert!(cached.token().await.is_err());
///     assert_eq!(provider.count(), 1);
/// }
/// ```
#[derive(Clone)]
pub struct CountingProvider(Arc<Inner>);

struct Inner {
    lifetime: Duration,
    delay: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Default)]
struct State {
    asked: usize,
    rejected: Vec<String>,
    failures: VecDeque<Error>,
}

impl CountingProvider {
    /// A provider whose tokens are valid for `lifetime`.
    pub fn new(lifetime: Duration) -> Self {
        Self::with(lifetime, Duration::ZERO, State::default())
    }

    /// Takes this long for each token, on tokio's clock.
    pub fn delay(self, delay: Duration) -> Self {
        let state = self.change(|state| state.clone());
        Self::with(self.0.lifetime, delay, state)
    }

    /// Fails once, when it is asked next; several failures are told in the order they were given.
    pub fn fail_next(self, error: Error) -> Self {
        self.change(|state| state.failures.push_back(error));
        self
    }

    /// How often it was asked for a token.
    pub fn count(&self) -> usize {
        self.change(|state| state.asked)
    }

    /// The tokens that were reported as refused, as text.
    pub fn rejected(&self) -> Vec<String> {
        self.change(|state| state.rejected.clone())
    }

    fn with(lifetime: Duration, delay: Duration, state: State) -> Self {
        Self(Arc::new(Inner {
            lifetime,
            delay,
            state: Mutex::new(state),
        }))
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let state = self.0.state.lock();
        change(&mut state.unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl TokenProvider for CountingProvider {
    async fn token(&self) -> Result<Token> {
        let (count, failure) = self.change(|state| {
            state.asked += 1;
            (state.asked, state.failures.pop_front())
        });
        if !self.0.delay.is_zero() {
            sleep(self.0.delay).await;
        }
        match failure {
            Some(error) => Err(error),
            None => Token::bearer(format!("token-{count}"), self.0.lifetime),
        }
    }

    fn reject(&self, token: &Token) {
        let text = token.secret().expose().to_owned();
        self.change(|state| state.rejected.push(text));
    }
}

impl fmt::Debug for CountingProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountingProvider")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}
