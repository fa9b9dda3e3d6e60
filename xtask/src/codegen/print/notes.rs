//! What the documentation of a method says, and the checks of its parameters.

use serde_json::Value;

use crate::codegen::document::{Evidence, In, RateLimit, Want};
use crate::codegen::plan::{Argument, Group, Options, Plan};
use crate::codegen::print::check::limits_of;
use crate::codegen::print::doc::{self, Doc, code};
use crate::codegen::print::operations::{self, Method, OPTIONS};

/// The documentation of a method.
pub(super) fn of_method(plan: &Plan<'_>, method: &Method<'_>) -> Doc {
    let operation = method.operation;
    let summary = method
        .variant
        .map_or(&operation.summary, |variant| &variant.summary);
    let mut docs = Doc::of(&doc::statement(summary));
    if method.variant.is_none()
        && let Some(text) = &operation.description
    {
        docs.text(text);
    }
    docs.add(call_line(method));
    docs.add(security_line(&operation.security));
    for rule in &operation.required_if {
        docs.add(doc::rule(rule));
    }
    if let Some(max) = &operation.max_body {
        let without: Vec<String> = max.excludes.iter().map(|path| code(path)).collect();
        docs.add(match without.is_empty() {
            true => format!("At most {} bytes of JSON.", max.limit),
            false => format!(
                "At most {} bytes of JSON, {} not counted.",
                max.limit,
                without.join(", ")
            ),
        });
    }
    let limits: Vec<String> = operation.rate_limits.iter().map(rate_limit).collect();
    docs.add(limits.join(" "));
    if !plan.document.outcome(operation).partial.is_empty() {
        docs.add("A call accepted for some of its targets only is a success: look at the answer.");
    }
    docs.add(doc::availability(operation.availability));
    docs.add(match operation.evidence {
        Evidence::Documented => String::new(),
        evidence => format!(
            "{} Corrections to it do not count as breaking changes.",
            doc::evidence(evidence)
        ),
    });
    docs.add(answer(plan, method));
    docs.add("# Errors");
    for paragraph in errors(plan, method) {
        docs.add(paragraph);
    }
    for (index, source) in sources(method).enumerate() {
        docs.add(format!("[{}]: <{source}>", link_name(index)));
    }
    docs
}

fn sources<'a>(method: &Method<'a>) -> impl Iterator<Item = &'a str> {
    let sources = &method.operation.source;
    sources
        .iter()
        .map(String::as_str)
        .filter(|source| is_address(source))
}

fn is_address(source: &str) -> bool {
    source.starts_with("http") && !source.contains(char::is_whitespace)
}

fn link_name(index: usize) -> String {
    match index {
        0 => "doc".to_owned(),
        index => format!("doc{}", index + 1),
    }
}

/// Method, path, idempotence and source in one line.
fn call_line(method: &Method<'_>) -> String {
    let operation = method.operation;
    let query: Vec<String> = operation
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let query = match query.is_empty() {
        true => String::new(),
        false => format!("?{}", query.join("&")),
    };
    let idempotent = match (operation.browser.is_some(), method.idempotent()) {
        (true, _) => "for a browser: this only builds the address",
        (false, true) => "idempotent",
        (false, false) => "not idempotent",
    };
    let known = match operation.evidence {
        Evidence::Documented => "documented",
        Evidence::ClientCode => "seen in client code",
        Evidence::Inferred => "inferred",
    };
    let mut line = format!(
        "`{} {}{query}`, {idempotent}; {known}.",
        operation.method, operation.path
    );
    let links: Vec<String> = sources(method)
        .enumerate()
        .map(|(index, _)| match index {
            0 => format!("[Platform documentation][{}]", link_name(index)),
            index => format!("[{}][{}]", index + 1, link_name(index)),
        })
        .collect();
    if !links.is_empty() {
        line.push_str(&format!(" {}.", links.join(", ")));
    }
    let others: Vec<String> = operation
        .source
        .iter()
        .filter(|source| !is_address(source))
        .map(|source| doc::markdown(source))
        .collect();
    if !others.is_empty() {
        line.push_str(&format!(" Source: {}.", others.join("; ")));
    }
    line
}

