//! Verification: signature first, then claims, each refusal with its reason.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest;
use serde::de::DeserializeOwned;

use crate::jwt::members::{Audience, JoseHeader, Members, Registered};
use crate::jwt::{Algorithm, Jwks, Part, VerifyError};
use crate::place::place;
use crate::{Secret, same_bytes};

/// What a token must be like to be believed. Made once per kind of token, used for all of them.
///
/// Closed until opened: without an issuer and an audience, or a word that any will do, every
/// token is refused. A token must have `exp`, and what else is checked of it.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use auth_core::jwt::{self, Algorithm, Jwks, SigningKey, Verifier, VerifyError};
/// use serde::Deserialize;
/// use serde_json::json;
///
/// #[derive(Deserialize)]
/// struct Claims {
///     sub: String,
/// }
///
/// # let pem = include_str!("../../tests/data/rsa2048.pkcs8.pem");
/// let key = SigningKey::from_pem(Algorithm::Rs256, pem)?;
/// let keys = Jwks::from(key.public_key());
/// let claims = json!({
///     "iss": "https://issuer.example", "aud": "my-app", "sub": "u1", "exp": 1_700_003_600,
/// });
/// let token = jwt::sign(&key, "key-1", &claims)?;
///
/// let verifier = Verifier::new([Algorithm::Rs256])
///     .issuer("https://issuer.example")
///     .audience("my-app");
/// let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let claims: Claims = verifier.verify(token.expose(), &keys, now)?;
/// assert_eq!(claims.sub, "u1");
///
/// let late = now + Duration::from_secs(7200);
/// let refused = verifier.verify::<Claims>(token.expose(), &keys, late);
/// assert!(matches!(refused, Err(VerifyError::Expired { .. })));
/// # Ok::<_, auth_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a verifier does nothing by itself"]
pub struct Verifier {
    algorithms: Vec<Algorithm>,
    issuers: Accepted,
    audiences: Accepted,
    types: Vec<String>,
    type_required: bool,
    exp_required: bool,
    leeway: Duration,
    max_age: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Accepted {
    Any,
    OneOf(Vec<String>),
}

/// What one token is held against besides the [`Verifier`]'s rules: the time, and the nonce of
/// the sign-in it answers.
///
/// ```
/// use std::time::UNIX_EPOCH;
///
/// use auth_core::jwt::Expected;
///
/// let expected = Expected::at(UNIX_EPOCH).nonce("n-0S6_WzA2Mj");
/// # let _ = expected;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    now: SystemTime,
    nonce: Option<&'a str>,
    id_token: Option<IdToken<'a>>,
}

/// What an ID token is held against beyond any other token, as OpenID Connect has it.
#[derive(Clone, Copy, Debug)]
struct IdToken<'a> {
    client_id: &'a str,
    access_token: Option<&'a Secret>,
}

