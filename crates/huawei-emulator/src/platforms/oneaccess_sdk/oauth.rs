//! The sign-in on the hosted page: OAuth 2.0 and OpenID Connect.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::consent::{self, Account, Brand, Decision, Page, Phrase, Place};
use crate::platforms::Call;
use crate::platforms::security::bearer;

use super::State;
use super::applications::Application;
use super::ids::{ok, random_text, text};
use super::keys;

/// Codes and tokens of signed-in users.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, Token>,
    refresh_tokens: HashMap<String, Token>,
}

#[derive(Clone, Debug)]
struct Code {
    client_id: String,
    person_id: String,
    redirect_uri: Option<String>,
    scope: String,
    nonce: Option<String>,
    challenge: Option<String>,
    expires_s: i64,
}

#[derive(Clone, Debug)]
struct Token {
    client_id: String,
    person_id: String,
    scope: String,
    expires_s: i64,
}

impl Grants {
    /// Ends every sign-in of a person.
    pub(super) fn end_all(&mut self) {
        *self = Self::default();
    }
}

impl State {
    /// Asks which person of the directory signs in to an application, which gets to know this of
    /// them.
    pub(super) fn ask(
        &self,
        call: &Call<'_>,
        application: &Application,
        permission: Phrase,
        returns_to: &str,
    ) -> Decision {
        let people = self.directory.people.iter().filter(|it| !it.disabled);
        let users = people.map(|it| Account {
            id: &it.user_name,
            name: it.attribute("name").unwrap_or(&it.user_name),
            detail: it.user_name.clone(),
        });
        let page = Page {
            brand: BRAND,
            app: &application.name,
            question: None,
            code: None,
            users: users.collect(),
            permissions: vec![permission],
            returns_to: Some(returns_to),
        };
        page.decide(call)
    }

    pub(super) fn authorize(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let client_id = call.query("client_id").unwrap_or_default();
        let Some(application) = self.applications.by_client(client_id) else {
            return Err(Refusal::code("oauth:invalid_client").because("there is no such client"));
        };
        let registered = application.callbacks.first().cloned();
        let redirect_uri = call.query("redirect_uri").map(str::to_owned);
        let Some(address) = redirect_uri.clone().or(registered) else {
            return Ok(consent::notice(call, BRAND, NO_WAY_BACK, NO_WAY_BACK_TEXT));
        };
        if !application.returns_to(&address) {
            return Ok(consent::notice(call, BRAND, NO_WAY_BACK, NO_WAY_BACK_TEXT));
        }
        let state = call.query("state").map(|state| ("state", state));
        let back = |error: &str, description: &str| {
            let pairs = [("error", error), ("error_description", description)];
            consent::redirect(&address, Place::Query, pairs.into_iter().chain(state))
        };
        if call.query("response_type") != Some("code") {
            let reason = "the implicit flow is off for this application";
            return Ok(back("unsupported_response_type", reason));
        }
        let user_name = match self.ask(call, application, IDENTITY, &address) {
            Decision::Accepted(user_name) => user_name,
            Decision::Asked(page) => return Ok(page),
            Decision::Refused => return Ok(back("access_denied", "the user refused")),
        };
        let person = self.directory.by_name(&user_name);
        let person = person.ok_or_else(|| Refusal::code("USER.0001"))?;
        let code = random_text(40);
        let grant = Code {
            client_id: client_id.to_owned(),
            person_id: person.id.clone(),
            redirect_uri,
            scope: call.query("scope").unwrap_or("get_user_info").to_owned(),
            nonce: call.query("nonce").map(str::to_owned),
            challenge: call.query("code_challenge").map(str::to_owned),
            expires_s: unix_s(call.now) + CODE_S,
        };
        self.grants.codes.insert(code.clone(), grant);
        let pairs = [("code", &*code)].into_iter().chain(state);
        Ok(consent::redirect(&address, Place::Query, pairs))
    }

