//! Rules about operations and webhooks, and what they name.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::codegen::document::{
    Carrier, Document, Envelope, In, Operation, Pagination, Parameter, SchemeKind, Webhook,
};
use crate::codegen::names;
use crate::codegen::read::At;
use crate::codegen::rules::schemas::names_in;
use crate::codegen::rules::{alternatives, find, target};
use crate::codegen::schema::{Form, Schema};

/// What operations and webhooks name exists.
pub(super) fn references(document: &Document) -> Result<()> {
    let schema = |at: &At, name: &str| match document.schemas.get(name) {
        Some(_) => Ok(()),
        None => Err(at.error(format!("there is no schema `{name}`"))),
    };
    let mut ids = BTreeSet::new();
    for operation in &document.operations {
        let at = &operation.at;
        let variants = operation
            .variants
            .iter()
            .map(|variant| (&variant.at, &variant.name));
        for (at, name) in std::iter::once((at, &operation.id)).chain(variants) {
            if !ids.insert(name.as_str()) {
                return Err(at.error(format!("a second operation is named `{name}`")));
            }
        }
        tag(document, at, &operation.tag)?;
        let outcome = document.outcome(operation);
        for envelope in &outcome.envelopes {
            schema(at, &envelope.schema)?;
        }
        for variant in &operation.variants {
            schema(&variant.at, &variant.request)?;
            schema(&variant.at, &variant.response)?;
        }
        scheme(document, at, &operation.security)?;
    }
    for hook in &document.webhooks {
        if !ids.insert(&hook.id) {
            return Err(hook
                .at
                .error(format!("a second operation is named `{}`", hook.id)));
        }
        tag(document, &hook.at, &hook.tag)?;
        scheme(document, &hook.at, &hook.security)?;
        if let Some(payload) = &hook.callback.payload {
            let reply = payload
                .reply
                .as_ref()
                .and_then(|reply| reply.schema.as_deref());
            for name in payload.request.schema.as_deref().into_iter().chain(reply) {
                schema(&hook.at, name)?;
            }
        }
    }
    for (_, scheme) in document.schemes.iter() {
        let jwt = scheme.jwt.as_ref();
        let claims = jwt.and_then(|jwt| jwt.claims.as_deref());
        for name in claims
            .into_iter()
            .chain(jwt.and_then(|jwt| jwt.key.as_deref()))
        {
            schema(&scheme.at, name)?;
        }
        if let Some(id) = jwt.and_then(|jwt| jwt.keys_from.as_deref())
            && !ids.contains(id)
        {
            return Err(scheme.at.error(format!("there is no operation `{id}`")));
        }
    }
    for policy in &document.token_policy {
        if let Some(id) = policy
            .issued_by
            .iter()
            .find(|id| !ids.contains(id.as_str()))
        {
            return Err(policy
                .at
                .error(format!("there is no operation or variant `{id}`")));
        }
        scheme(document, &policy.at, std::slice::from_ref(&policy.used_by))?;
    }
    Ok(())
}

fn tag(document: &Document, at: &At, name: &str) -> Result<()> {
    match document.tags.iter().filter(|tag| tag.name == name).count() {
        1 => Ok(()),
        0 => Err(at.error(format!("the tag `{name}` is not declared"))),
        _ => Err(at.error(format!("the tag `{name}` is declared twice"))),
    }
}

fn scheme(document: &Document, at: &At, security: &[Vec<String>]) -> Result<()> {
    let mut names = security.iter().flatten();
    match names.find(|name| document.schemes.get(name).is_none()) {
        Some(name) => Err(at.error(format!("there is no security scheme `{name}`"))),
        None => Ok(()),
    }
}

pub(super) fn check(document: &Document) -> Result<()> {
    for operation in &document.operations {
        self::operation(document, operation)?;
    }
    for hook in &document.webhooks {
        webhook(document, hook)?;
    }
    Ok(())
}

fn operation(document: &Document, operation: &Operation) -> Result<()> {
    let at = &operation.at;
    distinct(&operation.parameters)?;
    holes(operation)?;
    if !operation
        .answers
        .iter()
        .any(|answer| answer.status.starts_with(['2', '3']))
    {
        return Err(at.error("has no answer for success"));
    }
    for (_, schema) in operation.body.iter().flat_map(|body| &body.content) {
        simple(schema, true)?;
    }
    for answer in operation
        .answers
        .iter()
        .filter(|answer| answer.is_success())
    {
        for (_, schema) in &answer.content {
            simple(schema, true)?;
        }
    }
    for envelope in &document.outcome(operation).envelopes {
        self::envelope(document, operation, envelope)?;
    }
    carriers(document, operation)?;
    let body = operation.body.as_ref().map(|body| &body.content[0].1);
    let in_body = |path: &str| body.is_some_and(|body| find(document, body, path).is_some());
    let is_parameter = |name: &str| {
        operation
            .parameters
            .iter()
            .any(|parameter| parameter.name == name)
    };
    let known = |name: &str| match name.strip_prefix('/') {
        Some(pointer) => in_body(&pointer.replace('/', ".")),
        None => is_parameter(name),
    };
    for rule in &operation.required_if {
        if let Some(name) = names_in(rule).find(|name| !known(name)) {
            return Err(rule
                .at
                .error(format!("there is no parameter or member `{name}`")));
        }
    }
    for limit in &operation.rate_limits {
        if let Some((name, _)) = limit.when.iter().find(|(name, _)| !known(name)) {
            return Err(limit
                .at
                .error(format!("there is no parameter or member `{name}`")));
        }
    }
    for variant in &operation.variants {
        if let Some((name, _)) = variant.when.iter().find(|(name, _)| !in_body(name)) {
            return Err(variant.at.error(format!("the body has no member `{name}`")));
        }
    }
    if let Some(max) = &operation.max_body
        && let Some(path) = max.excludes.iter().find(|path| !in_body(path))
    {
        return Err(max.at.error(format!("the body has no member `{path}`")));
    }
    if let Some(name) = operation
        .browser
        .as_ref()
        .and_then(|browser| browser.returns_to.as_ref())
        && !is_parameter(name)
    {
        return Err(at.error(format!(
            "`x-browser` returns to `{name}`, which is no parameter"
        )));
    }
    match &operation.pagination {
        Some(pagination) => paged(document, operation, pagination),
        None => Ok(()),
    }
}

