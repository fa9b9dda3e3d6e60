//! Prints the methods that read a paged list as one stream.

use serde_json::Value;

use crate::codegen::document::Pagination;
use crate::codegen::names;
use crate::codegen::plan::{Argument, Field, Group, Plan, Resolved, Type};
use crate::codegen::print::check::EXPECT_DEPRECATED;
use crate::codegen::print::doc::Doc;
use crate::codegen::print::operations::{
    Method, OPTIONS, PARAMETERS, body_name, group_type, is_literal, signature,
};
use crate::codegen::print::structs::DEPRECATED;
use crate::codegen::schema::Schema;

/// Prints the stream beside the method of a paged operation.
pub(super) fn print(plan: &Plan<'_>, method: &Method<'_>, out: &mut String) {
    let Some(pagination) = &method.operation.pagination else {
        return;
    };
    let Some((_, answer)) = method.operation.success() else {
        return;
    };
    let Some(items) = plan.path(answer, &pagination.items) else {
        return;
    };
    let Some(Type::List(item)) = items.last().map(|(last, _)| &last.resolved.ty) else {
        return;
    };
    let name = method.name();
    let mut docs = Doc::new(format!(
        "Returns what [`{name}`](Self::{name}) lists, page after page, as one stream."
    ));
    docs.add(
        "It begins where the parameters say and counts on by itself; a page shorter than its size \
         is the last.",
    );
    docs.print(out, 4);
    if method.operation.deprecated {
        out.push_str(DEPRECATED);
        out.push_str(EXPECT_DEPRECATED);
    }
    let stream = Stream {
        plan,
        method,
        pagination,
    };
    out.push_str(&format!(
        "#[inline]\npub fn {name}_stream({}) -> Pages<{}> {{\n{}}}\n\n",
        stream.arguments().join(", "),
        item.rust(),
        stream.body(answer, &items)
    ));
}

struct Stream<'a, 'p> {
    plan: &'a Plan<'p>,
    method: &'a Method<'p>,
    pagination: &'a Pagination,
}

/// Where the index or the size of a page is given.
enum Given<'a> {
    /// A required argument of its own.
    Argument { name: String, ty: Type },
    /// A member of the options or of the body.
    Member {
        holder: String,
        name: String,
        resolved: Box<Resolved<'a>>,
        optional: bool,
    },
}

/// The parts of the function that is printed.
#[derive(Default)]
struct Parts {
    /// What is kept for the life of the stream.
    kept: String,
    /// What is copied for one call.
    copied: String,
    /// The arguments of that call.
    call: Vec<String>,
}

