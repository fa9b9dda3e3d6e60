//! What a client proves itself with.

use std::fmt;

use crate::{Cached, Secret, SecretSource, Token};

/// What fills a security scheme of a platform.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// The client certificate of the HTTP client; set it there, as `ReqwestSendBuilder` can.
    Certificate,
    /// A client id and its secret.
    Client {
        /// The client id.
        id: String,
        /// Where the secret comes from.
        secret: SecretSource,
    },
    /// A value that does not expire and is sent as it is: an app key, a client id in a header.
    Key(Secret),
    /// Tokens obtained and renewed by themselves.
    Provider(Cached),
    /// One token, as for a signed-in user.
    Token(Token),
}

impl Credential {
    /// A client id and its secret.
    pub fn client(id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self::Client {
            id: id.into(),
            secret: secret.into(),
        }
    }

    /// A value that does not expire and is sent as it is.
    pub fn key(value: impl Into<Secret>) -> Self {
        Self::Key(value.into())
    }
}

impl From<Cached> for Credential {
    fn from(cached: Cached) -> Self {
        Self::Provider(cached)
    }
}

impl From<Token> for Credential {
    fn from(token: Token) -> Self {
        Self::Token(token)
    }
}

/// Shows the kind only.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "Certificate",
            Self::Client { .. } => "Client(..)",
            Self::Key(_) => "Key(..)",
            Self::Provider(_) => "Provider(..)",
            Self::Token(_) => "Token(..)",
        })
    }
}
