//! What applications have of their own: accounts and organizations.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::State;
use super::ids::{done, new_id, ok, text};
use super::paging::page;

/// An account inside an application.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub id: String,
    pub application_id: String,
    /// Basic accounts belong to one person; public ones have several users, orphans nobody.
    pub kind: &'static str,
    pub person_id: Option<String>,
    pub name: String,
    pub real_name: Value,
    pub org_id: Value,
    pub disabled: bool,
    pub extension: Value,
    /// The users of a public account, and who answers for it.
    pub users: Vec<String>,
    pub owner: Option<String>,
}

/// An organization inside an application.
#[derive(Clone, Debug)]
pub(crate) struct AppOrganization {
    pub id: String,
    pub application_id: String,
    pub code: String,
    pub name: String,
    pub parent_id: Option<String>,
}

/// All accounts and organizations of applications.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub all: Vec<Account>,
    pub organizations: Vec<AppOrganization>,
}

impl Accounts {
    pub(super) fn forget_person(&mut self, id: &str) {
        self.all.retain(|it| it.person_id.as_deref() != Some(id));
        for account in &mut self.all {
            account.users.retain(|user| user != id);
            account.owner.take_if(|owner| owner == id);
        }
    }
}

impl Account {
    fn as_answer(&self, roles: Value) -> Value {
        json!({
            "id": self.id,
            "account_name": self.name,
            "account_type": self.kind,
            "name": self.real_name,
            "disabled": self.disabled,
            "org_id": self.org_id,
            "extension": self.extension,
            "attr_manager_id": self.owner,
            "roles": roles,
        })
    }
}

/// # Accounts
impl State {
    /// The application in the path, for a caller with a token.
    pub(super) fn application(&self, call: &Call<'_>) -> Result<String, Refusal> {
        self.applications.caller(call)?;
        let application = self.applications.by_id(call.path("application_id"));
        let application = application.ok_or_else(|| Refusal::code("APP.0001"))?;
        Ok(application.application_id.clone())
    }

    /// The account in the path.
    pub(super) fn account(&self, call: &Call<'_>) -> Result<&Account, Refusal> {
        let application = self.application(call)?;
        let id = call.path("account_id");
        let mut all = self.accounts.all.iter();
        let account = all.find(|it| it.id == id && it.application_id == application);
        account.ok_or_else(|| Refusal::code("APP_ACCOUNT.0001"))
    }

    fn account_mut(&mut self, call: &Call<'_>) -> Result<&mut Account, Refusal> {
        let id = self.account(call)?.id.clone();
        let mut all = self.accounts.all.iter_mut();
        let account = all.find(|it| it.id == id);
        account.ok_or_else(|| Refusal::code("APP_ACCOUNT.0001"))
    }

    pub(super) fn list_app_accounts(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application = self.application(call)?;
        let kind = call.query("account_type").unwrap_or_default();
        let all = self.accounts.all.iter();
        let found = all
            .filter(|it| it.application_id == application)
            .filter(|it| kind.is_empty() || it.kind == kind);
        let rows = found.map(|it| it.as_answer(self.roles_of(&it.id)));
        Ok(page(call, "accounts", rows))
    }

    pub(super) fn list_user_app_accounts(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let id = call.path("user_id");
        if self.directory.person(id).is_none() {
            return Err(Refusal::code("USER.0001"));
        }
        let all = self.accounts.all.iter();
        let own = all.filter(|it| it.person_id.as_deref() == Some(id));
        let own: Vec<Value> = own
            .map(|it| {
                json!({
                    "id": it.id,
                    "application_id": it.application_id,
                    "account_name": it.name,
                    "account_type": it.kind,
                    "name": it.real_name,
                    "extension": it.extension,
                })
            })
            .collect();
        Ok(ok(call, &json!({ "total": own.len(), "accounts": own })))
    }

    pub(super) fn authorize_app_account(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application = self.application(call)?;
        let person = call.path("user_id").to_owned();
        self.add_basic_account(call, application, person)
    }

    pub(super) fn create_app_account(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application = self.application(call)?;
        let person = text(call.body(), "user_id").to_owned();
        self.add_basic_account(call, application, person)
    }

