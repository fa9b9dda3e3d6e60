//! What differs between two versions of a platform's document: operations, parameters, fields,
//! enum values, codes, and the rest.

mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

use crate::level::Level;

/// One thing that differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    pub level: Level,
    pub text: String,
}

/// Everything that differs, operations first, then schemas, codes and the rest.
pub fn compare(old: &Value, new: &Value) -> Vec<Difference> {
    let mut found = Found::default();
    operations(old, new, &mut found);
    let (before, after) = (components(old, "schemas"), components(new, "schemas"));
    for (name, side) in both(&before, &after) {
        match side {
            Side::Old(_) => found.add(Level::Break, format!("removed schema `{name}`")),
            Side::New(_) => found.add(Level::Addition, format!("added schema `{name}`")),
            Side::Both(old, new) => schema::compare(name, old, new, &mut found),
        }
    }
    codes(old, new, &mut found);
    let (before, after) = (entries(old), entries(new));
    for (key, side) in both(&before, &after) {
        if !APART.contains(&key.as_str()) {
            found.value(key, side.before().copied(), side.after().copied());
        }
    }
    let kind = "securitySchemes";
    let (before, after) = (components(old, kind), components(new, kind));
    for (name, side) in both(&before, &after) {
        let level = match side {
            Side::Old(_) => Level::Break,
            Side::New(_) => Level::Addition,
            Side::Both(old, new) if old == new => continue,
            Side::Both(..) => Level::Patch,
        };
        let what = side.word();
        found.add(level, format!("{what} security scheme `{name}`"));
    }
    found.finish()
}

fn components<'a>(document: &'a Value, kind: &str) -> BTreeMap<String, &'a Value> {
    entries(&document["components"][kind])
}

/// Collects differences; those of words alone are counted.
#[derive(Default)]
pub(crate) struct Found {
    list: Vec<Difference>,
    words: BTreeSet<String>,
}

impl Found {
    pub(crate) fn add(&mut self, level: Level, text: String) {
        self.list.push(Difference { level, text });
    }

    /// A description or source of `place` changed.
    pub(crate) fn words(&mut self, place: &str) {
        self.words.insert(place.to_owned());
    }

    /// A value that decides how a call is made or judged.
    pub(crate) fn value(&mut self, place: &str, old: Option<&Value>, new: Option<&Value>) {
        if old != new {
            let text = format!("changed {place}: {} to {}", short(old), short(new));
            self.add(Level::Patch, text);
        }
    }

    fn finish(mut self) -> Vec<Difference> {
        if !self.words.is_empty() {
            let (count, mut names) = (self.words.len(), Vec::from_iter(self.words));
            names.truncate(SHOWN);
            let names = names.join("`, `");
            let more = match count > SHOWN {
                true => format!(" and {} more", count - SHOWN),
                false => String::new(),
            };
            let text = format!("described otherwise: `{names}`{more}");
            let level = Level::Patch;
            self.list.push(Difference { level, text });
        }
        self.list
    }
}

fn operations(old: &Value, new: &Value, found: &mut Found) {
    let (before, after) = (calls(old), calls(new));
    for (id, side) in both(&before, &after) {
        match side {
            Side::Old(call) => {
                found.add(Level::Break, format!("removed operation `{id}` ({call})"))
            }
            Side::New(call) => {
                found.add(Level::Addition, format!("added operation `{id}` ({call})"))
            }
            Side::Both(old, new) => operation(id, old, new, found),
        }
    }
}

/// An operation or webhook with the document around it, for its references.
struct Call<'a> {
    address: String,
    document: &'a Value,
    value: &'a Map<String, Value>,
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

fn calls(document: &Value) -> BTreeMap<String, Call<'_>> {
    let mut calls = BTreeMap::new();
    for (root, kind) in [("paths", ""), ("webhooks", "webhook ")] {
        for (path, item) in entries(&document[root]) {
            for (method, value) in entries(item) {
                let (Some(id), Some(value)) = (value["operationId"].as_str(), value.as_object())
                else {
                    continue;
                };
                let address = format!("{kind}{} {path}", method.to_uppercase());
                calls.insert(
                    id.to_owned(),
                    Call {
                        address,
                        document,
                        value,
                    },
                );
            }
        }
    }
    calls
}

