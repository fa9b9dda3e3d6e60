//! The control API of OneAccess, below `/_emulator/oneaccess-sdk`.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::control::{Refused, done, list, not_found, parse};
use crate::platforms::ControlCall;

use super::State;
use super::applications::Application;
use super::cipher;
use super::events::EventSettings;
use super::keys;
use super::people::PasswordState;
use super::sso::TicketShape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SocialCode {
    kind: String,
    uid: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonChange {
    password: Option<String>,
    password_state: Option<PasswordState>,
    second_factor: Option<bool>,
    disabled: Option<bool>,
    unlock: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    token_lifetime_s: Option<i64>,
    session_lifetime_s: Option<i64>,
    ticket_shape: Option<TicketShape>,
}

/// Answers a request, if it is one of these.
pub(super) fn answer(state: &mut State, call: &ControlCall<'_>) -> Result<Answer, Refused> {
    let body = call.body;
    let answer = match (call.method.as_str(), call.path) {
        ("GET", ["jwks"]) => Answer::json(&keys::jwks()),
        ("GET", ["public-key"]) => Answer::text("application/x-pem-file", keys::public_pem()),
        ("GET", ["applications"]) => list(&state.applications.all),
        ("POST", ["applications"]) => {
            let application: Application = parse(body)?;
            state.applications.add(application);
            done()
        }
        ("DELETE", ["access-tokens"]) => {
            state.applications.revoke_tokens();
            done()
        }
        ("PUT", ["rules"]) => {
            let rules: Rules = parse(body)?;
            let applications = &mut state.applications;
            let logins = &mut state.logins;
            let tokens = rules.token_lifetime_s;
            applications.token_lifetime_s = tokens.unwrap_or(applications.token_lifetime_s);
            let sessions = rules.session_lifetime_s;
            logins.session_lifetime_s = sessions.unwrap_or(logins.session_lifetime_s);
            logins.ticket_shape = rules.ticket_shape.unwrap_or(logins.ticket_shape);
            done()
        }
        ("GET", ["people"]) => list(state.directory.people.iter().map(|it| it.as_user())),
        ("PUT", ["people", user_name]) => {
            let change: PersonChange = parse(body)?;
            let mut people = state.directory.people.iter_mut();
            let person = people.find(|it| it.user_name == *user_name);
            let person = person.ok_or_else(|| missing("there is nobody of this name"))?;
            if let Some(password) = change.password {
                person.password = Some(password);
            }
            person.password_state = change.password_state.unwrap_or(person.password_state);
            person.second_factor = change.second_factor.unwrap_or(person.second_factor);
            person.disabled = change.disabled.unwrap_or(person.disabled);
            if change.unlock == Some(true) {
                (person.failures, person.locked_until_s) = (0, 0);
            }
            done()
        }
        ("POST", ["social-codes"]) => {
            let wanted: SocialCode = parse(body)?;
            let code = state.social_code(&wanted.kind, &wanted.uid);
            Answer::json(&json!({ "code": code })).with_status(StatusCode::CREATED)
        }
        ("GET", ["captchas", token]) => {
            let x = state.codes.solution(token);
            let x = x.ok_or_else(|| missing("there is no such puzzle"))?;
            Answer::json(&json!({ "x": x }))
        }
        ("GET", ["codes"]) => {
            let recipient = call.query("recipient");
            let sent = state.codes.sent.iter();
            list(sent.filter(|it| recipient.is_none_or(|wanted| it.recipient == wanted)))
        }
        ("PUT", ["events"]) => {
            let settings: EventSettings = parse(body)?;
            let key = settings.encryption_key.as_deref();
            if key.is_some_and(|key| !cipher::fits(key)) {
                let reason = "the encryption key must have 16, 24 or 32 characters";
                return Err((StatusCode::BAD_REQUEST, reason.to_owned()));
            }
            state.events.configure(settings, call.now);
            done()
        }
        ("GET", ["events"]) => Answer::json(&json!({
            "settings": state.events.settings(),
            "checked": state.events.checked,
            "remote_ids": state.events.remote_ids,
        })),
        ("DELETE", ["events"]) => {
            state.events.stop();
            done()
        }
        _ => return Err(not_found()),
    };
    Ok(answer)
}

fn missing(reason: &str) -> Refused {
    (StatusCode::NOT_FOUND, reason.to_owned())
}
