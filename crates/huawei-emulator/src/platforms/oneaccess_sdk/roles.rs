//! Roles inside applications, and who has them; positions and job titles, which are as simple.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::date_time;
use crate::platforms::Call;

use super::State;
use super::ids::{done, new_id, ok, text};
use super::paging::{page, page_with_size};

/// A role inside an application.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub id: String,
    pub application_id: String,
    pub code: String,
    pub name: Value,
    pub created_at: String,
    pub updated_at: String,
    /// The ids of the accounts that have it.
    pub members: Vec<String>,
}

/// A position or a job title, as answers show it.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub id: String,
    pub code: String,
    pub answer: Value,
}

/// All roles, positions and titles.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    pub all: Vec<Role>,
    pub positions: Vec<Job>,
    pub titles: Vec<Job>,
}

impl Roles {
    pub(super) fn forget_account(&mut self, id: &str) {
        for role in &mut self.all {
            role.members.retain(|member| member != id);
        }
    }
}

impl Role {
    fn as_answer(&self) -> Value {
        json!({
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        })
    }
}

/// # Roles
impl State {
    /// The roles of an account, as answers about it show them.
    pub(super) fn roles_of(&self, account: &str) -> Value {
        let all = self.roles.all.iter();
        let own = all.filter(|it| it.members.iter().any(|member| member == account));
        own.map(|it| json!({"role_id": it.id, "role_code": it.code, "role_name": it.name}))
            .collect()
    }

    fn role(&mut self, call: &Call<'_>, id: &str) -> Result<&mut Role, Refusal> {
        let application = self.application(call)?;
        let mut all = self.roles.all.iter_mut();
        let role = all.find(|it| it.id == id && it.application_id == application);
        role.ok_or_else(|| Refusal::code("APP.ROLE.0002"))
    }

    pub(super) fn create_app_role(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application_id = self.application(call)?;
        let code = text(call.body(), "code").to_owned();
        let mut all = self.roles.all.iter();
        if all.any(|it| it.application_id == application_id && it.code == code) {
            return Err(Refusal::code("APP.0009"));
        }
        let role = Role {
            id: new_id(call.now),
            application_id,
            code,
            name: call.body()["name"].clone(),
            created_at: date_time(call.now),
            updated_at: date_time(call.now),
            members: Vec::new(),
        };
        let answer = ok(call, &json!({ "role_id": role.id }));
        self.roles.all.push(role);
        Ok(answer)
    }

    pub(super) fn get_app_role(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let role = self.role(call, call.path("role_id"))?;
        Ok(ok(call, &role.as_answer()))
    }

    pub(super) fn update_app_role(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let role = self.role(call, call.path("role_id"))?;
        role.name = call.body()["name"].clone();
        role.updated_at = date_time(call.now);
        Ok(ok(call, &json!({ "role_id": role.id })))
    }

    pub(super) fn delete_app_role(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = self.role(call, call.path("role_id"))?.id.clone();
        self.roles.all.retain(|it| it.id != id);
        Ok(done(call))
    }

    pub(super) fn list_app_roles(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application = self.application(call)?;
        let all = self.roles.all.iter();
        let own = all.filter(|it| it.application_id == application);
        Ok(page_with_size(call, "roles", own.map(Role::as_answer)))
    }

    pub(super) fn list_app_role_nodes(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let application = self.application(call)?;
        let all = self.roles.all.iter();
        let own = all.filter(|it| it.application_id == application);
        let rows = own.zip(1..).map(|(it, sequence)| {
            json!({
                "id": it.id,
                "code": it.code,
                "name": it.name,
                "parentId": null,
                "sequence": sequence,
                "description": null,
                "disabled": false,
                "remoteId": it.code,
            })
        });
        Ok(page_with_size(call, "roles", rows))
    }

    pub(super) fn list_app_role_members(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let members = self.role(call, call.path("role_id"))?.members.clone();
        let accounts = &self.accounts.all;
        let found = members
            .iter()
            .filter_map(|id| accounts.iter().find(|it| it.id == *id));
        let rows = found.map(|it| {
            json!({
                "id": it.id,
                "account_name": it.name,
                "account_type": it.kind,
                "name": it.real_name,
                "org_id": it.org_id,
                "disabled": it.disabled,
                "extension": it.extension,
            })
        });
        Ok(page_with_size(call, "role_members", rows))
    }

    pub(super) fn change_role_members(
        &mut self,
        call: &Call<'_>,
        add: bool,
    ) -> Result<Answer, Refusal> {
        let application = self.application(call)?;
        let accounts = self.accounts.all.iter();
        let known: Vec<String> = accounts
            .filter(|it| it.application_id == application)
            .map(|it| it.id.clone())
            .collect();
        let role = self.role(call, text(call.body(), "role_id"))?;
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        let ids = call.body()["account_Ids"].as_array().into_iter().flatten();
        for id in ids.filter_map(Value::as_str) {
            let has = role.members.iter().any(|member| member == id);
            match (add, has, known.iter().any(|it| it == id)) {
                (true, _, true) => {
                    if !has {
                        role.members.push(id.to_owned());
                    }
                    done.push(id);
                }
                (false, true, _) => {
                    role.members.retain(|member| member != id);
                    done.push(id);
                }
                _ => failed.push(id),
            }
        }
        Ok(ok(
            call,
            &json!({ "success_list": done, "fail_list": failed }),
        ))
    }

