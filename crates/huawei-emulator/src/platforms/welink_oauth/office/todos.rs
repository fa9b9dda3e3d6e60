//! To-dos: the caller gives each its id, finishes it for a user, withdraws it.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};

use super::super::apps::{fresh_id, success};
use super::super::directory::{Record, only, text};
use super::super::seed::members;
use super::{Desk, Kind};

pub(super) const TASK: Kind = Kind {
    name: "todos",
    key: "taskId",
    missing: "55006",
};

pub(super) fn answer(mut desk: Desk<'_>) -> Result<Answer, Refusal> {
    let call = desk.call;
    match call.operation.id.as_str() {
        "add_todo" | "add_todo_v1" | "add_todo_v2" => {
            let (id, user) = (desk.body("taskId"), desk.body("userId"));
            if desk.user(user).is_none() {
                return Err(Refusal::code("55006").because("there is no user with this userId"));
            }
            if desk.place(&TASK, id).is_ok() {
                return Err(Refusal::code("55007").because("there is a to-do with this taskId"));
            }
            let mut todo = members(call.body().clone());
            todo.insert("status".to_owned(), json!("open"));
            todo.insert("uuid".to_owned(), json!(fresh_id()));
            let time = desk.now();
            stamp(&mut todo, &desk.directory.tenant.id, &time);
            todo.insert("createTime".to_owned(), json!(time));
            let data = match call.operation.id.as_str() {
                // This form knows neither the platform's id nor the tenant.
                "add_todo_v2" => call.body().clone(),
                _ => shown(&todo, &["createTime", "lastModifyTime", "status"]),
            };
            desk.shelf(&TASK).push(todo);
            Ok(success(json!({ "data": data })))
        }
        "update_todo" => {
            let (time, next) = (desk.now(), desk.query("userId"));
            if desk.user(next).is_none() {
                return Err(Refusal::code("55006").because("there is no user with this userId"));
            }
            let tenant_id = &desk.directory.tenant.id;
            let todo = desk.record(&TASK, desk.query("taskId"))?;
            // It goes on to this user.
            for name in ["userId", "userNameCn", "userNameEn"] {
                todo.insert(name.to_owned(), json!(call.query(name)));
            }
            stamp(todo, tenant_id, &time);
            Ok(success(json!({ "data": shown(todo, &["status"]) })))
        }
        "update_todo_v1" => {
            let (time, user) = (desk.now(), desk.query("userId"));
            let tenant_id = &desk.directory.tenant.id;
            let todo = desk.record(&TASK, desk.query("taskId"))?;
            if text(todo, "userId") != user {
                return Err(Refusal::code("55002").because("the to-do is another user's"));
            }
            todo.insert("status".to_owned(), json!("done"));
            stamp(todo, tenant_id, &time);
            Ok(success(json!({ "data": true })))
        }
        "delete_todo" => {
            let todo = desk.take(&TASK, desk.query("taskId"))?;
            let data = only(&todo, &["uuid", "taskId", "tenantId"]);
            Ok(success(json!({ "data": data })))
        }
        _ => Err(Refusal::no_behaviour(call)),
    }
}

fn stamp(todo: &mut Record, tenant_id: &str, time: &str) {
    todo.insert("tenantId".to_owned(), json!(tenant_id));
    todo.insert("lastModifyTime".to_owned(), json!(time));
}

/// What of a to-do is answered.
fn shown(todo: &Record, but: &[&str]) -> Value {
    let kept = todo
        .iter()
        .filter(|(name, _)| !but.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
