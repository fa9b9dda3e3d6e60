//! Applications and their tokens: one valid token each, and the last login wins.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::{unix_ms, unix_s};
use crate::platforms::Call;
use crate::platforms::security::bearer;

/// An application of the portal.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    /// Its id.
    pub app_id: String,
    /// Its secret.
    pub secret: String,
    /// The applications that let this one act on what is theirs.
    #[serde(default)]
    pub authorised_by: Vec<String>,
    /// How many devices it may have; the developer centre allows 20.
    #[serde(default = "many")]
    pub device_limit: usize,
}

impl App {
    /// An application that nobody has authorised.
    pub fn new(app_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            app_id: app_id.into(),
            secret: secret.into(),
            authorised_by: Vec::new(),
            device_limit: many(),
        }
    }
}

fn many() -> usize {
    10_000
}

/// All applications, and the token that each has.
#[derive(Debug)]
pub(crate) struct Apps {
    pub apps: Vec<App>,
    grants: Vec<Grant>,
    /// How long access tokens live that are issued from now on.
    pub token_lifetime_s: i64,
    /// How long refresh tokens live.
    pub refresh_lifetime_s: i64,
    /// How many calls an application may make in a minute; none where it is not counted.
    pub rate: Option<u64>,
    /// The minute that is counted, by application.
    minutes: Vec<(String, i64, u64)>,
    /// How many logins and refreshes there were.
    pub issued: u64,
}

/// The tokens of one login or refresh.
#[derive(Clone, Debug)]
struct Grant {
    app_id: String,
    access: String,
    refresh: String,
    /// Not exact to the second: clients test with lives of a few.
    expires_ms: i64,
    refresh_expires_s: i64,
}

impl Default for Apps {
    fn default() -> Self {
        let mut second = App::new(SECOND_APP_ID, "emulated-secret-2");
        second.authorised_by.push(APP_ID.to_owned());
        Self {
            apps: vec![App::new(APP_ID, SECRET), second],
            grants: Vec::new(),
            token_lifetime_s: 3600,
            refresh_lifetime_s: 86_400,
            rate: None,
            minutes: Vec::new(),
            issued: 0,
        }
    }
}

