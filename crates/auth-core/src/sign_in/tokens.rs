//! What a sign-in gives: tokens, and the refresh token that outlives them.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::seal::{Purpose, SealError, Sealer};
use crate::{Result, Secret, Token};

/// What a grant gave. Tokens are wiped when it is dropped; `Debug` shows none.
#[derive(Clone)]
pub struct Tokens {
    pub(super) access_token: Secret,
    pub(super) token_type: String,
    pub(super) obtained_at: SystemTime,
    pub(super) expires_in: Option<Duration>,
    pub(super) scope: Option<String>,
    pub(super) refresh_token: Option<RefreshToken>,
    pub(super) id_token: Option<Secret>,
    pub(super) extra: Map<String, Value>,
}

/// A refresh token: what stands in for the user for half a year, without the user.
///
/// It leaves the process sealed, or by [`expose`](Self::expose), which is easy to search for.
///
/// ```
/// use auth_core::seal::Sealer;
/// use auth_core::sign_in::RefreshToken;
///
/// let sealer = Sealer::new(&[7; 32]);
/// let column = RefreshToken::new("swordfish").seal(&sealer, "user-42");
///
/// let token = RefreshToken::open(&sealer, "user-42", &column)?;
/// assert_eq!(token.expose(), "swordfish");
/// assert!(RefreshToken::open(&sealer, "user-43", &column).is_err());
/// # Ok::<_, auth_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(Secret);

impl Tokens {
    /// Tokens that came by another way than the grants of this module.
    pub fn new(access_token: impl Into<Secret>, obtained_at: SystemTime) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: String::new(),
            obtained_at,
            expires_in: None,
            scope: None,
            refresh_token: None,
            id_token: None,
            extra: Map::new(),
        }
    }

    /// The same with the lifetime of the access token.
    #[must_use]
    pub fn with_lifetime(mut self, expires_in: Duration) -> Self {
        self.expires_in = Some(expires_in);
        self
    }

    /// The same with the scopes that were granted, blanks between them.
    #[must_use]
    pub fn with_scope(mut self, scope: Option<String>) -> Self {
        self.scope = scope;
        self
    }

    /// The same with a refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, token: Option<RefreshToken>) -> Self {
        self.refresh_token = token;
        self
    }

    /// The same with an ID token.
    #[must_use]
    pub fn with_id_token(mut self, token: Option<Secret>) -> Self {
        self.id_token = token;
        self
    }

    /// The access token.
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// How the platform says the access token is presented; empty where it does not say.
    pub fn token_type(&self) -> &str {
        &self.token_type
    }

    /// The access token as a credential of calls: `Authorization: Bearer`, or wherever the platform's
    /// document puts it. Where the platform told no lifetime it is `otherwise`.
    pub fn token(&self, otherwise: Duration) -> Result<Token> {
        Token::bearer(
            self.access_token.clone(),
            self.expires_in.unwrap_or(otherwise),
        )
    }

    /// When the access token was asked for.
    pub fn obtained_at(&self) -> SystemTime {
        self.obtained_at
    }

    /// How long the access token is valid from then on, if the platform told.
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// When the access token expires, if the platform told its lifetime.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.obtained_at.checked_add(self.expires_in?)
    }

    /// The refresh token: of this grant, or the one that was given where the platform keeps it.
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    /// The ID token as it came. Who reads it without
    /// [`OAuthClient::verify`](crate::sign_in::OAuthClient::verify) believes what a stranger wrote.
    pub fn id_token(&self) -> Option<&Secret> {
        self.id_token.as_ref()
    }

    /// The scopes that were granted; none where the platform does not tell, which by the standard
    /// means all that were asked for.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.iter().flat_map(|scope| scope.split_whitespace())
    }

    /// A member of the answer that no standard knows.
    pub fn extra(&self, name: &str) -> Option<&Value> {
        self.extra.get(name)
    }
}

/// Shows everything but tokens and what no standard knows.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("token_type", &self.token_type)
            .field("obtained_at", &self.obtained_at)
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .field("refresh_token", &self.refresh_token)
            .field("id_token", &self.id_token)
            .finish_non_exhaustive()
    }
}

impl RefreshToken {
    /// Wraps a refresh token from elsewhere.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self(token.into())
    }

    /// The token itself. Keep it out of logs, and of columns that are not sealed.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Seals it for a column of a database. `owner` is whose token it is, the key of the row: a
    /// sealed token that is copied to another row does not open there.
    pub fn seal(&self, sealer: &Sealer, owner: &str) -> String {
        sealer.seal(
            Purpose::new(PURPOSE).tenant(owner),
            self.expose().as_bytes(),
        )
    }

    /// Opens a sealed one of the same owner.
    pub fn open(sealer: &Sealer, owner: &str, text: &str) -> std::result::Result<Self, SealError> {
        let purpose = Purpose::new(PURPOSE).tenant(owner);
        Ok(Self(sealer.open_secret(purpose, text)?))
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

impl From<Secret> for RefreshToken {
    fn from(token: Secret) -> Self {
        Self(token)
    }
}

/// What it is sealed for.
const PURPOSE: &str = "refresh-token";
