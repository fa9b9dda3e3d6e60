//! Prints the checks of a request: limits of fields, rules between them.

use serde_json::Value;

use crate::codegen::document::{Rule, Then, Want};
use crate::codegen::plan::{Field, Plan, Resolved, StructPlan, Type};
use crate::codegen::print::doc;
use crate::codegen::schema::{Form, Union};

/// The statements that check one value: `place` holds it, `value` is an expression for it.
pub(crate) fn limits_of(
    plan: &Plan<'_>,
    wire: &str,
    value: &str,
    resolved: &Resolved<'_>,
) -> Vec<String> {
    let limits = &resolved.limits;
    let mut lines = own_limits(wire, value, resolved);
    if let Some(range) = range(limits.min_items, limits.max_items) {
        lines.push(format!("at.count(\"{wire}\", &{value}, {range})?;"));
    }
    if let Some(range) = range(limits.min_properties, limits.max_properties) {
        lines.push(format!("at.count(\"{wire}\", &{value}, {range})?;"));
    }
    if let Form::List(items) = &resolved.target.form {
        let items = plan.resolve(items);
        lines.extend(own_limits(wire, value, &items));
    }
    if let Form::Map(map) = &resolved.target.form {
        let values = plan.resolve(&map.value);
        lines.extend(own_limits(wire, value, &values));
    }
    lines
}

fn own_limits(wire: &str, value: &str, resolved: &Resolved<'_>) -> Vec<String> {
    let limits = &resolved.limits;
    let mut lines = Vec::new();
    match resolved.ty.leaf() {
        Type::Text | Type::Secret => {
            if let Some(range) = range(limits.min_length, limits.max_length) {
                lines.push(format!("at.length(\"{wire}\", &{value}, {range})?;"));
            }
            if let Some(most) = limits.max_bytes {
                lines.push(format!("at.bytes(\"{wire}\", &{value}, ..={most})?;"));
            }
            match limits.pattern.as_deref() {
                Some("^https://") => {
                    lines.push(format!("at.prefix(\"{wire}\", &{value}, \"https://\")?;"));
                }
                Some("^[0-9]+$") => lines.push(format!("at.digits(\"{wire}\", &{value})?;")),
                _ => {}
            }
        }
        Type::I32 | Type::I64 | Type::F32 | Type::F64 => {
            let is_float = matches!(resolved.ty.leaf(), Type::F32 | Type::F64);
            let number = |value: &Value| match is_float && value.is_i64() {
                true => format!("{value}.0"),
                false => value.to_string(),
            };
            // The bounds of the type itself need no check.
            let widest = |value: &Value| match resolved.ty.leaf() {
                Type::I32 => value == &Value::from(i32::MIN) || value == &Value::from(i32::MAX),
                Type::I64 => value == &Value::from(i64::MIN) || value == &Value::from(i64::MAX),
                _ => false,
            };
            let least = limits
                .minimum
                .as_ref()
                .filter(|value| !widest(value))
                .map(number);
            let most = limits
                .maximum
                .as_ref()
                .filter(|value| !widest(value))
                .map(number);
            let range = match (least, most) {
                (None, None) => None,
                (Some(least), None) => Some(format!("{least}..")),
                (None, Some(most)) => Some(format!("..={most}")),
                (Some(least), Some(most)) => Some(format!("{least}..={most}")),
            };
            if let Some(range) = range {
                lines.push(format!("at.range(\"{wire}\", &{value}, {range})?;"));
            }
        }
        _ => {}
    }
    lines
}

fn range(least: Option<usize>, most: Option<usize>) -> Option<String> {
    match (least.filter(|least| *least > 0), most) {
        (None, None) => None,
        (Some(least), None) => Some(format!("{least}..")),
        (None, Some(most)) => Some(format!("..={most}")),
        (Some(least), Some(most)) => Some(format!("{least}..={most}")),
    }
}

/// Prints the implementation of `Check` and the method `check` of a struct.
pub(super) fn of_struct(plan: &Plan<'_>, object: &StructPlan<'_>, out: &mut String) {
    let mut lines = Vec::new();
    for field in &object.fields {
        let value = format!("self.{}", field.name);
        lines.extend(fixed(field));
        if field.fixed.is_none() {
            lines.extend(limits_of(plan, field.wire, &value, &field.resolved));
            lines.extend(keys(field, &value));
        }
        if let Type::Named(name) = field.resolved.ty.leaf()
            && plan.is_checked(name)
        {
            lines.push(format!("at.inside(\"{}\", &{value})?;", field.wire));
        }
    }
    for group in &object.object.exactly_one_of {
        lines.push(format!("at.exactly_one(&[{}])?;", presence(object, group)));
    }
    for rule in &object.object.required_if {
        lines.extend(rule_lines(plan, object, rule));
    }
    let deprecated = object.fields.iter().any(|field| {
        field.resolved.deprecated
            && lines
                .iter()
                .any(|line| uses(line, &format!("self.{}", field.name)))
    });
    implement(out, &object.name, &lines, deprecated);
}

