//! One call from its request to its answer: attempts, waits, tokens renewed.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, header};
use serde::de::DeserializeOwned;
use smallvec::SmallVec;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use crate::address::Base;
use crate::api::{Api, Observed};
use crate::authorize::{self, Alternative, Parts};
use crate::error::Story;
use crate::http_send::LATE;
use crate::judge::{self, Answer};
use crate::place::place;
use crate::stopwatch::Stopwatch;
use crate::{
    Action, Credential, Error, ErrorKind, Outcome, Request, Result, Scheme, SecretSource, Token,
    outline, retry, telemetry,
};

/// A call that the platform answered with a success.
pub(crate) struct Done {
    body: Bytes,
    sensitive: bool,
    story: Story,
}

/// A call under way: what it has to do, and how far it is.
struct Call<'a> {
    api: &'a Api,
    request: &'a Request,
    alternative: Alternative<'a>,
    outcome: &'static Outcome,
    sensitive: bool,
    base: &'a Base,
    limit: Duration,
    watch: Stopwatch,
    attempts: u32,
    /// How long the call has waited for tokens.
    waited: Duration,
}

impl Api {
    /// Sends a request until it is answered with a success, or all that may be done has been done.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Done> {
        let watch = Stopwatch::start();
        let span = telemetry::span(self.shared.platform.name, request.name());
        let told = |error: Error| {
            error.in_call(Story {
                operation: request.name(),
                attempts: 0,
                elapsed: watch.elapsed(),
                may_have_taken_effect: false,
            })
        };
        let result = match Call::prepare(self, &request, watch) {
            Ok(call) => call.run().instrument(span.clone()).await,
            Err(error) => Err(told(error)),
        };
        let (attempts, elapsed, error) = match &result {
            Ok(done) => (done.story.attempts, done.story.elapsed, None),
            Err(error) => (error.attempts(), error.elapsed(), Some(error)),
        };
        telemetry::finished(
            &span,
            self.shared.platform.name,
            request.name(),
            attempts,
            elapsed,
            error,
        );
        result
    }
}

