//! Users: found, made, changed and deleted, one by one and in batches.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::{date_time, unix_ms};
use crate::platforms::Call;

use super::apps::success;
use super::directory::{
    DEPARTMENT, Directory, Keys, Record, list, not_above, only, page, text, update,
};

/// Answers a request about users.
pub(super) fn answer(directory: &mut Directory, call: &Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body();
    match call.operation.id.as_str() {
        "create_user" => {
            let key = create(directory, body, call)?;
            Ok(success(key))
        }
        "update_user" => {
            let key = change(directory, body, call)?;
            Ok(success(key))
        }
        "delete_user" => {
            let key = delete(directory, body)?;
            Ok(success(key))
        }
        "get_user" | "get_user_v1" => {
            let place = directory.user(&Keys::of(call))?;
            Ok(success(Value::Object(directory.users[place].clone())))
        }
        "list_users" | "list_users_v1" => {
            let members = members(directory, call)?;
            let rows = members.into_iter().map(Value::Object).collect();
            Ok(success(page(call, rows, LARGEST_PAGE)))
        }
        "list_users_simple" => {
            let members = members(directory, call)?;
            let rows = members.iter().map(|user| only(user, &SIMPLE)).collect();
            Ok(success(page(call, rows, LARGEST_PAGE)))
        }
        "list_user_parent_departments" => {
            let place = directory.user(&Keys::of(call))?;
            let codes = codes(&directory.users[place]);
            let paths = codes.iter().map(|code| path(directory, code));
            Ok(success(json!({ "data": paths.collect::<Vec<_>>() })))
        }
        "batch_create_users" => batch(directory, call, create),
        "batch_update_users" => batch(directory, call, change),
        "batch_sync_users" => batch(directory, call, sync),
        "batch_delete_users" => batch(directory, call, |it, user, _| delete(it, user)),
        "batch_update_user_corp_ids" => batch(directory, call, |directory, user, _| {
            let id = json!({ "userId": user["userId"], "mobileNumber": user["mobileNumber"] });
            let place = directory.user(&Keys::Members(&id))?;
            directory.users[place].insert("corpUserId".to_owned(), user["corpUserId"].clone());
            Ok(key(&directory.users[place]))
        }),
        "batch_update_user_mobiles" => batch(directory, call, |directory, user, _| {
            let id = json!({ "userId": user["userId"], "corpUserId": user["corpUserId"] });
            let place = directory.user(&Keys::Members(&id))?;
            let mobile = user["mobileNumber"].as_str().unwrap_or_default();
            free_mobile(directory, mobile, Some(place))?;
            directory.users[place].insert("mobileNumber".to_owned(), json!(mobile));
            Ok(key(&directory.users[place]))
        }),
        _ => Err(Refusal::no_behaviour(call)),
    }
}

/// Makes a user and gives the keys.
pub(super) fn create(
    directory: &mut Directory,
    request: &Value,
    call: &Call<'_>,
) -> Result<Value, Refusal> {
    let mobile = request["mobileNumber"].as_str().unwrap_or_default();
    free_mobile(directory, mobile, None)?;
    let corp = request["corpUserId"].as_str().unwrap_or_default();
    let known = |user: &Record| !corp.is_empty() && text(user, "corpUserId") == corp;
    if directory.users.iter().any(known) {
        return Err(Refusal::code("47004").because("another user has this corpUserId"));
    }
    let mut user = Record::new();
    update(&mut user, request);
    place_in_departments(directory, &mut user)?;
    let name = match corp.is_empty() {
        true => format!("u{}", directory.fresh()),
        false => corp.to_lowercase(),
    };
    let id = format!("{name}@{}", directory.tenant.domain);
    user.insert("userId".to_owned(), json!(id));
    user.insert("userStatus".to_owned(), json!("3"));
    user.insert("isActivated".to_owned(), json!(0));
    user.insert("creationTime".to_owned(), json!(beijing(unix_ms(call.now))));
    directory.users.push(user);
    directory.changed("corpEditUser", "userId", &id);
    Ok(json!({ "userId": id, "corpUserId": corp }))
}

/// Changes a user and gives the keys.
pub(super) fn change(
    directory: &mut Directory,
    request: &Value,
    call: &Call<'_>,
) -> Result<Value, Refusal> {
    let place = directory.user(&Keys::Members(request))?;
    if let Some(mobile) = request["mobileNumber"].as_str() {
        free_mobile(directory, mobile, Some(place))?;
    }
    let mut user = directory.users[place].clone();
    update(&mut user, request);
    place_in_departments(directory, &mut user)?;
    let now = json!(beijing(unix_ms(call.now)));
    user.insert("lastUpdatedTime".to_owned(), now);
    let keys = key(&user);
    let id = text(&user, "userId").to_owned();
    directory.users[place] = user;
    directory.changed("corpEditUser", "userId", &id);
    Ok(keys)
}

/// Deletes a user, or closes the account, and gives the keys.
pub(super) fn delete(directory: &mut Directory, request: &Value) -> Result<Value, Refusal> {
    let place = directory.user(&Keys::Members(request))?;
    let keys = key(&directory.users[place]);
    let id = text(&directory.users[place], "userId").to_owned();
    if request["isDeleteUser"] == 0 {
        directory.users[place].insert("userStatus".to_owned(), json!("4"));
    } else {
        directory.users.remove(place);
    }
    directory.changed("corpDelUser", "userId", &id);
    Ok(keys)
}

