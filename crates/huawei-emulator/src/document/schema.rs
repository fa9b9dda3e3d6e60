//! Schemas as the validator walks them: references resolved, patterns compiled, all in one arena.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::condition::Requirement;
use super::json::{strings, unsigned};
use super::pattern::Pattern;
use super::types::JsonType;

/// The place of a schema in [`Schemas`].
pub(crate) type SchemaId = usize;

/// One schema: what a value has to keep to.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    /// The JSON types a value may have; empty stands for any.
    pub types: Vec<JsonType>,
    /// The types a reader takes besides.
    pub also: Vec<JsonType>,
    pub enumeration: Vec<Value>,
    pub constant: Option<Value>,
    pub min_length: usize,
    pub max_length: Option<usize>,
    pub max_bytes: Option<usize>,
    pub pattern: Option<Pattern>,
    pub minimum: Option<Value>,
    pub maximum: Option<Value>,
    pub min_items: usize,
    pub max_items: Option<usize>,
    pub items: Option<SchemaId>,
    pub members: Members,
    pub any_of: Vec<SchemaId>,
    pub select: Option<Select>,
    /// The schema of the JSON inside a string.
    pub content: Option<SchemaId>,
    /// Whether the string is the bytes of a file, in a multipart body.
    pub file: bool,
    pub secret: bool,
    pub default: Option<Value>,
    pub examples: Vec<Value>,
}

/// What an object may hold.
#[derive(Debug, Default)]
pub(crate) enum Members {
    /// Nothing is said.
    #[default]
    Free,
    /// Named properties.
    Struct(Struct),
    /// Keys that the sender chooses.
    Map(MapRules),
}

/// The rules of an object with named properties.
#[derive(Debug, Default)]
pub(crate) struct Struct {
    pub properties: Vec<Property>,
    /// Names and aliases, with the place in `properties`.
    index: HashMap<String, usize>,
    pub required: Vec<String>,
    pub additional: Additional,
    pub required_if: Vec<Requirement>,
    pub exactly_one_of: Vec<Vec<String>>,
}

impl Struct {
    /// The property of this name or alias.
    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.index.get(name).map(|&at| &self.properties[at])
    }
}

/// One named property.
#[derive(Debug)]
pub(crate) struct Property {
    pub name: String,
    pub schema: SchemaId,
}

/// The rules of an object whose keys the sender chooses.
#[derive(Debug, Default)]
pub(crate) struct MapRules {
    pub min: usize,
    pub max: Option<usize>,
    pub names: Option<SchemaId>,
    pub patterns: Vec<(Pattern, SchemaId)>,
    pub additional: Additional,
}

/// What becomes of members without a rule of their own.
#[derive(Debug, Default)]
pub(crate) enum Additional {
    /// They are not known.
    #[default]
    Unknown,
    /// They are welcome.
    Any,
    /// They keep to this schema.
    Schema(SchemaId),
}

/// What chooses the member of a union.
#[derive(Debug)]
pub(crate) struct Select {
    pub by: SelectBy,
    pub name: String,
    pub mapping: HashMap<String, Vec<SchemaId>>,
}

/// Where the value that chooses a member of a union stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SelectBy {
    Header,
    Property,
    Sibling,
}

/// All schemas of a document.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    arena: Vec<Schema>,
    components: HashMap<String, SchemaId>,
    /// References with rules of their own beside them, by their text.
    merged: HashMap<String, SchemaId>,
}

impl Schemas {
    /// Reads the components of a document.
    pub(crate) fn read(components: &Map<String, Value>) -> Self {
        let mut schemas = Self::default();
        for name in components.keys() {
            let id = schemas.reserve();
            schemas.components.insert(name.clone(), id);
        }
        for (name, source) in components {
            let schema = schemas.compile(source, components);
            let id = schemas.components[name];
            schemas.arena[id] = schema;
        }
        schemas
    }

    /// The schema at `id`.
    pub(crate) fn get(&self, id: SchemaId) -> &Schema {
        &self.arena[id]
    }

    /// The component of this name.
    pub(crate) fn named(&self, name: &str) -> Option<SchemaId> {
        self.components.get(name).copied()
    }

    /// Every struct a value of this schema can be: itself, or those of its union.
    pub(crate) fn alternatives(&self, id: SchemaId) -> Vec<&Schema> {
        let schema = self.get(id);
        if schema.any_of.is_empty() {
            return vec![schema];
        }
        schema
            .any_of
            .iter()
            .flat_map(|&member| self.alternatives(member))
            .collect()
    }

    /// Adds a schema that stands outside the components.
    pub(crate) fn add(&mut self, source: &Value, components: &Map<String, Value>) -> SchemaId {
        if let Some(target) = reference(source) {
            let rules = beside(source);
            if rules.is_empty() {
                return self.components[target];
            }
            let key = format!("{target} {}", Value::Object(rules.clone()));
            if let Some(&known) = self.merged.get(&key) {
                return known;
            }
            let id = self.reserve();
            self.merged.insert(key, id);
            let schema = self.compile(&merge(&components[target], rules), components);
            self.arena[id] = schema;
            return id;
        }
        let schema = self.compile(source, components);
        let id = self.reserve();
        self.arena[id] = schema;
        id
    }

