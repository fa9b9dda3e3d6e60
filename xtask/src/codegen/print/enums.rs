//! Prints enums and unions.

use crate::codegen::plan::{Plan, Type};
use crate::codegen::print::check;
use crate::codegen::print::doc::{self, Doc};
use crate::codegen::schema::{By, Enum, Schema, Select, Union};

/// Prints an open enum: a macro of auth-core knows the rest.
pub(super) fn open(name: &str, schema: &Schema, list: &Enum, gate: &str, out: &mut String) {
    let kind = match list.of_text {
        true => "text_enum",
        false => "number_enum",
    };
    out.push_str(&format!("auth_core::{kind}! {{\n"));
    let mut docs = Doc::of(schema.description.as_deref().unwrap_or_default());
    docs.add(schema.evidence.map_or("", doc::evidence));
    docs.add(doc::default(schema.default.as_ref()).unwrap_or_default());
    let mut inner = String::new();
    docs.print(&mut inner, 4);
    inner.push_str(gate);
    inner.push_str(&format!("pub enum {name} {{\n"));
    for variant in &list.variants {
        let value = doc::code(&doc::plain(&variant.value));
        let about = match &variant.description {
            Some(text) => doc::sentence(&doc::markdown(text)),
            None => format!("The value {value}."),
        };
        let mut lines = String::new();
        Doc::new(about).print(&mut lines, 8);
        for line in lines.lines() {
            inner.push_str(&format!("    {line}\n"));
        }
        inner.push_str(&format!("    {} = {},\n", variant.name, variant.value));
    }
    inner.push_str("}\n");
    for line in inner.lines() {
        out.push_str(&format!("    {line}\n"));
    }
    out.push_str("}\n\n");
}

/// Prints a union: one variant per member, and one for what fits none of them.
pub(super) fn union(
    plan: &Plan<'_>,
    name: &str,
    schema: &Schema,
    union: &Union,
    gate: &str,
    out: &mut String,
) {
    let variants = plan.variants(union);
    let mut docs = Doc::of(schema.description.as_deref().unwrap_or_default());
    if let Some(select) = &union.select {
        let by = match select.by {
            By::Header => "The header",
            By::Property => "Its member",
            By::Sibling => "The member",
        };
        let beside = match select.by {
            By::Sibling => " beside it",
            By::Header | By::Property => "",
        };
        docs.add(format!(
            "{by} {}{beside} says which form it has.",
            doc::code(&select.name)
        ));
    }
    docs.add(schema.evidence.map_or("", doc::evidence));
    docs.print(out, 0);
    out.push_str(gate);
    out.push_str(
        "#[derive(Clone, Debug, PartialEq, Serialize)]\n#[serde(untagged)]\n#[non_exhaustive]\n",
    );
    out.push_str(&format!("pub enum {name} {{\n"));
    for (variant, ty, resolved) in &variants {
        Doc::of(resolved.description.unwrap_or_default()).print(out, 4);
        out.push_str(&format!("{variant}({}),\n", held(plan, ty)));
    }
    out.push_str("/// A form that this version does not know.\nOther(UnknownJson),\n}\n\n");
    for (variant, ty, _) in &variants {
        if variants.iter().filter(|(_, other, _)| other == ty).count() == 1 && *ty != Type::Json {
            out.push_str(&format!(
                "impl From<{0}> for {name} {{\nfn from(value: {0}) -> Self {{\nSelf::{variant}({1})\n}}\n}}\n\n",
                ty.rust(),
                if is_boxed(plan, ty) { "Box::new(value)" } else { "value" },
            ));
        }
    }
    read(name, union, &variants, out);
    if plan.is_checked(name) {
        check::of_union(plan, name, union, out);
    }
}

/// The type a variant holds.
fn held(plan: &Plan<'_>, ty: &Type) -> String {
    match is_boxed(plan, ty) {
        true => format!("Box<{}>", ty.rust()),
        false => ty.rust(),
    }
}

/// Whether a variant holds its struct in a box: all do, so that none makes the others large.
fn is_boxed(plan: &Plan<'_>, ty: &Type) -> bool {
    matches!(ty, Type::Named(name) if plan.struct_plan(name).is_some())
}

fn read(
    name: &str,
    union: &Union,
    variants: &[(String, Type, crate::codegen::plan::Resolved<'_>)],
    out: &mut String,
) {
    let trial = |wanted: &dyn Fn(&str) -> bool| -> String {
        let tries: Vec<String> = variants
            .iter()
            .filter(|(_, ty, _)| wanted(&ty.rust()))
            .map(|(variant, ..)| format!("wire::select(&value, Self::{variant})"))
            .collect();
        let mut tries = tries.into_iter();
        let first = tries.next().unwrap_or_default();
        tries.fold(first, |all, next| format!("{all}.or_else(|_| {next})"))
    };
    let any = trial(&|_| true);
    let Some(select) = &union.select else {
        deserialize(
            name,
            &format!("Ok({any}.unwrap_or_else(|_| Self::Other(UnknownJson::new(value))))"),
            out,
        );
        return;
    };
    let mut arms: Vec<(Vec<String>, String)> = Vec::new();
    for (value, names) in &select.mapping {
        // The order of trial is that of the mapping.
        let tries: Vec<String> = names
            .iter()
            .filter_map(|member| variants.iter().find(|(_, ty, _)| ty.rust() == *member))
            .map(|(variant, ..)| format!("wire::select(&value, Self::{variant})"))
            .collect();
        let mut tries = tries.into_iter();
        let first = tries.next().unwrap_or_default();
        let tries = tries.fold(first, |all, next| format!("{all}.or_else(|_| {next})"));
        match arms.iter_mut().find(|(_, known)| *known == tries) {
            Some((values, _)) => values.push(format!("Some(\"{value}\")")),
            None => arms.push((vec![format!("Some(\"{value}\")")], tries)),
        }
    }
    let arms: String = arms
        .into_iter()
        .map(|(values, tries)| format!("{} => {tries},\n", values.join(" | ")))
        .collect();
    out.push_str(&format!(
        "impl Select for {name} {{\n\
         #[inline]\nfn select(key: Option<&str>, value: Value) -> std::result::Result<Self, serde_json::Error> {{\n\
         let chosen = match key {{\n{arms}_ => {any},\n}};\n\
         Ok(chosen.unwrap_or_else(|_| Self::Other(UnknownJson::new(value))))\n}}\n}}\n\n"
    ));
    deserialize(name, &selected(select), out);
}

fn selected(select: &Select) -> String {
    match select.by {
        By::Property => format!(
            "let key = wire::key_of(&value, \"{}\");\n\
             Self::select(key.as_deref(), value).map_err(D::Error::custom)",
            select.name
        ),
        By::Header | By::Sibling => {
            "Self::select(None, value).map_err(D::Error::custom)".to_owned()
        }
    }
}

fn deserialize(name: &str, body: &str, out: &mut String) {
    out.push_str(&format!(
        "impl<'de> Deserialize<'de> for {name} {{\n\
         fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {{\n\
         let value = Value::deserialize(deserializer)?;\n{body}\n}}\n}}\n\n"
    ));
}