fn security_line(security: &[Vec<String>]) -> String {
    let alternatives: Vec<String> = security
        .iter()
        .map(|schemes| match schemes.is_empty() {
            true => "nothing".to_owned(),
            false => {
                let names: Vec<String> = schemes.iter().map(|name| code(name)).collect();
                names.join(" and ")
            }
        })
        .collect();
    match alternatives.is_empty() {
        true => String::new(),
        false => format!("Authenticated by {}.", alternatives.join(", or ")),
    }
}

/// A rate limit as a sentence.
pub(super) fn rate_limit(limit: &RateLimit) -> String {
    let window = &limit.window;
    let mut text = format!(
        "At most {} calls in {} per {}",
        window.requests,
        seconds(window.window_s),
        window.per
    );
    if let Some(when) = doc::condition(&limit.when) {
        text.push_str(&format!(" when {when}"));
    }
    if let Some(answer) = &limit.answer {
        text.push_str(&format!("; beyond it the answer is {}", code(answer)));
    }
    text + "."
}

/// A time in the largest unit that divides it.
pub(super) fn seconds(count: i64) -> String {
    let (count, unit) = match count {
        count if count % 86_400 == 0 => (count / 86_400, "day"),
        count if count % 3_600 == 0 => (count / 3_600, "hour"),
        count if count % 60 == 0 => (count / 60, "minute"),
        count => (count, "second"),
    };
    match count {
        1 => format!("a {unit}").replace("a hour", "an hour"),
        count => format!("{count} {unit}s"),
    }
}

/// What a successful call gives.
fn answer(plan: &Plan<'_>, method: &Method<'_>) -> String {
    let ty = operations::returns(plan, method).rust();
    let name = ty.rsplit('<').next().unwrap_or(&ty).trim_end_matches('>');
    if !plan.types().any(|(known, ..)| known == name) {
        return String::new();
    }
    match ty.split('<').next() {
        Some("Option") => format!("Answers with [`{name}`], or with nothing."),
        Some("Vec") => format!("Answers with a list of [`{name}`]."),
        _ => format!("Answers with [`{name}`]."),
    }
}

/// The error of a call, and the codes it is known to answer by what they ask for: a paragraph, or one
/// and a list.
fn errors(plan: &Plan<'_>, method: &Method<'_>) -> Vec<String> {
    let error = "[`Error`](auth_core::Error)";
    if method.operation.browser.is_some() {
        return vec![format!(
            "{error}, if an argument breaks a rule of the platform."
        )];
    }
    let known = method.operation.errors.iter().flatten();
    let ids = plan.document.row_ids();
    let mut groups: Vec<(&str, Vec<Known<'_>>)> = Vec::new();
    for row in known {
        let Some(index) = ids.iter().position(|id| *id == row.id) else {
            continue;
        };
        let action = plan.document.codes[index].action;
        // A code that asks for something else with another status is told apart by it.
        let (code, status) = row.id.split_once('@').unwrap_or((&row.id, ""));
        let group = groups.iter().position(|(known, _)| *known == action);
        let group = group.unwrap_or_else(|| {
            groups.push((action, Vec::new()));
            groups.len() - 1
        });
        let codes = &mut groups[group].1;
        match codes.iter_mut().find(|known| known.code == code) {
            Some(known) => known.statuses.push(status),
            None => codes.push(Known {
                code,
                statuses: vec![status],
            }),
        }
    }
    if groups.is_empty() {
        return vec![format!(
            "{error}; which codes the call answers is not known."
        )];
    }
    let mut paragraphs = vec![format!("{error}. Known codes, by what they ask for:")];
    paragraphs.extend(groups.into_iter().map(|(action, codes)| {
        let codes: Vec<String> = codes.iter().map(Known::told).collect();
        let link = format!("[`{action}`](auth_core::Action::{action})");
        format!("- {link}: {}.", codes.join(", "))
    }));
    paragraphs
}

/// A code and the statuses that it is told apart by; an empty one where it is by none.
struct Known<'a> {
    code: &'a str,
    statuses: Vec<&'a str>,
}

