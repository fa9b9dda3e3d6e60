//! Prints structs: fields, constructor, setters, accessors of what texts hold.

use serde_json::Value;

use crate::codegen::names;
use crate::codegen::plan::{Field, Plan, StructPlan, Type};
use crate::codegen::print::accessors::{self, decoded_name, json_name};
use crate::codegen::print::check::{self, EXPECT_DEPRECATED};
use crate::codegen::print::doc::{self, Doc};
use crate::codegen::schema::{Content, Schema};

/// Prints a struct and everything that belongs to it.
pub(super) fn print(
    plan: &Plan<'_>,
    schema: &Schema,
    object: &StructPlan<'_>,
    gate: &str,
    out: &mut String,
) {
    declaration(schema, object, gate, out);
    let mut methods = String::new();
    if object.used.sent {
        methods.push_str(&constructor(plan, object));
        for field in &object.fields {
            methods.push_str(&setter(plan, &object.name, field));
        }
        methods.push_str(&rest_setter(object));
    }
    for field in &object.fields {
        methods.push_str(&accessors::view(plan, object, field));
    }
    methods.push_str(&accessors::partial(object));
    if object.used.whole_body && plan.is_checked(&object.name) {
        methods.push_str(check::METHOD);
    }
    if object.multipart {
        methods.push_str(&accessors::multipart(object));
    }
    if !methods.is_empty() {
        out.push_str(&format!(
            "impl {} {{\n{}}}\n\n",
            object.name,
            methods.trim_end()
        ));
    }
    if object.used.sent && object.required().next().is_none() && object.fields.iter().any(fills) {
        out.push_str(&format!(
            "impl Default for {} {{\nfn default() -> Self {{\nSelf::new()\n}}\n}}\n\n",
            object.name
        ));
    }
    if plan.is_checked(&object.name) {
        check::of_struct(plan, object, out);
    }
    if object.read_whole() {
        accessors::read_whole(object, out);
    }
}

fn declaration(schema: &Schema, object: &StructPlan<'_>, gate: &str, out: &mut String) {
    let mut docs = Doc::of(schema.description.as_deref().unwrap_or_default());
    for rule in &object.object.required_if {
        docs.add(doc::rule(rule));
    }
    for group in &object.object.exactly_one_of {
        let names: Vec<String> = group.iter().map(|name| doc::code(name)).collect();
        docs.add(format!("Exactly one of {} is set.", names.join(", ")));
    }
    docs.add(schema.evidence.map_or("", doc::evidence));
    let links: Vec<String> = schema
        .source
        .iter()
        .map(|source| doc::markdown(source))
        .collect();
    if !links.is_empty() {
        docs.add(format!("Source: {}.", links.join(", ")));
    }
    docs.print(out, 0);
    out.push_str(gate);
    let mut derives = vec!["Clone", "Debug"];
    if object.used.sent && object.required().next().is_none() && !object.fields.iter().any(fills) {
        derives.push("Default");
    }
    if !object.multipart {
        derives.extend(["PartialEq", "Deserialize", "Serialize"]);
    }
    out.push_str(&format!("#[derive({})]\n", derives.join(", ")));
    let renamed = rename_all(object);
    let mut container = Vec::new();
    if renamed {
        container.push("rename_all = \"camelCase\"");
    }
    if object.read_whole() {
        container.push("remote = \"Self\"");
    }
    if !container.is_empty() && !object.multipart {
        out.push_str(&format!("#[serde({})]\n", container.join(", ")));
    }
    if !object.used.partial.is_empty() {
        out.push_str("#[must_use = \"the platform may have refused some of the targets\"]\n");
    }
    out.push_str(&format!(
        "#[non_exhaustive]\npub struct {} {{\n",
        object.name
    ));
    for field in &object.fields {
        print_field(object, field, renamed, out);
    }
    if let Some((name, ty)) = &object.rest {
        out.push_str(&format!(
            "/// The members that have no field of their own.\n#[serde(flatten)]\npub {name}: BTreeMap<String, {}>,\n",
            ty.rust()
        ));
    }
    out.push_str("}\n\n");
}

/// Whether a constructor fills the field in.
fn fills(field: &Field<'_>) -> bool {
    field.fixed.is_some() && !field.optional
}

fn rename_all(object: &StructPlan<'_>) -> bool {
    let moved = |field: &&Field<'_>| names::snake(field.wire) != field.wire;
    let camel = |field: &&Field<'_>| names::camel(&field.name) == field.wire;
    let moved_and_camel = object.fields.iter().filter(moved).filter(camel).count();
    let only_as_is = object.fields.iter().filter(|field| !camel(field)).count();
    moved_and_camel > only_as_is
}

