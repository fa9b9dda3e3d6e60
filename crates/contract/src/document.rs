//! The documents as the tests read them: plain JSON, with a few lines of their own, so that a
//! mistake in the emulator's reader is not repeated here.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// A document.
#[derive(Debug)]
pub struct Document {
    root: Value,
}

/// An operation with its address.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Operation<'a> {
    /// The operationId.
    pub id: &'a str,
    /// The HTTP method, in lower case.
    pub method: &'a str,
    /// The path as the document has it, with places for parameters.
    pub path: &'a str,
    /// The whole operation.
    pub source: &'a Value,
}

impl Document {
    /// Opens the document of a platform.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn open(platform: &str) -> Self {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = crates.join("huawei-emulator/documents");
        let path = folder.join(format!("{platform}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        Self::parse(&text)
    }

    /// Reads a document from its text.
    ///
    /// # Panics
    ///
    /// If it is not JSON.
    pub fn parse(text: &str) -> Self {
        let root = serde_json::from_str(text).expect("a document is JSON");
        Self { root }
    }

    /// The names under which credentials travel in the query or body of an operation, beside its
    /// own parameters and members.
    pub fn credentials(&self, operation: &Operation<'_>) -> Vec<&str> {
        let alternatives = operation.source["security"].as_array();
        let names = alternatives
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flat_map(|schemes| schemes.keys());
        let mut fields = Vec::new();
        for name in names {
            let scheme = &self.root["components"]["securitySchemes"][name];
            if scheme["in"] == "query" {
                fields.extend(scheme["name"].as_str());
            }
            let carried = scheme["x-carrier"]["fields"].as_object();
            let carried = carried.into_iter().flatten();
            fields.extend(carried.filter_map(|(_, name)| name.as_str()));
        }
        fields
    }

    /// The operations that a client calls.
    ///
    /// # Panics
    ///
    /// If an operation has no id.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        self.below("paths")
    }

    /// The calls that the platform makes.
    pub fn webhooks(&self) -> Vec<Operation<'_>> {
        self.below("webhooks")
    }

    fn below(&self, key: &str) -> Vec<Operation<'_>> {
        let mut all = Vec::new();
        for (path, item) in self.root[key].as_object().into_iter().flatten() {
            for method in ["get", "put", "post", "delete", "patch"] {
                if let Some(source) = item.get(method) {
                    let id = source["operationId"]
                        .as_str()
                        .expect("an operation has an id");
                    all.push(Operation {
                        id,
                        method,
                        path,
                        source,
                    });
                }
            }
        }
        all
    }

    /// The parameters of an operation.
    ///
    /// # Panics
    ///
    /// If a reference leads nowhere.
    pub fn parameters<'a>(&'a self, operation: &Operation<'a>) -> Vec<&'a Value> {
        let all = operation.source["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        all.map(|node| self.follow(node)).collect()
    }

    /// What a reference leads to, or the node itself.
    pub(crate) fn follow<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node["$ref"].as_str() {
            Some(target) => {
                let found = self.root.pointer(&target[1..]);
                found.expect("the target is there")
            }
            None => node,
        }
    }

    /// The smallest number that a parameter of an operation may be, or a member of its body.
    pub(crate) fn smallest(&self, operation: &Operation<'_>, name: &str) -> Option<u64> {
        let mut parameters = self.parameters(operation).into_iter();
        let parameter = parameters.find(|parameter| parameter["name"] == name);
        let schema = parameter.map(|parameter| &parameter["schema"]).cloned();
        let content = operation.source["requestBody"]["content"].as_object();
        let body = content.and_then(|content| content.values().next());
        let member = body.map(|media| self.resolve(&media["schema"]));
        let member = member.and_then(|body| body.get("properties")?.get(name).cloned());
        let schema = self.resolve(&schema.or(member)?);
        schema.get("minimum")?.as_u64()
    }

    /// How the outcome of an operation is told.
    pub(crate) fn outcome<'a>(&'a self, operation: &Operation<'a>) -> &'a Value {
        match operation.source.get("x-outcome") {
            Some(own) => own,
            None => &self.root["x-outcome"],
        }
    }

    /// A schema with its reference followed, and the rules beside the reference on top.
    ///
    /// # Panics
    ///
    /// If the reference leads nowhere.
    pub fn resolve(&self, schema: &Value) -> Map<String, Value> {
        let Some(target) = schema["$ref"].as_str() else {
            return schema.as_object().cloned().unwrap_or_default();
        };
        let target = self
            .root
            .pointer(&target[1..])
            .expect("the target is there");
        let mut whole = self.resolve(target);
        for (key, value) in schema.as_object().into_iter().flatten() {
            match (key.as_str(), whole.get_mut(key)) {
                ("$ref", _) => {}
                ("x-accept-also", Some(Value::Array(known))) => {
                    known.extend(value.as_array().into_iter().flatten().cloned());
                }
                _ => {
                    whole.insert(key.clone(), value.clone());
                }
            }
        }
        whole
    }
}

/// The types a schema allows.
pub fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The size that a keyword sets.
pub fn size(schema: &Map<String, Value>, key: &str) -> Option<usize> {
    usize::try_from(schema.get(key)?.as_u64()?).ok()
}
