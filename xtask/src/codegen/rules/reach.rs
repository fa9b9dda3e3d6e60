//! Every schema, tag and security scheme is reached from an operation or a webhook.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::codegen::document::{Answer, Document, Parameter};

pub(super) fn check(document: &Document) -> Result<()> {
    let reached = reached(document);
    for (name, schema) in document.schemas.iter() {
        if !reached.contains(name) {
            return Err(schema.at.error("no operation reaches this schema"));
        }
    }
    let schemes: BTreeSet<&str> = securities(document).flatten().map(String::as_str).collect();
    for (name, scheme) in document.schemes.iter() {
        if !schemes.contains(name) {
            return Err(scheme.at.error("no operation uses this security scheme"));
        }
    }
    let calls = document.operations.iter().map(|operation| &operation.tag);
    let tags: BTreeSet<&String> = calls
        .chain(document.webhooks.iter().map(|hook| &hook.tag))
        .collect();
    for tag in &document.tags {
        if !tags.contains(&tag.name) {
            return Err(tag
                .at
                .error(format!("no operation has the tag `{}`", tag.name)));
        }
    }
    Ok(())
}

/// The alternatives of all operations and webhooks.
pub(super) fn securities(document: &Document) -> impl Iterator<Item = &Vec<String>> {
    let calls = document
        .operations
        .iter()
        .flat_map(|operation| &operation.security);
    calls.chain(document.webhooks.iter().flat_map(|hook| &hook.security))
}

fn reached(document: &Document) -> BTreeSet<&str> {
    let mut todo: Vec<&str> = Vec::new();
    for operation in &document.operations {
        todo.extend(of_parameters(&operation.parameters));
        todo.extend(of_answers(&operation.answers));
        let bodies = operation.body.iter().flat_map(|body| &body.content);
        todo.extend(bodies.flat_map(|(_, schema)| schema.named()));
        for variant in &operation.variants {
            todo.extend([variant.request.as_str(), variant.response.as_str()]);
        }
        let envelopes = &document.outcome(operation).envelopes;
        todo.extend(envelopes.iter().map(|envelope| envelope.schema.as_str()));
    }
    for hook in &document.webhooks {
        todo.extend(of_parameters(&hook.parameters));
        todo.extend(of_answers(&hook.answers));
        todo.extend(
            hook.body
                .content
                .iter()
                .flat_map(|(_, schema)| schema.named()),
        );
        if let Some(payload) = &hook.callback.payload {
            todo.extend(payload.request.schema.as_deref());
            todo.extend(
                payload
                    .reply
                    .as_ref()
                    .and_then(|reply| reply.schema.as_deref()),
            );
        }
    }
    for name in securities(document).flatten() {
        if let Some(jwt) = &document.schemes[name.as_str()].jwt {
            todo.extend(jwt.claims.as_deref());
            todo.extend(jwt.key.as_deref());
        }
    }
    let mut reached = BTreeSet::new();
    while let Some(name) = todo.pop() {
        if reached.insert(name) {
            todo.extend(document.schemas[name].named());
        }
    }
    reached
}

fn of_parameters(parameters: &[Parameter]) -> impl Iterator<Item = &str> {
    parameters
        .iter()
        .flat_map(|parameter| parameter.schema.named())
}

fn of_answers(answers: &[Answer]) -> impl Iterator<Item = &str> {
    let bodies = answers.iter().flat_map(|answer| &answer.content);
    let headers = answers.iter().flat_map(|answer| &answer.headers);
    bodies
        .map(|(_, schema)| schema)
        .chain(headers.map(|header| &header.schema))
        .flat_map(|schema| schema.named())
}
