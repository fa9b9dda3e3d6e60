//! Prints the methods of the client: one per operation or variant of one.

use anyhow::Result;

use crate::codegen::document::{In, MaxBody, Operation, Then, Variant};
use crate::codegen::names;
use crate::codegen::plan::{Argument, Arguments, Group, Plan, Type};
use crate::codegen::print::doc;
use crate::codegen::print::facts::{quoted, static_of};
use crate::codegen::print::notes;
use crate::codegen::print::structs::DEPRECATED;
use crate::codegen::schema::{Form, Schema};

/// A method to print: an operation, or one variant of it.
pub(super) struct Method<'a> {
    pub(super) operation: &'a Operation,
    pub(super) variant: Option<&'a Variant>,
    pub(super) arguments: Arguments<'a>,
}

impl<'a> Method<'a> {
    /// The methods of an operation.
    pub(super) fn of(plan: &Plan<'a>, operation: &'a Operation) -> Result<Vec<Self>> {
        let arguments = || plan.arguments(operation);
        if operation.variants.is_empty() {
            return Ok(vec![Self {
                operation,
                variant: None,
                arguments: arguments()?,
            }]);
        }
        operation
            .variants
            .iter()
            .map(|variant| {
                Ok(Self {
                    operation,
                    variant: Some(variant),
                    arguments: arguments()?,
                })
            })
            .collect()
    }

    pub(super) fn name(&self) -> &'a str {
        match self.variant {
            Some(variant) => &variant.name,
            None => &self.operation.id,
        }
    }

    pub(super) fn idempotent(&self) -> bool {
        match self.variant {
            Some(variant) => variant.idempotent,
            None => self.operation.idempotent,
        }
    }

    /// The body the method takes.
    pub(super) fn body(&self) -> Option<BodyArgument<'a>> {
        if self.operation.browser.is_some() {
            return None;
        }
        let body = self.operation.body.as_ref()?;
        let (media, schema) = &body.content[0];
        let named = match self.variant {
            Some(variant) => Some(variant.request.as_str()),
            None => match &schema.form {
                Form::Ref(name) => Some(name.as_str()),
                _ => None,
            },
        };
        Some(BodyArgument {
            media,
            schema,
            named,
            optional: !body.required,
        })
    }
}

impl BodyArgument<'_> {
    /// The expression for a body in which every member is always the same or a credential.
    pub(super) fn implied(&self, plan: &Plan<'_>) -> Option<String> {
        let object = plan.struct_plan(self.named?)?;
        let free = object
            .fields
            .iter()
            .any(|field| field.fixed.is_none() || field.optional);
        if free || object.rest.is_some() {
            return None;
        }
        let make = if object.fields.is_empty() {
            "default"
        } else {
            "new"
        };
        Some(format!("{}::{make}()", object.name))
    }
}

/// The body as an argument.
pub(super) struct BodyArgument<'a> {
    pub(super) media: &'a str,
    pub(super) schema: &'a Schema,
    pub(super) named: Option<&'a str>,
    pub(super) optional: bool,
}

/// What a method returns.
pub(super) enum Returns {
    Address,
    Empty,
    /// A struct without fields: the platform's documents do not say what is answered.
    Unsure(String),
    Json(String),
    Text,
}

impl Returns {
    pub(super) fn rust(&self) -> String {
        match self {
            Self::Address => "String".to_owned(),
            Self::Empty => "()".to_owned(),
            Self::Unsure(name) => name.clone(),
            Self::Json(ty) => ty.clone(),
            Self::Text => "String".to_owned(),
        }
    }
}

