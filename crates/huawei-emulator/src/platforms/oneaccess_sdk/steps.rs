//! The steps between the first factor of a login and its session, each behind a state token.

use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::State;
use super::ids::{done, new_id, ok, text};
use super::login::{Binding, Kind, Passed, Step, check_password};
use super::people::PasswordState;

impl State {
    /// The step that the state token of a call stands for.
    pub(super) fn step(&self, call: &Call<'_>, kinds: &[Kind]) -> Result<(String, Step), Refusal> {
        let application = self.device(call)?;
        let token = call.header("x-state-token").unwrap_or_default();
        let wrong = || Refusal::code("IDAAS.SDK.COMMON.1007");
        let step = self.logins.steps.get(token).ok_or_else(wrong)?;
        if step.client_id != application.client_id || !kinds.contains(&step.kind) {
            return Err(wrong());
        }
        if step.expires_s <= unix_s(call.now) {
            return Err(Refusal::code("SDK.COMMON.1005"));
        }
        Ok((token.to_owned(), step.clone()))
    }

    pub(super) fn skip_password_update(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let (token, step) = self.step(call, &[Kind::Warning])?;
        self.logins.steps.remove(&token);
        self.proceed(call, &step.person_id, Passed::Warning)
    }

    pub(super) fn update_expired_password(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let (token, step) = self.step(call, &[Kind::Expired, Kind::Warning])?;
        self.change_password_of(call, &step.person_id)?;
        self.logins.steps.remove(&token);
        self.proceed(call, &step.person_id, Passed::Warning)
    }

    /// Changes a password for someone who knows the old one.
    pub(super) fn change_password_of(
        &mut self,
        call: &Call<'_>,
        person_id: &str,
    ) -> Result<(), Refusal> {
        let body = call.body();
        let person = self.directory.person(person_id);
        let person = person.ok_or_else(|| Refusal::code("SDK.COMMON.1013"))?;
        if person.password.as_deref() != body["old_password"].as_str() {
            return Err(Refusal::code("PWD.0005").because("the old password is another"));
        }
        let new = text(body, "new_password").to_owned();
        check_password(person, &new)?;
        if person.password.as_deref() == Some(&*new) {
            return Err(Refusal::code("PWD.0005").because("the new password is the old one"));
        }
        self.set_password(person_id, new);
        Ok(())
    }

    pub(super) fn set_password(&mut self, person_id: &str, new: String) {
        if let Some(person) = self.directory.person_mut(person_id) {
            person.password = Some(new);
            person.password_state = PasswordState::Good;
            person.must_change = false;
            (person.failures, person.locked_until_s) = (0, 0);
        }
    }

    pub(super) fn reset_password_by_mobile(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.device(call)?;
        let body = call.body();
        let mobile = text(body, "mobile").to_owned();
        let person = self.directory.by_mobile(&mobile);
        let person = person.ok_or_else(|| Refusal::code("SDK.COMMON.1013"))?;
        let (id, new) = (person.id.clone(), text(body, "password").to_owned());
        check_password(person, &new)?;
        self.take_code(call, &mobile, &["FORGET_PWD_SMS"])?;
        self.set_password(&id, new);
        Ok(done(call))
    }

    pub(super) fn get_mobile_by_state_token(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let (_, step) = self.step(call, &[Kind::SecondFactor])?;
        let person = self.directory.person(&step.person_id);
        let person = person.ok_or_else(|| Refusal::code("SDK.COMMON.1013"))?;
        Ok(ok(call, &json!({ "mobile": person.mobile })))
    }

    pub(super) fn verify_second_factor(
        &mut self,
        call: &Call<'_>,
        member: &str,
        kinds: &[&str],
    ) -> Result<Answer, Refusal> {
        let (token, step) = self.step(call, &[Kind::SecondFactor])?;
        let person = self.directory.person(&step.person_id);
        let person = person.ok_or_else(|| Refusal::code("SDK.COMMON.1013"))?;
        let own = match member {
            "mobile" => Some(&*person.mobile),
            _ => person.attribute("email"),
        };
        let recipient = text(call.body(), member);
        if own != Some(recipient) {
            return Err(Refusal::code("SDK.COMMON.1006").because("this is not the person's own"));
        }
        let recipient = recipient.to_owned();
        self.take_code(call, &recipient, kinds)?;
        self.logins.steps.remove(&token);
        self.proceed(call, &step.person_id, Passed::SecondFactor)
    }

    /// Binds the social account of a step to the person whom `who` finds or makes.
    pub(super) fn bind_social(&mut self, call: &Call<'_>, who: Binding) -> Result<Answer, Refusal> {
        let (token, step) = self.step(call, &[Kind::Social])?;
        let body = call.body();
        let id = match who {
            Binding::Code { registers } => {
                let (recipient, kinds, by_mail) = match body["mobile"].as_str() {
                    Some(mobile) => (mobile.to_owned(), ["BIND_MOBILE_SMS"], false),
                    None => (text(body, "email").to_owned(), ["BIND_EMAIL_EMS"], true),
                };
                self.take_code(call, &recipient, &kinds)?;
                let found = match by_mail {
                    false => self.directory.by_mobile(&recipient),
                    true => self.directory.by_email(&recipient),
                };
                let found = found.map(|person| person.id.clone());
                self.found_or_new(call, found, &recipient, registers)?
            }
            Binding::Password => {
                let person = self.directory.by_name(text(body, "user_name"));
                let person = person.map(|it| it.id.clone());
                self.check_first_factor(person, text(body, "password"), call.now)?
            }
            Binding::AlipayPhone { registers } => {
                let encrypted = text(body, "alipay_encrypt");
                let mobile = encrypted.strip_prefix("emulated-");
                let mobile = mobile
                    .ok_or_else(|| Refusal::code("SDK.COMMON.1002"))?
                    .to_owned();
                let found = self.directory.by_mobile(&mobile);
                let found = found.map(|person| person.id.clone());
                self.found_or_new(call, found, &mobile, registers)?
            }
        };
        let (kind, uid) = &step.social;
        let binding = new_id(call.now);
        if let Some(person) = self.directory.person_mut(&id) {
            person.bind(kind, uid, &binding);
        }
        self.logins.steps.remove(&token);
        self.proceed(call, &id, Passed::First)
    }

    pub(super) fn found_or_new(
        &mut self,
        call: &Call<'_>,
        found: Option<String>,
        recipient: &str,
        registers: bool,
    ) -> Result<String, Refusal> {
        match found {
            Some(id) => Ok(id),
            None if registers => Ok(self.register(call, recipient)),
            None => Err(Refusal::code("SDK.COMMON.1013")),
        }
    }
}
