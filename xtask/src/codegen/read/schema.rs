//! Reads schemas: section 3 of the vocabulary.

use anyhow::Result;
use serde_json::Value;

use crate::codegen::names;
use crate::codegen::read::extension::{EVIDENCE, jwt, names_of, required_if};
use crate::codegen::read::{At, Cursor, Fields};
use crate::codegen::schema::{
    By, Content, Enum, Form, Limits, Map, Schema, Select, Struct, Union, Variant,
};

/// Reads a schema that stands in `components/schemas`.
pub(super) fn component(cursor: &Cursor<'_>) -> Result<Schema> {
    let fields = cursor.fields()?;
    fields.description()?;
    read(fields, true)
}

/// Reads a schema that stands anywhere else.
pub(super) fn inline(cursor: &Cursor<'_>) -> Result<Schema> {
    read(cursor.fields()?, false)
}

/// Reads a schema that needs a description of its own.
pub(super) fn described(cursor: &Cursor<'_>) -> Result<Schema> {
    let fields = cursor.fields()?;
    fields.description()?;
    read(fields, false)
}

/// The bare name in a `$ref` to a component of the given kind.
pub(super) fn reference(cursor: &Cursor<'_>, kind: &str) -> Result<String> {
    let text = cursor.text()?;
    match text.strip_prefix(&format!("#/components/{kind}/")) {
        Some(name) => Ok(name.to_owned()),
        None => Err(cursor.at().error(format!("`{text}` leads to no {kind}"))),
    }
}

fn read(fields: Fields<'_>, is_component: bool) -> Result<Schema> {
    let at = fields.at().clone();
    let (form, nullable) = form(&fields, &at, is_component)?;
    let schema = Schema {
        nullable,
        description: fields.map("description", Cursor::text)?,
        deprecated: fields.flag("deprecated")?,
        default: fields.map("default", |cursor| Ok(cursor.value()))?,
        constant: fields.map("const", |cursor| Ok(cursor.value()))?,
        limits: limits(&fields)?,
        content: content(&fields, &at)?,
        secret: secret(&fields)?,
        accept_also: !fields
            .each("x-accept-also", |cursor| cursor.one_of(TYPES))?
            .is_empty(),
        aliases: fields.each("x-aliases", Cursor::text)?,
        evidence: fields.map("x-evidence", |cursor| cursor.one_of(EVIDENCE))?,
        source: fields.each("x-source", Cursor::text)?,
        jwt: fields.map("x-jwt", jwt)?,
        form,
        at: at.clone(),
    };
    // Examples are for readers of the document; they only have to be a list.
    fields.each("examples", |_| Ok(()))?;
    fields.done()?;
    if matches!(schema.form, Form::Ref(_)) {
        check_beside_reference(&schema)?;
    }
    Ok(schema)
}

/// Reads `x-secret`: always true where it stands.
pub(super) fn secret(fields: &Fields<'_>) -> Result<bool> {
    match fields.optional("x-secret") {
        None => Ok(false),
        Some(cursor) if cursor.boolean()? => Ok(true),
        Some(cursor) => Err(cursor.at().error("is true or left out")),
    }
}

fn form(fields: &Fields<'_>, at: &At, is_component: bool) -> Result<(Form, bool)> {
    let reference_to = fields.map("$ref", |cursor| reference(cursor, "schemas"))?;
    let members = fields.optional("anyOf");
    let kind = fields.map("type", kind)?;
    match (reference_to, members, kind) {
        (Some(name), None, None) => Ok((Form::Ref(name), false)),
        (None, Some(members), None) => union(fields, &members, is_component),
        (None, None, Some((kind, nullable))) => {
            Ok((typed(fields, at, kind, is_component)?, nullable))
        }
        (None, None, None) => Ok((Form::Any, false)),
        _ => Err(at.error("holds more than one of `type`, `$ref` and `anyOf`")),
    }
}

fn kind(cursor: &Cursor<'_>) -> Result<(Kind, bool)> {
    if !cursor.is_list() {
        return Ok((cursor.one_of(TYPES)?, false));
    }
    match cursor.list()?.as_slice() {
        [kind, null] if null.text()? == "null" => Ok((kind.one_of(TYPES)?, true)),
        _ => Err(cursor.at().error("is neither a type nor a type and 'null'")),
    }
}

