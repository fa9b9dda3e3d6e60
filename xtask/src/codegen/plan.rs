//! Decides what a document becomes in Rust; printing follows these decisions.

mod arguments;
mod structs;
mod types;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::codegen::document::{Document, Operation};
use crate::codegen::names;
use crate::codegen::read::At;
use crate::codegen::schema::{Form, Schema, Union};

pub(crate) use crate::codegen::plan::arguments::{Argument, Arguments, Group, Options};
pub(crate) use crate::codegen::plan::structs::{Field, StructPlan, json_inside};
pub(crate) use crate::codegen::plan::types::{Resolved, Type, is_type, resolve};
pub(crate) use crate::codegen::plan::uses::{Use, sibling};

/// What a crate's manifest says about its generated code: `[package.metadata.codegen]`.
#[derive(Clone, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The file of the document.
    pub(crate) document: String,
    /// Tags that stand behind a feature of the same name.
    pub(crate) optional: Vec<String>,
    /// Parameters that many operations share, given as one argument of a type with this name.
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    /// Whether the tests get a function that calls every operation.
    pub(crate) calls: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            document: "openapi.yaml".to_owned(),
            optional: Vec::new(),
            groups: BTreeMap::new(),
            calls: false,
        }
    }
}

/// A document with the decisions made about it.
pub(crate) struct Plan<'a> {
    pub(crate) name: &'a str,
    pub(crate) document: &'a Document,
    pub(crate) settings: &'a Settings,
    pub(crate) uses: BTreeMap<String, Use>,
    checked: BTreeSet<String>,
}

