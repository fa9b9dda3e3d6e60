//! Prints the table of a crate's operations, for readers of its documentation.

use crate::codegen::document::{Availability, Document, Evidence, Jwt, SchemeKind};
use crate::codegen::plan::{Plan, feature};
use crate::codegen::print::doc;
use crate::codegen::print::notes::{rate_limit, seconds, words_of};

/// Prints `OPERATIONS.md`.
pub(crate) fn operations(plan: &Plan<'_>) -> String {
    let document = plan.document;
    let mut out = format!(
        "<!-- Written by `cargo xtask codegen` from `{}`. Edit that document, not this file. -->\n\n\
         # {}: operations\n\n",
        plan.settings.document, document.title
    );
    out.push_str(&format!(
        "{} operations and {} calls of the platform.\n",
        document.operations.len(),
        document.webhooks.len()
    ));
    for tag in &document.tags {
        out.push_str(&format!(
            "\n## {}\n\n{}\n",
            tag.name,
            one_line(&tag.description)
        ));
        if plan.is_optional(&tag.name) {
            out.push_str(&format!("\nBehind the feature `{}`.\n", feature(&tag.name)));
        }
        let operations: Vec<String> = document
            .operations
            .iter()
            .filter(|operation| operation.tag == tag.name)
            .map(|operation| {
                let query: Vec<String> = operation
                    .query
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                let query = match query.is_empty() {
                    true => String::new(),
                    false => format!("?{}", query.join("&")),
                };
                let id = match operation.variants.as_slice() {
                    [] => format!("`{}`", operation.id),
                    variants => {
                        let names: Vec<String> = variants
                            .iter()
                            .map(|variant| format!("`{}`", variant.name))
                            .collect();
                        names.join(", ")
                    }
                };
                format!(
                    "| {id} | `{} {}{query}` | {} | {} |\n",
                    operation.method,
                    operation.path,
                    standing(operation.evidence, operation.availability),
                    links(&operation.source)
                )
            })
            .collect();
        if !operations.is_empty() {
            out.push_str("\n| method | call | known from | source |\n|---|---|---|---|\n");
            out.extend(operations);
        }
        let hooks: Vec<String> = document
            .webhooks
            .iter()
            .filter(|hook| hook.tag == tag.name)
            .map(|hook| {
                let event = match &hook.callback.dispatch {
                    Some((field, value)) => format!("`{field}` is `{value}`"),
                    None => String::new(),
                };
                format!(
                    "| `{}` | {event} | {} | {} |\n",
                    hook.id,
                    standing(hook.evidence, hook.availability),
                    links(&hook.source)
                )
            })
            .collect();
        if !hooks.is_empty() {
            out.push_str("\n| call of the platform | told apart by | known from | source |\n|---|---|---|---|\n");
            out.extend(hooks);
        }
    }
    authentication(document, &mut out);
    tokens(document, &mut out);
    limits(document, &mut out);
    codes(document, &mut out);
    out
}

fn standing(evidence: Evidence, availability: Option<Availability>) -> String {
    let known = match evidence {
        Evidence::Documented => "documents",
        Evidence::ClientCode => "client code",
        Evidence::Inferred => "inference",
    };
    match availability {
        None => known.to_owned(),
        Some(Availability::Engine) => format!("{known} of the engine"),
        Some(Availability::Retired) => format!("{known}, withdrawn"),
    }
}

fn links(source: &[String]) -> String {
    let links: Vec<String> = source
        .iter()
        .enumerate()
        .map(
            |(index, source)| match source.starts_with("http") && !source.contains(' ') {
                true => format!("[{}]({source})", index + 1),
                false => doc::markdown(source).replace('|', "\\|"),
            },
        )
        .collect();
    links.join(", ")
}

fn authentication(document: &Document, out: &mut String) {
    out.push_str("\n## Authentication\n\n| scheme | travels in | what it is |\n|---|---|---|\n");
    for (name, scheme) in document.schemes.iter() {
        let place = match &scheme.kind {
            SchemeKind::Basic => "`Authorization: Basic`".to_owned(),
            SchemeKind::Bearer => "`Authorization: Bearer`".to_owned(),
            SchemeKind::Certificate => "the client certificate".to_owned(),
            SchemeKind::Header(name) => format!("the header `{name}`"),
            SchemeKind::Query(name) => format!("the query parameter `{name}`"),
            SchemeKind::Fields { in_body, fields } => {
                let names: Vec<String> =
                    fields.iter().map(|(_, name)| format!("`{name}`")).collect();
                let place = if *in_body { "body" } else { "query" };
                format!("{} of the {place}", names.join(", "))
            }
        };
        let mut about = one_line(&scheme.description);
        if let Some(jwt) = &scheme.jwt {
            about.push_str(&format!(" {}", self::jwt(jwt)));
        }
        if let Some(evidence) = scheme.evidence {
            about.push_str(&format!(" {}", doc::evidence(evidence)));
        }
        out.push_str(&format!(
            "| `{name}` | {place} | {} |\n",
            cell(about.trim())
        ));
    }
}

