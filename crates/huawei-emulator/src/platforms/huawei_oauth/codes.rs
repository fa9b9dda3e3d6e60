//! Authorization codes: good once, for five minutes, to one app.

use std::collections::{HashMap, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub client_id: String,
    pub user: String,
    pub scopes: Vec<String>,
    /// The address that the browser was sent to; none for a code that an app got on its device.
    pub redirect_uri: Option<String>,
    pub nonce: Option<String>,
    pub challenge: Option<Challenge>,
    /// Whether a refresh token is issued for it.
    pub offline: bool,
    pub issued_s: i64,
}

/// A PKCE challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    Plain(String),
    S256(String),
}

impl Challenge {
    /// Whether a verifier belongs to it.
    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(text) => text == verifier,
            Self::S256(hash) => {
                let found = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
                *hash == found
            }
        }
    }
}

/// Why a code is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worthless {
    /// Over five minutes old.
    Expired,
    /// It belongs to another client.
    OtherClient,
    /// Nobody issued it.
    Unknown,
    Used,
    /// Something happened to the account or its consent.
    Void,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fresh,
    Used,
    Void,
}

/// The codes of a space.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    issued: HashMap<String, (Code, Fate)>,
    order: VecDeque<String>,
}

impl Codes {
    /// Issues a code.
    pub(crate) fn issue(&mut self, code: Code) -> String {
        let text = opaque("DwEE");
        self.order.push_back(text.clone());
        self.issued.insert(text.clone(), (code, Fate::Fresh));
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.issued.remove(&oldest);
        }
        text
    }

    /// Looks at a code without using it up.
    pub(crate) fn look(&self, text: &str, client_id: &str, now_s: i64) -> Result<Code, Worthless> {
        match self.issued.get(text) {
            None => Err(Worthless::Unknown),
            Some((code, _)) if code.client_id != client_id => Err(Worthless::OtherClient),
            Some((_, Fate::Used)) => Err(Worthless::Used),
            Some((_, Fate::Void)) => Err(Worthless::Void),
            Some((code, _)) if code.issued_s + LIFETIME_S <= now_s => Err(Worthless::Expired),
            Some((code, Fate::Fresh)) => Ok(code.clone()),
        }
    }

    /// Uses a code up.
    pub(crate) fn spend(&mut self, text: &str) {
        if let Some((_, fate)) = self.issued.get_mut(text) {
            *fate = Fate::Used;
        }
    }

    /// Makes the codes of a user worthless: for one app, or for all.
    pub(crate) fn void(&mut self, user: &str, client_id: Option<&str>) {
        for (code, fate) in self.issued.values_mut() {
            let meant = client_id.is_none_or(|client_id| code.client_id == client_id);
            if code.user == user && meant && *fate == Fate::Fresh {
                *fate = Fate::Void;
            }
        }
    }
}

/// A random text of the platform's alphabet, with the characters that break clients which cut or
/// forget to encode: `/`, `+` and `=`.
pub(super) fn opaque(prefix: &str) -> String {
    let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
        .take(64)
        .collect();
    format!("{prefix}/+{}", STANDARD.encode(bytes))
}

/// How long a code is good, in seconds.
const LIFETIME_S: i64 = 300;

const KEPT: usize = 10_000;
