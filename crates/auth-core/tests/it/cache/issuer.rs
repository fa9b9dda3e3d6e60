//! A platform that issues tokens as a test tells it to, and counts.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::testing::ManualClock;
use auth_core::{Cached, CachedBuilder, Error, Result, RetryPolicy, Token, TokenProvider};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// How long an answer takes unless a test says otherwise.
pub(crate) const LATENCY: Duration = Duration::from_millis(50);

/// Issues `token-1`, `token-2` and so on. Clones are one platform.
#[derive(Clone)]
pub(crate) struct Issuer(Arc<State>);

struct State {
    calls: AtomicUsize,
    answers: Mutex<VecDeque<Answer>>,
    lifetime: Duration,
    /// Told whenever a call arrives.
    arrived: Notify,
}

/// What one call gets.
pub(crate) enum Answer {
    /// An error, after the usual latency.
    Error(Error),
    /// A token as soon as the test says so.
    Gated(Arc<Notify>),
    /// Nothing, ever.
    Nothing,
    /// A panic.
    Panic,
    /// A token of this very text, after the usual latency.
    Same(&'static str),
    /// The next token, after this time.
    Slow(Duration),
}

impl Issuer {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self(Arc::new(State {
            calls: AtomicUsize::new(0),
            answers: Mutex::default(),
            lifetime,
            arrived: Notify::new(),
        }))
    }

    /// Queues answers; once they are used up, calls get the next token.
    pub(crate) fn then(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.queue(answers);
        self
    }

    pub(crate) fn queue(&self, answers: impl IntoIterator<Item = Answer>) {
        self.0.answers.lock().unwrap().extend(answers);
    }

    pub(crate) fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// Waits until so many calls have arrived.
    pub(crate) async fn called(&self, times: usize) {
        while self.calls() < times {
            self.0.arrived.notified().await;
        }
    }

    /// A cache of these tokens that never repeats a call by itself, and the clock it goes by.
    pub(crate) fn cached(&self) -> (Cached, ManualClock) {
        let clock = ManualClock::new();
        (self.builder(&clock).build(), clock)
    }

    pub(crate) fn builder(&self, clock: &ManualClock) -> CachedBuilder {
        Cached::builder(self.clone())
            .clock(clock.clock())
            .retry(RetryPolicy::none())
    }
}

#[async_trait]
impl TokenProvider for Issuer {
    async fn token(&self) -> Result<Token> {
        let number = self.0.calls.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.arrived.notify_one();
        let token = || Token::bearer(format!("token-{number}"), self.0.lifetime);
        let answer = self.0.answers.lock().unwrap().pop_front();
        match answer {
            None => sleep(LATENCY).await,
            Some(Answer::Error(error)) => {
                sleep(LATENCY).await;
                return Err(error);
            }
            Some(Answer::Gated(gate)) => gate.notified().await,
            Some(Answer::Nothing) => std::future::pending().await,
            Some(Answer::Panic) => panic!("the provider has a bug"),
            Some(Answer::Same(text)) => {
                sleep(LATENCY).await;
                return Token::bearer(text, self.0.lifetime);
            }
            Some(Answer::Slow(latency)) => sleep(latency).await,
        }
        token()
    }
}

/// The text of a token, to compare with.
pub(crate) fn text(token: &Token) -> &str {
    token.secret().expose()
}

/// The text of the token that is ready, if one is.
pub(crate) fn ready(cached: &Cached) -> Option<String> {
    cached.cached().map(|token| text(&token).to_owned())
}

/// Lets tasks that can run do so, and time pass as far as they sleep on it.
pub(crate) async fn settle() {
    sleep(Duration::from_millis(500)).await;
}

/// The time on the clock of tokio, which stands still while there is something to do.
pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "measures what a test waited for")]
    Instant::now()
}
