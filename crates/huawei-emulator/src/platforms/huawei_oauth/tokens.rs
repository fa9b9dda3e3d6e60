//! The token endpoint with its four grants, and what can be asked and done about tokens.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::accounts::{App, words};
use super::codes::{self, Code};
use super::sign_ins::{SignIn, Worthless};
use super::{State, id_token, refused};

impl State {
    /// Issues tokens for one of the four grants.
    pub(super) fn create_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let grant = body["grant_type"].as_str().unwrap_or_default();
        let app = self.client(body, grant)?;
        match grant {
            "authorization_code" => self.exchange_code(call, &app),
            "refresh_token" => {
                let token = body["refresh_token"].as_str().unwrap_or_default();
                let tokens = self.refreshed(call, token, &app, body["scope"].as_str())?;
                Ok(Answer::json(&tokens))
            }
            "device_code" => self.poll_device(call, &app),
            _ => {
                let now_s = unix_s(call.now);
                let token = self.sign_ins.app_access(&app.client_id, now_s);
                Ok(Answer::json(&json!({
                    "access_token": token,
                    "expires_in": self.sign_ins.access_lifetime_s,
                    "token_type": "Bearer",
                })))
            }
        }
    }

    /// The app whose id and secret a form holds.
    fn client(&self, body: &Value, grant: &str) -> Result<App, Refusal> {
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let app = self.accounts.app(text("client_id")).ok_or_else(|| {
            refused(
                "oauth:1203/12303",
                "client not exist",
                "nobody has this client_id",
            )
        })?;
        if app.client_secret != text("client_secret") {
            // The documents show the same sub_error under both.
            let code = match grant {
                "client_credentials" => "oauth:1101/12304",
                _ => "oauth:1203/12304",
            };
            let reason = "the client_secret is wrong, or was not percent-encoded";
            return Err(refused(code, "invalid client_secret", reason));
        }
        Ok(app.clone())
    }

    fn exchange_code(&mut self, call: &Call<'_>, app: &App) -> Result<Answer, Refusal> {
        let body = call.body();
        let text = body["code"].as_str().unwrap_or_default();
        let code = self
            .codes
            .look(text, &app.client_id, unix_s(call.now))
            .map_err(of_code)?;
        if code.redirect_uri.is_some()
            && code.redirect_uri.as_deref() != body["redirect_uri"].as_str()
        {
            let reason = "redirect_uri is not the one that the code was issued for";
            return Err(refused("oauth:1101/20024", "redirect_uri mismatch", reason));
        }
        if let Some(challenge) = &code.challenge
            && !challenge.is_met_by(body["code_verifier"].as_str().unwrap_or_default())
        {
            let reason = "code_verifier is missing or does not fit the code_challenge";
            return Err(refused("oauth:1101/20159", "invalid code_verifier", reason));
        }
        let group_union_id = match body["need_group_union_id"] == true {
            true => Some(app.group_union_id(&code.user).ok_or_else(|| {
                let reason = "the developer of the app is in no account group";
                refused("oauth:1203/100502", "not in account group", reason)
            })?),
            false => None,
        };
        let mut tokens = self.signed_in(call, app, text, &code);
        if let Some(id) = group_union_id {
            tokens["group_union_id"] = Value::from(id);
        }
        Ok(Answer::json(&tokens))
    }

    /// Spends a code and issues what it stands for.
    pub(super) fn signed_in(
        &mut self,
        call: &Call<'_>,
        app: &App,
        text: &str,
        code: &Code,
    ) -> Value {
        self.codes.spend(text);
        let scopes = code.scopes.clone();
        let now_s = unix_s(call.now);
        let sign_in = self
            .sign_ins
            .begin(&app.client_id, &code.user, scopes, code.offline, now_s);
        self.tokens(call, &sign_in, &sign_in.scopes, code.nonce.as_deref(), true)
    }

    /// Issues an access token of a sign-in and says so.
    pub(super) fn tokens(
        &mut self,
        call: &Call<'_>,
        sign_in: &SignIn,
        scopes: &[String],
        nonce: Option<&str>,
        first: bool,
    ) -> Value {
        let access_token = self.sign_ins.access(sign_in, scopes, unix_s(call.now));
        let algorithm = id_token::algorithm(call.body());
        let mut narrowed = sign_in.clone();
        narrowed.scopes = scopes.to_vec();
        let id_token = self.id_token(&narrowed, &access_token, algorithm, nonce, call.now);
        let mut tokens = json!({
            "access_token": access_token,
            "expires_in": self.sign_ins.access_lifetime_s,
            "token_type": "Bearer",
        });
        if !scopes.is_empty() {
            tokens["scope"] = Value::from(scopes.join(" "));
        }
        if let Some(id_token) = id_token {
            tokens["id_token"] = Value::from(id_token);
        }
        if let Some(refresh_token) = sign_in.refresh_token.as_ref().filter(|_| first) {
            tokens["refresh_token"] = Value::from(&**refresh_token);
        }
        tokens
    }

    /// A new access token for a refresh token, which is not rotated.
    pub(super) fn refreshed(
        &mut self,
        call: &Call<'_>,
        token: &str,
        app: &App,
        narrower: Option<&str>,
    ) -> Result<Value, Refusal> {
        let sign_in = self
            .sign_ins
            .look_refresh(token, unix_s(call.now))
            .map_err(of_token)?
            .clone();
        if sign_in.client_id != app.client_id {
            let reason = "the refresh token is of another client";
            return Err(refused("oauth:1101/20154", "client_id mismatch", reason));
        }
        let scopes = match narrower.map(words) {
            Some(scopes) if !scopes.is_empty() => scopes,
            _ => sign_in.scopes.clone(),
        };
        if !scopes.iter().all(|scope| sign_in.scopes.contains(scope)) {
            let reason = "a scope is not one of the refresh token";
            return Err(refused("oauth:1101/20042", "invalid scope", reason));
        }
        Ok(self.tokens(call, &sign_in, &scopes, None, false))
    }

    /// Revokes the sign-in of an access or refresh token.
    pub(super) fn revoke(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let token = call.body()["token"].as_str().unwrap_or_default();
        if !token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
        {
            let reason = "the token has other characters than Base64, or was not percent-encoded";
            return Err(refused("oauth:1101/20222", "invalid token", reason));
        }
        match self.sign_ins.revoke(token, unix_s(call.now)) {
            Ok(()) => Ok(Answer::json(&json!({}))),
            Err(Worthless::Unknown) => {
                let reason = "nobody issued this token to a user";
                Err(refused("oauth:1203/17009", "invalid token", reason))
            }
            Err(worthless) => Err(of_token(worthless)),
        }
    }

    /// Says what an access token stands for.
    pub(super) fn token_info(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let token = body["access_token"].as_str().unwrap_or_default();
        let now_s = unix_s(call.now);
        let good = self.sign_ins.look(token, now_s).map_err(of_rest)?;
        let app = self.accounts.app(&good.client_id);
        let mut info = json!({
            "client_id": good.client_id,
            "expire_in": good.expires_s - now_s,
            "project_id": app.map(|app| &app.project_id),
            "type": i32::from(good.user.is_none()),
        });
        if let Some((user, app)) = good.user.as_ref().zip(app) {
            info["union_id"] = Value::from(app.union_id(user));
            if body["open_id"] == "OPENID" {
                info["open_id"] = Value::from(app.open_id(user));
            }
            if !good.scopes.is_empty() {
                info["scope"] = Value::from(good.scopes.join(" "));
            }
        }
        Ok(Answer::text("text/plain;charset=utf-8", info.to_string()))
    }
}

