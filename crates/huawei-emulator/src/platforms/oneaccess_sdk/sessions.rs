//! Sessions, and what people do who have one: on their device, named by a signature or an id token.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::{date_time, unix_ms, unix_s};
use crate::platforms::Call;
use crate::platforms::security::bearer;

use super::State;
use super::applications::Application;
use super::events::Change;
use super::ids::{done, ok, random_text, text};
use super::keys;
use super::people::Person;

/// The session of a person on a device.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub person_id: String,
    pub client_id: String,
    pub fingerprint: String,
    pub expires_s: i64,
}

/// # Sessions
impl State {
    /// Begins a session: what a login answers.
    pub(super) fn begin_session(
        &mut self,
        call: &Call<'_>,
        application: &Application,
        person_id: &str,
    ) -> Value {
        let lifetime = self.logins.session_lifetime_s;
        let session = Session {
            person_id: person_id.to_owned(),
            client_id: application.client_id.clone(),
            fingerprint: call
                .header("x-device-fingerprint")
                .unwrap_or_default()
                .to_owned(),
            expires_s: unix_s(call.now) + lifetime,
        };
        let token = random_text(40);
        self.logins.sessions.insert(token.clone(), session);
        let mut answer = json!({
            "status": "SUCCESS",
            "session_token": token,
            "expire": lifetime,
        });
        if application.gives_id_tokens
            && let Some(person) = self.directory.person(person_id)
        {
            answer["id_token"] = id_token(person, call.now).into();
        }
        answer
    }

    /// The session behind a token, for a caller that shows the right device.
    pub(super) fn live_session(&self, token: &str, now: SystemTime) -> Result<&Session, Refusal> {
        let session = self.logins.sessions.get(token);
        session
            .filter(|session| session.expires_s > unix_s(now))
            .ok_or_else(|| Refusal::code("SDK.COMMON.1005").because("the session has ended"))
    }

    /// The person whom a call names, and the session token if it does so by a signature.
    fn signed_in(&mut self, call: &Call<'_>) -> Result<(String, Option<String>), Refusal> {
        let client_id = self.device(call)?.client_id.clone();
        let Some(signature) = call.header("x-signature") else {
            let claims = bearer(call).and_then(keys::verify);
            let wrong = || Refusal::code("IDAAS.SDK.PARAM.0016");
            let claims = claims.ok_or_else(wrong)?;
            if claims["exp"]
                .as_i64()
                .is_none_or(|exp| exp <= unix_s(call.now))
            {
                return Err(wrong());
            }
            let api: Value = serde_json::from_str(text(&claims, "api")).unwrap_or_default();
            let person = self.directory.person(text(&api, "id")).ok_or_else(wrong)?;
            return Ok((person.id.clone(), None));
        };
        let sealed = STANDARD.decode(signature).unwrap_or_default();
        let opened = keys::open(&sealed).and_then(|opened| String::from_utf8(opened).ok());
        let opened = opened.ok_or_else(|| Refusal::code("SDK.COMMON.1004"))?;
        let part = |name: &str| {
            let mut parts = opened.split('&').filter_map(|part| part.split_once('='));
            parts.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let [Some(token), Some(time), Some(nonce)] =
            ["session_token", "timestamp", "nonce"].map(part)
        else {
            return Err(Refusal::code("SDK.COMMON.1002"));
        };
        let now_ms = unix_ms(call.now);
        let time: i64 = time.parse().map_err(|_| Refusal::code("SDK.COMMON.1002"))?;
        if (now_ms - time).abs() > SIGNATURE_MS {
            return Err(Refusal::code("SDK.COMMON.1005").because("the signature is too old"));
        }
        let nonces = &mut self.logins.nonces;
        nonces.retain(|_, seen_ms| now_ms - *seen_ms <= 2 * SIGNATURE_MS);
        if nonces.insert(nonce.to_owned(), now_ms).is_some() {
            return Err(Refusal::code("SDK.COMMON.1006").because("the nonce was used before"));
        }
        let session = self.live_session(token, call.now)?;
        if session.client_id != client_id {
            return Err(Refusal::code("SDK.COMMON.1006").because("another application's session"));
        }
        Ok((session.person_id.clone(), Some(token.to_owned())))
    }

    fn signed_in_person(&mut self, call: &Call<'_>) -> Result<&mut Person, Refusal> {
        let (id, _) = self.signed_in(call)?;
        let person = self.directory.person_mut(&id);
        person.ok_or_else(|| Refusal::code("SDK.COMMON.1013"))
    }
}

/// # People who are logged in
impl State {
    pub(super) fn get_server_time(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.device(call)?;
        let time = unix_ms(call.now).to_string();
        Ok(ok(call, &json!({ "timestamp": time })))
    }

    pub(super) fn get_public_key(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.device(call)?;
        Ok(ok(call, &json!({ "public_key": keys::public_key() })))
    }

