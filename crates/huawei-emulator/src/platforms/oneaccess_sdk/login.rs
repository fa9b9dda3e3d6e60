//! Logins on a person's device: the state machine from the first factor to the session.

use std::collections::HashMap;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::{date_time, unix_s};
use crate::platforms::Call;

use super::State;
use super::applications::Application;
use super::events::Change;
use super::ids::{new_id, ok, random_text, text};
use super::people::{PasswordState, Person};
use super::sessions::Session;

/// Logins on their way, sessions, and what else was handed out.
#[derive(Debug)]
pub(crate) struct Logins {
    pub(super) steps: HashMap<String, Step>,
    pub sessions: HashMap<String, Session>,
    /// Codes of social platforms that work once: the platform and the user there.
    pub social_codes: HashMap<String, (String, String)>,
    /// The nonces of signatures that came.
    pub nonces: HashMap<String, i64>,
    /// How long sessions live that begin from now on, in seconds.
    pub session_lifetime_s: i64,
    /// Single sign-on tickets that were not redeemed yet.
    pub tickets: HashMap<String, super::sso::Ticket>,
    /// The shape in which the answer to a ticket names the user.
    pub ticket_shape: super::sso::TicketShape,
}

/// A login that has not come to its end, behind a state token.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub kind: Kind,
    pub client_id: String,
    pub person_id: String,
    /// The social account that belongs to nobody yet.
    pub social: (String, String),
    pub expires_s: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Expired,
    SecondFactor,
    Social,
    Warning,
}

/// What a login has behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum Passed {
    First,
    Warning,
    SecondFactor,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            steps: HashMap::new(),
            sessions: HashMap::new(),
            social_codes: HashMap::new(),
            nonces: HashMap::new(),
            session_lifetime_s: 43_200,
            tickets: HashMap::new(),
            ticket_shape: super::sso::TicketShape::default(),
        }
    }
}

impl Logins {
    pub(super) fn end_sessions_of(&mut self, person_id: &str) {
        self.sessions
            .retain(|_, session| session.person_id != person_id);
        self.steps.retain(|_, step| step.person_id != person_id);
    }

    pub(super) fn begin_step(&mut self, step: Step) -> String {
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{}", random_text(40));
        self.steps.insert(token.clone(), step);
        token
    }
}

/// # Logins
impl State {
    /// The application that a device names. The document has the device's other headers checked.
    pub(super) fn device(&self, call: &Call<'_>) -> Result<&Application, Refusal> {
        let client_id = call.header("x-client-id").unwrap_or_default();
        let application = self.applications.by_client(client_id);
        application.ok_or_else(|| Refusal::code("SDK.COMMON.1012"))
    }

    /// With a password; `find` tells by which member of the body the person is found, and how.
    pub(super) fn login_by_password(
        &mut self,
        call: &Call<'_>,
        find: Identifier,
    ) -> Result<Answer, Refusal> {
        self.device(call)?;
        let body = call.body();
        let name = match find {
            Identifier::Mobile => text(body, "mobile"),
            Identifier::Any | Identifier::UserName => text(body, "user_name"),
        };
        let directory = &self.directory;
        let person = match find {
            Identifier::UserName => directory.by_name(name),
            Identifier::Mobile => directory.by_mobile(name),
            Identifier::Any => directory
                .by_name(name)
                .or_else(|| directory.by_mobile(name))
                .or_else(|| directory.by_email(name)),
        };
        let person = person.map(|it| it.id.clone());
        let id = self.check_first_factor(person, text(body, "password"), call.now)?;
        self.proceed(call, &id, Passed::First)
    }

    /// The person, if the password is theirs; every wrong one counts towards the lock.
    pub(super) fn check_first_factor(
        &mut self,
        person: Option<String>,
        password: &str,
        now: SystemTime,
    ) -> Result<String, Refusal> {
        let wrong = |left: u32| {
            let message = format!("用户名或密码错误,剩余登录尝试次数:{left}");
            Refusal::code("SDK.LOGIN.1005").because(message)
        };
        let id = person.ok_or_else(|| wrong(MOST_FAILURES - 1))?;
        let person = self.directory.person_mut(&id);
        let person = person.ok_or_else(|| wrong(MOST_FAILURES - 1))?;
        let left_s = person.locked_until_s - unix_s(now);
        if left_s > 0 {
            let message = format!("用户已锁定,请{}分{}秒后重试", left_s / 60, left_s % 60);
            return Err(Refusal::code("SDK.LOGIN.1003").because(message));
        }
        if person.password.as_deref() == Some(password) {
            (person.failures, person.locked_until_s) = (0, 0);
            return Ok(id);
        }
        if left_s <= 0 && person.failures >= MOST_FAILURES {
            person.failures = 0;
        }
        person.failures += 1;
        if person.failures >= MOST_FAILURES {
            person.locked_until_s = unix_s(now) + LOCK_S;
        }
        Err(wrong(MOST_FAILURES.saturating_sub(person.failures)))
    }

