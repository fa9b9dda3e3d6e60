//! Apps, tenants, and the tokens, codes and tickets that were issued.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::seed;

/// An app with its credentials.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    /// The client id, which is the id of the app.
    pub client_id: String,
    /// The client secret. Events are encrypted with a key made from it.
    pub client_secret: String,
    /// The name, as people see it.
    pub name: String,
    /// The tenant that owns the app.
    pub tenant_id: String,
    /// The tenants that subscribed to it.
    #[serde(default)]
    pub subscribers: Vec<String>,
    /// The only address that browsers come back to; any when empty.
    #[serde(default)]
    pub redirect_uri: String,
    /// Where events go; plain http.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// The operations that the app has no permission for. A token knows what was granted when it
    /// was issued, and no more.
    #[serde(default)]
    pub denied: Vec<String>,
    /// What was set for the app beside its name, in the platform's words.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// The users who administer the app, with their roles.
    #[serde(default)]
    pub administrators: HashMap<String, Vec<String>>,
}

/// A company.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tenant {
    /// The id.
    pub id: String,
    /// What stands behind `@` in the ids of its users.
    pub domain: String,
    /// The name.
    pub name: String,
}

impl App {
    /// An app of a tenant, with a subscriber and the administrators of a fresh space.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        tenant_id: impl Into<String>,
    ) -> Self {
        let roles = ["enterpriseAdmin", "appAdmin"].map(str::to_owned).to_vec();
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            name: "Back office".to_owned(),
            tenant_id: tenant_id.into(),
            subscribers: vec![seed::SUBSCRIBER_ID.to_owned()],
            redirect_uri: String::new(),
            callback_url: None,
            denied: Vec::new(),
            settings: Map::new(),
            administrators: HashMap::from([(seed::ADMINISTRATOR.to_owned(), roles)]),
        }
    }

    /// Whether the app may act for a tenant.
    pub(super) fn serves(&self, tenant_id: &str) -> bool {
        self.tenant_id == tenant_id || self.subscribers.iter().any(|id| id == tenant_id)
    }
}

/// Who calls with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub client_id: String,
    pub tenant_id: String,
    /// The user who signed in, for the token of one.
    pub user_id: Option<String>,
}

#[derive(Debug)]
struct Issued {
    caller: Caller,
    expires_s: i64,
    denied: Vec<String>,
}

/// A code that serves once.
#[derive(Debug)]
pub(super) struct Code {
    pub caller: Caller,
    pub user_id: String,
    pub redirect_uri: String,
    expires_s: i64,
    used: bool,
}

/// What is wrong with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadCode {
    Expired,
    Unknown,
    Used,
}

/// All apps of a space, and what was issued to them.
#[derive(Debug)]
pub(crate) struct Apps {
    pub apps: Vec<App>,
    pub tenants: Vec<Tenant>,
    tokens: HashMap<String, Issued>,
    codes: HashMap<String, Code>,
    pub js_tickets: Vec<String>,
    failures: HashMap<String, (u32, i64)>,
    pub token_lifetime_s: i64,
    pub user_token_lifetime_s: i64,
}

impl Default for Apps {
    fn default() -> Self {
        Self {
            apps: vec![seed::app()],
            tenants: seed::tenants(),
            tokens: HashMap::new(),
            codes: HashMap::new(),
            js_tickets: Vec::new(),
            failures: HashMap::new(),
            token_lifetime_s: 7200,
            user_token_lifetime_s: 28_800,
        }
    }
}

impl Apps {
    pub(super) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// Registers an app, or changes it.
    pub(super) fn add_app(&mut self, app: App) {
        self.apps.retain(|known| known.client_id != app.client_id);
        self.apps.push(app);
    }

