//! Makes values that keep to the rules of a schema.

use serde_json::{Map, Value, json};

use super::Extent;
use crate::document::{Document, Operation, size, types};

/// Makes values; the number chooses among the members of unions.
pub(super) struct Maker<'a> {
    pub(super) document: &'a Document,
    pub(super) extent: Extent,
    pub(super) choice: usize,
    /// The headers chosen so far.
    pub(super) headers: Map<String, Value>,
    /// The schemas around the one being made.
    pub(super) open: Vec<String>,
}

/// The header that chooses a member somewhere in the body, with its values.
pub(super) fn header_select(document: &Document, schema: &Value) -> Option<(String, Vec<String>)> {
    let body = document.resolve(schema);
    let members = body.get("properties")?.as_object()?;
    members.values().find_map(|member| {
        let member = document.resolve(member);
        let select = member
            .get("x-select")
            .filter(|select| select["by"] == "header")?;
        let keys = select["mapping"].as_object()?.keys().cloned().collect();
        Some((select["name"].as_str()?.to_owned(), keys))
    })
}

impl Maker<'_> {
    /// The names of the parameters to give: all, or those that are required one way or another.
    pub(super) fn chosen_parameters(&self, operation: &Operation<'_>) -> Vec<String> {
        let all = self.document.parameters(operation);
        let wanted = all.iter().filter(|parameter| {
            self.extent == Extent::Full
                || parameter["required"] == true
                || parameter["in"] == "path"
        });
        let mut chosen: Vec<String> = wanted
            .filter_map(|it| it["name"].as_str().map(str::to_owned))
            .collect();
        for rule in list(&operation.source["x-required-if"]) {
            let known = |name: &str| chosen.iter().any(|it| it == name);
            let holds = members_of(&rule["when"]).all(|(name, want)| match want {
                Value::Null => !known(name),
                _ => known(name),
            });
            if holds {
                let names = required_by(rule, known);
                chosen.extend(names.into_iter().filter(|name| !name.starts_with('/')));
            }
        }
        chosen
    }

    /// Adds what an operation requires of its body beside the body's own rules.
    pub(super) fn add_required_by_operation(
        &mut self,
        operation: &Operation<'_>,
        schema: &Value,
        body: &mut Value,
    ) {
        let rules = list(&operation.source["x-required-if"]);
        for rule in rules.filter(|rule| members_of(&rule["when"]).next().is_none()) {
            let names = required_by(rule, |name| body.pointer(name).is_some());
            for name in names.iter().filter_map(|name| name.strip_prefix('/')) {
                let rules = self.document.resolve(schema);
                let source = rules["properties"][name].clone();
                body[name] = self.value(&source, None);
            }
        }
    }

    pub(super) fn value(&mut self, source: &Value, parent: Option<&Map<String, Value>>) -> Value {
        let schema = self.document.resolve(source);
        let name = source["$ref"].as_str().unwrap_or_default().to_owned();
        self.open.push(name);
        let value = self.of(&schema, parent);
        self.open.pop();
        value
    }

    fn of(&mut self, schema: &Map<String, Value>, parent: Option<&Map<String, Value>>) -> Value {
        if let Some(members) = schema.get("anyOf").and_then(Value::as_array) {
            return self.member(schema, members, parent);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return values[self.choice % values.len()].clone();
        }
        match types(schema).first() {
            Some(&"string") => Value::from(text(schema)),
            Some(&"integer" | &"number") => {
                schema.get("minimum").cloned().unwrap_or_else(|| json!(1))
            }
            Some(&"boolean") => json!(true),
            Some(&"array") => {
                let item = self.value(&schema["items"], None);
                let count = size(schema, "minItems").unwrap_or(0).max(1);
                Value::Array(vec![item; count])
            }
            Some(&"object") => self.object(schema),
            _ => json!({"any": 1}),
        }
    }

    fn member(
        &mut self,
        schema: &Map<String, Value>,
        members: &[Value],
        parent: Option<&Map<String, Value>>,
    ) -> Value {
        let Some(select) = schema.get("x-select") else {
            let real: Vec<&Value> = members.iter().filter(|it| it["type"] != "null").collect();
            return self.value(real[self.choice % real.len()], None);
        };
        let mapping = select["mapping"]
            .as_object()
            .expect("a selection has a mapping");
        let by = select["name"].as_str().unwrap_or_default();
        let key = match select["by"].as_str() {
            Some("header") => self
                .headers
                .get(by)
                .and_then(Value::as_str)
                .map(str::to_owned),
            Some("sibling") => parent.and_then(|parent| match parent.get(by)? {
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            }),
            _ => mapping.keys().nth(self.choice % mapping.len()).cloned(),
        };
        match key.and_then(|key| mapping.get(&key)) {
            Some(names) => {
                let names: Vec<&str> = names
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                let name = names[self.choice / mapping.len() % names.len()];
                let target = json!({ "$ref": format!("#/components/schemas/{name}") });
                self.value(&target, None)
            }
            None => self.value(&members[self.choice % members.len()], None),
        }
    }

    fn object(&mut self, schema: &Map<String, Value>) -> Value {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return self.map(schema);
        };
        let empty = Vec::new();
        let list = |key: &str| schema.get(key).and_then(Value::as_array).unwrap_or(&empty);
        let left_out: Vec<&Value> = list("x-exactly-one-of")
            .iter()
            .filter_map(Value::as_array)
            .flat_map(|group| {
                let kept = self.choice % group.len();
                let others = group.iter().enumerate().filter(move |(at, _)| *at != kept);
                others.map(|(_, name)| name)
            })
            .collect();
        let selects = |source: &Value| {
            let schema = self.document.resolve(source);
            schema
                .get("x-select")
                .is_some_and(|select| select["by"] == "sibling")
        };
        // What a sibling chooses comes after the sibling.
        let (late, early): (Vec<_>, Vec<_>) = properties.iter().partition(|(_, it)| selects(it));
        let mut wanted: Vec<&str> = Vec::new();
        for (name, source) in properties {
            let required = list("required").iter().any(|it| it == name);
            let target = source["$ref"].as_str().unwrap_or_default();
            let item = source["items"]["$ref"].as_str().unwrap_or_default();
            let open = |name: &str| !name.is_empty() && self.open.iter().any(|it| it == name);
            let chosen = list("x-exactly-one-of").iter().filter_map(Value::as_array);
            let chosen = chosen.flatten().any(|it| it == name);
            let left_out = left_out.iter().any(|it| *it == name);
            let recursive = !required && (open(target) || open(item));
            if !left_out && !recursive && (self.extent == Extent::Full || required || chosen) {
                wanted.push(name);
            }
        }
        let mut made = Map::new();
        loop {
            for (name, source) in early.iter().chain(&late) {
                if wanted.contains(&name.as_str()) && !made.contains_key(*name) {
                    let value = self.value(source, Some(&made));
                    made.insert((*name).clone(), value);
                }
            }
            let more: Vec<String> = list("x-required-if")
                .iter()
                .filter(|rule| applies(rule, &made))
                .flat_map(|rule| {
                    let required = required_by(rule, |name| made.contains_key(name));
                    let impossible = required
                        .iter()
                        .any(|name| left_out.iter().any(|it| *it == name));
                    match impossible {
                        // What the rule wants absent is given, so that it no longer applies.
                        true => members_of(&rule["when"])
                            .filter(|(_, want)| want.is_null())
                            .map(|(name, _)| name.clone())
                            .collect(),
                        false => required,
                    }
                })
                .filter(|name| !made.contains_key(name))
                .collect();
            let before = wanted.len();
            wanted.extend(
                properties
                    .keys()
                    .map(String::as_str)
                    .filter(|name| more.iter().any(|it| it == name)),
            );
            if wanted.len() == before {
                return Value::Object(made);
            }
        }
    }

    fn map(&mut self, schema: &Map<String, Value>) -> Value {
        let mut made = Map::new();
        for (pattern, source) in schema
            .get("patternProperties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let key = pattern.trim_matches(['^', '$']).replace("[0-9]+", "0");
            let value = self.value(source, None);
            made.insert(key, value);
        }
        let key = schema
            .get("propertyNames")
            .map(|names| self.value(names, None));
        let key = key.and_then(|key| key.as_str().map(str::to_owned));
        if let Some(source) = schema
            .get("additionalProperties")
            .filter(|it| it.is_object())
        {
            let value = self.value(source, None);
            made.insert(key.unwrap_or_else(|| "key".to_owned()), value);
        } else if schema.get("additionalProperties") == Some(&json!(true)) {
            made.insert(key.unwrap_or_else(|| "key".to_owned()), json!("value"));
        }
        Value::Object(made)
    }
}

