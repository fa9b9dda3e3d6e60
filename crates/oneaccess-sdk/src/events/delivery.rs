//! One event that came, and the replies there are to it.

use std::sync::Arc;
use std::time::SystemTime;

use auth_core::{Error, Result, wire};

use crate::events::cipher::Cipher;
use crate::model::{Event, EventIdData, EventReply, EventReplyCode};

/// An event that came and was found sound; see [`Receiver::open`](super::Receiver::open).
#[derive(Clone, Debug)]
pub struct Delivery {
    pub(crate) event: Event,
    pub(crate) nonce: String,
    pub(crate) timestamp: String,
    pub(crate) sent_at: Option<SystemTime>,
    /// The key it came with.
    pub(crate) cipher: Option<Arc<Cipher>>,
}

/// What was done about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Handled {
    /// It is done, and there is nothing to tell: for what was deleted, and for what was changed and
    /// keeps its id.
    Done,
    /// It is done, and this is your id of the organization or user: for what was added, and for what
    /// was changed and has another id from now on. Later events carry it. 1 to 50 characters.
    Id(String),
}

/// Why an event cannot be handled: the platform shows the reason to the administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is these two things")]
pub struct Refused {
    /// The code; `NotFound` for what you do not know, `InternalError` for what may work later.
    pub code: EventReplyCode,
    /// The reason, for a person.
    pub reason: String,
}

impl Delivery {
    /// The event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// What the same event has when it is sent again: its nonce and time.
    pub fn id(&self) -> String {
        [self.nonce.as_str(), &self.timestamp].join("&")
    }

    /// When the platform sent it, if its time makes sense.
    pub fn sent_at(&self) -> Option<SystemTime> {
        self.sent_at
    }

    /// The reply to the check of the address: the text that came, encrypted again if it was. For
    /// every other event nothing.
    #[inline]
    pub fn echo(&self) -> Option<Result<EventReply>> {
        match &self.event {
            Event::CheckUrl(text) => Some(self.success(Some(text))),
            _ => None,
        }
    }

    /// The reply to an event that was handled. One to a change names the id that the change came
    /// with, unless there is another; one to a deletion names none.
    ///
    /// # Errors
    ///
    /// There is no id for what was added, which the platform could not name to you again; or an id is
    /// empty, longer than the platform takes, or cannot be encrypted.
    #[inline]
    pub fn reply(&self, handled: &Handled) -> Result<EventReply> {
        let stated = match handled {
            Handled::Done => None,
            Handled::Id(id) => Some(id.as_str()),
        };
        let id = match &self.event {
            Event::CreateOrganization(_) | Event::CreateUser(_) => Some(stated.unwrap_or_default()),
            Event::UpdateOrganization(it) => stated.or(it.id.as_deref()),
            Event::UpdateUser(it) => stated.or(it.id.as_deref()),
            Event::DeleteOrganization(_) | Event::DeleteUser(_) => None,
            _ => stated,
        };
        let Some(id) = id else {
            return self.success(None);
        };
        if id.trim().is_empty() {
            return Err(Error::config(
                "the platform asks for your id of what was added or changed: `Handled::Id`",
            ));
        }
        let data = EventIdData::new(id);
        wire::check(&data)?;
        self.success(Some(&wire::json_text(&data)))
    }

    #[inline]
    fn success(&self, data: Option<&str>) -> Result<EventReply> {
        let reply = EventReply::new(EventReplyCode::Ok).message("success");
        Ok(match (data, &self.cipher) {
            (Some(data), Some(cipher)) => reply.data(cipher.encrypt(data)?),
            (Some(data), None) => reply.data(data),
            (None, _) => reply,
        })
    }
}

impl Refused {
    /// A refusal that may be gone when the event is sent again.
    pub fn later(reason: impl Into<String>) -> Self {
        Self {
            code: EventReplyCode::InternalError,
            reason: reason.into(),
        }
    }

    /// The reply that says so.
    pub fn reply(&self) -> EventReply {
        EventReply::new(self.code.clone()).message(self.reason.as_str())
    }
}
