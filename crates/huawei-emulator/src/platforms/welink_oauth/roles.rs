//! Roles and groups of roles.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::apps::success;
use super::directory::{
    Directory, Keys, Kind, ROLE, ROLE_GROUP, Record, list, not_above, only, page, text, update,
};
use super::users::{MOST_IN_BATCH, SIMPLE, outcome};

/// Answers a request about roles.
pub(super) fn answer(directory: &mut Directory, call: &Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body();
    match call.operation.id.as_str() {
        "create_role_group" => Ok(success(create(directory, ROLE_GROUP, body)?)),
        "update_role_group" => Ok(success(change(directory, ROLE_GROUP, body)?)),
        "delete_role_group" => Ok(success(delete(directory, ROLE_GROUP, body)?)),
        "get_role_group" => {
            let place = directory.find(ROLE_GROUP, &Keys::of(call))?;
            let group = directory.role_groups[place].clone();
            Ok(success(with_roles(directory, &group)))
        }
        "list_role_groups" => {
            let groups = directory.role_groups.iter();
            let rows: Vec<Value> = groups.map(|group| with_roles(directory, group)).collect();
            Ok(success(json!({ "roleGroupNum": rows.len(), "data": rows })))
        }
        "list_roles" => {
            let place = directory.find(ROLE_GROUP, &Keys::of(call))?;
            let group = text(&directory.role_groups[place], "roleGroupId");
            let roles = directory
                .roles
                .iter()
                .filter(|role| text(role, "roleGroupId") == group);
            let rows: Vec<Value> = roles.map(|role| with_users(directory, role)).collect();
            Ok(success(json!({ "data": rows })))
        }
        "create_role" => Ok(success(create(directory, ROLE, body)?)),
        "update_role" => Ok(success(change(directory, ROLE, body)?)),
        "delete_role" => Ok(success(delete(directory, ROLE, body)?)),
        "get_role" => {
            let place = directory.find(ROLE, &Keys::of(call))?;
            Ok(success(with_users(directory, &directory.roles[place])))
        }
        "list_role_users" => {
            let place = directory.find(ROLE, &Keys::of(call))?;
            let holders = holders(directory, &directory.roles[place]);
            let rows = holders.iter().map(|user| only(user, &SIMPLE)).collect();
            Ok(success(page(call, rows, LARGEST_PAGE)))
        }
        "batch_sync_roles" => batch(directory, call, ROLE, "roles"),
        "batch_sync_role_groups" => batch(directory, call, ROLE_GROUP, "roleGroups"),
        _ => Err(Refusal::no_behaviour(call)),
    }
}

fn create(directory: &mut Directory, kind: Kind, request: &Value) -> Result<Value, Refusal> {
    let corp = request[kind.corp_key].as_str().unwrap_or_default();
    let taken = |it: &Record| !corp.is_empty() && text(it, kind.corp_key) == corp;
    if directory.records(kind).iter().any(taken) {
        let reason = format!("another one has this {}", kind.corp_key);
        return Err(Refusal::code("47004").because(reason));
    }
    let mut record = Record::new();
    update(&mut record, request);
    place_in_group(directory, kind, &mut record)?;
    let id = directory.fresh();
    record.insert(kind.key.to_owned(), json!(id));
    let keys = only(&record, &[kind.key, kind.corp_key]);
    directory.records(kind).push(record);
    Ok(keys)
}

fn change(directory: &mut Directory, kind: Kind, request: &Value) -> Result<Value, Refusal> {
    let place = directory.find(kind, &Keys::Members(request))?;
    let mut record = directory.records(kind)[place].clone();
    update(&mut record, request);
    place_in_group(directory, kind, &mut record)?;
    let keys = only(&record, &[kind.key, kind.corp_key]);
    directory.records(kind)[place] = record;
    Ok(keys)
}

fn delete(directory: &mut Directory, kind: Kind, request: &Value) -> Result<Value, Refusal> {
    let place = directory.find(kind, &Keys::Members(request))?;
    let record = directory.records(kind).remove(place);
    Ok(only(&record, &[kind.key, kind.corp_key]))
}

/// Finds the group that a role names, by either id.
fn place_in_group(
    directory: &mut Directory,
    kind: Kind,
    record: &mut Record,
) -> Result<(), Refusal> {
    let named = ["roleGroupId", "corpRoleGroupId"];
    let names_group = named.iter().any(|name| !text(record, name).is_empty());
    if kind.key != ROLE.key || !names_group {
        return Ok(());
    }
    let keys = Value::Object(record.clone());
    let place = directory.find(ROLE_GROUP, &Keys::Members(&keys))?;
    let id = text(&directory.role_groups[place], "roleGroupId").to_owned();
    record.insert("roleGroupId".to_owned(), json!(id));
    Ok(())
}

fn holders(directory: &Directory, role: &Record) -> Vec<Record> {
    let id = text(role, "roleId");
    let holds = |user: &&Record| {
        let roles = user.get("roleIds").and_then(Value::as_array);
        roles.into_iter().flatten().any(|held| held == id)
    };
    directory.users.iter().filter(holds).cloned().collect()
}

fn with_users(directory: &Directory, role: &Record) -> Value {
    let mut whole = Value::Object(role.clone());
    whole["userNum"] = json!(holders(directory, role).len());
    whole
}

fn with_roles(directory: &Directory, group: &Record) -> Value {
    let id = text(group, "roleGroupId");
    let roles = directory
        .roles
        .iter()
        .filter(|role| text(role, "roleGroupId") == id);
    let mut whole = Value::Object(group.clone());
    whole["roleNum"] = json!(roles.count());
    whole
}

fn batch(
    directory: &mut Directory,
    call: &Call<'_>,
    kind: Kind,
    name: &str,
) -> Result<Answer, Refusal> {
    let items = list(call.body(), name);
    not_above(items.len(), MOST_IN_BATCH)?;
    let mut results = Vec::new();
    for item in items {
        let exists = directory.find(kind, &Keys::Members(item)).is_ok();
        let result = match (item["valid"] == "0", exists) {
            (true, _) => delete(directory, kind, item),
            (false, true) => change(directory, kind, item),
            (false, false) => create(directory, kind, item),
        };
        results.push(outcome(call, result, item));
    }
    Ok(directory.job(&call.operation.id, results))
}

/// The largest page of users with a role.
const LARGEST_PAGE: usize = 50;
