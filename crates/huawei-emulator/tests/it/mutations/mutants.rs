//! Bad requests made from good ones: one rule broken each.

use huawei_emulator::Rule;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::document::{Document, Operation, size, types};
use super::example::address;

/// A request that breaks a rule.
#[derive(Clone)]
pub(crate) struct Mutant {
    pub rule: Rule,
    /// Whether `check.py` looks at this place: it reads bodies and queries.
    pub seen_by_oracle: bool,
    pub sample: Value,
}

/// Every way to break a rule of an operation, starting from a good request.
pub(crate) fn mutants(document: &Document, operation: &Operation<'_>, good: &Value) -> Vec<Mutant> {
    let mut found = Vec::new();
    if let Some(body) = good.get("body") {
        let content = operation.source["requestBody"]["content"].as_object();
        let (media, content) = content
            .and_then(|content| content.iter().next())
            .expect("a request with a body has a media type");
        let mut walk = Walk {
            document,
            good,
            form: media.contains("form"),
            found: Vec::new(),
        };
        walk.node(body, &content["schema"], "", None);
        found.extend(walk.found);
        found.extend(of_body(operation, good));
    }
    found.extend(of_parameters(document, operation, good));
    found
}

/// The rules of an operation about its body as a whole.
fn of_body(operation: &Operation<'_>, good: &Value) -> Vec<Mutant> {
    let mut found = Vec::new();
    let mut add = |rule, change: &dyn Fn(&mut Value)| {
        let mut sample = good.clone();
        change(&mut sample);
        found.push(Mutant {
            rule,
            seen_by_oracle: false,
            sample,
        });
    };
    if let Some(limit) = operation.source["x-max-body-bytes"]["limit"].as_u64() {
        let padding = "x".repeat(usize::try_from(limit).expect("a limit is small"));
        add(Rule::MaxBodyBytes, &|sample| {
            sample["body"]["an_unknown_member"] = json!(padding);
        });
    }
    for rule in list(&operation.source["x-required-if"]) {
        let names = list(&rule["then"]).iter().chain(list(&rule["then_any"]));
        let pointers: Vec<&str> = names.filter_map(Value::as_str).collect();
        if pointers.iter().all(|name| name.starts_with('/')) {
            add(Rule::RequiredIf, &|sample| {
                for pointer in &pointers {
                    remove(&mut sample["body"], pointer);
                }
            });
        }
    }
    found
}

/// Mutations of parameters.
fn of_parameters(document: &Document, operation: &Operation<'_>, good: &Value) -> Vec<Mutant> {
    let mut found = Vec::new();
    let (path, query) = split(good["path"].as_str().unwrap_or_default());
    for parameter in document.parameters(operation) {
        let name = parameter["name"].as_str().unwrap_or_default();
        let place = parameter["in"].as_str().unwrap_or_default();
        let schema = document.resolve(&parameter["schema"]);
        let current = match place {
            "query" => query
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, it)| it.clone()),
            "header" => good["headers"][name].as_str().map(str::to_owned),
            _ => None,
        };
        let mut put = |rule, text: Option<&str>| {
            let mut sample = good.clone();
            let mut query = query.clone();
            match (place, text) {
                ("query", Some(text)) => {
                    let pair = query.iter_mut().find(|(key, _)| key == name);
                    pair.expect("the parameter is there").1 = text.to_owned();
                }
                ("query", None) => query.retain(|(key, _)| key != name),
                (_, Some(text)) => sample["headers"][name] = json!(text),
                (_, None) => {
                    sample["headers"]
                        .as_object_mut()
                        .expect("there are headers")
                        .remove(name);
                }
            }
            sample["path"] = json!(address(&path, &query));
            found.push(Mutant {
                rule,
                seen_by_oracle: place == "query" && !query.is_empty(),
                sample,
            });
        };
        if current.is_none() {
            continue;
        }
        if parameter["required"] == true {
            put(Rule::Required, None);
        }
        for (rule, value) in scalars(&schema, true) {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            if !(text.is_empty() && parameter["allowEmptyValue"] == true) {
                put(rule, Some(&text));
            }
        }
    }
    let names: Vec<&str> = query.iter().map(|(name, _)| &**name).collect();
    for rule in list(&operation.source["x-required-if"]) {
        let then = list(&rule["then"]).iter().chain(list(&rule["then_any"]));
        let then: Vec<&str> = then.filter_map(Value::as_str).collect();
        if !then.iter().any(|name| names.contains(name)) {
            continue;
        }
        let mut kept = query.clone();
        kept.retain(|(name, _)| {
            let absent = rule["when"].get(name).is_some_and(Value::is_null);
            !then.contains(&&**name) && !absent
        });
        let mut sample = good.clone();
        sample["path"] = json!(address(&path, &kept));
        found.push(Mutant {
            rule: Rule::RequiredIf,
            seen_by_oracle: false,
            sample,
        });
    }
    found
}

