//! Checks requests against the documents.

mod body;
mod form;
mod multipart;
mod number;
mod request;
mod size;
mod step;
mod value;

use std::fmt;

pub(crate) use self::body::Content;
pub(crate) use self::form::{decode_pairs, encode_pairs};
pub(crate) use self::request::{Parts, check_body, check_parameters, decode_body, parameter_value};

/// A rule of a document that a request broke.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The part of the request that is wrong.
    pub part: Part,
    /// The place inside the part: a JSON pointer into the body, or the parameter's name.
    pub at: String,
    /// The rule.
    pub rule: Rule,
    /// What the rule wants, in words. Never holds a value of the request.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            part,
            at,
            rule,
            detail,
        } = self;
        let gap = if at.is_empty() { "" } else { " " };
        write!(f, "{part}{gap}{at}: {detail} (rule {rule})")
    }
}

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The body.
    Body,
    /// A header.
    Header,
    /// A parameter in the path.
    Path,
    /// A parameter in the query.
    Query,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body => "body",
            Self::Header => "header",
            Self::Path => "path",
            Self::Query => "query",
        })
    }
}

/// A kind of rule, named as in the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// `const`: one value only.
    Const,
    /// `enum`: one of a list of values.
    Enum,
    /// `x-exactly-one-of`: one member of a group, and only one.
    ExactlyOneOf,
    /// `maximum`: no greater number.
    Maximum,
    /// `x-max-body-bytes`: no longer body.
    MaxBodyBytes,
    /// `x-max-bytes`: no more UTF-8 bytes.
    MaxBytes,
    /// `maxItems`: no more elements.
    MaxItems,
    /// `maxLength`: no more characters.
    MaxLength,
    /// `maxProperties`: no more members.
    MaxProperties,
    /// `minimum`: no smaller number.
    Minimum,
    /// `minItems`: no fewer elements.
    MinItems,
    /// `minLength`: no fewer characters.
    MinLength,
    /// `minProperties`: no fewer members.
    MinProperties,
    /// `pattern`: the text has this form.
    Pattern,
    /// `required`: a member or parameter that must be there.
    Required,
    /// `x-required-if`: a member that others make necessary.
    RequiredIf,
    /// `type`: the JSON type, or the encoding of the whole body.
    Type,
}

impl Rule {
    /// The keyword of the documents.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Const => "const",
            Self::Enum => "enum",
            Self::ExactlyOneOf => "x-exactly-one-of",
            Self::Maximum => "maximum",
            Self::MaxBodyBytes => "x-max-body-bytes",
            Self::MaxBytes => "x-max-bytes",
            Self::MaxItems => "maxItems",
            Self::MaxLength => "maxLength",
            Self::MaxProperties => "maxProperties",
            Self::Minimum => "minimum",
            Self::MinItems => "minItems",
            Self::MinLength => "minLength",
            Self::MinProperties => "minProperties",
            Self::Pattern => "pattern",
            Self::Required => "required",
            Self::RequiredIf => "x-required-if",
            Self::Type => "type",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}
