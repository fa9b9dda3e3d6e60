//! What an operation's parameters and body become: the arguments of its method.

use anyhow::Result;

use crate::codegen::document::{In, Operation, Parameter, SchemeKind};
use crate::codegen::names;
use crate::codegen::plan::{Plan, Resolved, Type};

/// The arguments of a method, in their order.
pub(crate) struct Arguments<'a> {
    /// Parameters that other operations share, one type each.
    pub(crate) groups: Vec<Group<'a>>,
    pub(crate) required: Vec<Argument<'a>>,
    /// The type that names the required parameters at the call, where there are several texts.
    pub(crate) together: Option<String>,
    pub(crate) options: Option<Options<'a>>,
    /// Parameters that always have the same value.
    pub(crate) fixed: Vec<&'a Parameter>,
}

#[derive(Clone)]
pub(crate) struct Group<'a> {
    pub(crate) name: String,
    pub(crate) members: Vec<Argument<'a>>,
}

pub(crate) struct Options<'a> {
    pub(crate) name: String,
    pub(crate) members: Vec<Argument<'a>>,
}

/// One parameter as an argument or a member of one.
#[derive(Clone)]
pub(crate) struct Argument<'a> {
    pub(crate) name: String,
    pub(crate) parameter: &'a Parameter,
    pub(crate) resolved: Resolved<'a>,
    /// Whether it is a switch: a parameter with one value, sent or not.
    pub(crate) switch: bool,
}

impl Arguments<'_> {
    /// The name of the type that takes the required parameters together.
    pub(crate) fn required_struct(&self) -> Option<String> {
        self.together.clone()
    }
}

impl Argument<'_> {
    /// The type of the value: that of a field that holds it.
    pub(crate) fn ty(&self) -> Type {
        match (&self.resolved.ty, self.parameter.secret) {
            (Type::Text, true) => Type::Secret,
            (ty, _) => ty.clone(),
        }
    }

    /// Whether the parameter may be left out by the caller.
    pub(crate) fn optional(&self) -> bool {
        !self.parameter.required || self.parameter.allow_empty
    }
}

impl<'a> Plan<'a> {
    pub(crate) fn arguments(&self, operation: &'a Operation) -> Result<Arguments<'a>> {
        let credentials = query_credentials(self, operation);
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut required = Vec::new();
        let mut optional = Vec::new();
        let mut fixed = Vec::new();
        let present: Vec<&str> = operation
            .parameters
            .iter()
            .map(|parameter| parameter.name.as_str())
            .collect();
        for parameter in &operation.parameters {
            if parameter.place == In::Query && credentials.contains(&parameter.name) {
                continue;
            }
            let argument = Argument {
                name: names::field(&parameter.name),
                parameter,
                resolved: self.resolve(&parameter.schema),
                switch: parameter.schema.constant.is_some(),
            };
            if !matches!(
                argument.resolved.ty,
                Type::Boolean
                    | Type::F32
                    | Type::F64
                    | Type::I32
                    | Type::I64
                    | Type::Named(_)
                    | Type::Secret
                    | Type::Text
            ) {
                return Err(parameter.at.error("a parameter is a scalar or an enum"));
            }
            if let Some(group) = self.group_of(&parameter.name, &present) {
                match groups.iter_mut().find(|known| known.name == group) {
                    Some(known) => known.members.push(argument),
                    None => groups.push(Group {
                        name: group.to_owned(),
                        members: vec![argument],
                    }),
                }
            } else if argument.switch && parameter.required {
                fixed.push(parameter);
            } else if argument.optional() {
                optional.push(argument);
            } else {
                required.push(argument);
            }
        }
        let texts = required
            .iter()
            .filter(|argument: &&Argument<'a>| argument.ty().is_text());
        let together = (texts.count() > 1).then(|| self.type_for(&operation.id, "Parameters"));
        let options = (!optional.is_empty()).then(|| {
            let mut name = self.type_for(&operation.id, "Options");
            if together.as_ref() == Some(&name) {
                name.push_str("Options");
            }
            Options {
                name,
                members: optional,
            }
        });
        Ok(Arguments {
            groups,
            required,
            together,
            options,
            fixed,
        })
    }

    /// The group a parameter belongs to, if the operation has all of the group's parameters.
    fn group_of(&self, name: &str, present: &[&str]) -> Option<&'a str> {
        let groups = &self.settings.groups;
        groups
            .iter()
            .find(|(_, members)| {
                members.iter().any(|member| member == name)
                    && members
                        .iter()
                        .all(|member| present.contains(&member.as_str()))
            })
            .map(|(group, _)| group.as_str())
    }

    /// All groups in use, with the parameters as the first operation has them.
    pub(crate) fn groups(&self) -> Result<Vec<Group<'a>>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for operation in &self.document.operations {
            for group in self.arguments(operation)?.groups {
                if groups.iter().all(|known| known.name != group.name) {
                    groups.push(group);
                }
            }
        }
        Ok(groups)
    }
}

fn query_credentials(plan: &Plan<'_>, operation: &Operation) -> Vec<String> {
    let schemes = operation.security.iter().flatten();
    schemes
        .filter_map(|name| match &plan.document.schemes[name.as_str()].kind {
            SchemeKind::Fields {
                in_body: false,
                fields,
            } => Some(fields),
            _ => None,
        })
        .flatten()
        .map(|(_, name)| name.clone())
        .collect()
}
