//! Requirements that depend on other members: `x-required-if`.

use serde_json::Value;

use super::json::{equal, strings};

/// One rule of `x-required-if`.
#[derive(Debug)]
pub(crate) struct Requirement {
    when: When,
    /// All of these are required.
    pub then: Vec<String>,
    /// At least one of these is required.
    pub then_any: Vec<String>,
}

/// Conditions that must all hold.
#[derive(Debug, Default)]
pub(crate) struct When(Vec<(String, Want)>);

#[derive(Debug)]
enum Want {
    /// The member is there and not null.
    Present,
    /// The member has one of these values; null stands for absence.
    OneOf(Vec<Value>),
}

impl Requirement {
    /// The rules of a schema or an operation.
    pub(crate) fn read_all(source: &Value) -> Vec<Self> {
        let rules = source.get("x-required-if").and_then(Value::as_array);
        rules
            .into_iter()
            .flatten()
            .map(|rule| Self {
                when: When::read(rule.get("when")),
                then: strings(rule.get("then")),
                then_any: strings(rule.get("then_any")),
            })
            .collect()
    }

    /// Whether the rule applies, with `get` finding the value of a name or pointer.
    pub(crate) fn applies<'a>(&self, get: impl Fn(&str) -> Option<&'a Value>) -> bool {
        self.when.holds(get)
    }
}

impl When {
    /// Reads a `when`; one that is absent always holds.
    pub(crate) fn read(source: Option<&Value>) -> Self {
        let members = source.and_then(Value::as_object).into_iter().flatten();
        Self(
            members
                .map(|(name, want)| {
                    let want = match want {
                        Value::String(text) if text == "*" => Want::Present,
                        Value::Array(values) => Want::OneOf(values.clone()),
                        value => Want::OneOf(vec![value.clone()]),
                    };
                    (name.clone(), want)
                })
                .collect(),
        )
    }

    /// Reads conditions on members of the body that are named plainly, as pointers to them.
    pub(crate) fn of_members(source: &Value) -> Self {
        let Self(plain) = Self::read(Some(source));
        let pointers = plain.into_iter();
        Self(
            pointers
                .map(|(name, want)| (format!("/{name}"), want))
                .collect(),
        )
    }

    /// Whether every condition holds.
    pub(crate) fn holds<'a>(&self, get: impl Fn(&str) -> Option<&'a Value>) -> bool {
        self.0.iter().all(|(name, want)| {
            let value = get(name).unwrap_or(&Value::Null);
            match want {
                Want::Present => !value.is_null(),
                Want::OneOf(values) => values.iter().any(|wanted| equal(value, wanted)),
            }
        })
    }
}