    fn add_basic_account(
        &mut self,
        call: &Call<'_>,
        application: String,
        person: String,
    ) -> Result<Answer, Refusal> {
        let found = self.directory.person(&person);
        let found = found.ok_or_else(|| Refusal::code("USER.0001"))?;
        let (user_name, name) = (found.user_name.clone(), found.attribute("name"));
        let name = Value::from(name.map(str::to_owned));
        let of = |it: &Account| it.application_id == application;
        let has = |it: &Account| of(it) && it.person_id.as_deref() == Some(&person);
        if self.accounts.all.iter().any(has) {
            return Err(Refusal::code("APP_ACCOUNT.0002"));
        }
        let kind = "BASIC_ACCOUNT";
        self.add_account(call, application, kind, |account| {
            account.person_id = Some(person);
            account.name = user_name;
            account.real_name = name;
        })
    }

    pub(super) fn create_shared_account(
        &mut self,
        call: &Call<'_>,
        kind: &'static str,
    ) -> Result<Answer, Refusal> {
        let application = self.application(call)?;
        self.add_account(call, application, kind, |_| {})
    }

    fn add_account(
        &mut self,
        call: &Call<'_>,
        application_id: String,
        kind: &'static str,
        preset: impl FnOnce(&mut Account),
    ) -> Result<Answer, Refusal> {
        let mut account = Account {
            id: new_id(call.now),
            application_id,
            kind,
            person_id: None,
            name: String::new(),
            real_name: Value::Null,
            org_id: Value::Null,
            disabled: false,
            extension: json!({}),
            users: Vec::new(),
            owner: None,
        };
        preset(&mut account);
        self.take_account(&mut account, call.body())?;
        let id = account.id.clone();
        self.accounts.all.push(account);
        Ok(ok(call, &json!({ "account_id": id })))
    }

    pub(super) fn get_app_account(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let account = self.account(call)?;
        Ok(ok(call, &account.as_answer(self.roles_of(&account.id))))
    }

    pub(super) fn update_app_account(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let mut account = self.account(call)?.clone();
        self.take_account(&mut account, call.body())?;
        let id = account.id.clone();
        *self.account_mut(call)? = account;
        Ok(ok(call, &json!({ "account_id": id })))
    }

    pub(super) fn delete_app_account(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = self.account(call)?.id.clone();
        self.accounts.all.retain(|it| it.id != id);
        self.roles.forget_account(&id);
        Ok(done(call))
    }

    pub(super) fn set_account_disabled(
        &mut self,
        call: &Call<'_>,
        disabled: bool,
    ) -> Result<Answer, Refusal> {
        let account = self.account_mut(call)?;
        account.disabled = disabled;
        Ok(ok(call, &json!({ "account_id": account.id })))
    }

    fn take_account(&self, account: &mut Account, body: &Value) -> Result<(), Refusal> {
        let name = text(body, "account_name");
        if !name.is_empty() {
            account.name = name.to_owned();
        }
        let taken = |it: &Account| {
            it.application_id == account.application_id
                && it.name == account.name
                && it.id != account.id
        };
        if self.accounts.all.iter().any(taken) {
            return Err(Refusal::code("APP_ACCOUNT.0002"));
        }
        if let Some(name) = body["name"].as_str() {
            account.real_name = name.into();
        }
        if let Some(code) = body["org_code"].as_str().filter(|code| !code.is_empty()) {
            let mut all = self.accounts.organizations.iter();
            let found =
                all.find(|it| it.code == code && it.application_id == account.application_id);
            let found = found.ok_or_else(|| Refusal::code("APP_ORG.0001"))?;
            account.org_id = found.id.as_str().into();
        }
        if let Some(disabled) = body["disabled"].as_bool() {
            account.disabled = disabled;
        }
        if body["extension"].is_object() {
            account.extension = body["extension"].clone();
        }
        Ok(())
    }
}

/// # Public accounts
impl State {
    fn public_account(&mut self, call: &Call<'_>) -> Result<&mut Account, Refusal> {
        let account = self.account_mut(call)?;
        match account.kind {
            "PUBLIC_ACCOUNT" => Ok(account),
            _ => Err(Refusal::code("APP_ACCOUNT.0006")),
        }
    }

    pub(super) fn list_public_account_users(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let users = self.public_account(call)?.users.clone();
        let people = users.iter().filter_map(|id| self.directory.person(id));
        let rows = people
            .map(|it| json!({ "id": it.id, "userName": it.user_name, "disabled": it.disabled }));
        Ok(page(call, "associated_users", rows))
    }