impl Verifier {
    /// Accepts tokens signed with one of `algorithms`, and nothing else for now: issuer and
    /// audience are still to be named.
    pub fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        Self {
            algorithms: algorithms.into_iter().collect(),
            issuers: Accepted::OneOf(Vec::new()),
            audiences: Accepted::OneOf(Vec::new()),
            types: vec!["JWT".to_owned()],
            type_required: false,
            exp_required: true,
            leeway: LEEWAY,
            max_age: None,
        }
    }

    /// Accepts tokens of this issuer, besides those named before.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.add(issuer.into());
        self
    }

    /// Accepts tokens of every issuer whose key is in the set, and those that name none.
    pub fn any_issuer(mut self) -> Self {
        self.issuers = Accepted::Any;
        self
    }

    /// Accepts tokens meant for this recipient, besides those named before. A token may name other
    /// recipients as well; who minds that reads `aud` and `azp` into the claims and looks.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.add(audience.into());
        self
    }

    /// Accepts tokens whoever they are meant for.
    pub fn any_audience(mut self) -> Self {
        self.audiences = Accepted::Any;
        self
    }

    /// Accepts this type besides `JWT` and none at all. Upper and lower case are alike, and the
    /// prefix `application/` does not count.
    pub fn accept_type(mut self, typ: impl Into<String>) -> Self {
        self.types.push(typ.into());
        self
    }

    /// Accepts this type alone, so that a token of another kind from the same issuer cannot be
    /// passed off as one of these.
    pub fn require_type(mut self, typ: impl Into<String>) -> Self {
        self.types = vec![typ.into()];
        self.type_required = true;
        self
    }

    /// Accepts tokens that have no `exp`, too, and checks it where it stands. Only for platforms
    /// whose documents do not say that there is one: what has no end can be replayed for ever.
    pub fn without_exp(mut self) -> Self {
        self.exp_required = false;
        self
    }

    /// Sets how far the clocks may differ; 60 s when not set.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Refuses tokens issued longer ago, however long they say they are valid.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Checks `token` and returns its claims as a `T`, which need not hold the checked ones.
    ///
    /// The [module](crate::jwt) lists the checks in their order; the first that fails is the reason.
    pub fn verify<'a, T: DeserializeOwned>(
        &self,
        token: &str,
        keys: &Jwks,
        expected: impl Into<Expected<'a>>,
    ) -> Result<T, VerifyError> {
        let claims = self.signed(token, keys)?;
        self.check(&Registered::read(&claims)?, &expected.into())?;
        serde_json::from_slice(&claims).map_err(|error| misfit(&claims, &error))
    }

    /// The claims part of a token whose signature is right.
    fn signed(&self, token: &str, keys: &Jwks) -> Result<Vec<u8>, VerifyError> {
        let token = Compact::split(token)?;
        let header = decode(Part::Header, token.header)?;
        let header = JoseHeader::read(&header)?;

        let algorithm = header
            .alg
            .and_then(|name| Algorithm::from_name(&name))
            .filter(|algorithm| self.algorithms.contains(algorithm))
            .ok_or(VerifyError::Algorithm)?;
        if header.critical {
            return Err(VerifyError::Critical);
        }
        if !self.accepts_type(header.typ.as_deref()) {
            return Err(VerifyError::Type);
        }

        let kid = header.kid.as_deref();
        if kid.is_none() && keys.len() > 1 {
            return Err(VerifyError::MissingKeyId);
        }
        if keys.named(kid).next().is_none() {
            return Err(VerifyError::UnknownKey);
        }

        let signature = decode(Part::Signature, token.signature)?;
        let message = token.message.as_bytes();
        if !keys
            .named(kid)
            .any(|key| key.verifies(algorithm, message, &signature))
        {
            return Err(VerifyError::Signature);
        }
        decode(Part::Claims, token.claims)
    }

    fn accepts_type(&self, typ: Option<&str>) -> bool {
        match typ {
            Some(typ) => {
                let bare = typ
                    .split_at_checked(MEDIA_TYPE.len())
                    .filter(|(prefix, _)| prefix.eq_ignore_ascii_case(MEDIA_TYPE))
                    .map_or(typ, |(_, bare)| bare);
                self.types.iter().any(|it| it.eq_ignore_ascii_case(bare))
            }
            None => !self.type_required,
        }
    }

    fn check(&self, claims: &Registered<'_>, expected: &Expected<'_>) -> Result<(), VerifyError> {
        if let Accepted::OneOf(issuers) = &self.issuers {
            let issuer = claims.iss.as_ref().ok_or(missing("iss"))?;
            if !issuers.iter().any(|accepted| accepted == issuer) {
                return Err(VerifyError::Issuer);
            }
        }
        if let Accepted::OneOf(audiences) = &self.audiences {
            let audience = claims.aud.as_ref().ok_or(missing("aud"))?;
            if !audience.holds(audiences) {
                return Err(VerifyError::Audience);
            }
        }
        self.check_times(claims, seconds(expected.now))?;
        match (expected.nonce, &claims.nonce) {
            (Some(_), None) => return Err(missing("nonce")),
            (Some(sent), Some(found)) if sent != found => return Err(VerifyError::Nonce),
            _ => {}
        }
        match &expected.id_token {
            Some(id_token) => id_token.check(claims),
            None => Ok(()),
        }
    }

    fn check_times(&self, claims: &Registered<'_>, now: i64) -> Result<(), VerifyError> {
        let leeway = i64::try_from(self.leeway.as_secs()).unwrap_or(i64::MAX);
        let earliest = now.saturating_sub(leeway);
        let latest = now.saturating_add(leeway);

        match claims.exp {
            Some(exp) if earliest >= exp => {
                return Err(VerifyError::Expired {
                    ago: between(exp, now),
                });
            }
            None if self.exp_required => return Err(missing("exp")),
            Some(_) | None => {}
        }
        if let Some(nbf) = claims.nbf
            && latest < nbf
        {
            return Err(VerifyError::NotYetValid {
                ahead: between(now, nbf),
            });
        }
        if let Some(iat) = claims.iat
            && latest < iat
        {
            return Err(VerifyError::IssuedInFuture {
                ahead: between(now, iat),
            });
        }
        if let Some(max_age) = self.max_age {
            let iat = claims.iat.ok_or(missing("iat"))?;
            if between(iat, earliest) > max_age {
                return Err(VerifyError::TooOld {
                    age: between(iat, now),
                });
            }
        }
        Ok(())
    }
}

