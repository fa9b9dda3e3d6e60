//! Prints how a method builds its request.

use crate::codegen::document::{In, MaxBody};
use crate::codegen::names;
use crate::codegen::plan::{Argument, Group, Plan, Type};
use crate::codegen::print::facts::{quoted, static_of};
use crate::codegen::print::operations::{
    BodyArgument, Method, OPTIONS, access, body_name, is_literal,
};
use crate::codegen::schema::Schema;

/// Prints the request with its parameters, still without a body.
pub(super) fn print(plan: &Plan<'_>, method: &Method<'_>) -> String {
    let arguments = &method.arguments;
    let mut out = format!("Request::new(&{})", static_of(method.name()));
    // In the order of the document, so that addresses look like its own.
    for parameter in &method.operation.parameters {
        let is_this = |argument: &&Argument<'_>| std::ptr::eq(argument.parameter, parameter);
        if arguments
            .fixed
            .iter()
            .any(|fixed| std::ptr::eq(*fixed, parameter))
        {
            let value = parameter.schema.constant.clone().unwrap_or_default();
            let call = call_of(parameter.place);
            out.push_str(&format!(".{call}({}, {value})", quoted(&parameter.name)));
        } else if let Some(argument) = arguments.required.iter().find(is_this) {
            let value = access(arguments, argument);
            out.push_str(&required_call(argument, &value));
        } else if let Some((group, argument)) = arguments
            .groups
            .iter()
            .find_map(|group| Some((group, group.members.iter().find(is_this)?)))
        {
            let place = names::field(&names::snake(&group.name));
            match argument.optional() {
                true => out.push_str(&optional_call(plan, argument, &place)),
                false => {
                    let value =
                        format!("{}{place}.{}", group_borrow(group, argument), argument.name);
                    out.push_str(&required_call(argument, &value));
                }
            }
        } else if let Some(argument) = arguments
            .options
            .iter()
            .flat_map(|options| &options.members)
            .find(is_this)
        {
            out.push_str(&optional_call(plan, argument, OPTIONS));
        }
    }
    out
}

fn group_borrow(group: &Group<'_>, argument: &Argument<'_>) -> &'static str {
    match (is_literal(group), argument.ty()) {
        (false, Type::Text | Type::Named(_)) => "&",
        _ => "",
    }
}

fn call_of(place: In) -> &'static str {
    match place {
        In::Header => "header",
        In::Path => "path",
        In::Query => "query",
    }
}

fn required_call(argument: &Argument<'_>, value: &str) -> String {
    let call = call_of(argument.parameter.place);
    let value = match argument.ty() {
        Type::Secret => format!("{}.expose()", value.trim_start_matches('&')),
        _ => value.to_owned(),
    };
    format!(".{call}({}, {value})", quoted(&argument.parameter.name))
}

fn optional_call(plan: &Plan<'_>, argument: &Argument<'_>, place: &str) -> String {
    let name = quoted(&argument.parameter.name);
    let value = format!("{place}.{}", argument.name);
    let call = call_of(argument.parameter.place);
    if argument.switch {
        let constant = argument
            .parameter
            .schema
            .constant
            .clone()
            .unwrap_or_default();
        return format!(".{call}_opt({name}, {value}.then_some({constant}))");
    }
    let optional = match argument.ty() {
        Type::Secret => format!("{value}.as_ref().map(Secret::expose)"),
        Type::Text => format!("{value}.as_deref()"),
        Type::Named(ty) if !plan.is_copy(&ty) => format!("{value}.as_ref()"),
        _ => value,
    };
    match argument.parameter.required && argument.parameter.allow_empty {
        // Sent empty when it is not set.
        true if matches!(argument.ty(), Type::Text | Type::Secret) => {
            format!(".query({name}, {optional}.unwrap_or_default())")
        }
        true => format!(".query({name}, {optional}.map(ToString::to_string).unwrap_or_default())"),
        false => format!(".{call}_opt({name}, {optional})"),
    }
}

/// Prints the call that sets the body.
pub(super) fn body(plan: &Plan<'_>, method: &Method<'_>, body: &BodyArgument<'_>) -> String {
    let media = quoted(body.media);
    let name = match body.implied(plan) {
        Some(value) => format!("&{value}"),
        None => body_name(method, body),
    };
    let value = match plan.resolve(body.schema).ty {
        Type::Boolean | Type::F32 | Type::F64 | Type::I32 | Type::I64 | Type::List(_) => {
            format!("&{name}")
        }
        _ => name.clone(),
    };
    let limit = method.operation.max_body.as_ref();
    let limit = limit.map_or(String::new(), |max| at_most(plan, max, body, &name));
    let set = match body.media.split(';').next().unwrap_or_default() {
        "application/json" => format!(".json({media}, {value})"),
        "application/x-www-form-urlencoded" => format!(".form({value})"),
        "multipart/form-data" => format!(".multipart({name}.multipart())"),
        _ => format!(".text({media}, {name}.to_owned())"),
    };
    set + &limit
}

/// Prints the call that limits the body.
fn at_most(plan: &Plan<'_>, max: &MaxBody, body: &BodyArgument<'_>, name: &str) -> String {
    let excluded: Vec<String> = max
        .excludes
        .iter()
        .filter_map(|path| excess(plan, body.schema, name, path))
        .collect();
    let excluded = match excluded.is_empty() {
        true => "0".to_owned(),
        false => excluded.join(" + "),
    };
    format!(".at_most({}, {excluded})", max.limit)
}

/// The expression for the bytes of a list that do not count.
fn excess(plan: &Plan<'_>, schema: &Schema, name: &str, path: &str) -> Option<String> {
    let steps = plan.path(schema, path)?;
    let mut expression = name.to_owned();
    let mut closes = String::new();
    let last = steps.len() - 1;
    for (index, (field, _)) in steps.iter().enumerate() {
        expression.push_str(&format!(".{}", field.name));
        if index < last && field.optional {
            expression.push_str(".as_ref().map_or(0, |part| ");
            closes.push(')');
            expression.push_str("wire::excess(&part");
            let rest: String = steps[index + 1..]
                .iter()
                .map(|(field, _)| format!(".{}", field.name))
                .collect();
            return Some(format!("{expression}{rest}){closes}"));
        }
    }
    Some(format!("wire::excess(&{expression})"))
}
