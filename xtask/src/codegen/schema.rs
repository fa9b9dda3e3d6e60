//! A schema as data: exactly one of the forms of the vocabulary, with what stands beside it.

use serde_json::Value;

use crate::codegen::document::{Evidence, Jwt, Rule};
use crate::codegen::read::At;

#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub(crate) at: At,
    pub(crate) form: Form,
    pub(crate) nullable: bool,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) default: Option<Value>,
    pub(crate) constant: Option<Value>,
    pub(crate) limits: Limits,
    pub(crate) content: Option<Content>,
    pub(crate) secret: bool,
    pub(crate) accept_also: bool,
    pub(crate) aliases: Vec<String>,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) source: Vec<String>,
    pub(crate) jwt: Option<Jwt>,
}

#[derive(Clone, Debug)]
pub(crate) enum Form {
    Any,
    Boolean,
    Enum(Enum),
    Integer { wide: bool },
    List(Box<Schema>),
    Map(Map),
    Number { double: bool },
    Ref(String),
    Struct(Struct),
    Text,
    Union(Union),
}

#[derive(Clone, Debug)]
pub(crate) struct Struct {
    pub(crate) properties: Vec<(String, Schema)>,
    pub(crate) required: Vec<String>,
    /// The members that no property names: kept as any JSON, or of the type given.
    pub(crate) rest: Option<Box<Schema>>,
    pub(crate) required_if: Vec<Rule>,
    pub(crate) exactly_one_of: Vec<Vec<String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Map {
    pub(crate) key: Option<Box<Schema>>,
    pub(crate) value: Box<Schema>,
    pub(crate) patterns: Vec<(String, Schema)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Enum {
    pub(crate) variants: Vec<Variant>,
    pub(crate) of_text: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) value: Value,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Union {
    pub(crate) members: Vec<Schema>,
    pub(crate) select: Option<Select>,
}

#[derive(Clone, Debug)]
pub(crate) struct Select {
    pub(crate) by: By,
    pub(crate) name: String,
    pub(crate) mapping: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Header,
    Property,
    Sibling,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) min_length: Option<usize>,
    pub(crate) max_length: Option<usize>,
    pub(crate) max_bytes: Option<usize>,
    pub(crate) pattern: Option<String>,
    pub(crate) minimum: Option<Value>,
    pub(crate) maximum: Option<Value>,
    pub(crate) min_items: Option<usize>,
    pub(crate) max_items: Option<usize>,
    pub(crate) min_properties: Option<usize>,
    pub(crate) max_properties: Option<usize>,
}

/// What a text really is.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Base64, of JSON of the schema if one is named.
    Base64 { schema: Option<String> },
    /// A file of a multipart body.
    File,
    /// JSON, of the schema if one is named.
    Json { schema: Option<String> },
}

impl Schema {
    /// The schemas right below this one.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match &self.form {
            Form::Any
            | Form::Boolean
            | Form::Enum(_)
            | Form::Integer { .. }
            | Form::Number { .. }
            | Form::Ref(_)
            | Form::Text => Vec::new(),
            Form::List(items) => vec![items],
            Form::Map(map) => std::iter::once(&*map.value)
                .chain(map.key.as_deref())
                .chain(map.patterns.iter().map(|(_, schema)| schema))
                .collect(),
            Form::Struct(object) => object
                .properties
                .iter()
                .map(|(_, schema)| schema)
                .chain(object.rest.as_deref())
                .collect(),
            Form::Union(union) => union.members.iter().collect(),
        }
    }

    /// Calls `visit` with this schema and everything below it.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// The component schemas that this one names, in references and in extensions.
    pub(crate) fn named(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.walk(&mut |schema| {
            if let Form::Ref(name) = &schema.form {
                names.push(name.as_str());
            }
            if let Some(
                Content::Json { schema: Some(name) } | Content::Base64 { schema: Some(name) },
            ) = &schema.content
            {
                names.push(name);
            }
            if let Some(jwt) = &schema.jwt {
                names.extend(jwt.claims.as_deref());
                names.extend(jwt.key.as_deref());
            }
            if let Form::Union(Union {
                select: Some(select),
                ..
            }) = &schema.form
            {
                names.extend(
                    select
                        .mapping
                        .iter()
                        .flat_map(|(_, names)| names)
                        .map(String::as_str),
                );
            }
        });
        names
    }
}