/// What the token endpoint says to a code that is worth nothing.
pub(super) fn of_code(worthless: codes::Worthless) -> Refusal {
    use codes::Worthless;
    match worthless {
        Worthless::Unknown => refused(
            "oauth:1103/20153",
            "invalid code",
            "nobody issued this code",
        ),
        Worthless::OtherClient => refused(
            "oauth:1101/20154",
            "client_id mismatch",
            "the code is of another client",
        ),
        Worthless::Expired => refused(
            "oauth:1101/20155",
            "code expired",
            "the code is over five minutes old",
        ),
        Worthless::Used => refused("oauth:1101/20156", "code used", "the code was used before"),
        Worthless::Void => refused(
            "oauth:1101/20158",
            "code invalidated",
            "the user withdrew the consent or changed the password",
        ),
    }
}

/// What the `/oauth2` calls say to a token that is worth nothing.
fn of_token(worthless: Worthless) -> Refusal {
    match worthless {
        Worthless::Expired => refused("oauth:1203/11205", "token expired", "it has expired"),
        Worthless::Revoked => refused("oauth:1203/31204", "token revoked", "it was revoked"),
        Worthless::Unknown => refused(
            "oauth:1203/31202",
            "parse token error",
            "nobody issued this token",
        ),
    }
}

/// What the `rest.php` calls about tokens say to one that is worth nothing.
pub(super) fn of_rest(worthless: Worthless) -> Refusal {
    match worthless {
        Worthless::Expired => refused("nsp:6", "session timeout", "the token has expired"),
        Worthless::Revoked => refused("nsp:31204", "token revoked", "the token was revoked"),
        Worthless::Unknown => refused(
            "nsp:102",
            "invalid session",
            "nobody issued this token, or it was not percent-encoded",
        ),
    }
}
