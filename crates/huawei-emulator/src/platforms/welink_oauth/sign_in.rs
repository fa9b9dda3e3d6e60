//! Signing users in to a back end: the consent page, codes, tokens of users, administrators.

use http::StatusCode;
use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::consent::{Account, Brand, Decision, Page, Phrase, Place, notice, redirect};
use crate::platforms::Call;

use super::State;
use super::apps::{BadCode, Caller, ProofCodes, success};

impl State {
    /// The consent page, and the way back from it.
    pub(super) fn authorize(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let query = |name: &str| call.query(name).unwrap_or_default();
        let address = query("redirect_uri");
        let Some(app) = self.apps.app(query("client_id")) else {
            return Ok(refused_page(call, NO_APP));
        };
        let registered = app.redirect_uri.is_empty() || same_place(&app.redirect_uri, address);
        // Who comes with another address is not sent there.
        if !registered || address.contains('?') {
            return Ok(refused_page(call, NO_ADDRESS));
        }
        let caller = Caller {
            client_id: app.client_id.clone(),
            tenant_id: app.tenant_id.clone(),
            user_id: None,
        };
        let directory = self.directories.get(&app.tenant_id);
        let users = directory.map(|directory| directory.users.as_slice());
        let field = |user: &'_ serde_json::Map<String, serde_json::Value>, name: &str| {
            let text = user.get(name).and_then(|value| value.as_str());
            text.unwrap_or_default().to_owned()
        };
        let people: Vec<(String, String)> = users
            .unwrap_or_default()
            .iter()
            .map(|user| (field(user, "userId"), field(user, "userNameEn")))
            .collect();
        let page = Page {
            brand: WELINK,
            app: &app.name,
            question: None,
            code: None,
            users: people
                .iter()
                .map(|(id, name)| Account {
                    id,
                    name,
                    detail: id.clone(),
                })
                .collect(),
            permissions: vec![Phrase {
                en: "Who you are, and whether you administer the app",
                zh: "您的身份，以及您是否为应用管理员",
            }],
            returns_to: Some(address),
        };
        let state = query("state");
        let user = match page.decide(call) {
            Decision::Asked(answer) => return Ok(answer),
            Decision::Refused => {
                // The platform's documents have no number for a person who says no.
                let pairs = [("code", "60008"), ("message", "refused"), ("state", state)];
                return Ok(redirect(address, Place::Query, pairs));
            }
            Decision::Accepted(user) => user,
        };
        let times = (unix_s(call.now), CODE_LIFETIME_S);
        let code = self.apps.code(caller, &user, address, times);
        let pairs = [("code", &*code), ("state", state)];
        let with_state = if state.is_empty() { 1 } else { 2 };
        Ok(redirect(
            address,
            Place::Query,
            pairs.into_iter().take(with_state),
        ))
    }

    /// The way back of a scan login: the code of the widget becomes one that an app exchanges.
    pub(super) fn authorize_scan_login(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let query = |name: &str| call.query(name).unwrap_or_default();
        let address = query("redirect_uri");
        if self.apps.app(query("client_id")).is_none() {
            return Ok(refused_page(call, NO_APP));
        }
        let now_s = unix_s(call.now);
        let Ok(scanned) = self.apps.redeem(query("code"), now_s) else {
            return Ok(refused_page(call, NO_SCAN));
        };
        let (caller, user) = (scanned.caller.clone(), scanned.user_id.clone());
        let times = (now_s, FREE_LOGIN_LIFETIME_S);
        let code = self.apps.code(caller, &user, address, times);
        let pairs = [("code", &*code), ("state", query("state"))];
        Ok(redirect(address, Place::Query, pairs))
    }

    /// The exchange of a code for the token of a user.
    pub(super) fn create_oauth_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let query = |name: &str| call.query(name).unwrap_or_default();
        let now_s = unix_s(call.now);
        let app = self
            .apps
            .prove(query("client_id"), query("client_secret"), now_s, &OAUTH)?;
        let client_id = app.client_id.clone();
        let code = self
            .apps
            .redeem(query("code"), now_s)
            .map_err(|flaw| match flaw {
                BadCode::Expired => Refusal::code("60007").because("the code has expired"),
                BadCode::Unknown => Refusal::code("60008").because("nobody issued this code"),
                BadCode::Used => Refusal::code("60008").because("the code was used before"),
            })?;
        let of_client = code.caller.client_id == client_id;
        if !of_client || !same_place(&code.redirect_uri, query("redirect_uri")) {
            let reason = "the code was issued to another client, or for another redirect_uri";
            return Err(Refusal::code("60008").because(reason));
        }
        let caller = Caller {
            user_id: Some(code.user_id.clone()),
            ..code.caller.clone()
        };
        let (token, lifetime) = self.apps.issue(caller, now_s);
        let mut body = json!({
            "code": "60001",
            "message": "success",
            "token_type": "bearer",
            "expires_in": lifetime.to_string(),
            "access_token": token,
        });
        if let Some(state) = call.query("state") {
            body["state"] = json!(state);
        }
        Ok(Answer::json(&body).with_code("60001"))
    }

    /// Who the token of a user stands for.
    pub(super) fn user_by_token(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let caller = self.apps.caller(call)?;
        Ok(success(json!({
            "userId": caller.user_id.unwrap_or_default(),
            "tenantId": caller.tenant_id,
        })))
    }

    /// Whether a user administers the app.
    pub(super) fn is_app_admin(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let caller = self.apps.caller(call)?;
        let named = call.query("userId").map(str::to_owned);
        let Some(user) = named.or(caller.user_id) else {
            let reason = "the token stands for no user, and none is named";
            return Err(Refusal::code("58002").because(reason));
        };
        let app = self.apps.app(&caller.client_id);
        let roles = app.and_then(|app| app.administrators.get(&user));
        match roles {
            Some(roles) => Ok(success(json!({ "isAdmin": true, "roles": roles }))),
            // A result, not a fault, and without a word on `isAdmin`.
            None => {
                let body = json!({ "code": "58003", "message": "not an administrator" });
                Ok(Answer::json(&body).with_code("58003"))
            }
        }
    }
}

/// Whether two addresses have the same domain, which is all that the platform compares.
fn same_place(left: &str, right: &str) -> bool {
    let domain = |address: &str| {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        rest.split(['/', '?', '#', ':'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    domain(left) == domain(right)
}

fn refused_page(call: &Call<'_>, text: Phrase) -> Answer {
    let title = Phrase {
        en: "This cannot be opened",
        zh: "无法打开",
    };
    notice(call, WELINK, title, text).with_status(StatusCode::NOT_FOUND)
}

const WELINK: Brand = Brand {
    name: "WeLink",
    colour: "#0a59f7",
};

const NO_APP: Phrase = Phrase {
    en: "No app has this client_id.",
    zh: "client_id 不存在。",
};

const NO_ADDRESS: Phrase = Phrase {
    en: "The redirect_uri is not the registered one, holds a query, or was not percent-encoded.",
    zh: "redirect_uri 与注册地址不一致、带有参数或未编码。",
};

const NO_SCAN: Phrase = Phrase {
    en: "The code of the scan is used up or unknown.",
    zh: "扫码登录码无效或已使用。",
};

const OAUTH: ProofCodes = ProofCodes {
    locked: "60009",
    wrong: "60010",
};

/// How long the code of a sign-in lives, in seconds.
const CODE_LIFETIME_S: i64 = 300;

/// How long the code of a free login lives, in seconds.
pub(super) const FREE_LOGIN_LIFETIME_S: i64 = 120;
