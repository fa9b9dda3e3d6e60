//! Errors.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The result of every fallible call in these crates.
pub type Result<T> = std::result::Result<T, Error>;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call failed. One word wide, cheap to clone.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    attempts: u32,
    elapsed: Duration,
    may_have_taken_effect: bool,
    action: Option<Action>,
    api: Option<ApiError>,
    source: Option<Arc<BoxError>>,
}

/// Where a call failed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The platform answered with an error; see [`Error::api`].
    Api,
    /// The client was configured with values that cannot work, or the request breaks a rule.
    Config,
    /// No valid token could be had.
    Credentials,
    /// The answer did not have the documented form.
    Decode,
    /// No answer arrived.
    Transport,
}

/// An error the platform reported.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status; 200 for platforms that report errors in successful answers.
    pub status: u16,
    /// The platform's own code, as text even where the platform sends a number.
    pub code: String,
    /// The finer code beside it, where the platform has one.
    pub sub_code: Option<String>,
    /// Which of the platform's error tables the code belongs to.
    pub realm: Option<&'static str>,
    /// The platform's message, cut to a bounded length; never in `Display`, it can hold device tokens.
    pub message: String,
    /// The id under which the platform's support finds the call.
    pub request_id: Option<String>,
    /// What the document says the code means; empty for an unknown code.
    pub meaning: &'static str,
    /// What the platform's documents say to do.
    pub action: Action,
    /// How long the platform asked to wait.
    pub retry_after: Option<Duration>,
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

impl Error {
    /// An error of the given kind, with what failed: a lower-case fragment without a full stop.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            attempts: 0,
            elapsed: Duration::ZERO,
            may_have_taken_effect: false,
            action: None,
            api: None,
            source: None,
        }))
    }

    /// A request or configuration that cannot work. The message names the field or the setting.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// A failure to obtain a token, for those who implement [`TokenProvider`](crate::TokenProvider).
    pub fn credentials(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Credentials, message)
    }

    /// An answer that does not have the documented form.
    pub fn decode(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Decode, message)
    }

    /// A failure to get an answer, for those who implement [`HttpSend`](crate::HttpSend).
    pub fn transport(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transport, message)
    }

    /// Adds the cause, which [`source`](StdError::source) returns. It must print no secret.
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Arc::make_mut(&mut self.0).source = Some(Arc::new(cause.into()));
        self
    }

    /// Replaces what [`action`](Self::action) derives from the kind of the error.
    pub fn advise(mut self, action: Action) -> Self {
        Arc::make_mut(&mut self.0).action = Some(action);
        self
    }

    /// Where the call failed.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the platform reported, if it answered.
    pub fn api(&self) -> Option<&ApiError> {
        self.0.api.as_ref()
    }

    /// The operation that failed, by its id in the platform's document.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Whether the platform may have acted on the request although the call failed.
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
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &***source as _)
    }
}
