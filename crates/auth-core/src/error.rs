//! The one error of these crates: what failed, on whose side, and what to do about it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Platform, outline};

/// The result of every fallible call in these crates.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed. One word wide, cheap to clone.
///
/// `Display` is one line for a log: the operation, the platform's code, its request id, how often
/// and how long it was tried, and what to do. It never holds a secret, an address, a body or a text
/// that the platform sent along; that text is in [`ApiError::message`], the cause in
/// [`source`](StdError::source).
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    what: Cow<'static, str>,
    operation: Option<&'static str>,
    attempts: u32,
    elapsed: Duration,
    unsent: bool,
    may_have_taken_effect: bool,
    action: Option<Action>,
    api: Option<ApiError>,
    excerpt: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Where a call failed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The platform answered with an error; see [`Error::api`].
    Api,
    /// The client was configured with values that cannot work, or the request breaks a rule.
    Config,
    /// No valid token could be had; where a call for one failed, it is the [`source`](StdError::source).
    Credentials,
    /// The answer did not have the documented form.
    Decode,
    /// No answer arrived.
    Transport,
}

/// An error the platform reported.
#[derive(Clone)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status; 200 for platforms that report errors in successful answers, 0 for what came
    /// another way than in an answer.
    pub status: u16,
    /// The platform's own code, as text even where the platform sends a number. If it sent none, the
    /// HTTP status, and the realm is `http`.
    pub code: String,
    /// The finer code beside it, where the platform has one.
    pub sub_code: Option<String>,
    /// Which of the platform's error tables the code belongs to.
    pub realm: Option<&'static str>,
    /// The platform's message, at most 256 KiB; never in `Display`, it can hold device tokens.
    pub message: String,
    /// The id under which the platform's support finds the call.
    pub request_id: Option<String>,
    /// What the document says the code means; empty for an unknown code.
    pub meaning: &'static str,
    /// What the platform's documents say to do.
    pub action: Action,
    /// How long the platform asked to wait.
    pub retry_after: Option<Duration>,
    /// Set for a code of a rate limit: the window of the limit.
    pub limit: Option<Duration>,
    /// Whether the message stays out of `Debug`, too.
    pub(crate) hidden: bool,
}

/// What a caller can do about an error.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Wait, then send the same request again.
    Backoff,
    /// Report the problem to the platform's operator.
    ContactProvider,
    /// Stop sending to this device, user or token.
    DropTarget,
    /// Correct the client id, secret or key.
    FixCredentials,
    /// Correct the request.
    FixRequest,
    /// Fetch a new token, then send the same request again.
    NewToken,
    /// Nothing: the code is a result, not a fault.
    None,
    /// The code, ticket or refresh token is used up: send the user through sign-in again.
    SignInAgain,
}

/// What the layer that runs a call knows about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    pub(crate) operation: &'static str,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) may_have_taken_effect: bool,
}

impl Error {
    /// A request or configuration that cannot work. The message names the field or the setting.
    pub fn config(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// A failure to obtain a token, for those who implement [`TokenProvider`](crate::TokenProvider).
    pub fn credentials(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Credentials, message)
    }

