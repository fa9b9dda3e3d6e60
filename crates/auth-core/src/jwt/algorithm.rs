//! The signature algorithms.

use std::fmt;

use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};

/// How a token is signed: the two RSA algorithms of [RFC 7518] that the platforms use.
///
/// [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The name that stands in a token's header.
    ///
    /// ```
    /// assert_eq!(auth_core::jwt::Algorithm::Ps256.name(), "PS256");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    pub(super) fn encoding(self) -> &'static dyn RsaEncoding {
        match self {
            Self::Ps256 => &RSA_PSS_SHA256,
            Self::Rs256 => &RSA_PKCS1_SHA256,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
