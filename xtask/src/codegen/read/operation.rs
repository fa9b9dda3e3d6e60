//! Reads operations and webhooks: section 2 of the vocabulary.

use anyhow::Result;

use crate::codegen::document::{
    Answer, Availability, Body, Header, In, Operation, Parameter, Webhook,
};
use crate::codegen::names;
use crate::codegen::read::extension::{
    EVIDENCE, browser, callback, max_body, names_of, outcome, pagination, rate_limit, required_if,
    row_id, variant,
};
use crate::codegen::read::root::Shared;
use crate::codegen::read::schema::{inline, reference, secret};
use crate::codegen::read::{At, Cursor, Fields};
use crate::codegen::schema::Schema;

/// The methods an operation can have, with the constants of the `http` crate.
pub(super) const METHODS: &[(&str, &str)] = &[
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("patch", "PATCH"),
];

pub(super) fn operation(
    cursor: &Cursor<'_>,
    method: &'static str,
    key: &str,
    role: &str,
    shared: &Shared,
) -> Result<Operation> {
    let fields = cursor.fields()?;
    let at = fields.at().clone();
    let (path, query) = route(&fields, &at, key)?;
    let id = operation_id(&fields)?;
    let operation = Operation {
        tag: tag(&fields)?,
        summary: summary(&fields)?,
        description: fields.map("description", Cursor::text)?,
        deprecated: fields.flag("deprecated")?,
        method,
        path,
        query,
        role: role.to_owned(),
        security: security(&fields)?,
        parameters: fields.each("parameters", |cursor| shared.parameter(cursor))?,
        body: fields.map("requestBody", body)?,
        answers: answers(&fields, shared)?,
        source: fields.required("x-source")?.texts()?,
        evidence: fields.required("x-evidence")?.one_of(EVIDENCE)?,
        availability: availability(&fields)?,
        idempotent: fields.required("x-idempotent")?.boolean()?,
        outcome: fields.map("x-outcome", outcome)?,
        errors: fields.map("x-errors", |cursor| {
            cursor.list()?.iter().map(row_id).collect()
        })?,
        rate_limits: fields.each("x-rate-limits", rate_limit)?,
        max_body: fields.map("x-max-body-bytes", max_body)?,
        required_if: required_if(&fields)?,
        variants: fields.each("x-variants", variant)?,
        browser: fields.map("x-browser", browser)?,
        pagination: fields.map("x-pagination", pagination)?,
        at,
        id,
    };
    fields.done()?;
    Ok(operation)
}

pub(super) fn webhook(cursor: &Cursor<'_>, shared: &Shared) -> Result<Webhook> {
    let fields = cursor.fields()?;
    let at = fields.at().clone();
    let id = operation_id(&fields)?;
    if !id.starts_with("on_") {
        return Err(at.error(format!(
            "`{id}` is the name of a webhook and begins with `on_`"
        )));
    }
    let webhook = Webhook {
        tag: tag(&fields)?,
        summary: summary(&fields)?,
        description: fields.map("description", Cursor::text)?,
        security: security(&fields)?,
        parameters: fields.each("parameters", |cursor| shared.parameter(cursor))?,
        body: body(&fields.required("requestBody")?)?,
        answers: answers(&fields, shared)?,
        source: fields.required("x-source")?.texts()?,
        evidence: fields.required("x-evidence")?.one_of(EVIDENCE)?,
        availability: availability(&fields)?,
        errors: fields.each("x-errors", row_id)?,
        callback: callback(&fields.required("x-callback")?)?,
        at,
        id,
    };
    fields.done()?;
    Ok(webhook)
}

/// Reads a parameter that is no reference.
pub(super) fn parameter(cursor: &Cursor<'_>) -> Result<Parameter> {
    let fields = cursor.fields()?;
    let parameter = Parameter {
        at: cursor.at().clone(),
        name: fields.required("name")?.text()?,
        place: fields.required("in")?.one_of(&[
            ("header", In::Header),
            ("path", In::Path),
            ("query", In::Query),
        ])?,
        required: fields.required("required")?.boolean()?,
        description: fields.description()?,
        schema: inline(&fields.required("schema")?)?,
        allow_empty: fields.flag("allowEmptyValue")?,
        secret: secret(&fields)?,
        aliases: fields.each("x-aliases", Cursor::text)?,
        evidence: fields.map("x-evidence", |cursor| cursor.one_of(EVIDENCE))?,
    };
    fields.done()?;
    Ok(parameter)
}