/// Whether a line uses exactly this expression.
fn uses(line: &str, expression: &str) -> bool {
    line.match_indices(expression).any(|(index, _)| {
        let after = line[index + expression.len()..]
            .chars()
            .next()
            .unwrap_or(' ');
        !after.is_ascii_alphanumeric() && after != '_'
    })
}

/// Prints the implementation of `Check` of a union.
pub(super) fn of_union(plan: &Plan<'_>, name: &str, union: &Union, out: &mut String) {
    let mut arms = String::new();
    for (variant, ty, _) in plan.variants(union) {
        match ty {
            Type::Named(member) if plan.is_checked(&member) => {
                arms.push_str(&format!("Self::{variant}(value) => value.check_at(at),\n"));
            }
            _ => {}
        }
    }
    let line = format!("match self {{\n{arms}_ => Ok(()),\n}}");
    if plan.uses.get(name).is_some_and(|used| used.whole_body) {
        out.push_str(&format!("impl {name} {{\n{METHOD}}}\n\n"));
    }
    out.push_str(&format!(
        "impl Check for {name} {{\n#[inline]\nfn check_at(&self, at: &Place<'_>) -> Result<()> {{\n{line}\n}}\n}}\n\n"
    ));
}

fn implement(out: &mut String, name: &str, lines: &[String], deprecated: bool) {
    out.push_str(&format!("impl Check for {name} {{\n"));
    if deprecated {
        out.push_str(EXPECT_DEPRECATED);
    }
    out.push_str("#[inline]\nfn check_at(&self, at: &Place<'_>) -> Result<()> {\n");
    out.push_str(&lines.join("\n"));
    out.push_str("\nOk(())\n}\n}\n\n");
}

/// The method of a request's whole body.
pub(super) const METHOD: &str = "/// Checks the limits that the platform's documents state; the error names the field. The\n\
     /// client does so before it sends anything.\n\
     #[inline]\n     pub fn check(&self) -> Result<()> {\nPlace::check_body(self)\n}\n\n";

fn fixed(field: &Field<'_>) -> Option<String> {
    let fixed = field.fixed.as_ref()?;
    let value = literal_of(field, &fixed.value);
    let text = doc::plain(&fixed.value);
    let access = format!("self.{}", field.name);
    let holds = match (field.optional, &field.resolved.ty) {
        (true, Type::Text) => {
            format!("{access}.as_deref().is_none_or(|value| value == {value})")
        }
        (true, _) => format!("{access}.as_ref().is_none_or(|value| *value == {value})"),
        (false, _) => format!("{access} == {value}"),
    };
    Some(format!(
        "at.fixed(\"{}\", {holds}, \"{}\")?;",
        field.wire,
        text.escape_default()
    ))
}

/// The literal that a field is compared with.
fn literal_of(field: &Field<'_>, value: &Value) -> String {
    match &field.resolved.ty {
        Type::Named(name) => format!("{name}::from({value})"),
        _ => value.to_string(),
    }
}

/// The statement that checks the values of a map by their keys.
pub(crate) fn keys(field: &Field<'_>, value: &str) -> Vec<String> {
    let Form::Map(map) = &field.resolved.target.form else {
        return Vec::new();
    };
    let rules: Vec<String> = map
        .patterns
        .iter()
        .filter_map(|(pattern, schema)| {
            let prefix = pattern.strip_prefix('^')?.strip_suffix("[0-9]+$")?;
            let plain = prefix
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_');
            let least = schema.limits.min_length.unwrap_or(0);
            let most = schema.limits.max_length;
            if !plain || (least == 0 && most.is_none()) {
                return None;
            }
            let most = most.map_or("usize::MAX".to_owned(), |most| most.to_string());
            Some(format!("(\"{prefix}\", {least}, {most})"))
        })
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let rules = rules.join(", ");
    match field.optional {
        true => vec![format!(
            "if let Some(map) = &{value} {{\nat.keys(\"{}\", map, &[{rules}])?;\n}}",
            field.wire
        )],
        false => vec![format!(
            "at.keys(\"{}\", &{value}, &[{rules}])?;",
            field.wire
        )],
    }
}

