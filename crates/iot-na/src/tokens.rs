//! The tokens of an application: login, refresh, and what a voided token tells.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Action, Clock, Error, ErrorKind, Mark, Result, Token, TokenProvider};

use crate::Client;
use crate::generated::platform::PLATFORM;
use crate::model::{RefreshToken, Tokens as Granted};

/// Logs an application in, and refreshes its token.
///
/// The platform has one valid token for an application. So a token that is refused before its time
/// was voided by a login elsewhere; two processes that answer that with a login would do so for
/// ever, each cutting the other off. This one stops after the third token in a row that it lost,
/// says so, and tries again ever more rarely.
pub(crate) struct Tokens {
    client: Client,
    clock: Clock,
    struggle: Mutex<Struggle>,
}

/// What became of the tokens so far.
#[derive(Default)]
struct Struggle {
    /// The token that was obtained last, while nobody has refused it.
    current: Option<Token>,
    /// Whether one is being obtained, which voids the one before.
    fetching: bool,
    /// How many tokens in a row were refused before their time.
    lost: u32,
    /// When the last one was refused.
    since: Option<Mark>,
}

impl Tokens {
    /// Obtains tokens over `client`, which must have the credential of the login.
    pub(crate) fn new(client: Client) -> Self {
        Self {
            clock: client.api.clock().clone(),
            client,
            struggle: Mutex::default(),
        }
    }

    /// Obtains the token after `last`.
    async fn obtain(&self, last: Option<&Token>) -> Result<Token> {
        let refreshed = match last.and_then(Token::refresh_token) {
            Some(refresh) => {
                let request = RefreshToken::new(refresh.clone());
                match self.client.refresh_token(&request).await {
                    Err(error) if login_helps(&error) => None,
                    other => Some(other?),
                }
            }
            None => None,
        };
        let granted = match refreshed {
            Some(granted) => granted,
            None => self.client.login().await?,
        };
        token(granted)
    }

    fn struggle(&self) -> MutexGuard<'_, Struggle> {
        self.struggle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self) -> Result<Token> {
        self.renew(None).await
    }

    async fn renew(&self, last: Option<&Token>) -> Result<Token> {
        let mine = self.struggle().start(&self.clock, last)?;
        // The refresh token of a login that another one has voided is worth nothing either.
        let last = last.filter(|_| mine);
        let fetch = Fetch(self);
        let result = self.obtain(last).await;
        drop(fetch);
        if let Ok(token) = &result {
            self.struggle().current = Some(token.clone());
        }
        result
    }

    fn reject(&self, token: &Token) {
        self.struggle().lose(&self.clock, token);
    }
}

/// Ends a fetch, also one that nobody waits for any longer.
struct Fetch<'a>(&'a Tokens);

impl Drop for Fetch<'_> {
    fn drop(&mut self) {
        self.0.struggle().fetching = false;
    }
}

impl Struggle {
    /// Begins a fetch, unless it would only go on with a fight; `true` if `last` was not voided.
    fn start(&mut self, clock: &Clock, last: Option<&Token>) -> Result<bool> {
        if let Some(since) = self.since
            && self.lost >= MOST_LOST
            && clock.elapsed(since) < pause(self.lost)
        {
            return Err(fought(self.lost));
        }
        let whole = self.current.is_some() || self.since.is_none();
        if whole && last.is_some() {
            // It lived until it had to be renewed.
            self.lost = 0;
            self.since = None;
        }
        self.fetching = true;
        Ok(whole)
    }

    /// Takes note of a token that was refused.
    fn lose(&mut self, clock: &Clock, token: &Token) {
        let known = self.current.as_ref();
        let it = known.is_some_and(|known| known.secret() == token.secret());
        // While a new token is being obtained the old one is refused by right, and afterwards a
        // late answer is about one that is no longer in use.
        if self.fetching || !it {
            return;
        }
        self.current = None;
        self.lost = self.lost.saturating_add(1);
        self.since = Some(clock.mark());
        let in_a_row = self.lost;
        match in_a_row {
            1 => tracing::warn!(
                in_a_row,
                "the access token was voided before its time: a login of the same application elsewhere"
            ),
            MOST_LOST => tracing::warn!(
                in_a_row,
                "the access token is voided again and again: no more logins for a while"
            ),
            _ => tracing::info!(in_a_row, "the access token was voided again"),
        }
    }
}

/// Whether an error of a refresh is about the refresh token, so that a login is the way on.
fn login_helps(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Api => error.action() != Action::Backoff,
        // Whatever was answered, it was no token.
        ErrorKind::Decode => true,
        _ => false,
    }
}

fn token(granted: Granted) -> Result<Token> {
    let stated = PLATFORM
        .token("access_token")
        .and_then(|policy| policy.lifetime);
    let lifetime = granted
        .expires_in
        .and_then(|seconds| u64::try_from(seconds).ok());
    let lifetime = lifetime.map(Duration::from_secs).or(stated);
    let token = Token::bearer(granted.access_token, lifetime.unwrap_or_default())?;
    Ok(match granted.refresh_token {
        Some(refresh) => token.with_refresh_token(refresh),
        None => token,
    })
}

/// How long to leave the application to whoever else logs in.
fn pause(lost: u32) -> Duration {
    let doublings = lost.saturating_sub(MOST_LOST).min(10);
    (SHORTEST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE)
}

fn fought(lost: u32) -> Error {
    Error::credentials(format!(
        "{lost} access tokens in a row were voided before their time: another process or another \
         client logs in as the same application, and every login voids the token before. Let them \
         share one token through a store, or give each an application of its own"
    ))
    .advise(Action::FixCredentials)
}

/// One or two happen when a process takes over from another.
const MOST_LOST: u32 = 3;
const SHORTEST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
