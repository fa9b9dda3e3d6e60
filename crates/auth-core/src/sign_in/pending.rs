//! A sign-in between the redirect to the consent page and the way back.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::seal::{Purpose, Sealer};
use crate::{Action, Error, Result, Secret, same_bytes};

/// What a sign-in has to remember until the browser comes back.
///
/// Keep it where only this browser has it: sealed in a cookie (`HttpOnly; Secure; SameSite=Lax`), so
/// that any replica can finish what another began, or in the session. Never in the address.
///
/// It serves once, and the browser's copy must be dropped then. Who replays cookie and address
/// together is stopped by the platform, where a code serves once.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingSignIn {
    pub(super) client_id: String,
    pub(super) state: Secret,
    pub(super) nonce: Option<Secret>,
    pub(super) verifier: Option<Secret>,
    pub(super) redirect_uri: String,
    pub(super) issued_at: SystemTime,
    pub(super) data: String,
}

/// The sealed form, with short names because browsers limit cookies to 4096 bytes.
#[derive(Deserialize, Serialize)]
struct Sealed {
    c: String,
    s: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v: Option<Secret>,
    r: String,
    t: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    d: String,
}

impl PendingSignIn {
    /// How long a user may take on the consent page, if there is no reason for another time.
    pub const MAX_AGE: Duration = Duration::from_secs(15 * 60);

    /// Seals it for a cookie: some 450 bytes, and 4/3 of the [`data`](Self::data).
    pub fn seal(&self, sealer: &Sealer) -> String {
        let issued_at = self.issued_at.duration_since(SystemTime::UNIX_EPOCH);
        let sealed = Sealed {
            c: self.client_id.clone(),
            s: self.state.clone(),
            n: self.nonce.clone(),
            v: self.verifier.clone(),
            r: self.redirect_uri.clone(),
            t: issued_at.map_or(0, |since| since.as_secs()),
            d: self.data.clone(),
        };
        let json = serde_json::to_vec(&sealed).expect("texts and numbers can be written");
        sealer.seal(PURPOSE, &Zeroizing::new(json))
    }

    /// Opens a sealed one, unless it was begun longer ago than `max_age`, which is
    /// [`MAX_AGE`](Self::MAX_AGE) if there is no reason for another.
    ///
    /// `now` is the time of this machine, as of the one that began it: not that of the platform, which
    /// the clock of a client learns.
    ///
    /// # Errors
    ///
    /// All ask for [`Action::SignInAgain`], except that a key which is missing is for the operator.
    pub fn open(sealer: &Sealer, text: &str, now: SystemTime, max_age: Duration) -> Result<Self> {
        let json = sealer.open(PURPOSE, text).map_err(|reason| {
            let error = Error::from(reason);
            match error.action() {
                Action::FixCredentials => error,
                _ => error.advise(Action::SignInAgain),
            }
        })?;
        let sealed: Sealed = serde_json::from_slice(&json)
            .map_err(|_| again("the sealed sign-in was made by another release"))?;
        let pending = Self {
            client_id: sealed.c,
            state: sealed.s,
            nonce: sealed.n,
            verifier: sealed.v,
            redirect_uri: sealed.r,
            issued_at: SystemTime::UNIX_EPOCH + Duration::from_secs(sealed.t.min(FAR)),
            data: sealed.d,
        };
        pending.check_age(now, max_age)?;
        Ok(pending)
    }

    /// Refuses a sign-in that was begun longer ago than `max_age`, for those that were not sealed.
    pub fn check_age(&self, now: SystemTime, max_age: Duration) -> Result<()> {
        // A clock may be a little behind that of the replica that began it.
        let age =
            now.duration_since(self.issued_at)
                .or_else(|ahead| match ahead.duration() < SKEW {
                    true => Ok(Duration::ZERO),
                    false => Err(ahead),
                });
        match age {
            Ok(age) if age <= max_age => Ok(()),
            Ok(_) => Err(again("the sign-in took too long")),
            Err(_) => Err(again(
                "the sign-in was begun in the future: compare the clocks",
            )),
        }
    }

    /// Compares the state that came back, in constant time.
    pub fn check_state(&self, state: Option<&str>) -> Result<()> {
        match state {
            Some(state) if same_bytes(state.as_bytes(), self.state.expose().as_bytes()) => Ok(()),
            Some(_) => Err(again("the state is not the one of this sign-in")),
            None => Err(again("the browser came back without a state")),
        }
    }

    /// The client it was begun for.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The state that the address carries.
    pub fn state(&self) -> &str {
        self.state.expose()
    }

    /// The nonce that the ID token must repeat.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_ref().map(Secret::expose)
    }

    /// The PKCE verifier.
    pub fn verifier(&self) -> Option<&Secret> {
        self.verifier.as_ref()
    }

    /// Where the browser was to come back.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// When it was begun, by the time of the machine.
    pub fn issued_at(&self) -> SystemTime {
        self.issued_at
    }

    /// The text that the caller kept with it.
    pub fn data(&self) -> &str {
        &self.data
    }
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingSignIn")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("issued_at", &self.issued_at)
            .finish_non_exhaustive()
    }
}

fn again(what: &'static str) -> Error {
    Error::credentials(what).advise(Action::SignInAgain)
}

/// What it is sealed for.
const PURPOSE: Purpose<'static> = Purpose::new("sign-in");
/// How far the clocks of replicas may differ.
const SKEW: Duration = Duration::from_secs(60);
/// Later than any time that is meant, and still one that can be added to.
const FAR: u64 = 1 << 40;