/// The facts of a JWT as sentences.
fn jwt(jwt: &Jwt) -> String {
    let mut words = Vec::new();
    if !jwt.algorithms.is_empty() {
        words.push(format!("Signed with {}.", jwt.algorithms.join(" or ")));
    }
    if !jwt.header.is_empty() {
        let header: Vec<String> = jwt
            .header
            .iter()
            .map(|(name, about)| format!("`{name}`: {}", doc::markdown(about)))
            .collect();
        words.push(format!("Header: {}.", header.join(", ")));
    }
    if let Some(claims) = &jwt.claims {
        words.push(format!("Claims: `{claims}`."));
    }
    if let Some(key) = &jwt.key {
        words.push(format!("Key: `{key}`."));
    }
    if let Some(operation) = &jwt.keys_from {
        words.push(format!("Keys come from `{operation}`."));
    }
    if let Some(time) = jwt.lifetime_s {
        words.push(format!("Made for {}.", seconds(time)));
    }
    if let Some(time) = jwt.max_lifetime_s {
        words.push(format!("Accepted for at most {}.", seconds(time)));
    }
    words.join(" ")
}

fn codes(document: &Document, out: &mut String) {
    if document.codes.is_empty() {
        return;
    }
    if !document.errors.is_empty() {
        let any: Vec<String> = document
            .errors
            .iter()
            .map(|row| format!("`{}`", row.id))
            .collect();
        out.push_str(&format!("\n## Codes of any call\n\n{}.\n", any.join(", ")));
    }
    out.push_str("\n## Error codes\n\n| code | status | meaning | what to do | known from |\n|---|---|---|---|---|\n");
    for (row, id) in document.codes.iter().zip(document.row_ids()) {
        let status = row
            .status
            .map_or(String::new(), |status| status.to_string());
        let mut known = row
            .evidence
            .map_or(String::new(), |evidence| standing(evidence, None));
        if let Some(source) = &row.source {
            known.push_str(&format!(" {}", links(std::slice::from_ref(source))));
        }
        out.push_str(&format!(
            "| `{id}` | {status} | {} | {} | {} |\n",
            cell(&one_line(&row.meaning)),
            words_of(row.action),
            known.trim()
        ));
    }
}

/// A text as the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn tokens(document: &Document, out: &mut String) {
    if document.token_policy.is_empty() {
        return;
    }
    out.push_str(
        "\n## Tokens\n\n| token | issued by | used by | lifetime | renewed ahead | refresh token | remarks |\n|---|---|---|---|---|---|---|\n",
    );
    for policy in &document.token_policy {
        let names = |names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        let time = |time: Option<i64>| time.map_or(String::new(), seconds);
        let mut lifetime = time(policy.lifetime_s);
        if let Some(field) = &policy.lifetime_field {
            lifetime.push_str(&format!(" (`{field}` goes first)"));
        }
        let mut remarks = Vec::new();
        match policy.rotates {
            Some(true) => remarks.push("a refresh gives a new refresh token".to_owned()),
            Some(false) => remarks.push("a refresh keeps the refresh token".to_owned()),
            None => {}
        }
        if policy.voids_previous == Some(true) {
            remarks.push("a new one voids the previous one".to_owned());
        }
        if policy.single_use {
            remarks.push("works once".to_owned());
        }
        if let Some(window) = &policy.max_per_window {
            remarks.push(format!(
                "at most {} in {} per {}",
                window.requests,
                seconds(window.window_s),
                window.per
            ));
        }
        out.push_str(&format!(
            "| `{}` | {} | {} | {} | {} | {} | {} |\n",
            policy.token,
            names(&policy.issued_by),
            names(&policy.used_by),
            lifetime.trim(),
            time(policy.renew_before_s),
            time(policy.refresh_lifetime_s),
            remarks.join("; ")
        ));
    }
}

fn limits(document: &Document, out: &mut String) {
    if document.rate_limits.is_empty() {
        return;
    }
    out.push_str("\n## Limits of all calls\n\n");
    for limit in &document.rate_limits {
        out.push_str(&format!("- {}\n", rate_limit(limit)));
    }
}

fn one_line(text: &str) -> String {
    doc::markdown(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
