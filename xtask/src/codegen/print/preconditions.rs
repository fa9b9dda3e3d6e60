//! Prints what a method checks before it sends anything.

use crate::codegen::document::Then;
use crate::codegen::names;
use crate::codegen::plan::{Plan, Type};
use crate::codegen::print::doc;
use crate::codegen::print::notes;
use crate::codegen::print::operations::{BodyArgument, Method, OPTIONS, access, body_name};

/// Prints the checks of parameters and body.
pub(super) fn print(plan: &Plan<'_>, method: &Method<'_>) -> String {
    let mut out = String::new();
    let arguments = &method.arguments;
    for argument in &arguments.required {
        let value = access(arguments, argument);
        out.push_str(&notes::parameter_checks(plan, argument, &value));
    }
    for group in &arguments.groups {
        if notes::group_is_checked(plan, group) {
            out.push_str(&format!("{}.check()?;\n", names::snake(&group.name)));
        }
    }
    if let Some(options) = &arguments.options
        && notes::options_are_checked(plan, options)
    {
        out.push_str(&format!("{OPTIONS}.check()?;\n"));
    }
    let body = method.body().filter(|body| body.implied(plan).is_none());
    let Some(body) = body else {
        return out + &parameter_rules(method, None);
    };
    let name = body_name(method, &body);
    if let Some(ty) = body.named
        && plan.is_checked(ty)
    {
        match body.optional {
            true => out.push_str(&format!(
                "if let Some(body) = {name} {{\nbody.check()?;\n}}\n"
            )),
            false => out.push_str(&format!("{name}.check()?;\n")),
        }
    }
    if let Type::List(items) = plan.resolve(body.schema).ty
        && let Type::Named(ty) = &*items
        && plan.is_checked(ty)
    {
        out.push_str(&format!("wire::check({name})?;\n"));
    }
    out.push_str(&parameter_rules(method, Some((plan, &body, &name))));
    out
}

/// The rules between parameters: `x-required-if` of an operation.
fn parameter_rules(
    method: &Method<'_>,
    body: Option<(&Plan<'_>, &BodyArgument<'_>, &str)>,
) -> String {
    let mut out = String::new();
    for rule in &method.operation.required_if {
        let when = doc::condition(&rule.when).unwrap_or_default();
        let (names, any) = match &rule.then {
            Then::All(names) => (names, false),
            Then::Any(names) => (names, true),
        };
        let present: Vec<(String, String)> = names
            .iter()
            .map(|name| (name.clone(), present(method, body, name)))
            .collect();
        let mut lines = String::new();
        match any {
            true => {
                let pairs: Vec<String> = present
                    .iter()
                    .map(|(name, value)| format!("(\"{name}\", {value})"))
                    .collect();
                lines.push_str(&format!(
                    "wire::any_of(&[{}], \"{when}\")?;\n",
                    pairs.join(", ")
                ));
            }
            false => {
                for (name, value) in &present {
                    lines.push_str(&format!(
                        "wire::required(\"{name}\", {value}, \"{when}\")?;\n"
                    ));
                }
            }
        }
        let conditions: Vec<String> = rule
            .when
            .iter()
            .map(|(name, want)| notes::parameter_holds(method, name, want))
            .collect();
        match conditions.is_empty() {
            true => out.push_str(&lines),
            false => out.push_str(&format!("if {} {{\n{lines}}}\n", conditions.join(" && "))),
        }
    }
    out
}

fn present(
    method: &Method<'_>,
    body: Option<(&Plan<'_>, &BodyArgument<'_>, &str)>,
    name: &str,
) -> String {
    if let Some(path) = name.strip_prefix('/') {
        let steps = body.and_then(|(plan, body, name)| {
            Some((name, plan.path(body.schema, &path.replace('/', "."))?))
        });
        return match steps {
            Some((name, steps)) if steps.len() == 1 && steps[0].0.optional => {
                format!("{name}.{}.is_some()", steps[0].0.name)
            }
            _ => "true".to_owned(),
        };
    }
    let options = method
        .arguments
        .options
        .iter()
        .flat_map(|options| &options.members);
    match options
        .into_iter()
        .find(|argument| argument.parameter.name == name)
    {
        Some(argument) if argument.switch => format!("{OPTIONS}.{}", argument.name),
        Some(argument) => format!("{OPTIONS}.{}.is_some()", argument.name),
        None => "true".to_owned(),
    }
}