fn presence(object: &StructPlan<'_>, names: &[String]) -> String {
    let members: Vec<String> = names
        .iter()
        .map(|name| format!("(\"{name}\", {})", present(object, name)))
        .collect();
    members.join(", ")
}

fn present(object: &StructPlan<'_>, name: &str) -> String {
    match object.fields.iter().find(|field| field.wire == name) {
        Some(field) if field.optional => format!("self.{}.is_some()", field.name),
        // Filled in with the credential, or required anyway.
        _ => "true".to_owned(),
    }
}

fn rule_lines(plan: &Plan<'_>, object: &StructPlan<'_>, rule: &Rule) -> Vec<String> {
    let when = doc::condition(&rule.when).unwrap_or_default();
    let mut lines = Vec::new();
    match &rule.then {
        Then::All(names) => {
            for name in names {
                let present = match name.starts_with('/') {
                    true => format!("at.body_has(\"{name}\") != Some(false)"),
                    false => present(object, name),
                };
                if present != "true" {
                    lines.push(format!("at.required(\"{name}\", {present}, \"{when}\")?;"));
                }
            }
        }
        Then::Any(names) => {
            lines.push(format!(
                "at.any_of(&[{}], \"{when}\")?;",
                presence(object, names)
            ));
        }
    }
    if lines.is_empty() {
        return lines;
    }
    let conditions: Vec<String> = rule
        .when
        .iter()
        .map(|(name, want)| holds(plan, object, name, want))
        .filter(|condition| condition != "true")
        .collect();
    match conditions.is_empty() {
        true => lines,
        false => vec![format!(
            "if {} {{\n{}\n}}",
            conditions.join(" && "),
            lines.join("\n")
        )],
    }
}

/// The expression for one condition of a rule.
fn holds(plan: &Plan<'_>, object: &StructPlan<'_>, name: &str, want: &Want) -> String {
    if name.starts_with('/') {
        return match want {
            Want::Absent => format!("at.body_has(\"{name}\") == Some(false)"),
            Want::Present => format!("at.body_has(\"{name}\") == Some(true)"),
            Want::OneOf(values) => {
                let values: Vec<String> = values
                    .iter()
                    .map(|value| format!("\"{}\"", doc::plain(value).escape_default()))
                    .collect();
                format!("at.body_holds(\"{name}\", &[{}])", values.join(", "))
            }
        };
    }
    let Some(field) = object.fields.iter().find(|field| field.wire == name) else {
        return "true".to_owned();
    };
    let access = format!("self.{}", field.name);
    match (want, field.optional) {
        (Want::Absent, true) => format!("{access}.is_none()"),
        (Want::Absent, false) => "false".to_owned(),
        (Want::Present, true) => format!("{access}.is_some()"),
        (Want::Present, false) => "true".to_owned(),
        (Want::OneOf(values), optional) => one_of(plan, field, &access, values, optional),
    }
}

fn one_of(
    plan: &Plan<'_>,
    field: &Field<'_>,
    access: &str,
    values: &[Value],
    optional: bool,
) -> String {
    let nullable = values.contains(&Value::Null);
    let values: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
    let (subject, patterns): (String, Vec<String>) = match &field.resolved.ty {
        Type::Named(name) => {
            let variants: Vec<String> = values
                .iter()
                .map(|value| format!("{name}::{}", variant_of(plan, name, value)))
                .collect();
            (access.to_owned(), variants)
        }
        Type::Text if optional => (
            format!("{access}.as_deref()"),
            values.iter().map(|value| value.to_string()).collect(),
        ),
        Type::Text => (
            format!("{access}.as_str()"),
            values.iter().map(|value| value.to_string()).collect(),
        ),
        _ => (
            access.to_owned(),
            values.iter().map(|value| value.to_string()).collect(),
        ),
    };
    let mut pattern = patterns.join(" | ");
    if optional {
        pattern = format!("Some({pattern})");
        if nullable {
            pattern.push_str(" | None");
        }
    }
    format!("matches!({subject}, {pattern})")
}

fn variant_of(plan: &Plan<'_>, name: &str, value: &Value) -> String {
    let Form::Enum(list) = &plan.document.schemas[name].form else {
        return "Other(_)".to_owned();
    };
    list.variants
        .iter()
        .find(|variant| variant.value == *value)
        .map_or_else(|| "Other(_)".to_owned(), |variant| variant.name.clone())
}

/// Stands on a function that has to touch deprecated fields.
pub(super) const EXPECT_DEPRECATED: &str =
    "#[expect(deprecated, reason = \"the platform still takes these fields\")]\n";
