//! CAS for applications, the addresses that end sessions, and SAML as far as it goes.

use std::collections::HashMap;

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::{date_time, unix_s};
use crate::consent::{self, Decision, Phrase, Place};
use crate::page::escape;
use crate::platforms::Call;

use super::State;
use super::ids::{random_text, text};
use super::oauth::BRAND;

/// Tickets that were not checked yet.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    all: HashMap<String, Ticket>,
}

#[derive(Debug)]
struct Ticket {
    person_id: String,
    service: String,
    expires_s: i64,
}

/// What CAS says of a ticket: a person, or a code.
type Verdict<'a> = Result<&'a super::people::Person, &'static str>;

impl State {
    pub(super) fn start_cas_login(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let service = call.query("service").unwrap_or_default();
        let mut applications = self.applications.all.iter();
        let Some(application) = applications.find(|it| it.returns_to(service)) else {
            return Ok(consent::notice(call, BRAND, NO_SERVICE, NO_SERVICE_TEXT));
        };
        let user_name = match self.ask(call, application, NAME, service) {
            Decision::Accepted(user_name) => user_name,
            Decision::Asked(page) => return Ok(page),
            // CAS knows no way to tell an application that somebody refused.
            Decision::Refused => return Ok(consent::notice(call, BRAND, REFUSED, REFUSED_TEXT)),
        };
        let person = self.directory.by_name(&user_name);
        let person = person.ok_or_else(|| Refusal::code("USER.0001"))?;
        let ticket = Ticket {
            person_id: person.id.clone(),
            service: service.to_owned(),
            expires_s: unix_s(call.now) + TICKET_S,
        };
        let name = format!("ST-{}", random_text(32));
        self.tickets.all.insert(name.clone(), ticket);
        Ok(consent::redirect(
            service,
            Place::Query,
            [("ticket", &*name)],
        ))
    }

    /// The form of the hosted page, for whoever plays the browser by hand.
    pub(super) fn submit_login_form(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let person = self.directory.by_name(text(body, "username"));
        let person = person.map(|it| it.id.clone());
        self.check_first_factor(person, text(body, "password"), call.now)?;
        Ok(consent::redirect("/", Place::Query, []))
    }