impl Apps {
    pub(crate) fn get(&self, app_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.app_id == app_id)
    }

    /// Registers an application, or changes it.
    pub(crate) fn add(&mut self, app: App) {
        self.apps.retain(|known| known.app_id != app.app_id);
        self.apps.push(app);
    }

    /// Makes every token worthless.
    pub(crate) fn revoke(&mut self) {
        self.grants.clear();
    }

    /// Finds out who calls, and counts the call.
    pub(super) fn caller(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        let app_key = call.header("app_key").unwrap_or_default();
        if self.get(app_key).is_none() {
            return Err(Refusal::code("100025").because("no application has the id in app_key"));
        }
        let token = bearer(call).ok_or_else(|| invalid("no bearer token in Authorization"))?;
        let grant = self.grants.iter().find(|grant| grant.access == token);
        let grant = grant.ok_or_else(|| {
            invalid("nobody issued this access token, or a later login has voided it")
        })?;
        if grant.app_id != app_key {
            return Err(invalid("the access token is of another application"));
        }
        if grant.expires_ms <= unix_ms(call.now) {
            return Err(invalid("the access token has expired"));
        }
        let app_id = grant.app_id.clone();
        self.count(&app_id, unix_s(call.now).div_euclid(60))
    }

    fn count(&mut self, app_id: &str, minute: i64) -> Result<(), Refusal> {
        let Some(most) = self.rate else {
            return Ok(());
        };
        self.minutes.retain(|(_, counted, _)| *counted == minute);
        let known = self.minutes.iter_mut().find(|(app, ..)| app == app_id);
        let used = match known {
            Some((_, _, used)) => used,
            None => {
                self.minutes.push((app_id.to_owned(), minute, 0));
                &mut self.minutes.last_mut().expect("one was added").2
            }
        };
        if *used >= most {
            let reason = format!("over {most} calls in a minute");
            return Err(gateway("1010009", &reason));
        }
        *used += 1;
        Ok(())
    }

    /// Whose things a call is about: the caller's, or those of an application that let it.
    pub(super) fn owner(&self, call: &Call<'_>, named: Option<&str>) -> Result<String, Refusal> {
        let caller = call.header("app_key").unwrap_or_default();
        let Some(named) = named.filter(|named| *named != caller) else {
            return Ok(caller.to_owned());
        };
        if self.get(named).is_none() {
            return Err(Refusal::code("100203@403").because("there is no such application"));
        }
        let authorised = self
            .get(caller)
            .is_some_and(|app| app.authorised_by.iter().any(|by| by == named));
        match authorised {
            true => Ok(named.to_owned()),
            false => Err(Refusal::code("100217@403").because("that application has not let it")),
        }
    }

    /// `login`.
    pub(super) fn login(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let app_id = self.proven(call)?;
        Ok(self.grant(call, &app_id))
    }

    /// `refresh_token`.
    pub(super) fn refresh(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let app_id = self.proven(call)?;
        let token = call.body()["refreshToken"].as_str().unwrap_or_default();
        let now_s = unix_s(call.now);
        let known = self.grants.iter().any(|grant| {
            grant.refresh == token && grant.app_id == app_id && now_s < grant.refresh_expires_s
        });
        if !known {
            return Err(Refusal::code("100006")
                .because("the refresh token is used up, voided by a login, or too old"));
        }
        Ok(self.grant(call, &app_id))
    }

    /// `logout`.
    pub(super) fn logout(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let token = call.body()["accessToken"].as_str().unwrap_or_default();
        let before = self.grants.len();
        self.grants.retain(|grant| grant.access != token);
        match self.grants.len() < before {
            true => Ok(Answer::empty(http::StatusCode::NO_CONTENT)),
            false => Err(invalid("nobody issued this access token")),
        }
    }

    /// The application that a body proves.
    fn proven(&self, call: &Call<'_>) -> Result<String, Refusal> {
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let app = self.get(text("appId"));
        match app.filter(|app| app.secret == text("secret")) {
            Some(app) => Ok(app.app_id.clone()),
            None => {
                let refusal = Refusal::code("100208").because("AppId or secret is not right.");
                Err(refusal)
            }
        }
    }

    /// Issues a pair of tokens, and voids what the application had before.
    fn grant(&mut self, call: &Call<'_>, app_id: &str) -> Answer {
        self.grants.retain(|grant| grant.app_id != app_id);
        let grant = Grant {
            app_id: app_id.to_owned(),
            access: fresh(),
            refresh: fresh(),
            expires_ms: unix_ms(call.now) + self.token_lifetime_s * 1000,
            refresh_expires_s: unix_s(call.now) + self.refresh_lifetime_s,
        };
        let answer = json!({
            "accessToken": grant.access,
            "tokenType": "bearer",
            "refreshToken": grant.refresh,
            "expiresIn": self.token_lifetime_s,
            "scope": "default",
        });
        self.grants.push(grant);
        self.issued += 1;
        Answer::json(&answer)
    }
}

fn invalid(reason: &str) -> Refusal {
    gateway("1010005", reason)
}

/// What stands before the platform refuses in a form of its own.
fn gateway(code: &str, reason: &str) -> Refusal {
    Refusal {
        envelope: Some(GATEWAY),
        ..Refusal::code(code).because(reason)
    }
}

/// A token as the platform issues them: hexadecimal digits.
fn fresh() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The gateway's error body among those of the document.
const GATEWAY: u8 = 1;
/// The first application of a fresh space.
pub(crate) const APP_ID: &str = "Zkxm4FNw5j0Hq1V2emulated0001";
/// Holds the characters that a form has to encode.
pub(crate) const SECRET: &str = "emulated+secret/1&=%";
/// An application that may act on what is the first one's.
pub(crate) const SECOND_APP_ID: &str = "Zkxm4FNw5j0Hq1V2emulated0002";
