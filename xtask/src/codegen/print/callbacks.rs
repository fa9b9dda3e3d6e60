//! Prints how a receiver reads the calls that the platform makes.

use std::collections::BTreeSet;

use crate::codegen::document::Webhook;
use crate::codegen::plan::{Plan, Type};
use crate::codegen::print::doc::{self, Doc, capital, code};
use crate::codegen::schema::Form;

/// The code for each tag that has webhooks.
pub(super) fn print(plan: &Plan<'_>) -> Vec<(String, String)> {
    let mut done = BTreeSet::new();
    plan.document
        .tags
        .iter()
        .filter_map(|tag| {
            let hooks: Vec<&Webhook> = plan
                .document
                .webhooks
                .iter()
                .filter(|hook| hook.tag == tag.name)
                .collect();
            let mut out = String::new();
            let (told_apart, alone): (Vec<&Webhook>, Vec<&Webhook>) = hooks
                .into_iter()
                .partition(|hook| hook.callback.dispatch.is_some());
            if !told_apart.is_empty() {
                events(plan, &tag.name, &told_apart, &alone, &mut out);
            }
            for hook in alone {
                reader(plan, hook, &mut done, &mut out);
            }
            (!out.is_empty()).then(|| (tag.name.clone(), out))
        })
        .collect()
}

/// A parser on the type of a body that stands for one event only.
fn reader(plan: &Plan<'_>, hook: &Webhook, done: &mut BTreeSet<String>, out: &mut String) {
    let (_, schema) = &hook.body.content[0];
    match &schema.form {
        Form::Ref(name) if done.insert(name.clone()) => {
            method(hook, name, "parse", "Self", "read_json", out);
        }
        Form::List(items) => {
            if let Type::Named(name) = plan.resolve(items).ty
                && done.insert(format!("{name} list"))
            {
                let read = match plan.resolve(schema).one_or_many {
                    true => "read_list",
                    false => "read_json",
                };
                method(hook, &name, "parse_all", "Vec<Self>", read, out);
            }
        }
        _ => {}
    }
    let payload = hook.callback.payload.as_ref();
    if let Some(name) = payload.and_then(|payload| payload.request.schema.as_ref())
        && done.insert(name.clone())
    {
        out.push_str(&format!(
            "impl {name} {{\n/// Reads the message once it is decrypted.\n\
             #[inline]\npub fn parse(body: &[u8]) -> Result<Self> {{\nwire::read_json(body)\n}}\n}}\n\n"
        ));
    }
}

fn method(hook: &Webhook, name: &str, method: &str, ty: &str, read: &str, out: &mut String) {
    out.push_str(&format!("impl {name} {{\n"));
    notes(hook).print(out, 4);
    out.push_str(&format!(
        "#[inline]\npub fn {method}(body: &[u8]) -> Result<{ty}> {{\nwire::{read}(body)\n}}\n}}\n\n"
    ));
}

/// What is known about a webhook.
fn notes(hook: &Webhook) -> Doc {
    let mut docs = Doc::new("Reads the body of this call of the platform.");
    docs.text(&hook.summary);
    if let Some(text) = &hook.description {
        docs.text(text);
    }
    docs.add("Nothing is checked of where the call comes from.");
    docs.add(facts(hook));
    docs.add(match doc::evidence(hook.evidence) {
        "" => String::new(),
        words => format!("{words} Corrections to it do not count as breaking changes."),
    });
    docs
}

/// Proof, redelivery, payload and reply in sentences.
fn facts(hook: &Webhook) -> String {
    let mut words = Vec::new();
    let names: Vec<String> = hook
        .security
        .iter()
        .flatten()
        .map(|name| code(name))
        .collect();
    if !names.is_empty() {
        words.push(format!(
            "The platform proves itself by {}.",
            names.join(" or ")
        ));
    }
    let headers: Vec<String> = hook
        .parameters
        .iter()
        .map(|header| code(&header.name))
        .collect();
    if !headers.is_empty() {
        words.push(format!("It sends {}.", headers.join(", ")));
    }
    if !hook.callback.dedupe.is_empty() {
        let paths: Vec<String> = hook.callback.dedupe.iter().map(|path| code(path)).collect();
        words.push(format!("A redelivery repeats {}.", paths.join(", ")));
    }
    if let Some(payload) = &hook.callback.payload {
        words.push(format!(
            "The message stands in {}, {}.",
            code(&payload.request.field),
            payload.encryption
        ));
        if let Some(reply) = &payload.reply {
            words.push(match &reply.schema {
                Some(schema) => {
                    format!(
                        "The reply carries a [`{schema}`](crate::model::{schema}) in {}.",
                        code(&reply.field)
                    )
                }
                None => format!("The reply carries a text in {}.", code(&reply.field)),
            });
        }
    }
    if !hook.errors.is_empty() {
        let rows: Vec<String> = hook.errors.iter().map(|row| code(&row.id)).collect();
        words.push(format!("Codes it can carry: {}.", rows.join(", ")));
    }
    words.join(" ")
}

/// One variant of the enum: its name, the value that stands for it, its type.
struct Variant<'a> {
    name: String,
    /// None for a body that lacks the field: it is known by its form.
    value: Option<&'a str>,
    ty: String,
    hook: &'a Webhook,
}

impl<'a> Variant<'a> {
    fn of(hook: &'a Webhook) -> Self {
        let words = hook.id.trim_start_matches("on_").split('_');
        let dispatch = hook.callback.dispatch.as_ref();
        Self {
            name: words.map(capital).collect(),
            value: dispatch.map(|(_, value)| value.as_str()),
            ty: type_of(hook),
            hook,
        }
    }
}

