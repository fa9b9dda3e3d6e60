//! ID tokens: made, and checked on request.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;
use crate::platforms::jws::{self, Algorithm};

use super::authorize::ISSUER;
use super::keys::{self, Purpose};
use super::sign_ins::SignIn;
use super::{State, refused};

impl State {
    /// The ID token of a sign-in, if its scopes hold openid.
    pub(super) fn id_token(
        &self,
        sign_in: &SignIn,
        access_token: &str,
        algorithm: Algorithm,
        nonce: Option<&str>,
        now: SystemTime,
    ) -> Option<String> {
        let has = |scope: &str| sign_in.scopes.iter().any(|known| known == scope);
        if !has("openid") {
            return None;
        }
        let app = self.accounts.app(&sign_in.client_id)?;
        let user = self.accounts.user(&sign_in.user)?;
        let now_s = unix_s(now);
        let hash = digest(&SHA256, access_token.as_bytes());
        let mut claims = json!({
            "at_hash": URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]),
            "aud": app.client_id,
            "azp": app.client_id,
            "sub": app.union_id(&user.id),
            "openid": app.open_id(&user.id),
            "iss": ISSUER,
            "exp": now_s + LIFETIME_S,
            "iat": now_s,
        });
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                claims[name] = Value::from(value);
            }
        };
        put("nonce", nonce);
        if has("profile") || has("https://www.huawei.com/auth/account/base.profile") {
            put("display_name", Some(&user.display_name()));
            put("nickname", user.nickname.as_deref());
            put("picture", user.picture.as_deref());
        }
        if has("quickLoginAnonymousPhone") {
            let masked = user.phone.as_ref().map(|_| user.masked_account());
            put("anonymized_login_mobile_number", masked.as_deref());
        }
        if has("email") && user.email.is_some() {
            put("email", user.email.as_deref());
            claims["email_verified"] = Value::Bool(true);
        }
        let (kid, key) = keys::today(Purpose::IdToken, now_s);
        Some(key.sign(algorithm, &kid, &claims))
    }
}

/// The algorithm that a request asks for; RS256 when it asks for none.
pub(super) fn algorithm(body: &Value) -> Algorithm {
    let named = body["supportAlg"].as_str().and_then(Algorithm::named);
    named.unwrap_or(Algorithm::Rs256)
}

/// Checks an ID token for a caller, and answers its header and claims in one object.
pub(super) fn verify(call: &Call<'_>) -> Result<Answer, Refusal> {
    let token = call.body()["id_token"].as_str().unwrap_or_default();
    let now_s = unix_s(call.now);
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = *parts else {
        return Err(refused(
            "oauth:1203/150021",
            "parse id_token error",
            "not three parts",
        ));
    };
    let read = |part: &str| -> Option<Value> {
        let value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
        Value::is_object(&value).then_some(value)
    };
    let header = read(header)
        .ok_or_else(|| refused("oauth:1203/100305", "parse header error", "the header"))?;
    let claims = read(claims)
        .ok_or_else(|| refused("oauth:1203/100306", "parse payload error", "the payload"))?;
    if URL_SAFE_NO_PAD.decode(signature).is_err() {
        return Err(refused(
            "oauth:1203/150023",
            "parse signature error",
            "the signature",
        ));
    }
    let algorithm = header["alg"].as_str().and_then(Algorithm::named);
    let algorithm = algorithm.ok_or_else(|| {
        refused(
            "oauth:1500/15003",
            "invalid id_token",
            "neither RS256 nor PS256",
        )
    })?;
    let kid = header["kid"].as_str().unwrap_or_default();
    let key = keys::named(Purpose::IdToken, kid, now_s).ok_or_else(|| {
        refused(
            "oauth:1400/14004",
            "jwk not found error",
            "no key has this kid",
        )
    })?;
    let sound = jws::parse(token).is_some_and(|it| it.is_signed_by(&key.public(), algorithm));
    if !sound {
        let reason = "the signature does not verify";
        return Err(refused("oauth:1500/15004", "invalid signature", reason));
    }
    if claims["iss"] != ISSUER {
        return Err(refused(
            "oauth:1500/15005",
            "invalid issuer",
            "another issuer",
        ));
    }
    if claims["exp"].as_i64().is_none_or(|exp| exp <= now_s) {
        return Err(refused(
            "oauth:1500/15006",
            "id_token expired",
            "it has expired",
        ));
    }
    let mut flat = claims;
    for name in ["typ", "alg", "kid"] {
        flat[name] = header[name].clone();
    }
    Ok(Answer::json(&flat))
}

/// How long an ID token is good, in seconds.
const LIFETIME_S: i64 = 3600;