fn typed(fields: &Fields<'_>, at: &At, kind: Kind, is_component: bool) -> Result<Form> {
    let format = fields.map("format", Cursor::text)?;
    if let Some(values) = fields.optional("enum") {
        if !is_component {
            return Err(values.at().error("an enum has to be a component"));
        }
        return enumeration(fields, &values, kind, format.as_deref());
    }
    match (kind, format.as_deref()) {
        (Kind::Text, None | Some("uri" | "email" | "date" | "date-time")) => Ok(Form::Text),
        (Kind::Integer, Some("int32")) => Ok(Form::Integer { wide: false }),
        (Kind::Integer, Some("int64")) => Ok(Form::Integer { wide: true }),
        (Kind::Number, Some("float")) => Ok(Form::Number { double: false }),
        (Kind::Number, Some("double")) => Ok(Form::Number { double: true }),
        (Kind::Boolean, None) => Ok(Form::Boolean),
        (Kind::Array, None) => Ok(Form::List(Box::new(inline(&fields.required("items")?)?))),
        (Kind::Object, None) => object(fields, at, is_component),
        (_, None) => Err(at.error("a number needs `format`: int32 or int64, float or double")),
        (_, Some(format)) => Err(at.error(format!("`{format}` is no format of this type"))),
    }
}