impl Known<'_> {
    fn told(&self) -> String {
        let code = code(self.code);
        match self.statuses.join(" or ") {
            statuses if statuses.is_empty() => code,
            statuses => format!("{code} (HTTP {statuses})"),
        }
    }
}

/// An action in words.
pub(super) fn words_of(action: &str) -> &'static str {
    match action {
        "Backoff" => "back off",
        "ContactProvider" => "contact the provider",
        "DropTarget" => "drop the target",
        "FixCredentials" => "fix the credentials",
        "FixRequest" => "fix the request",
        "NewToken" => "get a new token",
        "SignInAgain" => "sign in again",
        _ => "no fault",
    }
}

/// The documentation of a parameter as a field.
pub(super) fn of_parameter(argument: &Argument<'_>) -> Doc {
    let mut docs = Doc::of(&argument.parameter.description);
    let mut words = doc::limits(&argument.resolved);
    if let Some(value) = &argument.parameter.schema.constant {
        words.push(format!("Sent as {}.", code(&doc::plain(value))));
    }
    words.extend(doc::default(argument.resolved.default));
    words.extend(doc::aliases(&argument.parameter.aliases));
    docs.add(words.join(" "));
    docs.add(argument.parameter.evidence.map_or("", doc::evidence));
    docs
}

/// The checks of a required parameter, `value` being an expression for it.
pub(super) fn parameter_checks(plan: &Plan<'_>, argument: &Argument<'_>, value: &str) -> String {
    let lines = lines_of(plan, argument, value);
    lines
        .iter()
        .map(|line| format!("{}\n", line.replacen("at.", "Place::parameter().", 1)))
        .collect()
}

/// The lines that check a parameter. That a path parameter is not empty is checked anyway.
fn lines_of(plan: &Plan<'_>, argument: &Argument<'_>, value: &str) -> Vec<String> {
    let mut resolved = argument.resolved.clone();
    if argument.parameter.place == In::Path && resolved.limits.min_length == Some(1) {
        resolved.limits.min_length = None;
    }
    limits_of(plan, &argument.parameter.name, value, &resolved)
}

/// The statements that check the members of an options type.
pub(super) fn member_checks(plan: &Plan<'_>, members: &[Argument<'_>]) -> Vec<String> {
    members
        .iter()
        .filter(|member| !member.switch)
        .flat_map(|member| lines_of(plan, member, &format!("self.{}", member.name)))
        .collect()
}

pub(super) fn options_are_checked(plan: &Plan<'_>, options: &Options<'_>) -> bool {
    !member_checks(plan, &options.members).is_empty()
}

pub(super) fn group_is_checked(plan: &Plan<'_>, group: &Group<'_>) -> bool {
    !member_checks(plan, &group.members).is_empty()
}

/// The expression for a condition about a parameter.
pub(super) fn parameter_holds(method: &Method<'_>, name: &str, want: &Want) -> String {
    let options = method
        .arguments
        .options
        .iter()
        .flat_map(|options| &options.members);
    let optional = options
        .into_iter()
        .find(|argument| argument.parameter.name == name);
    let required = method
        .arguments
        .required
        .iter()
        .find(|argument| argument.parameter.name == name);
    match (optional, required, want) {
        (Some(argument), _, Want::Absent) => format!("{OPTIONS}.{}.is_none()", argument.name),
        (Some(argument), _, Want::Present) => format!("{OPTIONS}.{}.is_some()", argument.name),
        (Some(argument), _, Want::OneOf(values)) => {
            let text = format!("{OPTIONS}.{}", argument.name);
            format!(
                "{text}.as_ref().is_some_and(|value| [{}].contains(&value.to_string().as_str()))",
                texts(values)
            )
        }
        (None, Some(argument), Want::OneOf(values)) => {
            format!(
                "[{}].contains(&{}.to_string().as_str())",
                texts(values),
                argument.name
            )
        }
        (None, _, Want::Absent) => "false".to_owned(),
        (None, _, _) => "true".to_owned(),
    }
}

fn texts(values: &[Value]) -> String {
    let texts: Vec<String> = values
        .iter()
        .map(|value| format!("\"{}\"", doc::plain(value).escape_default()))
        .collect();
    texts.join(", ")
}
