//! Types of Rust, and what a schema says once its references are followed.

use serde_json::Value;

use crate::codegen::document::{Document, Evidence};
use crate::codegen::schema::{Content, Form, Limits, Schema};

/// A type of a field, parameter or answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Boolean,
    F32,
    F64,
    File,
    I32,
    I64,
    Json,
    List(Box<Self>),
    Map {
        key: Option<String>,
        value: Box<Self>,
    },
    /// A struct, enum or union of the document.
    Named(String),
    Secret,
    Text,
}

/// A schema with everything that the components it refers to add.
#[derive(Clone)]
pub(crate) struct Resolved<'a> {
    /// The schema at the end of the references.
    pub(crate) target: &'a Schema,
    pub(crate) ty: Type,
    pub(crate) nullable: bool,
    pub(crate) description: Option<&'a str>,
    pub(crate) deprecated: bool,
    pub(crate) default: Option<&'a Value>,
    pub(crate) limits: Limits,
    /// Whether scalars in it are read leniently.
    pub(crate) lenient: bool,
    /// Whether a bare object is read as a list of one.
    pub(crate) one_or_many: bool,
    pub(crate) evidence: Option<Evidence>,
}

impl Type {
    /// Whether values of the type are texts to hand over as `&str`.
    pub(crate) fn is_text(&self) -> bool {
        *self == Self::Text
    }

    /// The type as Rust writes it.
    pub(crate) fn rust(&self) -> String {
        match self {
            Self::Boolean => "bool".to_owned(),
            Self::F32 => "f32".to_owned(),
            Self::F64 => "f64".to_owned(),
            Self::File => "File".to_owned(),
            Self::I32 => "i32".to_owned(),
            Self::I64 => "i64".to_owned(),
            Self::Json => "Value".to_owned(),
            Self::List(items) => format!("Vec<{}>", items.rust()),
            Self::Map { key, value } => {
                let key = key.as_deref().unwrap_or("String");
                format!("BTreeMap<{key}, {}>", value.rust())
            }
            Self::Named(name) => name.clone(),
            Self::Secret => "Secret".to_owned(),
            Self::Text => "String".to_owned(),
        }
    }

    /// The type at the bottom of lists and maps.
    pub(crate) fn leaf(&self) -> &Self {
        match self {
            Self::List(items) => items.leaf(),
            Self::Map { value, .. } => value.leaf(),
            ty => ty,
        }
    }
}

/// Follows the references of a schema.
pub(crate) fn resolve<'a>(document: &'a Document, schema: &'a Schema) -> Resolved<'a> {
    let mut seen = Vec::new();
    let mut at = schema;
    while let Form::Ref(name) = &at.form {
        seen.push(at);
        let target = &document.schemas[name.as_str()];
        if is_type(target) {
            break;
        }
        at = target;
    }
    let target = match &at.form {
        Form::Ref(name) => &document.schemas[name.as_str()],
        _ => at,
    };
    seen.push(target);
    let secret = seen.iter().any(|schema| schema.secret);
    let ty = type_of(document, at, secret);
    let accepts = seen.iter().any(|schema| schema.accept_also);
    let is_list = matches!(target.form, Form::List(_));
    let mut limits = Limits::default();
    for schema in &seen {
        merge(&mut limits, &schema.limits);
    }
    Resolved {
        target,
        nullable: seen.iter().any(|schema| schema.nullable),
        description: schema
            .description
            .as_deref()
            .or(target.description.as_deref()),
        deprecated: seen.iter().any(|schema| schema.deprecated),
        default: seen.iter().find_map(|schema| schema.default.as_ref()),
        limits,
        lenient: (accepts && !is_list) || lenient_inside(document, target),
        one_or_many: accepts && is_list,
        evidence: schema.evidence,
        ty,
    }
}

/// Whether a component becomes a type of its own; others are spelled out where they are used.
pub(crate) fn is_type(schema: &Schema) -> bool {
    matches!(
        schema.form,
        Form::Enum(_) | Form::Struct(_) | Form::Union(_)
    )
}

fn type_of(document: &Document, schema: &Schema, secret: bool) -> Type {
    let secret = secret || schema.secret;
    match &schema.form {
        Form::Any => Type::Json,
        Form::Boolean => Type::Boolean,
        Form::Integer { wide: true } => Type::I64,
        Form::Integer { wide: false } => Type::I32,
        Form::Number { double: true } => Type::F64,
        Form::Number { double: false } => Type::F32,
        Form::List(items) => Type::List(Box::new(type_of(document, items, secret))),
        Form::Map(map) => Type::Map {
            key: map.key.as_deref().and_then(|key| match &key.form {
                Form::Ref(name) if is_type(&document.schemas[name.as_str()]) => Some(name.clone()),
                _ => None,
            }),
            value: Box::new(type_of(document, &map.value, secret)),
        },
        Form::Ref(name) => {
            let target = &document.schemas[name.as_str()];
            match is_type(target) {
                true => Type::Named(name.clone()),
                false => type_of(document, target, secret),
            }
        }
        Form::Text if matches!(schema.content, Some(Content::File)) => Type::File,
        Form::Text if secret => Type::Secret,
        Form::Text => Type::Text,
        // Components only, and those are reached through references.
        Form::Enum(_) | Form::Struct(_) | Form::Union(_) => Type::Json,
    }
}

fn lenient_inside(document: &Document, schema: &Schema) -> bool {
    let below = match &schema.form {
        Form::List(items) => items,
        Form::Map(map) => &map.value,
        _ => return false,
    };
    let below = resolve(document, below);
    below.lenient
}

fn merge(limits: &mut Limits, more: &Limits) {
    fn take<T: Clone>(slot: &mut Option<T>, value: &Option<T>) {
        if slot.is_none() {
            slot.clone_from(value);
        }
    }
    take(&mut limits.min_length, &more.min_length);
    take(&mut limits.max_length, &more.max_length);
    take(&mut limits.max_bytes, &more.max_bytes);
    take(&mut limits.pattern, &more.pattern);
    take(&mut limits.minimum, &more.minimum);
    take(&mut limits.maximum, &more.maximum);
    take(&mut limits.min_items, &more.min_items);
    take(&mut limits.max_items, &more.max_items);
    take(&mut limits.min_properties, &more.min_properties);
    take(&mut limits.max_properties, &more.max_properties);
}
