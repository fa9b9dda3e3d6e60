//! What happened, told apart by the type that an event names.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::model::{CallbackEvent, CallbackSubject};

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Departments were added or changed: `corpEditDept`.
    DepartmentsChanged(Vec<Department>),
    /// Departments were deleted: `corpDelDept`.
    DepartmentsDeleted(Vec<Department>),
    /// Anything else: the app was switched on or off, the platform tries the address out, or it has
    /// learnt to send more.
    #[non_exhaustive]
    Other {
        /// The type, empty if it names none.
        event_type: String,
        /// The whole event.
        event: Value,
    },
    /// A tenant subscribed to the app: `corpAuth`. From now on
    /// [`Client::as_tenant`](crate::Client::as_tenant) acts for it.
    #[non_exhaustive]
    TenantAuthorized {
        /// The tenant.
        tenant_id: String,
    },
    /// A tenant cancelled: `corpCancelAuth`.
    #[non_exhaustive]
    TenantCancelled {
        /// The tenant.
        tenant_id: String,
    },
    /// Users were added or changed: `corpEditUser`.
    UsersChanged(Vec<User>),
    /// Users were deleted: `corpDelUser`.
    UsersDeleted(Vec<User>),
}

/// A user that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The id, for example `zhangsan@welink`.
    pub user_id: String,
    /// The tenant, if the event names it.
    pub tenant_id: Option<String>,
}

/// A department that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Department {
    /// The code that WeLink gave it.
    pub dept_code: String,
    /// The tenant, if the event names it.
    pub tenant_id: Option<String>,
}

impl Event {
    /// The type as the platform names it.
    pub fn event_type(&self) -> &str {
        match self {
            Self::DepartmentsChanged(_) => "corpEditDept",
            Self::DepartmentsDeleted(_) => "corpDelDept",
            Self::Other { event_type, .. } => event_type,
            Self::TenantAuthorized { .. } => "corpAuth",
            Self::TenantCancelled { .. } => "corpCancelAuth",
            Self::UsersChanged(_) => "corpEditUser",
            Self::UsersDeleted(_) => "corpDelUser",
        }
    }

    /// Reads an event. One that lacks what its type promises is [`Other`](Self::Other).
    pub(super) fn read(value: Value) -> Self {
        let event_type = value["eventType"].as_str().unwrap_or_default().trim();
        let event_type = event_type.to_owned();
        let known = serde_json::from_value::<CallbackEvent>(value.clone());
        let known = known.ok().and_then(|event| Self::known(&event_type, event));
        known.unwrap_or(Self::Other {
            event_type,
            event: value,
        })
    }

    fn known(event_type: &str, event: CallbackEvent) -> Option<Self> {
        let CallbackEvent {
            tenant_id, data, ..
        } = event;
        Some(match event_type {
            "corpAuth" => Self::TenantAuthorized {
                tenant_id: tenant_id?,
            },
            "corpCancelAuth" => Self::TenantCancelled {
                tenant_id: tenant_id?,
            },
            "corpEditUser" => Self::UsersChanged(users(data?)?),
            "corpDelUser" => Self::UsersDeleted(users(data?)?),
            "corpEditDept" => Self::DepartmentsChanged(departments(data?)?),
            "corpDelDept" => Self::DepartmentsDeleted(departments(data?)?),
            _ => return None,
        })
    }
}

fn users(subjects: Vec<CallbackSubject>) -> Option<Vec<User>> {
    let user = |subject: CallbackSubject| {
        Some(User {
            user_id: subject.user_id?,
            tenant_id: subject.tenant_id,
        })
    };
    subjects.into_iter().map(user).collect()
}

fn departments(subjects: Vec<CallbackSubject>) -> Option<Vec<Department>> {
    let department = |subject: CallbackSubject| {
        Some(Department {
            dept_code: subject.dept_code?,
            tenant_id: subject.tenant_id,
        })
    };
    subjects.into_iter().map(department).collect()
}

/// The time of an event in Unix seconds, which comes as a number or as a text.
pub(super) fn seconds(event: &Value) -> Option<i64> {
    match &event["timestamp"] {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A time in Unix seconds; nothing for one that no clock shows.
pub(super) fn time(seconds: i64) -> Option<SystemTime> {
    let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(seconds)
}
