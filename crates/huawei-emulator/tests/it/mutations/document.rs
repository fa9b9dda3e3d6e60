//! The documents as the tests read them: plain JSON, with a few lines of their own, so that a
//! mistake in the emulator's reader is not repeated here.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// A document.
pub(crate) struct Document {
    root: Value,
}

/// An operation with its address.
pub(crate) struct Operation<'a> {
    pub id: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub source: &'a Value,
}

impl Document {
    pub(crate) fn open(platform: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("documents");
        let path = folder.join(format!("{platform}.json"));
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let root = serde_json::from_slice(&text).expect("a document is JSON");
        Self { root }
    }

    /// The operations that a client calls.
    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let mut all = Vec::new();
        for (path, item) in self.root["paths"]
            .as_object()
            .expect("a document has paths")
        {
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
    pub(crate) fn parameters<'a>(&'a self, operation: &Operation<'a>) -> Vec<&'a Value> {
        let all = operation.source["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        all.map(|node| match node["$ref"].as_str() {
            Some(target) => self
                .root
                .pointer(&target[1..])
                .expect("the target is there"),
            None => node,
        })
        .collect()
    }

    /// A schema with its reference followed, and the rules beside the reference on top.
    pub(crate) fn resolve(&self, schema: &Value) -> Map<String, Value> {
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
pub(crate) fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The size that a keyword sets.
pub(crate) fn size(schema: &Map<String, Value>, key: &str) -> Option<usize> {
    usize::try_from(schema.get(key)?.as_u64()?).ok()
}
