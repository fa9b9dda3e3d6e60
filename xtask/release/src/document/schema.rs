//! What differs between two versions of a schema.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Found, Side, both, entries, listed, texts};
use crate::level::Level;

/// Compares what `place` was with what it is.
pub(crate) fn compare(place: &str, old: &Value, new: &Value, found: &mut Found) {
    if old == new {
        return;
    }
    let (required_before, required) = (texts(&old["required"]), texts(&new["required"]));
    let (before, after) = (entries(&old["properties"]), entries(&new["properties"]));
    for (name, side) in both(&before, &after) {
        let field = format!("{place}.{name}");
        match side {
            Side::Old(_) => found.add(Level::Break, format!("removed field `{field}`")),
            Side::New(value) if required.contains(name) && value["const"].is_null() => {
                found.add(Level::Break, format!("added required field `{field}`"));
            }
            Side::New(_) => found.add(Level::Addition, format!("added field `{field}`")),
            Side::Both(old, new) => {
                match (required_before.contains(name), required.contains(name)) {
                    (false, true) => {
                        found.add(Level::Break, format!("field `{field}` is now required"));
                    }
                    (true, false) => {
                        found.add(
                            Level::Break,
                            format!("field `{field}` is no longer required"),
                        );
                    }
                    _ => {}
                }
                compare(&field, old, new, found);
            }
        }
    }
    let (before, after) = (texts(&old["enum"]), texts(&new["enum"]));
    let what = format!("value of `{place}`");
    listed(&what, &before, &after, Level::Addition, Level::Break, found);
    // A list that has become something else is told by its type.
    if old["items"].is_object() && new["items"].is_object() {
        compare(&format!("{place}[]"), &old["items"], &new["items"], found);
    }
    let keys: BTreeSet<String> = entries(old)
        .into_keys()
        .chain(entries(new).into_keys())
        .collect();
    for key in keys {
        let (before, after) = (&old[&key], &new[&key]);
        if before == after {
            continue;
        }
        match key.as_str() {
            "enum" | "items" | "properties" | "required" => {}
            "description" | "examples" | "x-enum-descriptions" | "x-evidence" | "x-source" => {
                found.words(place);
            }
            _ if SHAPE.contains(&key.as_str()) => {
                let text = format!("changed {key} of `{place}`: {before} to {after}");
                found.add(Level::Break, text);
            }
            "deprecated" => found.add(Level::Addition, format!("`{place}` is deprecated: {after}")),
            _ => found.value(&format!("{key} of `{place}`"), Some(before), Some(after)),
        }
    }
}

/// Keywords that decide which type stands in Rust.
const SHAPE: &[&str] = &[
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "format",
    "propertyNames",
    "type",
    "x-enum-varnames",
    "x-secret",
    "x-select",
];
