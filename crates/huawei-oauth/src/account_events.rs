//! Account events: what HUAWEI ID tells the app server about users between their sign-ins.
//!
//! A user withdraws the authorization, closes the account, changes the phone number: the platform
//! posts it to the address that is subscribed in the console (API library, RISC). A [`Receiver`]
//! checks such a call and reads it, whatever the web framework.
//!
//! ```
//! use huawei_oauth::account_events::{Kind, Receiver};
//!
//! async fn receive(receiver: &Receiver, authorization: Option<&str>, body: &[u8]) -> u16 {
//!     let Ok(new) = receiver.receive(authorization, body).await else {
//!         return 401;
//!     };
//!     for event in new {
//!         match &event.kind {
//!             Kind::AccountPurged => println!("forget {:?}", event.user.key()),
//!             Kind::TokensRevoked { scopes } => println!("{scopes:?} withdrawn"),
//!             other => println!("{other:?}"),
//!         }
//!     }
//!     200
//! }
//! ```
//!
//! # What can be relied on, and what cannot
//!
//! The token in the header is checked: signature, issuer, audience, times. It is **not bound to the
//! body**, as far as the documents tell: whoever has seen one such token could send any body with
//! it until the token expires. So take an event for a hint; before acting on `TokensRevoked`, ask
//! with [`check_access_token`](crate::Client::check_access_token) or a refresh. Neither the algorithm
//! of the token nor its times nor the schedule of redeliveries is documented: RS256 and PS256 are
//! accepted, and a token without `exp` is, too.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth_core::jwt::{Algorithm, Jwks, KeySet, Verifier};
use auth_core::{Error, Mark, Result, Seen};
use tokio::sync::Mutex;

use crate::model::{Scope, SecurityEvent, SecurityEventType};
use crate::{Client, UserIds};

/// Checks and reads the calls by which account events arrive. Cheap to clone; clones share keys and
/// memory. Make it once.
#[derive(Clone)]
pub struct Receiver {
    client: Client,
    shared: Arc<Shared>,
}

struct Shared {
    client_id: String,
    /// The rules and keys, asked for once a day. Held while they are fetched, so that one asks.
    source: Mutex<Source>,
    seen: Seen,
}

#[derive(Default)]
struct Source {
    held: Option<(Mark, Known)>,
    failed: Option<(Mark, Error)>,
}

/// What the public configuration says.
#[derive(Clone)]
struct Known {
    rules: Rules,
    keys_at: String,
    keys: KeySet,
}

/// The rules for the token of one client's events, without any I/O: for those who have the keys.
#[derive(Clone, Debug)]
pub struct Rules {
    client_id: String,
    verifier: Verifier,
}

/// One thing that happened to one user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountEvent {
    /// The id of the delivery; the same again is a redelivery.
    pub id: String,
    /// When it happened.
    pub at: SystemTime,
    /// What happened.
    pub kind: Kind,
    /// To whom.
    pub user: UserIds,
}

/// What happened to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The user closed the account.
    AccountPurged,
    /// Something that this version does not know: the address of its type.
    Other(String),
    /// The phone number that the user shared has changed.
    PhoneModified,
    /// The user withdrew the authorization of the app.
    TokensRevoked {
        /// The scopes that were withdrawn.
        scopes: Vec<Scope>,
    },
}

impl Client {
    /// Receives the account events of the app of this client.
    pub fn account_events(&self) -> Result<Receiver> {
        Ok(Receiver {
            client: self.clone(),
            shared: Arc::new(Shared {
                client_id: self.client_id()?.to_owned(),
                source: Mutex::default(),
                seen: Seen::new(REMEMBERED, REMEMBER_FOR),
            }),
        })
    }
}