impl<'a> Call<'a> {
    /// Everything that can be wrong before any I/O.
    fn prepare(api: &'a Api, request: &'a Request, watch: Stopwatch) -> Result<Self> {
        let platform = api.shared.platform;
        let options = &api.options;
        options.check()?;
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::config(
                "a call needs a tokio runtime, and none is running here",
            ));
        }
        let stated = request.operation;
        let alternatives = stated.map_or(platform.security, |operation| operation.security);
        let credential = |name: &str| api.credential(name);
        let hint = |name: &str| {
            let mut hints = api.shared.hints.iter();
            hints
                .find(|(scheme, _)| *scheme == name)
                .map(|(_, hint)| *hint)
        };
        let alternative = match request.schemes {
            None => authorize::choose(alternatives, credential, hint)?,
            Some(names) => {
                let schemes = schemes_named(platform.schemes, names)?;
                authorize::choose(&[&schemes], credential, hint)?
            }
        };
        Ok(Self {
            api,
            request,
            alternative,
            outcome: stated.map_or(platform.outcome, |operation| operation.outcome),
            // What the document does not know may hold anything.
            sensitive: stated.is_none_or(|operation| operation.sensitive),
            base: api.base(request)?,
            limit: api.timeout(),
            watch,
            attempts: 0,
            waited: Duration::ZERO,
        })
    }

    async fn run(mut self) -> Result<Done> {
        let policy = self.api.retry();
        let (mut renewed, mut reread) = (false, false);
        // Attempts of the policy: the one with a renewed token is not among them.
        let mut tried = 0;
        loop {
            let tokens = match self.tokens().await {
                Ok(tokens) => tokens,
                Err(error) => return Err(self.tell(error)),
            };
            let secret = self.secret();
            let used = match secret {
                // Boxed, so that the future of the common case stays small.
                Some(secret) => match Box::pin(self.look_at(secret)).await {
                    Ok(version) => version,
                    Err(error) => return Err(self.tell(error)),
                },
                None => 0,
            };
            let error = match self.attempt(&tokens).await {
                Ok(body) => return Ok(self.done(body)),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::Api && error.action() == Action::NewToken {
                if let Some(error) = self.after_new_token(&tokens, error, renewed) {
                    return Err(self.tell(error));
                }
                renewed = true;
                continue;
            }
            if let Some(secret) = secret
                && error.action() == Action::FixCredentials
                && !std::mem::replace(&mut reread, true)
                && Box::pin(self.within(secret.changed_since(used))).await == Some(true)
            {
                continue;
            }
            tried += 1;
            if !retry::is_repeatable(&error, self.request.idempotent) {
                return Err(self.tell(error));
            }
            let asked = error.api().and_then(|api| api.retry_after);
            let wait = policy.wait(tried, fastrand::f64(), asked, self.remaining());
            let Some(wait) = wait.filter(|_| self.api.shared.budget.withdraw()) else {
                return Err(self.tell(error));
            };
            telemetry::retry(
                self.api.shared.platform.name,
                self.request.name(),
                self.attempts,
                wait,
                &error,
            );
            sleep(wait).await;
        }
    }

    /// The tokens of the alternative's providers, in the order of its schemes.
    async fn tokens(&mut self) -> Result<Tokens> {
        let mut tokens = Tokens::new();
        let mut waited = Duration::ZERO;
        for (_, credential) in &self.alternative {
            tokens.push(match credential {
                Credential::Provider(cached) => match cached.cached() {
                    Some(token) => Some(Token::clone(&token)),
                    None => {
                        let before = self.watch.elapsed();
                        let token = self.within(cached.token()).await;
                        waited += self.watch.elapsed().saturating_sub(before);
                        let Some(token) = token else {
                            let error = format!("{LATE_TOKEN}: it waited for {}", cached.awaited());
                            return Err(Error::credentials(error).advise(Action::Backoff));
                        };
                        Some(token.map_err(Error::without_token)?)
                    }
                },
                _ => None,
            });
        }
        self.waited += waited;
        Ok(tokens)
    }

    /// Why there was no answer in time: what the call waited for before it was sent, if that took
    /// most of it.
    fn late(&self) -> Cow<'static, str> {
        let mut providers = self.alternative.iter();
        let awaited = providers.find_map(|(_, credential)| match credential {
            Credential::Provider(cached) if self.waited > self.limit / 2 => Some(cached.awaited()),
            _ => None,
        });
        match awaited {
            Some(awaited) => format!("{LATE}: before it was sent it waited for {awaited}").into(),
            None => LATE.into(),
        }
    }

    /// The secret that the call carries itself, if it is one that may change.
    fn secret(&self) -> Option<&'a SecretSource> {
        let mut credentials = self.alternative.iter();
        credentials.find_map(|(_, credential)| match *credential {
            Credential::Client { secret, .. } if !secret.is_fixed() => Some(secret),
            _ => None,
        })
    }

    /// Sees to it that the secret is known, and tells which of its source's it is.
    async fn look_at(&self, secret: &SecretSource) -> Result<u64> {
        match self.within(secret.ready()).await {
            Some(known) => Ok(known.map_err(Error::without_token)?.version),
            None => Err(Error::credentials(LATE_TOKEN).advise(Action::Backoff)),
        }
    }

    /// Sends the request once, and judges the answer.
    async fn attempt(&mut self, tokens: &[Option<Token>]) -> Result<Bytes> {
        let request = self.compose(tokens)?;
        let before = self.watch.elapsed();
        let left = self.limit.saturating_sub(before);
        if left.is_zero() {
            return Err(Error::unsent(self.late()));
        }
        self.attempts += 1;
        let sent = self.api.shared.clock.mark();
        let transport = &self.api.shared.transport;
        let answer = match transport.send_within(request, left).await {
            Err(error) if self.waited > self.limit / 2 && self.remaining().is_zero() => {
                let told = match error.is_unsent() {
                    true => Error::unsent(self.late()),
                    false => Error::transport(self.late()),
                };
                return Err(told.because(error));
            }
            answer => answer?,
        };
        self.api.shared.clock.observe(sent, answer.headers());
        self.judge(answer, before)
    }

    /// Judges the answer to a request that was sent at `before`, counted from the call's beginning.
    fn judge(&self, answer: Response<Bytes>, before: Duration) -> Result<Bytes> {
        let retry_after = match answer.headers().contains_key(header::RETRY_AFTER) {
            true => retry::retry_after(answer.headers(), self.api.shared.clock.now()),
            false => None,
        };
        let view = Answer {
            status: answer.status(),
            headers: answer.headers(),
            body: answer.body(),
            retry_after,
            sensitive: self.sensitive,
        };
        let mut judgement = judge::judge(self.api.shared.platform, self.outcome, view);
        if let Some(api) = &mut judgement.failure {
            let mut waits = self.api.shared.waits.iter();
            let stated = waits.find(|(code, _)| *code == api.code);
            api.retry_after = api.retry_after.or(stated.map(|(_, wait)| *wait));
        }
        let code = judgement.failure.as_ref().map(|api| api.code.as_str());
        let latency = || self.watch.elapsed().saturating_sub(before);
        telemetry::answer(self.attempts, answer.status(), code, latency);
        if let Some(observer) = &self.api.options.observer {
            observer(&Observed {
                operation: self.request.name(),
                attempt: self.attempts,
                status: answer.status(),
                headers: answer.headers(),
                request_id: judgement.request_id.as_deref(),
            });
        }
        match judgement.failure {
            None => Ok(answer.into_body()),
            Some(api) if api.message.is_empty() && !self.sensitive => {
                Err(Error::answered(*api).excerpt(answer.body()))
            }
            Some(api) => Err(Error::answered(*api)),
        }
    }

    /// The HTTP request, credentials included.
    fn compose(&self, tokens: &[Option<Token>]) -> Result<http::Request<Bytes>> {
        let mut parts = Parts {
            headers: self
                .request
                .header_map(self.api.options.headers.len() + SPARE_HEADERS),
            query: String::new(),
            body: self.request.body.bytes(),
        };
        for (name, value) in &self.api.options.headers {
            if !parts.headers.contains_key(name) {
                parts.headers.insert(name.clone(), value.clone());
            }
        }
        for ((scheme, credential), token) in self.alternative.iter().zip(tokens) {
            authorize::apply(scheme, credential, token.as_ref(), self.request, &mut parts)?;
        }
        let target = self.request.target(&self.base.path, &parts.query)?;
        let mut request = http::Request::new(parts.body);
        *request.method_mut() = self.request.method.clone();
        *request.uri_mut() = self.base.uri(target)?;
        *request.headers_mut() = parts.headers;
        Ok(request)
    }

    /// What becomes of a call whose token was refused: `None` to go again with another one.
    fn after_new_token(
        &self,
        tokens: &[Option<Token>],
        error: Error,
        renewed: bool,
    ) -> Option<Error> {
        let mut renewable = false;
        for ((_, credential), token) in self.alternative.iter().zip(tokens) {
            if let (Credential::Provider(cached), Some(token)) = (credential, token) {
                // A brand-new token is kept: where the platform refuses it, the next one fares
                // no better, and every call would fetch two.
                if !renewed {
                    cached.reject(token);
                }
                renewable = true;
            }
        }
        let own =
            |(_, credential): &(&Scheme, &Credential)| matches!(credential, Credential::Token(_));
        match (renewable, renewed) {
            (true, false) => None,
            // A brand-new token was refused, or there was no token at all: another one is no help.
            (true, true) => Some(error.advise(Action::FixCredentials)),
            (false, _) if self.alternative.iter().any(own) => Some(error),
            (false, _) => Some(error.advise(Action::FixCredentials)),
        }
    }

    fn remaining(&self) -> Duration {
        self.limit.saturating_sub(self.watch.elapsed())
    }

    /// Waits as long as the call may take.
    async fn within<F: Future>(&self, future: F) -> Option<F::Output> {
        timeout(self.remaining(), future).await.ok()
    }

    fn story(&self, may_have_taken_effect: bool) -> Story {
        Story {
            operation: self.request.name(),
            attempts: self.attempts,
            elapsed: self.watch.elapsed(),
            may_have_taken_effect,
        }
    }

    fn tell(&self, error: Error) -> Error {
        let unclear = self.attempts > 0 && retry::is_unclear(&error);
        error.in_call(self.story(unclear && !self.request.idempotent))
    }

    fn done(&self, body: Bytes) -> Done {
        self.api.shared.budget.deposit();
        Done {
            body,
            sensitive: self.sensitive,
            story: self.story(!self.request.idempotent),
        }
    }
}

