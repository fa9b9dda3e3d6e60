//! Users, as the management API has them.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::date_time;
use crate::platforms::Call;

use super::State;
use super::events::Change;
use super::ids::{done, new_id, ok, text};
use super::paging::page;
use super::people::{PasswordState, Person};

impl State {
    pub(super) fn list_users(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let org = call.query("org_id").unwrap_or_default();
        let since = call.query("updated_at_greater").unwrap_or_default();
        if !org.is_empty() && self.directory.organization(org).is_none() {
            return Err(Refusal::code("ORG.0001"));
        }
        let people = self.directory.people.iter();
        let found = people
            .filter(|it| org.is_empty() || it.org_id.as_deref() == Some(org))
            .filter(|it| since.is_empty() || it.updated_at.as_str() > since);
        Ok(page(call, "users", found.map(Person::as_user)))
    }

    pub(super) fn create_user(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let body = call.body();
        let user_name = text(body, "user_name");
        self.check_new_name(user_name, None)?;
        let mut person = Person::new(&new_id(call.now), user_name, text(body, "mobile"));
        person.password = body["password"].as_str().map(str::to_owned);
        person.created_at = date_time(call.now);
        self.take_attributes(&mut person, body)?;
        person.updated_at = date_time(call.now);
        let id = person.id.clone();
        self.directory.people.push(person);
        self.user_changed(Change::Created, &id, call.now);
        Ok(ok(call, &json!({ "user_id": id })))
    }

    pub(super) fn get_user(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let person = self.directory.person(call.path("user_id"));
        let person = person.ok_or_else(|| Refusal::code("USER.0001"))?;
        Ok(ok(call, &person.as_user()))
    }

    pub(super) fn get_user_by_username(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let person = self.directory.by_name(text(call.body(), "user_name"));
        let person = person.ok_or_else(|| Refusal::code("USER.0001"))?;
        Ok(ok(call, &person.as_user()))
    }

    pub(super) fn update_user(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let mut person = self.named_user(call)?.clone();
        if let Some(user_name) = body["user_name"].as_str() {
            self.check_new_name(user_name, Some(&person.id))?;
            person.user_name = user_name.to_owned();
        }
        if let Some(mobile) = body["mobile"].as_str() {
            person.mobile = mobile.to_owned();
        }
        self.take_attributes(&mut person, body)?;
        self.put_user(call, person)
    }

    pub(super) fn delete_user(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = self.named_user(call)?.id.clone();
        self.user_changed(Change::Deleted, &id, call.now);
        self.directory.people.retain(|it| it.id != id);
        self.accounts.forget_person(&id);
        self.logins.end_sessions_of(&id);
        Ok(done(call))
    }

    pub(super) fn set_user_disabled(
        &mut self,
        call: &Call<'_>,
        disabled: bool,
    ) -> Result<Answer, Refusal> {
        let mut person = self.named_user(call)?.clone();
        person.disabled = disabled;
        if disabled {
            self.logins.end_sessions_of(&person.id);
        }
        self.put_user(call, person)
    }

    pub(super) fn change_user_password(
        &mut self,
        call: &Call<'_>,
        verify: bool,
    ) -> Result<Answer, Refusal> {
        let body = call.body();
        let mut person = self.named_user(call)?.clone();
        if verify && person.password.as_deref() != body["old_password"].as_str() {
            return Err(Refusal::code("PWD.0005").because("the old password is another"));
        }
        super::login::check_password(&person, text(body, "password"))?;
        person.password = body["password"].as_str().map(str::to_owned);
        person.must_change = body["pwd_must_modify"].as_bool().unwrap_or_default();
        person.password_state = match person.must_change {
            true => PasswordState::Expired,
            false => PasswordState::Good,
        };
        (person.failures, person.locked_until_s) = (0, 0);
        let now = date_time(call.now);
        person
            .attributes
            .insert("pwd_change_at".to_owned(), now.into());
        self.put_user(call, person)
    }

    /// The user in the path, for a caller with a token.
    fn named_user(&self, call: &Call<'_>) -> Result<&Person, Refusal> {
        self.applications.caller(call)?;
        let person = self.directory.person(call.path("user_id"));
        person.ok_or_else(|| Refusal::code("USER.0001"))
    }

    fn put_user(&mut self, call: &Call<'_>, mut person: Person) -> Result<Answer, Refusal> {
        person.updated_at = date_time(call.now);
        let id = person.id.clone();
        if let Some(place) = self.directory.person_mut(&id) {
            *place = person;
        }
        self.user_changed(Change::Updated, &id, call.now);
        Ok(ok(call, &json!({ "user_id": id })))
    }

    /// A name that nobody else has.
    pub(super) fn check_new_name(&self, name: &str, own: Option<&str>) -> Result<(), Refusal> {
        match self.directory.by_name(name) {
            Some(other) if Some(&*other.id) != own => {
                Err(Refusal::code("USER.0036").because("there is a user of this name"))
            }
            _ => Ok(()),
        }
    }

    /// Takes over what a body says of a person, and the codes of organizations as their ids.
    fn take_attributes(&self, person: &mut Person, body: &Value) -> Result<(), Refusal> {
        let of_code = |code: &str| {
            let found = self.directory.organization_by_code(code);
            let found = found.ok_or_else(|| Refusal::code("ORG.0001"))?;
            Ok::<_, Refusal>(found.id.clone())
        };
        if let Some(code) = body["org_code"].as_str().filter(|code| !code.is_empty()) {
            person.org_id = Some(of_code(code)?);
        }
        match &body["pwd_must_modify"] {
            Value::Bool(must) => person.must_change = *must,
            Value::String(must) => person.must_change = must == "true",
            _ => {}
        }
        if person.must_change {
            person.password_state = PasswordState::Expired;
        }
        let members = body.as_object().into_iter().flatten();
        for (name, value) in members {
            let value = match name.as_str() {
                "user_name" | "mobile" | "password" | "org_code" | "pwd_must_modify" | "jobs" => {
                    continue;
                }
                "user_org_relation_list" => {
                    let mut relations = Vec::new();
                    for relation in value.as_array().into_iter().flatten() {
                        let mut entry = Map::new();
                        let id = of_code(text(relation, "org_code"))?;
                        entry.insert("org_id".to_owned(), id.into());
                        let kind = relation["relation_type"].clone();
                        entry.insert("relation_type".to_owned(), kind);
                        relations.push(Value::Object(entry));
                    }
                    Value::Array(relations)
                }
                _ => value.clone(),
            };
            person.attributes.insert(name.clone(), value);
        }
        Ok(())
    }
}
