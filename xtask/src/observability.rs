//! Holds `docs/observability.md` to the code: every span, event and number of the published crates
//! stands there with its fields, and nothing else does.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;

use crate::tools;

#[test]
fn the_table_of_spans_events_and_numbers_is_that_of_the_code() {
    let page = fs::read_to_string(tools::root().join(PAGE)).unwrap();
    let told: BTreeSet<String> = page.lines().filter_map(row).collect();
    let found = found();
    let missing: Vec<_> = found.difference(&told).collect();
    let gone: Vec<_> = told.difference(&found).collect();
    assert!(found.len() > 10, "found only {found:?}");
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{PAGE} is not what the code does\nmissing: {missing:#?}\nnot in the code: {gone:#?}"
    );
}

/// The first three cells of a row of the tables, which begin with what kind of thing it is.
fn row(line: &str) -> Option<String> {
    let mut cells = line.strip_prefix("| ")?.split(" | ");
    let kind = cells.next()?;
    if !["span", "event", "counter", "gauge", "histogram"].contains(&kind.split(' ').next()?) {
        return None;
    }
    let (name, fields) = (cells.next()?, cells.next()?);
    let fields: BTreeSet<&str> = fields
        .split(", ")
        .map(|field| field.trim_matches('`'))
        .filter(|field| *field != "none")
        .collect();
    Some(line_of(kind, name.trim_matches('`'), fields))
}

fn line_of<'a>(kind: &str, name: &str, fields: impl IntoIterator<Item = &'a str>) -> String {
    let fields: Vec<&str> = fields.into_iter().collect();
    format!("{kind} `{name}` with {}", fields.join(", "))
}

/// Everything that the sources of the published crates tell.
fn found() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let crates = tools::root().join("crates");
    for entry in fs::read_dir(crates).unwrap() {
        let folder = entry.unwrap().path();
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        if manifest.contains("publish = false") {
            continue;
        }
        for path in tools::sources(&folder.join("src")) {
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or(&text);
            read(code, &mut found);
        }
    }
    found
}

/// Reads the calls of `tracing` and `metrics` in a source.
fn read(code: &str, found: &mut BTreeSet<String>) {
    for (at, _) in code.match_indices("tracing::") {
        let rest = &code[at + "tracing::".len()..];
        let Some((name, rest)) = rest.split_once("!(") else {
            continue;
        };
        let (level, is_span) = match name.strip_suffix("_span") {
            Some(level) => (level, true),
            None => (name, false),
        };
        if !["trace", "debug", "info", "warn", "error"].contains(&level) {
            continue;
        }
        let arguments = arguments(rest);
        let (texts, fields): (Vec<&String>, Vec<&String>) = arguments
            .iter()
            .partition(|argument| argument.starts_with('"'));
        let text = texts
            .first()
            .expect("a span or event has a name")
            .trim_matches('"');
        let fields: BTreeSet<&str> = fields
            .iter()
            .filter(|field| !field.starts_with("target:"))
            .map(|field| field_name(field))
            .collect();
        let kind = if is_span { "span" } else { "event" };
        found.insert(line_of(
            &format!("{kind} {}", level.to_uppercase()),
            text,
            fields,
        ));
    }
    for (at, _) in code.match_indices("metrics::") {
        let rest = &code[at + "metrics::".len()..];
        let Some((kind, rest)) = rest.split_once("!(") else {
            continue;
        };
        if !["counter", "gauge", "histogram"].contains(&kind) {
            continue;
        }
        let arguments = arguments(rest);
        let name = match arguments[0].strip_prefix('"') {
            Some(name) => name.trim_matches('"').to_owned(),
            None => constant(code, &arguments[0]),
        };
        let labels: BTreeSet<&str> = arguments[1..]
            .iter()
            .flat_map(|label| match label.strip_prefix('&') {
                Some(list) => listed(&code[..at], list),
                None => vec![label.split("=>").next().unwrap_or(label)],
            })
            .map(|label| label.trim().trim_matches('"'))
            .collect();
        found.insert(line_of(kind, &name, labels));
    }
}

/// The names of labels in the last list of that name: `let labels = [("platform", ..), ..]`.
fn listed<'a>(code: &'a str, name: &str) -> Vec<&'a str> {
    let mark = format!("let {name} = [");
    let list = code.rsplit(mark.as_str()).next().unwrap_or(code);
    let list = list.split("];").next().unwrap_or(list);
    let pairs = list.split("(\"").skip(1);
    pairs.filter_map(|pair| pair.split('"').next()).collect()
}

/// `reason`, `%error` and `wait_ms = ..` are the fields `reason`, `error` and `wait_ms`.
fn field_name(field: &str) -> &str {
    let name = field.split('=').next().unwrap_or(field).trim();
    name.trim_start_matches(['%', '?'])
}

/// The value of a constant in the same file.
fn constant(code: &str, name: &str) -> String {
    let mark = format!("const {name}: &str = \"");
    let value = code.split(mark.as_str()).nth(1);
    let value =
        value.unwrap_or_else(|| panic!("no constant {name} in the file that counts with it"));
    value.split('"').next().unwrap_or(value).to_owned()
}

/// The arguments of a macro, up to its closing parenthesis.
fn arguments(text: &str) -> Vec<String> {
    let (mut arguments, mut current) = (Vec::new(), String::new());
    let (mut depth, mut in_text) = (0, false);
    for c in text.chars() {
        match c {
            '"' => in_text = !in_text,
            '(' | '[' | '{' if !in_text => depth += 1,
            ')' if !in_text && depth == 0 => break,
            ')' | ']' | '}' if !in_text => depth -= 1,
            ',' if !in_text && depth == 0 => {
                arguments.push(std::mem::take(&mut current).trim().to_owned());
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    arguments.push(current.trim().to_owned());
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

#[test]
fn calls_are_read_with_their_fields() {
    let code = r#"
        tracing::debug_span!("call", platform, status = field::Empty);
        tracing::warn!(reason, %error, action = ?error.action(), "no token, (yet)");
        metrics::counter!(CALLS, "outcome" => outcome).increment(1);
        const CALLS: &str = "calls_total";
    "#;
    let mut found = BTreeSet::new();
    read(code, &mut found);
    assert_eq!(
        Vec::from_iter(found),
        [
            "counter `calls_total` with outcome",
            "event WARN `no token, (yet)` with action, error, reason",
            "span DEBUG `call` with platform, status",
        ]
    );
}

const PAGE: &str = "docs/observability.md";
