//! Events that the platform sends to an address of yours: tenants that subscribe to an app or
//! cancel, users and departments that change.
//!
//! Opening and answering a call are plain functions, for any web framework. The body is encrypted
//! with a key that is made from the client secret, which also proves who sent it.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use auth_core::Seen;
//! use welink_oauth::events::{Event, Receiver};
//!
//! /// Answers with a status and a body.
//! fn receive(receiver: &Receiver, seen: &Seen, body: &[u8], now: SystemTime) -> (u16, String) {
//!     let delivery = match receiver.open(body, now) {
//!         Ok(delivery) => delivery,
//!         Err(rejection) => return (400, rejection.to_string()),
//!     };
//!     if seen.insert(delivery.id(), now) {
//!         match &delivery.event {
//!             Event::TenantAuthorized { tenant_id, .. } => println!("welcome {tenant_id}"),
//!             Event::UsersDeleted(users) => println!("{} users left", users.len()),
//!             other => println!("{}", other.event_type()),
//!         }
//!     }
//!     match delivery.reply(now) {
//!         Ok(reply) => (200, reply),
//!         Err(error) => (500, error.to_string()),
//!     }
//! }
//! ```

mod cipher;
mod event;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth_core::{Derived, Error, Result, SecretSource};
use serde_json::{Value, json};

use self::cipher::Key;
pub use self::event::{Department, Event, User};
use crate::model::{CallbackReply, EncryptedCallback};

/// Opens what the platform sends, and answers it.
#[derive(Clone)]
pub struct Receiver {
    keys: Vec<Derived<Key>>,
}

/// An event that arrived, and how to answer it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// What happened.
    pub event: Event,
    /// When, if the platform said so.
    pub timestamp: Option<SystemTime>,
    seconds: Option<i64>,
    id: String,
    key: Arc<Key>,
}

/// Why a call was not taken. Answer it with status 400 and act on nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The body is not what the platform sends.
    Malformed,
    /// The time it names is further away than 30 minutes: it was held back, or is sent again by
    /// somebody else.
    Stale,
    /// It does not open with any of the secrets: it is not from the platform, was changed on the
    /// way, or the secret is another one by now.
    WrongKey,
}

impl Receiver {
    /// Takes what is encrypted with the client secret of an app. It may be a [`SecretSource`]: a new
    /// secret is taken up while the program runs, and what is encrypted with the one before it
    /// still opens.
    pub fn new(client_secret: impl Into<SecretSource>) -> Self {
        Self {
            keys: vec![key(client_secret.into())],
        }
    }

    /// Takes what is encrypted with an older secret too, while the platform still uses it. Replies
    /// are encrypted with the secret that opened the call. Not needed for a secret that was replaced
    /// while the program runs.
    #[must_use]
    pub fn previous(mut self, client_secret: impl Into<SecretSource>) -> Self {
        self.keys.push(key(client_secret.into()));
        self
    }

    /// Opens the body of a call that arrived at `now`.
    ///
    /// An event of a type that is not known here is [`Event::Other`]: the platform wants it
    /// acknowledged all the same, and so it does what it sends to try an address out.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] says why nothing must be done. Nothing opens with a vault that was not asked
    /// yet.
    pub fn open(&self, body: &[u8], now: SystemTime) -> std::result::Result<Delivery, Rejection> {
        let sealed = EncryptedCallback::parse(body).map_err(|_| Rejection::Malformed)?;
        let sealed = cipher::Sealed::parse(&sealed.encrypt).ok_or(Rejection::Malformed)?;
        // All are tried, so that the time taken does not tell which one it was.
        let keys = self.keys.iter().flat_map(Derived::accepted);
        let opened = keys.filter_map(|key| key.open(&sealed).map(|text| (key, text)));
        let (key, text) = opened.last().ok_or(Rejection::WrongKey)?;
        let value: Value = serde_json::from_slice(&text).map_err(|_| Rejection::Malformed)?;
        let seconds = event::seconds(&value);
        let timestamp = seconds.and_then(event::time);
        if seconds.is_some() && !timestamp.is_some_and(|time| is_near(time, now)) {
            return Err(Rejection::Stale);
        }
        Ok(Delivery {
            id: cipher::digest(&text),
            event: Event::read(value),
            timestamp,
            seconds,
            key,
        })
    }
}

impl Delivery {
    /// What tells this event from others, the same for one that is sent again: a digest of its
    /// text. Give it to [`auth_core::Seen`], or to a unique column.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The body to answer with, status 200: success, encrypted. It names the time of the event, or
    /// `now` where the event names none.
    ///
    /// # Errors
    ///
    /// The operating system has no random bytes.
    pub fn reply(&self, now: SystemTime) -> Result<String> {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            });
        let reply = CallbackReply::new(self.seconds.unwrap_or(now));
        // The prose of the platform has the time as a text here.
        let text = json!({ "msg": reply.msg, "timestamp": reply.timestamp.to_string() });
        let sealed = self.key.seal(text.to_string().as_bytes())?;
        let body = EncryptedCallback::new(sealed);
        serde_json::to_string(&body).map_err(|error| Error::config("no reply").because(error))
    }
}

fn key(secret: SecretSource) -> Derived<Key> {
    Derived::new(secret, |secret| Ok(Key::of(secret)))
}

/// Shows how many secrets there are, and none of them.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("secrets", &self.keys.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the body is not an event of the platform",
            Self::Stale => "the event is further away than 30 minutes",
            Self::WrongKey => "the event does not open with the client secret",
        })
    }
}

impl std::error::Error for Rejection {}

/// Whether a time is within what the platform recommends to take.
fn is_near(time: SystemTime, now: SystemTime) -> bool {
    let distance = now
        .duration_since(time)
        .unwrap_or_else(|ahead| ahead.duration());
    distance <= WINDOW
}

/// How far the time of an event may be away.
const WINDOW: Duration = Duration::from_secs(30 * 60);