    /// With the code of an SMS or an e-mail.
    pub(super) fn login_by_code(
        &mut self,
        call: &Call<'_>,
        member: &str,
        kind: &str,
    ) -> Result<Answer, Refusal> {
        let registers = self.device(call)?.registers;
        let recipient = text(call.body(), member).to_owned();
        self.take_code(call, &recipient, &[kind])?;
        let found = match member {
            "mobile" => self.directory.by_mobile(&recipient),
            _ => self.directory.by_email(&recipient),
        };
        let id = match found {
            Some(person) => person.id.clone(),
            None if registers && member == "mobile" => self.register(call, &recipient),
            None => return Err(Refusal::code("SDK.COMMON.1013")),
        };
        self.proceed(call, &id, Passed::First)
    }

    /// With a code or token of a social platform, or of the carrier.
    pub(super) fn login_by_social(
        &mut self,
        call: &Call<'_>,
        kind: &str,
    ) -> Result<Answer, Refusal> {
        self.device(call)?;
        let body = call.body();
        let shown = |name| text(body, name);
        let known = match kind {
            "qq" => (!shown("access_token").is_empty()).then(|| shown("open_id").to_owned()),
            "weibo" => (!shown("access_token").is_empty()).then(|| shown("uid").to_owned()),
            "carrier" => self.social_user(kind, shown("access_token")),
            _ => self.social_user(kind, shown("code")),
        };
        let uid = known.filter(|uid| !uid.is_empty());
        let uid = uid.ok_or_else(|| {
            Refusal::code("SDK.COMMON.1005").because("the code is unknown, used or expired")
        })?;
        // Two of them stand for a phone number, which is all that is looked for.
        if matches!(kind, "carrier" | "weixin_mobile") {
            let found = self.directory.by_mobile(&uid).map(|it| it.id.clone());
            let id = match found {
                Some(id) => id,
                None if self.device(call)?.registers => self.register(call, &uid),
                None => return Err(Refusal::code("SDK.COMMON.1013")),
            };
            return self.proceed(call, &id, Passed::First);
        }
        if let Some(person) = self.directory.by_social(kind, &uid) {
            let id = person.id.clone();
            return self.proceed(call, &id, Passed::First);
        }
        let token = self.logins.begin_step(Step {
            kind: Kind::Social,
            client_id: self.device(call)?.client_id.clone(),
            person_id: String::new(),
            social: (kind.to_owned(), uid),
            expires_s: unix_s(call.now) + STEP_S,
        });
        let flow = json!({ "socialBindOrRegisterFlow": ["VERIFY_PHONE", "VERIFY_EMAIL"] });
        Ok(ok(
            call,
            &json!({
                "status": if kind == "apple" { "USER_REGISTER" } else { "SOCIAL_BIND" },
                "state_token": token,
                "data": flow.to_string(),
            }),
        ))
    }

    /// The user of a social platform behind a code: one that was handed out, or `emulated-<uid>`,
    /// which always works.
    pub(super) fn social_user(&mut self, kind: &str, code: &str) -> Option<String> {
        if let Some(uid) = code.strip_prefix("emulated-") {
            return Some(uid.to_owned());
        }
        let (_, uid) = self
            .logins
            .social_codes
            .remove(code)
            .filter(|(of, _)| of == kind)?;
        Some(uid)
    }

    pub(super) fn register_by_mobile(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.device(call)?;
        let body = call.body();
        let mobile = text(body, "mobile").to_owned();
        self.take_code(call, &mobile, &["REGISTER_SMS"])?;
        if self.directory.by_mobile(&mobile).is_some() {
            return Err(Refusal::code("USER.0038").because("the number is registered already"));
        }
        if let Some(name) = body["user_name"].as_str() {
            self.check_new_name(name, None)?;
        }
        if let Some(password) = body["pwd"].as_str() {
            check_password(&Person::new("", text(body, "user_name"), &mobile), password)?;
        }
        let id = self.register(call, &mobile);
        if let Some(person) = self.directory.person_mut(&id) {
            if let Some(name) = body["user_name"].as_str() {
                person.user_name = name.to_owned();
            }
            person.password = body["pwd"].as_str().map(str::to_owned);
            for (name, value) in body.as_object().into_iter().flatten() {
                if !matches!(
                    name.as_str(),
                    "user_name" | "mobile" | "pwd" | "verify_code"
                ) {
                    person.attributes.insert(name.clone(), value.clone());
                }
            }
        }
        self.proceed(call, &id, Passed::First)
    }

