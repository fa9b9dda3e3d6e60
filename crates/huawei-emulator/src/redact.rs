//! Values without their secrets: what the log and the recorder keep.

use serde_json::Value;

use crate::document::Document;
use crate::document::schema::{Additional, Members, Schema, SchemaId, Schemas};
use crate::synth;

/// The value with every secret replaced by a text that keeps to the same rules.
pub(crate) fn redact(document: &Document, id: SchemaId, value: &Value) -> Value {
    let mut value = value.clone();
    hide(&document.schemas, id, &mut value, false);
    value
}

fn hide(schemas: &Schemas, id: SchemaId, value: &mut Value, secret: bool) {
    let schema = schemas.get(id);
    let secret = secret || schema.secret;
    for &member in &schema.any_of {
        hide(schemas, member, value, secret);
    }
    match value {
        Value::String(text) if secret && fixed(schema) => replace(text, schema),
        Value::String(text) => {
            if let Some(inner) = schema.content
                && let Ok(mut parsed) = serde_json::from_str::<Value>(text)
                && (parsed.is_object() || parsed.is_array())
            {
                hide(schemas, inner, &mut parsed, false);
                *text = parsed.to_string();
            }
        }
        Value::Array(items) => {
            for item in items {
                match schema.items {
                    Some(rule) => hide(schemas, rule, item, secret),
                    None if secret => hide_all(item),
                    None => {}
                }
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                match (rule_for(schema, key), secret) {
                    (Some(rule), _) => hide(schemas, rule, member, secret),
                    (None, true) => hide_all(member),
                    (None, false) => {}
                }
            }
        }
        _ => {}
    }
}

/// Whether a text may be replaced: one that has to be a certain word tells nothing.
fn fixed(schema: &Schema) -> bool {
    schema.constant.is_none() && schema.enumeration.is_empty()
}

fn replace(text: &mut String, schema: &Schema) {
    let made_up = synth::text(schema);
    *text = if schema.pattern.is_none() && schema.max_length.is_none_or(|most| most >= 8) {
        format!(
            "redacted{}",
            "-".repeat(schema.min_length.saturating_sub(8))
        )
    } else {
        made_up
    };
}

fn hide_all(value: &mut Value) {
    match value {
        Value::String(text) => "redacted".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(hide_all),
        Value::Object(members) => members.values_mut().for_each(hide_all),
        _ => {}
    }
}

/// The rule for a member of an object.
fn rule_for(schema: &Schema, key: &str) -> Option<SchemaId> {
    let other = |additional: &Additional| match additional {
        Additional::Schema(rule) => Some(*rule),
        Additional::Any | Additional::Unknown => None,
    };
    match &schema.members {
        Members::Free => None,
        Members::Struct(rules) => rules
            .property(key)
            .map(|property| property.schema)
            .or_else(|| other(&rules.additional)),
        Members::Map(rules) => {
            let mut patterns = rules.patterns.iter();
            let found = patterns.find(|(name, _)| name.is_match(key));
            found
                .map(|(_, rule)| *rule)
                .or_else(|| other(&rules.additional))
        }
    }
}