/// Whether the condition of a rule holds for the members beside it. What it says of the whole body
/// is taken not to hold.
fn applies(rule: &Value, made: &Map<String, Value>) -> bool {
    members_of(&rule["when"]).all(|(name, want)| match (want, made.get(name)) {
        (Value::Null, found) => found.is_none() && !name.starts_with('/'),
        (Value::String(any), found) if any == "*" => found.is_some(),
        (Value::Array(several), found) => several.iter().any(|want| match want {
            Value::Null => found.is_none(),
            want => found == Some(want),
        }),
        (want, found) => found == Some(want),
    })
}

/// The names that a rule requires while it applies.
fn required_by(rule: &Value, known: impl Fn(&str) -> bool) -> Vec<String> {
    let names = |key: &str| {
        list(&rule[key])
            .filter_map(Value::as_str)
            .map(str::to_owned)
    };
    let any: Vec<String> = names("then_any").collect();
    let first = match any.iter().any(|name| known(name)) {
        true => None,
        false => any.into_iter().next(),
    };
    names("then").chain(first).collect()
}

pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(super) fn members_of(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Texts that fit the patterns of the documents.
const TEXTS: [&str; 13] = [
    "1",
    "a",
    "https://example.test/a",
    "#FF000000",
    "#FF0000",
    "2026-01-02",
    "2026-01-02 03:04:05",
    "20260102T030405Z",
    "20260102",
    "0123456789abcdef",
    "0123456789abcdef0123",
    "012345678901234567890123",
    "a_1",
];

/// A text that keeps to the rules of a schema.
fn text(schema: &Map<String, Value>) -> String {
    let least = size(schema, "minLength").unwrap_or(1).max(1);
    let most = size(schema, "maxLength").unwrap_or(usize::MAX);
    let pattern = schema.get("pattern").and_then(Value::as_str);
    let fits = |text: &String| {
        let length = text.chars().count();
        (least..=most).contains(&length)
            && pattern.is_none_or(|pattern| {
                // 900 copies of a class of all letters are too much to compile.
                let pattern = regex::Regex::new(&pattern.replace("{1,900}", "+"));
                pattern.is_ok_and(|pattern| pattern.is_match(text))
            })
    };
    let plain = TEXTS.iter().map(|text| (*text).to_owned());
    let long = ["a", "0"].map(|text| text.repeat(least));
    let known = schema
        .get("examples")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let known = known.filter_map(Value::as_str).map(str::to_owned);
    let mut all = known.chain(plain).chain(long);
    all.find(fits)
        .unwrap_or_else(|| panic!("no text for {schema:?}"))
}