pub(super) fn returns(plan: &Plan<'_>, method: &Method<'_>) -> Returns {
    use crate::codegen::document::Evidence;

    let operation = method.operation;
    if operation.browser.is_some() {
        return Returns::Address;
    }
    if let Some(variant) = method.variant {
        return Returns::Json(variant.response.clone());
    }
    match operation.success() {
        None if operation.evidence == Evidence::Documented => Returns::Empty,
        None => Returns::Unsure(plan.type_for(&format!("{}_answer", operation.id), "")),
        Some((media, schema)) => {
            let ty = plan.resolve(schema).ty;
            let json = media.starts_with("application/json");
            if ty.is_text() && !json {
                return Returns::Text;
            }
            let mut answers = operation
                .answers
                .iter()
                .filter(|answer| answer.is_success());
            match answers.any(|answer| answer.content.is_empty()) {
                true => Returns::Json(format!("Option<{}>", ty.rust())),
                false => Returns::Json(ty.rust()),
            }
        }
    }
}

/// Prints one method.
pub(super) fn print(plan: &Plan<'_>, method: &Method<'_>, out: &mut String) {
    let returns = returns(plan, method);
    notes::of_method(plan, method).print(out, 4);
    if method.operation.deprecated {
        out.push_str(DEPRECATED);
    }
    let (word, result) = match returns {
        Returns::Address => ("", returns.rust()),
        _ => ("async ", returns.rust()),
    };
    out.push_str(&format!(
        "pub {word}fn {}({}) -> Result<{result}> {{\n",
        method.name(),
        signature(plan, method).join(", ")
    ));
    out.push_str(&checks(plan, method));
    let mut request = request(plan, method);
    if let Some(body) = method.body() {
        let call = body_call(plan, method, &body);
        match body.optional && body.implied(plan).is_none() {
            true => {
                let name = body_name(method, &body);
                out.push_str(&format!(
                    "let mut request = {request};\nif let Some({name}) = {name} {{\n\
                     request = request{call};\n}}\n"
                ));
                "request".clone_into(&mut request);
            }
            false => request.push_str(&call),
        }
    }
    match returns {
        Returns::Address => out.push_str(&format!("self.api.url(&{request})\n")),
        Returns::Empty => out.push_str(&format!("{request}.send_empty(&self.api).await\n")),
        Returns::Unsure(name) => out.push_str(&format!(
            "{request}.send_empty(&self.api).await?;\nOk({name} {{}})\n"
        )),
        Returns::Json(_) => out.push_str(&format!("{request}.send(&self.api).await\n")),
        Returns::Text => out.push_str(&format!("{request}.send_text(&self.api).await\n")),
    }
    out.push_str("}\n\n");
}

/// The arguments as Rust declares them.
pub(super) fn signature(plan: &Plan<'_>, method: &Method<'_>) -> Vec<String> {
    let mut list = vec!["&self".to_owned()];
    let arguments = &method.arguments;
    for group in &arguments.groups {
        list.push(format!(
            "{}: {}",
            names::field(&names::snake(&group.name)),
            group_type(group)
        ));
    }
    match &arguments.together {
        Some(name) => list.push(format!("{PARAMETERS}: {name}<'_>")),
        None => {
            list.extend(arguments.required.iter().map(|argument| {
                format!("{}: {}", argument.name, borrowed(plan, &argument.ty(), ""))
            }))
        }
    }
    if let Some(body) = method.body()
        && body.implied(plan).is_none()
    {
        let ty = body_type(plan, &body);
        let ty = match body.optional {
            true => format!("Option<{ty}>"),
            false => ty,
        };
        list.push(format!("{}: {ty}", body_name(method, &body)));
    }
    if let Some(options) = &arguments.options {
        list.push(format!("{OPTIONS}: &{}", options.name));
    }
    list
}

pub(super) fn group_type(group: &Group<'_>) -> String {
    match is_literal(group) {
        true => format!("{}<'_>", group.name),
        false => format!("&{}", group.name),
    }
}

/// Whether a group is written out by name at the call: all its members are required.
pub(super) fn is_literal(group: &Group<'_>) -> bool {
    group
        .members
        .iter()
        .all(|member| !member.optional() && !member.switch)
}

