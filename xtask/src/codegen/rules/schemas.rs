//! Rules about schemas by themselves.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

use crate::codegen::document::{Document, Rule, Then};
use crate::codegen::names;
use crate::codegen::rules::{find, target};
use crate::codegen::schema::{Content, Enum, Form, Map, Schema, Struct, Union};

/// Every schema that is named exists.
pub(super) fn references(document: &Document) -> Result<()> {
    each(document, &mut |schema| {
        let mut own = schema.clone();
        // Only what this schema names itself: those below it are visited too.
        if !matches!(own.form, Form::Ref(_) | Form::Union(_)) {
            own.form = Form::Any;
        }
        for name in own.named() {
            if document.schemas.get(name).is_none() {
                return Err(schema.at.error(format!("there is no schema `{name}`")));
            }
        }
        Ok(())
    })
}

pub(super) fn check(document: &Document) -> Result<()> {
    each(document, &mut |schema| {
        match &schema.form {
            Form::Struct(object) => structure(document, schema, object)?,
            Form::Union(union) => self::union(document, schema, union)?,
            Form::Map(map) => self::map(document, map)?,
            _ => {}
        }
        secret(document, schema)?;
        limits(document, schema)?;
        values(document, schema)
    })
}

/// Calls `visit` with every schema of a document.
fn each(document: &Document, visit: &mut dyn FnMut(&Schema) -> Result<()>) -> Result<()> {
    let mut all: Vec<&Schema> = document.schemas.iter().map(|(_, schema)| schema).collect();
    let bodies = document
        .operations
        .iter()
        .flat_map(|operation| &operation.body);
    let hooks = document.webhooks.iter().map(|hook| &hook.body);
    all.extend(
        bodies
            .chain(hooks)
            .flat_map(|body| &body.content)
            .map(|(_, schema)| schema),
    );
    let answers = document
        .operations
        .iter()
        .flat_map(|operation| &operation.answers);
    let replies = document.webhooks.iter().flat_map(|hook| &hook.answers);
    for answer in answers.chain(replies) {
        all.extend(answer.content.iter().map(|(_, schema)| schema));
        all.extend(answer.headers.iter().map(|header| &header.schema));
    }
    let parameters = document
        .operations
        .iter()
        .flat_map(|operation| &operation.parameters);
    let headers = document.webhooks.iter().flat_map(|hook| &hook.parameters);
    all.extend(parameters.chain(headers).map(|parameter| &parameter.schema));
    let mut result = Ok(());
    for schema in all {
        schema.walk(&mut |schema| {
            if result.is_ok() {
                result = visit(schema);
            }
        });
    }
    result
}

fn structure(document: &Document, schema: &Schema, object: &Struct) -> Result<()> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (name, property) in &object.properties {
        let field = names::snake(name);
        if !names::is_field(&field) {
            return Err(property
                .at
                .error(format!("`{field}` is no name for a field")));
        }
        if !seen.insert(field.clone()) {
            return Err(property
                .at
                .error(format!("a second field is named `{field}`")));
        }
    }
    let has = |name: &str| object.properties.iter().any(|(known, _)| known == name);
    if let Some(name) = object.required.iter().find(|name| !has(name)) {
        return Err(schema
            .at
            .error(format!("`required` names `{name}`, which is no property")));
    }
    let mut other_names = BTreeSet::new();
    for (_, property) in &object.properties {
        for alias in &property.aliases {
            if has(alias) || !other_names.insert(alias) {
                return Err(property
                    .at
                    .error(format!("the alias `{alias}` is in use already")));
            }
        }
    }
    if let Some(name) = object
        .exactly_one_of
        .iter()
        .flatten()
        .find(|name| !has(name))
    {
        return Err(schema.at.error(format!(
            "`x-exactly-one-of` names `{name}`, which is no property"
        )));
    }
    for rule in &object.required_if {
        for name in names_in(rule) {
            let known = match name.strip_prefix('/') {
                Some(pointer) => in_a_body(document, &pointer.replace('/', ".")),
                None => has(name),
            };
            if !known {
                return Err(rule.at.error(format!("there is no member `{name}`")));
            }
        }
    }
    for (name, property) in &object.properties {
        if let Form::Ref(target) = &property.form
            && let Form::Union(Union {
                select: Some(select),
                ..
            }) = &document.schemas[target.as_str()].form
            && select.by == crate::codegen::schema::By::Sibling
            && !has(&select.name)
        {
            return Err(property.at.error(format!(
                "`{}` chooses the form of `{name}`, but is no property beside it",
                select.name
            )));
        }
    }
    Ok(())
}

/// The names that a rule is about.
pub(super) fn names_in(rule: &Rule) -> impl Iterator<Item = &str> {
    let (Then::All(then) | Then::Any(then)) = &rule.then;
    rule.when
        .iter()
        .map(|(name, _)| name)
        .chain(then)
        .map(String::as_str)
}