impl<'p> Stream<'_, 'p> {
    /// The arguments of the plain method without the index.
    fn arguments(&self) -> Vec<String> {
        let index = match self.given(&self.pagination.index) {
            Some(Given::Argument { name, .. }) => format!("{name}: "),
            _ => "&mut".to_owned(),
        };
        let arguments = signature(self.plan, self.method).into_iter();
        arguments
            .filter(|argument| !argument.starts_with(&index))
            .collect()
    }

    fn given(&self, name: &str) -> Option<Given<'p>> {
        if self.pagination.in_body {
            let body = self.method.body()?;
            let field = self.plan.path(body.schema, name)?.pop()?.0;
            return Some(Given::Member {
                holder: body_name(self.method, &body),
                name: field.name,
                resolved: Box::new(field.resolved),
                optional: field.optional,
            });
        }
        let arguments = &self.method.arguments;
        let is_it = |argument: &&Argument<'p>| argument.parameter.name == name;
        let mut options = arguments
            .options
            .iter()
            .flat_map(|options| &options.members);
        if let Some(option) = options.find(is_it) {
            return Some(Given::Member {
                holder: OPTIONS.to_owned(),
                name: option.name.clone(),
                resolved: Box::new(option.resolved.clone()),
                optional: true,
            });
        }
        let argument = arguments.required.iter().find(is_it)?;
        Some(Given::Argument {
            name: argument.name.clone(),
            ty: argument.ty(),
        })
    }

    fn body(&self, answer: &'p Schema, items: &[(Field<'p>, Resolved<'p>)]) -> String {
        let mut parts = Parts::default();
        for group in &self.method.arguments.groups {
            self.keep_group(group, &mut parts);
        }
        self.keep_required(&mut parts);
        if let Some(body) = self.method.body()
            && body.implied(self.plan).is_none()
        {
            self.keep(&body_name(self.method, &body), &mut parts);
        }
        if self.method.arguments.options.is_some() {
            self.keep(OPTIONS, &mut parts);
        }
        let size = self.size(&mut parts);
        let by = if self.pagination.by_row {
            "by_row"
        } else {
            "by_page"
        };
        let more = self
            .pagination
            .more
            .as_ref()
            .and_then(|path| self.plan.path(answer, path));
        let more = more.map_or("None".to_owned(), |steps| taken(&steps, Taking::More));
        let set_index = self.set_index();
        let first = self.first(&mut parts);
        let Parts { kept, copied, call } = parts;
        format!(
            "let client = self.clone();\n{kept}\
             Pages::{by}({first}, {size}, move |index| {{\n\
             let client = client.clone();\n{copied}{set_index}\
             async move {{\nlet answer = client.{}({}).await?;\nlet more = {more};\nlet items = {};\n\
             Ok(Page {{ items, more }})\n}}\n}})\n",
            self.method.name(),
            call.join(", "),
            taken(items, Taking::Items)
        )
    }

    /// Keeps something that is passed by reference; it changes where it holds index or size.
    fn keep(&self, name: &str, parts: &mut Parts) {
        let holds = |what: &str| matches!(self.given(what), Some(Given::Member { holder, .. }) if holder == name);
        let size_may_be_set = matches!(
            self.given(&self.pagination.size),
            Some(Given::Member { holder, optional: true, .. }) if holder == name
        );
        let set_once = if size_may_be_set { "mut " } else { "" };
        let set_each_time = if holds(&self.pagination.index) {
            "mut "
        } else {
            ""
        };
        parts
            .kept
            .push_str(&format!("let {set_once}{name} = {name}.to_owned();\n"));
        parts
            .copied
            .push_str(&format!("let {set_each_time}{name} = {name}.clone();\n"));
        parts.call.push(format!("&{name}"));
    }

    fn keep_group(&self, group: &Group<'_>, parts: &mut Parts) {
        let name = names::field(&names::snake(&group.name));
        match is_literal(group) {
            true => self.keep_literal(&name, &group.name, &group.members, parts),
            false => {
                debug_assert!(
                    group_type(group).starts_with('&'),
                    "other groups are borrowed"
                );
                self.keep(&name, parts);
            }
        }
    }

    /// Keeps the members of parameters that borrow their texts.
    fn keep_literal(&self, name: &str, ty: &str, members: &[Argument<'_>], parts: &mut Parts) {
        let mut fields = Vec::new();
        let index = self.given(&self.pagination.index);
        for member in members {
            let field = &member.name;
            if let Some(Given::Argument { name: index, ty }) = &index
                && index == field
            {
                fields.push(format!("{field}: {}", as_type(ty)));
                continue;
            }
            match self.is_borrowed(&member.ty()) {
                true => {
                    parts
                        .kept
                        .push_str(&format!("let {field} = {name}.{field}.to_owned();\n"));
                    parts
                        .copied
                        .push_str(&format!("let {field} = {field}.clone();\n"));
                    fields.push(format!("{field}: &{field}"));
                }
                false => {
                    parts
                        .kept
                        .push_str(&format!("let {field} = {name}.{field};\n"));
                    fields.push(field.clone());
                }
            }
        }
        parts.call.push(format!("{ty} {{ {} }}", fields.join(", ")));
    }

    fn keep_required(&self, parts: &mut Parts) {
        let arguments = &self.method.arguments;
        if let Some(ty) = &arguments.together {
            return self.keep_literal(PARAMETERS, ty, &arguments.required, parts);
        }
        let index = self.given(&self.pagination.index);
        for argument in &arguments.required {
            match &index {
                Some(Given::Argument { name, ty }) if *name == argument.name => {
                    parts.call.push(as_type(ty));
                }
                _ if self.is_borrowed(&argument.ty()) => self.keep(&argument.name, parts),
                _ => parts.call.push(argument.name.clone()),
            }
        }
    }

    fn is_borrowed(&self, ty: &Type) -> bool {
        match ty {
            Type::Text | Type::Secret => true,
            Type::Named(name) => !self.plan.is_copy(name),
            _ => false,
        }
    }

    /// The expression for the size of a page; sets it where the caller did not.
    fn size(&self, parts: &mut Parts) -> String {
        match self.given(&self.pagination.size) {
            Some(Given::Argument { name, ty }) => as_count(&name, &ty),
            Some(Given::Member {
                holder,
                name,
                resolved,
                optional,
            }) => {
                let value = match optional {
                    true => format!("*{holder}.{name}.get_or_insert({})", usual(&resolved)),
                    false => format!("{holder}.{name}"),
                };
                parts.kept.push_str(&format!("let size = {value};\n"));
                as_count("size", &resolved.ty)
            }
            None => USUAL_SIZE.to_string(),
        }
    }

    /// The expression for the index of the first page.
    fn first(&self, parts: &mut Parts) -> String {
        let usual = self.pagination.first;
        match self.given(&self.pagination.index) {
            Some(Given::Argument { name, ty }) if self.method.arguments.together.is_some() => {
                as_count(&format!("{PARAMETERS}.{name}"), &ty)
            }
            Some(Given::Member {
                holder,
                name,
                resolved,
                optional,
            }) => {
                let value = match (optional, &resolved.ty) {
                    (true, Type::I32) => format!("{holder}.{name}.map_or({usual}, i64::from)"),
                    (true, _) => format!("{holder}.{name}.unwrap_or({usual})"),
                    (false, ty) => as_count(&format!("{holder}.{name}"), ty),
                };
                parts.kept.push_str(&format!("let first = {value};\n"));
                "first".to_owned()
            }
            Some(Given::Argument { .. }) | None => usual.to_string(),
        }
    }

    fn set_index(&self) -> String {
        match self.given(&self.pagination.index) {
            Some(Given::Member {
                holder,
                name,
                resolved,
                optional,
            }) => {
                let value = as_type(&resolved.ty);
                match optional {
                    true => format!("{holder}.{name} = Some({value});\n"),
                    false => format!("{holder}.{name} = {value};\n"),
                }
            }
            Some(Given::Argument { .. }) | None => String::new(),
        }
    }
}