/// The type of a borrowed argument.
pub(super) fn borrowed(plan: &Plan<'_>, ty: &Type, lifetime: &str) -> String {
    match ty {
        Type::Text => format!("&{lifetime}str"),
        Type::Secret => format!("&{lifetime}Secret"),
        Type::Named(name) if !plan.is_copy(name) => format!("&{lifetime}{name}"),
        ty => ty.rust(),
    }
}

fn body_type(plan: &Plan<'_>, body: &BodyArgument<'_>) -> String {
    if let Some(name) = body.named {
        return format!("&{name}");
    }
    match plan.resolve(body.schema).ty {
        Type::List(items) => format!("&[{}]", items.rust()),
        ty => borrowed(plan, &ty, ""),
    }
}

/// The name of the body's argument: the noun of its type.
pub(super) fn body_name(method: &Method<'_>, body: &BodyArgument<'_>) -> String {
    let Some(name) = body.named else {
        return "body".to_owned();
    };
    let words = names::snake(name);
    let verb = method.name().split('_').next().unwrap_or_default();
    let noun = match words.split_once('_') {
        Some((first, noun)) if first == verb || VERBS.contains(&first) => noun,
        _ => &words,
    };
    let noun = match noun.starts_with("by_") {
        true => verb.to_owned(),
        false => names::field(noun),
    };
    let arguments = &method.arguments;
    let taken = arguments
        .required
        .iter()
        .any(|argument| argument.name == noun)
        || arguments
            .groups
            .iter()
            .any(|group| names::snake(&group.name) == noun)
        || [OPTIONS, PARAMETERS].contains(&noun.as_str());
    match taken || noun.starts_with(|c: char| c.is_ascii_digit()) {
        true => "body".to_owned(),
        false => noun,
    }
}

fn checks(plan: &Plan<'_>, method: &Method<'_>) -> String {
    let mut out = String::new();
    let arguments = &method.arguments;
    let together = arguments.together.is_some();
    for argument in &arguments.required {
        let value = access(argument, together, "");
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
    if let Some(max) = &method.operation.max_body {
        out.push_str(&body_size(plan, max, &body, &name));
    }
    out
}

fn body_size(plan: &Plan<'_>, max: &MaxBody, body: &BodyArgument<'_>, name: &str) -> String {
    let excluded: Vec<String> = max
        .excludes
        .iter()
        .filter_map(|path| excess(plan, body.schema, name, path))
        .collect();
    let excluded = match excluded.is_empty() {
        true => "0".to_owned(),
        false => excluded.join(" + "),
    };
    format!("wire::body_size({name}, {excluded}, {})?;\n", max.limit)
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

/// The expression for the value of a required parameter.
fn access(argument: &Argument<'_>, together: bool, group: &str) -> String {
    match (together, group) {
        (true, _) => format!("{PARAMETERS}.{}", argument.name),
        (false, "") => argument.name.clone(),
        (false, group) => format!("{group}.{}", argument.name),
    }
}

fn request(plan: &Plan<'_>, method: &Method<'_>) -> String {
    let arguments = &method.arguments;
    let mut out = format!("Request::new(&{})", static_of(method.name()));
    let together = arguments.together.is_some();
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
            let value = access(argument, together, "");
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

fn body_call(plan: &Plan<'_>, method: &Method<'_>, body: &BodyArgument<'_>) -> String {
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
    match body.media.split(';').next().unwrap_or_default() {
        "application/json" => format!(".json({media}, {value})"),
        "application/x-www-form-urlencoded" => format!(".form({value})"),
        "multipart/form-data" => format!(".multipart({name}.multipart())"),
        _ => format!(".text({media}, {name}.to_owned())"),
    }
}

pub(super) const OPTIONS: &str = "options";
pub(super) const PARAMETERS: &str = "parameters";

/// Verbs that request types begin with although their operation begins with another one.
const VERBS: &[&str] = &[
    "add",
    "assign",
    "authorize",
    "batch",
    "bind",
    "change",
    "create",
    "delete",
    "exchange",
    "get",
    "list",
    "modify",
    "move",
    "register",
    "remove",
    "send",
    "set",
    "update",
    "verify",
];