    pub(super) fn change_public_account_users(
        &mut self,
        call: &Call<'_>,
        bind: bool,
    ) -> Result<Answer, Refusal> {
        let mut ids = Vec::new();
        for name in call.body()["user_names"].as_array().into_iter().flatten() {
            let person = name.as_str().and_then(|name| self.directory.by_name(name));
            ids.push(person.ok_or_else(|| Refusal::code("USER.0001"))?.id.clone());
        }
        let account = self.public_account(call)?;
        account.users.retain(|id| !ids.contains(id));
        if bind {
            account.users.extend(ids);
        }
        Ok(ok(call, &json!({ "account_id": account.id })))
    }

    pub(super) fn set_public_account_owner(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.directory.by_name(text(call.body(), "user_name"));
        let owner = owner
            .ok_or_else(|| Refusal::code("APP.ACCOUNT.0037"))?
            .id
            .clone();
        let account = self.public_account(call)?;
        account.owner = Some(owner);
        Ok(ok(call, &json!({ "account_id": account.id })))
    }
}

/// # Organizations of applications
impl State {
    fn app_organization(&self, call: &Call<'_>) -> Result<&AppOrganization, Refusal> {
        let application = self.application(call)?;
        let id = call.path("org_id");
        let mut all = self.accounts.organizations.iter();
        let found = all.find(|it| it.id == id && it.application_id == application);
        found.ok_or_else(|| Refusal::code("APP_ORG.0001"))
    }

    pub(super) fn list_app_organizations(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application = self.application(call)?;
        let all = self.accounts.organizations.iter();
        let own = all.filter(|it| it.application_id == application);
        Ok(page(call, "organizations", own.map(app_organization)))
    }

    pub(super) fn create_app_organization(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application_id = self.application(call)?;
        let body = call.body();
        let code = text(body, "org_code").to_owned();
        let mut own = self.accounts.organizations.iter();
        if own.any(|it| it.application_id == application_id && it.code == code) {
            return Err(Refusal::code("APP_ORG.0003"));
        }
        let mut organization = AppOrganization {
            id: new_id(call.now),
            application_id,
            code,
            name: String::new(),
            parent_id: None,
        };
        self.take_app_organization(&mut organization, body)?;
        let id = organization.id.clone();
        self.accounts.organizations.push(organization);
        Ok(ok(call, &json!({ "org_id": id })))
    }

    pub(super) fn get_app_organization(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        Ok(ok(call, &app_organization(self.app_organization(call)?)))
    }

    pub(super) fn update_app_organization(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let mut organization = self.app_organization(call)?.clone();
        self.take_app_organization(&mut organization, call.body())?;
        let id = organization.id.clone();
        let mut all = self.accounts.organizations.iter_mut();
        if let Some(place) = all.find(|it| it.id == id) {
            *place = organization;
        }
        Ok(ok(call, &json!({ "org_id": id })))
    }

    pub(super) fn delete_app_organization(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = self.app_organization(call)?.id.clone();
        let mut all = self.accounts.organizations.iter();
        if all.any(|it| it.parent_id.as_deref() == Some(&id)) {
            return Err(Refusal::code("APP.ORG.0027"));
        }
        let mut accounts = self.accounts.all.iter();
        if accounts.any(|it| it.org_id.as_str() == Some(&id)) {
            return Err(Refusal::code("APP.ORG.0028"));
        }
        self.accounts.organizations.retain(|it| it.id != id);
        Ok(done(call))
    }

    fn take_app_organization(
        &self,
        organization: &mut AppOrganization,
        body: &Value,
    ) -> Result<(), Refusal> {
        if let Some(name) = body["name"].as_str() {
            organization.name = name.to_owned();
        }
        let parent = text(body, "parent_id");
        if !parent.is_empty() {
            let application = &organization.application_id;
            let mut all = self.accounts.organizations.iter();
            let is = |it: &AppOrganization| it.id == parent && it.application_id == *application;
            if parent == organization.id || !all.any(is) {
                return Err(Refusal::code("APP_ORG.0004"));
            }
            organization.parent_id = Some(parent.to_owned());
        }
        Ok(())
    }
}

fn app_organization(organization: &AppOrganization) -> Value {
    json!({
        "org_id": organization.id,
        "org_code": organization.code,
        "name": organization.name,
        "parent_id": organization.parent_id,
        "disabled": false,
        "extension": {},
    })
}