/// Reads a response that is no reference.
pub(super) fn answer(cursor: &Cursor<'_>, status: &str) -> Result<Answer> {
    let fields = cursor.fields()?;
    fields.description()?;
    let answer = Answer {
        status: status.to_owned(),
        headers: match fields.optional("headers") {
            Some(headers) => headers
                .entries()?
                .into_iter()
                .map(|(name, cursor)| header(name, &cursor))
                .collect::<Result<_>>()?,
            None => Vec::new(),
        },
        content: match fields.optional("content") {
            Some(cursor) => content(&cursor)?,
            None => Vec::new(),
        },
    };
    fields.done()?;
    Ok(answer)
}

fn header(name: &str, cursor: &Cursor<'_>) -> Result<Header> {
    let fields = cursor.fields()?;
    fields.description()?;
    let header = Header {
        name: name.to_owned(),
        schema: inline(&fields.required("schema")?)?,
    };
    fields.done()?;
    Ok(header)
}

fn operation_id(fields: &Fields<'_>) -> Result<String> {
    let cursor = fields.required("operationId")?;
    let id = cursor.text()?;
    match names::is_field(&id) && names::field(&id) == id {
        true => Ok(id),
        false => Err(cursor.at().error(format!("`{id}` is no name for a method"))),
    }
}

fn tag(fields: &Fields<'_>) -> Result<String> {
    let cursor = fields.required("tags")?;
    match cursor.texts()?.as_slice() {
        [tag] => Ok(tag.clone()),
        _ => Err(cursor.at().error("holds exactly one tag")),
    }
}

fn summary(fields: &Fields<'_>) -> Result<String> {
    let cursor = fields.required("summary")?;
    let text = cursor.text()?;
    match text.ends_with('.') && !text.contains('\n') {
        true => Ok(text),
        false => Err(cursor.at().error("is one sentence with its full stop")),
    }
}

fn availability(fields: &Fields<'_>) -> Result<Option<Availability>> {
    fields.map("x-availability", |cursor| {
        cursor.one_of(&[
            ("engine", Availability::Engine),
            ("retired", Availability::Retired),
        ])
    })
}

fn security(fields: &Fields<'_>) -> Result<Vec<Vec<String>>> {
    let alternatives = fields.required("security")?.list()?;
    alternatives
        .iter()
        .map(|cursor| {
            let schemes = cursor.entries()?.into_iter();
            schemes
                .map(|(name, scopes)| match scopes.list()?.as_slice() {
                    [] => Ok(name.to_owned()),
                    _ => Err(scopes.at().error("scopes are not in the vocabulary")),
                })
                .collect()
        })
        .collect()
}

fn route(fields: &Fields<'_>, at: &At, key: &str) -> Result<(String, Vec<(String, String)>)> {
    let Some(cursor) = fields.optional("x-route") else {
        return match key.contains('?') {
            true => Err(at.error("a path with a query needs `x-route`")),
            false => Ok((key.to_owned(), Vec::new())),
        };
    };
    let route = cursor.fields()?;
    let path = route.required("path")?.text()?;
    let query = names_of(&route.required("query")?)?;
    route.done()?;
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match format!("{path}?{}", pairs.join("&")) == key {
        true => Ok((path, query)),
        false => Err(cursor
            .at()
            .error(format!("does not split the path `{key}`"))),
    }
}

fn body(cursor: &Cursor<'_>) -> Result<Body> {
    let fields = cursor.fields()?;
    let body = Body {
        required: fields.required("required")?.boolean()?,
        content: content(&fields.required("content")?)?,
    };
    fields.done()?;
    match body.content.is_empty() {
        true => Err(cursor.at().error("has no content")),
        false => Ok(body),
    }
}

fn content(cursor: &Cursor<'_>) -> Result<Vec<(String, Schema)>> {
    let entries = cursor.entries()?.into_iter();
    entries
        .map(|(media, cursor)| {
            let bare = media.split(';').next().unwrap_or_default();
            if !MEDIA_TYPES.contains(&bare) {
                return Err(cursor.at().error("is no media type of the vocabulary"));
            }
            let fields = cursor.fields()?;
            let schema = inline(&fields.required("schema")?)?;
            fields.done()?;
            Ok((media.to_owned(), schema))
        })
        .collect()
}

fn answers(fields: &Fields<'_>, shared: &Shared) -> Result<Vec<Answer>> {
    let responses = fields.required("responses")?.entries()?.into_iter();
    responses
        .map(|(status, cursor)| {
            let fields = cursor.fields()?;
            let Some(name) = fields.optional("$ref") else {
                return answer(&cursor, status);
            };
            let name = (reference(&name, "responses")?, name.at().clone());
            fields.done()?;
            let mut answer = shared.answer(&name.0, &name.1)?;
            answer.status = status.to_owned();
            Ok(answer)
        })
        .collect()
}

const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "multipart/form-data",
    "text/html",
    "text/plain",
];