    pub(super) fn exchange_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application = self.applications.proven(call)?.clone();
        let body = call.body();
        let invalid = |reason: &str| Refusal::code("oauth:invalid_grant").because(reason);
        let (token, nonce) = match text(body, "grant_type") {
            "authorization_code" => {
                // The platform blames the client for a wrong code, in so many words.
                let code = self.grants.codes.remove(text(body, "code"));
                let code = code.filter(|it| it.expires_s > unix_s(call.now));
                let code = code.filter(|it| it.client_id == application.client_id);
                let code = code.ok_or_else(|| {
                    Refusal::code("oauth:invalid_client").because("Invalid authorization code")
                })?;
                let stated = body["redirect_uri"].as_str();
                let openid = code.scope.split(' ').any(|scope| scope == "openid");
                let same = stated == code.redirect_uri.as_deref();
                let left_out = openid && stated.is_none();
                if !same && !left_out {
                    return Err(invalid("the redirect_uri is not that of the code"));
                }
                if let Some(challenge) = &code.challenge {
                    let verifier = text(body, "code_verifier");
                    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
                    if URL_SAFE_NO_PAD.encode(hash) != *challenge {
                        return Err(invalid("the code_verifier is not that of the code"));
                    }
                }
                let token = Token {
                    client_id: code.client_id,
                    person_id: code.person_id,
                    scope: code.scope,
                    expires_s: 0,
                };
                (token, code.nonce)
            }
            "refresh_token" => {
                let shown = text(body, "refresh_token");
                let token = self.grants.refresh_tokens.remove(shown);
                let token = token.filter(|it| it.expires_s > unix_s(call.now));
                let token = token.filter(|it| it.client_id == application.client_id);
                (token.ok_or_else(|| invalid("Invalid refresh token"))?, None)
            }
            _ => return Err(Refusal::code("oauth:unsupported_grant_type")),
        };
        let now = unix_s(call.now);
        let person = self.directory.person(&token.person_id);
        let person = person.ok_or_else(|| invalid("the user is gone"))?;
        let access_token = random_text(40);
        let mut answer = json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_S,
            "scope": token.scope,
        });
        if token.scope.split(' ').any(|scope| scope == "openid") {
            let mut claims = json!({
                "iss": issuer(call),
                "sub": person.id,
                "aud": application.client_id,
                "iat": now,
                "exp": now + TOKEN_S,
                "name": person.attribute("name"),
                "preferred_username": person.user_name,
            });
            if let Some(nonce) = nonce {
                claims["nonce"] = nonce.into();
            }
            answer["id_token"] = keys::sign(&claims).into();
        }
        let alive = |lifetime| Token {
            expires_s: now + lifetime,
            ..token.clone()
        };
        if application.refresh_token_s > 0 {
            let refresh_token = random_text(40);
            answer["refresh_token"] = refresh_token.as_str().into();
            let kept = alive(application.refresh_token_s);
            self.grants.refresh_tokens.insert(refresh_token, kept);
        }
        let kept = alive(TOKEN_S);
        self.grants.access_tokens.insert(access_token, kept);
        Ok(ok(call, &answer))
    }

    pub(super) fn get_user_info(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let unknown = || {
            let text = "Full authentication is required to access this resource";
            Refusal::code("oauth:unauthorized").because(text)
        };
        let token = bearer(call).and_then(|token| self.grants.access_tokens.get(token));
        let token = token.filter(|token| token.expires_s > unix_s(call.now));
        let token = token.ok_or_else(unknown)?;
        let person = self
            .directory
            .person(&token.person_id)
            .ok_or_else(unknown)?;
        let mut user = person.as_identity();
        let organization = person.org_id.as_deref();
        if let Some(found) = organization.and_then(|id| self.directory.organization(id)) {
            user["organizationCode"] = found.code.as_str().into();
            user["organizationName"] = found.name.as_str().into();
        }
        Ok(ok(call, &user))
    }

    pub(super) fn introspect_token(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application = self.applications.proven(call)?;
        let shown = text(call.body(), "token");
        let grants = &self.grants;
        let access = grants.access_tokens.get(shown);
        let token = access.or_else(|| grants.refresh_tokens.get(shown));
        let token = token.filter(|it| it.expires_s > unix_s(call.now));
        let token = token.filter(|it| it.client_id == application.client_id);
        Ok(ok(
            call,
            &token.map_or_else(
                || json!({ "active": false }),
                |token| {
                    json!({
                        "active": true,
                        "client_id": token.client_id,
                        "scope": token.scope,
                        "sub": token.person_id,
                        "exp": token.expires_s,
                    })
                },
            ),
        ))
    }
}

/// The discovery document.
pub(super) fn configuration(call: &Call<'_>) -> Answer {
    let (base, issuer) = (call.base, issuer(call));
    // No path of the document serves the keys: the control API does.
    let (root, _) = base.rsplit_once("/oneaccess-sdk").unwrap_or((base, ""));
    ok(
        call,
        &json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "introspection_endpoint": format!("{issuer}/introspect"),
            "end_session_endpoint": format!("{base}/api/v1/logout"),
            "jwks_uri": format!("{root}/_emulator/oneaccess-sdk/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "get_user_info"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic", "client_secret_post",
            ],
        }),
    )
}

fn issuer(call: &Call<'_>) -> String {
    format!("{}/api/v1/oauth2", call.base)
}

/// How the platform shows itself on its page.
pub(super) const BRAND: Brand = Brand {
    name: "OneAccess",
    colour: "#0a59f7",
};

/// How long a code lives, in seconds.
const CODE_S: i64 = 300;

/// How long an access token lives, in seconds.
const TOKEN_S: i64 = 1800;

const NO_WAY_BACK: Phrase = Phrase {
    en: "The application cannot be returned to",
    zh: "回调地址不正确",
};
const NO_WAY_BACK_TEXT: Phrase = Phrase {
    en: "Its redirect_uri is missing, or is none of those in the portal.",
    zh: "redirect_uri 缺失或与应用配置不一致。",
};

/// What an application gets to know by OAuth and SAML.
pub(super) const IDENTITY: Phrase = Phrase {
    en: "Who you are in your company: name, number and e-mail address",
    zh: "您在企业内的身份信息（姓名、手机号、邮箱）",
};