    /// Checks a client id and secret. Too many wrong secrets lock the app, whatever comes then.
    pub(super) fn prove(
        &mut self,
        client_id: &str,
        secret: &str,
        now_s: i64,
        codes: &ProofCodes,
    ) -> Result<&App, Refusal> {
        let (count, since) = self.failures.get(client_id).copied().unwrap_or_default();
        let locked = count >= MOST_FAILURES && now_s < since + LOCKED_FOR_S;
        if locked {
            return Err(Refusal::code(codes.locked).because("locked after too many wrong secrets"));
        }
        let Some(app) = self.apps.iter().find(|app| app.client_id == client_id) else {
            return Err(Refusal::code(codes.wrong).because("nobody has this client_id"));
        };
        if app.client_secret != secret {
            let count = if count >= MOST_FAILURES { 1 } else { count + 1 };
            self.failures.insert(client_id.to_owned(), (count, now_s));
            let reason = "the client_secret is wrong, or was not percent-encoded";
            return Err(Refusal::code(codes.wrong).because(reason));
        }
        self.failures.remove(client_id);
        Ok(app)
    }

    /// Whether an app is locked.
    pub(super) fn is_locked(&self, client_id: &str, now_s: i64) -> bool {
        let failure = self.failures.get(client_id);
        failure
            .is_some_and(|(count, since)| *count >= MOST_FAILURES && now_s < since + LOCKED_FOR_S)
    }

    /// Forgets all wrong secrets.
    pub(super) fn unlock(&mut self) {
        self.failures.clear();
    }

    /// Issues a token and gives it with its lifetime in seconds.
    pub(super) fn issue(&mut self, caller: Caller, now_s: i64) -> (String, i64) {
        let lifetime = match caller.user_id {
            Some(_) => self.user_token_lifetime_s,
            None => self.token_lifetime_s,
        };
        let token = fresh_id();
        if self.tokens.len() >= MOST_TOKENS {
            self.tokens.retain(|_, issued| issued.expires_s > now_s);
        }
        let denied = self.app(&caller.client_id).map(|app| app.denied.clone());
        let issued = Issued {
            denied: denied.unwrap_or_default(),
            expires_s: now_s + lifetime,
            caller,
        };
        self.tokens.insert(token.clone(), issued);
        (token, lifetime)
    }

    /// Makes every token issued so far worthless.
    pub(super) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Makes a code that serves once.
    pub(super) fn code(
        &mut self,
        caller: Caller,
        user_id: &str,
        redirect_uri: &str,
        (now_s, lifetime_s): (i64, i64),
    ) -> String {
        // What clients forget to encode.
        let text = format!("{}+/=", fresh_id());
        let code = Code {
            caller,
            user_id: user_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            expires_s: now_s + lifetime_s,
            used: false,
        };
        self.codes.insert(text.clone(), code);
        text
    }

    /// Uses a code up.
    pub(super) fn redeem(&mut self, code: &str, now_s: i64) -> Result<&Code, BadCode> {
        let code = self.codes.get_mut(code).ok_or(BadCode::Unknown)?;
        if code.used {
            return Err(BadCode::Used);
        }
        if code.expires_s <= now_s {
            return Err(BadCode::Expired);
        }
        code.used = true;
        Ok(code)
    }

    /// Who calls, by the header with the token.
    pub(super) fn caller(&self, call: &Call<'_>) -> Result<Caller, Refusal> {
        let token = call.header("x-wlk-authorization").unwrap_or_default();
        if token.starts_with("Bearer ") {
            return Err(Refusal::code("47101").because("the token is sent without Bearer"));
        }
        let Some(issued) = self.tokens.get(token) else {
            return Err(Refusal::code("1000").because("nobody issued this token"));
        };
        if issued.expires_s <= unix_s(call.now) {
            return Err(Refusal::code("47103").because("the token has expired"));
        }
        if issued.denied.contains(&call.operation.id) {
            let reason = "the app had no permission for this when the token was issued";
            return Err(Refusal::code("501").because(reason));
        }
        let takes = |scheme: &str| {
            let mut alternatives = call.operation.security.iter().flatten();
            alternatives.any(|name| name == scheme)
        };
        let scheme = match issued.caller.user_id {
            Some(_) => "userAccessToken",
            None => "appAccessToken",
        };
        if !takes(scheme) {
            return Err(Refusal::code("1000").because("the token is of another kind"));
        }
        Ok(issued.caller.clone())
    }

