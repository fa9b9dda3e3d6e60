//! Values against schemas, as an emulator reads requests.

use std::borrow::Cow;

use http::HeaderMap;
use serde_json::{Map, Number, Value};

use crate::document::json::{equal, scalar};
use crate::document::schema::{
    Additional, MapRules, Members, Schema, SchemaId, Schemas, Select, SelectBy, Struct,
};
use crate::document::types::JsonType;

use super::number::{less, whole_number};
use super::step::Step;
use super::{Part, Rule, Violation};

/// More than this many violations of one request tell nobody anything new.
const ENOUGH: usize = 20;

/// Checks a value.
pub(crate) struct Checker<'a> {
    schemas: &'a Schemas,
    headers: &'a HeaderMap,
    root: &'a Value,
    part: Part,
    found: Vec<Violation>,
    /// How many things were odd but pass: they decide which member of a union was meant.
    notes: usize,
}

/// What is wrong with a value.
pub(crate) fn check_value(
    schemas: &Schemas,
    schema: SchemaId,
    value: &Value,
    headers: &HeaderMap,
    root: &Value,
    (part, name): (Part, &str),
) -> Vec<Violation> {
    let mut checker = Checker {
        schemas,
        headers,
        root,
        part,
        found: Vec::new(),
        notes: 0,
    };
    checker.check(value, schema, &Step::Start(name), None);
    checker.found
}

impl<'a> Checker<'a> {
    fn attempt(&self) -> Self {
        Self {
            found: Vec::new(),
            notes: 0,
            ..*self
        }
    }

    fn fail(&mut self, at: &Step<'_>, rule: Rule, detail: impl Into<String>) {
        if self.found.len() < ENOUGH {
            let mut place = String::new();
            at.render(&mut place);
            self.found.push(Violation {
                part: self.part,
                at: place,
                rule,
                detail: detail.into(),
            });
        }
    }

    fn check(
        &mut self,
        value: &Value,
        id: SchemaId,
        at: &Step<'_>,
        parent: Option<&Map<String, Value>>,
    ) {
        let schemas = self.schemas;
        let schema = schemas.get(id);
        if !schema.any_of.is_empty() {
            return self.union(value, schema, at, parent);
        }
        let Some(value) = self.typed(value, schema, at) else {
            return;
        };
        let value = value.as_ref();
        if value.is_null() {
            return;
        }
        if !schema.enumeration.is_empty()
            && !schema.enumeration.iter().any(|known| equal(known, value))
        {
            let known: Vec<String> = schema.enumeration.iter().map(Value::to_string).collect();
            self.fail(
                at,
                Rule::Enum,
                format!("must be one of {}", known.join(", ")),
            );
        }
        if let Some(constant) = &schema.constant
            && !equal(constant, value)
        {
            self.fail(at, Rule::Const, format!("must be {constant}"));
        }
        match value {
            Value::String(text) if !schema.file => self.text(text, schema, at),
            Value::Number(number) => self.number(number, schema, at),
            Value::Array(items) => self.array(items, schema, at),
            Value::Object(members) => self.object(members, schema, at),
            _ => {}
        }
    }

