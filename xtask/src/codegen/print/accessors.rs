//! Prints what a struct offers beside its fields: views of texts, its body, its reading.

use crate::codegen::plan::{Field, Plan, StructPlan, Type, sibling};
use crate::codegen::print::check::EXPECT_DEPRECATED;
use crate::codegen::print::doc::Doc;
use crate::codegen::print::structs::{DEPRECATED, link};
use crate::codegen::schema::Content;

/// The name of the method that reads the JSON in a text.
pub(super) fn json_name(field: &Field<'_>) -> String {
    format!("{}_as_json", field.name.trim_start_matches("r#"))
}

/// The name of the method that decodes the bytes in a text.
pub(super) fn decoded_name(field: &Field<'_>) -> String {
    format!("{}_decoded", field.name.trim_start_matches("r#"))
}

/// The view of a text that holds something else.
pub(super) fn view(plan: &Plan<'_>, object: &StructPlan<'_>, field: &Field<'_>) -> String {
    let text = match (field.optional, &field.resolved.ty) {
        (true, Type::Secret) => format!("self.{}.as_ref().map(Secret::expose)", field.name),
        (true, _) => format!("self.{}.as_deref()", field.name),
        (false, Type::Secret) => format!("self.{}.expose()", field.name),
        (false, _) => format!("&self.{}", field.name),
    };
    let through = |function: &str| match field.optional {
        true => format!("{text}.and_then({function})"),
        false => format!("({function})({text})")
            .replace("(wire::json_in)", "wire::json_in")
            .replace("(wire::base64_in)", "wire::base64_in"),
    };
    let deprecated = match field.resolved.deprecated {
        true => format!("{DEPRECATED}{EXPECT_DEPRECATED}"),
        false => String::new(),
    };
    match &field.resolved.target.content {
        Some(Content::Json { schema }) => {
            let ty = schema.as_deref().unwrap_or("Value");
            let chosen_by = schema
                .as_deref()
                .and_then(|schema| sibling(plan.document, schema));
            let read = match chosen_by.and_then(|name| key(object, name)) {
                Some(key) => through(&format!("|text| wire::json_chosen(text, {key})")),
                None => through("wire::json_in"),
            };
            let about = format!(
                "Reads the JSON in [`{0}`](Self::{0}); nothing if it is absent or other text.",
                link(&field.name)
            );
            let name = json_name(field);
            method(
                &about,
                &deprecated,
                &format!("{name}(&self) -> Option<{ty}>"),
                &read,
            )
        }
        Some(Content::Base64 { schema }) => {
            let holds = match schema {
                Some(schema) => format!(
                    " They hold JSON of a [`{schema}`](crate::model::{schema}) once decrypted."
                ),
                None => String::new(),
            };
            let about = format!(
                "Decodes the bytes in [`{0}`](Self::{0}); nothing if it is absent or not base64.{holds}",
                link(&field.name)
            );
            let name = decoded_name(field);
            let head = format!("{name}(&self) -> Option<Vec<u8>>");
            method(&about, &deprecated, &head, &through("wire::base64_in"))
        }
        _ => String::new(),
    }
}

fn method(about: &str, deprecated: &str, head: &str, body: &str) -> String {
    let mut out = String::new();
    Doc::new(about).print(&mut out, 4);
    out.push_str(&format!(
        "{deprecated}#[inline]\npub fn {head} {{\n{body}\n}}\n\n"
    ));
    out
}

/// The expression for what a sibling holds, as text.
fn key(object: &StructPlan<'_>, sibling: &str) -> Option<String> {
    let field = object.fields.iter().find(|field| field.wire == sibling)?;
    Some(match field.optional {
        true => format!("self.{}.as_ref().map(ToString::to_string)", field.name),
        false => format!("Some(self.{}.to_string())", field.name),
    })
}

/// The method that tells a partial success.
pub(super) fn partial(object: &StructPlan<'_>) -> String {
    let codes: Vec<String> = object
        .used
        .partial
        .iter()
        .map(|code| format!("\"{code}\""))
        .collect();
    let code = object.fields.iter().find(|field| field.wire == "code");
    let (false, Some(field)) = (codes.is_empty(), code) else {
        return String::new();
    };
    let text = match field.optional {
        true => format!("self.{}.as_deref().map(str::trim)", field.name),
        false => format!("Some(self.{}.trim())", field.name),
    };
    format!(
        "/// Whether the platform accepted the request for some of the targets only.\n\
         pub fn is_partial(&self) -> bool {{\nmatches!({text}, Some({}))\n}}\n\n",
        codes.join(" | ")
    )
}

/// The method that writes the struct as a body of parts.
pub(super) fn multipart(object: &StructPlan<'_>) -> String {
    let mut parts = String::new();
    for field in &object.fields {
        let (method, value) = match (&field.resolved.ty, field.optional) {
            (Type::File, false) => ("file", format!("&self.{}", field.name)),
            (Type::File, true) => ("file_opt", format!("self.{}.as_ref()", field.name)),
            (Type::Secret, false) => ("text", format!("self.{}.expose()", field.name)),
            (Type::Secret, true) => (
                "text_opt",
                format!("self.{}.as_ref().map(Secret::expose)", field.name),
            ),
            (_, false) => ("text", format!("&self.{}", field.name)),
            (_, true) => ("text_opt", format!("self.{}.as_ref()", field.name)),
        };
        parts.push_str(&format!(".{method}(\"{}\", {value})", field.wire));
    }
    format!("pub(crate) fn multipart(&self) -> Multipart {{\nMultipart::new(){parts}\n}}\n\n")
}

/// Prints how a struct is read of which members have to be looked at first.
pub(super) fn read_whole(object: &StructPlan<'_>, out: &mut String) {
    let mut steps = String::new();
    for field in &object.fields {
        if !field.schema.aliases.is_empty() {
            let names: Vec<String> = field
                .schema
                .aliases
                .iter()
                .map(|name| format!("\"{name}\""))
                .collect();
            steps.push_str(&format!(
                ".alias(\"{}\", &[{}])",
                field.wire,
                names.join(", ")
            ));
        }
    }
    for field in &object.fields {
        if let Some(sibling) = field.chosen_by {
            steps.push_str(&format!(".choose(\"{}\", \"{sibling}\")", field.wire));
        }
    }
    let name = &object.name;
    out.push_str(&format!(
        "impl<'de> Deserialize<'de> for {name} {{\n\
         fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {{\n\
         Object::read(deserializer)?{steps}.with(Self::deserialize)\n}}\n}}\n\n\
         impl Serialize for {name} {{\n\
         fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {{\n\
         Self::serialize(self, serializer)\n}}\n}}\n\n"
    ));
}