fn operation(id: &str, old: &Call<'_>, new: &Call<'_>, found: &mut Found) {
    if old.address != new.address {
        let text = format!("moved operation `{id}`: {old} to {new}");
        found.add(Level::Patch, text);
    }
    let (before, after) = (parameters(old), parameters(new));
    for (name, side) in both(&before, &after) {
        let required =
            |value: &Value| value["required"] == true && value["schema"]["const"].is_null();
        match side {
            Side::Old(_) => found.add(Level::Break, format!("removed parameter `{id}` {name}")),
            Side::New(value) if required(value) => {
                found.add(
                    Level::Break,
                    format!("added required parameter `{id}` {name}"),
                );
            }
            Side::New(_) => {
                found.add(Level::Addition, format!("added parameter `{id}` {name}"));
            }
            Side::Both(old, new) => {
                if required(old) != required(new) {
                    let now = if required(new) { "now" } else { "no longer" };
                    found.add(
                        Level::Break,
                        format!("parameter `{id}` {name} is {now} required"),
                    );
                }
                schema::compare(
                    &format!("{id} {name}"),
                    &old["schema"],
                    &new["schema"],
                    found,
                );
                if old["description"] != new["description"] {
                    found.words(&format!("{id} {name}"));
                }
            }
        }
    }
    for (key, side) in both(&members(old.value), &members(new.value)) {
        let place = format!("`{id}` {key}");
        match key.as_str() {
            "operationId" | "parameters" => {}
            "requestBody" | "responses" => {
                let (before, after) = (
                    bodies(side.before().copied()),
                    bodies(side.after().copied()),
                );
                for (name, side) in both(&before, &after) {
                    let place = format!("{id} {name}");
                    match side {
                        Side::Both(old, new) => schema::compare(&place, old, new, found),
                        _ => found.add(Level::Break, format!("{} body of `{place}`", side.word())),
                    }
                }
                if before == after && side.before() != side.after() {
                    found.words(id);
                }
            }
            "deprecated" if side.before() == side.after() => {}
            "deprecated" => {
                let text = format!(
                    "`{id}` is {}deprecated",
                    if side.after().is_some() {
                        ""
                    } else {
                        "no longer "
                    }
                );
                found.add(Level::Addition, text);
            }
            "description" | "summary" | "x-source" | "x-evidence" | "tags" => {
                if side.before() != side.after() {
                    found.words(id);
                }
            }
            "x-errors" => {
                let list = |value: Option<&Value>| texts(value.unwrap_or(&Value::Null));
                let (old, new) = (list(side.before().copied()), list(side.after().copied()));
                listed(
                    &format!("code of `{id}`"),
                    &old,
                    &new,
                    Level::Patch,
                    Level::Patch,
                    found,
                );
            }
            _ => found.value(&place, side.before().copied(), side.after().copied()),
        }
    }
}

/// The schemas of a request body or of the answers, by where they stand.
fn bodies(value: Option<&Value>) -> BTreeMap<String, &Value> {
    let mut bodies = BTreeMap::new();
    let Some(value) = value else { return bodies };
    for (media, entry) in entries(&value["content"]) {
        bodies.insert(format!("request {media}"), &entry["schema"]);
    }
    for (status, answer) in entries(value) {
        for (media, entry) in entries(&answer["content"]) {
            bodies.insert(format!("{status} {media}"), &entry["schema"]);
        }
    }
    bodies
}

fn members(map: &Map<String, Value>) -> BTreeMap<String, &Value> {
    map.iter()
        .map(|(key, value)| (key.clone(), value))
        .collect()
}

/// The parameters of a call by place and name.
fn parameters<'a>(call: &Call<'a>) -> BTreeMap<String, &'a Value> {
    let mut parameters = BTreeMap::new();
    for value in call
        .value
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let value = match value["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.trim_start_matches('#');
                call.document.pointer(pointer).unwrap_or(value)
            }
            None => value,
        };
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        parameters.insert(format!("{} `{}`", text("in"), text("name")), value);
    }
    parameters
}