/// An enum of the events that a field tells apart; those that lack the field are `alone`.
fn events(plan: &Plan<'_>, tag: &str, hooks: &[&Webhook], alone: &[&Webhook], out: &mut String) {
    let name = event_name(plan, tag);
    let field = hooks
        .iter()
        .find_map(|hook| {
            hook.callback
                .dispatch
                .as_ref()
                .map(|(field, _)| field.as_str())
        })
        .unwrap_or_default();
    let in_payload = hooks.iter().any(|hook| hook.callback.payload.is_some());
    // Only a message that lies open can be known by its form.
    let alone = alone.iter().filter(|hook| !in_payload && is_open(hook));
    let variants: Vec<Variant<'_>> = hooks
        .iter()
        .chain(alone)
        .map(|hook| Variant::of(hook))
        .collect();
    Doc::new(format!(
        "A call that the platform makes, told apart by {}.",
        code(field)
    ))
    .print(out, 0);
    let derive = match in_payload {
        true => "#[derive(Clone, Debug, PartialEq)]\n",
        false => "#[derive(Clone, Debug, PartialEq, Serialize)]\n#[serde(untagged)]\n",
    };
    out.push_str(derive);
    out.push_str(&format!("#[non_exhaustive]\npub enum {name} {{\n"));
    for Variant {
        name,
        value,
        ty,
        hook,
    } in &variants
    {
        let mut docs = Doc::of(&hook.summary);
        if let Some(text) = &hook.description {
            docs.text(text);
        }
        let told = match value {
            Some(value) => format!("{} is {}.", code(field), code(value)),
            None => format!("Known by its form where there is no {}.", code(field)),
        };
        docs.add(format!("{told} {}", facts(hook)));
        docs.add(doc::evidence(hook.evidence));
        docs.print(out, 4);
        out.push_str(&format!("{name}({ty}),\n"));
    }
    out.push_str("/// An event that this version does not know, or one of another form.\nOther(UnknownJson),\n}\n\n");
    match in_payload {
        true => payload_parser(&name, field, &variants, out),
        false => body_parser(&name, field, &variants, out),
    }
}

/// Whether the body is one object, and the message itself.
fn is_open(hook: &Webhook) -> bool {
    hook.callback.payload.is_none() && matches!(hook.body.content[0].1.form, Form::Ref(_))
}

fn type_of(hook: &Webhook) -> String {
    match &hook.callback.payload {
        Some(payload) => match &payload.request.schema {
            Some(schema) => format!("Box<{schema}>"),
            None => "String".to_owned(),
        },
        None => match &hook.body.content[0].1.form {
            Form::Ref(name) => format!("Box<{name}>"),
            _ => "UnknownJson".to_owned(),
        },
    }
}

/// The name of the enum: that of the tag for one, unless a schema has it.
fn event_name(plan: &Plan<'_>, tag: &str) -> String {
    let name: String = tag.split('_').map(capital).collect();
    let name = name.strip_suffix('s').unwrap_or(&name).to_owned();
    match plan.uses.contains_key(&name) {
        true => name + "Call",
        false => name,
    }
}

fn body_parser(name: &str, field: &str, variants: &[Variant<'_>], out: &mut String) {
    let mut arms = String::new();
    let mut alone = Vec::new();
    for Variant { name, value, .. } in variants {
        match value {
            Some(value) => arms.push_str(&format!(
                "Some(\"{value}\") => wire::select(&value, Self::{name}).ok(),\n"
            )),
            None => alone.push(format!("wire::select(&value, Self::{name})")),
        }
    }
    if let Some((first, others)) = alone.split_first() {
        arms.push_str(&format!("None => {first}"));
        for other in others {
            arms.push_str(&format!(".or_else(|_| {other})"));
        }
        arms.push_str(".ok(),\n");
    }
    out.push_str(&format!(
        "impl {name} {{\n/// Reads the body of a call. Nothing is checked of where it comes from.\n\
         #[inline]\npub fn parse(body: &[u8]) -> Result<Self> {{\nwire::read_json(body)\n}}\n}}\n\n\
         impl<'de> Deserialize<'de> for {name} {{\n\
         fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {{\n\
         let value = Value::deserialize(deserializer)?;\n\
         let known = match wire::key_of(&value, \"{field}\").as_deref() {{\n{arms}_ => None,\n}};\n\
         Ok(known.unwrap_or_else(|| Self::Other(UnknownJson::new(value))))\n}}\n}}\n\n"
    ));
}

fn payload_parser(name: &str, field: &str, variants: &[Variant<'_>], out: &mut String) {
    let arms: String = variants
        .iter()
        .filter_map(|variant| Some((&variant.name, variant.value?, variant.ty.as_str())))
        .map(|(name, value, ty)| match ty {
            "String" => format!("\"{value}\" => Self::{name}(payload.to_owned()),\n"),
            _ => format!("\"{value}\" => Self::{name}(wire::read_json(payload.as_bytes())?),\n"),
        })
        .collect();
    out.push_str(&format!(
        "impl {name} {{\n\
         /// Reads the message of a call, decrypted if it was encrypted, by what stands in `{field}`.\n\
         #[inline]\npub fn parse(event: &str, payload: &str) -> Result<Self> {{\n\
         Ok(match event.trim() {{\n{arms}_ => Self::Other(wire::read_json(payload.as_bytes())?),\n}})\n}}\n}}\n\n"
    ));
}