    /// An answer that does not have the documented form.
    pub fn decode(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Decode, message)
    }

    /// A failure to get an answer, for those who implement [`HttpSend`](crate::HttpSend). The
    /// platform may have seen the request; see [`unsent`](Self::unsent) for when it cannot have.
    pub fn transport(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Transport, message)
    }

    /// A failure to reach the platform, for those who implement [`HttpSend`](crate::HttpSend): no
    /// byte of the request left, so that it is sent again even where a repeat would act twice.
    pub fn unsent(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Transport, message).change(|inner| inner.unsent = true)
    }

    /// Adds the cause, which [`source`](StdError::source) returns. It must print no secret.
    pub fn because(self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.change(|inner| inner.source = Some(Arc::from(cause.into())))
    }

    /// Replaces what [`action`](Self::action) derives from the kind of the error.
    pub fn advise(self, action: Action) -> Self {
        self.change(|inner| inner.action = Some(action))
    }

    /// Says how long to wait, where the platform's documents tell it and its answer did not. It is
    /// found in [`ApiError::retry_after`].
    pub fn after(self, wait: Duration) -> Self {
        self.change(|inner| {
            if let Some(api) = &mut inner.api {
                api.retry_after = Some(wait);
            }
        })
    }

    /// Where the call failed.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the platform reported, if it answered.
    pub fn api(&self) -> Option<&ApiError> {
        self.0.api.as_ref()
    }

    /// The operation that failed, by its id in the platform's document; the path of a request that
    /// the document lacks.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// How often the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the call took, waits between attempts included.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The id under which the platform's support finds the call.
    pub fn request_id(&self) -> Option<&str> {
        self.api()?.request_id.as_deref()
    }

    /// Whether the platform may have acted on the request although the call failed, so that a
    /// repeat could act twice: it was sent, its outcome is unknown, and the operation is not
    /// idempotent.
    pub fn may_have_taken_effect(&self) -> bool {
        self.0.may_have_taken_effect
    }

    /// What can be done about it.
    pub fn action(&self) -> Action {
        match (self.0.action, self.0.kind, &self.0.api) {
            (Some(action), ..) => action,
            (None, _, Some(api)) => api.action,
            (None, ErrorKind::Transport, None) => Action::Backoff,
            (None, ErrorKind::Credentials, None) => Action::FixCredentials,
            (None, ErrorKind::Config, None) => Action::FixRequest,
            (None, ErrorKind::Api | ErrorKind::Decode, None) => Action::ContactProvider,
        }
    }

    /// Whether the same call can succeed later and does no harm if it is simply made again.
    pub fn is_retryable(&self) -> bool {
        self.action() == Action::Backoff && !self.may_have_taken_effect()
    }

    /// An error that the platform reported another way than in an answer: in the address that a
    /// browser comes back to, or in a callback. The code is looked up in the platform's table.
    pub fn reported(
        platform: &'static Platform,
        realm: Option<&'static str>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let mut api = ApiError::without_answer(code, Action::ContactProvider);
        if let Some(row) = platform.code(realm, &api.code) {
            (api.meaning, api.action) = (row.meaning, row.action);
        }
        api.realm = realm;
        api.message = message.into();
        Self::answered(api)
    }

    /// What the platform answered.
    pub(crate) fn answered(api: ApiError) -> Self {
        Self::new(ErrorKind::Api, "").change(|inner| inner.api = Some(api))
    }

    /// A call that could not start because the token it needs could not be had.
    pub(crate) fn without_token(cause: Self) -> Self {
        let action = cause.action();
        let api = cause.api().cloned();
        // What a provider says of its own credentials is said best in its words.
        let what = match (cause.kind(), &api) {
            (ErrorKind::Credentials, None) => cause.0.what.clone(),
            _ => Cow::Borrowed("no token could be had"),
        };
        Self::credentials(what)
            .advise(action)
            .change(|inner| inner.api = api)
            .because(cause)
    }

    /// Keeps what the body looks like that could not be read, for `Debug` alone.
    pub(crate) fn excerpt(self, body: &[u8]) -> Self {
        let text = outline::outline(body);
        self.change(|inner| inner.excerpt = Some(text))
    }

    /// Whether certainly no byte of the request left.
    pub(crate) fn is_unsent(&self) -> bool {
        self.0.unsent
    }

    /// Tells the error in which call it happened. An error that has been told keeps its operation.
    pub(crate) fn in_call(self, story: Story) -> Self {
        self.change(|inner| {
            inner.operation.get_or_insert(story.operation);
            inner.attempts = story.attempts;
            inner.elapsed = story.elapsed;
            inner.may_have_taken_effect = story.may_have_taken_effect;
        })
    }

    pub(crate) fn new(kind: ErrorKind, what: impl Into<Cow<'static, str>>) -> Self {
        let what = what.into();
        #[cfg(all(debug_assertions, feature = "testing"))]
        crate::testing::tell(&what);
        Self(Arc::new(Inner {
            kind,
            what,
            operation: None,
            attempts: 0,
            elapsed: Duration::ZERO,
            unsent: false,
            may_have_taken_effect: false,
            action: None,
            api: None,
            excerpt: None,
            source: None,
        }))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        #[cfg(all(debug_assertions, feature = "testing"))]
        crate::testing::tell(&self);
        self
    }

    fn advice(&self) -> &'static str {
        if self.may_have_taken_effect() {
            return "it may have taken effect, check before sending it again";
        }
        match (self.action(), self.kind()) {
            (Action::Backoff, _) => "wait, then send it again",
            (Action::ContactProvider, _) => "report it to the platform's operator",
            (Action::DropTarget, _) => "stop addressing this target",
            (Action::FixCredentials, _) => "correct the client id, secret or key",
            (Action::FixRequest, ErrorKind::Config) => "correct the request or the configuration",
            (Action::FixRequest, _) => "correct the request",
            (Action::NewToken, _) => "fetch a new token, then send it again",
            (Action::None, _) => "nothing to do",
            (Action::SignInAgain, _) => "send the user through sign-in again",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.what)?;
        if let Some(api) = self.api() {
            if !self.0.what.is_empty() {
                f.write_str(": ")?;
            }
            api.summary(f)?;
        }
        if self.attempts() > 0 {
            let plural = if self.attempts() == 1 { "" } else { "s" };
            let seconds = self.elapsed().as_secs_f64();
            write!(f, "; {} attempt{plural} in {seconds:.3} s", self.attempts())?;
        }
        match self.operation() {
            Some(_) => write!(f, "; {}", self.advice()),
            None => Ok(()),
        }?;
        match self.api().and_then(|api| api.retry_after) {
            Some(wait) if !wait.is_zero() => {
                write!(f, "; not before {} s from now", wait.as_secs_f64().ceil())
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &inner.kind);
        debug.field("text", &format_args!("{self}"));
        if let Some(api) = &inner.api {
            debug.field("api", api);
        }
        if let Some(excerpt) = &inner.excerpt {
            debug.field("body", excerpt);
        }
        if let Some(source) = &inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

impl ApiError {
    /// An error that no answer brought.
    pub(crate) fn without_answer(code: impl Into<String>, action: Action) -> Self {
        Self {
            status: 0,
            code: code.into(),
            sub_code: None,
            realm: None,
            message: String::new(),
            request_id: None,
            meaning: "",
            action,
            retry_after: None,
            limit: None,
            hidden: false,
        }
    }

    /// Writes what the platform said in its own terms, but none of its free text.
    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.realm, &self.sub_code) {
            (Some(HTTP), _) => f.write_str("an error without a code")?,
            (_, None) => write!(f, "code {}", Plain(&self.code))?,
            (_, Some(sub)) => write!(f, "code {}/{}", Plain(&self.code), Plain(sub))?,
        }
        if !self.meaning.is_empty() {
            write!(f, " ({})", self.meaning.trim_end_matches('.'))?;
        }
        if self.status != 0 {
            write!(f, ", HTTP {}", self.status)?;
        }
        match &self.request_id {
            Some(id) => write!(f, ", request id {}", Plain(id)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = match self.hidden {
            true => "..".to_owned(),
            false => outline::words(cut(&self.message, EXCERPT)),
        };
        f.debug_struct("ApiError")
            .field("status", &self.status)
            .field("code", &self.code)
            .field("sub_code", &self.sub_code)
            .field("realm", &self.realm)
            .field("message", &message)
            .field("request_id", &self.request_id)
            .field("action", &self.action)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

/// The beginning of a text, at most `limit` bytes.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// A word that the platform sent: short and on one line, whatever it sent.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(WORD) {
            let c = if c.is_control() || c.is_whitespace() {
                '_'
            } else {
                c
            };
            fmt::Write::write_char(f, c)?;
        }
        Ok(())
    }
}

/// How many bytes of a message `Debug` shows at most.
const EXCERPT: usize = 1024;

/// How many characters of a code or request id `Display` shows at most.
const WORD: usize = 128;

/// The table of bare HTTP statuses, for answers without a code.
pub(crate) const HTTP: &str = "http";