impl Accepted {
    fn add(&mut self, name: String) {
        match self {
            Self::Any => *self = Self::OneOf(vec![name]),
            Self::OneOf(names) => names.push(name),
        }
    }
}

impl<'a> Expected<'a> {
    /// The time to hold the token against.
    pub fn at(now: SystemTime) -> Self {
        Self {
            now,
            nonce: None,
            id_token: None,
        }
    }

    /// The nonce sent with the sign-in; the token must repeat it.
    pub fn nonce(mut self, nonce: &'a str) -> Self {
        self.nonce = Some(nonce);
        self
    }

    /// It is an ID token for this client, given beside the access token if there is one.
    #[cfg_attr(
        not(feature = "sign-in"),
        expect(dead_code, reason = "ID tokens come with a sign-in")
    )]
    pub(crate) fn id_token(mut self, client_id: &'a str, access_token: Option<&'a Secret>) -> Self {
        self.id_token = Some(IdToken {
            client_id,
            access_token,
        });
        self
    }
}

impl IdToken<'_> {
    fn check(self, claims: &Registered<'_>) -> Result<(), VerifyError> {
        let asked_for = match claims.azp.as_deref() {
            Some(azp) => azp == self.client_id,
            None => !claims.aud.as_ref().is_some_and(Audience::is_several),
        };
        if !asked_for {
            return Err(VerifyError::AuthorizedParty);
        }
        if let (Some(stated), Some(token)) = (&claims.at_hash, self.access_token)
            && !same_bytes(stated.as_bytes(), at_hash(token).as_bytes())
        {
            return Err(VerifyError::AccessTokenHash);
        }
        Ok(())
    }
}

impl From<SystemTime> for Expected<'_> {
    fn from(now: SystemTime) -> Self {
        Self::at(now)
    }
}

/// The key id that a token's header names: a hint for finding keys, written by whoever made the
/// token and believed by nobody.
///
/// ```
/// assert_eq!(auth_core::jwt::key_id("not a token"), None);
/// ```
pub fn key_id(token: &str) -> Option<String> {
    let token = Compact::split(token).ok()?;
    let header = decode(Part::Header, token.header).ok()?;
    JoseHeader::read(&header).ok()?.kid.map(Cow::into_owned)
}

/// A token in its compact form, cut at its dots.
struct Compact<'a> {
    /// What is signed: header and claims with the dot between.
    message: &'a str,
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> Compact<'a> {
    fn split(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > TOKEN_LEN_MAX {
            return Err(VerifyError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::NotCompact)?;
        let (header, claims) = message.split_once('.').ok_or(VerifyError::NotCompact)?;
        if claims.contains('.') {
            return Err(VerifyError::NotCompact);
        }
        Ok(Self {
            message,
            header,
            claims,
            signature,
        })
    }
}

fn decode(part: Part, text: &str) -> Result<Vec<u8>, VerifyError> {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| VerifyError::Encoding(part))
}

/// The left half of the SHA-256 of an access token, as OpenID Connect has it for the algorithms over
/// SHA-256.
fn at_hash(token: &Secret) -> String {
    let hash = digest::digest(&digest::SHA256, token.expose().as_bytes());
    let half = digest::SHA256.output_len() / 2;
    BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..half])
}

/// Says where the claims do not fit.
fn misfit(claims: &[u8], error: &serde_json::Error) -> VerifyError {
    match error.is_data() {
        true => VerifyError::Claims {
            path: place(claims, error),
        },
        false => VerifyError::Json(Part::Claims),
    }
}

fn missing(claim: &'static str) -> VerifyError {
    VerifyError::MissingClaim(claim)
}

fn seconds(time: SystemTime) -> i64 {
    let whole = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => whole(after),
        Err(before) => -whole(before.duration()),
    }
}

/// The time from `start` to `end`, zero if it is the other way round.
fn between(start: i64, end: i64) -> Duration {
    Duration::from_secs(u64::try_from(end.saturating_sub(start)).unwrap_or(0))
}

/// How far clocks may differ where nobody says otherwise.
const LEEWAY: Duration = Duration::from_secs(60);

/// The prefix that RFC 7515 lets writers leave out of a type.
const MEDIA_TYPE: &str = "application/";

/// The longest token that is looked at, in bytes: some five times the longest of the platforms.
const TOKEN_LEN_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_access_token_is_its_left_half() {
        // Computed with Python's hashlib.
        let token = Secret::new("DgEAAN7qdDUMMYU0TvQ/eXpE4x+gvhoYh5/UuzL=");
        assert_eq!(at_hash(&token), "aEv7QW2A_H2QHauw55v6zw");
    }
}