impl Receiver {
    /// Checks a call by its `Authorization` header and returns the events in its body that have not
    /// arrived before.
    ///
    /// An event counts as arrived when it is returned; [`forget`](Self::forget) lets it in again if
    /// handling it failed.
    ///
    /// # Errors
    ///
    /// A token that is refused has its reason in
    /// [`VerifyError::of`](auth_core::jwt::VerifyError::of); other errors say why there were no keys
    /// to tell by, or where the body is not as documented.
    pub async fn receive(
        &self,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<AccountEvent>> {
        let token = bearer(authorization)?;
        let Known { rules, keys, .. } = self.source().await?;
        let now = self.client.api.clock().now();
        keys.verify::<Claims>(&rules.verifier, token, now).await?;
        let events = rules.read(body)?;
        let new = |event: &SecurityEvent| self.shared.seen.insert(&event.jti, now);
        Ok(events.into_iter().filter(new).flat_map(told).collect())
    }

    /// Forgets that an event has arrived, so that its redelivery counts as new.
    pub fn forget(&self, event: &AccountEvent) {
        self.shared.seen.remove(&event.id);
    }

    /// Rules and keys. What is at hand serves on while the platform cannot be reached.
    async fn source(&self) -> Result<Known> {
        let clock = self.client.api.clock();
        let mut source = self.shared.source.lock().await;
        let Source { held, failed } = &mut *source;
        if let Some((at, known)) = held
            && clock.elapsed(*at) < FRESH
        {
            return Ok(known.clone());
        }
        let known = held.as_ref().map(|(_, known)| known);
        let recent = failed.as_ref();
        let recent = recent.filter(|(at, _)| clock.elapsed(*at) < PAUSE);
        let error = match recent {
            Some((_, error)) => error.clone(),
            None => match self.fetch(known).await {
                Ok(known) => {
                    *held = Some((clock.mark(), known.clone()));
                    *failed = None;
                    return Ok(known);
                }
                Err(error) => {
                    *failed = Some((clock.mark(), error.clone()));
                    error
                }
            },
        };
        known.cloned().ok_or(error)
    }

    /// Asks for the configuration. Keys that stay where they were are kept: they have their own time,
    /// and serve on where only their address cannot be reached.
    async fn fetch(&self, before: Option<&Known>) -> Result<Known> {
        let configuration = self.client.get_risc_configuration().await?;
        let before = before.filter(|known| known.keys_at == configuration.jwks_uri);
        let keys = match before {
            Some(known) => known.keys.clone(),
            None => {
                let keys = self.client.api.key_set(configuration.jwks_uri.as_str());
                keys.build()?
            }
        };
        Ok(Known {
            rules: Rules::new(&*self.shared.client_id, configuration.issuer),
            keys_at: configuration.jwks_uri,
            keys,
        })
    }
}

impl Rules {
    /// The rules for events to the app with this client id, from the issuer that the public
    /// configuration names.
    pub fn new(client_id: impl Into<String>, issuer: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self {
            verifier: Verifier::new([Algorithm::Ps256, Algorithm::Rs256])
                .issuer(issuer)
                .audience(client_id.as_str())
                .accept_type("secevent+jwt")
                .without_exp(),
            client_id,
        }
    }

    /// Checks a call that arrives at `now` with the keys of the platform, and returns the events in
    /// its body, those that have arrived before among them.
    pub fn check(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        keys: &Jwks,
        now: SystemTime,
    ) -> Result<Vec<AccountEvent>> {
        let token = bearer(authorization)?;
        self.verifier.verify::<Claims>(token, keys, now)?;
        Ok(self.read(body)?.into_iter().flat_map(told).collect())
    }

    /// Reads a body, one event or a list, in which every event must be for this app. Its issuer is not
    /// compared: nobody has signed it, and no document says that it is spelled as in the token.
    fn read(&self, body: &[u8]) -> Result<Vec<SecurityEvent>> {
        if body.len() > LONGEST {
            return Err(Error::decode("the body of the call is too long"));
        }
        let events = SecurityEvent::parse_all(body)?;
        for event in &events {
            if event.aud != self.client_id {
                return Err(Error::decode("an event in the body is not for this app"));
            }
        }
        Ok(events)
    }
}

/// Nothing of the token beyond what is checked.
#[derive(serde::Deserialize)]
struct Claims {}

/// The token in a header.
fn bearer(authorization: Option<&str>) -> Result<&str> {
    let Some(header) = authorization else {
        return Err(Error::credentials("the call has no `Authorization` header"));
    };
    let (scheme, token) = header.trim().split_once(' ').unwrap_or_default();
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(token.trim()),
        false => Err(Error::credentials(
            "the call's `Authorization` is no bearer token",
        )),
    }
}

/// The events in one object, which has one for each entry of its map.
fn told(event: SecurityEvent) -> impl Iterator<Item = AccountEvent> {
    let seconds = u64::try_from(event.iat).unwrap_or(0).min(FAR);
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let id = event.jti;
    event
        .events
        .into_iter()
        .map(move |(kind, detail)| AccountEvent {
            id: id.clone(),
            at,
            user: UserIds::from(&detail.subject),
            kind: match kind {
                SecurityEventType::AccountPurged => Kind::AccountPurged,
                SecurityEventType::PhoneModified => Kind::PhoneModified,
                SecurityEventType::TokensRevoked => Kind::TokensRevoked {
                    scopes: detail.scopes.unwrap_or_default(),
                },
                other => Kind::Other(other.as_str().to_owned()),
            },
        })
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("client_id", &self.shared.client_id)
            .field("seen", &self.shared.seen)
            .finish_non_exhaustive()
    }
}

/// How long the public configuration is used without asking again, as its documentation says.
const FRESH: Duration = Duration::from_secs(24 * 3600);
/// The time between two attempts to fetch it.
const PAUSE: Duration = Duration::from_secs(30);
/// How long an event is remembered. How long redeliveries go on is not documented.
const REMEMBER_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many events are remembered at most: some 4 MB.
const REMEMBERED: usize = 100_000;
/// The longest body that is read, in bytes: some thousand events.
const LONGEST: usize = 1 << 20;
/// Later than any time that is meant, and still one that can be added to.
const FAR: u64 = 1 << 40;
