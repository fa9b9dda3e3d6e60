//! Departments: found, made, changed and deleted, one by one and in batches.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::apps::success;
use super::directory::{
    DEPARTMENT, Directory, Keys, Record, list, not_above, only, page, text, update,
};
use super::users::{self, MOST_IN_BATCH, outcome};

/// Answers a request about departments.
pub(super) fn answer(directory: &mut Directory, call: &Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body();
    match call.operation.id.as_str() {
        "create_department" => Ok(success(create(directory, body)?)),
        "update_department" => Ok(success(change(directory, body)?)),
        "delete_department" => Ok(success(delete(directory, body)?)),
        "get_department" | "get_department_v1" => {
            let place = directory.find(DEPARTMENT, &Keys::of(call))?;
            Ok(success(whole(directory, &directory.departments[place])))
        }
        "list_departments" | "list_departments_v1" => {
            let place = directory.find(DEPARTMENT, &Keys::of(call))?;
            let code = text(&directory.departments[place], "deptCode").to_owned();
            let deep = call.query("recursiveflag") == Some("1");
            let rows = below(directory, &code, deep);
            let rows = rows.iter().map(|it| whole(directory, it)).collect();
            Ok(success(page(call, rows, LARGEST_PAGE)))
        }
        "list_parent_departments" => {
            let codes = match body["type"] == 1 {
                true => {
                    let place = directory.user(&Keys::of(call))?;
                    users::codes(&directory.users[place])
                }
                false => {
                    let place = directory.find(DEPARTMENT, &Keys::of(call))?;
                    vec![text(&directory.departments[place], "deptCode").to_owned()]
                }
            };
            let rows = codes.iter().map(|code| {
                let mut row = users::path(directory, code);
                let department = directory.department(code).cloned().unwrap_or_default();
                update_value(&mut row, &only(&department, &NAMES));
                row
            });
            Ok(success(json!({ "data": rows.collect::<Vec<_>>() })))
        }
        "batch_create_departments" | "batch_create_departments_v1" => {
            batch(directory, call, create)
        }
        "batch_update_departments" | "batch_update_departments_v1" => {
            batch(directory, call, change)
        }
        "batch_sync_departments" => batch(directory, call, |directory, request| {
            match (
                request["valid"] == "0",
                directory.find(DEPARTMENT, &Keys::Members(request)),
            ) {
                (true, _) => delete(directory, request),
                (false, Ok(_)) => change(directory, request),
                (false, Err(_)) => create(directory, request),
            }
        }),
        "batch_delete_departments" => batch(directory, call, delete),
        "batch_update_department_corp_codes" => batch(directory, call, |directory, request| {
            let id = json!({ "deptCode": request["deptCode"] });
            let place = directory.find(DEPARTMENT, &Keys::Members(&id))?;
            update(&mut directory.departments[place], request);
            Ok(key(&directory.departments[place]))
        }),
        _ => Err(Refusal::no_behaviour(call)),
    }
}

/// Makes a department and gives the keys.
pub(super) fn create(directory: &mut Directory, request: &Value) -> Result<Value, Refusal> {
    let corp = request["corpDeptCode"].as_str().unwrap_or_default();
    let taken = |it: &Record| !corp.is_empty() && text(it, "corpDeptCode") == corp;
    if directory.departments.iter().any(taken) {
        return Err(Refusal::code("47004").because("another department has this corpDeptCode"));
    }
    let parent = parent(directory, request)?.unwrap_or_else(|| "0".to_owned());
    let code = directory.fresh();
    let mut department = Record::new();
    update(&mut department, request);
    department.insert("deptCode".to_owned(), json!(code));
    department.insert("parentCode".to_owned(), json!(parent));
    let keys = key(&department);
    directory.departments.push(department);
    directory.changed("corpEditDept", "deptCode", &code);
    Ok(keys)
}

