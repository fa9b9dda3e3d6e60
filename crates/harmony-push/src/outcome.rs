//! What became of one token: accepted, refused, not sent, or unknown.

use std::fmt;
use std::sync::Arc;

use auth_core::Error;

use crate::model::IllegalTokenReason;

/// What became of the message for one token.
///
/// The platform accepting a message says nothing about its delivery: that is what
/// [receipts](crate::receipts) are for.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "these four are all there is, and a caller should have to think of each"
)]
pub enum Outcome {
    /// The platform took the message for this token.
    Accepted {
        /// The id of the request, on which receipts join.
        request_id: RequestId,
    },
    /// The message was not sent to this token; sending it later does no harm.
    NotSent(Error),
    /// The platform took the request but refused this token.
    Refused(Refusal),
    /// The request went out and no clear answer came back: the device may get the message.
    Unknown(Error),
}

/// The id under which the platform and its receipts know a request. Cheap to clone.
///
/// Empty if the platform left it out, which its documents do not foresee for accepted messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Arc<str>);

/// Why the platform refused a token, and what to do with the token.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    reason: Option<IllegalTokenReason>,
    request_id: RequestId,
    proven: bool,
}

/// What to do with a token after a refusal or a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disposition {
    /// The token is dead: forget it. The app gets a new one when it starts next.
    Delete,
    /// The token is fine: what was refused is the message, the app or its rights.
    Keep,
    /// The token is not for this API or this app: its device moved to HarmonyOS 5, or it belongs
    /// to another app. Try the other API, or have the app ask for a new token.
    Requalify,
    /// The token cannot be reached now but may heal: leave it out for some days.
    Suspend,
}

impl Outcome {
    /// Whether the platform took the message for this token.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. })
    }

    /// What went wrong, if the platform gave no verdict on this token.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::NotSent(error) | Self::Unknown(error) => Some(error),
            Self::Accepted { .. } | Self::Refused(_) => None,
        }
    }
}

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RequestId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl AsRef<str> for RequestId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Refusal {
    pub(crate) fn new(
        reason: Option<IllegalTokenReason>,
        request_id: RequestId,
        proven: bool,
    ) -> Self {
        Self {
            reason,
            request_id,
            proven,
        }
    }

    /// The platform's reason; `None` where it gives none, as HMS v1 and v2 do.
    pub fn reason(&self) -> Option<&IllegalTokenReason> {
        self.reason.as_ref()
    }

    /// The id of the request that was refused.
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// What to do with the token.
    ///
    /// A reason about the token itself speaks for itself. A reason that a wrong project, client id
    /// or missing right gives to every token of a good list (`noRight`, or none at all) counts
    /// against the token only if the same send had another token accepted; otherwise the answer is
    /// [`Keep`](Disposition::Keep), and the sender's settings are what to look at.
    pub fn disposition(&self) -> Disposition {
        use IllegalTokenReason as Reason;
        match &self.reason {
            Some(Reason::TokenFormatError | Reason::TokenPlatformNotSupport) => Disposition::Delete,
            Some(Reason::CountryNotSupport) => Disposition::Suspend,
            Some(Reason::NoRight) | None if self.proven => Disposition::Requalify,
            Some(_) | None => Disposition::Keep,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "the platform refused the token: {reason}"),
            None => f.write_str("the platform refused the token and gave no reason"),
        }
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delete => "delete",
            Self::Keep => "keep",
            Self::Requalify => "requalify",
            Self::Suspend => "suspend",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use IllegalTokenReason as Reason;

    fn check(reason: Option<Reason>, proven: Disposition, unproven: Disposition) {
        let refusal = |proven| Refusal::new(reason.clone(), RequestId::default(), proven);
        assert_eq!(refusal(true).disposition(), proven, "{reason:?}");
        assert_eq!(refusal(false).disposition(), unproven, "{reason:?}");
    }

    #[test]
    fn only_reasons_about_the_token_delete_it() {
        use Disposition::{Delete, Keep, Requalify, Suspend};
        check(Some(Reason::TokenFormatError), Delete, Delete);
        check(Some(Reason::TokenPlatformNotSupport), Delete, Delete);
        check(Some(Reason::CountryNotSupport), Suspend, Suspend);
        check(Some(Reason::NoRight), Requalify, Keep);
        check(None, Requalify, Keep);
        for reason in [
            Reason::NoPushTypeRight,
            Reason::AtomicUnableSendUnsubscribedMsg,
            Reason::DisableSendHuaweiMsgBecauseOfPenalty,
            Reason::DifferentImgVerifyPolicy,
            Reason::AppinfoError,
            Reason::NotSupportPlayVoice,
            Reason::NoRightToSendThisLiveNotificationEvent,
        ] {
            check(Some(reason), Keep, Keep);
        }
    }
}