impl Done {
    /// Reads the answer. An error names the place; what stands there is shown by `Debug` alone,
    /// and not at all where it can be a secret.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let body = match self.body.trim_ascii() {
            [] => b"null",
            body => body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body),
        };
        serde_json::from_slice(body).map_err(|error| self.unreadable(body, error))
    }

    #[cfg(feature = "sign-in")]
    pub(crate) fn into_parts(self) -> (Bytes, Story) {
        (self.body, self.story)
    }

    pub(crate) fn text(self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[cold]
    fn unreadable(&self, body: &[u8], error: serde_json::Error) -> Error {
        let message = match self.body.trim_ascii().is_empty() {
            true => "the answer is empty".to_owned(),
            false => format!(
                "the answer does not have the documented form at `{}`",
                place(body, &error)
            ),
        };
        let told = Error::decode(message).in_call(self.story);
        match self.sensitive {
            true => told,
            false => told.excerpt(&self.body).because(outline::fault(&error)),
        }
    }
}

/// The schemes of a platform by their names.
fn schemes_named(
    known: &'static [&'static Scheme],
    names: &[&str],
) -> Result<Vec<&'static Scheme>> {
    let find = |name: &&str| {
        let mut known = known.iter();
        known
            .find(|scheme| scheme.name == *name)
            .copied()
            .ok_or_else(|| Error::config(format!("there is no scheme `{name}`")))
    };
    names.iter().map(find).collect()
}

/// The tokens of the schemes of a call, where a provider gives one.
type Tokens = SmallVec<[Option<Token>; 2]>;

/// Room for the headers that credentials and the HTTP client add.
const SPARE_HEADERS: usize = 6;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const LATE_TOKEN: &str = "no token or secret within the time of the call";
