//! The control API of HUAWEI ID, below `/_emulator/huawei-oauth`.

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::unix_s;
use crate::control::{Refused, done, list, not_found, parse};
use crate::platforms::ControlCall;

use super::accounts::{Agent, AgentSource};
use super::codes::Code;
use super::keys::{self, Purpose};
use super::seed::{AGENT_ID, CLIENT_ID};
use super::{App, SignedIn, State, User};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCode {
    #[serde(default = "first_client")]
    client_id: String,
    user: String,
    #[serde(default)]
    kind: Kind,
    /// For an app's sign-in, parted by spaces.
    scope: Option<String>,
}

fn first_client() -> String {
    CLIENT_ID.to_owned()
}

/// How an app got a code on its device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// By its sign-in button or panel, or silently.
    #[default]
    App,
    /// With the masked number, before the user agreed to anything.
    Prefetch,
    /// By the quick-login button.
    QuickLogin,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    #[serde(default = "first_client")]
    client_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPhone {
    phone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifetimes {
    access_token_s: Option<i64>,
    refresh_token_s: Option<i64>,
}

/// What a person does with the page behind a QR code.
#[derive(Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
enum Choice {
    Accept { user: String },
    Refuse,
    Scan,
}

impl State {
    /// Issues the code that an app gets on its device.
    pub(super) fn device_code_of(
        &mut self,
        client_id: &str,
        user: &str,
        kind: Kind,
        scope: &str,
        now_s: i64,
    ) -> Result<String, &'static str> {
        let app = self.accounts.app(client_id).ok_or("there is no such app")?;
        if self.accounts.user(user).is_none() {
            return Err("there is no such user");
        }
        let scopes = app.grant(match kind {
            Kind::App => scope,
            Kind::Prefetch => "openid quickLoginAnonymousPhone",
            Kind::QuickLogin => "openid quickLoginMobilePhone",
        });
        let scopes = scopes.map_err(|_| "the app was not granted these scopes")?;
        Ok(self.codes.issue(Code {
            client_id: client_id.to_owned(),
            user: user.to_owned(),
            scopes,
            redirect_uri: None,
            nonce: None,
            challenge: None,
            offline: true,
            issued_s: now_s,
        }))
    }
}

/// Answers a request, if it is one of these.
pub(super) fn answer(state: &mut State, call: &ControlCall<'_>) -> Result<Answer, Refused> {
    let body = call.body;
    let now_s = unix_s(call.now);
    let nobody = || (StatusCode::NOT_FOUND, "there is no such user".to_owned());
    let answer = match (call.method.as_str(), call.path) {
        ("GET", ["users"]) => list(&state.accounts.users),
        ("POST", ["users"]) => {
            let user: User = parse(body)?;
            state.accounts.add_user(user);
            done()
        }
        ("DELETE", ["users", user]) => state
            .purge(&decode(user), call.now)
            .then(done)
            .ok_or_else(nobody)?,
        ("POST", ["users", user, "withdraw"]) => {
            let change: Withdrawal = parse(body)?;
            state.withdraw(&decode(user), &change.client_id, call.now);
            done()
        }
        ("POST", ["users", user, "change-password"]) => {
            state.change_password(&decode(user));
            done()
        }
        ("PUT", ["users", user, "phone"]) => {
            let change: NewPhone = parse(body)?;
            let changed = state.change_phone(&decode(user), &change.phone, call.now);
            changed.then(done).ok_or_else(nobody)?
        }
        ("GET", ["apps"]) => list(&state.accounts.apps),
        ("POST", ["apps"]) => {
            let app: App = parse(body)?;
            state.accounts.add_app(app);
            done()
        }
        ("POST", ["agents"]) => {
            let source: AgentSource = parse(body)?;
            let agent = Agent::new(source);
            let agent = agent.map_err(|reason| (StatusCode::BAD_REQUEST, reason.to_owned()))?;
            state.accounts.agents.push(agent);
            done()
        }
        ("GET", ["agent-key-file"]) => {
            let id = call.query("sub_account").unwrap_or(AGENT_ID);
            let missing = || {
                (
                    StatusCode::NOT_FOUND,
                    "no key file of such an agent".to_owned(),
                )
            };
            Answer::json(&state.agent_key_file(id).ok_or_else(missing)?)
        }
        ("POST", ["codes"]) => {
            let new: NewCode = parse(body)?;
            let scope = new.scope.as_deref().unwrap_or("openid profile");
            let code = state
                .device_code_of(&new.client_id, &new.user, new.kind, scope, now_s)
                .map_err(|reason| (StatusCode::CONFLICT, reason.to_owned()))?;
            Answer::json(&json!({ "code": code })).with_status(StatusCode::CREATED)
        }
        ("GET", ["sign-ins"]) => list(state.sign_ins.list().map(SignedIn::from)),
        ("PUT", ["lifetimes"]) => {
            let change: Lifetimes = parse(body)?;
            let lives = &mut state.sign_ins;
            lives.access_lifetime_s = change.access_token_s.unwrap_or(lives.access_lifetime_s);
            lives.refresh_lifetime_s = change.refresh_token_s.unwrap_or(lives.refresh_lifetime_s);
            done()
        }
        ("POST", ["device", user_code]) => {
            let choice: Choice = parse(body)?;
            let decided = match choice {
                Choice::Accept { user } => state.decide_device(user_code, Some(&user), now_s),
                Choice::Refuse => state.decide_device(user_code, None, now_s),
                Choice::Scan => match state.scan(user_code, now_s) {
                    true => Ok(()),
                    false => Err("no sign-in waits for a scan of this code"),
                },
            };
            decided.map_err(|reason| (StatusCode::CONFLICT, reason.to_owned()))?;
            done()
        }
        ("GET", ["event-keys"]) => Answer::json(&keys::key_set(Purpose::Event, now_s)),
        ("POST", ["events", "redeliver"]) => {
            state.redeliver(call.now);
            done()
        }
        _ => return Err(not_found()),
    };
    Ok(answer)
}

impl State {
    /// The key file of an agent, if the emulator made its key.
    pub(super) fn agent_key_file(&self, sub_account: &str) -> Option<Value> {
        let mut agents = self.accounts.agents.iter();
        let agent = agents.find(|agent| agent.source.sub_account == sub_account)?;
        agent.key_file()
    }
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
