//! A whole request: parameters, body, and the rules between them.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::document::Document;
use crate::document::operation::{Body, Media, Operation, Parameter, Place};

use super::body::Content;
use super::form::{coerce, coerce_fields, decode_pairs};
use super::size::counted_bytes;
use super::value::check_value;
use super::{Part, Rule, Violation, multipart};

/// The parts of a request that the rules are about.
pub(crate) struct Parts<'a> {
    pub document: &'a Document,
    pub operation: &'a Operation,
    pub path: &'a [(String, String)],
    pub query: &'a [(String, String)],
    pub headers: &'a HeaderMap,
}

/// Decodes the body as the operation declares it.
pub(crate) fn decode_body(parts: &Parts<'_>, body: &Bytes) -> Result<Content, Violation> {
    let Some(declared) = &parts.operation.body else {
        return Ok(Content::default());
    };
    if body.is_empty() {
        if declared.required && declared.media != Media::Form {
            return Err(Violation {
                part: Part::Body,
                at: String::new(),
                rule: Rule::Required,
                detail: "is missing".to_owned(),
            });
        }
        if declared.media != Media::Form || !declared.required {
            return Ok(Content::default());
        }
    }
    decode(parts, declared, body).map_err(|detail| Violation {
        part: Part::Body,
        at: String::new(),
        rule: Rule::Type,
        detail,
    })
}

fn decode(parts: &Parts<'_>, declared: &Body, body: &Bytes) -> Result<Content, String> {
    let schemas = &parts.document.schemas;
    let value = match declared.media {
        Media::Json => serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("is not JSON, see line {line}, column {column}")
        })?,
        Media::Form => {
            let pairs = decode_pairs(body).ok_or("is not a form in UTF-8")?;
            Value::Object(coerce_fields(pairs, declared.schema, schemas))
        }
        Media::Text => String::from_utf8(body.to_vec())
            .map(Value::String)
            .map_err(|_| "is not UTF-8")?,
        Media::Multipart => {
            let header = parts.headers.get(CONTENT_TYPE);
            let header = header.and_then(|value| value.to_str().ok());
            let form = multipart::read(header.unwrap_or_default(), body)
                .ok_or("is not a multipart form")?;
            let fields = form.iter().map(|part| {
                let text = String::from_utf8_lossy(&part.content).into_owned();
                (part.name.clone(), text)
            });
            Value::Object(coerce_fields(fields.collect(), declared.schema, schemas))
        }
    };
    Ok(Content { value: Some(value) })
}

/// What is wrong with the parameters.
pub(crate) fn check_parameters(parts: &Parts<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for parameter in &parts.operation.parameters {
        let part = match parameter.place {
            Place::Header => Part::Header,
            Place::Path => Part::Path,
            Place::Query => Part::Query,
        };
        let Some(text) = parameter_text(parts, parameter) else {
            if parameter.required {
                found.push(Violation {
                    part,
                    at: parameter.name.clone(),
                    rule: Rule::Required,
                    detail: "is missing".to_owned(),
                });
            }
            continue;
        };
        if text.is_empty() && parameter.allow_empty {
            continue;
        }
        let value = parameter_in_type(parts, parameter, text);
        found.extend(check_value(
            &parts.document.schemas,
            parameter.schema,
            &value,
            parts.headers,
            &Value::Null,
            (part, &parameter.name),
        ));
    }
    found
}

/// What is wrong with the body, and with what it and the parameters ask of each other.
pub(crate) fn check_body(parts: &Parts<'_>, content: &Content, body: &Bytes) -> Vec<Violation> {
    let operation = parts.operation;
    let mut found = Vec::new();
    if let Some(most) = &operation.max_body {
        let size = counted_bytes(body, &most.excludes);
        if size > most.limit {
            let limit = most.limit;
            found.push(Violation {
                part: Part::Body,
                at: String::new(),
                rule: Rule::MaxBodyBytes,
                detail: format!("has over {limit} bytes: {size}"),
            });
        }
    }
    if let Some(declared) = &operation.body
        && let Some(value) = &content.value
    {
        found.extend(check_value(
            &parts.document.schemas,
            declared.schema,
            value,
            parts.headers,
            value,
            (Part::Body, ""),
        ));
    }
    found.extend(check_between(parts, content.body()));
    found
}

/// The rules of the operation that depend on parameters or members of the body.
fn check_between(parts: &Parts<'_>, body: &Value) -> Vec<Violation> {
    if parts.operation.required_if.is_empty() {
        return Vec::new();
    }
    let values: Map<String, Value> = parts
        .operation
        .parameters
        .iter()
        .filter_map(|parameter| {
            let text = parameter_text(parts, parameter)?;
            let value = parameter_in_type(parts, parameter, text);
            Some((parameter.name.clone(), value))
        })
        .collect();
    let find = |name: &str| {
        if name.starts_with('/') {
            body.pointer(name)
        } else {
            values.get(name)
        }
    };
    let violation = |at: &str, detail: String| Violation {
        part: if at.starts_with('/') {
            Part::Body
        } else {
            Part::Query
        },
        at: at.to_owned(),
        rule: Rule::RequiredIf,
        detail,
    };
    let mut found = Vec::new();
    for rule in parts
        .operation
        .required_if
        .iter()
        .filter(|rule| rule.applies(find))
    {
        for name in rule.then.iter().filter(|name| find(name).is_none()) {
            let detail = "is missing, and other parameters require it";
            found.push(violation(name, detail.to_owned()));
        }
        let any = &rule.then_any;
        if !any.is_empty() && any.iter().all(|name| find(name).is_none()) {
            found.push(violation("", format!("needs one of {}", any.join(", "))));
        }
    }
    found
}

/// The value of a parameter in the type of its schema.
pub(crate) fn parameter_value(parts: &Parts<'_>, name: &str) -> Option<Value> {
    let mut all = parts.operation.parameters.iter();
    let parameter = all.find(|parameter| parameter.name == name)?;
    let text = parameter_text(parts, parameter)?;
    Some(parameter_in_type(parts, parameter, text))
}

fn parameter_in_type(parts: &Parts<'_>, parameter: &Parameter, text: String) -> Value {
    let kind = parts.document.schemas.get(parameter.schema).types.first();
    coerce(text, kind.copied())
}

fn parameter_text(parts: &Parts<'_>, parameter: &Parameter) -> Option<String> {
    let mut names = parameter.aliases.iter().chain([&parameter.name]);
    let among = |pairs: &[(String, String)], wanted: &str| {
        let found = pairs.iter().rev().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    };
    names.find_map(|name| match parameter.place {
        Place::Path => among(parts.path, name),
        Place::Query => among(parts.query, name),
        Place::Header => {
            let value = parts.headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
        }
    })
}
