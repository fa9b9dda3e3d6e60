//! What has to hold between the parts of a document.

mod calls;
mod codes;
mod reach;
mod schemas;

use anyhow::Result;

use crate::codegen::document::Document;
use crate::codegen::schema::{Form, Schema};

/// Checks a document as a whole. What names something is checked before what is named is used.
pub(crate) fn check(document: &Document) -> Result<()> {
    schemas::references(document)?;
    calls::references(document)?;
    schemas::check(document)?;
    codes::check(document)?;
    calls::check(document)?;
    reach::check(document)
}

/// The schema at a dotted path; arrays are stepped through, unions tried member by member.
fn find<'a>(document: &'a Document, schema: &'a Schema, path: &str) -> Option<&'a Schema> {
    let mut at = schema;
    for part in path.split('.') {
        at = alternatives(document, at)
            .into_iter()
            .find_map(|schema| match &schema.form {
                Form::Struct(object) => object
                    .properties
                    .iter()
                    .find(|(name, _)| name == part)
                    .map(|(_, property)| property),
                _ => None,
            })?;
    }
    Some(at)
}

/// What a schema can be: references followed, arrays opened, unions spread out.
fn alternatives<'a>(document: &'a Document, schema: &'a Schema) -> Vec<&'a Schema> {
    match &schema.form {
        Form::Ref(name) => alternatives(document, &document.schemas[name.as_str()]),
        Form::List(items) => alternatives(document, items),
        Form::Union(union) => {
            let members = union.members.iter();
            members
                .flat_map(|member| alternatives(document, member))
                .collect()
        }
        _ => vec![schema],
    }
}

/// The form at the end of references.
fn target<'a>(document: &'a Document, schema: &'a Schema) -> &'a Schema {
    match &schema.form {
        Form::Ref(name) => target(document, &document.schemas[name.as_str()]),
        _ => schema,
    }
}