/// The size that is asked for if the caller does not say otherwise.
fn usual(resolved: &Resolved<'_>) -> i64 {
    let default = resolved.default.and_then(Value::as_i64);
    let maximum = resolved.limits.maximum.as_ref().and_then(Value::as_i64);
    let stated = match (default, maximum) {
        // So few elements are not meant for somebody who reads them all.
        (Some(default), Some(maximum)) if default < FEW => Some(maximum),
        (default, maximum) => default.or(maximum),
    };
    stated.map_or(USUAL_SIZE, |size| size.min(MOST))
}

/// The index as a value of the parameter's type.
fn as_type(ty: &Type) -> String {
    match ty {
        Type::I32 => "i32::try_from(index).unwrap_or(i32::MAX)".to_owned(),
        _ => "index".to_owned(),
    }
}

fn as_count(name: &str, ty: &Type) -> String {
    match ty {
        Type::I32 => format!("i64::from({name})"),
        _ => name.to_owned(),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Taking {
    Items,
    More,
}

/// The expression that takes a member out of an answer, through what may be absent.
fn taken(steps: &[(Field<'_>, Resolved<'_>)], taking: Taking) -> String {
    let mut expression = "answer".to_owned();
    let mut optional = false;
    for (field, _) in steps {
        let name = &field.name;
        let step = match (optional, field.optional, taking) {
            (false, true, Taking::More) => format!(".{name}.as_ref()"),
            (false, ..) => format!(".{name}"),
            (true, true, Taking::Items) => format!(".and_then(|part| part.{name})"),
            (true, true, Taking::More) => format!(".and_then(|part| part.{name}.as_ref())"),
            (true, false, Taking::Items) => format!(".map(|part| part.{name})"),
            (true, false, Taking::More) => format!(".map(|part| &part.{name})"),
        };
        expression.push_str(&step);
        optional |= field.optional;
    }
    match (taking, optional) {
        (Taking::Items, true) => expression + ".unwrap_or_default()",
        (Taking::Items, false) => expression,
        (Taking::More, true) => expression + ".map(wire::says_more)",
        (Taking::More, false) => format!("Some(wire::says_more(&{expression}))"),
    }
}

/// The size of a page where the document states none.
const USUAL_SIZE: i64 = 50;
/// The most elements of a page that are asked for if the caller does not say otherwise.
const MOST: i64 = 100;
/// A default below this is not taken where the document allows more.
const FEW: i64 = 10;