/// Walks a good body along its schema.
struct Walk<'a> {
    document: &'a Document,
    good: &'a Value,
    form: bool,
    found: Vec<Mutant>,
}

impl Walk<'_> {
    fn put(&mut self, rule: Rule, change: impl FnOnce(&mut Value)) {
        let mut sample = self.good.clone();
        change(&mut sample["body"]);
        self.found.push(Mutant {
            rule,
            seen_by_oracle: true,
            sample,
        });
    }

    fn set(&mut self, rule: Rule, at: &str, value: Value) {
        self.put(rule, |body| {
            if let Some(place) = body.pointer_mut(at) {
                *place = value;
            }
        });
    }

    fn node(&mut self, value: &Value, source: &Value, at: &str, parent: Option<&Value>) {
        let schema = self.document.resolve(source);
        if let Some(members) = schema.get("anyOf").and_then(Value::as_array) {
            for member in self.chosen(&schema, members, value, parent) {
                self.node(value, &member, at, parent);
            }
            return;
        }
        for (rule, wrong) in scalars(&schema, self.form) {
            self.set(rule, at, wrong);
        }
        match value {
            Value::Array(items) => {
                if size(&schema, "minItems").is_some_and(|least| least > 0) {
                    self.set(Rule::MinItems, at, json!([]));
                }
                if let (Some(most), Some(first)) = (size(&schema, "maxItems"), items.first()) {
                    self.set(
                        Rule::MaxItems,
                        at,
                        Value::Array(vec![first.clone(); most + 1]),
                    );
                }
                if let Some(first) = items.first() {
                    self.node(first, &schema["items"], &format!("{at}/0"), None);
                }
            }
            Value::Object(members) if schema.contains_key("properties") => {
                self.structure(members, &schema, at);
                let properties = &schema["properties"];
                for (name, member) in members {
                    if let Some(source) = properties.get(name) {
                        self.node(
                            member,
                            source,
                            &format!("{at}/{}", escape(name)),
                            Some(value),
                        );
                    }
                }
            }
            Value::Object(members) => self.map(members, &schema, at),
            _ => {}
        }
    }

    fn structure(&mut self, members: &Map<String, Value>, schema: &Map<String, Value>, at: &str) {
        for name in list(&schema.get("required").cloned().unwrap_or_default()) {
            let name = name.as_str().unwrap_or_default().to_owned();
            if members.contains_key(&name) {
                self.put(Rule::Required, |body| {
                    remove(body, &format!("{at}/{}", escape(&name)))
                });
            }
        }
        for group in list(&schema.get("x-exactly-one-of").cloned().unwrap_or_default()) {
            let names: Vec<String> = texts(group);
            self.put(Rule::ExactlyOneOf, |body| {
                for name in &names {
                    remove(body, &format!("{at}/{name}"));
                }
            });
        }
        for rule in list(&schema.get("x-required-if").cloned().unwrap_or_default()) {
            self.put(Rule::RequiredIf, |body| {
                for (name, want) in rule["when"].as_object().into_iter().flatten() {
                    let pointer = match name.strip_prefix('/') {
                        Some(_) => name.clone(),
                        None => format!("{at}/{name}"),
                    };
                    fulfil(body, &pointer, want);
                }
                for name in texts(&rule["then"]).iter().chain(&texts(&rule["then_any"])) {
                    remove(body, &format!("{at}/{name}"));
                }
            });
        }
    }

    fn map(&mut self, members: &Map<String, Value>, schema: &Map<String, Value>, at: &str) {
        if size(schema, "minProperties").is_some_and(|least| least > 0) {
            self.set(Rule::MinProperties, at, json!({}));
        }
        if let Some(most) = size(schema, "maxProperties") {
            let many = (0..=most).map(|number| (format!("thing_{number}"), json!("x")));
            self.set(Rule::MaxProperties, at, Value::Object(many.collect()));
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        for (name, member) in members {
            let here = format!("{at}/{}", escape(name));
            let pattern = patterns.into_iter().flatten().find(|(pattern, _)| {
                regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(name))
            });
            let rule = pattern
                .map(|(_, rule)| rule)
                .or(schema.get("additionalProperties"));
            if let Some(rule) = rule.filter(|rule| rule.is_object()) {
                self.node(member, rule, &here, None);
            }
        }
    }

    /// The members of a union that a value was made for.
    fn chosen(
        &self,
        schema: &Map<String, Value>,
        members: &[Value],
        value: &Value,
        parent: Option<&Value>,
    ) -> Vec<Value> {
        let select = schema.get("x-select");
        let key = select.and_then(|select| {
            let name = select["name"].as_str()?;
            let found = match select["by"].as_str() {
                Some("header") => self.good["headers"].get(name),
                Some("sibling") => parent?.get(name),
                _ => value.get(name),
            }?;
            Some(
                found
                    .as_str()
                    .map_or_else(|| found.to_string(), str::to_owned),
            )
        });
        let mapped = key.and_then(|key| select?["mapping"].get(&key));
        match mapped {
            Some(names) => texts(names)
                .iter()
                .map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }))
                .collect(),
            None => members.to_vec(),
        }
    }
}

