//! What has to hold between the parts of a document.

use anyhow::Result;

use crate::codegen::document::Document;

/// Checks a document as a whole.
pub(crate) fn check(document: &Document) -> Result<()> {
    let _ = document;
    Ok(())
}
