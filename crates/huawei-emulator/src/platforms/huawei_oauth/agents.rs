//! Tokens for service providers that act for a merchant, proven by a signed assertion instead of a
//! client secret.

use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;
use crate::platforms::jws::{self, Algorithm};

use super::accounts::App;
use super::tokens::of_code;
use super::{State, refused};

impl State {
    /// An app-level token of the merchant.
    pub(super) fn agent_client_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let app = self.merchant(call)?;
        let token = self.sign_ins.app_access(&app.client_id, unix_s(call.now));
        Ok(Answer::json(&json!({
            "access_token": token,
            "expires_in": self.sign_ins.access_lifetime_s,
            "token_type": "Bearer",
        })))
    }

    /// User tokens for a code of the merchant's app.
    pub(super) fn agent_access_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let app = self.merchant(call)?;
        let text = call.body()["code"].as_str().unwrap_or_default();
        let code = self
            .codes
            .look(text, &app.client_id, unix_s(call.now))
            .map_err(of_code)?;
        Ok(Answer::json(&self.signed_in(call, &app, text, &code)))
    }

    /// A new access token for a refresh token of the merchant's app.
    pub(super) fn refresh_agent_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let app = self.merchant(call)?;
        let token = call.body()["refresh_token"].as_str().unwrap_or_default();
        Ok(Answer::json(&self.refreshed(call, token, &app, None)?))
    }

    /// The app of the merchant that an agent may act for. The documents give no codes for this; the
    /// one of the token endpoint for a wrong secret is used.
    fn merchant(&self, call: &Call<'_>) -> Result<App, Refusal> {
        let merchant = call.header("x-client-id").unwrap_or_default();
        let agent = call.header("x-agent-client-id").unwrap_or_default();
        let no = |reason: &str| refused("oauth:1203/12304", "invalid client_assertion", reason);
        let app = self.accounts.app(merchant).ok_or_else(|| {
            refused(
                "oauth:1203/12303",
                "client not exist",
                "nobody has this x-client-id",
            )
        })?;
        let assertion = call.body()["client_assertion"].as_str().unwrap_or_default();
        let jwt = jws::parse(assertion).ok_or_else(|| no("client_assertion is not a JWT"))?;
        if jwt.header["alg"] != "PS256" {
            return Err(no("the assertion is not signed with PS256"));
        }
        let mut agents = self.accounts.agents.iter();
        let known = agents
            .find(|known| jwt.header["kid"] == *known.source.key_id)
            .ok_or_else(|| no("no service account has the kid of the assertion"))?;
        if !jwt.is_signed_by(&known.key, Algorithm::Ps256) {
            return Err(no("the signature of the assertion does not verify"));
        }
        let claims = &jwt.claims;
        if claims["iss"] != agent || known.source.sub_account != agent {
            return Err(no(
                "iss is not the agent of the key and of x-agent-client-id",
            ));
        }
        if claims["sub"] != merchant {
            return Err(no("sub is not the merchant of x-client-id"));
        }
        if claims["aud"] != AUDIENCE {
            return Err(no("aud is not the agent token address"));
        }
        let now_s = unix_s(call.now);
        let (Some(iat), Some(exp)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
            return Err(no("iat or exp is missing, or not in Unix seconds"));
        };
        if exp <= now_s || exp - iat > LONGEST_LIFE_S || iat > now_s + LEEWAY_S {
            return Err(no(
                "the assertion has expired, lives for over an hour or is from the future",
            ));
        }
        if !known.source.merchants.iter().any(|known| known == merchant) {
            return Err(no("the agent may not act for this merchant"));
        }
        Ok(app.clone())
    }
}

const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/agent/token";

/// The longest life of an assertion, in seconds.
const LONGEST_LIFE_S: i64 = 3600;

/// How far the clock of an agent may be ahead, in seconds.
const LEEWAY_S: i64 = 300;