    /// Answers `create_app_token` and its old form.
    pub(super) fn create_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let now_s = unix_s(call.now);
        let old = call.operation.id == "create_app_token_v1";
        let codes = if old { &OLD_TICKETS } else { &TICKETS };
        let app = self.prove(text("client_id"), text("client_secret"), now_s, codes)?;
        let tenant_id = match text("tenant_id") {
            "" => app.tenant_id.clone(),
            other => other.to_owned(),
        };
        if !app.serves(&tenant_id) {
            let reason = "the tenant has not subscribed to the app";
            return Err(Refusal::code("47006").because(reason));
        }
        let mut caller = Caller {
            client_id: app.client_id.clone(),
            tenant_id,
            user_id: None,
        };
        if old && text("type") == "u" {
            let code = self.redeem(text("code"), now_s).map_err(free_login_code)?;
            caller.user_id = Some(code.user_id.clone());
        }
        let (token, lifetime) = self.issue(caller, now_s);
        Ok(success(
            json!({ "access_token": token, "expires_in": lifetime }),
        ))
    }

    /// Answers `get_user_id_by_code`.
    pub(super) fn user_by_code(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let caller = self.caller(call)?;
        let owner = self.app(&caller.client_id).map(|app| app.tenant_id.clone());
        if owner.as_ref() != Some(&caller.tenant_id) {
            let reason = "the token has to be the one of the app's owner";
            return Err(Refusal::code("41500").because(reason));
        }
        let code = call.query("code").unwrap_or_default();
        let code = self
            .redeem(code, unix_s(call.now))
            .map_err(free_login_code)?;
        let (user_id, tenant_id) = (&code.user_id, &code.caller.tenant_id);
        Ok(success(json!({ "userId": user_id, "tenantId": tenant_id })))
    }

    /// Answers `get_js_ticket`.
    pub(super) fn js_ticket(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.caller(call)?;
        let ticket = format!("{}{}", fresh_id(), fresh_id())
            .replace('-', "")
            .to_uppercase();
        self.js_tickets.push(ticket.clone());
        Ok(success(json!({ "jstickets": ticket })))
    }
}

/// The codes for a client id and secret that prove nothing.
pub(super) struct ProofCodes {
    pub locked: &'static str,
    pub wrong: &'static str,
}

const TICKETS: ProofCodes = ProofCodes {
    locked: "41403",
    wrong: "411007",
};

const OLD_TICKETS: ProofCodes = ProofCodes {
    locked: "41403",
    wrong: "41502",
};

fn free_login_code(flaw: BadCode) -> Refusal {
    let (code, reason) = match flaw {
        BadCode::Expired => ("41503", "the code has expired"),
        BadCode::Unknown => (
            "41501",
            "nobody issued this code, or it was not percent-encoded",
        ),
        BadCode::Used => ("41504", "the code was used before"),
    };
    Refusal::code(code).because(reason)
}

/// A success with these members.
pub(super) fn success(mut members: Value) -> Answer {
    members["code"] = json!("0");
    members["message"] = json!("ok");
    Answer::json(&members).with_code("0")
}

/// A fresh id in the form of a UUID.
pub(super) fn fresh_id() -> String {
    let hex = format!("{:032x}", fastrand::u128(..));
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

/// How many wrong secrets in a row lock an app; the platform does not tell its number.
const MOST_FAILURES: u32 = 5;

/// How long an app is locked, in seconds.
const LOCKED_FOR_S: i64 = 900;

/// Above this many tokens those that expired are forgotten.
const MOST_TOKENS: usize = 10_000;
