//! What a struct of the document becomes: its fields, and how each is read and written.

use serde_json::Value;

use crate::codegen::document::Evidence;
use crate::codegen::names;
use crate::codegen::plan::{Plan, Resolved, Type, Use, sibling};
use crate::codegen::print::{keys, limits_of};
use crate::codegen::schema::{Content, Form, Schema, Struct};

pub(crate) struct StructPlan<'a> {
    pub(crate) name: String,
    pub(crate) object: &'a Struct,
    pub(crate) used: Use,
    pub(crate) fields: Vec<Field<'a>>,
    /// The field for members that no property names, and the type of their values.
    pub(crate) rest: Option<(String, Type)>,
    /// Whether it is a body of `multipart/form-data`.
    pub(crate) multipart: bool,
}

/// A property that becomes a field.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    pub(crate) name: String,
    pub(crate) wire: &'a str,
    pub(crate) schema: &'a Schema,
    pub(crate) resolved: Resolved<'a>,
    pub(crate) optional: bool,
    /// Whether the value stands in a box, because its type holds this struct again.
    pub(crate) boxed: bool,
    /// The one value that a request holds here.
    pub(crate) fixed: Option<Fixed>,
    /// The sibling that chooses the member of the union in this field.
    pub(crate) chosen_by: Option<&'a str>,
}

#[derive(Clone)]
pub(crate) struct Fixed {
    pub(crate) value: Value,
}

impl Field<'_> {
    /// The type of the field.
    pub(crate) fn rust(&self) -> String {
        let ty = match self.boxed {
            true => format!("Box<{}>", self.resolved.ty.rust()),
            false => self.resolved.ty.rust(),
        };
        match self.optional {
            true => format!("Option<{ty}>"),
            false => ty,
        }
    }
}

impl StructPlan<'_> {
    /// The fields a request cannot do without.
    pub(crate) fn required(&self) -> impl Iterator<Item = &Field<'_>> {
        self.fields
            .iter()
            .filter(|field| !field.optional && field.fixed.is_none())
    }

    /// Whether members have to be looked at before the struct itself can be read.
    pub(crate) fn read_whole(&self) -> bool {
        self.fields
            .iter()
            .any(|field| !field.schema.aliases.is_empty() || field.chosen_by.is_some())
    }
}

impl<'a> Plan<'a> {
    /// What a struct becomes; nothing for other schemas.
    pub(crate) fn struct_plan(&self, name: &str) -> Option<StructPlan<'a>> {
        let document = self.document;
        let schema = document.schemas.get(name)?;
        let Form::Struct(object) = &schema.form else {
            return None;
        };
        let used = self.uses.get(name).cloned().unwrap_or_default();
        let fields: Vec<Field<'a>> = object
            .properties
            .iter()
            .filter(|(wire, _)| !used.credentials.contains(wire))
            .map(|(wire, property)| self.field(name, schema, object, &used, wire, property))
            .collect();
        let rest = object.rest.as_deref().map(|rest| {
            let free = ["rest", "other_members"]
                .into_iter()
                .find(|name| fields.iter().all(|field| field.name != **name));
            let name = free.unwrap_or("members_without_a_name").to_owned();
            (name, self.resolve(rest).ty)
        });
        let multipart = fields.iter().any(|field| field.resolved.ty == Type::File);
        Some(StructPlan {
            name: name.to_owned(),
            object,
            used,
            fields,
            rest,
            multipart,
        })
    }

    fn field(
        &self,
        owner: &str,
        schema: &Schema,
        object: &Struct,
        used: &Use,
        wire: &'a str,
        property: &'a Schema,
    ) -> Field<'a> {
        let resolved = self.resolve(property);
        let evidence = resolved.evidence.or(schema.evidence);
        let documented = match evidence {
            Some(evidence) => evidence == Evidence::Documented,
            None => used.documented,
        };
        let is_required = object.required.iter().any(|name| name == wire);
        let optional = !is_required || resolved.nullable || !(documented || used.sent);
        let constant = property
            .constant
            .clone()
            .or_else(|| self.fixed_by_variant(owner, wire));
        let chosen_by = match &resolved.ty {
            Type::Named(name) => sibling(self.document, name),
            _ => None,
        };
        Field {
            name: names::field(wire),
            wire,
            schema: property,
            optional,
            boxed: matches!(&resolved.ty, Type::Named(name) if self.holds(name, owner, &mut Vec::new())),
            fixed: constant.filter(|_| used.sent).map(|value| Fixed { value }),
            chosen_by,
            resolved,
        }
    }

    /// Whether a struct is, or directly holds, another one. Lists, maps and unions hold in a box of
    /// their own.
    fn holds(&self, name: &str, wanted: &str, seen: &mut Vec<String>) -> bool {
        let Form::Struct(object) = &self.document.schemas[name].form else {
            return false;
        };
        if name == wanted {
            return true;
        }
        if seen.iter().any(|known| known == name) {
            return false;
        }
        seen.push(name.to_owned());
        object
            .properties
            .iter()
            .any(|(_, property)| match self.resolve(property).ty {
                Type::Named(name) => self.holds(&name, wanted, seen),
                _ => false,
            })
    }

    /// The value that `x-variants` fixes for a member of a request.
    fn fixed_by_variant(&self, owner: &str, wire: &str) -> Option<Value> {
        use crate::codegen::document::Want;

        let mut variants = self
            .document
            .operations
            .iter()
            .flat_map(|operation| &operation.variants);
        let variant = variants.find(|variant| variant.request == owner)?;
        variant.when.iter().find_map(|(name, want)| match want {
            Want::OneOf(values) if name == wire && values.len() == 1 => Some(values[0].clone()),
            _ => None,
        })
    }

    /// Whether a type has limits or rules of its own.
    pub(super) fn has_own_checks(&self, name: &str) -> bool {
        let Some(object) = self.struct_plan(name) else {
            return false;
        };
        !object.object.required_if.is_empty()
            || !object.object.exactly_one_of.is_empty()
            || object.fields.iter().any(|field| {
                field.fixed.is_some()
                    || !limits_of(self, field.wire, "", &field.resolved).is_empty()
                    || !keys(field, "").is_empty()
            })
    }
}

/// Whether a text holds JSON, and of which schema.
pub(crate) fn json_inside<'a>(resolved: &'a Resolved<'_>) -> Option<Option<&'a str>> {
    match &resolved.target.content {
        Some(Content::Json { schema }) => Some(schema.as_deref()),
        _ => None,
    }
}