    /// The value in the type of the schema, after what a reader takes besides; nothing when it was
    /// refused, or when it passes in a type that has no further rules.
    fn typed<'v>(
        &mut self,
        value: &'v Value,
        schema: &Schema,
        at: &Step<'_>,
    ) -> Option<Cow<'v, Value>> {
        let fits = |types: &[JsonType]| types.iter().any(|kind| kind.fits(value));
        if schema.types.is_empty() || fits(&schema.types) {
            return Some(Cow::Borrowed(value));
        }
        if !fits(&schema.also) {
            let names: Vec<&str> = schema.types.iter().map(|kind| kind.name()).collect();
            self.fail(
                at,
                Rule::Type,
                format!("must be of type {}", names.join(" or ")),
            );
            return None;
        }
        if schema.types.contains(&JsonType::Array) {
            return Some(Cow::Owned(Value::Array(vec![value.clone()])));
        }
        match value {
            Value::String(text) if schema.types.contains(&JsonType::Integer) => {
                let Some(number) = whole_number(text) else {
                    self.fail(at, Rule::Type, "must be a whole number");
                    return None;
                };
                Some(Cow::Owned(Value::Number(number)))
            }
            Value::Number(_) | Value::Bool(_) if schema.types.contains(&JsonType::String) => {
                scalar(value).map(|text| Cow::Owned(Value::String(text)))
            }
            _ => None,
        }
    }

    fn text(&mut self, text: &str, schema: &Schema, at: &Step<'_>) {
        let limited = schema.min_length > 0 || schema.max_length.is_some();
        let length = if limited { text.chars().count() } else { 0 };
        if length < schema.min_length {
            let least = schema.min_length;
            self.fail(
                at,
                Rule::MinLength,
                format!("needs {least} characters or more"),
            );
        }
        if let Some(most) = schema.max_length
            && length > most
        {
            self.fail(
                at,
                Rule::MaxLength,
                format!("has over {most} characters: {length}"),
            );
        }
        if let Some(pattern) = &schema.pattern
            && !pattern.is_match(text)
        {
            self.fail(at, Rule::Pattern, format!("must match {pattern}"));
        }
        if let Some(most) = schema.max_bytes
            && text.len() > most
        {
            let size = text.len();
            self.fail(at, Rule::MaxBytes, format!("has over {most} bytes: {size}"));
        }
    }

    fn number(&mut self, number: &Number, schema: &Schema, at: &Step<'_>) {
        if let Some(Value::Number(least)) = &schema.minimum
            && less(number, least)
        {
            self.fail(at, Rule::Minimum, format!("must be {least} or more"));
        }
        if let Some(Value::Number(most)) = &schema.maximum
            && less(most, number)
        {
            self.fail(at, Rule::Maximum, format!("must be {most} or less"));
        }
    }

    fn array(&mut self, items: &[Value], schema: &Schema, at: &Step<'_>) {
        let count = items.len();
        if count < schema.min_items {
            let least = schema.min_items;
            self.fail(
                at,
                Rule::MinItems,
                format!("needs {least} elements or more, has {count}"),
            );
        }
        if let Some(most) = schema.max_items
            && count > most
        {
            self.fail(
                at,
                Rule::MaxItems,
                format!("takes {most} elements or fewer, has {count}"),
            );
        }
        if let Some(rule) = schema.items {
            for (index, item) in items.iter().enumerate() {
                self.check(item, rule, &Step::Item(at, index), None);
            }
        }
    }

    fn object(&mut self, members: &Map<String, Value>, schema: &Schema, at: &Step<'_>) {
        match &schema.members {
            Members::Free => {}
            Members::Map(rules) => self.map(members, rules, at),
            Members::Struct(rules) => self.structure(members, rules, at),
        }
    }

    fn map(&mut self, members: &Map<String, Value>, rules: &MapRules, at: &Step<'_>) {
        let count = members.len();
        if count < rules.min {
            let least = rules.min;
            self.fail(
                at,
                Rule::MinProperties,
                format!("needs {least} members or more"),
            );
        }
        if let Some(most) = rules.max
            && count > most
        {
            self.fail(
                at,
                Rule::MaxProperties,
                format!("takes {most} members or fewer"),
            );
        }
        for (key, value) in members {
            let here = Step::Member(at, key);
            if let Some(names) = rules.names {
                self.check(&Value::String(key.clone()), names, &here, None);
            }
            let rule = rules.patterns.iter().find(|(name, _)| name.is_match(key));
            match (rule, &rules.additional) {
                (Some((_, rule)), _) | (None, Additional::Schema(rule)) => {
                    self.check(value, *rule, &here, None);
                }
                (None, Additional::Any | Additional::Unknown) => {}
            }
        }
    }

    fn structure(&mut self, members: &Map<String, Value>, rules: &Struct, at: &Step<'_>) {
        let members = &named(members, rules);
        for name in &rules.required {
            if !members.contains_key(name) {
                self.fail(&Step::Member(at, name), Rule::Required, "is missing");
            }
        }
        for (key, value) in members.iter() {
            let here = Step::Member(at, key);
            match (rules.property(key), &rules.additional) {
                (Some(property), _) => self.check(value, property.schema, &here, Some(members)),
                (None, Additional::Schema(rule)) => self.check(value, *rule, &here, None),
                (None, Additional::Any) => {}
                (None, Additional::Unknown) => self.notes += 1,
            }
        }
        for group in &rules.exactly_one_of {
            if group
                .iter()
                .filter(|&name| members.contains_key(name))
                .count()
                != 1
            {
                let names = group.join(", ");
                self.fail(
                    at,
                    Rule::ExactlyOneOf,
                    format!("takes exactly one of {names}"),
                );
            }
        }
        for rule in &rules.required_if {
            let root = self.root;
            if !rule.applies(|name| find(root, members, name)) {
                continue;
            }
            for name in &rule.then {
                if find(root, members, name).is_none() {
                    let here = Step::Member(at, name);
                    self.fail(
                        &here,
                        Rule::RequiredIf,
                        "is missing, and other members require it",
                    );
                }
            }
            let any = &rule.then_any;
            if !any.is_empty() && !any.iter().any(|name| find(root, members, name).is_some()) {
                let names = any.join(", ");
                self.fail(at, Rule::RequiredIf, format!("needs one of {names}"));
            }
        }
    }

    fn union(
        &mut self,
        value: &Value,
        schema: &Schema,
        at: &Step<'_>,
        parent: Option<&Map<String, Value>>,
    ) {
        let chosen = schema
            .select
            .as_ref()
            .and_then(|select| select.mapping.get(&self.selector(select, value, parent)?));
        let mut best: Option<Self> = None;
        for &member in chosen.unwrap_or(&schema.any_of) {
            let mut attempt = self.attempt();
            attempt.check(value, member, at, parent);
            let better = best.as_ref().is_none_or(|best| {
                (attempt.found.len(), attempt.notes) < (best.found.len(), best.notes)
            });
            if better {
                best = Some(attempt);
            }
        }
        if let Some(best) = best {
            self.found.extend(best.found);
            self.notes += best.notes;
        }
    }

    /// The text that chooses the member of a union.
    fn selector(
        &self,
        select: &Select,
        value: &Value,
        parent: Option<&Map<String, Value>>,
    ) -> Option<String> {
        match select.by {
            SelectBy::Header => {
                let text = self.headers.get(&select.name)?.to_str().ok()?;
                Some(text.trim().to_owned())
            }
            SelectBy::Property => scalar(value.get(&select.name)?),
            SelectBy::Sibling => scalar(parent?.get(&select.name)?),
        }
    }
}

/// The members under their own names where they came under an alias.
fn named<'v>(members: &'v Map<String, Value>, rules: &Struct) -> Cow<'v, Map<String, Value>> {
    let alias = |key: &str| {
        let property = rules.property(key)?;
        (property.name != key && !members.contains_key(&property.name)).then_some(&property.name)
    };
    if members.keys().all(|key| alias(key).is_none()) {
        return Cow::Borrowed(members);
    }
    let renamed = members.iter().map(|(key, value)| {
        let name = alias(key).unwrap_or(key);
        (name.clone(), value.clone())
    });
    Cow::Owned(renamed.collect())
}

/// The value of a name beside, or of a JSON pointer from the top of the body.
fn find<'v>(root: &'v Value, members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if name.starts_with('/') {
        root.pointer(name)
    } else {
        members.get(name)
    }
}