fn in_a_body(document: &Document, path: &str) -> bool {
    let bodies = document
        .operations
        .iter()
        .flat_map(|operation| &operation.body);
    bodies
        .flat_map(|body| &body.content)
        .any(|(_, schema)| find(document, schema, path).is_some())
}

fn union(document: &Document, schema: &Schema, union: &Union) -> Result<()> {
    let Some(select) = &union.select else {
        let mut kinds = BTreeSet::new();
        for member in &union.members {
            if !kinds.insert(kind(document, member)) {
                return Err(member.at.error(
                    "a second member of this JSON type: without `x-select` they have to differ",
                ));
            }
        }
        return Ok(());
    };
    for name in select.mapping.iter().flat_map(|(_, names)| names) {
        let is_member = union
            .members
            .iter()
            .any(|member| matches!(&member.form, Form::Ref(known) if known == name));
        if !is_member {
            return Err(schema
                .at
                .error(format!("`x-select` names `{name}`, which is no member")));
        }
    }
    Ok(())
}

/// The JSON type of a schema.
fn kind(document: &Document, schema: &Schema) -> &'static str {
    match &target(document, schema).form {
        Form::Any | Form::Ref(_) | Form::Union(_) => "any",
        Form::Boolean => "boolean",
        Form::Enum(Enum { of_text: true, .. }) | Form::Text => "string",
        Form::Enum(_) | Form::Integer { .. } | Form::Number { .. } => "number",
        Form::List(_) => "array",
        Form::Map(_) | Form::Struct(_) => "object",
    }
}

fn map(document: &Document, map: &Map) -> Result<()> {
    if let Some(key) = &map.key
        && kind(document, key) != "string"
    {
        return Err(key.at.error("the names of a map are texts"));
    }
    for (_, pattern) in &map.patterns {
        if kind(document, pattern) != kind(document, &map.value) {
            return Err(pattern
                .at
                .error("is of another type than `additionalProperties`: one map holds both"));
        }
    }
    Ok(())
}

fn secret(document: &Document, schema: &Schema) -> Result<()> {
    if !schema.secret {
        return Ok(());
    }
    match &target(document, schema).form {
        Form::Text => Ok(()),
        Form::List(items) if kind(document, items) == "string" => Ok(()),
        Form::List(items) => match &target(document, items).form {
            Form::List(_) | Form::Map(_) => Ok(()),
            _ => Err(schema
                .at
                .error("`x-secret` stands on texts, and lists and maps of them")),
        },
        Form::Map(map) => match &target(document, &map.value).form {
            Form::Text | Form::List(_) | Form::Map(_) => Ok(()),
            _ => Err(schema
                .at
                .error("`x-secret` stands on texts, and lists and maps of them")),
        },
        _ => Err(schema
            .at
            .error("`x-secret` stands on texts, and lists and maps of them")),
    }
}

/// Keywords stand on the types they are for.
fn limits(document: &Document, schema: &Schema) -> Result<()> {
    let limits = &schema.limits;
    let on_text = limits.min_length.is_some()
        || limits.max_length.is_some()
        || limits.pattern.is_some()
        || limits.max_bytes.is_some()
        || schema.content.is_some();
    let on_number = limits.minimum.is_some() || limits.maximum.is_some();
    let on_list = limits.min_items.is_some() || limits.max_items.is_some();
    let on_map = limits.min_properties.is_some() || limits.max_properties.is_some();
    let kind = kind(document, schema);
    for (used, wanted) in [
        (on_text, "string"),
        (on_number, "number"),
        (on_list, "array"),
        (on_map, "object"),
    ] {
        if used && kind != wanted {
            return Err(schema
                .at
                .error(format!("a limit for the type {wanted} stands on {kind}")));
        }
    }
    if matches!(schema.content, Some(Content::File)) && schema.secret {
        return Err(schema.at.error("a file is no secret text"));
    }
    Ok(())
}

/// Constants and defaults are of the type they stand on.
fn values(document: &Document, schema: &Schema) -> Result<()> {
    let fits = |value: &Value| match kind(document, schema) {
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        _ => true,
    };
    if let Some(value) = &schema.constant {
        let is_scalar = matches!(kind(document, schema), "boolean" | "string" | "number");
        if !is_scalar || !fits(value) {
            return Err(schema.at.error("`const` is of another type"));
        }
    }
    let Some(value) = &schema.default else {
        return Ok(());
    };
    if !fits(value) && !value.is_null() {
        return Err(schema.at.error("`default` is of another type"));
    }
    match &target(document, schema).form {
        Form::Enum(list) if list.variants.iter().all(|variant| variant.value != *value) => {
            Err(schema.at.error("`default` is no value of the enum"))
        }
        _ => Ok(()),
    }
}
