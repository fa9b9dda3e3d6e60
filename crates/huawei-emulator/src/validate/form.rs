//! Forms and queries: encoded names and values.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::document::schema::{Members, SchemaId, Schemas};
use crate::document::types::JsonType;

use super::number::whole_number;

/// Everything but unreserved characters is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The names and values of a form or query, in order; nothing when they are not UTF-8.
pub(crate) fn decode_pairs(text: &[u8]) -> Option<Vec<(String, String)>> {
    text.split(|&byte| byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let cut = pair.iter().position(|&byte| byte == b'=');
            let (name, value) = cut.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

/// Writes names and values as a form.
pub(crate) fn encode_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let encoded = pairs.into_iter().map(|(name, value)| {
        let name = utf8_percent_encode(name, ESCAPED);
        format!("{name}={}", utf8_percent_encode(value, ESCAPED))
    });
    encoded.collect::<Vec<_>>().join("&")
}

fn decode(text: &[u8]) -> Option<String> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        let spaces = text
            .iter()
            .map(|&byte| if byte == b'+' { b' ' } else { byte });
        Cow::Owned(spaces.collect())
    } else {
        Cow::Borrowed(text)
    };
    let decoded = percent_decode(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// Form fields in the types of the schema they are for, as the platform reads them.
pub(crate) fn coerce_fields(
    pairs: Vec<(String, String)>,
    schema: SchemaId,
    schemas: &Schemas,
) -> Map<String, Value> {
    let alternatives = schemas.alternatives(schema);
    let kind = |name: &str| {
        let found = alternatives.iter().rev().find_map(|form| {
            let Members::Struct(rules) = &form.members else {
                return None;
            };
            rules.property(name)
        });
        found.and_then(|property| schemas.get(property.schema).types.first().copied())
    };
    pairs
        .into_iter()
        .map(|(name, text)| {
            let value = coerce(text, kind(&name));
            (name, value)
        })
        .collect()
}

/// A text in the type of a scalar schema, where it can be read as one.
pub(crate) fn coerce(text: String, kind: Option<JsonType>) -> Value {
    let number = match kind {
        Some(JsonType::Integer) => whole_number(&text),
        Some(JsonType::Number) => text.parse().ok().and_then(serde_json::Number::from_f64),
        Some(JsonType::Boolean) => match text.as_str() {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            _ => None,
        },
        _ => None,
    };
    number.map_or(Value::String(text), Value::Number)
}
