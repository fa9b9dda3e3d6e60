//! Tickets that carry a login to another server.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::State;
use super::ids::{ok, random_text, text};

/// A ticket that was not redeemed yet.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    person_id: String,
    fingerprint: String,
    expires_s: i64,
}

/// The shape of the answer to a ticket: the platform's pages print three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TicketShape {
    /// The members of the user in `data`.
    Data,
    /// The members of the user at the top.
    Flat,
    /// The user inside of `data`: the reference of today.
    #[default]
    Nested,
}

impl State {
    pub(super) fn create_sso_ticket(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let body = call.body();
        let session = self.live_session(text(body, "session_token"), call.now)?;
        let fingerprint = text(body, "device_fingerprint");
        if session.fingerprint != fingerprint {
            return Err(another_device());
        }
        let other = body["client_id"].as_str();
        if other.is_some_and(|id| self.applications.by_client(id).is_none()) {
            return Err(Refusal::code("SDK.COMMON.1012"));
        }
        let ticket = Ticket {
            person_id: session.person_id.clone(),
            fingerprint: fingerprint.to_owned(),
            expires_s: unix_s(call.now) + TICKET_S,
        };
        let token = format!("ssoT{}", random_text(36));
        self.logins.tickets.insert(token.clone(), ticket);
        Ok(ok(
            call,
            &json!({ "expire": TICKET_S, "sso_ticket": token }),
        ))
    }

    pub(super) fn verify_sso_ticket(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let body = call.body();
        // Used up by this, whatever comes of it.
        let ticket = self.logins.tickets.remove(text(body, "sso_ticket"));
        let ticket = ticket.filter(|ticket| ticket.expires_s > unix_s(call.now));
        let ticket = ticket.ok_or_else(|| {
            Refusal::code("SDK.COMMON.1005").because("the ticket is unknown, used or expired")
        })?;
        if ticket.fingerprint != text(body, "device_fingerprint") {
            return Err(another_device());
        }
        let person = self.directory.person(&ticket.person_id);
        let person = person.ok_or_else(|| Refusal::code("SDK.COMMON.1013"))?;
        let user = person.as_identity();
        let around = |data: Value| json!({ "code": "200", "message": "success", "data": data });
        let answer = match self.logins.ticket_shape {
            TicketShape::Nested => around(json!({ "user": user })),
            TicketShape::Data => around(user),
            TicketShape::Flat => user,
        };
        Ok(ok(call, &answer))
    }

    pub(super) fn refresh_session_token(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let body = call.body();
        let old = text(body, "session_token").to_owned();
        let mut session = self.live_session(&old, call.now)?.clone();
        if session.fingerprint != text(body, "device_fingerprint") {
            return Err(another_device());
        }
        session.expires_s = unix_s(call.now) + self.logins.session_lifetime_s;
        let token = random_text(40);
        self.logins.sessions.remove(&old);
        self.logins.sessions.insert(token.clone(), session);
        let expire = self.logins.session_lifetime_s;
        Ok(ok(
            call,
            &json!({ "session_token": token, "expire": expire }),
        ))
    }
}

fn another_device() -> Refusal {
    Refusal::code("SDK.COMMON.1006").because("the fingerprint is not that of the login")
}

/// How long a ticket lives, in seconds.
const TICKET_S: i64 = 300;