/// Changes a department and gives the keys.
pub(super) fn change(directory: &mut Directory, request: &Value) -> Result<Value, Refusal> {
    let place = directory.find(DEPARTMENT, &Keys::Members(request))?;
    let code = text(&directory.departments[place], "deptCode").to_owned();
    let parent = parent(directory, request)?;
    if parent
        .as_ref()
        .is_some_and(|parent| directory.is_below(parent, &code))
    {
        return Err(Refusal::code("47008").because("a department cannot stand below itself"));
    }
    let department = &mut directory.departments[place];
    update(department, request);
    department.insert("deptCode".to_owned(), json!(code));
    if let Some(parent) = parent {
        department.insert("parentCode".to_owned(), json!(parent));
    }
    let keys = key(department);
    directory.changed("corpEditDept", "deptCode", &code);
    Ok(keys)
}

/// Deletes an empty department and gives the keys.
pub(super) fn delete(directory: &mut Directory, request: &Value) -> Result<Value, Refusal> {
    let place = directory.find(DEPARTMENT, &Keys::Members(request))?;
    let code = text(&directory.departments[place], "deptCode").to_owned();
    let holds_users = !users::in_department(directory, &code).is_empty();
    if code == "0" || holds_users || !below(directory, &code, false).is_empty() {
        let reason = "the department is the root, or has users or departments in it";
        return Err(Refusal::code("47009").because(reason));
    }
    let keys = key(&directory.departments[place]);
    directory.departments.remove(place);
    directory.changed("corpDelDept", "deptCode", &code);
    Ok(keys)
}

/// The departments right below one, or all below it.
pub(super) fn below(directory: &Directory, code: &str, deep: bool) -> Vec<Record> {
    let within = |it: &&Record| match deep {
        true => text(it, "deptCode") != code && directory.is_below(text(it, "deptCode"), code),
        false => text(it, "parentCode") == code,
    };
    directory
        .departments
        .iter()
        .filter(within)
        .cloned()
        .collect()
}

/// A department with what follows from the others.
fn whole(directory: &Directory, department: &Record) -> Value {
    let code = text(department, "deptCode");
    let mut whole = Value::Object(department.clone());
    whole["hasChildDept"] = json!(i32::from(!below(directory, code, false).is_empty()));
    whole["deptLevel"] = json!(directory.path(code).len().to_string());
    let parent = directory.department(text(department, "parentCode"));
    if let Some(corp) = parent.and_then(|parent| parent.get("corpDeptCode")) {
        whole["corpParentCode"] = corp.clone();
    }
    whole
}

/// The code of the parent that a request names, by either code.
fn parent(directory: &mut Directory, request: &Value) -> Result<Option<String>, Refusal> {
    let named = [
        ("parentCode", "deptCode"),
        ("corpParentCode", "corpDeptCode"),
    ];
    for (name, key) in named {
        if let Some(code) = request[name].as_str().filter(|code| !code.is_empty()) {
            let place = directory.find(DEPARTMENT, &Keys::Members(&json!({ key: code })));
            let place = place.map_err(|_| {
                Refusal::code("47106").because("the department above does not exist")
            })?;
            return Ok(Some(
                text(&directory.departments[place], "deptCode").to_owned(),
            ));
        }
    }
    Ok(None)
}

/// One change for each of the departments of a body; the result is asked for later.
fn batch(
    directory: &mut Directory,
    call: &Call<'_>,
    mut each: impl FnMut(&mut Directory, &Value) -> Result<Value, Refusal>,
) -> Result<Answer, Refusal> {
    let departments = list(call.body(), "deptInfos");
    not_above(departments.len(), MOST_IN_BATCH)?;
    let mut results = Vec::new();
    for department in departments {
        results.push(outcome(call, each(directory, department), department));
    }
    Ok(directory.job(&call.operation.id, results))
}

fn key(department: &Record) -> Value {
    only(department, &["deptCode", "corpDeptCode"])
}

fn update_value(value: &mut Value, more: &Value) {
    if let Some(members) = value.as_object_mut() {
        update(members, more);
    }
}

const NAMES: [&str; 5] = [
    "deptCode",
    "corpDeptCode",
    "deptNameCn",
    "deptNameEn",
    "parentCode",
];

/// The largest page of departments.
const LARGEST_PAGE: usize = 100;