/// Makes a user, or changes the one that is there.
pub(super) fn sync(
    directory: &mut Directory,
    request: &Value,
    call: &Call<'_>,
) -> Result<Value, Refusal> {
    let only_key = json!({ "userId": request["userId"], "corpUserId": request["corpUserId"] });
    match directory.user(&Keys::Members(&only_key)) {
        Ok(_) => change(directory, request, call),
        Err(_) => create(directory, request, call),
    }
}

/// One change for each of the users of a body; the result is asked for later.
fn batch(
    directory: &mut Directory,
    call: &Call<'_>,
    mut each: impl FnMut(&mut Directory, &Value, &Call<'_>) -> Result<Value, Refusal>,
) -> Result<Answer, Refusal> {
    let users = list(call.body(), "personInfos");
    not_above(users.len(), MOST_IN_BATCH)?;
    let mut results = Vec::new();
    for user in users {
        results.push(outcome(call, each(directory, user, call), user));
    }
    Ok(directory.job(&call.operation.id, results))
}

/// What became of one item of a batch.
pub(super) fn outcome(call: &Call<'_>, result: Result<Value, Refusal>, item: &Value) -> Value {
    let (mut told, code, message) = match result {
        Ok(keys) => (keys, "0".to_owned(), "success".to_owned()),
        Err(refusal) => {
            let names = [
                "userId",
                "corpUserId",
                "mobileNumber",
                "deptCode",
                "corpDeptCode",
            ];
            let known = item.as_object().map(|item| only(item, &names));
            let code = refusal.code.clone().unwrap_or_default();
            let row = call.document.row(&code).map(|row| row.code.clone());
            (
                known.unwrap_or_default(),
                row.unwrap_or(code),
                refusal.reason(),
            )
        }
    };
    if !told.is_object() {
        told = json!({});
    }
    told["code"] = json!(code);
    told["message"] = json!(message);
    told
}

/// The users of the department that a request names.
fn members(directory: &mut Directory, call: &Call<'_>) -> Result<Vec<Record>, Refusal> {
    let place = directory.find(DEPARTMENT, &Keys::Parameters(call))?;
    let code = text(&directory.departments[place], "deptCode").to_owned();
    Ok(in_department(directory, &code))
}

/// The users of a department; all of the tenant for its root.
pub(super) fn in_department(directory: &Directory, code: &str) -> Vec<Record> {
    let users = directory.users.iter();
    let within = |user: &&Record| code == "0" || codes(user).iter().any(|it| it == code);
    users.filter(within).cloned().collect()
}

/// The codes of the departments of a user.
pub(super) fn codes(user: &Record) -> Vec<String> {
    let codes = user.get("deptCodes").and_then(Value::as_array);
    let codes = codes.into_iter().flatten().filter_map(Value::as_str);
    codes.map(str::to_owned).collect()
}

/// The way from the root to a department, as codes and names.
pub(super) fn path(directory: &Directory, code: &str) -> Value {
    let path = directory.path(code);
    let joined = |name: &str| {
        let parts: Vec<&str> = path.iter().map(|it| text(it, name)).collect();
        parts.join("/")
    };
    json!({
        "deptAllCode": joined("deptCode"),
        "deptAllNameCn": joined("deptNameCn"),
        "deptAllNameEn": joined("deptNameEn"),
    })
}

/// Finds the departments that a user names, by either code; the root for one who names none.
fn place_in_departments(directory: &mut Directory, user: &mut Record) -> Result<(), Refusal> {
    let named = |user: &Record, name: &str| -> Vec<String> {
        let value = user.get(name).cloned().unwrap_or_default();
        let several = value.as_array().cloned().unwrap_or_else(|| vec![value]);
        let texts = several.iter().filter_map(Value::as_str);
        texts
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut found = Vec::new();
    for (name, key) in [
        ("deptCodes", "deptCode"),
        ("mainDeptCode", "deptCode"),
        ("corpDeptCodes", "corpDeptCode"),
        ("mainCorpDeptCode", "corpDeptCode"),
    ] {
        for code in named(user, name) {
            let place = directory.find(DEPARTMENT, &Keys::Members(&json!({ key: code })))?;
            let code = text(&directory.departments[place], "deptCode").to_owned();
            if !found.contains(&code) {
                found.push(code);
            }
        }
    }
    if found.is_empty() {
        found.push("0".to_owned());
    }
    if text(user, "mainDeptCode").is_empty() {
        user.insert("mainDeptCode".to_owned(), json!(found[0]));
    }
    user.insert("deptCodes".to_owned(), json!(found));
    Ok(())
}

fn free_mobile(directory: &Directory, mobile: &str, except: Option<usize>) -> Result<(), Refusal> {
    let mut users = directory.users.iter().enumerate();
    let taken = users.any(|(place, user)| {
        Some(place) != except && !mobile.is_empty() && text(user, "mobileNumber") == mobile
    });
    match taken {
        true => Err(Refusal::code("47120").because("another user has this mobile number")),
        false => Ok(()),
    }
}

fn key(user: &Record) -> Value {
    only(user, &["userId", "corpUserId"])
}

/// A time as the platform writes it: in Beijing, without saying so.
pub(super) fn beijing(time_ms: i64) -> String {
    let since = u64::try_from(time_ms).unwrap_or_default() + 8 * 3_600_000;
    let text = date_time(UNIX_EPOCH + Duration::from_millis(since));
    text.split_once('.')
        .map_or(String::new(), |(whole, _)| whole.to_owned())
}

/// The members of a user in short lists.
pub(super) const SIMPLE: [&str; 4] = ["userId", "corpUserId", "userNameCn", "userNameEn"];

/// The largest page of users.
const LARGEST_PAGE: usize = 50;

/// How many items a batch may have.
pub(super) const MOST_IN_BATCH: usize = 100;
