//! What processes tell each other through a store: the token, or why there is none.
//!
//! The format is versioned by its member `v`. Members may be added without a new version, and every
//! version ignores those that it does not know; so half a fleet can run each of two releases.

use std::time::Duration;

use http::HeaderName;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Action, Error, Result, Secret, Token, secret_source};

/// What stands under a key.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Record {
    v: u32,
    /// The newest token, also after its end: its refresh token may live on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Kept>,
    /// Set where a token was fetched by a process that had lost its lease: it may have voided this.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) suspect: bool,
    /// Why the last fetch failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<Shared>,
    /// How far the platform's clock is ahead of the store's, where the writer had learnt it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) platform_ahead_ms: Option<i64>,
}

/// A token with its end. Times are milliseconds since 1970 on the store's clock.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Kept {
    value: Secret,
    header: String,
    #[serde(default)]
    prefix: String,
    lifetime_ms: u64,
    expires_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret>,
}

/// A failure that everybody is to know of.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Shared {
    pub(crate) until_ms: i64,
    #[serde(default)]
    pub(crate) passing: u32,
    #[serde(default)]
    pub(crate) lasting: u32,
    message: String,
    action: String,
    /// Which credential it is about: see [`Mark`](crate::secret_source::Mark).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    /// The failure of another credential before it, where that still counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Box<Self>>,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            v: VERSION,
            ..Self::default()
        }
    }

    /// Reads a record. What a later version wrote in another format is an error and stays as it is.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let record: Self = serde_json::from_slice(bytes).map_err(|_| {
            // The cause would show a part of the text.
            Error::decode("the record in the token store is not one of this library")
        })?;
        match record.v {
            VERSION => Ok(record),
            other => Err(Error::decode(format!(
                "the record in the token store has format {other}, and this version reads {VERSION}"
            ))),
        }
    }

    pub(crate) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        // It has no maps with keys that are no text, the one thing that cannot be written.
        Zeroizing::new(serde_json::to_vec(self).unwrap_or_default())
    }
}

impl Kept {
    pub(crate) fn new(token: &Token, expires_ms: i64) -> Self {
        Self {
            value: token.secret().clone(),
            header: token.header().0.as_str().to_owned(),
            prefix: token.prefix().to_owned(),
            lifetime_ms: millis(token.lifetime()).unsigned_abs(),
            expires_ms,
            refresh_token: token.refresh_token().cloned(),
        }
    }

    pub(crate) fn token(&self) -> Result<Token> {
        let name = HeaderName::try_from(&self.header)
            .map_err(|_| Error::decode("the token in the store names no header"))?;
        let lifetime = Duration::from_millis(self.lifetime_ms);
        let token = Token::new(name, &self.prefix, self.value.clone(), lifetime)?;
        Ok(match &self.refresh_token {
            Some(refresh) => token.with_refresh_token(refresh.clone()),
            None => token,
        })
    }

    /// How many milliseconds the token has left at a time of the store: never more than its
    /// lifetime, and none where the store's clock was set back behind its beginning.
    pub(crate) fn left(&self, store_now: i64) -> i64 {
        let lifetime = i64::try_from(self.lifetime_ms).unwrap_or(i64::MAX);
        let left = self.expires_ms.saturating_sub(store_now);
        match left.saturating_sub(lifetime) {
            ..=CLOCK_SLACK => left.clamp(0, lifetime),
            _ => 0,
        }
    }

    /// When the token was asked for, on the store's clock, at the earliest.
    pub(crate) fn asked(&self) -> i64 {
        self.expires_ms.saturating_sub(self.lifetime_ms())
    }

    pub(crate) fn lifetime_ms(&self) -> i64 {
        i64::try_from(self.lifetime_ms).unwrap_or(i64::MAX)
    }
}

impl Shared {
    pub(crate) fn new(error: &Error, credential: Option<String>) -> Self {
        Self {
            until_ms: 0,
            passing: 0,
            lasting: 0,
            message: error.to_string(),
            action: format!("{:?}", error.action()),
            credential,
            before: None,
        }
    }

    /// Goes on counting after the last failure, and keeps what other credentials have to heed of it.
    pub(crate) fn follow(&mut self, last: Self, store_now: i64) {
        (self.passing, self.lasting) = (last.passing, last.lasting);
        self.before = last.still(store_now, MOST_BEFORE);
    }

    /// What of it, and of those before, is about one credential and still counts.
    fn still(mut self, store_now: i64, most: usize) -> Option<Box<Self>> {
        let before = self.before.take();
        let counts = most > 0 && self.credential.is_some() && store_now < self.until_ms;
        let most = most.saturating_sub(usize::from(counts));
        let before = before.and_then(|before| before.still(store_now, most));
        match counts {
            true => Some(Box::new(Self { before, ..self })),
            false => before,
        }
    }

