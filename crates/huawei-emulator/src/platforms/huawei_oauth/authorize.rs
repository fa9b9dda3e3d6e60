//! The consent page of a website's sign-in, and the discovery document that leads to it.

use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::consent::{self, Account, Brand, Decision, Page, Phrase, Place};
use crate::platforms::Call;

use super::accounts::{Accounts, App};
use super::codes::{Challenge, Code};
use super::{State, refused};

impl State {
    /// Asks for consent, and sends the browser back with a code or with the refusal.
    pub(super) fn authorize(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let query = |name: &str| call.query(name).unwrap_or_default();
        let app = self.accounts.app(query("client_id")).ok_or_else(|| {
            refused(
                "oauth:1101/20003",
                "invalid client_id",
                "nobody has this client_id",
            )
        })?;
        let address = query("redirect_uri");
        check_address(app, address)?;
        let scopes = app.grant(query("scope"))?;
        if !scopes.iter().any(|scope| scope == "openid") {
            let reason = "the scopes of a website's sign-in have to hold openid";
            return Err(refused("oauth:1101/20042", "invalid scope", reason));
        }
        let challenge = challenge(call)?;
        let users = accounts(&self.accounts);
        let page = Page {
            brand: BRAND,
            app: &app.name,
            question: None,
            code: None,
            users,
            permissions: permissions(&scopes),
            returns_to: Some(address),
        };
        match page.decide(call) {
            Decision::Accepted(user) => {
                let code = self.codes.issue(Code {
                    client_id: app.client_id.clone(),
                    user,
                    scopes,
                    redirect_uri: Some(address.to_owned()),
                    nonce: call.query("nonce").map(str::to_owned),
                    challenge,
                    offline: call.query("access_type") == Some("offline"),
                    issued_s: unix_s(call.now),
                });
                let state = call.query("state").map(|state| ("state", state));
                let pairs = [("code", &*code)].into_iter().chain(state);
                Ok(consent::redirect(address, Place::Query, pairs))
            }
            Decision::Asked(page) => Ok(page),
            Decision::Refused => {
                // In the fragment, and without the state: no server gets to see it.
                let denied = [("error", "1107"), ("error_description", "access denied")];
                Ok(consent::redirect(address, Place::Fragment, denied))
            }
        }
    }
}

fn check_address(app: &App, address: &str) -> Result<(), Refusal> {
    if address == IN_AN_APP || app.returns_to(address) {
        return Ok(());
    }
    let reason = "the redirect_uri is not registered for the client";
    Err(match app.redirect_uris.is_empty() {
        true => refused("oauth:1101/22023", "invalid redirect_uri", reason),
        false => refused("oauth:1101/20023", "redirect_uri mismatch", reason),
    })
}

fn challenge(call: &Call<'_>) -> Result<Option<Challenge>, Refusal> {
    let Some(challenge) = call.query("code_challenge") else {
        return Ok(None);
    };
    let of_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if !challenge.bytes().all(of_base64url) {
        let reason = "code_challenge is not base64url";
        return Err(refused(
            "oauth:1101/20074",
            "invalid code_challenge",
            reason,
        ));
    }
    let challenge = challenge.to_owned();
    Ok(Some(match call.query("code_challenge_method") {
        Some("S256") => Challenge::S256(challenge),
        _ => Challenge::Plain(challenge),
    }))
}

/// The users, for a page.
pub(super) fn accounts(accounts: &Accounts) -> Vec<Account<'_>> {
    let users = accounts.users.iter();
    users
        .map(|user| Account {
            id: &user.id,
            name: user.nickname.as_deref().unwrap_or(&user.id),
            detail: user.masked_account(),
        })
        .collect()
}

/// What a page says about scopes.
pub(super) fn permissions(scopes: &[String]) -> Vec<Phrase> {
    let known = |scope: &String| {
        let (en, zh) = match &**scope {
            "openid" => ("Your ids for this app", "您在此应用中的身份标识"),
            "profile" | "https://www.huawei.com/auth/account/base.profile" => {
                ("Your nickname and picture", "您的昵称和头像")
            }
            "email" => ("Your e-mail address", "您的邮箱地址"),
            "phone" | "https://www.huawei.com/auth/account/mobile.number" => {
                ("A phone number of yours", "您的手机号")
            }
            "quickLoginAnonymousPhone" => ("Your phone number, masked", "您绑定的手机号（脱敏）"),
            "quickLoginMobilePhone" => (
                "The phone number that is bound to your account",
                "您华为帐号绑定的手机号",
            ),
            "riskLevel" => ("The risk level of your account", "您帐号的风险等级"),
            "realNameAgeRange" => ("Your age range", "您的实名年龄段"),
            "https://www.huawei.com/auth/account/country" => {
                ("The country of your account", "您帐号的国家/地区")
            }
            _ => ("Other data that the app named", "应用声明的其他数据"),
        };
        Phrase { en, zh }
    };
    let mut phrases: Vec<Phrase> = Vec::new();
    for phrase in scopes.iter().map(known) {
        if !phrases.iter().any(|it| it.en == phrase.en) {
            phrases.push(phrase);
        }
    }
    phrases
}

/// The discovery document. Its issuer is another host than the one that serves it.
pub(super) fn configuration(call: &Call<'_>) -> Answer {
    let base = call.base;
    Answer::json(&json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{base}/oauth2/v3/authorize"),
        "token_endpoint": format!("{base}/oauth2/v3/token"),
        "revocation_endpoint": format!("{base}/oauth2/v3/revoke"),
        "jwks_uri": format!("{base}/oauth2/v3/certs"),
        "response_modes_supported": ["form_post"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "PS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "claims_supported": [
            "aud", "email", "email_verified", "exp", "iat", "iss", "picture", "sub",
            "display_name", "nickname",
        ],
        "code_challenge_methods_supported": ["S256"],
    }))
}

/// How HUAWEI ID shows itself on a page.
pub(super) const BRAND: Brand = Brand {
    name: "HUAWEI ID",
    colour: "#c7000b",
};

/// The issuer of ID tokens.
pub(super) const ISSUER: &str = "https://accounts.huawei.com";

/// The address of apps that have no server.
const IN_AN_APP: &str = "hms://redirect_url";