    /// Adds a person of whom nothing but the number is known.
    pub(super) fn register(&mut self, call: &Call<'_>, mobile: &str) -> String {
        let mut person = Person::new(&new_id(call.now), mobile, mobile);
        person.created_at = date_time(call.now);
        person.updated_at = date_time(call.now);
        let id = person.id.clone();
        self.directory.people.push(person);
        self.user_changed(Change::Created, &id, call.now);
        id
    }

    /// The next step of a login, or its end.
    pub(super) fn proceed(
        &mut self,
        call: &Call<'_>,
        person_id: &str,
        passed: Passed,
    ) -> Result<Answer, Refusal> {
        let application = self.device(call)?.clone();
        let person = self.directory.person(person_id);
        let person = person.ok_or_else(|| Refusal::code("SDK.COMMON.1013"))?;
        if person.disabled {
            return Ok(ok(call, &json!({ "status": "ACCESS_DENIED" })));
        }
        let kind = match person.password_state {
            PasswordState::Expired => Some((Kind::Expired, "PASSWORD_EXPIRED")),
            PasswordState::Warning if passed < Passed::Warning => {
                Some((Kind::Warning, "PASSWORD_WARN"))
            }
            _ if person.second_factor && passed < Passed::SecondFactor => {
                Some((Kind::SecondFactor, "MFA_AUTH"))
            }
            _ => None,
        };
        let Some((kind, status)) = kind else {
            let answer = self.begin_session(call, &application, person_id);
            return Ok(ok(call, &answer));
        };
        let token = self.logins.begin_step(Step {
            kind,
            client_id: application.client_id,
            person_id: person_id.to_owned(),
            social: Default::default(),
            expires_s: unix_s(call.now) + STEP_S,
        });
        let mut answer = json!({ "status": status, "state_token": token });
        if kind != Kind::SecondFactor {
            answer["data"] = Value::from(policy().to_string());
        }
        Ok(ok(call, &answer))
    }

    /// Uses up a code that was sent to this recipient for one of these purposes.
    pub(super) fn take_code(
        &mut self,
        call: &Call<'_>,
        recipient: &str,
        kinds: &[&str],
    ) -> Result<(), Refusal> {
        let code = text(call.body(), "verify_code").to_owned();
        self.codes.take(recipient, kinds, &code, call.now)
    }
}

/// By what a person is found who logs in with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identifier {
    Any,
    Mobile,
    UserName,
}

/// To whom a social account is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    AlipayPhone { registers: bool },
    Code { registers: bool },
    Password,
}

/// Whether a password keeps to the policy.
pub(super) fn check_password(person: &Person, password: &str) -> Result<(), Refusal> {
    let length = password.chars().count();
    let reversed: String = password.chars().rev().collect();
    let has = |kind: fn(&char) -> bool| password.chars().any(|letter| kind(&letter));
    let code = if password.is_empty() {
        "PWD.0001"
    } else if !(SHORTEST..=LONGEST).contains(&length) {
        "PWD.0002"
    } else if password == person.user_name {
        "PWD.0003"
    } else if reversed == person.user_name {
        "PWD.0004"
    } else if !has(char::is_ascii_alphabetic) || !has(char::is_ascii_digit) {
        "PWD.0005"
    } else {
        return Ok(());
    };
    Err(Refusal::code(code))
}

/// The policy, as the platform tells it to a device.
fn policy() -> Value {
    json!({
        "maxLength": LONGEST,
        "minLength": SHORTEST,
        "regEx": "^(?=.*[A-Za-z])(?=.*\\d).+$",
    })
}

/// How many wrong passwords lock a person out.
pub(super) const MOST_FAILURES: u32 = 5;
/// For how long, in seconds.
const LOCK_S: i64 = 1800;
/// How long a state token lives, in seconds.
pub(super) const STEP_S: i64 = 600;
const SHORTEST: usize = 8;
const LONGEST: usize = 32;
