//! Prints the methods of the client: one per operation or variant of one.

use anyhow::Result;

use crate::codegen::document::{Operation, Variant};
use crate::codegen::names;
use crate::codegen::plan::{Argument, Arguments, Group, Plan, Type};
use crate::codegen::print::structs::DEPRECATED;
use crate::codegen::print::{notes, preconditions, request};
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
    let (head, result) = match returns {
        Returns::Address => ("#[inline]\npub fn", returns.rust()),
        _ => ("pub async fn", returns.rust()),
    };
    out.push_str(&format!(
        "{head} {}({}) -> Result<{result}> {{\n",
        method.name(),
        signature(plan, method).join(", ")
    ));
    out.push_str(&preconditions::print(plan, method));
    let mut call = request::print(plan, method);
    if let Some(body) = method.body() {
        let set_body = request::body(plan, method, &body);
        if body.optional && body.implied(plan).is_none() {
            let name = body_name(method, &body);
            out.push_str(&format!(
                "let mut request = {call};\nif let Some({name}) = {name} {{\n\
                 request = request{set_body};\n}}\n"
            ));
            "request".clone_into(&mut call);
        } else {
            call.push_str(&set_body);
        }
    }
    match returns {
        Returns::Address => out.push_str(&format!("self.api.url(&{call})\n")),
        Returns::Empty => out.push_str(&format!("{call}.send_empty(&self.api).await\n")),
        Returns::Unsure(name) => out.push_str(&format!(
            "{call}.send_empty(&self.api).await?;\nOk({name} {{}})\n"
        )),
        Returns::Json(_) => out.push_str(&format!("{call}.send(&self.api).await\n")),
        Returns::Text => out.push_str(&format!("{call}.send_text(&self.api).await\n")),
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

/// The expression for the value of a required parameter.
pub(super) fn access(arguments: &Arguments<'_>, argument: &Argument<'_>) -> String {
    match arguments.together {
        Some(_) => format!("{PARAMETERS}.{}", argument.name),
        None => argument.name.clone(),
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