fn print_field(object: &StructPlan<'_>, field: &Field<'_>, renamed: bool, out: &mut String) {
    field_doc(field).print(out, 4);
    if field.resolved.deprecated {
        out.push_str(DEPRECATED);
    }
    if !object.multipart {
        let attributes = serde(field, renamed);
        if !attributes.is_empty() {
            out.push_str(&format!("#[serde({})]\n", attributes.join(", ")));
        }
    }
    let ty = as_self(&field.rust(), &object.name);
    out.push_str(&format!("pub {}: {ty},\n", field.name));
}

fn serde(field: &Field<'_>, renamed: bool) -> Vec<String> {
    let mut attributes = Vec::new();
    let plain = field.name.trim_start_matches("r#");
    let given = match renamed {
        true => names::camel(&field.name),
        false => plain.to_owned(),
    };
    if given != field.wire {
        attributes.push(format!("rename = \"{}\"", field.wire));
    }
    let reader = match (&field.chosen_by, &field.resolved) {
        (Some(_), _) => Some("wire::selected"),
        (None, resolved) if resolved.one_or_many => Some("wire::one_or_many"),
        (None, resolved) if resolved.lenient => Some("wire::lenient"),
        (None, _) => None,
    };
    if field.optional {
        if reader.is_some() {
            attributes.push("default".to_owned());
        }
        attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
    }
    if let Some(reader) = reader {
        attributes.push(format!("deserialize_with = \"{reader}\""));
    }
    attributes
}

fn field_doc(field: &Field<'_>) -> Doc {
    let mut docs = Doc::of(field.resolved.description.unwrap_or_default());
    let mut words = doc::limits(&field.resolved);
    if let Some(value) = &field.schema.constant
        && !field
            .resolved
            .description
            .is_some_and(|text| text.contains(&doc::plain(value)))
    {
        words.push(match field.fixed {
            Some(_) if field.optional => format!("{} or nothing.", doc::code(&doc::plain(value))),
            Some(_) => format!("Always {}.", doc::code(&doc::plain(value))),
            None => format!("{}.", doc::code(&doc::plain(value))),
        });
    }
    words.extend(doc::default(field.resolved.default));
    words.extend(doc::aliases(&field.schema.aliases));
    if let Some(claims) = field
        .resolved
        .target
        .jwt
        .as_ref()
        .and_then(|jwt| jwt.claims.as_ref())
    {
        words.push(format!(
            "A JWT; its claims are a [`{claims}`](crate::model::{claims})."
        ));
    }
    if let Some(sibling) = field.chosen_by {
        words.push(format!("{} chooses its form.", doc::code(sibling)));
    }
    docs.add(words.join(" "));
    docs.add(match &field.resolved.target.content {
        Some(Content::Json { .. }) => format!(
            "JSON as text: [`{0}`](Self::{0}) reads it.",
            json_name(field)
        ),
        Some(Content::Base64 { .. }) => {
            format!(
                "Base64: [`{0}`](Self::{0}) decodes it.",
                decoded_name(field)
            )
        }
        _ => String::new(),
    });
    docs.add(field.resolved.evidence.map_or("", doc::evidence));
    docs
}

fn constructor(plan: &Plan<'_>, object: &StructPlan<'_>) -> String {
    let required: Vec<&Field<'_>> = object.required().collect();
    if required.is_empty() && !object.fields.iter().any(fills) {
        return String::new();
    }
    let mut out = String::new();
    let about = match required.is_empty() {
        true => "Creates it with the members that are always the same.",
        false => "Creates it with its required members.",
    };
    out.push_str(&format!("/// {about}\n"));
    if required.len() > 7 {
        out.push_str(
            "#[expect(clippy::too_many_arguments, reason = \"the platform requires them all\")]\n",
        );
    }
    if object.fields.iter().any(|field| field.resolved.deprecated) {
        out.push_str(EXPECT_DEPRECATED);
    }
    let arguments: Vec<String> = required
        .iter()
        .map(|field| format!("{}: {}", field.name, argument(plan, &field.resolved.ty)))
        .collect();
    out.push_str(&format!(
        "pub fn new({}) -> Self {{\nSelf {{\n",
        arguments.join(", ")
    ));
    for field in &object.fields {
        let value = match (&field.fixed, field.optional) {
            (Some(fixed), false) => fixed_value(&field.resolved.ty, &fixed.value),
            (_, true) => "None".to_owned(),
            (None, false) => boxed(field, converted(plan, &field.resolved.ty, &field.name)),
        };
        match value == field.name {
            true => out.push_str(&format!("{value},\n")),
            false => out.push_str(&format!("{}: {value},\n", field.name)),
        }
    }
    if let Some((name, _)) = &object.rest {
        out.push_str(&format!("{name}: BTreeMap::new(),\n"));
    }
    out.push_str("}\n}\n\n");
    out
}