    /// The failure for which a process with this secret does not try again yet.
    pub(crate) fn heeded(&self, secret: Option<&Secret>, store_now: i64) -> Option<&Self> {
        let ours = match (&self.credential, secret) {
            (Some(mark), Some(secret)) => secret_source::fits(secret, mark),
            _ => true,
        };
        match &self.before {
            _ if ours && store_now < self.until_ms => Some(self),
            Some(before) => before.heeded(secret, store_now),
            None => None,
        }
    }

    /// The failure, as told to a process that did not meet it itself.
    pub(crate) fn error(&self) -> Error {
        let action = ACTIONS
            .iter()
            .find(|action| format!("{action:?}") == self.action);
        Error::credentials(format!("another process got no token: {}", self.message))
            .advise(*action.unwrap_or(&Action::Backoff))
    }
}

pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// The format written here. Another one is for what cannot be said by adding a member.
const VERSION: u32 = 1;
/// The failures of so many other credentials are kept.
const MOST_BEFORE: usize = 4;
/// How far two looks at the store's clock may differ.
const CLOCK_SLACK: i64 = 2_000;
const ACTIONS: [Action; 8] = [
    Action::Backoff,
    Action::ContactProvider,
    Action::DropTarget,
    Action::FixCredentials,
    Action::FixRequest,
    Action::NewToken,
    Action::None,
    Action::SignInAgain,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        let token = Token::bearer("swordfish", Duration::from_secs(60)).unwrap();
        token.with_refresh_token("trout")
    }

    #[test]
    fn a_token_comes_back_as_it_went() {
        let mut record = Record::new();
        record.token = Some(Kept::new(&token(), 61_000));
        let read = Record::parse(&record.bytes()).unwrap();
        let kept = read.token.unwrap();
        let back = kept.token().unwrap();
        assert!(back.is(&token()));
        assert_eq!(back.header(), token().header());
        assert_eq!(back.lifetime(), token().lifetime());
        assert_eq!(back.refresh_token(), token().refresh_token());
        assert_eq!(kept.left(11_000), 50_000);
        assert_eq!(kept.left(61_000), 0);
    }

    #[test]
    fn a_store_whose_clock_was_set_back_lends_no_token_a_second_life() {
        let kept = Kept::new(&token(), 3_660_000);
        assert_eq!(kept.left(3_599_000), 60_000);
        assert_eq!(kept.left(3_000_000), 0);
    }

    #[test]
    fn members_of_a_later_version_are_ignored_and_its_formats_are_not_touched() {
        let later = br#"{"v":1,"suspect":true,"mood":"good","token":null}"#;
        assert!(Record::parse(later).unwrap().suspect);
        let error = Record::parse(br#"{"v":2}"#).unwrap_err();
        assert!(error.to_string().contains("format 2"), "{error}");
        let error = Record::parse(b"swordfish").unwrap_err();
        assert!(!format!("{error:?}").contains("swordfish"), "{error:?}");
    }

    #[test]
    fn every_action_survives_the_way_through_a_store() {
        for action in ACTIONS {
            let error = Error::credentials("no").advise(action);
            assert_eq!(Shared::new(&error, None).error().action(), action);
        }
    }

    #[test]
    fn a_failure_is_heeded_by_its_own_credential_as_long_as_it_counts() {
        let secrets = ["old", "typo", "right"].map(Secret::new);
        let refused = |secret: &Secret, until_ms| {
            let mark = secret_source::mark(secret);
            let mut refused = Shared::new(&Error::credentials("no"), Some(mark));
            refused.until_ms = until_ms;
            refused
        };
        let mut trouble = refused(&secrets[0], 300);
        for (number, secret) in secrets.iter().enumerate().skip(1) {
            let last = std::mem::replace(&mut trouble, refused(secret, 10 + number as i64));
            trouble.follow(last, 10);
        }
        let heeded = |trouble: &Shared, now| {
            let heeds = |secret| trouble.heeded(Some(secret), now).is_some();
            secrets.each_ref().map(heeds)
        };
        assert_eq!(heeded(&trouble, 10), [true; 3]);
        assert_eq!(heeded(&trouble, 11), [true, false, true]);
        assert_eq!(heeded(&trouble, 299), [true, false, false]);
        assert_eq!(heeded(&trouble, 300), [false; 3]);
        assert!(
            trouble.heeded(None, 11).is_some(),
            "whoever knows no better"
        );
        // What counts no more is not kept, nor is more than a few.
        let mut last = refused(&secrets[0], 300);
        last.follow(trouble, 299);
        assert!(last.before.unwrap().before.is_none());
        let mut last = refused(&secrets[0], 300);
        for _ in 0..20 {
            let next = refused(&secrets[0], 300);
            let before = std::mem::replace(&mut last, next);
            last.follow(before, 0);
        }
        let kept = std::iter::successors(Some(&last), |it| it.before.as_deref());
        assert_eq!(kept.count(), 1 + MOST_BEFORE);
    }

    #[test]
    fn a_record_shows_no_secret() {
        let mut record = Record::new();
        record.token = Some(Kept::new(&token(), 0));
        let text = format!("{record:?}");
        assert!(
            !text.contains("swordfish") && !text.contains("trout"),
            "{text}"
        );
    }
}
