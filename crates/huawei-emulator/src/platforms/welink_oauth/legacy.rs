//! The older calls about users and departments, over the same directory.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::apps::success;
use super::departments;
use super::directory::{DEPARTMENT, Directory, Keys, Record, list, not_above, only, page, text};
use super::users::{self, SIMPLE};

/// Answers a request about users in the older form.
pub(super) fn users(directory: &mut Directory, call: &Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body();
    let found = |directory: &mut Directory| -> Result<Record, Refusal> {
        let place = directory.user(&Keys::of(call))?;
        Ok(directory.users[place].clone())
    };
    match call.operation.id.as_str() {
        "get_legacy_user" | "get_legacy_user_v3" => {
            let user = found(directory)?;
            let mut whole = legacy(&user);
            if call.operation.id == "get_legacy_user_v3" {
                whole["deptInfo"] = entries(directory, &user);
            }
            Ok(success(whole))
        }
        "get_user_simple" | "get_user_simple_v1" => {
            let user = found(directory)?;
            let mut short = only(&user, &["userStatus", "userId", "userNameCn", "userNameEn"]);
            short["deptInfo"] = entries(directory, &user);
            Ok(success(short))
        }
        "get_user_email" => {
            let user = found(directory)?;
            let names = [
                "userStatus",
                "userId",
                "deptCode",
                "userNameCn",
                "userNameEn",
                "corpUserId",
                "userEmail",
                "creationTime",
            ];
            let whole = legacy(&user);
            let whole = whole.as_object().cloned().unwrap_or_default();
            Ok(success(only(&whole, &names)))
        }
        "list_user_accounts" => {
            let wanted = list(body, "corpUserId");
            not_above(wanted.len(), MOST_ACCOUNTS)?;
            let users = directory.users.iter();
            let known = users.filter(|user| wanted.iter().any(|id| id == text(user, "corpUserId")));
            let keys = known.map(|user| only(user, &["userId", "corpUserId"]));
            Ok(success(json!({ "userInfo": keys.collect::<Vec<_>>() })))
        }
        "bulk_sync_users" | "bulk_sync_users_v2" | "bulk_update_users" | "bulk_update_users_v2" => {
            let people = list(body, "personInfo");
            not_above(people.len(), MOST_IN_BULK)?;
            let results = people.iter().map(|person| {
                let corp = person["corpUserId"].clone();
                let result = match person["valid"] == "0" {
                    true => users::delete(directory, &json!({ "corpUserId": corp })),
                    false => users::sync(directory, &modern(person), call),
                };
                let mut told = users::outcome(call, result, person);
                told["corpUserId"] = corp;
                told
            });
            let results: Vec<Value> = results.collect();
            Ok(success(json!({ "data": results })))
        }
        "get_user_sync_status" => {
            let results = list(body, "personInfo").iter().map(|person| {
                let user = directory.users.iter().find(|user| {
                    ["corpUserId", "mobileNumber", "userEmail"]
                        .iter()
                        .any(|name| {
                            person[*name].is_string() && user.get(*name) == Some(&person[*name])
                        })
                });
                let (code, message) = match user {
                    Some(_) => ("47109", "Operation success"),
                    None => ("47111", "Account does not exist"),
                };
                json!({ "corpUserId": person["corpUserId"], "code": code, "message": message })
            });
            let results: Vec<Value> = results.map(without_null).collect();
            Ok(success(json!({ "data": results })))
        }
        "list_department_users" | "list_department_users_isv" | "list_department_users_simple" => {
            let place = directory.find(DEPARTMENT, &Keys::of(call))?;
            let department = directory.departments[place].clone();
            let code = text(&department, "deptCode");
            let rows = users::in_department(directory, code)
                .into_iter()
                .map(|user| {
                    if call.operation.id == "list_department_users_simple" {
                        return only(&user, &SIMPLE);
                    }
                    let mut row = legacy(&user);
                    for name in ["deptCode", "deptNameCn", "deptNameEn"] {
                        row[name] = json!(text(&department, name));
                    }
                    row
                });
            let mut page = page(call, rows.collect(), LARGEST_PAGE);
            for name in ["pageNo", "pageSize"] {
                page[name] = json!(page[name].to_string());
            }
            Ok(success(page))
        }
        "update_user_mobile" => {
            let id = json!({ "userId": body["userId"], "corpUserId": body["corpUserId"] });
            let place = directory.user(&Keys::Members(&id))?;
            let id = text(&directory.users[place], "userId").to_owned();
            let change = json!({ "userId": id, "mobileNumber": body["mobileNumber"] });
            users::change(directory, &change, call)?;
            Ok(success(json!({})))
        }
        _ => Err(Refusal::no_behaviour(call)),
    }
}

