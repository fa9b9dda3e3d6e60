//! Tokens, and where they come from.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::{Error, Result, Secret};

/// A short-lived credential with its ready header. Cheap to clone; printed as a fingerprint.
///
/// The token and its header are overwritten when the last clone is dropped. A clone of the header
/// shares the bytes and keeps them until it is dropped too.
#[derive(Clone)]
pub struct Token(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    value: Secret,
    name: HeaderName,
    header: HeaderValue,
    lifetime: Duration,
    refresh: Option<Secret>,
}

/// Something that obtains tokens: a signed-in application, a service account, a cache of either.
#[async_trait]
pub trait TokenProvider: Send + Sync {
    /// Returns a token that is valid now.
    async fn token(&self) -> Result<Token>;

    /// Returns the token after `last`, the one that was in use until it neared its end, expired or
    /// was refused. Where `last` has a [refresh token](Token::refresh_token) this is the place to
    /// use it; without one, or once the platform no longer takes it, fetch as [`token`](Self::token)
    /// does, which is what happens unless written otherwise.
    ///
    /// A [`Cached`](crate::Cached) provider calls this for every fetch. `last` may stem from
    /// another process, by way of a store.
    async fn renew(&self, last: Option<&Token>) -> Result<Token> {
        let _ = last;
        self.token().await
    }

    /// Tells that the platform refused this very token. A provider that keeps tokens forgets it,
    /// unless it already holds a newer one.
    fn reject(&self, token: &Token) {
        let _ = token;
    }
}

/// A provider that others use too, or whose type is not known here.
impl<P: TokenProvider + ?Sized> TokenProvider for Arc<P> {
    fn token<'life, 'future>(
        &'life self,
    ) -> Pin<Box<dyn Future<Output = Result<Token>> + Send + 'future>>
    where
        'life: 'future,
        Self: 'future,
    {
        (**self).token()
    }

    fn renew<'life, 'last, 'future>(
        &'life self,
        last: Option<&'last Token>,
    ) -> Pin<Box<dyn Future<Output = Result<Token>> + Send + 'future>>
    where
        'life: 'future,
        'last: 'future,
        Self: 'future,
    {
        (**self).renew(last)
    }

    fn reject(&self, token: &Token) {
        (**self).reject(token);
    }
}

impl Token {
    /// A token sent as `Authorization: Bearer …`, valid for `lifetime` from the moment it was asked for.
    pub fn bearer(value: impl Into<Secret>, lifetime: Duration) -> Result<Self> {
        Self::new(AUTHORIZATION, "Bearer ", value.into(), lifetime)
    }

    /// A token sent as it is in a header of its own.
    pub fn in_header(
        name: HeaderName,
        value: impl Into<Secret>,
        lifetime: Duration,
    ) -> Result<Self> {
        Self::new(name, "", value.into(), lifetime)
    }

    pub(crate) fn new(
        name: HeaderName,
        prefix: &str,
        value: Secret,
        lifetime: Duration,
    ) -> Result<Self> {
        let mut header = HeaderValue::from_maybe_shared(wiped(prefix, value.expose()))
            .map_err(|_| Error::credentials("the token holds bytes that no header can carry"))?;
        header.set_sensitive(true);
        Ok(Self(Arc::new(Inner {
            value,
            name,
            header,
            lifetime,
            refresh: None,
        })))
    }

