//! The people and departments of a tenant, and how requests find them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::apps::{Tenant, success};

/// The members of a user, a department, a role or a group of roles.
pub(crate) type Record = Map<String, Value>;

/// What a tenant consists of. It persists while the emulator runs.
#[derive(Debug)]
pub(crate) struct Directory {
    pub tenant: Tenant,
    pub users: Vec<Record>,
    pub departments: Vec<Record>,
    pub roles: Vec<Record>,
    pub role_groups: Vec<Record>,
    pub jobs: BTreeMap<String, Value>,
    /// What changed since the events were last sent.
    pub changes: Vec<(&'static str, Value)>,
    next: u64,
}

/// A kind of record, and the names of the two keys it is found by: the platform's and the
/// customer's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub key: &'static str,
    pub corp_key: &'static str,
    /// The code for one that does not exist.
    pub missing: &'static str,
}

pub(super) const DEPARTMENT: Kind = Kind {
    key: "deptCode",
    corp_key: "corpDeptCode",
    missing: "43052",
};

pub(super) const ROLE: Kind = Kind {
    key: "roleId",
    corp_key: "corpRoleId",
    missing: "47004",
};

pub(super) const ROLE_GROUP: Kind = Kind {
    key: "roleGroupId",
    corp_key: "corpRoleGroupId",
    missing: "47004",
};

impl Directory {
    /// A tenant with nothing but its root department.
    pub(super) fn new(tenant: &Tenant) -> Self {
        let root = json!({
            "deptCode": "0", "deptNameCn": tenant.name, "deptNameEn": tenant.name,
            "visibleRange": 1,
        });
        Self {
            tenant: tenant.clone(),
            users: Vec::new(),
            departments: vec![super::seed::members(root)],
            roles: Vec::new(),
            role_groups: Vec::new(),
            jobs: BTreeMap::new(),
            changes: Vec::new(),
            next: 20_001,
        }
    }

    /// A fresh id of the platform's.
    pub(super) fn fresh(&mut self) -> String {
        self.next += 1;
        self.next.to_string()
    }

    /// The place of a user by id, customer's id or mobile number, in this order.
    pub(super) fn user(&self, keys: &Keys<'_>) -> Result<usize, Refusal> {
        let by = |name: &str| {
            let wanted = keys.get(name)?;
            Some(
                self.users
                    .iter()
                    .position(|user| text(user, name) == wanted),
            )
        };
        let found = by("userId")
            .or_else(|| by("corpUserId"))
            .or_else(|| by("mobileNumber"));
        let Some(place) = found.flatten() else {
            return Err(Refusal::code("47111").because("there is no such user"));
        };
        let corp = keys.get("corpUserId");
        let known = text(&self.users[place], "corpUserId");
        if corp.is_some_and(|corp| !known.is_empty() && corp != known) {
            let reason = "corpUserId and userId are different people";
            return Err(Refusal::code("47023").because(reason));
        }
        Ok(place)
    }

    /// The records of a kind.
    pub(super) fn records(&mut self, kind: Kind) -> &mut Vec<Record> {
        match kind.key {
            "deptCode" => &mut self.departments,
            "roleId" => &mut self.roles,
            _ => &mut self.role_groups,
        }
    }

    /// The place of a record by the platform's key, else by the customer's.
    pub(super) fn find(&mut self, kind: Kind, keys: &Keys<'_>) -> Result<usize, Refusal> {
        let found = [kind.key, kind.corp_key].into_iter().find_map(|name| {
            let wanted = keys.get(name)?;
            Some(
                self.records(kind)
                    .iter()
                    .position(|it| text(it, name) == wanted),
            )
        });
        found.flatten().ok_or_else(|| {
            let reason = format!("nothing has this {} or {}", kind.key, kind.corp_key);
            Refusal::code(kind.missing).because(reason)
        })
    }

