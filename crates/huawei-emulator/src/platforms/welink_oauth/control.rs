//! The control API of WeLink, below `/_emulator/welink-oauth`.

use std::time::SystemTime;

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::unix_s;
use crate::control::{Refused, done, list, not_found, parse};
use crate::platforms::ControlCall;

use super::State;
use super::apps::{App, Caller, Tenant};
use super::directory::{Directory, text};
use super::seed::{CLIENT_ID, TENANT_ID};
use super::sign_in::FREE_LOGIN_LIFETIME_S;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    user_id: String,
    #[serde(default)]
    client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifetimes {
    app_s: Option<i64>,
    user_s: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Robot {
    token: String,
    group: String,
}

/// Answers a request, if it is one of these.
pub(super) fn answer(state: &mut State, call: &ControlCall<'_>) -> Result<Answer, Refused> {
    let body = call.body;
    let client = call.query("client_id").unwrap_or(CLIENT_ID);
    let tenant = call.query("tenant_id").unwrap_or(TENANT_ID);
    let answer = match (call.method.as_str(), call.path) {
        ("GET", ["apps"]) => list(&state.apps.apps),
        ("POST", ["apps"]) => {
            let app: App = parse(body)?;
            state.apps.add_app(app);
            done()
        }
        ("GET", ["tenants"]) => list(&state.apps.tenants),
        ("POST", ["tenants"]) => {
            let tenant: Tenant = parse(body)?;
            state.add_tenant(tenant);
            done()
        }
        ("PUT", ["subscribers", id]) => found(state.subscribe(client, id, true, call.now))?,
        ("DELETE", ["subscribers", id]) => found(state.subscribe(client, id, false, call.now))?,
        ("PUT", ["callback"]) => {
            let address: Address = parse(body)?;
            let client = address.client_id.as_deref().unwrap_or(CLIENT_ID);
            found(state.set_callback(client, address.url, call.now))?
        }
        ("POST", ["events"]) => {
            let event: Value = parse(body)?;
            state.send_event(tenant, &event, call.now);
            done()
        }
        ("PUT", ["token-lifetimes"]) => {
            let lifetimes: Lifetimes = parse(body)?;
            let apps = &mut state.apps;
            apps.token_lifetime_s = lifetimes.app_s.unwrap_or(apps.token_lifetime_s);
            apps.user_token_lifetime_s = lifetimes.user_s.unwrap_or(apps.user_token_lifetime_s);
            done()
        }
        ("DELETE", ["access-tokens"]) => {
            state.apps.revoke_tokens();
            done()
        }
        ("DELETE", ["locks"]) => {
            state.apps.unlock();
            done()
        }
        ("POST", ["free-login-codes" | "scan-codes"]) => {
            let who: Who = parse(body)?;
            let client = who.client_id.as_deref().unwrap_or(CLIENT_ID);
            let code = state.code_for(client, &who.user_id, call.now);
            let code = code.ok_or_else(|| missing("no such app or user"))?;
            Answer::json(&json!({ "code": code })).with_status(StatusCode::CREATED)
        }
        ("GET", ["users"]) => list(&directory(state, tenant)?.users),
        ("GET", ["departments"]) => list(&directory(state, tenant)?.departments),
        ("GET", ["groups"]) => list(state.groups.of_tenant(tenant)),
        ("POST", ["robots"]) => {
            let robot: Robot = parse(body)?;
            state.messages.robots.push((robot.token, robot.group));
            done()
        }
        ("GET", ["records", shelf]) => {
            let records = state.office.records(tenant, shelf);
            list(records.ok_or_else(|| missing("no such shelf"))?)
        }
        ("POST", ["records", shelf]) => {
            let key = state.office.put(tenant, shelf, parse(body)?);
            let key = key.ok_or_else(|| missing("no such shelf, or a key that is no text"))?;
            Answer::json(&json!({ "key": key })).with_status(StatusCode::CREATED)
        }
        (_, ["drive", id]) => state.office.transfer(id, call)?,
        ("GET", ["messages"]) => list(&state.messages.received),
        ("GET", ["inbox", receiver]) => {
            let receiver = percent_decode_str(receiver).decode_utf8_lossy();
            let all = state.messages.received.iter();
            list(all.filter(|message| message.is_for(&receiver)))
        }
        _ => return Err(not_found()),
    };
    Ok(answer)
}

impl State {
    /// Adds a tenant with nobody in it yet.
    pub(super) fn add_tenant(&mut self, tenant: Tenant) {
        let directory = Directory::new(&tenant);
        self.apps.tenants.retain(|known| known.id != tenant.id);
        self.directories.insert(tenant.id.clone(), directory);
        self.apps.tenants.push(tenant);
    }

    /// A code as the WeLink client gives it to a page that a user opened, or to the widget of a
    /// scan login.
    pub(super) fn code_for(
        &mut self,
        client_id: &str,
        user_id: &str,
        now: SystemTime,
    ) -> Option<String> {
        self.apps.app(client_id)?;
        let mut tenants = self.directories.iter();
        let knows = |directory: &Directory| {
            directory
                .users
                .iter()
                .any(|user| text(user, "userId") == user_id)
        };
        let (tenant_id, _) = tenants.find(|(_, directory)| knows(directory))?;
        let caller = Caller {
            client_id: client_id.to_owned(),
            tenant_id: tenant_id.clone(),
            user_id: None,
        };
        let times = (unix_s(now), FREE_LOGIN_LIFETIME_S);
        Some(self.apps.code(caller, user_id, "", times))
    }
}

fn directory<'a>(state: &'a State, tenant_id: &str) -> Result<&'a Directory, Refused> {
    let directory = state.directories.get(tenant_id);
    directory.ok_or_else(|| missing("no such tenant"))
}

fn found(found: bool) -> Result<Answer, Refused> {
    match found {
        true => Ok(done()),
        false => Err(missing("no such app")),
    }
}

fn missing(reason: &str) -> Refused {
    (StatusCode::NOT_FOUND, reason.to_owned())
}
