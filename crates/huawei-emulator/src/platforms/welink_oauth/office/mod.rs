//! What the people of a tenant keep beside its directory: to-dos, entries of calendars, conferences,
//! shifts and punches, files and their links, approvals, articles.
//!
//! All of it lies on shelves: records of one kind, each found by one member. What is special of a
//! kind stands in its own module.

mod approvals;
mod articles;
mod attendance;
mod calendar;
mod conferences;
mod drive;
mod todos;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_ms;
use crate::platforms::Call;

use super::State;
use super::apps::{App, fresh_id};
use super::directory::{Directory, Record, text};
use super::seed::members;
use super::users::beijing;

use self::drive::Drive;

/// A kind of record.
#[derive(Debug)]
pub(super) struct Kind {
    /// What the shelf is called, as in the control API.
    pub name: &'static str,
    /// The member that a record is found by.
    pub key: &'static str,
    /// The code for one that does not exist.
    pub missing: &'static str,
}

/// The records of all tenants, by tenant and kind.
#[derive(Debug, Default)]
pub(crate) struct Office {
    shelves: BTreeMap<(String, &'static str), Vec<Record>>,
    pub drive: Drive,
}

impl Office {
    /// The records on the shelf of this name; none where there is no such shelf.
    pub(super) fn records(&self, tenant_id: &str, name: &str) -> Option<Vec<Value>> {
        let kind = KINDS.iter().find(|kind| kind.name == name)?;
        let shelf = self.shelves.get(&(tenant_id.to_owned(), kind.name));
        let records = shelf.cloned().unwrap_or_default();
        Some(records.into_iter().map(Value::Object).collect())
    }

    /// Puts a record on the shelf of this name, with a fresh key if it has none, and gives the key.
    pub(super) fn put(&mut self, tenant_id: &str, name: &str, record: Value) -> Option<String> {
        let kind = KINDS.iter().find(|kind| kind.name == name)?;
        let mut record = members(record);
        let key = record
            .entry(kind.key)
            .or_insert_with(|| json!(fresh_id()))
            .as_str()?
            .to_owned();
        let shelf = self.shelves.entry((tenant_id.to_owned(), kind.name));
        shelf.or_default().push(record);
        Some(key)
    }
}

/// One call, with all that it can be about.
struct Desk<'a> {
    office: &'a mut Office,
    directory: &'a Directory,
    app: Option<&'a App>,
    call: &'a Call<'a>,
}

impl<'a> Desk<'a> {
    fn shelf(&mut self, kind: &Kind) -> &mut Vec<Record> {
        let place = (self.directory.tenant.id.clone(), kind.name);
        self.office.shelves.entry(place).or_default()
    }

    /// The place of a record on its shelf.
    fn place(&mut self, kind: &Kind, key: &str) -> Result<usize, Refusal> {
        let mut all = self.shelf(kind).iter();
        let found = all.position(|record| text(record, kind.key) == key);
        found.ok_or_else(|| {
            let reason = format!("nothing among the {} has this {}", kind.name, kind.key);
            Refusal::code(kind.missing).because(reason)
        })
    }

    /// The record with this key.
    fn record(&mut self, kind: &Kind, key: &str) -> Result<&mut Record, Refusal> {
        let place = self.place(kind, key)?;
        Ok(&mut self.shelf(kind)[place])
    }

    /// Takes a record off its shelf.
    fn take(&mut self, kind: &Kind, key: &str) -> Result<Record, Refusal> {
        let place = self.place(kind, key)?;
        Ok(self.shelf(kind).remove(place))
    }

    /// The user with this id, if the tenant has one.
    fn user(&self, id: &str) -> Option<&'a Record> {
        let mut users = self.directory.users.iter();
        users.find(|user| text(user, "userId") == id)
    }

    /// Whether a user administers the whole tenant.
    fn is_administrator(&self, user_id: &str) -> bool {
        let roles = self.app.and_then(|app| app.administrators.get(user_id));
        roles.is_some_and(|roles| roles.iter().any(|role| role == "enterpriseAdmin"))
    }

    fn body(&self, name: &str) -> &'a str {
        self.call.body()[name].as_str().unwrap_or_default()
    }

    fn query(&self, name: &str) -> &'a str {
        self.call.query(name).unwrap_or_default()
    }

    /// The time now as the platform writes it.
    fn now(&self) -> String {
        beijing(unix_ms(self.call.now))
    }
}

/// One page of a list, as a call asks for it.
struct Sheet {
    rows: Vec<Value>,
    /// The page as the caller counts it.
    index: usize,
    size: usize,
    total: usize,
}

/// How the pages of a list are asked for.
struct Paging {
    index: &'static str,
    size: &'static str,
    /// What the first page is called.
    first: usize,
    /// How many rows a page has that does not say so.
    usual: usize,
}

impl Paging {
    fn cut(&self, call: &Call<'_>, rows: Vec<Value>) -> Sheet {
        let number = |name: &str| {
            let asked = call.parameter(name);
            let asked = asked.or_else(|| call.body().get(name).cloned());
            asked.and_then(|it| usize::try_from(it.as_u64()?).ok())
        };
        let index = number(self.index).unwrap_or(self.first).max(self.first);
        let size = number(self.size).unwrap_or(self.usual).max(1);
        let total = rows.len();
        let skipped = (index - self.first).saturating_mul(size);
        Sheet {
            rows: rows.into_iter().skip(skipped).take(size).collect(),
            index,
            size,
            total,
        }
    }
}

/// Whether a call is about what people keep.
pub(super) fn is_meant(call: &Call<'_>) -> bool {
    SERVICES.contains(&service(call))
}

/// The service that a call is to, by its address.
fn service<'a>(call: &Call<'a>) -> &'a str {
    call.operation.path.split('/').nth(2).unwrap_or_default()
}

impl State {
    /// Answers a request about what people keep.
    pub(super) fn of_office(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let caller = self.apps.caller(call)?;
        let directory = self.directories.get(&caller.tenant_id);
        let missing = || Refusal::code("47006").because("there is no such tenant");
        let desk = Desk {
            office: &mut self.office,
            directory: directory.ok_or_else(missing)?,
            app: self.apps.app(&caller.client_id),
            call,
        };
        match service(call) {
            "approval" => approvals::answer(desk),
            "attendance" => attendance::answer(desk),
            "calendar" => calendar::answer(desk),
            "clouddrive" => drive::answer(desk),
            "knowledge" => articles::answer(desk),
            "meeting" => conferences::answer(desk),
            "todo" => todos::answer(desk),
            _ => Err(Refusal::no_behaviour(call)),
        }
    }
}

/// The services whose calls end here.
const SERVICES: [&str; 7] = [
    "approval",
    "attendance",
    "calendar",
    "clouddrive",
    "knowledge",
    "meeting",
    "todo",
];

/// The shelves there are.
const KINDS: [&Kind; 9] = [
    &approvals::APPROVAL,
    &articles::ARTICLE,
    &attendance::PUNCH,
    &attendance::SHIFT,
    &calendar::EVENT,
    &calendar::MEETING,
    &conferences::CONFERENCE,
    &drive::FILE,
    &todos::TASK,
];