    pub(super) fn logout(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let (person, token) = self.signed_in(call)?;
        let client_id = self.device(call)?.client_id.clone();
        let sessions = &mut self.logins.sessions;
        match token {
            Some(token) => {
                sessions.remove(&token);
            }
            None => sessions.retain(|_, it| it.person_id != person || it.client_id != client_id),
        }
        Ok(done(call))
    }

    pub(super) fn refresh_id_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let person = self.signed_in_person(call)?;
        let token = id_token(person, call.now);
        Ok(ok(call, &json!({ "id_token": token })))
    }

    pub(super) fn get_profile(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let person = self.signed_in_person(call)?;
        let mut profile = json!({ "user_name": person.user_name, "mobile": person.mobile });
        for name in PROFILE {
            if let Some(value) = person.attributes.get(name) {
                profile[name] = value.clone();
            }
        }
        Ok(ok(call, &profile))
    }

    pub(super) fn update_profile(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let person = self.signed_in_person(call)?;
        let id = person.id.clone();
        for name in PROFILE {
            if let Some(value) = body.get(name) {
                person.attributes.insert(name.to_owned(), value.clone());
            }
        }
        person.updated_at = date_time(call.now);
        if let Some(name) = body["user_name"].as_str() {
            self.check_new_name(name, Some(&id))?;
            if let Some(person) = self.directory.person_mut(&id) {
                person.user_name = name.to_owned();
            }
        }
        self.user_changed(Change::Updated, &id, call.now);
        Ok(done(call))
    }

    /// A new number or address, by a code that was sent to it.
    pub(super) fn update_contact(
        &mut self,
        call: &Call<'_>,
        member: &str,
        kind: &str,
    ) -> Result<Answer, Refusal> {
        let (id, _) = self.signed_in(call)?;
        let new = text(call.body(), member).to_owned();
        self.take_code(call, &new, &[kind])?;
        if let Some(person) = self.directory.person_mut(&id) {
            match member {
                "mobile" => person.mobile = new,
                _ => {
                    person.attributes.insert("email".to_owned(), new.into());
                }
            }
        }
        self.user_changed(Change::Updated, &id, call.now);
        Ok(done(call))
    }

    pub(super) fn list_social_accounts(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let person = self.signed_in_person(call)?;
        let accounts: Vec<Value> = person
            .social
            .iter()
            .map(|it| {
                json!({
                    "id": it.id,
                    "userId": person.id,
                    "socialType": it.kind,
                    "social_uid": it.uid,
                    "createdAt": person.created_at,
                })
            })
            .collect();
        Ok(ok(call, &json!({ "social": accounts })))
    }

    pub(super) fn unbind_social_account(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = text(call.body(), "id").to_owned();
        let person = self.signed_in_person(call)?;
        let before = person.social.len();
        person.social.retain(|it| it.id != id);
        if person.social.len() == before {
            return Err(Refusal::code("SDK.COMMON.1006").because("there is no such binding"));
        }
        Ok(done(call))
    }

    pub(super) fn change_password(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let (id, _) = self.signed_in(call)?;
        self.change_password_of(call, &id)?;
        Ok(done(call))
    }

    /// A new password, by a code that was sent to the person's own number or address.
    pub(super) fn change_password_by_code(
        &mut self,
        call: &Call<'_>,
        kind: &str,
    ) -> Result<Answer, Refusal> {
        let (id, _) = self.signed_in(call)?;
        let person = self.directory.person(&id);
        let person = person.ok_or_else(|| Refusal::code("SDK.COMMON.1013"))?;
        let recipient = match kind {
            "CHANGE_PWD_SMS" => person.mobile.clone(),
            _ => person.attribute("email").unwrap_or_default().to_owned(),
        };
        let new = text(call.body(), "password").to_owned();
        super::login::check_password(person, &new)?;
        self.take_code(call, &recipient, &[kind])?;
        self.set_password(&id, new);
        Ok(done(call))
    }

    pub(super) fn check_password_exists(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let person = self.signed_in_person(call)?;
        Ok(ok(
            call,
            &json!({ "is_set_pwd": person.password.is_some() }),
        ))
    }
}

/// The id token of a login: constants where others have names, and the person in a text.
fn id_token(person: &Person, now: SystemTime) -> String {
    let now = unix_s(now);
    keys::sign(&json!({
        "iss": "Issuer",
        "aud": "Audience",
        "sub": "subject",
        "exp": now + ID_TOKEN_S,
        "iat": now,
        "nbf": now - 120,
        "jti": random_text(22),
        "api": person.as_identity().to_string(),
    }))
}

/// What a profile holds besides name and number.
const PROFILE: [&str; 13] = [
    "name",
    "email",
    "head_img",
    "attr_gender",
    "attr_birthday",
    "attr_nick_name",
    "first_name",
    "middle_name",
    "last_name",
    "mailing_address",
    "zip_code",
    "industry",
    "extension",
];

/// How far the time of a signature may lie from now, in milliseconds.
const SIGNATURE_MS: i64 = 300_000;

/// How long an id token lives, in seconds.
const ID_TOKEN_S: i64 = 7200;