/// Answers a request about departments in the older form.
pub(super) fn departments(directory: &mut Directory, call: &Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body();
    match call.operation.id.as_str() {
        "get_legacy_department" => {
            let place = directory.find(DEPARTMENT, &Keys::of(call))?;
            let department = &directory.departments[place];
            Ok(success(only(department, &NAMES)))
        }
        "list_legacy_departments" | "list_legacy_departments_v3" => {
            let code = call.query("deptCode").unwrap_or("0");
            directory.find(DEPARTMENT, &Keys::Members(&json!({ "deptCode": code })))?;
            let deep = call.query("recursiveflag") == Some("1");
            let number = |name: &str| call.query(name).and_then(|text| text.parse::<usize>().ok());
            let (offset, limit) = (
                number("offset").unwrap_or(0),
                number("limit").unwrap_or(100),
            );
            let all = departments::below(directory, code, deep);
            let total = all.len();
            let rows = all
                .iter()
                .skip(offset.saturating_sub(1) * limit)
                .take(limit);
            let rows = rows.map(|department| {
                let mut row = only(department, &NAMES);
                row["fatherCode"] = json!(text(department, "parentCode"));
                row
            });
            let rows: Vec<Value> = rows.collect();
            Ok(success(json!({
                "totalCount": total, "offset": offset, "limit": limit, "departmentInfo": rows,
            })))
        }
        "list_department_ancestors" => {
            let place = directory.find(DEPARTMENT, &Keys::of(call))?;
            let code = text(&directory.departments[place], "deptCode").to_owned();
            Ok(success(json!({ "data": [users::path(directory, &code)] })))
        }
        "bulk_sync_departments" | "bulk_update_departments" => {
            let items = list(body, "deptInfo");
            not_above(items.len(), MOST_IN_BULK)?;
            let results = items.iter().map(|item| {
                let exists = directory.find(DEPARTMENT, &Keys::Members(item)).is_ok();
                let sync = call.operation.id == "bulk_sync_departments";
                let result = match (item["valid"] == "0", exists) {
                    (true, _) => departments::delete(directory, item),
                    (false, false) if sync => departments::create(directory, item),
                    (false, _) => departments::change(directory, item),
                };
                let mut told = users::outcome(call, result, item);
                told["corpDeptCode"] = item["corpDeptCode"].clone();
                told
            });
            let results: Vec<Value> = results.collect();
            Ok(success(json!({ "data": results })))
        }
        "get_department_sync_status" => {
            let results = list(body, "deptInfo").iter().map(|item| {
                let (code, message) = match directory.find(DEPARTMENT, &Keys::Members(item)) {
                    Ok(_) => ("47109", "Operation success"),
                    Err(_) => ("43052", "Department does not exist"),
                };
                json!({ "corpDeptCode": item["corpDeptCode"], "code": code, "message": message })
            });
            let results: Vec<Value> = results.collect();
            Ok(success(json!({ "data": results })))
        }
        _ => Err(Refusal::no_behaviour(call)),
    }
}

/// A user in the form of the older calls: one department, one phone number.
fn legacy(user: &Record) -> Value {
    let names = [
        "userStatus",
        "userId",
        "userNameCn",
        "userNameEn",
        "mobileNumber",
        "sex",
        "userEmail",
        "corpUserId",
        "secretary",
        "remark",
        "isActivated",
        "creationTime",
        "lastUpdatedTime",
        "sipNum",
        "position",
        "landlineNumber",
    ];
    let mut whole = only(user, &names);
    whole["deptCode"] = json!(text(user, "mainDeptCode"));
    if let Some(phone) = user.get("phoneNumber").and_then(|list| list.get(0)) {
        whole["phoneNumber"] = phone.clone();
    }
    if let Some(address) = user.get("businessAddress") {
        whole["address"] = address.clone();
    }
    whole
}

/// A user of the older calls in the form that the directory has.
fn modern(person: &Value) -> Value {
    let names = [
        "mobileNumber",
        "corpUserId",
        "userNameCn",
        "userNameEn",
        "sex",
        "userEmail",
        "landlineNumber",
        "corpSecretary",
        "remark",
        "employeeId",
        "position",
    ];
    let empty = Record::new();
    let mut user = only(person.as_object().unwrap_or(&empty), &names);
    let departments = match &person["corpDeptCode"] {
        Value::Array(codes) => codes.clone(),
        code => vec![code.clone()],
    };
    user["corpDeptCodes"] = json!(departments);
    if let Some(address) = person["address"].as_str() {
        user["businessAddress"] = json!(address);
    }
    user
}

/// The departments of a user, each with its names.
fn entries(directory: &Directory, user: &Record) -> Value {
    let codes = users::codes(user);
    let known = codes.iter().filter_map(|code| directory.department(code));
    known
        .map(|it| only(it, &["deptCode", "deptNameCn", "deptNameEn"]))
        .collect()
}

fn without_null(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    value
}

const NAMES: [&str; 5] = [
    "deptCode",
    "corpDeptCode",
    "deptNameCn",
    "deptNameEn",
    "parentCode",
];

/// How many accounts may be looked up at a time.
const MOST_ACCOUNTS: usize = 50;

/// How many items an older bulk call may have.
const MOST_IN_BULK: usize = 10;

/// The largest page of users.
const LARGEST_PAGE: usize = 50;