    pub(super) fn add_app_account_roles(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let account = self.account(call)?;
        let (id, application) = (account.id.clone(), account.application_id.clone());
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        let ids = call.body()["role_ids"].as_array().into_iter().flatten();
        for role_id in ids.filter_map(Value::as_str) {
            let mut all = self.roles.all.iter_mut();
            let role = all.find(|it| it.id == role_id && it.application_id == application);
            let Some(role) = role else {
                failed.push(role_id);
                continue;
            };
            if !role.members.contains(&id) {
                role.members.push(id.clone());
            }
            done.push(role_id);
        }
        Ok(ok(
            call,
            &json!({ "success_list": done, "fail_list": failed }),
        ))
    }
}

/// # Positions and titles
impl State {
    pub(super) fn list_job_positions(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let org = call.query("org_id").unwrap_or_default();
        let since = call.query("updated_at_greater").unwrap_or_default();
        let all = self.roles.positions.iter().map(|it| &it.answer);
        let found = all
            .filter(|it| org.is_empty() || it["org_id"] == org)
            .filter(|it| since.is_empty() || text(it, "updated_at") > since);
        Ok(page(call, "job_positions", found.cloned()))
    }

    /// Adds a position, or changes the one in the path.
    pub(super) fn set_job_position(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let body = call.body();
        let org = self.directory.organization_by_code(text(body, "org_code"));
        let org = org.ok_or_else(|| Refusal::code("ORG.0001"))?.id.clone();
        let title = match body["title_code"].as_str().filter(|code| !code.is_empty()) {
            None => Value::Null,
            Some(code) => {
                let found = self.roles.titles.iter().find(|it| it.code == code);
                found
                    .ok_or_else(|| Refusal::code("JOB.TITLE.0001"))?
                    .id
                    .as_str()
                    .into()
            }
        };
        let answer = json!({
            "org_id": org, "name": body["name"], "code": body["code"], "title_id": title,
        });
        let own = call.path("position_id");
        let positions = &mut self.roles.positions;
        let id = set_job(positions, call, own, "position_id", answer)
            .ok_or_else(|| Refusal::code("JOB.POSITION.0001"))?;
        Ok(ok(call, &json!({ "position_id": id })))
    }

    pub(super) fn delete_job_position(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        remove_job(&mut self.roles.positions, call.path("position_id"))
            .ok_or_else(|| Refusal::code("JOB.POSITION.0001"))?;
        Ok(done(call))
    }

    pub(super) fn get_job_title(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let id = call.path("title_id");
        let title = self.roles.titles.iter().find(|it| it.id == id);
        let title = title.ok_or_else(|| Refusal::code("JOB.TITLE.0001"))?;
        Ok(ok(call, &title.answer))
    }

    /// Adds a title, or changes the one in the path.
    pub(super) fn set_job_title(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let (body, own) = (call.body(), call.path("title_id"));
        let code = text(body, "code");
        let mut all = self.roles.titles.iter();
        if all.any(|it| it.code == code && it.id != own) {
            return Err(Refusal::code("JOB.TITLE.0009"));
        }
        let answer = json!({ "name": body["name"], "code": code });
        let id = set_job(&mut self.roles.titles, call, own, "title_id", answer)
            .ok_or_else(|| Refusal::code("JOB.TITLE.0001"))?;
        Ok(ok(call, &json!({ "title_id": id })))
    }

    pub(super) fn delete_job_title(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.applications.caller(call)?;
        let id = call.path("title_id");
        let mut positions = self.roles.positions.iter();
        if positions.any(|it| it.answer["title_id"] == id) {
            return Err(Refusal::code("JOB.TITLE.0015"));
        }
        remove_job(&mut self.roles.titles, id).ok_or_else(|| Refusal::code("JOB.TITLE.0001"))?;
        Ok(done(call))
    }
}

/// Adds to a list if `own` is empty, else changes what has that id.
fn set_job(
    list: &mut Vec<Job>,
    call: &Call<'_>,
    own: &str,
    id_name: &str,
    mut answer: Value,
) -> Option<String> {
    let now = date_time(call.now);
    answer["created_at"] = now.as_str().into();
    answer["updated_at"] = now.into();
    let code = text(&answer, "code").to_owned();
    if own.is_empty() {
        let id = new_id(call.now);
        answer[id_name] = id.as_str().into();
        list.push(Job {
            id: id.clone(),
            code,
            answer,
        });
        return Some(id);
    }
    let job = list.iter_mut().find(|it| it.id == own)?;
    answer[id_name] = own.into();
    answer["created_at"] = job.answer["created_at"].clone();
    (job.code, job.answer) = (code, answer);
    Some(own.to_owned())
}

fn remove_job(list: &mut Vec<Job>, id: &str) -> Option<()> {
    let before = list.len();
    list.retain(|it| it.id != id);
    (list.len() < before).then_some(())
}
