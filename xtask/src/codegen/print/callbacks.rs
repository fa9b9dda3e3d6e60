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
                events(plan, &tag.name, &told_apart, &mut out);
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
             pub fn parse(body: &[u8]) -> Result<Self> {{\nwire::read_json(body)\n}}\n}}\n\n"
        ));
    }
}

fn method(hook: &Webhook, name: &str, method: &str, ty: &str, read: &str, out: &mut String) {
    out.push_str(&format!("impl {name} {{\n"));
    notes(hook).print(out, 4);
    out.push_str(&format!(
        "pub fn {method}(body: &[u8]) -> Result<{ty}> {{\nwire::{read}(body)\n}}\n}}\n\n"
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

/// An enum of the events that a field tells apart.
fn events(plan: &Plan<'_>, tag: &str, hooks: &[&Webhook], out: &mut String) {
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
    let variants: Vec<(String, &str, String, &Webhook)> = hooks
        .iter()
        .map(|hook| {
            let variant: String = hook
                .id
                .trim_start_matches("on_")
                .split('_')
                .map(capital)
                .collect();
            let value = hook
                .callback
                .dispatch
                .as_ref()
                .map_or("", |(_, value)| value.as_str());
            (variant, value, type_of(hook), *hook)
        })
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
    for (variant, value, ty, hook) in &variants {
        let mut docs = Doc::of(&hook.summary);
        if let Some(text) = &hook.description {
            docs.text(text);
        }
        docs.add(format!(
            "{} is {}. {}",
            code(field),
            code(value),
            facts(hook)
        ));
        docs.add(doc::evidence(hook.evidence));
        docs.print(out, 4);
        out.push_str(&format!("{variant}({ty}),\n"));
    }
    out.push_str("/// An event that this version does not know, or one of another form.\nOther(UnknownJson),\n}\n\n");
    match in_payload {
        true => payload_parser(&name, field, &variants, out),
        false => body_parser(&name, field, &variants, out),
    }
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

fn body_parser(
    name: &str,
    field: &str,
    variants: &[(String, &str, String, &Webhook)],
    out: &mut String,
) {
    let arms: String = variants
        .iter()
        .map(|(variant, value, ..)| {
            format!("Some(\"{value}\") => wire::select(&value, Self::{variant}).ok(),\n")
        })
        .collect();
    out.push_str(&format!(
        "impl {name} {{\n/// Reads the body of a call. Nothing is checked of where it comes from.\n\
         pub fn parse(body: &[u8]) -> Result<Self> {{\nwire::read_json(body)\n}}\n}}\n\n\
         impl<'de> Deserialize<'de> for {name} {{\n\
         fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {{\n\
         let value = Value::deserialize(deserializer)?;\n\
         let known = match wire::key_of(&value, \"{field}\").as_deref() {{\n{arms}_ => None,\n}};\n\
         Ok(known.unwrap_or_else(|| Self::Other(UnknownJson::new(value))))\n}}\n}}\n\n"
    ));
}

fn payload_parser(
    name: &str,
    field: &str,
    variants: &[(String, &str, String, &Webhook)],
    out: &mut String,
) {
    let arms: String = variants
        .iter()
        .map(|(variant, value, ty, _)| match ty.as_str() {
            "String" => format!("\"{value}\" => Self::{variant}(payload.to_owned()),\n"),
            _ => format!("\"{value}\" => Self::{variant}(wire::read_json(payload.as_bytes())?),\n"),
        })
        .collect();
    out.push_str(&format!(
        "impl {name} {{\n\
         /// Reads the message of a call, decrypted if it was encrypted, by what stands in `{field}`.\n\
         pub fn parse(event: &str, payload: &str) -> Result<Self> {{\n\
         Ok(match event.trim() {{\n{arms}_ => Self::Other(wire::read_json(payload.as_bytes())?),\n}})\n}}\n}}\n\n"
    ));
}
