//! Why a token is refused.

use std::fmt;
use std::time::Duration;

use thiserror::Error as ThisError;

use crate::{Action, Error, ErrorKind};

/// Why a token is refused. Holds nothing that was read from the token but times.
///
/// Converts into [`Error`]; [`VerifyError::of`] finds it there again.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token is longer than any that is accepted.
    #[error("the token is too long")]
    TooLong,
    /// The token is not three parts joined by dots.
    #[error("the token does not have the three parts of a signed token")]
    NotCompact,
    /// A part is not base64url without padding, in its one canonical form.
    #[error("the {0} is not base64url without padding")]
    Encoding(Part),
    /// A part is not a JSON object, or one of its registered members has the wrong type.
    #[error("the {0} is not a JSON object of the documented form")]
    Json(Part),
    /// A part names one member twice.
    #[error("the {0} has two members of one name")]
    DuplicateMember(Part),
    /// The header names an algorithm that is not allowed here, `none` included.
    #[error("the algorithm is not one of those allowed")]
    Algorithm,
    /// The header demands an extension.
    #[error("the header demands an extension that is not supported")]
    Critical,
    /// The header says that the token is of another kind.
    #[error("the token's type is not the one expected")]
    Type,
    /// The header names no key where there are several.
    #[error("the header names no key")]
    MissingKeyId,
    /// The header names a key that is not in the set.
    #[error("the key that the header names is not known")]
    UnknownKey,
    /// The signature is not by the key over this token.
    #[error("the signature is wrong")]
    Signature,
    /// A claim that was to be checked is absent.
    #[error("the claim `{0}` is missing")]
    MissingClaim(&'static str),
    /// A registered claim does not have its documented type.
    #[error("the claim `{0}` does not have the documented form")]
    ClaimForm(&'static str),
    /// Another issuer, or one that was not configured.
    #[error("the token comes from another issuer")]
    Issuer,
    /// The token is meant for another recipient.
    #[error("the token is meant for another audience")]
    Audience,
    /// The token's time is over, beyond the leeway.
    #[error("the token expired {} s ago", ago.as_secs())]
    Expired {
        /// The time since then.
        ago: Duration,
    },
    /// The token is not valid yet, beyond the leeway.
    #[error("the token becomes valid in {} s", ahead.as_secs())]
    NotYetValid {
        /// The time until then.
        ahead: Duration,
    },
    /// The token says it was issued in the future, beyond the leeway.
    #[error("the token is issued {} s in the future: compare the clocks", ahead.as_secs())]
    IssuedInFuture {
        /// The time until then.
        ahead: Duration,
    },
    /// The token was issued longer ago than is accepted.
    #[error("the token is {} s old, more than is accepted", age.as_secs())]
    TooOld {
        /// The time since it was issued.
        age: Duration,
    },
    /// The token was issued beside another access token.
    #[error("the token does not belong to the access token it came with")]
    AccessTokenHash,
    /// The token was asked for by another client than this one, or, meant for several, does not say
    /// by which.
    #[error("the token was asked for by another client")]
    AuthorizedParty,
    /// The nonce is not the one of this sign-in.
    #[error("the nonce is not the one sent")]
    Nonce,
    /// The claims do not fit the type they were to be read into; the path is that of the member.
    #[error("the claims do not have the expected form at `{path}`")]
    Claims {
        /// The place of the first claim that does not fit.
        path: String,
    },
}

impl VerifyError {
    /// The reason inside an [`Error`] that came from a verification.
    ///
    /// ```
    /// use auth_core::Error;
    /// use auth_core::jwt::VerifyError;
    ///
    /// let error = Error::from(VerifyError::Nonce);
    /// assert_eq!(VerifyError::of(&error), Some(&VerifyError::Nonce));
    /// ```
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// What helps: a new token for one that is out of its time, a look at the client's id and
    /// addresses for one that is meant for others, and otherwise a look at who sent it.
    fn action(&self) -> Action {
        match self {
            Self::AccessTokenHash
            | Self::Expired { .. }
            | Self::IssuedInFuture { .. }
            | Self::Nonce
            | Self::NotYetValid { .. }
            | Self::TooOld { .. } => Action::SignInAgain,
            Self::Audience | Self::AuthorizedParty | Self::Issuer => Action::FixCredentials,
            _ => Action::FixRequest,
        }
    }
}

impl From<VerifyError> for Error {
    fn from(reason: VerifyError) -> Self {
        Self::new(ErrorKind::Credentials, "the token is refused")
            .advise(reason.action())
            .because(reason)
    }
}

/// A part of a token in its compact form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The first part.
    Header,
    /// The second part.
    Claims,
    /// The third part.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims part",
            Self::Signature => "signature",
        })
    }
}