/// The type of an argument that becomes a value of type `ty`.
pub(super) fn argument(plan: &Plan<'_>, ty: &Type) -> String {
    match ty {
        Type::Text => "impl Into<String>".to_owned(),
        Type::Secret => "impl Into<Secret>".to_owned(),
        Type::Json => "impl Into<Value>".to_owned(),
        Type::Named(name) if plan.is_union(name) => format!("impl Into<{name}>"),
        Type::List(items) => match &**items {
            Type::Text => "impl IntoIterator<Item = impl Into<String>>".to_owned(),
            Type::Secret => "impl IntoIterator<Item = impl Into<Secret>>".to_owned(),
            items => format!("impl Into<Vec<{}>>", items.rust()),
        },
        ty => ty.rust(),
    }
}

/// The expression that turns such an argument into the value.
pub(super) fn converted(plan: &Plan<'_>, ty: &Type, name: &str) -> String {
    match ty {
        Type::Text | Type::Secret | Type::Json => format!("{name}.into()"),
        Type::Named(union) if plan.is_union(union) => format!("{name}.into()"),
        Type::List(items) => match &**items {
            Type::Text | Type::Secret => format!("{name}.into_iter().map(Into::into).collect()"),
            _ => format!("{name}.into()"),
        },
        _ => name.to_owned(),
    }
}

/// A type as it is written inside the type `owner`.
fn as_self(ty: &str, owner: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let parts: Vec<&str> = ty.split_inclusive(|c| !is_word(c)).collect();
    parts
        .into_iter()
        .map(
            |part| match part.trim_end_matches(|c| !is_word(c)) == owner {
                true => part.replacen(owner, "Self", 1),
                false => part.to_owned(),
            },
        )
        .collect()
}

fn boxed(field: &Field<'_>, value: String) -> String {
    match field.boxed {
        true => format!("Box::new({value})"),
        false => value,
    }
}

fn fixed_value(ty: &Type, value: &Value) -> String {
    match ty {
        Type::Text => format!("{value}.to_owned()"),
        Type::Secret => format!("Secret::new({value})"),
        Type::Named(name) => format!("{name}::from({value})"),
        _ => value.to_string(),
    }
}

fn setter(plan: &Plan<'_>, owner: &str, field: &Field<'_>) -> String {
    if !field.optional {
        return String::new();
    }
    let name = setter_name(&field.name);
    let mut out = String::new();
    match &field.fixed {
        None => out.push_str(&format!(
            "/// Sets [`{0}`](Self::{0}).\n",
            link(&field.name)
        )),
        Some(_) => out.push_str(&format!(
            "/// Switches [`{0}`](Self::{0}) on.\n",
            link(&field.name)
        )),
    }
    let deprecated = match field.resolved.deprecated {
        true => format!("{DEPRECATED}{EXPECT_DEPRECATED}"),
        false => String::new(),
    };
    out.push_str(&deprecated);
    let (argument, value) = match &field.fixed {
        Some(fixed) => (String::new(), fixed_value(&field.resolved.ty, &fixed.value)),
        None => (
            format!(
                ", {}: {}",
                field.name,
                as_self(&argument(plan, &field.resolved.ty), owner)
            ),
            boxed(field, converted(plan, &field.resolved.ty, &field.name)),
        ),
    };
    out.push_str(&format!(
        "pub fn {name}(mut self{argument}) -> Self {{\nself.{} = Some({value});\nself\n}}\n\n",
        field.name
    ));
    if let Some(schema) = crate::codegen::plan::json_inside(&field.resolved) {
        let json = json_name(field);
        let ty = schema.map_or("impl Serialize".to_owned(), str::to_owned);
        let text = match field.resolved.ty {
            Type::Secret => "Secret::new(wire::json_text(value))",
            _ => "wire::json_text(value)",
        };
        out.push_str(&format!(
            "/// Sets [`{0}`](Self::{0}) to a value written as JSON.\n{deprecated}pub fn {json_setter}(mut self, value: &{ty}) -> Self {{\n\
             self.{1} = Some({text});\nself\n}}\n\n",
            link(&field.name),
            field.name,
            json_setter = json.replace("_as_json", "_from_json"),
        ));
    }
    out
}

fn rest_setter(object: &StructPlan<'_>) -> String {
    match &object.rest {
        None => String::new(),
        Some((name, ty)) => format!(
            "/// Adds a member that has no field of its own.\n\
             pub fn with_member(mut self, name: impl Into<String>, value: impl Into<{}>) -> Self {{\n\
             self.{name}.insert(name.into(), value.into());\nself\n}}\n\n",
            ty.rust()
        ),
    }
}

/// The name of a setter; those of other methods give way.
pub(super) fn setter_name(field: &str) -> String {
    match field {
        "check" | "clone" | "default" | "new" => format!("set_{field}"),
        field => field.to_owned(),
    }
}

/// The name of a field in a link: without the mark of a raw name.
pub(super) fn link(name: &str) -> &str {
    name.trim_start_matches("r#")
}

/// Stands on what the platform's documents advise against.
pub(super) const DEPRECATED: &str =
    "#[deprecated(note = \"the platform's documents advise against it\")]\n";
