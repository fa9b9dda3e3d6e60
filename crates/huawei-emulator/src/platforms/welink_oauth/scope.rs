//! The apps of a company, who sees them, and what their administrators manage.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::State;
use super::apps::{App, success};
use super::directory::{Directory, Keys, Record, only, page, text, update};
use super::users;

impl State {
    /// Answers a request about apps. Everybody in a company sees its apps.
    pub(super) fn of_app(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let caller = self.apps.caller(call)?;
        let of_tenant = |app: &App| app.serves(&caller.tenant_id);
        match call.operation.id.as_str() {
            "get_app" => {
                let app = self.apps.app(call.query("clientId").unwrap_or_default());
                let app = app.filter(|app| of_tenant(app)).ok_or_else(no_app)?;
                Ok(success(json!({ "data": info(app) })))
            }
            "list_apps" => {
                let apps = self.apps.apps.iter().filter(|app| of_tenant(app));
                let (list, pagination) = paged(call, apps.map(info).collect());
                let data = json!({ "list": list, "pagination": pagination });
                Ok(success(json!({ "data": data })))
            }
            "update_app" => {
                let id = call.body()["clientId"].as_str().unwrap_or_default();
                let mut apps = self.apps.apps.iter_mut();
                // Who only subscribed changes nothing.
                let own = |app: &&mut App| app.client_id == id && app.tenant_id == caller.tenant_id;
                let app = apps.find(own).ok_or_else(no_app)?;
                update(&mut app.settings, call.body());
                if let Some(address) = call.body()["callbackUrl"].as_str() {
                    app.callback_url = Some(address.to_owned()).filter(|it| !it.is_empty());
                }
                Ok(success(json!({})))
            }
            "get_admin_domain_scope" => {
                let app = self.apps.app(&caller.client_id).cloned();
                let directory = self.directory(call)?;
                let place = directory.user(&Keys::of(call))?;
                let id = text(&directory.users[place], "userId");
                let roles = app.and_then(|app| app.administrators.get(id).cloned());
                let manages = |role: &String| role == "enterpriseAdmin";
                let scopes: &[&str] = match roles.is_some_and(|roles| roles.iter().any(manages)) {
                    true => &["0"],
                    false => &[],
                };
                let data = json!({ "userId": id, "domainScopes": scopes });
                Ok(success(json!({ "data": data })))
            }
            "get_app_visible_scope" => {
                let app = self.apps.app(&caller.client_id);
                let administrators = app.map(|app| app.administrators.keys().cloned());
                let mut administrators: Vec<String> =
                    administrators.into_iter().flatten().collect();
                administrators.sort();
                let directory = self.directory(call)?;
                let ids = directory
                    .users
                    .iter()
                    .map(|user| json!(text(user, "userId")));
                let (ids, pagination) = paged(call, ids.collect());
                Ok(success(json!({ "data": {
                    "deptCodes": ["0"], "userIds": ids, "userIdsPagination": pagination,
                    "roleIds": [], "adminUserIds": administrators,
                }})))
            }
            "list_app_visible_users" => {
                let directory = self.directory(call)?;
                let users = directory.users.iter().map(|user| visible(directory, user));
                let mut answer = page(call, users.collect(), LARGEST_PAGE);
                if let Some(members) = answer.as_object_mut() {
                    members.remove("hasMore");
                }
                Ok(success(answer))
            }
            _ => Err(Refusal::no_behaviour(call)),
        }
    }
}

/// What the platform tells of an app.
fn info(app: &App) -> Value {
    let mut info = json!({ "clientId": app.client_id, "nameZh": app.name, "nameEn": app.name });
    for (name, value) in app.settings.iter().filter(|(name, _)| *name != "edition") {
        info[name] = value.clone();
    }
    if let Some(address) = &app.callback_url {
        info["callbackUrl"] = json!(address);
    }
    info
}

fn visible(directory: &Directory, user: &Record) -> Value {
    let names = ["userStatus", "userId", "userNameCn", "userNameEn"];
    let mut visible = only(user, &names);
    let codes = users::codes(user);
    let departments = codes.iter().filter_map(|code| directory.department(code));
    let names = ["deptCode", "deptNameCn", "deptNameEn"];
    visible["deptInfo"] = departments.map(|it| only(it, &names)).collect();
    visible
}

/// A page, and what these calls tell of it.
fn paged(call: &Call<'_>, rows: Vec<Value>) -> (Value, Value) {
    let page = page(call, rows, LARGEST_PAGE);
    let pagination = json!({
        "totalCount": page["total"], "pageSize": page["pageSize"], "page": page["pageNo"],
    });
    (page["data"].clone(), pagination)
}

fn no_app() -> Refusal {
    Refusal::code("43011").because("the company has no app with this clientId")
}

/// The largest page of these calls; the platform does not tell its own.
const LARGEST_PAGE: usize = 100;