    fn reserve(&mut self) -> SchemaId {
        self.arena.push(Schema::default());
        self.arena.len() - 1
    }

    fn compile(&mut self, source: &Value, components: &Map<String, Value>) -> Schema {
        if let Some(target) = reference(source) {
            let whole = merge(&components[target], beside(source));
            return self.compile(&whole, components);
        }
        let mut child = |source: &Value| self.add(source, components);
        let items = source.get("items").map(&mut child);
        let content = source.get("contentSchema").map(&mut child);
        let any_of = source
            .get("anyOf")
            .and_then(Value::as_array)
            .map(|members| members.iter().map(&mut child).collect())
            .unwrap_or_default();
        Schema {
            types: types(source.get("type")),
            also: types(source.get("x-accept-also")),
            enumeration: list(source.get("enum")),
            constant: source.get("const").cloned(),
            min_length: unsigned(source, "minLength").unwrap_or(0),
            max_length: unsigned(source, "maxLength"),
            max_bytes: unsigned(source, "x-max-bytes"),
            pattern: source
                .get("pattern")
                .and_then(Value::as_str)
                .map(Pattern::new),
            minimum: source.get("minimum").cloned(),
            maximum: source.get("maximum").cloned(),
            min_items: unsigned(source, "minItems").unwrap_or(0),
            max_items: unsigned(source, "maxItems"),
            items,
            members: self.members(source, components),
            any_of,
            select: source.get("x-select").map(|select| self.select(select)),
            content,
            file: source.get("contentMediaType").and_then(Value::as_str)
                == Some("application/octet-stream"),
            secret: source.get("x-secret").is_some(),
            default: source.get("default").cloned(),
            examples: list(source.get("examples")),
        }
    }

    fn members(&mut self, source: &Value, components: &Map<String, Value>) -> Members {
        let additional = match source.get("additionalProperties") {
            None | Some(Value::Bool(false)) => Additional::Unknown,
            Some(Value::Bool(true)) => Additional::Any,
            Some(schema) => Additional::Schema(self.add(schema, components)),
        };
        if let Some(Value::Object(sources)) = source.get("properties") {
            let mut rules = Struct {
                required: strings(source.get("required")),
                additional,
                required_if: Requirement::read_all(source),
                exactly_one_of: list(source.get("x-exactly-one-of"))
                    .iter()
                    .map(|group| strings(Some(group)))
                    .collect(),
                ..Struct::default()
            };
            for (name, property) in sources {
                let aliases = strings(property.get("x-aliases"));
                for known in aliases.iter().chain([name]) {
                    rules.index.insert(known.clone(), rules.properties.len());
                }
                rules.properties.push(Property {
                    name: name.clone(),
                    schema: self.add(property, components),
                });
            }
            return Members::Struct(rules);
        }
        if source.get("type").is_none() && source.get("additionalProperties").is_none() {
            return Members::Free;
        }
        let patterns = source.get("patternProperties").and_then(Value::as_object);
        Members::Map(MapRules {
            min: unsigned(source, "minProperties").unwrap_or(0),
            max: unsigned(source, "maxProperties"),
            names: source
                .get("propertyNames")
                .map(|names| self.add(names, components)),
            patterns: patterns
                .into_iter()
                .flatten()
                .map(|(text, rule)| (Pattern::new(text), self.add(rule, components)))
                .collect(),
            additional,
        })
    }

    fn select(&self, source: &Value) -> Select {
        let by = match source["by"].as_str() {
            Some("header") => SelectBy::Header,
            Some("sibling") => SelectBy::Sibling,
            _ => SelectBy::Property,
        };
        let mapping = source["mapping"].as_object();
        Select {
            by,
            name: source["name"].as_str().unwrap_or_default().to_owned(),
            mapping: mapping
                .into_iter()
                .flatten()
                .map(|(value, names)| {
                    let names = strings(Some(names));
                    let ids = names.iter().map(|name| self.components[name]);
                    (value.clone(), ids.collect())
                })
                .collect(),
        }
    }
}

/// The component a `$ref` names.
pub(crate) fn reference(source: &Value) -> Option<&str> {
    source.get("$ref")?.as_str()?.rsplit('/').next()
}

/// What stands beside a `$ref` and changes the rules.
fn beside(source: &Value) -> Map<String, Value> {
    const SILENT: [&str; 5] = [
        "$ref",
        "description",
        "deprecated",
        "x-aliases",
        "x-evidence",
    ];
    let members = source.as_object().into_iter().flatten();
    members
        .filter(|(key, _)| !SILENT.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The target of a reference with the rules beside the reference on top.
fn merge(target: &Value, rules: Map<String, Value>) -> Value {
    let mut whole = target.as_object().cloned().unwrap_or_default();
    for (key, value) in rules {
        if key == "x-accept-also" {
            let mut types = list(Some(&value));
            types.extend(list(whole.get("x-accept-also")));
            whole.insert(key, Value::Array(types));
        } else {
            whole.insert(key, value);
        }
    }
    Value::Object(whole)
}

fn types(source: Option<&Value>) -> Vec<JsonType> {
    match source {
        Some(Value::String(name)) => vec![JsonType::named(name)],
        other => strings(other)
            .iter()
            .map(|name| JsonType::named(name))
            .collect(),
    }
}

fn list(source: Option<&Value>) -> Vec<Value> {
    source
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}
