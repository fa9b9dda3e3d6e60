//! Taking notifications back.

use auth_core::Result;

use crate::body::Frame;
use crate::model::{RevocablePushType, RevokeMessage};

/// A notification to take back: by the id it was sent with.
///
/// Works on messages that are not delivered yet and on shown ones that nobody tapped; the badge
/// stays as it is. The tokens must all belong to the one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub(crate) client_id: String,
    pub(crate) push_type: RevocablePushType,
    pub(crate) notify_id: i32,
}

impl Revocation {
    /// Takes back a [`Notification`](crate::Notification) of the app with this OAuth client id,
    /// which in practice is its app id.
    pub fn notification(client_id: impl Into<String>, notify_id: i32) -> Self {
        Self {
            client_id: client_id.into(),
            push_type: RevocablePushType::Alert,
            notify_id,
        }
    }

    /// Takes back a [`Voice`](crate::Voice) announcement of the app with this OAuth client id.
    pub fn voice(client_id: impl Into<String>, notify_id: i32) -> Self {
        Self {
            push_type: RevocablePushType::Extension,
            ..Self::notification(client_id, notify_id)
        }
    }

    pub(crate) fn frame(&self) -> Result<Frame> {
        RevokeMessage::new(self.notify_id, ["token"]).check()?;
        let head = format!(r#"{{"notifyId":{},"token":["#, self.notify_id);
        Ok(Frame::new(head.into_bytes(), b"]}"))
    }
}