    /// The same token with the refresh token that came beside it.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: impl Into<Secret>) -> Self {
        Arc::make_mut(&mut self.0).refresh = Some(refresh_token.into());
        self
    }

    /// The token itself.
    pub fn secret(&self) -> &Secret {
        &self.0.value
    }

    /// The header the token travels in, ready and marked sensitive.
    #[inline]
    pub fn header(&self) -> (&HeaderName, &HeaderValue) {
        (&self.0.name, &self.0.header)
    }

    /// What stands before the token in its header.
    pub(crate) fn prefix(&self) -> &str {
        let whole = self.0.header.as_bytes();
        let prefix = whole.len().saturating_sub(self.0.value.expose().len());
        std::str::from_utf8(&whole[..prefix]).unwrap_or_default()
    }

    /// How long the token is valid, counted from the moment it was asked for.
    pub fn lifetime(&self) -> Duration {
        self.0.lifetime
    }

    /// The refresh token that came beside this one, if there was one.
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.0.refresh.as_ref()
    }

    /// Eight hexadecimal digits that tell tokens apart in the logs of one process.
    ///
    /// They stem from a hash with a key of the process, so they mean nothing elsewhere and a guess
    /// at the token cannot be checked against them.
    pub fn fingerprint(&self) -> String {
        format!("{:08x}", self.digest() >> 32)
    }

    /// A keyed hash of the token, to recognise it without keeping it.
    pub(crate) fn digest(&self) -> u64 {
        static KEY: OnceLock<RandomState> = OnceLock::new();
        KEY.get_or_init(RandomState::new)
            .hash_one(self.0.value.expose())
    }

    /// Whether both are the same token, be it in one piece of memory or in two.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.name == other.0.name && self.0.value == other.0.value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("fingerprint", &format_args!("{}", self.fingerprint()))
            .field("lifetime", &self.0.lifetime)
            .finish_non_exhaustive()
    }
}

/// The two texts as one, in memory that is overwritten when its last holder lets go.
fn wiped(prefix: &str, value: &str) -> Bytes {
    // Sized beforehand: growing would leave a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(prefix.len() + value.len()));
    text.extend_from_slice(prefix.as_bytes());
    text.extend_from_slice(value.as_bytes());
    Bytes::from_owner(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn bearer(value: &str) -> Token {
        Token::bearer(value, HOUR).unwrap()
    }

    #[test]
    fn a_bearer_token_carries_its_ready_header() {
        let token = bearer("abc");
        let (name, header) = token.header();
        assert_eq!(name, AUTHORIZATION);
        assert_eq!(header.as_bytes(), b"Bearer abc");
        assert!(header.is_sensitive());
        assert_eq!(token.lifetime(), HOUR);
    }

    #[test]
    fn a_token_in_a_header_of_its_own_is_sent_as_it_is() {
        let name = HeaderName::from_static("x-wlk-authorization");
        let token = Token::in_header(name.clone(), "abc", HOUR).unwrap();
        assert_eq!(token.header().0, name);
        assert_eq!(token.header().1.as_bytes(), b"abc");
        assert!(token.header().1.is_sensitive());
    }

    #[test]
    fn debug_shows_a_fingerprint_and_never_the_token() {
        let token = bearer("swordfish-swordfish");
        let text = format!("{token:?} {:?}", token.header());
        assert!(!text.contains("swordfish"), "{text}");
        assert!(text.contains(&token.fingerprint()), "{text}");
    }

    #[test]
    fn a_fingerprint_is_short_and_tells_tokens_apart() {
        let token = bearer("abc");
        assert_eq!(token.fingerprint().len(), 8);
        assert_eq!(token.fingerprint(), bearer("abc").fingerprint());
        assert_ne!(token.digest(), bearer("abd").digest());
    }

    #[test]
    fn a_refresh_token_goes_with_its_token_and_shows_nowhere() {
        let token = bearer("abc").with_refresh_token("swordfish");
        assert_eq!(
            token.clone().refresh_token(),
            Some(&Secret::new("swordfish"))
        );
        assert!(!format!("{token:?}").contains("swordfish"));
        // It is the same token, with or without.
        assert!(token.is(&bearer("abc")));
        assert_eq!(bearer("abc").refresh_token(), None);
    }

    #[test]
    fn a_token_is_recognised_by_its_value() {
        let token = bearer("abc");
        assert!(token.is(&token.clone()));
        assert!(token.is(&bearer("abc")));
        assert!(!token.is(&bearer("abd")));
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_without_being_shown() {
        let error = Token::bearer("line\nbreak", HOUR).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("break"));
    }

    #[test]
    fn header_clones_share_the_memory_that_gets_wiped() {
        let bytes = wiped("Bearer ", "abc");
        let at = bytes.as_ptr();
        let header = HeaderValue::from_maybe_shared(bytes).unwrap();
        assert_eq!(header.as_bytes().as_ptr(), at);
        assert_eq!(header.clone().as_bytes().as_ptr(), at);
    }
}