/// Parameters have names of their own in Rust.
fn distinct(parameters: &[Parameter]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for parameter in parameters {
        let name = names::snake(&parameter.name);
        if !names::is_field(&name) {
            return Err(parameter
                .at
                .error(format!("`{name}` is no name for an argument")));
        }
        if !seen.insert(name.clone()) {
            return Err(parameter
                .at
                .error(format!("a second parameter is named `{name}`")));
        }
    }
    Ok(())
}

/// The places in a path are its path parameters.
fn holes(operation: &Operation) -> Result<()> {
    let parts = operation.path.split('{').skip(1);
    let holes: BTreeSet<&str> = parts.filter_map(|part| part.split('}').next()).collect();
    let in_path = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.place == In::Path);
    let named: BTreeSet<&str> = in_path.map(|parameter| parameter.name.as_str()).collect();
    match holes.symmetric_difference(&named).next() {
        Some(name) => Err(operation.at.error(format!(
            "`{name}` stands in the path or among the parameters, not in both"
        ))),
        None => Ok(()),
    }
}

/// A body is a reference, a list of references or scalars, or a scalar.
fn simple(schema: &Schema, list: bool) -> Result<()> {
    match &schema.form {
        Form::Ref(_) | Form::Text | Form::Integer { .. } | Form::Number { .. } | Form::Boolean => {
            Ok(())
        }
        Form::List(items) if list => simple(items, false),
        _ => Err(schema
            .at
            .error("a body is a `$ref`, a list of them, or a scalar")),
    }
}

fn envelope(document: &Document, operation: &Operation, envelope: &Envelope) -> Result<()> {
    let schema = &document.schemas[envelope.schema.as_str()];
    let mut paths = vec![&envelope.sub_code, &envelope.message, &envelope.request_id];
    let code = Some(envelope.code.clone());
    if document.outcome(operation).carrier == Carrier::Header {
        let mut headers = operation.answers.iter().flat_map(|answer| &answer.headers);
        if !headers.any(|header| header.name == envelope.code) {
            return Err(operation
                .at
                .error(format!("no answer has the header `{}`", envelope.code)));
        }
    } else {
        paths.push(&code);
    }
    match paths
        .into_iter()
        .flatten()
        .find(|path| find(document, schema, path).is_none())
    {
        Some(path) => Err(operation
            .at
            .error(format!("`{}` has no member `{path}`", envelope.schema))),
        None => Ok(()),
    }
}

/// The members and parameters that credentials travel in exist.
fn carriers(document: &Document, operation: &Operation) -> Result<()> {
    for name in operation.security.iter().flatten() {
        let SchemeKind::Fields { in_body, fields } = &document.schemes[name.as_str()].kind else {
            continue;
        };
        for (_, field) in fields {
            let bodies = operation.body.iter().flat_map(|body| &body.content);
            let known = match in_body {
                true => bodies
                    .flat_map(|(_, schema)| alternatives(document, schema))
                    .all(|schema| find(document, schema, field).is_some()),
                false => operation
                    .parameters
                    .iter()
                    .any(|parameter| parameter.place == In::Query && parameter.name == *field),
            };
            if !known || (*in_body && operation.body.is_none()) {
                return Err(operation
                    .at
                    .error(format!("`{name}` travels in `{field}`, which is not there")));
            }
        }
    }
    Ok(())
}

fn paged(document: &Document, operation: &Operation, pagination: &Pagination) -> Result<()> {
    let body = operation.body.as_ref().map(|body| &body.content[0].1);
    for name in [&pagination.index, &pagination.size] {
        let known = match pagination.in_body {
            true => body.is_some_and(|body| find(document, body, name).is_some()),
            false => operation
                .parameters
                .iter()
                .any(|parameter| parameter.name == *name),
        };
        if !known {
            return Err(pagination
                .at
                .error(format!("`{name}` is not there to be sent")));
        }
    }
    let Some((_, answer)) = operation.success() else {
        return Err(pagination.at.error("the answer has no content"));
    };
    let paths = [
        Some(&pagination.items),
        pagination.total.as_ref(),
        pagination.more.as_ref(),
    ];
    for path in paths.into_iter().flatten() {
        if find(document, answer, path).is_none() {
            return Err(pagination
                .at
                .error(format!("the answer has no member `{path}`")));
        }
    }
    match find(document, answer, &pagination.items).map(|items| &target(document, items).form) {
        Some(Form::List(_)) => Ok(()),
        _ => Err(pagination
            .at
            .error(format!("`{}` is no list", pagination.items))),
    }
}

fn webhook(document: &Document, hook: &Webhook) -> Result<()> {
    distinct(&hook.parameters)?;
    let body = &hook.body.content[0].1;
    simple(body, true)?;
    let callback = &hook.callback;
    let dispatch = callback.dispatch.as_ref().map(|(field, _)| field);
    let payload = callback
        .payload
        .as_ref()
        .map(|payload| &payload.request.field);
    for path in callback.dedupe.iter().chain(dispatch).chain(payload) {
        if find(document, body, path).is_none() {
            return Err(hook.at.error(format!("the body has no member `{path}`")));
        }
    }
    Ok(())
}