fn codes(old: &Value, new: &Value, found: &mut Found) {
    let (before, after) = (rows(old), rows(new));
    for (id, side) in both(&before, &after) {
        let meaning = |row: &Value| row["meaning"].as_str().unwrap_or_default().to_owned();
        let action = |row: &Value| row["action"].as_str().unwrap_or_default().to_owned();
        match side {
            Side::Old(row) => {
                found.add(Level::Patch, format!("removed code {id}: {}", meaning(row)))
            }
            Side::New(row) => {
                let text = format!("added code {id}: {} ({})", meaning(row), action(row));
                found.add(Level::Patch, text);
            }
            Side::Both(old, new) => {
                if action(old) != action(new) {
                    let (old, new) = (action(old), action(new));
                    found.add(Level::Patch, format!("changed code {id}: {old} to {new}"));
                }
                if meaning(old) != meaning(new) {
                    found.words(&format!("code {id}"));
                }
            }
        }
    }
}

/// The rows of the error table by what tells them apart.
fn rows(document: &Value) -> BTreeMap<String, &Value> {
    let mut rows = BTreeMap::new();
    for row in document["x-error-codes"].as_array().into_iter().flatten() {
        let mut id = row["code"].as_str().unwrap_or_default().to_owned();
        if let Some(realm) = row["realm"].as_str() {
            id = format!("{realm}:{id}");
        }
        if let Some(sub_code) = row["sub_code"].as_str() {
            id = format!("{id}/{sub_code}");
        }
        if let Some(status) = row["http_status"].as_u64() {
            id = format!("{id}@{status}");
        }
        rows.insert(id, row);
    }
    rows
}

/// What was added to and removed from a list of names.
pub(crate) fn listed(
    what: &str,
    old: &BTreeSet<String>,
    new: &BTreeSet<String>,
    added: Level,
    removed: Level,
    found: &mut Found,
) {
    for name in old.difference(new) {
        found.add(removed, format!("removed {what}: {name}"));
    }
    for name in new.difference(old) {
        found.add(added, format!("added {what}: {name}"));
    }
}

/// The members of a list as text.
pub(crate) fn texts(value: &Value) -> BTreeSet<String> {
    let members = value.as_array().into_iter().flatten();
    members
        .map(|member| match member.as_str() {
            Some(text) => text.to_owned(),
            None => member.to_string(),
        })
        .collect()
}

/// A key that stands in one of two maps, or in both.
pub(crate) enum Side<T> {
    Old(T),
    New(T),
    Both(T, T),
}

impl<T: Copy> Side<T> {
    pub(crate) fn before(&self) -> Option<T> {
        match self {
            Self::Old(old) | Self::Both(old, _) => Some(*old),
            Self::New(_) => None,
        }
    }

    pub(crate) fn after(&self) -> Option<T> {
        match self {
            Self::New(new) | Self::Both(_, new) => Some(*new),
            Self::Old(_) => None,
        }
    }

    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Old(_) => "removed",
            Self::New(_) => "added",
            Self::Both(..) => "changed",
        }
    }
}

/// Walks two maps together.
pub(crate) fn both<'a, K: Ord, V>(
    old: &'a BTreeMap<K, V>,
    new: &'a BTreeMap<K, V>,
) -> Vec<(&'a K, Side<&'a V>)> {
    let keys: BTreeSet<&K> = old.keys().chain(new.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let side = match (old.get(key), new.get(key)) {
                (Some(old), Some(new)) => Side::Both(old, new),
                (Some(old), None) => Side::Old(old),
                (None, Some(new)) => Side::New(new),
                (None, None) => return None,
            };
            Some((key, side))
        })
        .collect()
}

/// The members of an object; none if it is something else.
pub(crate) fn entries(value: &Value) -> BTreeMap<String, &Value> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(key, value)| (key.clone(), value)).collect()
}

/// A value short enough for a line.
fn short(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Parts of a document that are compared member by member.
const APART: &[&str] = &[
    "components",
    "info",
    "openapi",
    "paths",
    "tags",
    "webhooks",
    "x-error-codes",
];
/// The most names of things that are only described otherwise.
const SHOWN: usize = 8;
/// The most characters of a value in a line.
const LONGEST: usize = 90;

#[cfg(test)]
mod tests;
