//! The address of the consent page, by the platform's own parameters.

use std::fmt;

use auth_core::Result;
use auth_core::sign_in::{self, OAuthClient, Redirect};

use crate::model::{AccessType, DisplayMode, Scope};

/// The address of the consent page in the making. Begin it once per sign-in.
///
/// `openid` is always asked for; state, nonce and PKCE are always sent.
#[must_use = "a sign-in is not begun before `begin` is called"]
pub struct Authorize<'a>(sign_in::Authorize<'a>);

impl<'a> Authorize<'a> {
    pub(super) fn new(oauth: &'a OAuthClient, redirect_uri: String) -> Self {
        let authorize = oauth.authorize(redirect_uri);
        Self(authorize.scope(Scope::OpenId.as_str()))
    }

    /// Asks for a scope, which must have been granted to the app in the console first.
    pub fn scope(self, scope: impl Into<Scope>) -> Self {
        Self(self.0.scope(scope.into().as_str()))
    }

    /// Asks for a refresh token. It may come on the first consent only: keep the one there is.
    pub fn offline(self) -> Self {
        Self(
            self.0
                .parameter("access_type", AccessType::Offline.as_str()),
        )
    }

    /// Lays the pages out for a computer or a phone.
    pub fn display(self, mode: DisplayMode) -> Self {
        Self(self.0.parameter("display", mode.as_str()))
    }

    /// The language of the pages, `zh-cn` for example. Seen in client code, not in the platform's
    /// documents.
    pub fn lang(self, lang: impl Into<String>) -> Self {
        Self(self.0.parameter("lang", lang))
    }

    /// Keeps a text of the caller's with the sign-in: the page to go to afterwards, for example.
    pub fn data(self, data: impl Into<String>) -> Self {
        Self(self.0.data(data))
    }

    /// Makes state, nonce and PKCE verifier, and the address that carries them.
    pub fn begin(self) -> Result<Redirect> {
        self.0.begin()
    }
}

impl fmt::Debug for Authorize<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
