//! Attendance: shifts, the groups that people are in, and when they punched.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};

use super::super::apps::{fresh_id, success};
use super::super::directory::{Record, list, text, update};
use super::super::seed::members;
use super::{Desk, Kind, Paging};

pub(super) const SHIFT: Kind = Kind {
    name: "shifts",
    key: "scheduleId",
    missing: "43011",
};

/// Devices bring punches, and the control API does.
pub(super) const PUNCH: Kind = Kind {
    name: "punches",
    key: "id",
    missing: "43011",
};

pub(super) fn answer(mut desk: Desk<'_>) -> Result<Answer, Refusal> {
    let call = desk.call;
    let body = call.body();
    match call.operation.id.as_str() {
        "list_attendance_groups" => {
            let tenant_id = &desk.directory.tenant.id;
            let groups = GROUPS.map(|(id, name)| {
                json!({
                    "groupId": id, "groupName": name, "scheduleType": "1", "isField": "0",
                    "tenantId": tenant_id, "holidayFlag": "1", "punchWeekday": "1,2,3,4,5",
                })
            });
            Ok(paged(&desk, "data", groups.to_vec()))
        }
        "assign_attendance_groups" => {
            let failed = |it: &&Value| {
                let id = it["orgId"].as_str().unwrap_or_default();
                let known = desk.user(id).is_some() || desk.directory.department(id).is_some();
                !known || !is_group(&it["groupId"])
            };
            let all = list(body, "groupInfo");
            let failed: Vec<&Value> = all.iter().filter(failed).collect();
            // Numbers are texts here, and numbers for shifts.
            Ok(success(json!({ "data": {
                "totalNum": all.len().to_string(), "failNum": failed.len().to_string(),
                "succNum": (all.len() - failed.len()).to_string(), "failList": failed,
            }})))
        }
        "assign_shifts" => {
            let all = list(body, "shiftScheduleInfo");
            let mut failed = Vec::new();
            for it in all {
                let named = |name: &str| it[name].as_str().unwrap_or_default();
                let known = desk.user(named("userId")).is_some() && is_group(&it["groupId"]);
                if !known || desk.place(&SHIFT, named("scheduleId")).is_err() {
                    failed.push(json!({ "orgId": it["userId"], "groupId": it["groupId"] }));
                }
            }
            Ok(success(json!({ "data": {
                "totalNum": all.len(), "failNum": failed.len(),
                "succNum": all.len() - failed.len(), "failList": failed,
            }})))
        }
        "list_shifts" => {
            let shifts = desk.shelf(&SHIFT).iter().cloned().map(Value::Object);
            let rows = shifts.collect();
            Ok(paged(&desk, "data", rows))
        }
        "create_shifts" => {
            let all = list(body, "scheduleInfo");
            let (good, failed): (Vec<&Value>, Vec<&Value>) =
                all.iter().partition(|it| it["scheduleName"].is_string());
            let ids: Vec<String> = good.iter().map(|_| fresh_id()).collect();
            for (shift, id) in good.into_iter().zip(&ids) {
                let mut shift = members(shift.clone());
                shift.insert("scheduleId".to_owned(), json!(id));
                desk.shelf(&SHIFT).push(shift);
            }
            Ok(success(json!({ "data": {
                "totalNum": all.len().to_string(), "succNum": ids.len().to_string(),
                "failNum": failed.len().to_string(), "succList": ids, "failList": failed,
            }})))
        }
        "update_shift" => {
            let shift = desk.record(&SHIFT, desk.body("scheduleId"))?;
            update(shift, body);
            Ok(success(json!({})))
        }
        "delete_shift" => {
            desk.take(&SHIFT, desk.query("scheduleId"))?;
            Ok(success(json!({})))
        }
        "list_punch_records" => punches(desk, ["startTime", "endTime"], "data"),
        "list_punch_records_v2" => punches(desk, ["dateFrom", "dateTo"], "records"),
        _ => Err(Refusal::no_behaviour(call)),
    }
}

/// The punches of a day at most.
fn punches(mut desk: Desk<'_>, names: [&str; 2], rows: &str) -> Result<Answer, Refusal> {
    let [from, to] = names.map(|name| desk.body(name));
    if !from.is_empty() && !to.is_empty() && (to < from || to > &*day_after(from)) {
        let reason = format!("{} is not within 24 hours after {}", names[1], names[0]);
        return Err(Refusal::code("43011").because(reason));
    }
    let wanted = list(desk.call.body(), "userIdList");
    let fits = |punch: &&Record| {
        let time = text(punch, "punchTime");
        let of_them = ["userId", "corpUserId"].map(|name| text(punch, name));
        let is_wanted =
            wanted.is_empty() || wanted.iter().any(|id| of_them.iter().any(|it| id == it));
        is_wanted && time >= from && (to.is_empty() || time <= to)
    };
    let found = desk.shelf(&PUNCH).iter().filter(fits).cloned();
    let found = found.map(Value::Object).collect();
    Ok(paged(&desk, rows, found))
}

/// A time like `2026-01-31 09:00:00` a day on, where days beyond the month sort behind it all the
/// same: nothing is compared with it but times.
fn day_after(time: &str) -> String {
    let Some((day, rest)) = time.split_once(' ') else {
        return String::new();
    };
    let after = super::conferences::later(&format!("{day} 00:00"), 24 * 60);
    let day = after.as_deref().and_then(|after| after.split(' ').next());
    format!("{} {rest}", day.unwrap_or_default())
}

fn is_group(id: &Value) -> bool {
    GROUPS.iter().any(|(known, _)| id == known)
}

/// `offset` counts pages, whatever its name says.
fn paged(desk: &Desk<'_>, name: &str, rows: Vec<Value>) -> Answer {
    let page = PAGING.cut(desk.call, rows);
    let mut answer = json!({ "offset": page.index, "limit": page.size });
    // Of shifts the number is a text.
    answer["totalCount"] = match desk.call.operation.id.as_str() {
        "list_shifts" => json!(page.total.to_string()),
        _ => json!(page.total),
    };
    answer[name] = json!(page.rows);
    success(answer)
}

const PAGING: Paging = Paging {
    index: "offset",
    size: "limit",
    first: 0,
    usual: 100,
};

/// The groups that every tenant has.
const GROUPS: [(&str, &str); 2] = [("1", "Office"), ("2", "Warehouse")];