/// Values that break the rules of a scalar, or the type of anything.
fn scalars(schema: &Map<String, Value>, text_only: bool) -> Vec<(Rule, Value)> {
    let mut wrong = Vec::new();
    let types = types(schema);
    let is = |kind: &str| types.first() == Some(&kind);
    let number = is("integer") || is("number");
    if text_only {
        if number || is("boolean") {
            wrong.push((Rule::Type, json!("no number")));
        }
    } else if !types.is_empty() {
        let also = list(schema.get("x-accept-also").unwrap_or(&Value::Null));
        let taken = |kind: &str| types.contains(&kind) || also.iter().any(|it| it == kind);
        let others = [
            ("object", json!({"a": 1})),
            ("array", json!([])),
            ("string", json!("x")),
        ];
        if let Some((_, other)) = others.into_iter().find(|(kind, _)| !taken(kind)) {
            wrong.push((Rule::Type, other));
        }
    }
    if schema.contains_key("enum") || schema.contains_key("const") {
        let rule = if schema.contains_key("enum") {
            Rule::Enum
        } else {
            Rule::Const
        };
        let other = if number {
            json!(987_654_321)
        } else {
            json!("no such value")
        };
        wrong.push((rule, if is("boolean") { json!(false) } else { other }));
    }
    if size(schema, "minLength").is_some_and(|least| least > 0) {
        wrong.push((Rule::MinLength, json!("")));
    }
    if let Some(most) = size(schema, "maxLength") {
        wrong.push((Rule::MaxLength, json!("1".repeat(most + 1))));
    }
    if let Some(most) = size(schema, "x-max-bytes") {
        wrong.push((Rule::MaxBytes, json!("\u{e9}".repeat(most / 2 + 1))));
    }
    if schema.contains_key("pattern") {
        wrong.extend(["!", " ", "http://x", "/"].map(|text| (Rule::Pattern, json!(text))));
    }
    if let Some(least) = schema.get("minimum") {
        wrong.push((Rule::Minimum, beyond(least, -1)));
    }
    if let Some(most) = schema.get("maximum") {
        wrong.push((Rule::Maximum, beyond(most, 1)));
    }
    wrong
}

/// A number just past a bound.
fn beyond(bound: &Value, step: i64) -> Value {
    match bound.as_i64() {
        Some(bound) => bound
            .checked_add(step)
            .map_or_else(|| json!(1e19), |it| json!(it)),
        None => json!(bound.as_f64().unwrap_or_default() + if step > 0 { 1.0 } else { -1.0 }),
    }
}

/// Makes a condition hold.
fn fulfil(body: &mut Value, pointer: &str, want: &Value) {
    let value = match want {
        Value::Array(values) => &values[0],
        other => other,
    };
    if value.is_null() {
        remove(body, pointer);
    } else if value != "*"
        && let Some((above, name)) = pointer.rsplit_once('/')
        && let Some(Value::Object(members)) = body.pointer_mut(above)
    {
        members.insert(name.to_owned(), value.clone());
    }
}

fn remove(body: &mut Value, pointer: &str) {
    if let Some((above, name)) = pointer.rsplit_once('/')
        && let Some(Value::Object(members)) = body.pointer_mut(above)
    {
        members.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], |items| items)
}

fn texts(value: &Value) -> Vec<String> {
    let items = list(value).iter();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A path and its query, decoded.
fn split(address: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    });
    (path.to_owned(), pairs.collect())
}
