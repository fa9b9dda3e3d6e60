//! Values made up from schemas: answers where a platform has no behaviour of its own yet.

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::answer::{Answer, put, schema_at};
use crate::document::Document;
use crate::document::operation::Operation;
use crate::document::outcome::Carrier;
use crate::document::schema::{Members, Schema, SchemaId, Schemas, Struct};
use crate::document::types::JsonType;
use crate::platforms::Call;
use crate::validate::encode_pairs;

/// Deeper than this, optional members are left out and arrays stay empty.
const DEPTH: usize = 8;

/// Texts that fit the patterns of the documents, tried in turn.
const TEXTS: [&str; 12] = [
    "0",
    "a",
    "https://emulator.test/a",
    "#FF000000",
    "#FF0000",
    "2026-01-02",
    "2026-01-02 03:04:05",
    "20260102T030405Z",
    "20260102",
    "0123456789abcdef",
    "0123456789abcdef0123",
    "012345678901234567890123",
];

/// The smallest value that keeps to a schema.
pub(crate) fn minimal(schemas: &Schemas, id: SchemaId) -> Value {
    value(schemas, id, 0)
}

fn value(schemas: &Schemas, id: SchemaId, depth: usize) -> Value {
    let schema = schemas.get(id);
    if let Some(&first) = schema.any_of.first() {
        return value(schemas, first, depth);
    }
    let known = schema
        .constant
        .iter()
        .chain(&schema.enumeration)
        .chain(&schema.default)
        .chain(schema.examples.iter().filter(|value| !value.is_object()))
        .next();
    if let Some(known) = known
        && schema.types.iter().any(|kind| kind.fits(known))
    {
        return known.clone();
    }
    match schema.types.first() {
        Some(JsonType::String) => Value::from(text(schema)),
        Some(JsonType::Integer | JsonType::Number) => {
            schema.minimum.clone().unwrap_or_else(|| Value::from(0))
        }
        Some(JsonType::Boolean) => Value::Bool(false),
        Some(JsonType::Array) => {
            let count = if depth < DEPTH { schema.min_items } else { 0 };
            let item = |item| vec![value(schemas, item, depth + 1); count];
            Value::Array(schema.items.map(item).unwrap_or_default())
        }
        Some(JsonType::Object) => match &schema.members {
            Members::Struct(rules) => Value::Object(structure(schemas, rules, depth)),
            Members::Free | Members::Map(_) => Value::Object(Map::new()),
        },
        Some(JsonType::Null) | None => Value::Null,
    }
}

fn structure(schemas: &Schemas, rules: &Struct, depth: usize) -> Map<String, Value> {
    let mut members = Map::new();
    if depth >= DEPTH {
        return members;
    }
    let add = |members: &mut Map<String, Value>, name: &str| {
        if let Some(property) = rules.property(name)
            && !members.contains_key(name)
        {
            members.insert(name.to_owned(), value(schemas, property.schema, depth + 1));
        }
    };
    for name in &rules.required {
        add(&mut members, name);
    }
    for group in &rules.exactly_one_of {
        if !group.iter().any(|name| members.contains_key(name)) {
            add(&mut members, &group[0]);
        }
    }
    for rule in &rules.required_if {
        let snapshot = members.clone();
        if rule.applies(|name| snapshot.get(name)) {
            let any = rule.then_any.iter().take(1);
            for name in rule.then.iter().chain(any) {
                add(&mut members, name);
            }
        }
    }
    members
}

/// A text that keeps to the rules of a schema, as far as the candidates reach.
pub(crate) fn text(schema: &Schema) -> String {
    let most = schema
        .max_length
        .unwrap_or(usize::MAX)
        .min(schema.max_bytes.unwrap_or(usize::MAX));
    let Some(pattern) = &schema.pattern else {
        return "emulated"
            .chars()
            .cycle()
            .take(schema.min_length.max(8).min(most))
            .collect();
    };
    let repeated = ["0", "a"].map(|text| text.repeat(schema.min_length.max(1)));
    let candidates = TEXTS.iter().map(|text| (*text).to_owned());
    let mut fitting = candidates
        .chain(repeated)
        .filter(|text| text.len() >= schema.min_length && text.len() <= most)
        .filter(|text| pattern.is_match(text));
    fitting.next().unwrap_or_default()
}

/// A successful answer of an operation, made from the schema of its answer.
pub(crate) fn success(call: &Call<'_>) -> Answer {
    let operation = call.operation;
    let mut answer = form(call.document, operation, call.request_id);
    if (300..400).contains(&operation.success.status) {
        answer.headers.extend(redirect(call));
    }
    answer
}

fn form(document: &Document, operation: &Operation, request_id: &str) -> Answer {
    let status = StatusCode::from_u16(operation.success.status).unwrap_or(StatusCode::OK);
    let Some((media, schema)) = &operation.success.content else {
        return Answer::empty(status);
    };
    let schemas = &document.schemas;
    let is_text = schemas.get(*schema).types.first() == Some(&JsonType::String);
    let mut answer = if media.starts_with("text/html") {
        Answer::text("text/html", "<!doctype html><title>emulated</title>")
    } else if media.starts_with("application/xml") && is_text {
        Answer::text("application/xml", "<emulated/>")
    } else if is_text {
        Answer::text(
            "text/plain",
            minimal(schemas, *schema)
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    } else {
        let mut body = minimal(schemas, *schema);
        judge_as_success(&mut body, operation, schemas, *schema, request_id);
        let code = crate::answer::code_of(operation, &body);
        Answer {
            code,
            ..Answer::json(&body)
        }
    };
    if let Ok(value) = HeaderValue::from_str(media) {
        answer.headers.insert(CONTENT_TYPE, value);
    }
    answer.with_status(status)
}

/// Makes `x-outcome` read a body as a success.
fn judge_as_success(
    body: &mut Value,
    operation: &Operation,
    schemas: &Schemas,
    schema: SchemaId,
    request_id: &str,
) {
    let outcome = &operation.outcome;
    if outcome.carrier != Carrier::Body {
        return;
    }
    for envelope in &outcome.envelopes {
        if schema_at(schemas, schema, &envelope.code).is_none() {
            continue;
        }
        if let Some(code) = outcome.success.first() {
            put(body, schemas, Some(schema), &envelope.code, code);
        }
        if let Some(path) = &envelope.request_id
            && schema_at(schemas, schema, path).is_some()
        {
            put(body, schemas, Some(schema), path, request_id);
        }
        return;
    }
}

/// The way back from a page in the browser.
fn redirect(call: &Call<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let browser = call.operation.browser.as_ref();
    let address = browser
        .and_then(|browser| call.query(browser.returns_to.as_deref()?))
        .unwrap_or("/");
    let names = browser.map(|browser| &*browser.success).unwrap_or_default();
    let pairs = names.iter().filter_map(|name| match name.as_str() {
        "state" => call.query("state").map(|state| ("state", state)),
        other => Some((other, "emulated")),
    });
    let query = encode_pairs(pairs);
    let joint = match (query.is_empty(), address.contains('?')) {
        (true, _) => "",
        (false, true) => "&",
        (false, false) => "?",
    };
    if let Ok(value) = HeaderValue::from_str(&format!("{address}{joint}{query}")) {
        headers.insert(LOCATION, value);
    }
    headers
}
