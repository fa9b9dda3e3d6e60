//! Prints the table of a crate's operations, for readers of its documentation.

use crate::codegen::document::{Availability, Document, Evidence};
use crate::codegen::plan::{Plan, feature};
use crate::codegen::print::doc;
use crate::codegen::print::notes::{rate_limit, seconds};

/// Prints `OPERATIONS.md`.
pub(crate) fn operations(plan: &Plan<'_>) -> String {
    let document = plan.document;
    let mut out = format!(
        "<!-- Written by `cargo xtask codegen` from `openapi.yaml`. Edit that document, not this file. -->\n\n\
         # {}: operations\n\n",
        document.title
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
    tokens(document, &mut out);
    limits(document, &mut out);
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