fn object(fields: &Fields<'_>, at: &At, is_component: bool) -> Result<Form> {
    let rest = fields.optional("additionalProperties");
    let rest = match &rest {
        None => None,
        Some(cursor) if cursor.is_map() => Some(Box::new(inline(cursor)?)),
        Some(cursor) if cursor.boolean()? => Some(Box::new(any(cursor.at()))),
        Some(cursor) => return Err(cursor.at().error("is true, a schema, or left out")),
    };
    let Some(properties) = fields.optional("properties") else {
        let Some(value) = rest else {
            return Err(at.error("an object has `properties` or `additionalProperties`"));
        };
        let patterns = fields.map("patternProperties", |cursor| {
            let patterns = cursor.entries()?.into_iter();
            patterns
                .map(|(pattern, cursor)| Ok((pattern.to_owned(), inline(&cursor)?)))
                .collect()
        })?;
        return Ok(Form::Map(Map {
            key: fields.map("propertyNames", inline)?.map(Box::new),
            value,
            patterns: patterns.unwrap_or_default(),
        }));
    };
    if !is_component {
        return Err(properties
            .at()
            .error("an object with properties has to be a component"));
    }
    let properties = properties
        .entries()?
        .into_iter()
        .map(|(name, cursor)| Ok((name.to_owned(), described(&cursor)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(Form::Struct(Struct {
        properties,
        required: fields.each("required", Cursor::text)?,
        rest,
        required_if: required_if(fields)?,
        exactly_one_of: fields.each("x-exactly-one-of", Cursor::texts)?,
    }))
}

fn enumeration(
    fields: &Fields<'_>,
    values: &Cursor<'_>,
    kind: Kind,
    format: Option<&str>,
) -> Result<Form> {
    let of_text = match (kind, format) {
        (Kind::Text, None) => true,
        (Kind::Integer, Some("int32" | "int64")) => false,
        _ => {
            return Err(values
                .at()
                .error("an enum holds texts, or integers with a format"));
        }
    };
    let names = fields.map("x-enum-varnames", Cursor::texts)?;
    let mut about = match fields.optional("x-enum-descriptions") {
        Some(cursor) => names_of(&cursor)?,
        None => Vec::new(),
    };
    let mut variants = Vec::new();
    for (index, cursor) in values.list()?.iter().enumerate() {
        let (value, text) = match of_text {
            true => (Value::from(cursor.text()?), cursor.text()?),
            false => (
                Value::from(cursor.integer()?),
                cursor.integer()?.to_string(),
            ),
        };
        let name = match &names {
            Some(names) => names.get(index).cloned().unwrap_or_default(),
            None => names::pascal(&text),
        };
        if !names::is_type(&name) || matches!(name.as_str(), "Other" | "Self") {
            return Err(cursor.at().error(format!(
                "`{name}` is no name for a variant: `x-enum-varnames` has to give one"
            )));
        }
        if variants
            .iter()
            .any(|variant: &Variant| variant.name == name)
        {
            return Err(cursor
                .at()
                .error(format!("a second variant is named `{name}`")));
        }
        let description = about
            .iter()
            .position(|(known, _)| *known == text)
            .map(|index| about.remove(index).1);
        variants.push(Variant {
            name,
            value,
            description,
        });
    }
    if let Some((value, _)) = about.first() {
        return Err(values
            .at()
            .error(format!("`{value}` is described but not listed")));
    }
    if names.is_some_and(|names| names.len() != variants.len()) {
        return Err(values
            .at()
            .error("has another number of values than `x-enum-varnames`"));
    }
    Ok(Form::Enum(Enum { variants, of_text }))
}

fn union(fields: &Fields<'_>, members: &Cursor<'_>, is_component: bool) -> Result<(Form, bool)> {
    let list = members.list()?;
    if let [first, second] = list.as_slice() {
        let null = second.fields()?;
        let is_null = null.map("type", Cursor::text)?.as_deref() == Some("null");
        if is_null {
            null.done()?;
            let first = first.fields()?;
            let name = reference(&first.required("$ref")?, "schemas")?;
            first.done()?;
            return Ok((Form::Ref(name), true));
        }
    }
    if !is_component {
        return Err(members.at().error("a union has to be a component"));
    }
    Ok((
        Form::Union(Union {
            members: list.iter().map(inline).collect::<Result<_>>()?,
            select: fields.map("x-select", select)?,
        }),
        false,
    ))
}

fn select(cursor: &Cursor<'_>) -> Result<Select> {
    let fields = cursor.fields()?;
    let mapping = fields.required("mapping")?;
    let select = Select {
        by: fields.required("by")?.one_of(&[
            ("header", By::Header),
            ("property", By::Property),
            ("sibling", By::Sibling),
        ])?,
        name: fields.required("name")?.text()?,
        mapping: mapping
            .entries()?
            .into_iter()
            .map(|(value, names)| Ok((value.to_owned(), names.texts()?)))
            .collect::<Result<_>>()?,
    };
    fields.done()?;
    Ok(select)
}

fn limits(fields: &Fields<'_>) -> Result<Limits> {
    let count = |name| fields.map(name, Cursor::count);
    Ok(Limits {
        min_length: count("minLength")?,
        max_length: count("maxLength")?,
        max_bytes: count("x-max-bytes")?,
        pattern: fields.map("pattern", Cursor::text)?,
        minimum: fields.map("minimum", |cursor| Ok(cursor.value()))?,
        maximum: fields.map("maximum", |cursor| Ok(cursor.value()))?,
        min_items: count("minItems")?,
        max_items: count("maxItems")?,
        min_properties: count("minProperties")?,
        max_properties: count("maxProperties")?,
    })
}

fn content(fields: &Fields<'_>, at: &At) -> Result<Option<Content>> {
    let media = fields.map("contentMediaType", Cursor::text)?;
    let encoding = fields.map("contentEncoding", Cursor::text)?;
    let schema = fields.map("contentSchema", |cursor| {
        let fields = cursor.fields()?;
        let name = reference(&fields.required("$ref")?, "schemas")?;
        fields.done()?;
        Ok(name)
    })?;
    match (media.as_deref(), encoding.as_deref()) {
        (None, None) if schema.is_none() => Ok(None),
        (Some("application/octet-stream"), None) if schema.is_none() => Ok(Some(Content::File)),
        (Some("application/json"), None) => Ok(Some(Content::Json { schema })),
        (Some("application/json"), Some("base64")) => Ok(Some(Content::Base64 { schema })),
        (None, Some("base64")) if schema.is_none() => Ok(Some(Content::Base64 { schema })),
        _ => Err(at.error("this pair of content type and encoding is not in the vocabulary")),
    }
}

fn check_beside_reference(schema: &Schema) -> Result<()> {
    let limits = &schema.limits;
    let odd = schema.constant.is_some()
        || schema.content.is_some()
        || schema.jwt.is_some()
        || !schema.source.is_empty()
        || limits.max_bytes.is_some()
        || limits.minimum.is_some()
        || limits.maximum.is_some()
        || limits.min_items.is_some()
        || limits.max_items.is_some()
        || limits.min_properties.is_some()
        || limits.max_properties.is_some();
    match odd {
        true => Err(schema
            .at
            .error("holds a keyword that does not go with `$ref`")),
        false => Ok(()),
    }
}

fn any(at: &At) -> Schema {
    Schema {
        at: at.clone(),
        form: Form::Any,
        nullable: false,
        description: None,
        deprecated: false,
        default: None,
        constant: None,
        limits: Limits::default(),
        content: None,
        secret: false,
        accept_also: false,
        aliases: Vec::new(),
        evidence: None,
        source: Vec::new(),
        jwt: None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Boolean,
    Integer,
    Number,
    Object,
    Text,
}

const TYPES: &[(&str, Kind)] = &[
    ("array", Kind::Array),
    ("boolean", Kind::Boolean),
    ("integer", Kind::Integer),
    ("number", Kind::Number),
    ("object", Kind::Object),
    ("string", Kind::Text),
];
