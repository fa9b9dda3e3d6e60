//! Approvals: read by who started, handles or gets to see them. The API starts none; the control
//! API does.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};

use super::super::apps::success;
use super::super::directory::{Record, list, text};
use super::{Desk, Kind, Paging};

pub(super) const APPROVAL: Kind = Kind {
    name: "approvals",
    key: "instanceId",
    missing: "43011",
};

pub(super) fn answer(mut desk: Desk<'_>) -> Result<Answer, Refusal> {
    let call = desk.call;
    let (user, status) = (desk.query("userId"), call.query("status"));
    let is_in = |approval: &Record, name: &str| {
        let people = json!(approval);
        list(&people, name).iter().any(|person| person == user)
    };
    let is_wanted: &dyn Fn(&Record) -> bool = match call.operation.id.as_str() {
        "list_applied_approvals" => &|it: &Record| text(it, "startUserId") == user,
        "list_handled_approvals" => &|it: &Record| is_in(it, "handlers"),
        "list_copied_approvals" => &|it: &Record| is_in(it, "copied"),
        "list_approval_groups" => {
            let groups = GROUPS.map(|(id, name, _)| json!({ "groupId": id, "groupName": name }));
            return Ok(success(json!({ "data": groups })));
        }
        "list_approval_templates" => {
            let wanted = call.query("groupId");
            let groups = GROUPS
                .iter()
                .filter(|it| wanted.is_none_or(|id| id == it.0));
            let template = |(id, name, model): &(&str, &str, &str)| {
                json!({
                    "modelId": format!("M-{id}"), "modelName": model, "groupId": id,
                    "groupName": name, "modelScope": { "userScope": [], "deptScope": ["0"] },
                })
            };
            return Ok(paged(&desk, groups.map(template).collect()));
        }
        _ => return Err(Refusal::no_behaviour(call)),
    };
    if desk.user(user).is_none() {
        return Err(Refusal::code("43051").because("there is no user with this userId"));
    }
    let fits =
        |it: &&Record| is_wanted(it) && status.is_none_or(|status| status == text(it, "status"));
    let rows = desk.shelf(&APPROVAL).iter().filter(fits).map(|approval| {
        let hidden = ["handlers", "copied"];
        let members = approval.iter();
        let shown = members.filter(|(name, _)| !hidden.contains(&name.as_str()));
        shown
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    });
    let rows: Vec<Value> = rows.collect();
    Ok(paged(&desk, rows))
}

fn paged(desk: &Desk<'_>, rows: Vec<Value>) -> Answer {
    let page = PAGING.cut(desk.call, rows);
    success(json!({
        "data": page.rows,
        "pagination": {
            "page": page.index, "pageSize": page.size, "totalRows": page.total,
            "totalPages": page.total.div_ceil(page.size),
        },
    }))
}

const PAGING: Paging = Paging {
    index: "page",
    size: "pageSize",
    first: 1,
    usual: 20,
};

/// The groups of templates: id, name, and the one template in it.
const GROUPS: [(&str, &str, &str); 2] =
    [("G-1", "Leave", "Annual leave"), ("G-2", "Travel", "Trip")];
