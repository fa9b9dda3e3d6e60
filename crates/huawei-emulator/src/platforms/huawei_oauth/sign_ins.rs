//! Sign-ins and their tokens: an access token and a refresh token that live and die together.

use std::collections::{BTreeMap, HashMap, VecDeque};

use ring::digest::{SHA256, digest};

use super::codes::opaque;

/// One consent of a user to an app, with its tokens.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub number: u64,
    pub client_id: String,
    pub user: String,
    pub scopes: Vec<String>,
    pub since_s: i64,
    pub refresh_token: Option<String>,
    refresh_expires_s: i64,
    pub revoked: bool,
}

/// Whose an access token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    App,
    User(u64),
}

#[derive(Clone, Debug)]
struct Access {
    holder: Holder,
    client_id: String,
    scopes: Vec<String>,
    expires_s: i64,
}

/// An access token that is good.
#[derive(Clone, Debug)]
pub(crate) struct Good {
    pub client_id: String,
    /// The scopes of the token, which may be fewer than those of the sign-in.
    pub scopes: Vec<String>,
    pub expires_s: i64,
    /// The user; none for a token of the app alone.
    pub user: Option<String>,
}

impl Good {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }
}

/// Why a token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worthless {
    Expired,
    Revoked,
    Unknown,
}

/// The sign-ins of a space.
#[derive(Debug)]
pub(crate) struct SignIns {
    list: BTreeMap<u64, SignIn>,
    access: HashMap<String, Access>,
    order: VecDeque<String>,
    refresh: HashMap<String, u64>,
    count: u64,
    /// How long access tokens live, in seconds.
    pub access_lifetime_s: i64,
    /// How long refresh tokens live, in seconds.
    pub refresh_lifetime_s: i64,
}

impl Default for SignIns {
    fn default() -> Self {
        Self {
            list: BTreeMap::new(),
            access: HashMap::new(),
            order: VecDeque::new(),
            refresh: HashMap::new(),
            count: 0,
            access_lifetime_s: 3600,
            refresh_lifetime_s: 180 * 86_400,
        }
    }
}

impl SignIns {
    /// Notes that a user signed in, with a refresh token if there is to be one.
    pub(crate) fn begin(
        &mut self,
        client_id: &str,
        user: &str,
        scopes: Vec<String>,
        offline: bool,
        now_s: i64,
    ) -> SignIn {
        self.count += 1;
        let sign_in = SignIn {
            number: self.count,
            client_id: client_id.to_owned(),
            user: user.to_owned(),
            scopes,
            since_s: now_s,
            refresh_token: offline.then(|| opaque("DgEC")),
            refresh_expires_s: now_s + self.refresh_lifetime_s,
            revoked: false,
        };
        if let Some(token) = &sign_in.refresh_token {
            self.refresh.insert(token.clone(), self.count);
        }
        self.list.insert(self.count, sign_in.clone());
        if self.list.len() > KEPT
            && let Some((_, oldest)) = self.list.pop_first()
            && let Some(token) = oldest.refresh_token
        {
            self.refresh.remove(&token);
        }
        sign_in
    }

    /// Issues an access token of a sign-in, with these of its scopes.
    pub(crate) fn access(&mut self, sign_in: &SignIn, scopes: &[String], now_s: i64) -> String {
        self.issue(Access {
            holder: Holder::User(sign_in.number),
            client_id: sign_in.client_id.clone(),
            scopes: scopes.to_vec(),
            expires_s: now_s + self.access_lifetime_s,
        })
    }

    /// Issues an access token of an app alone.
    pub(crate) fn app_access(&mut self, client_id: &str, now_s: i64) -> String {
        self.issue(Access {
            holder: Holder::App,
            client_id: client_id.to_owned(),
            scopes: Vec::new(),
            expires_s: now_s + self.access_lifetime_s,
        })
    }

    /// Makes every access token issued so far worthless.
    pub(crate) fn revoke_access_tokens(&mut self) {
        self.access.clear();
        self.order.clear();
    }

    fn issue(&mut self, access: Access) -> String {
        let token = opaque("DgEA");
        self.order.push_back(token.clone());
        self.access.insert(token.clone(), access);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.access.remove(&oldest);
        }
        token
    }

    /// Looks at an access token.
    pub(crate) fn look(&self, token: &str, now_s: i64) -> Result<Good, Worthless> {
        let access = self.access.get(token).ok_or(Worthless::Unknown)?;
        let user = match access.holder {
            Holder::App => None,
            Holder::User(number) => {
                let sign_in = self.list.get(&number).ok_or(Worthless::Unknown)?;
                if sign_in.revoked {
                    return Err(Worthless::Revoked);
                }
                Some(sign_in.user.clone())
            }
        };
        if access.expires_s <= now_s {
            return Err(Worthless::Expired);
        }
        Ok(Good {
            client_id: access.client_id.clone(),
            scopes: access.scopes.clone(),
            expires_s: access.expires_s,
            user,
        })
    }

    /// Looks at a refresh token.
    pub(crate) fn look_refresh(&self, token: &str, now_s: i64) -> Result<&SignIn, Worthless> {
        let number = self.refresh.get(token).ok_or(Worthless::Unknown)?;
        let sign_in = self.list.get(number).ok_or(Worthless::Unknown)?;
        if sign_in.revoked {
            return Err(Worthless::Revoked);
        }
        if sign_in.refresh_expires_s <= now_s {
            return Err(Worthless::Expired);
        }
        Ok(sign_in)
    }

    /// Revokes the sign-in that an access or refresh token belongs to.
    pub(crate) fn revoke(&mut self, token: &str, now_s: i64) -> Result<(), Worthless> {
        let number = match (self.refresh.get(token), self.access.get(token)) {
            (Some(&number), _) => {
                self.look_refresh(token, now_s)?;
                number
            }
            (None, Some(access)) => {
                let Holder::User(number) = access.holder else {
                    return Err(Worthless::Unknown);
                };
                self.look(token, now_s)?;
                number
            }
            (None, None) => return Err(Worthless::Unknown),
        };
        if let Some(sign_in) = self.list.get_mut(&number) {
            sign_in.revoked = true;
        }
        Ok(())
    }

    /// Ends all sign-ins of a user: at one app, or at all.
    pub(crate) fn end(&mut self, user: &str, client_id: Option<&str>) {
        for sign_in in self.list.values_mut() {
            let meant = client_id.is_none_or(|client_id| sign_in.client_id == client_id);
            sign_in.revoked |= sign_in.user == user && meant;
        }
    }

    /// The sign-ins, the newest first.
    pub(crate) fn list(&self) -> impl Iterator<Item = &SignIn> {
        self.list.values().rev()
    }

    /// The access tokens of a sign-in with the end of their lives, in Unix seconds.
    pub(crate) fn access_of(&self, sign_in: &SignIn) -> impl Iterator<Item = (&str, i64)> {
        let number = sign_in.number;
        self.access
            .iter()
            .filter(move |(_, access)| access.holder == Holder::User(number))
            .map(|(token, access)| (&**token, access.expires_s))
    }
}

/// Eight digits that tell tokens apart and reveal none.
pub(super) fn fingerprint(token: &str) -> String {
    let hash = digest(&SHA256, token.as_bytes());
    let digits = hash
        .as_ref()
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"));
    digits.collect()
}

const KEPT: usize = 10_000;
