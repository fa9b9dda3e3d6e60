//! Organizations of the tenant, as the management API has them.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::State;
use super::events::Change;
use super::ids::{done, new_id, ok, text};
use super::paging::page;
use super::people::Organization;

impl State {
    /// The platform tells four lists apart by the id and `all_child`.
    pub(super) fn list_organizations(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let org = call.query("org_id").unwrap_or_default();
        let all = call.query("all_child") == Some("true");
        if !org.is_empty() && self.directory.organization(org).is_none() {
            return Err(Refusal::code("ORG.0001"));
        }
        let listed = |it: &&Organization| match (org.is_empty(), all) {
            // The roots, or everything but the roots.
            (true, false) => it.parent_id.is_none(),
            (true, true) => it.parent_id.is_some(),
            (false, false) => it.parent_id.as_deref() == Some(org),
            (false, true) => it.id != org && self.directory.is_below(&it.id, org),
        };
        let found = self.directory.organizations.iter().filter(listed);
        Ok(page(
            call,
            "organizations",
            found.map(Organization::as_answer),
        ))
    }

    pub(super) fn create_organization(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let body = call.body();
        let mut organization = Organization::new(&new_id(call.now), "", "", None);
        organization.category = None;
        self.take_organization(&mut organization, body)?;
        let id = organization.id.clone();
        self.directory.organizations.push(organization);
        self.organization_changed(Change::Created, &id, call.now);
        Ok(ok(call, &json!({ "org_id": id })))
    }

    pub(super) fn get_organization(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let organization = self.named_organization(call)?;
        Ok(ok(call, &organization.as_answer()))
    }

    pub(super) fn update_organization(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let mut organization = self.named_organization(call)?.clone();
        self.take_organization(&mut organization, call.body())?;
        let id = organization.id.clone();
        let places = &mut self.directory.organizations;
        if let Some(place) = places.iter_mut().find(|it| it.id == id) {
            *place = organization;
        }
        self.organization_changed(Change::Updated, &id, call.now);
        Ok(ok(call, &json!({ "org_id": id })))
    }

    pub(super) fn delete_organization(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = self.named_organization(call)?.id.clone();
        let directory = &self.directory;
        let mut organizations = directory.organizations.iter();
        if organizations.any(|it| it.parent_id.as_deref() == Some(&id)) {
            return Err(Refusal::code("COM.0601").because("there are organizations below it"));
        }
        let mut people = directory.people.iter();
        if people.any(|it| it.org_id.as_deref() == Some(&id)) {
            return Err(Refusal::code("COM.0601").because("there are users in it"));
        }
        self.organization_changed(Change::Deleted, &id, call.now);
        self.directory.organizations.retain(|it| it.id != id);
        Ok(done(call))
    }

    fn named_organization(&self, call: &Call<'_>) -> Result<&Organization, Refusal> {
        self.applications.caller(call)?;
        let organization = self.directory.organization(call.path("org_id"));
        organization.ok_or_else(|| Refusal::code("ORG.0001"))
    }

    fn take_organization(
        &self,
        organization: &mut Organization,
        body: &Value,
    ) -> Result<(), Refusal> {
        if let Some(code) = body["code"].as_str() {
            let other = self.directory.organization_by_code(code);
            if other.is_some_and(|other| other.id != organization.id) {
                return Err(Refusal::code("ORG.0012"));
            }
            organization.code = code.to_owned();
        }
        if let Some(name) = body["name"].as_str() {
            organization.name = name.to_owned();
        }
        let parent = text(body, "parent_id");
        if !parent.is_empty() {
            let exists = self.directory.organization(parent).is_some();
            if !exists || self.directory.is_below(parent, &organization.id) {
                return Err(Refusal::code("ORG.0008"));
            }
            organization.parent_id = Some(parent.to_owned());
        }
        if let Some(category) = body["category"].as_str() {
            organization.category = Some(category.to_owned());
        }
        Ok(())
    }
}