    /// Uses a ticket up and says what it is worth.
    fn check_ticket(&mut self, call: &Call<'_>) -> Verdict<'_> {
        let ticket = self
            .tickets
            .all
            .remove(call.query("ticket").unwrap_or_default());
        let ticket = ticket.filter(|it| it.expires_s > unix_s(call.now));
        let ticket = ticket.ok_or("INVALID_TICKET")?;
        if Some(&*ticket.service) != call.query("service") {
            return Err("INVALID_SERVICE");
        }
        self.directory
            .person(&ticket.person_id)
            .ok_or("INVALID_TICKET")
    }

    /// CAS 1.0 says no in a good answer.
    pub(super) fn validate_cas_ticket_v1(&mut self, call: &Call<'_>) -> Answer {
        let answer = match self.check_ticket(call) {
            Ok(person) => format!("yes\n{}\n", person.user_name),
            Err(_) => "no\n\n".to_owned(),
        };
        Answer::text("text/plain;charset=UTF-8", answer)
    }

    pub(super) fn validate_cas_ticket(
        &mut self,
        call: &Call<'_>,
        attributes: bool,
    ) -> Result<Answer, Refusal> {
        let now = date_time(call.now);
        let is_json = call.query("format") == Some("JSON");
        let verdict = self.check_ticket(call);
        let code = verdict.as_ref().err().copied();
        let released = verdict.as_ref().ok().filter(|_| attributes).map(|person| {
            vec![
                ("authenticationDate", Value::from(now)),
                ("longTermAuthenticationRequestTokenUsed", false.into()),
                ("isFromNewLogin", true.into()),
                ("id", person.id.as_str().into()),
                ("email", person.attribute("email").into()),
                ("mobile", person.mobile.as_str().into()),
                ("disabledAt", Value::Null),
            ]
        });
        let answer = if is_json {
            Answer::json(&in_json(verdict, released))
        } else {
            Answer::text("application/xml", in_xml(verdict, released))
        };
        match code {
            Some(code) => Err(refusal(code, answer)),
            None => Ok(answer),
        }
    }

    /// Ends every sign-in, and sends the browser on.
    pub(super) fn start_logout(&mut self, call: &Call<'_>, parameter: &str) -> Answer {
        self.grants.end_all();
        match call.query(parameter) {
            Some(address) => consent::redirect(address, Place::Query, []),
            None => consent::notice(call, BRAND, ENDED, ENDED_TEXT).with_status(StatusCode::OK),
        }
    }
}

type Released = Option<Vec<(&'static str, Value)>>;

fn in_json(verdict: Verdict<'_>, released: Released) -> Value {
    match verdict {
        Ok(person) => {
            let attributes = released.map(|list| {
                let list = list.into_iter();
                Value::Object(list.map(|(name, value)| (name.to_owned(), value)).collect())
            });
            let mut success = json!({
                "user": person.user_name,
                "proxyGrantingTicket": null,
                "proxies": null,
            });
            if let Some(attributes) = attributes {
                success["attributes"] = attributes;
            }
            json!({ "serviceResponse": {
                "authenticationFailure": null,
                "authenticationSuccess": success,
            } })
        }
        Err(code) => json!({ "serviceResponse": {
            "authenticationFailure": { "code": code, "description": meaning(code) },
            "authenticationSuccess": null,
        } }),
    }
}

/// As the platform writes it: what is absent is the text `null`.
fn in_xml(verdict: Verdict<'_>, released: Released) -> String {
    let inside = match verdict {
        Ok(person) => {
            let attributes = released.map(|list| {
                let list = list.into_iter().map(|(name, value)| {
                    let value = value.as_str().map_or(value.to_string(), str::to_owned);
                    format!("<cas:{name}>{}</cas:{name}>", escape(&value))
                });
                format!(
                    "<cas:attributes>{}</cas:attributes>",
                    list.collect::<String>()
                )
            });
            format!(
                "<cas:authenticationSuccess><cas:user>{}</cas:user>{}</cas:authenticationSuccess>",
                escape(&person.user_name),
                attributes.unwrap_or_default(),
            )
        }
        Err(code) => format!(
            "<cas:authenticationFailure code=\"{code}\">{}</cas:authenticationFailure>",
            meaning(code),
        ),
    };
    format!(
        "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>{inside}</cas:serviceResponse>"
    )
}

/// A ticket that is worth nothing, in the form that was asked for.
fn refusal(code: &'static str, form: Answer) -> Refusal {
    Refusal {
        form: Some(Box::new(form.with_code(code))),
        ..Refusal::code(code).because(meaning(code))
    }
}

fn meaning(code: &str) -> &'static str {
    match code {
        "INVALID_SERVICE" => "the ticket was issued for another service",
        _ => "the ticket is unknown, used or expired",
    }
}

const NO_SERVICE: Phrase = Phrase {
    en: "This application is not registered",
    zh: "应用未注册",
};
const NO_SERVICE_TEXT: Phrase = Phrase {
    en: "The address it wants to come back to is none of those in the portal.",
    zh: "回调地址与应用配置不一致。",
};
pub(super) const REFUSED: Phrase = Phrase {
    en: "You did not sign in",
    zh: "您取消了登录",
};
pub(super) const REFUSED_TEXT: Phrase = Phrase {
    en: "You can close this page.",
    zh: "您可以关闭此页面。",
};
const ENDED: Phrase = Phrase {
    en: "You are signed out",
    zh: "您已退出登录",
};
const ENDED_TEXT: Phrase = Phrase {
    en: "In this and in all other applications.",
    zh: "已从所有应用中退出。",
};

/// How long a ticket lives, in seconds.
const TICKET_S: i64 = 60;

/// What an application gets to know by CAS.
const NAME: Phrase = Phrase {
    en: "Your name in your company, and the attributes set in the portal",
    zh: "您在企业内的用户名及管理员配置的属性",
};