/// The file of `model/` that a type stands in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Home {
    pub(crate) module: String,
    /// The features that bring it in; any of them does. Empty: always there.
    pub(crate) features: Vec<String>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        name: &'a str,
        document: &'a Document,
        settings: &'a Settings,
    ) -> Result<Self> {
        let mut plan = Self {
            name,
            document,
            settings,
            uses: uses::uses(document),
            checked: BTreeSet::new(),
        };
        plan.checked = plan.find_checked();
        plan.distinct_types()?;
        Ok(plan)
    }

    /// The schemas that become types, in the order of the document.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&'a str, &'a Schema, &Use)> {
        let document = self.document;
        document.schemas.iter().filter_map(|(name, schema)| {
            let used = self.uses.get(name)?;
            is_type(schema).then_some((name, schema, used))
        })
    }

    pub(crate) fn resolve(&self, schema: &'a Schema) -> Resolved<'a> {
        resolve(self.document, schema)
    }

    /// Whether values of a type can break a limit.
    pub(crate) fn is_checked(&self, name: &str) -> bool {
        self.checked.contains(name)
    }

    /// Whether a type is a union.
    pub(crate) fn is_union(&self, name: &str) -> bool {
        matches!(self.document.schemas[name].form, Form::Union(_))
    }

    /// Whether values of a type are copied: those of enums of numbers.
    pub(crate) fn is_copy(&self, name: &str) -> bool {
        matches!(&self.document.schemas[name].form, Form::Enum(list) if !list.of_text)
    }

    /// Whether a tag stands behind a feature.
    pub(crate) fn is_optional(&self, tag: &str) -> bool {
        self.settings
            .optional
            .iter()
            .any(|optional| optional == tag)
    }

    /// The features of a tag: itself, if it is optional.
    pub(crate) fn features_of(&self, tag: &str) -> Vec<String> {
        match self.is_optional(tag) {
            true => vec![feature(tag)],
            false => Vec::new(),
        }
    }

    /// Where a type is declared.
    pub(crate) fn home(&self, used: &Use) -> Home {
        let tags: Vec<&str> = used
            .tags
            .iter()
            .map(|tag| self.document.tags[*tag].name.as_str())
            .collect();
        if let [tag] = tags.as_slice() {
            return Home {
                module: names::field(tag),
                features: self.features_of(tag),
            };
        }
        if tags.iter().any(|tag| !self.is_optional(tag)) {
            return Home {
                module: "shared".to_owned(),
                features: Vec::new(),
            };
        }
        let module = match tags.len() {
            2 | 3 => format!("shared_by_{}", tags.join("_and_")),
            count => format!("shared_by_{}_and_{}_more", tags[0], count - 1),
        };
        Home {
            module: names::snake(&module),
            features: tags.iter().map(|tag| feature(tag)).collect(),
        }
    }

    /// The name of the union's variant that holds `member`.
    pub(crate) fn variants(&self, union: &'a Union) -> Vec<(String, Type, Resolved<'a>)> {
        let named: Vec<&str> = union
            .members
            .iter()
            .filter_map(|member| match &member.form {
                Form::Ref(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let end = common_end(&named);
        union
            .members
            .iter()
            .map(|member| {
                let resolved = self.resolve(member);
                let name = match (&member.form, &resolved.ty) {
                    (Form::Ref(name), _) => name[..name.len() - end.len()].to_owned(),
                    (_, Type::Boolean) => "Switch".to_owned(),
                    (_, Type::F32 | Type::F64 | Type::I32 | Type::I64) => "Number".to_owned(),
                    (_, Type::List(_)) => "List".to_owned(),
                    (_, Type::Map { .. }) => "Object".to_owned(),
                    (_, Type::Text | Type::Secret) => "Text".to_owned(),
                    (_, Type::File | Type::Json | Type::Named(_)) => "Value".to_owned(),
                };
                (name, resolved.ty.clone(), resolved)
            })
            .collect()
    }

    /// Whether the success answer of an operation holds a secret anywhere.
    pub(crate) fn answers_secrets(&self, schema: &Schema) -> bool {
        let mut seen = BTreeSet::new();
        self.holds_secret(schema, &mut seen)
    }

    fn holds_secret<'s>(&'s self, schema: &'s Schema, seen: &mut BTreeSet<&'s str>) -> bool {
        let mut secret = false;
        schema.walk(&mut |schema| secret |= schema.secret);
        secret
            || schema.named().into_iter().any(|name| {
                seen.insert(name) && self.holds_secret(&self.document.schemas[name], seen)
            })
    }

    /// The schema at a dotted path, with whether each step on the way may be absent.
    pub(crate) fn path(
        &self,
        schema: &'a Schema,
        path: &str,
    ) -> Option<Vec<(Field<'a>, Resolved<'a>)>> {
        let mut steps = Vec::new();
        let mut at = self.resolve(schema);
        for part in path.split('.') {
            let Type::Named(name) = at.ty.clone() else {
                return None;
            };
            let object = self.struct_plan(&name)?;
            let field = object.fields.into_iter().find(|field| field.wire == part)?;
            let resolved = field.resolved.clone();
            at = resolved.clone();
            steps.push((field, resolved));
        }
        Some(steps)
    }

    fn find_checked(&self) -> BTreeSet<String> {
        // A type is checked if it has a limit of its own or holds a type that has one.
        let sent: Vec<&str> = self
            .types()
            .filter(|(_, _, used)| used.sent)
            .map(|(name, ..)| name)
            .collect();
        let mut checked: BTreeSet<String> = sent
            .iter()
            .filter(|name| self.has_own_checks(name))
            .map(|name| (*name).to_owned())
            .collect();
        loop {
            let more: Vec<&str> = sent
                .iter()
                .filter(|name| !checked.contains(**name))
                .filter(|name| {
                    let mut held = false;
                    self.document.schemas[**name].walk(&mut |schema| {
                        if let Form::Ref(name) = &schema.form {
                            let ty = resolve(self.document, schema).ty;
                            held |= checked.contains(name)
                                || matches!(ty.leaf(), Type::Named(name) if checked.contains(name));
                        }
                    });
                    held
                })
                .copied()
                .collect();
            if more.is_empty() {
                return checked;
            }
            checked.extend(more.into_iter().map(str::to_owned));
        }
    }

    fn distinct_types(&self) -> Result<()> {
        let mut seen: BTreeMap<String, &At> = BTreeMap::new();
        for (name, schema, _) in self.types() {
            seen.insert(name.to_owned(), &schema.at);
        }
        for operation in &self.document.operations {
            let arguments = self.arguments(operation)?;
            let options = arguments.options.iter().map(|options| options.name.clone());
            for name in options.chain(arguments.required_struct()) {
                if seen.insert(name.clone(), &operation.at).is_some() {
                    return Err(operation
                        .at
                        .error(format!("a second type is named `{name}`")));
                }
            }
        }
        Ok(())
    }

    /// The name of a type made for an operation: verb and noun, unless a schema has that name.
    pub(crate) fn type_for(&self, operation: &str, suffix: &str) -> String {
        let name: String = operation
            .split('_')
            .map(|word| {
                let (first, rest) = word.split_at(1);
                first.to_ascii_uppercase() + rest
            })
            .collect();
        match self.uses.contains_key(&name) || self.settings.groups.contains_key(&name) {
            true => format!("{name}{suffix}"),
            false => name,
        }
    }

    /// The alternatives that most operations with a credential use.
    pub(crate) fn usual_security(&self) -> Vec<Vec<String>> {
        let mut counts: Vec<(&Vec<Vec<String>>, usize)> = Vec::new();
        for Operation { security, .. } in &self.document.operations {
            if security.iter().all(Vec::is_empty) {
                continue;
            }
            match counts.iter_mut().find(|(known, _)| *known == security) {
                Some((_, count)) => *count += 1,
                None => counts.push((security, 1)),
            }
        }
        let most = counts.iter().map(|(_, count)| *count).max();
        counts
            .into_iter()
            .find(|(_, count)| Some(*count) == most)
            .map(|(security, _)| security.clone())
            .unwrap_or_default()
    }
}

/// The name of the feature that a tag stands behind.
pub(crate) fn feature(tag: &str) -> String {
    tag.replace('_', "-")
}

/// The words that all names end with, if something is left of each without them.
fn common_end(names: &[&str]) -> String {
    let words = |name: &str| -> Vec<String> {
        let snake = names::snake(name);
        snake.split('_').map(str::to_owned).collect()
    };
    if names.len() < 2 {
        return String::new();
    }
    let first = words(names[0]);
    let mut length = 0;
    for count in 1..first.len() {
        let end: usize = first[first.len() - count..].iter().map(String::len).sum();
        let tail = &names[0][names[0].len() - end..];
        if names
            .iter()
            .all(|name| name.len() > end && name.ends_with(tail))
        {
            length = end;
        }
    }
    names[0][names[0].len() - length..].to_owned()
}