    /// The department of this code, which a request names as another's.
    pub(super) fn department(&self, code: &str) -> Option<&Record> {
        let mut all = self.departments.iter();
        all.find(|department| text(department, "deptCode") == code)
    }

    /// The codes from the root to a department, itself included.
    pub(super) fn path(&self, code: &str) -> Vec<&Record> {
        let mut path = Vec::new();
        let mut at = self.department(code);
        while let Some(department) = at {
            // A department may be moved below itself; the walk ends all the same.
            if path.len() > self.departments.len() {
                break;
            }
            path.push(department);
            at = self.department(text(department, "parentCode"));
        }
        path.reverse();
        path
    }

    /// Whether a department is another or stands below it.
    pub(super) fn is_below(&self, code: &str, above: &str) -> bool {
        let path = self.path(code);
        path.iter()
            .any(|department| text(department, "deptCode") == above)
    }

    /// Keeps the result of a batch, and answers with its id.
    pub(super) fn job(&mut self, kind: &str, results: Vec<Value>) -> Answer {
        let id = format!("job-{}", self.fresh());
        let result = json!({
            "jobId": id, "status": 3, "type": kind, "total": results.len(),
            "percentage": 100, "data": results,
        });
        self.jobs.insert(id.clone(), result);
        success(json!({ "jobId": id }))
    }

    /// Notes a change, so that those who subscribed are told.
    pub(super) fn changed(&mut self, event: &'static str, name: &str, key: &str) {
        let subject = json!({ name: key, "tenantId": self.tenant.id });
        self.changes.push((event, subject));
    }
}

/// The values by which a request names something: members of its body, or its parameters.
pub(super) enum Keys<'a> {
    Members(&'a Value),
    Parameters(&'a Call<'a>),
}

impl<'a> Keys<'a> {
    /// Those of a call: of its body if it has one.
    pub(super) fn of(call: &'a Call<'a>) -> Self {
        match call.body() {
            Value::Object(_) => Self::Members(call.body()),
            _ => Self::Parameters(call),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let found = match self {
            Self::Members(body) => body.get(name).and_then(Value::as_str),
            Self::Parameters(call) => {
                let in_path = Some(call.path(name)).filter(|text| !text.is_empty());
                call.query(name).or(in_path)
            }
        };
        found.filter(|text| !text.is_empty())
    }
}

/// A member as text, empty if there is none.
pub(super) fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Writes the members of a request over those of a record. What says only which record is meant is
/// written too, and is the same.
pub(super) fn update(record: &mut Record, request: &Value) {
    for (name, value) in request.as_object().into_iter().flatten() {
        record.insert(name.clone(), value.clone());
    }
}

/// Only these members.
pub(super) fn only(record: &Record, names: &[&str]) -> Value {
    let kept = record
        .iter()
        .filter(|(name, _)| names.contains(&name.as_str()));
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// A page of a list, and the members that tell of it.
pub(super) fn page(call: &Call<'_>, records: Vec<Value>, largest: usize) -> Value {
    let number = |name: &str| call.query(name).and_then(|text| text.parse::<usize>().ok());
    let page = number("pageNo").or(number("page")).unwrap_or(1).max(1);
    let size = number("pageSize").unwrap_or(largest).clamp(1, largest);
    let total = records.len();
    let rest = records.into_iter().skip((page - 1) * size);
    let rows: Vec<Value> = rest.take(size).collect();
    json!({
        "pageNo": page, "pageSize": size, "pages": total.div_ceil(size), "total": total,
        "hasMore": i32::from(page * size < total), "data": rows,
    })
}

/// The refusal of a number of items that is too large.
pub(super) fn not_above(count: usize, most: usize) -> Result<(), Refusal> {
    match count > most {
        true => Err(Refusal::code("47013").because(format!("more than {most} items"))),
        false => Ok(()),
    }
}

/// The list that a body holds.
pub(super) fn list<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body[name].as_array().map(Vec::as_slice).unwrap_or_default()
}
