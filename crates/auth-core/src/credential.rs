//! What a client proves itself with.

use std::fmt;

use crate::{Cached, Secret, Token};

/// What fills a security scheme of a platform.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A client id and its secret.
    Client {
        /// The client id.
        id: String,
        /// The secret.
        secret: Secret,
    },
    /// Tokens obtained and renewed by themselves.
    Provider(Cached),
    /// One token, as for a signed-in user.
    Token(Token),
    /// The client certificate of the HTTP client.
    Certificate,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client { .. } => "Client(..)",
            Self::Provider(_) => "Provider(..)",
            Self::Token(_) => "Token(..)",
            Self::Certificate => "Certificate",
        })
    }
}
